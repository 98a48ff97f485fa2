"""What a server's words about a recipient mean.

Theory of operation
===================
``judge`` looks at three witnesses in order: the words, the enhanced status (RFC 3463), the reply code.
Words tell most, because half the servers answer 550 5.1.1 to everything and the other half 5.7.1; the
table ``WORDS`` is read from top to bottom and the first line that matches wins, so what is said about the
sender, the size or the content stands above what is said about the address.

A verdict is permanent only if the address itself is no good, and never where a witness contradicts:

* a status of class 4 says that trying again may help, whatever the words are;
* "user unknown" after DATA is a filter's answer: the server had taken the recipient before;
* a bare "550 user unknown" without a 5.1.x beside it and without a sign that it was the answer to RCPT
  may be a filter's too: Japanese carriers and gateways refuse content that way. One more bounce settles it;
  a good address that was given up is lost.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from nurture.mail.address_words import ADDRESS
from nurture.mail.patterns import lower_of
from nurture.mail.server_words import FIRST
from nurture.mail.trouble_words import LAST


class Fate(NamedTuple):
    """A reason (a slug of ``WORDS``) and whether the address is no good."""

    reason: str
    permanent: bool


PERMANENT: Final = frozenset({"user_unknown", "host_unknown", "no_mail_host", "moved", "disabled"})


WORDS: Final = (*FIRST, *ADDRESS, *LAST)
"""Reason and the words that give it; the first match wins."""

STATUS: Final[tuple[tuple[str, str], ...]] = (
    ("1.1", "user_unknown"),
    ("1.2", "host_unknown"),
    ("1.3", "user_unknown"),
    ("1.4", "user_unknown"),
    ("1.6", "moved"),
    ("1.7", "sender_rejected"),
    ("1.8", "sender_rejected"),
    ("1.9", "content"),
    ("1.10", "no_mail_host"),
    ("1.0", "rejected"),
    ("2.1", "disabled"),
    ("2.2", "mailbox_full"),
    ("2.3", "message_too_big"),
    ("2.4", "system_error"),
    ("2", "rejected"),
    ("3.1", "system_error"),
    ("3.4", "message_too_big"),
    ("3", "system_error"),
    ("4.1", "no_answer"),
    ("4.2", "no_answer"),
    ("4.4", "host_unknown"),
    ("4.6", "loop"),
    ("4.7", "expired"),
    ("4", "no_answer"),
    ("5", "protocol"),
    ("6", "content"),
    ("7.10", "security"),
    ("7.11", "security"),
    ("7.13", "disabled"),
    ("7.17", "moved"),
    ("7.18", "moved"),
    ("7.20", "authentication"),
    ("7.21", "authentication"),
    ("7.22", "authentication"),
    ("7.23", "authentication"),
    ("7.24", "authentication"),
    ("7.25", "reputation"),
    ("7.26", "authentication"),
    ("7.27", "sender_rejected"),
    ("7.28", "rate_limited"),
    ("7.29", "authentication"),
    ("7.30", "security"),
    ("7", "policy"),
)
"""RFC 3463, 7293, 7372, 7505, 8689: subject and detail → reason; the longer entry stands above the shorter one."""

AFTER_DATA: Final = lower_of(
    r"""
    in reply to (?:end of )?data
    after (?:end of )?data
    end of data
    \(data\)
    in response to (?:the )?data
    after (?:the )?message (?:text|body|content|was)
    data command
    >>> data <<< 5(?!.*need rcpt)
    """
)
AT_RCPT: Final = lower_of(
    r"""
    in reply to rcpt
    after rcpt
    (?:>>>|our|the|to|or|smtp|did not like our|command:?|said to|sent <<<) (?:"|')?rcpt to
    rcpt to (?:command|response|:?<[^>]*>:? ?<<<)
    rcpt command
    rcpt_to
    need rcpt
    no valid recipients
    \brcpt host
    does not like recipient
    rcpt (?:response|response was)
    """
)
AT_MAIL: Final = lower_of(
    r"""
    in reply to mail from
    after mail from
    after helo|after ehlo|initial connection|in reply to (?:helo|ehlo)
    \[mail_from\]
    >>> mail from[^<]*<[^>]*>[^<]*<<< 5
    """
)
VAGUE: Final = lower_of(
    r"""
    user unknown
    unknown user
    no such user
    user (?:does )?not exist
    mailbox unavailable
    """
)
NAMED: Final = re.compile(r"55\d:? (?:5\.\d\.\d )?<[^<>\s]+@[^<>\s]+>: ")
"""``550 <a@b>: …`` is how Postfix answers to RCPT: it names whom it refuses. Sendmail's ``550 a@b... …`` stands in
reports of filters too, so it is no such sign."""
BY_CODE: Final = re.compile(r"mailbox unavailable \(-?\d+:\d+:-?\d+\)")
"""Hotmail's answer to RCPT for somebody who does not exist: the words of RFC 5321, and three numbers."""
LOCAL: Final = re.compile(r"\b55[03] (?:5\.\d\.\d )?<[^<>\s]+@[^<>\s]+>\.\.\. (?:user unknown|no such user)")
TALKED: Final = re.compile(r">>> |<<< |while talking to|remote|said:|reason:")
"""Sendmail's words where it spoke to no other server: it knows its own users."""
NO_REASON: Final = re.compile(r"recipient address rejected\.? ?(?:\(|$)")
"""A refusal at RCPT that gives no reason: there is no such mailbox (RFC 5321, 4.2.3); it is no policy."""
NAMELESS: Final = re.compile(r"\b550 : ?user unknown")
"""... and a server that names nobody refuses the content (KDDI)."""
REPLY: Final = re.compile(r"(?<![\d.])([245])\d\d(?=[ -](?![\d.]+ (?:bytes|kb|mb))|[:,]|$)")
ENHANCED: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")


def judge(words: str, status: str | None = None, context: str = "") -> Fate:
    """Reason and permanence from what is said of one recipient.

    Args:
        words: the diagnostic text, or a server's reply.
        status: an enhanced status such as ``5.1.1`` given apart from the words.
        context: what else the report says of this recipient. It gives the reason only where the words give
            none, but always tells at which command the server refused.

    At most ``MAX_WORDS`` characters of each are looked at.
    """
    return _judged(words[:MAX_WORDS], status, context[:MAX_WORDS])


@lru_cache(maxsize=128)  # a report repeats its words for each recipient
def _judged(words: str, status: str | None, context: str) -> Fate:
    text, around = _flat(words), _flat(context)
    best = _weightiest([status] if status else [], [m[0] for m in ENHANCED.finditer(text)])
    reason = _by_words(text) or ""
    if reason == "policy" and NO_REASON.search(text) and AT_RCPT.search(f"{text} {around}"):
        reason = "user_unknown"
    if not reason or reason in WEAK:
        precise = _by_status(best) if best else None
        if precise and precise not in WEAK:
            reason = precise
        elif _says_little(precise, best) and (said := _by_words(around)) and said not in WEAK:
            reason = said
        reason = reason or precise or _by_words(around) or "unknown"
    if reason in SOFTER:
        return Fate(SOFTER[reason], permanent=False)
    return Fate(reason, reason in PERMANENT and not _contradicted(reason, text, f"{text} {around}", best))


def _says_little(reason: str | None, status: str | None) -> bool:
    return status is None or status.endswith(".0.0") or reason in {None, "protocol", "rejected"}


SOFTER: Final = {"disabled_for_now": "disabled", "mailer_error": "system_error"}
"""Lines of ``WORDS`` that are told apart only here."""
MAX_WORDS: Final = 3000


def _flat(words: str) -> str:
    """On one line and in lower case, as the tables want it."""
    return re.sub(r"\s+", " ", words).strip().lower()


def _by_words(text: str) -> str | None:
    return next((slug for slug, pattern in WORDS if pattern.search(text)), None) if text else None


WEAK: Final = frozenset({"policy", "content", "system_error", "expired", "rejected", "protocol"})
"""Reasons whose words are so general that a precise status knows better."""


def _weightiest(first: list[str], rest: list[str]) -> str | None:
    """The most precise status: one with a detail, over 5.0.0."""
    every = [*first, *rest]
    return next((s for s in every if not s.endswith((".0.0", ".0"))), every[0] if every else None)


def _by_status(status: str) -> str | None:
    detail = status.partition(".")[2]
    return next((reason for key, reason in STATUS if detail == key or detail.startswith(key + ".")), None)


def _contradicted(reason: str, text: str, around: str, status: str | None) -> bool:
    if status is not None and status.startswith("4."):
        return True
    if status is None and (reply := REPLY.search(text)) and reply[1] == "4":
        return True
    at_rcpt = AT_RCPT.search(around) is not None
    if (AT_MAIL.search(around) and not at_rcpt) or NAMELESS.search(text):
        return True
    if (
        reason != "user_unknown"
        or at_rcpt
        or NAMED.search(text)
        or BY_CODE.search(text)
        or (status is not None and status.startswith("5.1."))
    ):
        return False
    if status is not None and status.startswith(("5.2.", "5.7.")):
        return True
    if LOCAL.search(text) and not TALKED.search(around):
        return False
    return VAGUE.search(text) is not None and (AFTER_DATA.search(around) or REPLY.search(text)) is not None
