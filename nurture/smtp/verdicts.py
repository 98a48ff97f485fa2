"""What a server's answers mean. Pure."""

from __future__ import annotations

import re

from nurture.core.sending import Verdict

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")

_ABOUT_RECIPIENT = {"1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.9", "1.10", "2.0", "2.1", "4.1", "4.4"}
"""Enhanced status codes (RFC 3463, 7505, IANA registry) that condemn the address. 5.4.1 is what Exchange
Online says of an unknown recipient. Not 5.2.2 (full) and not 5.7.x (policy): the address may be good."""

_NOT_ABOUT_RECIPIENT = re.compile(
    r"relay|spam|block|black ?list|reputation|policy|authenticat|log ?in|sender|spf|dkim|dmarc|rate|limit|quota"
    r"|full|storage|not permitted|not allowed|rcpthosts|certificate|tls|encryption|helo|client host|server ip",
    re.IGNORECASE,
)


def verdict_on_rcpt(code: int, text: str) -> Verdict:
    """What a 5xx answer to RCPT means: this address, or something else about us.

    An enhanced status code decides when there is one; else the basic code and the words. A 550 without
    a word of policy means "mailbox unavailable" (RFC 5321, 4.2.3).
    """
    enhanced = _ENHANCED.search(text[:40])
    if enhanced and enhanced[1] == "5":
        return Verdict.REFUSED_RECIPIENT if f"{enhanced[2]}.{enhanced[3]}" in _ABOUT_RECIPIENT else Verdict.REFUSED
    if code in {550, 551, 553} and not _NOT_ABOUT_RECIPIENT.search(text):
        return Verdict.REFUSED_RECIPIENT
    return Verdict.REFUSED


def verdict_on_answer(code: int, text: str, *, dotted: bool) -> tuple[Verdict, str]:
    """What the answer to a text means, and its words.

    Args:
        code: of the answer; -1 for what is none.
        text: of the answer.
        dotted: the final dot was written; else the server did not want to read to the end, and nothing left.
    """
    said = f"{code} {text}"
    if 400 <= code < 600:
        return (Verdict.REFUSED if code >= 500 else Verdict.LATER), said
    if not dotted:
        return Verdict.LATER, f"in the text: {said}"
    if 200 <= code < 300:
        return Verdict.ACCEPTED, said
    return Verdict.UNKNOWN, f"after the final dot: {said}"
