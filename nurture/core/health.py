"""Facts that an examination gathers about the servers, the machine and the database; ``reports`` judges them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nurture.errors import NurtureError


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What became of one connection to a mail server.

    ``problem`` is what stood in the way, in words that hold no secret; empty when the login worked. Without its
    password a login is not ``tried``: servers count wrong ones.
    ``expires_at`` is the end of the server's certificate, where one was shown and trusted.
    """

    host: str
    port: int
    security: str
    tried: bool = True
    reached: bool = False
    logged_in: bool = False
    problem: NurtureError | str = ""
    tls: str = ""  # TLSv1.3 …
    expires_at: datetime | None = None
    folders: tuple[str, ...] = ()  # those that are configured and can be read
    missing: tuple[str, ...] = ()  # those that cannot
    sent: str | None = None  # the Sent folder, configured or found


@dataclass(frozen=True, slots=True)
class SpfFacts:
    """All that is needed to evaluate one domain's SPF policy (RFC 7208), looked up within its limits."""

    domain: str
    records: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by domain, the v=spf1 texts
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of a:name and mx:name
    lookups: int = 0
    problem: NurtureError | str = ""  # a server that did not answer


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What the DNS says of one mail domain."""

    domain: str
    exchangers: tuple[tuple[int, str], ...] = ()
    reachable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # addresses of the exchangers
    own: tuple[str, ...] = ()  # addresses of the domain itself
    keys: Mapping[str, str] = field(default_factory=dict)  # DKIM keys that were found, by selector
    dmarc_at: str = ""  # the domain whose policy counts
    organisational: str = ""  # the uppermost domain with a policy: below it, domains are aligned when relaxed
    dmarc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """The domains that a mailbox's letters show to receivers, besides that of From."""

    mailbox: str
    envelope: str  # of the envelope sender: SPF is asked for it, and bounces go there
    signs: str = ""  # d= of our own signature; empty: whether and how the provider signs is not known here


@dataclass(frozen=True, slots=True)
class NameFacts:
    """The names of the addresses of one host, and what those names lead back to."""

    host: str
    addresses: tuple[str, ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by address
    back: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by name


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What was found when the database was opened, read and written to for a moment."""

    said: str  # where it is, without a password
    there: bool = True  # a file that does not exist yet is made at the first start
    problem: NurtureError | str = ""
    revision: str | None = None
    head: str = ""
    damage: tuple[str, ...] = ()
    writable: bool = False


@dataclass(frozen=True, slots=True)
class WebFacts:
    """What an address of the desk answered."""

    url: str
    status: int | None = None
    location: str = ""  # where a redirect leads
    ours: bool = False  # the answer is the desk's own
    problem: str = ""
    expires_at: datetime | None = None
    date: datetime | None = None  # the other side's clock


@dataclass(frozen=True, slots=True)
class Arrived:
    """Where a mail lies, and its header as the server keeps it, line ends as LF."""

    folder: str
    junk: bool
    header: bytes
    received_at: datetime | None
