"""Recurrences of whole days: yearly, monthly, and RFC 5545 rules.

Theory of operation
-------------------
A rule of RFC 5545 (3.3.10) is unrolled period by period (day, week, month or year, every ``INTERVAL``-th):
the days of a period that pass all BY-filters are its candidates, BYSETPOS picks among them, COUNT and UNTIL
end the series. Periods are stepped over by arithmetic and never beyond the range that was asked for, so that
a rule that never matches again costs no more than one that does. Filters by the week of the year and by hours
are not taken: entries are whole days.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from typing import TYPE_CHECKING, Final

from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS: Final = (
    "FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY", "BYSETPOS", "WKST",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Yearly:
    """Each year from month-day to month-day, both inclusive; may cross the year's end."""

    from_: tuple[int, int]
    to: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Monthly:
    """Each month from day to day, both inclusive; may cross the month's end."""

    from_: int
    to: int


@dataclass(frozen=True, slots=True)
class Rrule:
    """An RFC 5545 recurrence rule, counted from the entry's ``start``."""

    rule: str


def occurrences(
    every: Yearly | Monthly | Rrule | None, start: date | None, end: date | None, low: date, high: date
) -> Iterator[tuple[date, date]]:
    """The occurrences, first and last day, that touch ``low..high``, in order."""
    found: Iterator[tuple[date, date]]
    if isinstance(every, Yearly):
        found = _yearly(every, low, high)
    elif isinstance(every, Monthly):
        found = _monthly(every, low, high)
    elif start is None:
        return
    elif isinstance(every, Rrule):
        last = (end or start) - start
        found = (
            (day, _plus(day, last)) for day in parse(every.rule).days(start, low - min(last, low - date.min), high)
        )
    else:
        found = iter([(start, end or start)])
    yield from (span for span in found if span[0] <= high and span[1] >= low)


def _plus(day: date, length: timedelta) -> date:
    return day + min(length, date.max - day)


def _clamped(year: int, month: int, day: int) -> date:
    """A day that the month does not have means its last day."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _yearly(every: Yearly, low: date, high: date) -> Iterator[tuple[date, date]]:
    later = 1 if every.from_ > every.to else 0
    for year in range(max(low.year - 1, 1), min(high.year, MAXYEAR - later) + 1):
        yield _clamped(year, *every.from_), _clamped(year + later, *every.to)


def _monthly(every: Monthly, low: date, high: date) -> Iterator[tuple[date, date]]:
    later = 1 if every.from_ > every.to else 0
    first, last = low.year * 12 + low.month - 1, high.year * 12 + high.month - 1
    for index in range(max(first - 1, 12), min(last, MAXYEAR * 12 + 11 - later) + 1):
        ends = index + later
        yield (
            _clamped(index // 12, index % 12 + 1, every.from_),
            _clamped(ends // 12, ends % 12 + 1, every.to),
        )


# --- RFC 5545 ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed RRULE. Empty filters let everything pass."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()  # (n-th or 0, weekday)
    positions: tuple[int, ...] = ()
    week_start: int = 0

    def days(self, start: date, low: date, high: date) -> Iterator[date]:
        """The dates of the series from ``start`` on that lie in ``low..high``, in order."""
        rule = self._completed(start)
        stop = min(high, self.until) if self.until else high
        index = 0 if self.count is not None else rule._index_before(start, low)
        left = self.count
        while (period := rule._period(start, index)) is not None and period[0] <= stop:
            for day in rule._picked(*period):
                if day < start:
                    continue
                if day > stop or left == 0:
                    return
                left = None if left is None else left - 1
                if day >= low:
                    yield day
            index += self.interval
            if left == 0:
                return

    def _completed(self, start: date) -> Rule:
        """What the rule leaves open is taken from the start (RFC 5545: "information from DTSTART")."""
        if self.month_days or self.year_days or self.weekdays or self.freq == "DAILY":
            return self
        months, month_days, weekdays = self.months, frozenset[int](), frozenset[tuple[int, int]]()
        if self.freq == "WEEKLY":
            weekdays = frozenset({(0, start.weekday())})
        else:
            month_days = frozenset({start.day})
            if self.freq == "YEARLY" and not months:
                months = frozenset({start.month})
        return Rule(
            self.freq, self.interval, self.count, self.until, months, month_days, frozenset(), weekdays,
            self.positions, self.week_start,
        )  # fmt: skip

    def _index_before(self, start: date, low: date) -> int:
        """The number of a period on the grid, not later than the one that holds ``low``."""
        days = max((low - start).days, 0)
        longest = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}[self.freq]
        return max(days // longest - 1, 0) // self.interval * self.interval

    def _period(self, start: date, index: int) -> tuple[date, date] | None:
        """First and last day of the ``index``-th period counted from the one that holds ``start``."""
        try:
            if self.freq == "YEARLY":
                return date(start.year + index, 1, 1), date(start.year + index, 12, 31)
            if self.freq == "MONTHLY":
                month = start.year * 12 + start.month - 1 + index
                return date(month // 12, month % 12 + 1, 1), _clamped(month // 12, month % 12 + 1, 31)
            if self.freq == "WEEKLY":
                back = (start.weekday() - self.week_start) % 7
                first = start - timedelta(days=back) + timedelta(weeks=index)
                return first, first + timedelta(days=6)
            day = start + timedelta(days=index)
        except (ValueError, OverflowError):
            return None
        return day, day

    def _picked(self, first: date, last: date) -> list[date]:
        """The days of a period that pass the filters, then BYSETPOS."""
        days = [
            day
            for day in map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
            if self._passes(day)
        ]
        if not self.positions:
            return days
        chosen = {p - 1 if p > 0 else len(days) + p for p in self.positions}
        return [day for place, day in enumerate(days) if place in chosen]

    def _passes(self, day: date) -> bool:
        if self.months and day.month not in self.months:
            return False
        if self.month_days:
            length = calendar.monthrange(day.year, day.month)[1]
            if day.day not in self.month_days and day.day - length - 1 not in self.month_days:
                return False
        if self.year_days:
            number, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
            if number not in self.year_days and number - length - 1 not in self.year_days:
                return False
        return not self.weekdays or self._is_weekday(day)

    def _is_weekday(self, day: date) -> bool:
        weekday = day.weekday()
        if (0, weekday) in self.weekdays:
            return True
        if self.freq == "MONTHLY" or self.months:
            place, length = day.day, calendar.monthrange(day.year, day.month)[1]
        else:
            place, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
        nth, from_end = (place - 1) // 7 + 1, -((length - place) // 7 + 1)
        return (nth, weekday) in self.weekdays or (from_end, weekday) in self.weekdays


def parse(text: str) -> Rule:
    """An RRULE value (``FREQ=MONTHLY;BYDAY=2SA``), with or without ``RRULE:`` before it.

    Raises:
        UserError: it is not one, or asks for something that whole days do not have.
    """
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        name, sign, value = part.strip().partition("=")
        if not sign or name not in PARTS or name in parts:
            raise UserError(
                "found {found}, expected a part of a recurrence rule: {parts}", found=part[:60], parts=PARTS
            )
        parts[name] = value
    freq = parts.get("FREQ", "")
    if freq not in FREQUENCIES:
        raise UserError(
            "found {found}, expected one of {expected}", found=f"FREQ={freq}"[:60], expected=FREQUENCIES
        )
    if "COUNT" in parts and "UNTIL" in parts:
        raise UserError("a recurrence rule has COUNT or UNTIL, not both")
    if freq == "WEEKLY" and ("BYMONTHDAY" in parts or "BYYEARDAY" in parts):
        raise UserError("BYMONTHDAY and BYYEARDAY do not go with FREQ=WEEKLY")
    if "BYSETPOS" in parts and not parts.keys() & {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY"}:
        raise UserError("BYSETPOS needs another BY part to choose from")
    weekdays = _weekdays(parts.get("BYDAY"))
    if freq not in {"MONTHLY", "YEARLY"} and any(n for n, _ in weekdays):
        raise UserError("numbered weekdays (2SA) go with FREQ=MONTHLY or YEARLY only")
    return Rule(
        freq=freq,
        interval=_numbers(parts, "INTERVAL", 1, 1000)[0] if "INTERVAL" in parts else 1,
        count=_numbers(parts, "COUNT", 1, 10_000)[0] if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        months=frozenset(_numbers(parts, "BYMONTH", 1, 12)),
        month_days=frozenset(_numbers(parts, "BYMONTHDAY", -31, 31)),
        year_days=frozenset(_numbers(parts, "BYYEARDAY", -366, 366)),
        weekdays=weekdays,
        positions=_numbers(parts, "BYSETPOS", -366, 366),
        week_start=WEEKDAYS.index(parts["WKST"]) if parts.get("WKST") in WEEKDAYS else 0,
    )


def _numbers(parts: dict[str, str], name: str, low: int, high: int) -> tuple[int, ...]:
    if name not in parts:
        return ()
    found = []
    for text in parts[name].split(","):
        number = int(text) if re.fullmatch(r"[-+]?[0-9]{1,5}", text) else 0
        if number == 0 or not low <= number <= high:
            raise UserError(
                "found {found}, expected whole numbers from {low} to {high}, not 0",
                found=f"{name}={text}"[:60],
                low=low,
                high=high,
            )
        found.append(number)
    return tuple(found)


def _weekdays(text: str | None) -> frozenset[tuple[int, int]]:
    found = set()
    for part in text.split(",") if text is not None else ():
        match = re.fullmatch(r"([-+]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", part)
        if not match or (match[1] and not 1 <= abs(int(match[1])) <= 53):
            raise UserError("found {found}, expected weekdays such as MO or 2SA", found=f"BYDAY={part}"[:60])
        found.add((int(match[1] or 0), WEEKDAYS.index(match[2])))
    return frozenset(found)


def _until(text: str) -> date:
    match = re.fullmatch(r"(\d{4})(\d{2})(\d{2})(T\d{6}Z?)?", text)
    try:
        return date(*(int(part) for part in match.groups()[:3])) if match else date.fromisoformat(text)
    except ValueError:
        raise UserError("found {found}, expected a date such as 20270331", found=f"UNTIL={text}"[:60]) from None
