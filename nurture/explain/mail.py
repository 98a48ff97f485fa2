"""What was read in a mail, in words: its kind, what it wants, why one came back (``core.reading``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core.reading import Intent, Kind
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from enum import StrEnum

    from nurture.i18n import Words

KINDS: Final[Mapping[Kind, str]] = {
    Kind.REPLY: mark("reply"),
    Kind.OUT_OF_OFFICE: mark("absence note"),
    Kind.AUTO_REPLY: mark("automatic answer"),
    Kind.BOUNCE: mark("came back"),
    Kind.DELAY: mark("delayed"),
    Kind.COMPLAINT: mark("complaint"),
    Kind.UNSUBSCRIBE: mark("opt-out"),
    Kind.RECEIPT: mark("receipt"),
    Kind.CHALLENGE: mark("asks for proof"),
    Kind.OTHER: mark("none of ours"),
}
"""What a mail is."""

INTENTS: Final[Mapping[Intent, str]] = {
    Intent.AGREEMENT: mark("agrees"),
    Intent.PARTIAL_AGREEMENT: mark("agrees in part"),
    Intent.DISAGREEMENT: mark("disagrees"),
    Intent.CONSIDERATION: mark("is thinking it over"),
    Intent.REFUSAL: mark("declined"),
    Intent.APPOINTMENT: mark("a time to meet"),
    Intent.QUESTION: mark("asks something"),
    Intent.REQUEST_MATERIAL: mark("asks for material"),
    Intent.MOVED: mark("moved to another post"),
    Intent.LEFT: mark("has left"),
    Intent.SUCCESSOR_NAMED: mark("names a successor"),
    Intent.DEPUTY_NAMED: mark("names a deputy"),
    Intent.UNSUBSCRIBE: mark("opt-out"),
    Intent.UNSUBSCRIBE_TOPIC: mark("does not want mail about one topic"),
    Intent.LESS_OFTEN: mark("wants mail less often"),
    Intent.SNOOZE: mark("later"),
    Intent.REFERRAL: mark("names who is in charge"),
    Intent.COMPLAINT: mark("complaint"),
    Intent.AMBIGUOUS: mark("can be read in two ways"),
}
"""What a person wants to say."""

BOUNCES: Final[Mapping[str, str]] = {
    "user_unknown": mark("nobody has this address"),
    "host_unknown": mark("the domain does not exist"),
    "no_mail_host": mark("the domain takes no mail"),
    "moved": mark("the address has moved"),
    "disabled": mark("the mailbox is closed"),
    "disabled_for_now": mark("the mailbox is closed for now"),
    "mailbox_full": mark("the mailbox is full"),
    "message_too_big": mark("the mail is too big"),
    "sender_rejected": mark("our address was refused"),
    "authentication": mark("our domain's SPF, DKIM or DMARC was not accepted"),
    "relay_denied": mark("the server does not take mail for this address"),
    "reputation": mark("our server is on a block list"),
    "rate_limited": mark("too many mails at once"),
    "spam": mark("taken for spam"),
    "greylisted": mark("the server asked to try later"),
    "security": mark("refused for its security"),
    "content": mark("the content was refused"),
    "policy": mark("refused by a policy"),
    "no_answer": mark("the server did not answer"),
    "expired": mark("could not be delivered in time"),
    "loop": mark("went in circles"),
    "system_error": mark("the server had a fault"),
    "protocol": mark("the servers did not understand each other"),
    "refused": mark("refused"),
    "rejected": mark("refused"),
    "unknown": mark("no reason was given"),
}
"""Why a mail came back (``core.reading.Bounce.reason``)."""


def kind(w: Words, value: StrEnum | str) -> str:
    """What a mail is, in words."""
    return w(KINDS[Kind(value)]) if value in {*Kind} else str(value)


def intent(w: Words, value: StrEnum | str) -> str:
    """What somebody wants to say, in words."""
    return w(INTENTS[Intent(value)]) if value in {*Intent} else str(value)


def intents(w: Words, values: Iterable[StrEnum | str]) -> str:
    """All that somebody wants to say, in the order in which it is told."""
    return w(", ").join(intent(w, value) for value in values)


def bounce(w: Words, reason: str) -> str:
    """Why a mail came back, in words."""
    return w(BOUNCES[reason]) if reason in BOUNCES else reason
