"""A letter on its way, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nurture.core.ids import MailboxId


class Verdict(StrEnum):
    """What a server's answer means."""

    ACCEPTED = "accepted"
    LATER = "later"  # 4xx, or no connection: nothing left, try again
    REFUSED_RECIPIENT = "refused_recipient"  # this address is no good
    REFUSED = "refused"  # this sender or this content
    UNKNOWN = "unknown"  # lost after the final dot: in doubt
    UNTOUCHED = "untouched"  # never offered to a server: there was no line, or its turn did not come


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict and the server's words (or what broke), in one line."""

    verdict: Verdict
    answer: str = ""


@dataclass(frozen=True, slots=True)
class NoLine:
    """A mailbox whose server cannot be reached or refuses the login."""

    answer: str  # what broke, in one line
    failures: int  # in a row
    seconds: float  # until a connection is tried again; 0: with the next letter


@dataclass(frozen=True, slots=True)
class Letter:
    """Bytes ready for the wire: CRLF line ends, no Bcc."""

    mailbox_id: MailboxId
    sender: str  # envelope
    recipient: str
    data: bytes
    header_id: str
