"""``nurture why PERSON --if-entry …``: what would change if a calendar said something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nurture import explain
from nurture.core.messages import Enrollment
from nurture.flows.foresight import foresee
from nurture.i18n import mark
from nurture.reports.simulation import OUTCOMES, entry_names

if TYPE_CHECKING:
    from nurture.cli.terminal import Terminal
    from nurture.core.people import Person
    from nurture.core.plan import PlannedStep
    from nurture.flows.foresight import Assumption, Foreseen
    from nurture.ports import Doors


async def tell(t: Terminal, doors: Doors, person: Person, assumption: Assumption, *, as_json: bool) -> None:
    """Print each running enrollment: the steps that would move, before and after."""
    enrollments = await doors.store.find(Enrollment, {"person_id": person.id}, order=("enrolled_at",))
    found = await foresee(doors, [e.id for e in enrollments], assumption)
    if as_json:
        t.json({"entry": assumption.entry, "enrollments": [_data(one) for one in found]})
        return
    if not found:
        t.say(mark("No enrollment of this person is running."))
    for one in found:
        t.say(
            mark("{scenario} since {at}, if {entry} were so:"),
            scenario=one.dossier.enrollment.scenario_id,
            at=t.instant(one.dossier.enrollment.anchor_at),
            entry=entry_names(one.calendars, t.w).get(assumption.entry, assumption.entry),
        )
        _table(t, one)


def _table(t: Terminal, one: Foreseen) -> None:
    w = t.w
    names = entry_names(one.calendars, w)
    moved = [(before, after) for before, after in one.steps if _when(before) != _when(after)]
    if not moved:
        t.say(mark("Nothing would change."))
        return
    t.table(
        (w("step"), w("as it is"), w("as it would be"), w("why")),
        [(a.step_id, _shown(t, a), _shown(t, b), explain.moves(w, b.moves, names)) for a, b in moved],
    )
    if len(moved) < len(one.steps):
        t.say(mark("{count} other steps stay where they are."), count=len(one.steps) - len(moved))


def _when(step: PlannedStep) -> tuple[object, ...]:
    return step.outcome, step.planned_at


def _shown(t: Terminal, step: PlannedStep) -> str:
    return t.instant(step.planned_at) if step.planned_at else t.w(OUTCOMES[step.outcome])


def _data(one: Foreseen) -> dict[str, Any]:
    def at(step: PlannedStep) -> str | None:
        return step.planned_at.isoformat() if step.planned_at else None

    return {
        "id": one.dossier.enrollment.id,
        "scenario": one.dossier.enrollment.scenario_id,
        "steps": [
            {
                "id": before.step_id,
                "nominal": before.nominal,
                "before": {"planned": at(before), "outcome": before.outcome.value},
                "after": {"planned": at(after), "outcome": after.outcome.value},
                "moves": [{"rule": m.rule, "entry": m.entry, "from": m.from_, "to": m.to} for m in after.moves],
            }
            for before, after in one.steps
        ],
    }
