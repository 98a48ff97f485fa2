"""Gaps and caps: how often mail may reach one person and one organisation.

All spans are counted in local dates. ``min_gap: 2d`` allows Wednesday after Monday; ``3 per 7d`` means that no
seven consecutive dates hold more than three mails to the organisation; on a date that a ``reduce`` entry covers,
the person's previous mail lies at least the span back.

A new mail must leave the rules whole for those that are already planned for later dates as well: their dates may
have been approved, and it is the newcomer that makes room.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nurture.core.calendar import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from nurture.core.calendar import Days
    from nurture.core.scenario import Pace


@dataclass(slots=True)
class Ledger:
    """The dates of all mails that count, sorted: to one person, and to the whole organisation."""

    person: list[date] = field(default_factory=list)
    organisation: list[date] | None = None  # None: no organisation, so no cap

    @classmethod
    def of(cls, person: Iterable[date], organisation: Iterable[date] | None) -> Ledger:
        """A ledger of these dates."""
        return cls(sorted(person), None if organisation is None else sorted(organisation))

    def add(self, day: date) -> None:
        """One more mail to this person (and so to the organisation)."""
        insort(self.person, day)
        if self.organisation is not None:
            insort(self.organisation, day)

    def has(self, day: date) -> bool:
        """Whether a mail reaches this person on that date."""
        return self.around(day)[1]

    def around(self, day: date) -> tuple[date | None, bool, date | None]:
        """The person's last mail before a date, whether there is one on it, and the next one after it."""
        mails = self.person
        at = bisect_left(mails, day)
        then = at
        while then < len(mails) and mails[then] == day:
            then += 1
        return mails[at - 1] if at else None, then > at, mails[then] if then < len(mails) else None

    def is_within_cap(self, day: date, cap: int, days: int) -> bool:
        """Whether one more mail on that date leaves no ``days`` consecutive dates with more than ``cap``."""
        if self.organisation is None:
            return True
        if cap < 1:
            return False
        # Only runs of ``cap`` neighbouring mails that lie within ``days`` together with this date can be too many.
        mails = self.organisation
        at = bisect_left(mails, day)
        for first in range(max(at - cap, 0), min(at, len(mails) - cap) + 1):
            one, other = mails[first], mails[first + cap - 1]
            if ((other if other > day else day) - (one if one < day else day)).days < days:
                return False
        return True


def hold_up(
    ledger: Ledger, pace: Pace, days: Days, day: date, own: int | None = None
) -> tuple[str, str | None] | None:
    """What stands against one more mail to the person on this date: rule and entry, or None.

    Args:
        ledger: all other mails.
        pace: of the scenario.
        days: the person's calendars.
        day: the date asked for.
        own: so many days from one mail to the next, as the person wishes.
    """
    before, taken, after = ledger.around(day)
    if taken:
        return "same_date", None
    for earlier, later in ((before, day), (day, after)):
        if earlier is None or later is None:
            continue
        gap = (later - earlier).days
        if own is not None and gap < own:
            return "less_often", None
        if pace.min_gap is not None and gap < pace.min_gap:
            return "min_gap", None
        for mark in days.on(later):
            if mark.effect is Effect.REDUCE and gap < mark.span:
                return "reduce", mark.entry
    if (
        pace.cap is not None
        and pace.cap_days is not None
        and not ledger.is_within_cap(day, pace.cap, pace.cap_days)
    ):
        return "per_organisation", None
    return None
