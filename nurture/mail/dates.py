"""The dates that a text names, as people in Japan (and in English) write them.

Theory of operation
===================
One pass finds every *mention*: a full date, a date without its year, a day of the month, a third of a
month, a word such as 来週月曜日. A mention is resolved against what it hangs on: the mail's own date, or the
mention before it in a range ("12/28-1/4" rolls over, "12月5日から9日まで" keeps the month). A date without a
year is the next one within 11 months, else the last one. Two mentions with a range sign, から or より between
them and nothing else become one range.

A weekday that stands beside a date and contradicts it makes the mention ``doubtful``: a person is asked,
nothing is mended. The range sign arrives as any of 〜 ～ ~ - − – — ‐ － or as から, より, to, until, through.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ELEVEN_MONTHS: Final = 335  # days
MAX_MENTIONS: Final = 60
MAX_CHARACTERS: Final = 20_000


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


WEEKDAYS: Final = "月火水木金土日"
ENGLISH_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DIGITS: Final = str.maketrans("０１２３４５６７８９／．（）：", "0123456789/.():")

_WD = (
    r"(?:[ 　]*[((（][ 　]*(?P<wd{n}>[月火水木金土日])(?:曜日?)?(?:[・,、/][^)）]{{0,6}})?[ 　]*[)）]|"
    r"[ 　]*(?P<wx{n}>[月火水木金土日])曜日?)?"
)
_MONTH_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY_NAME = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"

PATTERN: Final = re.compile(
    "|".join(
        (
            r"(?P<era>令和|平成|(?<![A-Za-z])[RH])[ 　]?(?P<ey>元|"
            r"\d{1,2})[ 　]?[年./-][ 　]?(?P<em>\d{1,2})[ 　]?[月./-][ 　]?(?P<ed>\d{1,2})(?!\d)日?"
            + _WD.format(n=1),
            r"(?<![\d.])(?P<y>20\d\d)[ 　]?[年./-][ 　]?(?P<ym>\d{1,2})[ 　]?[月./-][ 　]?(?P<yd>\d{1,2})(?"
            r"!\d)日?" + _WD.format(n=2),
            r"(?P<rel>翌年|来年|明年|本年|今年)?(?:の)?[ 　]?(?<!\d)(?P<m>\d{1,2})[ 　]?月[ 　]?(?P<d>\d{1,"
            r"2})[ 　]?日" + _WD.format(n=3),
            r"(?<![\d/.])(?<!\d:)(?P<sm>\d{1,2})/(?P<sd>\d{1,2})(?![\d/%])" + _WD.format(n=4),
            r"(?P<tm>(?<!\d)\d{1,2}月|今月|来月|再来月|翌月)(?:の)?(?P<third>上旬|中旬|下旬|初旬|初め|半ば|末日?)",
            r"(?<![\d月年/])(?P<od>\d{1,2})日(?![0-9一二三数]+回|間|以内|程|ほど|前|後|本|目|曜|付|ごと|おき|当)"
            + _WD.format(n=5),
            (
                r"(?P<word>本日|今日|明日|あす|明後日|あさって|翌日|週明け|年明け|連休明け|(?:GW|ＧＷ|"
                r"ゴールデンウ[イィ]ーク)明け|(?:お盆|盆休み?|夏季?休[み暇]?|夏休み)明け|年末年始明け|正月明け|"
                r"今月末|月末|来月末|年末|年内|年度末|今週末|週末)"
            ),
            r"(?P<week>今週|来週|再来週|翌週|次の週)(?:の)?(?P<wwd>[月火水木金土日])?(?(wwd)(?:曜日?|[)）])?)",
            r"(?<![一-龥\d])(?P<lone>[月火水木金土日])曜日?",
            (
                rf"(?i:\b(?:(?P<en1>{_DAY_NAME}),?[ ]+)?(?P<emon>{_MONTH_NAME})\.?[ ]+(?P<eday>\d{{1,2}})(?:st|"
                rf"nd|rd|th)?(?:[ ]?[-–—][ ]?(?P<eday2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]))?"
                rf"(?:,?[ ]+(?P<eyear>20\d\d))?(?![\d:]))"
            ),
            (
                rf"(?i:\b(?:(?P<en2>{_DAY_NAME}),?[ ]+)?(?:(?P<fday0>\d{{1,2}})(?:st|nd|rd|th)?"
                rf"[ ]?[-–—][ ]?)?(?P<fday>\d{{1,2}})(?:st|nd|rd|th)?(?:[ ]+of)?[ ]+"
                rf"(?P<fmon>{_MONTH_NAME})\b\.?(?:,?[ ]+(?P<fyear>20\d\d))?)"
            ),
            (
                r"(?i:\b(?P<eword>today|tomorrow|next week|next month|end of (?:the|this) month|"
                r"end of (?:the )?year)\b)"
            ),
            (
                rf"(?i:\b(?P<ewk>next|this|on|until|till|by|from|"
                rf"coming)[ ]+(?P<ewd>{_DAY_NAME})\b(?!,?[ ]+(?:the[ ]+)?(?:\d|{_MONTH_NAME}\b)))"
            ),
        )
    )
)

BETWEEN: Final = re.compile(
    r"(?:[ 　]*\d{1,2}[:：時](?:\d{2}分?)?)?[ 　]*(?:[〜～~\-−–—‐－→]|から|より|to|until|till|through|thru|"
    r"and|、|-)[ 　]*(?:the )?(?:翌)?\Z",
    re.IGNORECASE,
)
BARE_END: Final = re.compile(r"(?:[〜～~\-−–—‐－])[ 　]?(?P<d>\d{1,2})(?![\d:/時年月.])日?" + _WD.format(n=9))


def mentions(text: str, base: date | None) -> tuple[Mention, ...]:
    """The dates in a text, in order. Without ``base`` (the mail's own date) only those with a year."""
    text = text[:MAX_CHARACTERS].translate(DIGITS)
    found: list[Mention] = []
    for one in _single(text, base):
        before = found[-1] if found else None
        if before is not None and not before.is_range and BETWEEN.fullmatch(text, before.end, one.start):
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


def _single(text: str, base: date | None) -> Iterator[Mention]:
    last: Mention | None = None
    at = 0
    while match := PATTERN.search(text, at):
        at = match.end()
        joined = last is not None and BETWEEN.fullmatch(text, last.end, match.start()) is not None
        one = _resolve(match, base, last, joined)
        if one is None:
            continue
        last = one
        yield one
        if match["sm"] and (bare := BARE_END.match(text, at)):  # 12/5-9
            end = _made(one.first.year, one.first.month, int(bare["d"]))
            if end is not None and end > one.first:
                at = bare.end()
                doubtful = _contradicts(end, bare["wd9"] or bare["wx9"])
                # as if the range sign stood between two whole dates
                last = Mention(end, end, bare.start("d"), bare.end(), bare[0], doubtful=doubtful)
                yield last


def _resolve(match: re.Match[str], base: date | None, last: Mention | None, joined: bool) -> Mention | None:
    """The mention that a match is, or None where it is no date."""
    day: date | None = None
    anchor = last.last if last is not None and joined else base
    if match["era"]:
        year = 1 if match["ey"] == "元" else int(match["ey"])
        day = _made(year + (2018 if match["era"] in {"令和", "R"} else 1988), int(match["em"]), int(match["ed"]))
        weekday = match["wd1"] or match["wx1"]
    elif match["y"]:
        day = _made(int(match["y"]), int(match["ym"]), int(match["yd"]))
        weekday = match["wd2"] or match["wx2"]
    elif match["m"] or match["sm"]:
        month, number = int(match["m"] or match["sm"]), int(match["d"] or match["sd"])
        weekday = match["wd3"] or match["wx3"] or match["wd4"] or match["wx4"]
        if match["rel"] and anchor:
            day = _made(anchor.year + (match["rel"] in {"翌年", "来年", "明年"}), month, number)
        elif anchor:
            day = _after(month, number, anchor) if joined else _nearest(month, number, anchor)
    elif match["emon"] or match["fmon"]:
        return _english(match, base, anchor, joined)
    elif match["od"]:
        weekday = match["wd5"] or match["wx5"]
        if anchor:
            day = _day_of_month(int(match["od"]), last.first if last else anchor, joined or last is not None)
    else:
        return _relative(match, base)
    if day is None:
        return None
    return Mention(day, day, match.start(), match.end(), match[0], doubtful=_contradicts(day, weekday))


def _english(match: re.Match[str], base: date | None, anchor: date | None, joined: bool) -> Mention | None:
    month = MONTHS.index((match["emon"] or match["fmon"]).lower()[:3]) + 1
    number = int(match["eday"] or match["fday"])
    year = match["eyear"] or match["fyear"]
    day: date | None = None
    if year:
        day = _made(int(year), month, number)
    elif anchor and base:
        day = _after(month, number, anchor) if joined else _nearest(month, number, base)
    if day is None:
        return None
    name = match["en1"] or match["en2"]
    doubtful = bool(name) and ENGLISH_DAYS.index(name.lower()[:3]) != day.weekday()
    other = match["eday2"] or match["fday0"]
    if other and (end := _made(day.year, day.month, int(other))):
        first, last = min(day, end), max(day, end)
        return Mention(first, last, match.start(), match.end(), match[0], is_range=True, doubtful=doubtful)
    return Mention(day, day, match.start(), match.end(), match[0], doubtful=doubtful)


def _relative(match: re.Match[str], base: date | None) -> Mention | None:
    if base is None:
        return None
    span = _span(match, base)
    if span is None:
        return None
    return Mention(*span, match.start(), match.end(), match[0], is_range=span[0] != span[1], exact=False)


def _span(match: re.Match[str], base: date) -> tuple[date, date] | None:
    if match["third"]:
        return _third(match["tm"], match["third"], base)
    if match["week"]:
        weeks = {"今週": 0, "再来週": 2}.get(match["week"], 1)
        monday = base - timedelta(base.weekday()) + timedelta(weeks=weeks)
        if match["wwd"]:
            day = monday + timedelta(WEEKDAYS.index(match["wwd"]))
            return day, day
        return monday, monday + timedelta(4)
    if match["lone"]:
        day = _coming(base, WEEKDAYS.index(match["lone"]))
        return day, day
    if match["ewd"]:
        day = _coming(base, ENGLISH_DAYS.index(match["ewd"].lower()[:3]))
        return day, day
    return _word((match["word"] or match["eword"]).lower(), base)


def _word(word: str, base: date) -> tuple[date, date] | None:
    day: date | None
    if word in {"本日", "今日", "today"}:
        day = base
    elif word in {"明日", "あす", "翌日", "tomorrow"}:
        day = base + timedelta(1)
    elif word in {"明後日", "あさって"}:
        day = base + timedelta(2)
    elif word == "週明け":
        day = base + timedelta(7 - base.weekday())
    elif word in {"年明け", "正月明け", "年末年始明け"}:
        day = _working(date(base.year + 1, 1, 4) if base.month > 1 or base.day > 4 else date(base.year, 1, 4))
    elif word == "連休明け":
        day = _after_holidays(base)
    elif word.startswith(("gw", "ｇｗ", "ゴールデン")):
        day = _working(_nearest_date(5, 6, base))
    elif word.endswith("明け"):
        day = _working(_nearest_date(8, 17, base))
    elif word in {"next week"}:
        monday = base + timedelta(7 - base.weekday())
        return monday, monday + timedelta(4)
    elif word in {"next month"}:
        return _third("来月", "", base)
    elif word in {"週末", "今週末"}:
        day = base + timedelta((5 - base.weekday()) % 7)
    elif word == "来月末":
        return _third("来月", "末", base)
    elif word in {"年末", "年内"} or word.startswith("end of year") or word == "end of the year":
        day = date(base.year, 12, 31)
    elif word == "年度末":
        day = date(base.year + (base.month > 3), 3, 31)
    else:
        day = _month_end(base.year, base.month)
    return None if day is None else (day, day)


def _third(month: str, third: str, base: date) -> tuple[date, date] | None:
    """上旬 is the 1st to the 10th, 中旬 to the 20th, 下旬 to the end."""
    if month[0].isdigit():
        first = _nearest(int(month[:-1]), 1, base)
        if (
            first is not None
            and (first.year, first.month) > (base.year, base.month)
            and int(month[:-1]) == base.month
        ):
            first = base.replace(day=1)  # this month's
    else:
        ahead = {"今月": 0, "再来月": 2}.get(month, 1)
        index = base.year * 12 + base.month - 1 + ahead
        first = date(index // 12, index % 12 + 1, 1) if index // 12 < 9999 else None
    if first is None:
        return None
    end = _month_end(first.year, first.month)
    if third in {"上旬", "初旬", "初め"}:
        return first, first.replace(day=10)
    if third in {"中旬", "半ば"}:
        return first.replace(day=11), first.replace(day=20)
    if third == "下旬":
        return first.replace(day=21), end
    return (end, end) if third else (first, end)


# --- calendar sums ------------------------------------------------------------------------------------------


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _nearest(month: int, day: int, base: date) -> date | None:
    """The next such date within 11 months, else the last one."""
    if not 1 <= month <= 12 or not 2 <= base.year <= 9990:
        return None
    coming = next((d for y in range(base.year, base.year + 9) if (d := _made(y, month, day)) and d >= base), None)
    if coming is None or (coming - base).days <= ELEVEN_MONTHS:
        return coming
    past = next((d for y in range(base.year, base.year - 9, -1) if (d := _made(y, month, day)) and d < base), None)
    return past or coming


def _nearest_date(month: int, day: int, base: date) -> date:
    return _nearest(month, day, base) or base


def _after(month: int, day: int, start: date) -> date | None:
    """The first such date on or after another one: the end of a range."""
    if not 1 <= month <= 12 or start.year > 9990:
        return None
    return next((d for y in range(start.year, start.year + 9) if (d := _made(y, month, day)) and d >= start), None)


def _day_of_month(day: int, anchor: date, same: bool) -> date | None:
    """A day without a month: in the anchor's month, or the next one where it would lie before the anchor."""
    if not 1 <= day <= 31 or anchor.year > 9990:
        return None
    here = _made(anchor.year, anchor.month, day)
    if here is not None and here >= anchor:
        return here
    if here is not None and not same and (anchor - here).days <= 3:
        return here  # an absence that began the day before yesterday
    index = anchor.year * 12 + anchor.month
    return _made(index // 12, index % 12 + 1, day)


def _coming(base: date, weekday: int) -> date:
    return base + timedelta((weekday - base.weekday() - 1) % 7 + 1)


@lru_cache(maxsize=16)
def _holidays(year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415  # a tenth of a second that most runs need not spend

    try:
        return frozenset(holidays.country_holidays("JP", years=year))
    except (ValueError, NotImplementedError):
        return frozenset()


def _is_working(day: date) -> bool:
    return day.weekday() < 5 and day not in _holidays(day.year)


def _working(day: date) -> date:
    """That day, or the first working day after it."""
    for ahead in range(15):
        if _is_working(day + timedelta(ahead)):
            return day + timedelta(ahead)
    return day


def _after_holidays(base: date) -> date | None:
    """The first working day after the present or next run of at least three free days."""
    free = 0
    for ahead in range(-10 if base.year > 2 else 1, 200):
        day = base + timedelta(ahead)
        if not _is_working(day):
            free += 1
        elif free >= 3 and ahead > 0:
            return day
        else:
            free = 0
    return None


def _contradicts(day: date, weekday: str | None) -> bool:
    return weekday is not None and WEEKDAYS.index(weekday) != day.weekday()
