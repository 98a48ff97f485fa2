"""What a decision wants written: whole new values, reasons and cursors, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nurture.core.audit import Seal
from nurture.core.deals import Deal, Meeting, Promise, Task
from nurture.core.ids import MailboxId, PersonId, RepId, ScenarioHash
from nurture.core.keys import Answered
from nurture.core.messages import Enrollment, Entry, Inbound, Message, Suppression
from nurture.core.people import Organisation, Person, Representative
from nurture.core.snoozing import Snooze
from nurture.core.tokens import ApiToken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ScenarioText:
    """A scenario file as enrollments began with it. ``id`` is the hash of its bytes."""

    id: ScenarioHash
    scenario_id: str
    text: str
    first_used_at: datetime
    version: int = 0


@dataclass(frozen=True, slots=True)
class Again:
    """Mails up to a uid are read, or read again, if the server got them on that day or later: because their uids
    were renewed, or because we look back.
    """

    to: int
    since: date


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder has been read. A new ``uidvalidity`` means that uids start anew (RFC 3501, 2.3.1.1)."""

    folder: str
    uidvalidity: int
    uid: int  # the highest uid read
    begun: datetime | None = None  # what came before is none of our business, whatever becomes of the uids
    again: Again | None = None
    read_on: date | None = field(default=None, compare=False)  # the last day on which nothing was left (UTC)


@dataclass(frozen=True, slots=True)
class MailboxState:
    """How far and when a mailbox was read."""

    id: MailboxId
    cursors: tuple[Cursor, ...] = ()
    read_at: datetime | None = None  # when it was last known to hold nothing unread
    error: str = ""
    failing_since: datetime | None = None
    version: int = 0

    def cursor(self, folder: str) -> Cursor | None:
        """The cursor of a folder, if it was ever read."""
        return next((c for c in self.cursors if c.folder == folder), None)


@dataclass(frozen=True, slots=True)
class LoginToken:
    """A login link: ``id`` is the sha256 of the secret in the link. Used at most once.

    Once used it is the session that it opened: ``expires_at`` is then the end of that session.
    """

    id: str
    rep_id: RepId
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """A small fact about the installation: digest of the calendars, demo …"""

    id: str
    value: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Mail that is no letter of a scenario, kept until a server has taken it: word to one of us (``rep_id``), or
    the confirmation of an opt-out (``person_id``). It is written with what it tells of: neither is without the
    other.

    ``id`` is derived from what it is about: it is written once, and each try is the same mail.
    """

    id: str
    kind: str
    subject: str
    text: str  # empty once it has left
    created_at: datetime
    due_at: datetime  # tried, or tried again, from then on
    rep_id: RepId | None = None
    person_id: PersonId | None = None
    mailbox_id: MailboxId | None = None  # a confirmation leaves from where it was asked for
    to_address: str = ""
    to_name: str = ""
    in_reply_to: str = ""
    link: str = ""  # a path of the desk
    tries: int = 0
    ended_at: datetime | None = None
    outcome: str = ""  # sent | given_up | dropped
    version: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """How far an endpoint of webhooks was told of the journal. ``id`` is the endpoint's name."""

    id: str
    seq: int  # the last line of the journal that needs no more telling
    due_at: datetime | None = None  # after a failure: tried again from then on
    tries: int = 0  # of the event that comes next
    failing_since: datetime | None = None
    disabled_at: datetime | None = None  # nothing is sent until a person resumes it
    error: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class MeetingDraft:
    """A meeting's record that is still being written, as the fields of its form: its representative's alone.

    ``id`` is the form's: what is recorded from it is recorded once. ``ended_at``: recorded, thrown away or
    forgotten; then there are no fields any more, since they speak of people.
    """

    id: str
    rep_id: RepId
    started_at: datetime
    saved_at: datetime
    fields: Mapping[str, str] = field(default_factory=dict)
    hand: str = ""  # the page that wrote it last
    ended_at: datetime | None = None
    version: int = 0


Entity = (
    Organisation
    | Person
    | Representative
    | Deal
    | Meeting
    | Promise
    | Task
    | Enrollment
    | Message
    | Inbound
    | Suppression
    | ScenarioText
    | MailboxState
    | LoginToken
    | Setting
    | Dispatch
    | Seal
    | ApiToken
    | Answered
    | Told
    | MeetingDraft
    | Snooze
)
"""What the store keeps besides the journal. Each has ``id`` and ``version``."""


@dataclass(frozen=True, slots=True)
class Change:
    """All or nothing. A put with ``version == 0`` is new; else the row must still have that version.

    The store writes each put with ``version + 1`` and appends the entries in order. ``drops`` are people who go:
    each must still have its version, and nothing may point to it any more.
    """

    puts: tuple[Entity, ...] = ()
    entries: tuple[Entry, ...] = field(default=())
    drops: tuple[Person, ...] = ()

    def __add__(self, other: Change) -> Change:
        return Change(self.puts + other.puts, self.entries + other.entries, self.drops + other.drops)

    def __bool__(self) -> bool:
        return bool(self.puts or self.entries or self.drops)
