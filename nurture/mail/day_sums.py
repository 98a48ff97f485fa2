"""Sums with days: nearest dates, days of a month, working days of Japan."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

ELEVEN_MONTHS: Final = 335  # days
WEEKDAYS: Final = "月火水木金土日"


def made(year: int, month: int, day: int) -> date | None:
    """That date, or None where there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, monthrange(year, month)[1])


def nearest(month: int, day: int, base: date) -> date | None:
    """The next such date within 11 months, else the last one."""
    if not 1 <= month <= 12 or not 2 <= base.year <= 9990:
        return None
    coming = next((d for y in range(base.year, base.year + 9) if (d := made(y, month, day)) and d >= base), None)
    if coming is None or (coming - base).days <= ELEVEN_MONTHS:
        return coming
    past = next((d for y in range(base.year, base.year - 9, -1) if (d := made(y, month, day)) and d < base), None)
    return past or coming


def nearest_or(month: int, day: int, base: date) -> date:
    """The same, or the base where there is none."""
    return nearest(month, day, base) or base


def on_or_after(month: int, day: int, start: date) -> date | None:
    """The first such date on or after another one: the end of a range."""
    if not 1 <= month <= 12 or start.year > 9990:
        return None
    return next((d for y in range(start.year, start.year + 9) if (d := made(y, month, day)) and d >= start), None)


def day_of_month(day: int, anchor: date, same: bool) -> date | None:
    """A day without a month: in the anchor's month, or the next one where it would lie before the anchor."""
    if not 1 <= day <= 31 or anchor.year > 9990:
        return None
    here = made(anchor.year, anchor.month, day)
    if here is not None and here >= anchor:
        return here
    if here is not None and not same and (anchor - here).days <= 3:
        return here  # an absence that began the day before yesterday
    index = anchor.year * 12 + anchor.month
    return made(index // 12, index % 12 + 1, day)


def coming(base: date, weekday: int) -> date:
    """The next such weekday after the base (0 is Monday)."""
    return base + timedelta((weekday - base.weekday() - 1) % 7 + 1)


@lru_cache(maxsize=16)
def _holidays(year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415  # a tenth of a second that most runs need not spend

    try:
        return frozenset(holidays.country_holidays("JP", years=year))
    except (ValueError, NotImplementedError):
        return frozenset()


def is_working(day: date) -> bool:
    """Whether a day is neither a weekend nor a public holiday of Japan."""
    return day.weekday() < 5 and day not in _holidays(day.year)


def working(day: date) -> date:
    """That day, or the first working day after it."""
    for ahead in range(15):
        if is_working(day + timedelta(ahead)):
            return day + timedelta(ahead)
    return day


def after_holidays(base: date) -> date | None:
    """The first working day after the present or next run of at least three free days."""
    free = 0
    for ahead in range(-10 if base.year > 2 else 1, 200):
        day = base + timedelta(ahead)
        if not is_working(day):
            free += 1
        elif free >= 3 and ahead > 0:
            return day
        else:
            free = 0
    return None


def contradicts(day: date, weekday: str | None) -> bool:
    """Whether a weekday that stands beside a date is another one."""
    return weekday is not None and WEEKDAYS.index(weekday) != day.weekday()
