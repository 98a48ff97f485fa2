"""Words that stand for days: 来週月曜日, 12月上旬, 連休明け, 年度末, next Friday, the rest of the week."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from nurture.mail.date_words import ENGLISH_DAYS
from nurture.mail.day_sums import WEEKDAYS, after_holidays, coming, month_end, nearest, nearest_or, working

if TYPE_CHECKING:
    import re


def span(match: re.Match[str], base: date) -> tuple[date, date] | None:
    """First and last day of what such words mean, said on the day ``base``."""
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
        day = coming(base, WEEKDAYS.index(match["lone"]))
        return day, day
    if match["ed1"]:
        first = coming(base - timedelta(1), ENGLISH_DAYS.index(match["ed1"].lower()[:3]))
        return first, coming(first - timedelta(1), ENGLISH_DAYS.index(match["ed2"].lower()[:3]))
    if match["ewd"]:
        day = coming(base, ENGLISH_DAYS.index(match["ewd"].lower()[:3]))
        if match["ewk"].lower() == "next" and day.isocalendar()[:2] == base.isocalendar()[:2]:
            day += timedelta(7)  # "next Friday" said on a Monday is not that of this week
        if match["ewd2"]:
            return day, coming(day - timedelta(1), ENGLISH_DAYS.index(match["ewd2"].lower()[:3]))
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
    elif word in {"翌営業日", "次の営業日", "翌診療日", "翌平日"}:
        day = working(base + timedelta(1))
    elif word == "週明け":
        day = base + timedelta(7 - base.weekday())
    elif word in {"年明け", "正月明け", "年末年始明け"}:
        day = working(date(base.year + 1, 1, 4) if base.month > 1 or base.day > 4 else date(base.year, 1, 4))
    elif word == "連休明け":
        day = after_holidays(base)
    elif word.startswith(("gw", "ｇｗ", "ゴールデン")):
        day = working(nearest_or(5, 6, base))
    elif word.endswith("明け"):
        day = working(nearest_or(8, 17, base))
    elif word in {"next week"}:
        monday = base + timedelta(7 - base.weekday())
        return monday, monday + timedelta(4)
    elif word in {"next month"}:
        return _third("来月", "", base)
    elif word.endswith("week"):  # the rest of it
        return base, base + timedelta(6 - base.weekday())
    elif word in {"週末", "今週末"}:
        day = base + timedelta((5 - base.weekday()) % 7)
    elif word == "来月末":
        return _third("来月", "末", base)
    elif word in {"年末", "年内", "今年いっぱい", "end of the year"} or word.startswith("end of year"):
        day = date(base.year, 12, 31)
    elif word == "年度末":
        day = date(base.year + (base.month > 3), 3, 31)
    else:
        day = month_end(base.year, base.month)
    return None if day is None else (day, day)


def _third(month: str, third: str, base: date) -> tuple[date, date] | None:
    """上旬 is the 1st to the 10th, 中旬 to the 20th, 下旬 to the end."""
    if month[0].isdigit():
        first = nearest(int(month[:-1]), 1, base)
        if (
            first is not None
            and (first.year, first.month) > (base.year, base.month)
            and int(month[:-1]) == base.month
        ):
            first = base.replace(day=1)  # this month's
    else:
        first = month_ahead(month, base)
    if first is None:
        return None
    end = month_end(first.year, first.month)
    if third in {"上旬", "初旬", "初め"}:
        return first, first.replace(day=10)
    if third in {"中旬", "半ば"}:
        return first.replace(day=11), first.replace(day=20)
    if third == "下旬":
        return first.replace(day=21), end
    return (end, end) if third else (first, end)


def month_ahead(month: str, base: date) -> date | None:
    """The first day of 今月, 来月 or 再来月."""
    ahead = {"今月": 0, "再来月": 2}.get(month, 1)
    index = base.year * 12 + base.month - 1 + ahead
    return date(index // 12, index % 12 + 1, 1) if index // 12 < 9999 else None
