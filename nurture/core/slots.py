"""Times that somebody proposes to meet, and how they are written down without any language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.windows import instant

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MOST: Final = 12
"""So many times of one mail are kept."""
USUAL: Final = timedelta(hours=1)
"""How long a meeting is whose end nobody named."""

_LINE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d)–(\d\d:\d\d)?| –(\d\d:\d\d))?")


@dataclass(frozen=True, slots=True)
class Slot:
    """A local date with hours of the one who proposes; without a start: until then; without both: some time."""

    day: date
    start: time | None = None
    end: time | None = None

    def __str__(self) -> str:
        """``2027-05-20 13:00–14:00``, ``2027-05-20 16:00–``, ``2027-05-20 –11:00``, ``2027-05-20``."""
        if self.start is None and self.end is None:
            return self.day.isoformat()
        return f"{self.day.isoformat()} {_shown(self.start)}–{_shown(self.end)}"

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """A meeting at the beginning of it, in UTC; at its end where only that was named; None: a whole day."""
        if self.start is not None:
            start = instant(self.day, self.start, zone)
            end = instant(self.day, self.end, zone) if self.end is not None else start + USUAL
            return start, max(end, start + timedelta(minutes=15))
        if self.end is not None:
            end = instant(self.day, self.end, zone)
            return end - USUAL, end
        return None


def _shown(at: time | None) -> str:
    return f"{at:%H:%M}" if at is not None else ""


def in_lines(text: str) -> tuple[Slot, ...]:
    """The times with which a task's text begins, one a line, as ``str`` writes them."""
    found: list[Slot] = []
    for line in text.split("\n")[:MOST]:
        match = _LINE.fullmatch(line)
        if match is None:
            break
        try:
            found.append(Slot(date.fromisoformat(match[1]), _read(match[2]), _read(match[3] or match[4])))
        except ValueError:
            break
    return tuple(found)


def _read(said: str | None) -> time | None:
    return time.fromisoformat(said) if said else None
