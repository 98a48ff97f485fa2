"""Absence: that somebody is away, from when to when, and when he or she is back.

Each sentence gives the dates in it a part to play by the words around them: a range is the absence; まで
and "until" end it; 以降, より通常どおり, に戻ります and "back on" name the first day at work; より不在 and "from"
begin it. 本日は外来のため is an absence of one day. From the last day of absence the first day back is the day
after, and the other way round. A contradiction (weekday, or an end before its beginning) makes the absence
doubtful: the dates stay, a person is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.reading import AwayInfo
from nurture.mail.absence_words import (
    AFTER_BACK,
    AFTER_FROM,
    AFTER_UNTIL,
    BEFORE_BACK,
    BEFORE_FROM,
    BEFORE_UNTIL,
    ELSE,
    LANDED,
    NEXT_DAY,
    NOT_OF_IT,
    OF_TODAY,
    PERIOD,
    STRONG,
    TO_ITS_END,
    WEAK,
)
from nurture.mail.date_words import DIGITS, SPAN
from nurture.mail.dates import Mention, habit, mentions
from nurture.mail.sentences import sentences
from nurture.mail.subjects import apart

if TYPE_CHECKING:
    from collections.abc import Sequence


DATE_WORDS: Final = re.compile(
    r"[\d\W_年月日曜火水木金土]|から|より|まで|\b(?:from|until|till|to|the|(?:st|nd|rd|th)|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)[a-z]*)\b|"
    r"(?<=\d)(?:st|nd|rd|th)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Absence:
    """``away`` is None where an absence was named without any date. ``strong``: said of the present, in so"
    " many words.
    """

    away: AwayInfo | None
    words: str
    strong: bool
    doubtful: bool = False


def absence(text: str, base: date | None, *, subject: str = "") -> Absence | None:
    """The absence that a text names, or None.

    Args:
        text: the new text.
        base: the local date of the mail, to which relative and year-less dates belong.
        subject: looked at for dates too ("Away until May 5"), but not where it repeats the one that is
            answered ("Automatic reply: Our meeting on May 5").
    """
    subject = _own(subject)
    said = [*sentences(text), *sentences(subject)]
    strong = [s for s in said if STRONG.search(s) and not ELSE.search(s)]
    weak = [s for s in said if WEAK.search(s) and not ELSE.search(s)]
    if not strong and not weak:
        return None
    day_first = habit(f"{text}\n{subject}")
    dates = _Dates()
    near = 0
    for sentence in said:
        about = STRONG.search(sentence) is not None or WEAK.search(sentence) is not None
        near = 3 if about else near - 1  # 期間： often stands in lines of its own
        near_enough = about or near > 0 or PERIOD.search(sentence) is not None
        dates.take(sentence, base, first=day_first, about=about, back_only=not near_enough)
    if (
        dates.away() is None and not dates.doubtful
    ):  # 期間 stands in a line above or far below: a range is the absence
        for sentence in said:
            dates.take(sentence, base, first=day_first, about=True, back_only=False, ranges_only=True)
    elif dates.only_back() and (lead := next(iter(said), "")):  # a range above all, as a heading
        dates.take(lead, base, first=day_first, about=True, back_only=False, ranges_only=True, ahead_of=dates.back)
    return Absence(dates.away(), (strong or weak)[0][:200], bool(strong), dates.doubtful)


def _own(subject: str) -> str:
    """What of a subject is the answer's own. Behind 「自動応答：」 or "Re:" stands that of the mail it answers, as
    a rule ours and with a date in it, unless it speaks of an absence itself or is nothing but dates.
    """
    before, rest = apart(subject)
    if not before:
        return subject
    own = STRONG.search(rest) or WEAK.search(rest) or len(DATE_WORDS.sub("", rest)) <= 2
    return subject if own else before


class _Dates:
    """The parts that dates play, the first of each kind."""

    def __init__(self) -> None:
        self.first: date | None = None
        self.until: date | None = None
        self.back: date | None = None
        self.landed = False  # ``back`` is a return, not yet to work
        self.doubtful = False

    def take(
        self,
        sentence: str,
        base: date | None,
        *,
        first: bool | None,
        about: bool,
        back_only: bool,
        ranges_only: bool = False,
        ahead_of: date | None = None,
    ) -> None:
        """Give each date of a sentence its part."""
        found: Sequence[Mention] = mentions(sentence, base, day_first=first)
        for mention in found:
            after = sentence[mention.end : mention.end + 40]
            before = sentence[: mention.start]
            bare = len(sentence) - len(mention.words) <= 6  # a line that is a date
            if NOT_OF_IT.match(after) or (ranges_only and not (mention.exact and (mention.is_range or bare))):
                continue
            if ahead_of is not None and mention.last >= ahead_of:
                continue
            if mention.words in NEXT_DAY and self.until is not None:
                continue  # after that day, not after the mail's
            if back_only and not (BEFORE_BACK.search(before) or AFTER_BACK.match(after)):
                continue
            self.doubtful = self.doubtful or mention.doubtful
            self._place(mention, before, after, about=about, bare=bare)

    def _place(self, mention: Mention, before: str, after: str, *, about: bool, bare: bool) -> None:
        if BEFORE_BACK.search(before) or (AFTER_BACK.match(after) and not (mention.is_range and mention.exact)):
            if self.back is None or (self.landed and self.back < mention.first <= self.back + timedelta(7)):
                self.back = mention.first
                self.landed = LANDED.search(before) is not None
        elif mention.is_range and mention.words.endswith("週") and AFTER_UNTIL.match(after):
            self.until = self.until or mention.last  # 来週いっぱい, 来週まで
        elif mention.is_range and not mention.words.endswith(TO_ITS_END):
            if self.first is None and self.until is None:
                self.first, self.until = mention.first, mention.last
        elif BEFORE_UNTIL.search(before) or AFTER_UNTIL.match(after) or mention.words.endswith(TO_ITS_END):
            if self.until is None:
                self.until = mention.first
        elif BEFORE_FROM.search(before) or AFTER_FROM.match(after):
            if self.first is None:
                self.first = mention.first
                self.until = self.until or _lasting(mention, after)
        elif (mention.words.lower() in OF_TODAY and about and self.first is None and self.until is None) or (
            about and self.first is None and self.until is None and mention.exact
        ):
            self.first = self.until = mention.first
        elif about and bare and self.until is not None and mention.exact and _follows(self.until, mention.first):
            self.until = mention.first  # day by day, each in a line of its own

    def only_back(self) -> bool:
        """Whether nothing but the return is known."""
        return self.back is not None and self.first is None and self.until is None and not self.doubtful

    def away(self) -> AwayInfo | None:
        first, until, back = self.first, self.until, self.back
        if first is None and until is None and back is None:
            return None
        if back is not None and first is not None and first == until and first == back:
            first = until = None
        if back is not None and until is not None and until >= back:
            self.doubtful = self.doubtful or until > back
            until = None
        if back is None and until is not None and until < date.max:
            back = until + timedelta(1)
        elif until is None and back is not None and back > date.min:
            until = back - timedelta(1)
        if first is not None and until is not None and first > until:
            self.doubtful = True
        return AwayInfo(first, until, back)


def _follows(one: date, other: date) -> bool:
    """Whether nothing but a weekend stands between two days."""
    between = (other - one).days
    return between == 1 or (
        1 < between <= 3 and all((one + timedelta(n)).weekday() >= 5 for n in range(1, between))
    )


def _lasting(mention: Mention, after: str) -> date | None:
    """The last day of an absence whose length is said: 25日より3日間."""
    span = SPAN.match(after.translate(DIGITS))
    if span is None:
        return None
    number = int(span["n"]) if span["n"].isdigit() else "一二三四五六七八九十".index(span["n"]) + 1
    days = number * (1 if span["unit"].startswith("日") else 7 if span["unit"] == "週間" else 30)
    return mention.first + timedelta(days - 1) if mention.first.year < 9990 else None
