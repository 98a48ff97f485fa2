"""The dates that a text names, as people in Japan (and in English) write them.

Theory of operation
===================
One pass finds every *mention*: a full date, a date without its year, a day of the month, a third of a
month, a word such as 来週月曜日. A mention is resolved against what it hangs on: the mail's own date, or the
mention before it in a range ("12/28-1/4" rolls over, "12月5日から9日まで" keeps the month). A date without a
year is the next one within 11 months, else the last one. Two mentions with a range sign, から or より between
them and nothing else become one range; so do days of a list that follow each other ("12/1、12/2").

Numbers whose order is not said (1/12, 01/12/2026, 26/11/25) are read by the writer's habit: as another date of
the text shows it, month first in Japanese, and else whichever reading lies nearest, the days to come first.

A weekday that stands beside a date and contradicts it makes the mention ``doubtful``: a person is asked,
nothing is mended. The range sign arrives as any of 〜 ～ ~ - − – — ‐ － or as から, より, to, until, through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from nurture.mail.date_words import (
    BARE_END,
    BARE_NEXT,
    BETWEEN,
    DIGITS,
    ENGLISH_DAYS,
    LISTED,
    MONTHS,
    PATTERN,
)
from nurture.mail.day_spans import month_ahead, span
from nurture.mail.day_sums import (
    contradicts,
    day_of_month,
    made,
    nearest,
    on_or_after,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_MENTIONS: Final = 60
MAX_CHARACTERS: Final = 20_000
FAR: Final = 400  # days; a year of two figures that lies farther away is none


@dataclass(frozen=True, slots=True)
class Mention:
    """A date or a range in a text. ``start`` and ``end`` are places in the text; the range is inclusive."""

    first: date
    last: date
    start: int
    end: int
    words: str
    is_range: bool = False  # two ends were named, or a span such as 上旬
    exact: bool = True  # a calendar date, not 来週 or 年明け
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class _Text:
    """What a mention is resolved against: the mail's day, and whether the writer puts the day first."""

    base: date | None
    day_first: bool | None  # None: not known


def mentions(text: str, base: date | None, *, day_first: bool | None = None) -> tuple[Mention, ...]:
    """The dates in a text, in order. Without ``base`` (the mail's own date) only those with a year.

    ``day_first``: the habit of the writer, if the rest of his mail shows it.
    """
    text = text[:MAX_CHARACTERS].translate(DIGITS)
    about = _Text(base, habit(text) if day_first is None else day_first)
    found: list[Mention] = []
    for one in _single(text, about):
        before = found[-1] if found else None
        joined = before is not None and BETWEEN.fullmatch(text, before.end, one.start) is not None
        if before is not None and (_follows(before, one, text) or (joined and not before.is_range)):
            if one.last >= before.first:
                found[-1] = replace(
                    before,
                    last=one.last,
                    end=one.end,
                    words=text[before.start : one.end],
                    is_range=True,
                    exact=before.exact and one.exact,
                    doubtful=before.doubtful or one.doubtful,
                )
                continue
            one = replace(one, doubtful=True)  # noqa: PLW2901  # ends before it begins
        found.append(one)
        if len(found) >= MAX_MENTIONS:
            break
    return tuple(found)


def _follows(before: Mention, one: Mention, text: str) -> bool:
    """Whether a day is the next one of a list, 12/1、12/2, or ends what "between" began."""
    if LISTED.fullmatch(text, before.end, one.start) is None or one.first != one.last:
        return False
    return (one.first - before.last).days == 1 or text[: before.start].lower().endswith("between ")


NUMBERS: Final = re.compile(r"(?<![\d./:-])(\d{1,2})([./])(\d{1,2})(?:\2(?:20)?\d\d)?(?![\d/:%])")


CJK: Final = re.compile(r"[ぁ-んァ-ヶ一-龥]")
AROUND: Final = 25
"""Characters on either side of a date that show in which language it stands; an auto-reply often has two."""


def _japanese(match: re.Match[str]) -> bool:
    """Whether a date stands among Japanese, or among nothing at all: there the month is first."""
    near = match.string[max(0, match.start() - AROUND) : match.end() + AROUND]
    return CJK.search(near) is not None or not re.search(r"[A-Za-z]{3}", near)


def habit(text: str) -> bool | None:
    """Whether the writer of a text puts the day before the month; None where the text does not show it."""
    for match in NUMBERS.finditer(text[:MAX_CHARACTERS]):
        first, second = int(match[1]), int(match[3])
        if not _japanese(match) and 12 < first <= 31 and 1 <= second <= 12:
            return True
        if not _japanese(match) and 12 < second <= 31 and 1 <= first <= 12:
            return False
    return None


def _single(text: str, about: _Text) -> Iterator[Mention]:
    last: Mention | None = None
    at = 0
    while match := PATTERN.search(text, at):
        at = match.end()
        joined = last is not None and BETWEEN.fullmatch(text, last.end, match.start()) is not None
        one = _resolve(match, about, last, joined)
        if one is None:
            continue
        last = one
        yield one
        while last.exact and (one := _bare(match, last, text, at)) is not None:  # 12/5-9, 12/1(火)・2(水)
            at, last = one.end, one
            yield one


def _bare(match: re.Match[str], last: Mention, text: str, at: int) -> Mention | None:
    """A day that stands without its month behind another one, as if both were whole dates."""
    for pattern in (BARE_END, BARE_NEXT) if match["sm"] else (BARE_NEXT,):
        if bare := pattern.match(text, at):
            end = made(last.first.year, last.first.month, int(bare["d"]))
            if end is None or (pattern is BARE_NEXT and bare["sure"] is None and (end - last.last).days != 1):
                continue
            if end > last.first:
                doubtful = contradicts(end, bare["wd9"] or bare["wx9"])
                return Mention(end, end, bare.start("d"), bare.end(), bare[0], doubtful=doubtful)
    return None


def _resolve(match: re.Match[str], about: _Text, last: Mention | None, joined: bool) -> Mention | None:
    """The mention that a match is, or None where it is no date."""
    base = about.base
    anchor = last.last if last is not None and joined else base
    weekday = next((match[f"{kind}{n}"] for n in range(9) for kind in ("wd", "wx") if match[f"{kind}{n}"]), None)
    if match["emon"] or match["fmon"]:
        return _english(match, base, anchor, joined)
    if match["ord"]:
        day = (
            None if anchor is None else day_of_month(int(match["ord"]), last.first if last else anchor, bool(last))
        )
        name = match["en3"]
        if day is None:
            return None
        doubtful = bool(name) and ENGLISH_DAYS.index(name.lower()[:3]) != day.weekday()
        return Mention(day, day, match.start(), match.end(), match[0], doubtful=doubtful)
    if match["od"]:
        day = None
        if anchor:
            day = day_of_month(int(match["od"]), last.first if last else anchor, joined or last is not None)
    elif match["na"] or match["sm"]:
        day = _numbers(match, about, anchor, joined, weekday)
    elif match["gd"]:  # 30.11.
        day = None
        if anchor and not _japanese(match):
            day = (on_or_after if joined else nearest)(int(match["gm"]), int(match["gd"]), anchor)
    elif match["m"] or match["km"]:
        day = _month_and_day(match, anchor, joined)
    else:
        day = _whole(match, base)
        if day is None and not (match["era"] or match["y"] or match["cy"] or match["rm"]):
            return _relative(match, base)
    if day is None:
        return None
    return Mention(day, day, match.start(), match.end(), match[0], doubtful=contradicts(day, weekday))


def _whole(match: re.Match[str], base: date | None) -> date | None:
    """A date that names its year, or its month by 今月 and the like."""
    if match["era"]:
        year = 1 if match["ey"] == "元" else int(match["ey"])
        return made(year + (2018 if match["era"] in {"令和", "R"} else 1988), int(match["em"]), int(match["ed"]))
    if match["y"]:
        return made(int(match["y"]), int(match["ym"]), int(match["yd"]))
    if match["cy"]:
        return made(int(match["cy"]), int(match["cm"]), int(match["cd"]))
    if match["rm"] and base is not None:
        first = month_ahead(match["rm"], base)
        return None if first is None else made(first.year, first.month, int(match["rd"]))
    return None


def _month_and_day(match: re.Match[str], anchor: date | None, joined: bool) -> date | None:
    if match["km"]:
        month, number = _kanji(match["km"]), _kanji(match["kd"])
        if match["ky"]:
            return made(2018 + (1 if match["ky"] == "元" else _kanji(match["ky"])), month, number)
    else:
        month, number = int(match["m"]), int(match["d"])
    if anchor is None:
        return None
    if match["rel"]:
        return made(anchor.year + (match["rel"] in {"翌年", "来年", "明年"}), month, number)
    return on_or_after(month, number, anchor) if joined else nearest(month, number, anchor)


def _kanji(number: str) -> int:
    """二十五 → 25."""
    tens, ten, ones = number.partition("十")
    digits = "一二三四五六七八九"
    if not ten:
        return digits.find(number[-1:]) + 1
    return 10 * (digits.find(tens[-1:]) + 1 if tens else 1) + (digits.find(ones[:1]) + 1 if ones else 0)


def _numbers(
    match: re.Match[str], about: _Text, anchor: date | None, joined: bool, weekday: str | None
) -> date | None:
    """Numbers without a word that says which is the month."""
    if _japanese(match):
        about = _Text(about.base, day_first=False)
    if match["sm"]:
        one, two = int(match["sm"]), int(match["sd"])
        if anchor is None:
            return None
        find = on_or_after if joined else nearest
        readings = [find(one, two, anchor)]
        if about.day_first is not False:
            readings.append(find(two, one, anchor))
        return _likely(readings, about, anchor, weekday)
    one, two, three = int(match["na"]), int(match["nb"]), int(match["nc"])
    if len(match["nc"]) == 4:
        readings = [made(three, one, two), made(three, two, one)]
        return _likely(readings, about, anchor or about.base, weekday)
    if anchor is None or match["nsep"] == "-":
        return None
    readings = [made(2000 + one, two, three)]
    if match["nsep"] != "年" and about.day_first is not False:
        readings.append(made(2000 + three, two, one))
    if match["nsep"] != "年" and about.day_first is not True:
        readings.append(made(2000 + three, one, two))
    return _likely([day for day in readings if day and abs((day - anchor).days) <= FAR], about, anchor, weekday)


def _likely(readings: list[date | None], about: _Text, near: date | None, weekday: str | None) -> date | None:
    """Of several readings the one that the writer's habit, its weekday, or its nearness speaks for."""
    possible = [day for day in readings if day is not None]
    if len(readings) == 2 and len(possible) == 2 and about.day_first is not None:
        return possible[1] if about.day_first else possible[0]
    if weekday and (fitting := [day for day in possible if not contradicts(day, weekday)]):
        possible = fitting
    if near is None or len(possible) <= 1:
        return possible[0] if possible else None
    return min(possible, key=lambda day: (day < near - timedelta(14), abs((day - near).days)))


def _english(match: re.Match[str], base: date | None, anchor: date | None, joined: bool) -> Mention | None:
    name = (match["emon"] or match["fmon"]).lower()
    month = next((MONTHS[name[:n]] for n in (4, 3) if name[:n] in MONTHS), 0)
    number = int(match["eday"] or match["fday"])
    year = match["eyear"] or match["fyear"]
    day: date | None = None
    if year:
        day = made(int(year), month, number)
    elif anchor and base:
        day = on_or_after(month, number, anchor) if joined else nearest(month, number, base)
    if day is None:
        return None
    other = match["eday2"] or match["fday0"]
    named = match["en1"] or match["en2"]
    if other and (end := made(day.year, day.month, int(other))):
        first, last = min(day, end), max(day, end)
        doubtful = bool(named) and ENGLISH_DAYS.index(named.lower()[:3]) != first.weekday()
        return Mention(first, last, match.start(), match.end(), match[0], is_range=True, doubtful=doubtful)
    doubtful = bool(named) and ENGLISH_DAYS.index(named.lower()[:3]) != day.weekday()
    return Mention(day, day, match.start(), match.end(), match[0], doubtful=doubtful)


def _relative(match: re.Match[str], base: date | None) -> Mention | None:
    if base is None:
        return None
    days = span(match, base)
    if days is None:
        return None
    return Mention(*days, match.start(), match.end(), match[0], is_range=days[0] != days[1], exact=False)
