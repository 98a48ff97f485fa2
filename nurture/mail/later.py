"""When somebody who puts it off wants to come back to it: 「現行機の更新が令和9年度ですので、その頃に」.

Only of a mail that says so (検討します, また後日): a rest lasts until then and no longer. Dates are found as
everywhere (``dates``); besides them what people say of such times: fiscal years, months, seasons, so many weeks.
A span is over at its end (「12月の委員会で」); 「3月以降」 and 「来年度」 begin on their first day.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from nurture.mail.dates import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator

YEARS_AHEAD: Final = 10
FISCAL: Final = 4
"""The month in which fiscal years begin, of the state and of nearly all hospitals."""
SEASONS: Final = {"春": 3, "夏": 7, "秋": 9, "冬": 12}
NUMBERS: Final = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "数": 3}

FISCAL_YEAR: Final = re.compile(
    r"(?:(?P<era>令和|R) ?(?P<ey>元|\d{1,2})|(?P<year>20\d\d)) ?年?度|(?P<word>来|次|新|翌|再来|今|本) ?年度"
)
YEAR_MONTH: Final = re.compile(
    r"(?:(?:令和|R) ?(?P<ey>元|\d{1,2})|(?P<year>20\d\d)) ?年 ?(?P<m>1[0-2]|[1-9]) ?月(?! ?\d)"
    r"(?P<until>末|まで|中)?"
)
BARE_MONTH: Final = re.compile(
    r"(?<![\d/.])(?P<next>来年|翌年)?の? ?(?P<m>1[0-2]|[1-9]) ?月 ?(?P<kind>以降|頃|ごろ|ころ|に|の(?!\d)|まで|中|"
    r"から|か|くらい|ぐらい|が|は|、|ですと|でしたら|であれば)"
)
SPAN: Final = re.compile(
    r"(?P<half>半年)|(?P<n>\d{1,2}|[一二三四五六数]) ?(?P<unit>か月|ヶ月|カ月|ヵ月|ケ月|ヵ月|箇月|週間|年)"
    r"(?=(?:ほど|程度?|くらい|ぐらい)?(?:後|先|待|お?時間|様子|経|の間|は))"
)
NEXT: Final = re.compile(r"(?P<many>再来月|来月|翌月)(?![上中下]旬|[の ]?(?:末|初|半))")
SEASON: Final = re.compile(
    r"(?P<year>来年?の?)?(?P<season>[春夏秋冬])(?:頃|ごろ|以降|に(?:なっ|改め|また|ご)|先|の(?:異動|更新))"
)
HALF_YEAR: Final = re.compile(r"(?P<next>来年度の?|来期の?)?(?P<half>上期|上半期|下期|下半期)")
NEXT_YEAR: Final = re.compile(r"来年(?!度|\d|[の ]?(?:\d|春|夏|秋|冬))")
ENGLISH: Final = re.compile(
    r"\b(?:in|after|for) (?:another )?(?P<n>\d{1,2}|a|one|two|three|four|five|six|a few|a couple of) "
    r"(?P<unit>weeks?|months?)\b|\b(?P<next>next (?:fiscal )?year|next quarter|next month)\b",
    re.IGNORECASE,
)
ENGLISH_NUMBERS: Final = {
    "a": 1, "one": 1, "two": 2, "a couple of": 2, "three": 3, "a few": 3, "four": 4, "five": 5, "six": 6,
}  # fmt: skip


def named(text: str, base: date | None) -> date | None:
    """The day from which they want to be asked again: the latest that the text names; None: it names none.

    Args:
        text: what the person wrote.
        base: the mail's own date.
    """
    if base is None:
        return None
    plain = unicodedata.normalize("NFKC", text)[:4000]
    ahead = base.replace(year=min(base.year + YEARS_AHEAD, 9998), day=1)
    days = [
        *(m.last for m in mentions(text, base) if not m.doubtful),
        *_fiscal_years(plain, base),
        *_months(plain, base),
        *_spans(plain, base),
        *_seasons(plain, base),
        *_in_english(plain, base),
    ]
    return max((day for day in days if base < day < ahead), default=None)


def _fiscal_years(text: str, base: date) -> Iterator[date]:
    current = base.year - (base.month < FISCAL)
    for found in FISCAL_YEAR.finditer(text):
        if found["year"]:
            year = int(found["year"])
        elif found["era"]:
            year = 2018 + (1 if found["ey"] == "元" else int(found["ey"]))
        else:
            year = current + {"再来": 2}.get(found["word"], 1)  # 今年度は…: when it is over
        yield _first(year, FISCAL)
    for found in HALF_YEAR.finditer(text):
        month = FISCAL if found["half"].startswith("上") else FISCAL + 6
        year = current + bool(found["next"])
        start = _first(year, month)
        yield start if start > base else _first(year + 1, month)
    if NEXT_YEAR.search(text):
        yield _first(base.year + 1, 1)


def _months(text: str, base: date) -> Iterator[date]:
    for found in YEAR_MONTH.finditer(text):
        year = int(found["year"]) if found["year"] else 2018 + (1 if found["ey"] == "元" else int(found["ey"]))
        yield (_end if found["until"] else _first)(min(year, 9998), int(found["m"]))
    for found in BARE_MONTH.finditer(text):
        month = int(found["m"])
        year = base.year + (month <= base.month)
        if found["next"]:
            year = base.year + 1
        yield _end(year, month) if found["kind"] in {"まで", "中", "の"} else _first(year, month)
    for found in NEXT.finditer(text):
        yield _month_after(_first(base.year, base.month), 2 if found["many"] == "再来月" else 1)


def _spans(text: str, base: date) -> Iterator[date]:
    for found in SPAN.finditer(text):
        if found["half"]:
            yield _month_after(base, 6)
            continue
        number = int(found["n"]) if found["n"].isdigit() else NUMBERS[found["n"]]
        if found["unit"] == "週間":
            yield base + timedelta(weeks=number)
        else:
            yield _month_after(base, number * (12 if found["unit"] == "年" else 1))


def _seasons(text: str, base: date) -> Iterator[date]:
    for found in SEASON.finditer(text):
        month = SEASONS[found["season"]]
        yield _first(base.year + (bool(found["year"]) or month <= base.month), month)


def _in_english(text: str, base: date) -> Iterator[date]:
    for found in ENGLISH.finditer(text):
        if found["next"]:
            words = found["next"].lower()
            start = _first(base.year, base.month)
            yield {
                "next month": _month_after(start, 1),
                "next quarter": _month_after(start, 3 - (base.month - 1) % 3),
                "next fiscal year": _first(base.year + (base.month >= FISCAL), FISCAL),
            }.get(words, _first(base.year + 1, 1))
            continue
        said = found["n"].lower()
        number = int(said) if said.isdigit() else ENGLISH_NUMBERS[said]
        weeks = found["unit"].lower().startswith("week")
        yield base + timedelta(weeks=number) if weeks else _month_after(base, number)


def _first(year: int, month: int) -> date:
    return date(min(year, 9998), month, 1)


def _end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _month_after(day: date, months: int) -> date:
    """The same day so many months on; a day that the month does not have means its last."""
    index = day.year * 12 + day.month - 1 + months
    year, month = min(index // 12, 9998), index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
