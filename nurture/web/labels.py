"""Small texts of the pages: times left, roles, purposes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from nurture import explain

if TYPE_CHECKING:
    from datetime import date, datetime

    from nurture.core.slots import Slot
    from nurture.i18n import Words


@dataclass(frozen=True, slots=True)
class Labels:
    """Small texts in one language, for a reader in ``zone``, at ``now``."""

    w: Words
    zone: str
    now: datetime

    def at(self, instant: datetime | None) -> str:
        """An instant in the reader's zone, with its weekday; empty for none."""
        return self.w.instant(instant, self.zone) if instant else ""

    def day(self, day: date | None) -> str:
        """A local date with its weekday; empty for none."""
        return self.w.day(day) if day else ""

    def day_of(self, instant: datetime) -> date:
        """The day of an instant where the reader is."""
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def soon(self, instant: datetime) -> str:
        """The time of day in the reader's zone, 09:12; with its date when that is not today."""
        local = instant.astimezone(ZoneInfo(self.zone))
        return f"{local:%H:%M}" if self.day_of(instant) == self.day_of(self.now) else self.at(instant)

    def role(self, role: str | None) -> str:
        """A role in words; roles that an installation added are shown as they are."""
        return explain.role(self.w, role) if role else ""

    def task(self, kind: str) -> str:
        """A kind of task in words."""
        return explain.task(self.w, kind)

    def slot(self, slot: Slot) -> str:
        """A proposed time, in the hours of the one who proposes it."""
        return explain.slot(self.w, slot)

    def step(self, step_id: str) -> str:
        """A step's name."""
        return explain.step(self.w, step_id)

    def late(self, deadline: datetime | None) -> bool:
        """Whether the deadline has passed."""
        return deadline is not None and deadline <= self.now

    def left(self, deadline: datetime) -> str:
        """The time until a deadline, or since it, in hours and minutes."""
        w = self.w
        minutes = int(abs((deadline - self.now).total_seconds()) // 60)
        hours, minutes = divmod(minutes, 60)
        if hours >= 48:
            span = w("{days} days", days=hours // 24)
        elif hours:
            span = w("{hours} h {minutes} min", hours=hours, minutes=minutes)
        else:
            span = w("{minutes} min", minutes=minutes)
        return w("{span} overdue", span=span) if self.late(deadline) else w("{span} left", span=span)
