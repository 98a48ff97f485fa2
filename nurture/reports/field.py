"""A simulation laid out on days: who, which days are closed for whom and why, where each step falls.

The pictures of a simulation (``reports.picture`` for browsers, ``cli.chart`` for terminals) are drawn from this.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from nurture import explain
from nurture.core.calendar import Days, Effect
from nurture.core.plan import StepOutcome, zone_of
from nurture.i18n import mark
from nurture.reports.simulation import OUTCOMES, entry_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nurture.core.calendar import DayMark, Profile
    from nurture.core.plan import PlannedStep
    from nurture.i18n import Words
    from nurture.reports.simulation import Simulated, Simulation

LEAST: Final = 28
"""Days that are shown at least."""
MOST: Final = 800
"""Days that are shown at most; what falls beyond is left out of the picture."""
ROWS: Final = 500
"""People that are shown at most."""
CLOSED: Final = "closed"
"""The kind of a day without a send window."""
KINDS: Final[Mapping[str, str]] = {
    "blackout": mark("no mail"),
    "holiday": mark("holiday"),
    "no_appointment": mark("no appointments"),
    "reduce": mark("fewer mails"),
    CLOSED: mark("no send window"),
}
"""Why a day is shaded, the strongest reason first, and what the legend says of it."""


@dataclass(frozen=True, slots=True)
class Shade:
    """Days that are closed, or not quite open: both ends inclusive."""

    kind: str  # of KINDS
    first: date
    last: date
    title: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A step: on its date, or where it would have been."""

    outcome: StepOutcome
    on: date
    nominal: date
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One enrollment: a label, its shades, its steps in the scenario's order."""

    label: str
    shades: tuple[Shade, ...]
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """All of it: days from ``first`` to ``last``, both shown."""

    title: str
    first: date
    last: date
    anchor: date
    rows: tuple[Row, ...]
    hidden: int = 0  # enrollments for which there is no room

    @property
    def days(self) -> int:
        """How many days are shown."""
        return (self.last - self.first).days + 1


def field(simulation: Simulation, w: Words, limit: int = ROWS) -> Field:
    """Lay a simulation out.

    Args:
        simulation: what was planned.
        w: the reader's language.
        limit: so many enrollments at most; the others are counted.
    """
    shown = simulation.enrollments[:limit]
    anchor = simulation.anchor.astimezone(zone_of(simulation.scenario.timezone)).date()
    ends = [_place(step) for one in shown for step in one.plan.steps]
    first = min([anchor, *ends])
    last = min(
        max([first + timedelta(days=LEAST - 2), *ends]) + timedelta(days=1), first + timedelta(days=MOST - 1)
    )
    names = entry_names(simulation.calendars, w)
    same: dict[tuple[Profile, str], tuple[Shade, ...]] = {}
    rows: list[Row] = []
    for one in shown:
        key = (one.contact.profile, one.plan.timezone)
        if key not in same:
            same[key] = tuple(_shades(simulation, one.contact.profile, first, last, names))
        spots = tuple(_spot(step, one, names, w) for step in one.plan.steps)
        rows.append(Row(_label(one, w), same[key], tuple(s for s in spots if s.on <= last)))
    name = simulation.scenario.name.get(w.language) or simulation.scenario.id
    return Field(name, first, last, anchor, tuple(rows), len(simulation.enrollments) - len(rows))


def _place(step: PlannedStep) -> date:
    return step.planned_on or step.nominal


def _label(one: Simulated, w: Words) -> str:
    contact = one.contact
    who = contact.name or contact.email
    profile = contact.profile
    parts = (who, profile.role, profile.specialty) if who is None else (who, profile.organisation)
    return " · ".join(part for part in parts if part) or w("anybody")


def _spot(step: PlannedStep, one: Simulated, names: Mapping[str, str], w: Words) -> Spot:
    when = w.instant(step.planned_at, one.plan.timezone) if step.planned_at else w(OUTCOMES[step.outcome])
    lines = (f"{step.step_id}: {when}", explain.moves(w, step.moves, names))
    return Spot(step.outcome, _place(step), step.nominal, "\n".join(line for line in lines if line))


# --- shades ------------------------------------------------------------------------------------------


def _shades(
    simulation: Simulation, profile: Profile, first: date, last: date, names: Mapping[str, str]
) -> Iterator[Shade]:
    """Runs of days that are closed for the same reason, for one kind of person."""
    days = Days(simulation.calendars, profile)
    windows = simulation.scenario.windows.get(profile.role or "") or simulation.scenario.windows.get("default")
    open_days = windows.days if windows is not None else frozenset[int]()
    run: Shade | None = None
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        kind, title = _kind(days.on(day), names)
        if not kind and day.weekday() not in open_days:
            kind = CLOSED
        if run is not None and (run.kind, run.title) == (kind, title):
            run = Shade(kind, run.first, day, title)
            continue
        if run is not None and run.kind:
            yield run
        run = Shade(kind, day, day, title)
    if run is not None and run.kind:
        yield run


def _kind(marks: Sequence[DayMark], names: Mapping[str, str]) -> tuple[str, str]:
    """The strongest thing that stands on a day, and the names of all that is as strong."""
    for effect in (Effect.BLACKOUT, Effect.QUIET, Effect.HOLIDAY, Effect.NO_APPOINTMENT, Effect.REDUCE):
        found = [names.get(m.entry, m.entry) for m in marks if m.effect is effect]
        if found:
            return (Effect.BLACKOUT if effect is Effect.QUIET else effect).value, ", ".join(found)
    return "", ""


# --- letters -----------------------------------------------------------------------------------------


def ems(text: str) -> float:
    """About how wide a text is in an ordinary typeface, in multiples of its size (UAX #11 for wide letters)."""
    return sum(map(_em, text))


def _em(sign: str) -> float:
    if unicodedata.combining(sign) or unicodedata.category(sign) in {"Cf", "Cc"}:
        return 0.0
    if unicodedata.east_asian_width(sign) in {"W", "F"}:
        return 1.0
    return 0.36 if sign in " .,:;'|!il·" else 0.7 if sign in "mwMW@" else 0.56


def shortened(text: str, room: float) -> str:
    """The text, cut with an ellipsis where it would be wider than ``room`` ems."""
    if ems(text) <= room:
        return text
    while text and ems(text) > room - 0.9:
        text = text[:-1]
    return f"{text.rstrip()}…"
