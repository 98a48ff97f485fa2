"""Some days of a calendar for one reader: what stands on each, and why; as values for drawings and for JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from nurture.core.calendar import AppliesTo, Calendar, Certainty, Days, Effect, Profile, applies, spans
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nurture.core.calendar import CalendarEntry
    from nurture.i18n import Words

STRENGTH: Final = (Effect.HOLIDAY, Effect.BLACKOUT, Effect.QUIET, Effect.NO_APPOINTMENT, Effect.REDUCE)
"""Of several marks on a day the first one here is drawn."""
MEANINGS: Final[Mapping[Effect, str]] = {
    Effect.HOLIDAY: mark("no mail, no business day"),
    Effect.BLACKOUT: mark("no mail"),
    Effect.QUIET: mark("no mail but thank-yous and notices"),
    Effect.NO_APPOINTMENT: mark("no proposals to meet"),
    Effect.REDUCE: mark("fewer mails"),
}
"""What a mark means, in words."""
KEYS: Final = ("role", "specialty", "department", "region", "organisation", "organisation_kind")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive days on which one entry stands, as far as they lie in the days that are looked at."""

    first: date
    last: date
    calendar: Calendar
    entry: CalendarEntry  # with the readers that its file names
    effect: Effect  # what it comes to: an estimate reduces

    @property
    def id(self) -> str:
        """``jp-medical/jrc-2027``."""
        return f"{self.calendar.id}/{self.entry.id}"

    def name(self, language: str) -> str:
        """What people call it; its id where nobody said."""
        names = self.entry.name
        return names.get(language) or next(iter(names.values()), "") or self.entry.id


@dataclass(frozen=True, slots=True)
class Sheet:
    """The days from first to last as one reader has them. Without a reader: every entry, whomever it concerns."""

    first: date
    last: date
    reader: Profile | None
    effects: dict[date, Effect]  # the strongest of each day that has one
    stretches: tuple[Stretch, ...]  # by their first day

    def every(self) -> Iterator[date]:
        """All days."""
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def is_business(self, day: date) -> bool:
        """Monday to Friday without a holiday that is more than estimated."""
        return day.weekday() < 5 and self.effects.get(day) is not Effect.HOLIDAY


def sheet(calendars: Iterable[Calendar], reader: Profile | None, first: date, last: date) -> Sheet:
    """Look at some days."""
    listed = list(calendars)
    seen = [_for_everybody(calendar) for calendar in listed] if reader is None else listed
    days = Days(seen, reader or Profile())
    effects: dict[date, Effect] = {}
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        marks = {mark.effect for mark in days.on(day)}
        if marks:
            effects[day] = next(effect for effect in STRENGTH if effect in marks)
    found = [
        stretch
        for calendar in listed
        for entry in calendar.entries
        if reader is None or applies(entry.applies_to, reader)
        for stretch in _stretches(calendar, entry, first, last)
    ]
    found.sort(key=lambda s: (s.first, STRENGTH.index(s.effect), s.last, s.id))
    return Sheet(first, last, reader, effects, tuple(found))


def _for_everybody(calendar: Calendar) -> Calendar:
    everybody = AppliesTo()
    return Calendar(calendar.id, tuple(replace(e, applies_to=everybody) for e in calendar.entries), calendar.name)


def _stretches(calendar: Calendar, entry: CalendarEntry, first: date, last: date) -> Iterator[Stretch]:
    estimated = entry.certainty is Certainty.ESTIMATED
    effect = Effect.REDUCE if estimated else entry.effect
    low, high = first.toordinal(), last.toordinal()
    open_: tuple[int, int] | None = None
    for start, end in spans(entry, first, last):
        begins, ends = max(start, low), min(end, high)
        if open_ is not None and begins <= open_[1] + 1:
            open_ = open_[0], max(open_[1], ends)
            continue
        if open_ is not None:
            yield Stretch(date.fromordinal(open_[0]), date.fromordinal(open_[1]), calendar, entry, effect)
        open_ = begins, ends
    if open_ is not None:
        yield Stretch(date.fromordinal(open_[0]), date.fromordinal(open_[1]), calendar, entry, effect)


def as_data(found: Sheet, w: Words) -> dict[str, Any]:
    """The sheet as plain values."""
    standing: dict[date, list[str]] = {}
    for stretch in found.stretches:
        for n in range((stretch.last - stretch.first).days + 1):
            standing.setdefault(stretch.first + timedelta(days=n), []).append(stretch.id)
    return {
        "from": found.first.isoformat(),
        "to": found.last.isoformat(),
        "reader": {key: getattr(found.reader, key) for key in KEYS} if found.reader is not None else None,
        "days": [
            {
                "date": day.isoformat(),
                "business": found.is_business(day),
                "effect": effect.value if (effect := found.effects.get(day)) is not None else None,
                "entries": standing.get(day, []),
            }
            for day in found.every()
        ],
        "entries": [
            {
                "id": stretch.id,
                "name": stretch.name(w.language),
                "from": stretch.first.isoformat(),
                "to": stretch.last.isoformat(),
                "effect": stretch.effect.value,
                "reduce_days": stretch.entry.reduce_days if stretch.effect is Effect.REDUCE else None,
                "certainty": stretch.entry.certainty.value,
                "applies_to": whom(stretch.entry.applies_to),
                "source": stretch.entry.source,
            }
            for stretch in found.stretches
        ],
    }


def whom(to: AppliesTo) -> dict[str, Sequence[str]]:
    """The readers that an entry names, by key."""
    keys = ("roles", "specialties", "departments", "regions", "organisations", "organisation_kinds")
    return {key: getattr(to, key) for key in keys if getattr(to, key) is not None}
