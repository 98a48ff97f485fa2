"""What a change of a calendar would move, as rows of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nurture import explain
from nurture.reports.simulation import OUTCOMES, entry_names
from nurture.web.cards import addressee

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.plan import PlannedStep
    from nurture.flows.foresight import Foreseen, Supposed
    from nurture.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Shift:
    """A step that would move. Whose it is, is said to those who see the person's mail."""

    person_id: str  # "" where it is nobody of the reader's
    name: str
    where: str
    role: str | None
    step: str
    now: str
    then: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of it: what moves, how many enrollments were looked at, what stands in the way of knowing."""

    shifts: tuple[Shift, ...]
    looked: int
    unlisted: int
    more: bool
    problems: tuple[str, ...]


def outcome(visit: Visit, supposed: Supposed) -> Outcome:
    """In the reader's words."""
    return Outcome(
        shifts=tuple(shift for one in supposed.found for shift in _shifts(visit, one)),
        looked=len(supposed.found),
        unlisted=supposed.unlisted,
        more=supposed.more,
        problems=tuple(visit.w.error(error) for error in supposed.problems),
    )


def _shifts(visit: Visit, one: Foreseen) -> list[Shift]:
    names = entry_names(one.calendars, visit.w)
    person, where = one.dossier.person, one.dossier.organisation
    mine = visit.reader.sees(one.dossier.enrollment.rep_id)
    return [
        Shift(
            person_id=person.id if mine else "",
            name=addressee(person) if mine else "",
            where=where.name if where is not None and mine else "",
            role=person.role,
            step=explain.step(visit.w, before.step_id),
            now=_when(visit, before, one.before.timezone),
            then=_when(visit, after, one.after.timezone),
            why=_why(visit, after, names),
        )
        for before, after in one.steps
        if (before.outcome, before.planned_at) != (after.outcome, after.planned_at)
    ]


def _why(visit: Visit, step: PlannedStep, names: Mapping[str, str]) -> str:
    return explain.moves(visit.w, step.moves, names)


def _when(visit: Visit, step: PlannedStep, zone: str) -> str:
    return visit.w.instant(step.planned_at, zone) if step.planned_at else visit.w(OUTCOMES[step.outcome])
