"""Settings as frozen data. ``files.py`` reads them from config.toml; nothing here does I/O.

Secrets are never in config.toml: a ``Secret`` names where one is found (environment variable,
systemd credential, or a file with mode 0600) and is resolved by the edge that needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nurture.core.ids import MailboxId
from nurture.core.limits import UNLIMITED, UNLIMITED_MAILBOX, Limits, MailboxLimits
from nurture.core.people import Representative

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is: exactly one field is set. Its value has no ``repr``, so it cannot reach a log."""

    env: str | None = None
    credential: str | None = None  # a file name under $CREDENTIALS_DIRECTORY (systemd LoadCredential)
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """The responsible sender that the law wants named in each mail (特定電子メール法, display duties)."""

    name: str
    postal_code: str
    address: str
    phone: str
    mail: str  # for complaints and questions
    url: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class OAuth:
    """How access tokens are got for a mailbox whose servers take no password (RFC 6749)."""

    provider: str  # google | microsoft | other: then the addresses and the scope are given
    client_id: str
    client_secret: Secret | None = None  # public clients have none
    tenant: str = "common"  # Microsoft's name for the organisation
    authorize_url: str = ""
    token_url: str = ""
    device_url: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Oidc:
    """A provider that says who somebody is (OpenID Connect Core 1.0)."""

    issuer: str  # as its own documents write it, without a slash at the end unless they have one
    client_id: str
    client_secret: Secret | None = None  # public clients have none
    name: str = ""  # what stands on the button; else the host of the issuer
    claim: str = "email"  # email (which the provider must have verified) | preferred_username
    only: bool = False  # no sign-in links by mail any more


@dataclass(frozen=True, slots=True)
class Dkim:
    """A signature under a domain (RFC 6376). ``key``: RSA in PEM."""

    domain: str
    selector: str
    key: Secret


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How a mailbox sends. ``security``: tls (implicit) | starttls (required) | none (loopback only)."""

    host: str
    port: int
    security: str = "starttls"
    username: str = ""
    password: Secret | None = None
    timeout: float = 60.0  # seconds for each command
    connections: int = 2  # at the same time; providers slow down or refuse clients that open many
    letters_per_connection: int = 100  # then a new one is opened


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """How a mailbox is read."""

    host: str
    port: int
    security: str = "tls"  # tls | starttls | none (loopback only)
    username: str = ""
    password: Secret | None = None
    folders: tuple[str, ...] = ("INBOX",)
    junk: bool = True  # the account's folder for spam too: answers land there
    look_back_days: int = 0  # at the first look; 0: reading starts from now
    sent_folder: str | None = None  # append a copy there; None: the provider keeps copies in its own Sent folder
    after: str = "nothing"  # with mails that are recorded: nothing | mark read | move to FOLDER
    timeout: float = 30.0

    @property
    def moves_to(self) -> str:
        """The folder to which recorded mails are moved; empty where they stay."""
        return self.after.removeprefix("move to ").strip() if self.after.startswith("move to ") else ""


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """One address that sends and is read."""

    id: MailboxId
    address: str
    name: str  # the display name in From
    smtp: SmtpSettings
    imap: ImapSettings | None = None
    archive: ImapSettings | None = None  # where blind copies of all that is sent arrive: its first folder
    verp: str = ""  # the envelope sender, with {token}; empty: the address
    reply_to: str = ""  # where answers go, with {token}; empty: the address
    html: bool | None = None  # the text as HTML too; None: as ``Work.html`` says
    limits: MailboxLimits = UNLIMITED_MAILBOX  # what config.toml leaves unsaid is careful (``files.limits``)
    oauth: OAuth | None = None  # servers without a password of their own get an access token
    dkim: Dkim | None = None  # sign here what the provider does not sign


@dataclass(frozen=True, slots=True)
class Web:
    """The desk. ``public_url`` decides whether https one-click links can be offered."""

    host: str = "127.0.0.1"
    port: int = 8025
    public_url: str = ""
    login_mailbox: MailboxId | None = None  # sends the login links; else the first mailbox
    approve_by_mail: bool = True  # the digest has links that approve one mail each, without signing in
    session_hours: int = 12
    oidc: Oidc | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """How the daemon works."""

    draft_days: int = 3  # a mail waits at the desk this many calendar days before its date
    freshness_seconds: int = 60  # the mailbox must have been read up to within this before a send
    tolerance_minutes: int = 1440  # an approved mail may move so far within its day without a fresh approval
    undo_seconds: int = 30  # a mail approved at the desk waits this long before it may be claimed
    beat_seconds: int = 60  # a beat comes at least this often
    poll_seconds: int = 600  # a mailbox is looked into at least this often, beneath IDLE
    claim_batch: int = 500
    feed_hours: int = 6  # subscribed calendars are fetched this often
    confirm_opt_out: bool = True  # who opts out by reply gets one short confirmation
    farewell: str = "contact-moved"  # the scenario that thanks who leaves; "": none
    introduction: str = "contact-successor"  # the scenario that introduces us to who follows; "": none
    report: str = ""  # when the month before is told in numbers to those who lead (cron); "": never
    digest: str = "30 7 * * mon-fri"  # when what waits is told by mail, on the reader's clock (cron); "": never
    html: bool = False  # letters carry their text as HTML too (plain text is what Japanese business mail prefers)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of another program that is told what happens (Standard Webhooks)."""

    id: str
    url: str
    secret: Secret
    old_secret: Secret | None = None  # signs too, until the other side knows the new one
    events: tuple[str, ...] = ()  # none: all that are published
    private: bool = False  # it may lie in a private network, or on this machine


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat in which our own people are told what waits, less than by mail. Its address is a secret."""

    id: str
    service: str  # slack | teams | line_works
    url: Secret
    reps: tuple[str, ...] = ()  # of what concerns these; none: everybody
    notices: tuple[str, ...] = ()  # urgent | digest
    private: bool = False  # it may lie in a private network, or on this machine


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that config.toml says. Paths are absolute."""

    folder: Path  # the working folder: where config.toml lies
    company: Company
    mailboxes: tuple[MailboxSettings, ...] = ()
    representatives: tuple[Representative, ...] = ()
    database_url: str = ""  # sqlite:////abs/path.sqlite or postgresql://…
    scenarios: Path | None = None
    templates: Path | None = None
    calendars: Path | None = None
    data: Path | None = None  # keys and locks, mode 0700
    language: str = "ja"
    timezone: str = "Asia/Tokyo"
    country: str = "JP"
    web: Web = Web()
    work: Work = Work()
    limits: Limits = UNLIMITED
    webhooks: tuple[Webhook, ...] = ()
    chats: tuple[Chat, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def feeds(self) -> Path:
        """Where the copies of subscribed calendars lie."""
        return (self.data or self.folder / "data") / "feeds"

    @property
    def attachments(self) -> Path:
        """Where files that go with letters lie."""
        return (self.data or self.folder / "data") / "attachments"

    @property
    def tokens(self) -> Path:
        """Where access tokens lie."""
        return (self.data or self.folder / "data") / "tokens"

    @property
    def lines(self) -> Path:
        """Where the daemon notes which mailboxes cannot send."""
        return (self.data or self.folder / "data") / "lines"

    @property
    def demo_time(self) -> Path:
        """Where a demo writes down its time, for commands that are called beside it."""
        return (self.data or self.folder / "data") / "demo-time"

    def mailbox(self, mailbox_id: str | None) -> MailboxSettings | None:
        """The mailbox of that id, if it is configured."""
        return next((m for m in self.mailboxes if m.id == mailbox_id), None)

    def as_html(self, mailbox_id: str | None) -> bool:
        """Whether letters of that mailbox carry their text as HTML too."""
        mailbox = self.mailbox(mailbox_id)
        return self.work.html if mailbox is None or mailbox.html is None else mailbox.html
