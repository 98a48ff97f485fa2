"""Spans of the calendar: months and days. A month is not a number of days, so both are kept."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date
from typing import Final

from nurture.core.calendar import shifted

SOME_DAY: Final = date(2027, 1, 31)
"""Any day, to compare dates that lie apart by months and days."""


@dataclass(frozen=True, slots=True)
class Span:
    """So many months, and then so many days; negative: earlier."""

    months: int = 0
    days: int = 0

    def __bool__(self) -> bool:
        return bool(self.months or self.days)

    def times(self, count: int) -> Span:
        """The span ``count`` times over."""
        return Span(self.months * count, self.days * count)

    def before(self, day: date) -> date:
        """The latest date from which this span leads to ``day``; where there is none, the nearest guess."""
        guess = Span(-self.months, -self.days).after(day)
        near = (shifted(guess, step) for step in (3, 2, 1, 0, -1, -2, -3))
        return next((found for found in near if self.after(found) == day), guess)

    def after(self, day: date) -> date:
        """The date that lies this span after ``day``: a day that the month does not have means its last day."""
        place = day.year * 12 + day.month - 1 + self.months
        place = min(max(place, MINYEAR * 12), MAXYEAR * 12 + 11)
        year, month = place // 12, place % 12 + 1
        return shifted(date(year, month, min(day.day, calendar.monthrange(year, month)[1])), self.days)


NO_SPAN: Final = Span()
"""No distance at all."""
