"""The times to meet that a mail proposes: 「12/10(木) 13:00～14:00 か 12/11(金) 16時以降でいかがでしょうか」.

Each date that a text names (``dates``) owns the words up to the next date or the end of its sentence; the hours in
them are its hours. A date that its words turn down (都合が悪い, 以外, 難しい) is none that is proposed, nor is one
whose weekday contradicts it, which a person must ask about. A date without hours is a day.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.slots import MOST, Slot
from nurture.mail.dates import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator

FARTHEST: Final = timedelta(days=200)
LONGEST: Final = 7
"""Days of a range that are each a proposal: 来週の火曜から木曜. A longer one is a period, no proposal."""
LONGEST_TEXT: Final = 5_000

_AT: Final = (
    r"(?P<h{n}half>午前|午後|夕方|夜|AM|PM)? ?(?P<h{n}>[01]?\d|2[0-3]) ?"
    r"(?::(?P<m{n}>[0-5]\d)|時(?!間) ?(?P<j{n}>[0-5]\d)?(?P<half{n}>半)?分?)(?P<e{n}> ?[ap]\.?m\b)?"
)
HOURS: Final = re.compile(
    rf"{_AT.format(n=1)}(?: ?(?:[~〜-]|から|より|to|until) ?{_AT.format(n=2)})?"
    r"(?P<after> ?(?:以降|から|より|~|〜|onwards?))?(?P<before> ?(?:まで(?!に?(?:ご|お))|以前))?"
    r"(?: ?(?:、|に|で)? ?(?P<long>\d{1,3}) ?(?P<unit>分|時間)(?:間|程度?|ほど|くらい|ぐらい))?",
    re.IGNORECASE,
)
ENGLISH: Final = re.compile(
    r"\b(?:at |from |after )?(?P<h>1[0-2]|[1-9])(?::(?P<m>[0-5]\d))? ?(?P<half>[ap])\.?m\b", re.IGNORECASE
)
WORDS: Final = (
    (re.compile(r"午前(?:中)?(?! ?\d)|\bmorning\b", re.IGNORECASE), time(9), time(12)),
    (re.compile(r"(?:お)?昼休み|昼(?:頃|ごろ)|\blunch", re.IGNORECASE), time(12), time(13)),
    (re.compile(r"午後(?! ?\d)|\bafternoon\b", re.IGNORECASE), time(13), time(17)),
    (re.compile(r"夕方(?! ?\d)|\bevening\b", re.IGNORECASE), time(17), time(19)),
)
NOT: Final = re.compile(
    r"都合が(?:悪|つか|つき?ま)|難し|不可|NG|以外|埋まっ|塞がっ|ふさがっ|予定が(?:あ|入)|不在|(?<!昼)休(?:診|み|暇)|できません|"
    r"できかね|厳し|無理|手術(?:で|が|日)|can(?:no|')t|not available|unavailable|busy|except",
    re.IGNORECASE,
)
ALONE: Final = re.compile(r"\W*(?:または|もしくは|あるいは|それとも|か|や|と|or)?\W*", re.IGNORECASE)
"""Between two dates that share the hours behind the second."""
BULLETS: Final = re.compile("[①-⑳❶-❿⑴-⒇]")
ENDS: Final = re.compile(r"[。！？\n]|[.!?](?=\s|\Z)")
_MEANS_PM: Final = range(1, 7)
"""「3時に」 of an office is the afternoon's."""


def proposed(text: str, base: date | None) -> tuple[Slot, ...]:
    """The times in a text that lie ahead, in its order, each once.

    Args:
        text: what the person wrote.
        base: the mail's own date.
    """
    if base is None:
        return ()
    plain = unicodedata.normalize("NFKC", BULLETS.sub(" ", text))[:LONGEST_TEXT]
    named = mentions(plain, base)
    found: list[Slot] = []
    shared: tuple[tuple[time | None, time | None], ...] = ()
    for at, mention in reversed(list(enumerate(named))):
        limit = named[at + 1].start if at + 1 < len(named) else len(plain)
        stop = ENDS.search(plain, mention.end, limit)
        words = plain[mention.end : stop.start() if stop else limit]
        days = (mention.last - mention.first).days + 1
        hours = tuple(_hours(words)) or (shared if stop is None and ALONE.fullmatch(words) else ())
        shared = hours
        if words.startswith("の週"):
            continue  # 12月7日（月）の週に: a week to be asked for
        if mention.doubtful or days > LONGEST or NOT.search(words):
            shared = ()
            continue
        if not mention.exact and days > 1 and not hours:
            continue  # 来週, and no more: a time to be asked for
        every = [mention.first + timedelta(days=step) for step in range(days)]
        fit = [d for d in every if base <= d <= base + FARTHEST and (days == 1 or d.weekday() < 5)]
        found[:0] = [Slot(day, start, end) for day in fit for start, end in hours or ((None, None),)]
    return tuple(dict.fromkeys(found))[:MOST]


def _hours(words: str) -> Iterator[tuple[time | None, time | None]]:
    """Hours in the words behind one date."""
    seen = False
    for match in HOURS.finditer(words):
        start = _time(match, 1)
        end = _time(match, 2) if match["h2"] else _after(start, match["long"], match["unit"])
        seen = True
        if end is None and match["before"]:
            yield None, start
        else:
            yield start, end if end is not None and end > start else None
    if seen:
        return
    for match in ENGLISH.finditer(words):
        seen = True
        yield time(int(match["h"]) % 12 + 12 * (match["half"].lower() == "p"), int(match["m"] or 0)), None
    if not seen:
        yield from ((start, end) for said, start, end in WORDS if said.search(words))


def _after(start: time, long: str | None, unit: str | None) -> time | None:
    """The end of 「12時30分から20分程度」; None where nobody says how long, or it goes over midnight."""
    minutes = int(long or 0) * (60 if unit == "時間" else 1)
    whole = start.hour * 60 + start.minute + minutes
    return time(whole // 60, whole % 60) if minutes and whole < 24 * 60 else None


def _time(match: re.Match[str], n: int) -> time:
    hour = int(match[f"h{n}"])
    minute = 30 if match[f"half{n}"] else int(match[f"m{n}"] or match[f"j{n}"] or 0)
    half = (match[f"h{n}half"] or match[f"e{n}"] or (match["h1half"] if n == 2 else "") or "").strip().lower()
    late = half.startswith(("午後", "夕方", "夜", "p")) or (not half and hour in _MEANS_PM)
    if late and hour < 12:
        hour += 12
    return time(hour, minute)
