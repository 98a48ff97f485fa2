"""What an incoming mail says, as data. ``mail/reading.py`` makes it from bytes; reactions decide on it.

The JSON form of these values is public (``nurture read``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from nurture.core.slots import Slot


class Kind(StrEnum):
    """What a mail is; exactly one."""

    REPLY = "reply"
    OUT_OF_OFFICE = "out_of_office"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    DELAY = "delay"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    RECEIPT = "receipt"
    CHALLENGE = "challenge"
    OTHER = "other"


class Intent(StrEnum):
    """What a person wants to say; a mail can carry several."""

    AGREEMENT = "agreement"
    PARTIAL_AGREEMENT = "partial_agreement"
    DISAGREEMENT = "disagreement"
    CONSIDERATION = "consideration"
    REFUSAL = "refusal"
    APPOINTMENT = "appointment"
    QUESTION = "question"
    REQUEST_MATERIAL = "request_material"
    MOVED = "moved"
    LEFT = "left"
    SUCCESSOR_NAMED = "successor_named"
    DEPUTY_NAMED = "deputy_named"
    UNSUBSCRIBE = "unsubscribe"
    UNSUBSCRIBE_TOPIC = "unsubscribe_topic"
    LESS_OFTEN = "less_often"
    SNOOZE = "snooze"
    REFERRAL = "referral"
    COMPLAINT = "complaint"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class BounceInfo:
    """One fate of one or more recipients. ``permanent`` only where the address itself is no good."""

    permanent: bool
    reason: str  # a slug: user_unknown, host_unknown, mailbox_full …
    status: str | None = None  # RFC 3463, "5.1.1"
    recipients: tuple[str, ...] = ()
    original_message_id: str | None = None


@dataclass(frozen=True, slots=True)
class AwayInfo:
    """An absence in local dates, inclusive; ``back`` is the first day at work again."""

    from_: date | None = None
    until: date | None = None
    back: date | None = None


@dataclass(frozen=True, slots=True)
class Successor:
    """Who took over, as far as the mail says."""

    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An intent with the rule that saw it and the words that led to it."""

    intent: Intent
    rule: str
    words: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was understood of one mail."""

    kind: Kind
    automatic: bool = False
    from_: str | None = None
    from_name: str | None = None
    to: tuple[str, ...] = ()
    subject: str = ""
    at: datetime | None = None  # the Date header
    message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()  # what may be one of our signed tokens: the part after + in a recipient address
    bounces: tuple[BounceInfo, ...] = ()  # one per fate, the worst first
    away: AwayInfo | None = None
    dates: tuple[date, ...] = ()
    times: tuple[Slot, ...] = ()  # that are proposed to meet
    later: date | None = None  # when they want to come back to it, of 検討します and its like
    found: tuple[Found, ...] = ()
    successor: Successor | None = None
    text: str = ""
    signature: str = ""
    sensitive: tuple[str, ...] = ()  # what looks like data of a patient: the rules that saw it
    defects: tuple[str, ...] = ()

    @property
    def bounce(self) -> BounceInfo | None:
        """The worst fate, or None."""
        return self.bounces[0] if self.bounces else None

    @property
    def intents(self) -> frozenset[Intent]:
        """The intents without their reasons."""
        return frozenset(found.intent for found in self.found)
