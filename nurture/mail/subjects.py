"""What mail programs put before a subject: Re:, Fw:, 返信:, 自動返信:, in all their languages, widths and counts.

Nobody agrees on these (RFC 5322, 3.6.5 knows "Re: " alone): Outlook translates them, Notes and Becky! count
("Re[2]:", "Re^2:"), Japanese programs write ： as well as :, and lists put their name and a number in front.
They are known here alone; whoever asks gets an answer, not a pattern.
"""

from __future__ import annotations

import re
from typing import Final

MAX_LENGTH: Final = 500  # characters of a subject that are looked at

_ANSWER: Final = (
    r"re|ｒｅ|返信|返|回答|ご?回答|ご返信|aw|antw|antwort|sv|vs|ref|rép|rif|r|odp|odpověď|ynt|ynl|"
    r"回复|回覆|答复|答覆|답장|회신|отв|υποψ|απ"
)
_HANDED_ON: Final = r"fwd?|ｆｗｄ?|転送|転|wg|tr|rv|enc|vl|vb|i|pd|ilt|doorst|továbbítás|转发|轉寄|전달|пересл|πρθ"
_PROGRAM: Final = (
    r"自動(?:応答|返信|回答)(?:メール)?|不在(?:通知|応答|返信)?|auto|"
    r"auto(?:matic(?:ally)?)?[- ]?(?:reply|response|antwort)|"
    r"out[ -]of[ -](?:the[ -])?office(?:[ -](?:auto)?(?:reply|autoreply))?|"
    r"automatische antwort|réponse automatique|"
    r"respuesta automática|risposta automatica|automatisch antwoord|autosvar|自动(?:回复|答复)"
)
_CALENDAR: Final = r"accepted|declined|tentative|tentatively accepted|承諾|辞退|仮承諾|仮の予定"
_COUNT: Final = r"[ 　]?(?:\[[ ]?\d{1,3}[ ]?\]|［\d{1,3}］|\(\d{1,3}\)|（\d{1,3}）|\^\d{1,3}|\*\d{1,3}|\d{1,2})?"
_COLON: Final = r"[ 　]?[:：﹕]"
_LIST: Final = r"\[[^\[\]]{1,30}[:： ,]\d{1,7}\]|\([^()]{1,30}[:： ,]\d{1,7}\)"

ANSWERED: Final = re.compile(
    rf"[ \t　]*(?:\[[^\]]{{1,40}}\][ \t　]*)?(?:{_ANSWER}|{_HANDED_ON}){_COUNT}{_COLON}", re.IGNORECASE
)
BEFORE: Final = re.compile(
    rf"(?:[ \t　]|(?:{_ANSWER}|{_HANDED_ON}|{_PROGRAM}|{_CALENDAR}){_COUNT}{_COLON}|{_LIST})*", re.IGNORECASE
)
MACHINE: Final = re.compile(
    rf"(?:\s*(?:[【\[(<＜（［]\s*(?:{_ANSWER}|{_HANDED_ON}|{_PROGRAM})\s*[】\])>＞）］]\s*[:：]?|"
    rf"(?:{_ANSWER}|{_HANDED_ON}|{_PROGRAM}){_COUNT}\s*[:：]))+",
    re.IGNORECASE,
)


def is_answer(subject: str) -> bool:
    """Whether somebody answers or hands on: Re:, 返信:, Fw:, WG: …, behind a list's name too. No program does."""
    return ANSWERED.match(subject[:MAX_LENGTH]) is not None


def bare(subject: str) -> str:
    """A subject without what programs and lists put before it, in lower case, single blanks: a thread's own."""
    subject = subject[:MAX_LENGTH]
    found = BEFORE.match(subject)
    return " ".join(subject[found.end() if found else 0 :].split()).lower()


def apart(subject: str) -> tuple[str, str]:
    """What a program put before the subject of the mail that it answers, and that subject; ("", …) if nothing."""
    found = MACHINE.match(subject)
    return ("", subject) if found is None else (subject[: found.end()], subject[found.end() :])
