"""Running enrollments move on to the present text of their scenario, after showing what that changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nurture.core import approval, migration, survey
from nurture.core.change import Change, ScenarioText
from nurture.core.messages import Enrollment, EnrollmentState
from nurture.core.people import AccessRole, Representative
from nurture.errors import StaleVersion, UserError
from nurture.flows import drafting, enroll, tick

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence
    from datetime import datetime

    from nurture.core.dossier import Dossier
    from nurture.core.ids import EnrollmentId, PersonId, RepId
    from nurture.core.migration import StepShift
    from nurture.core.scenario import Scenario
    from nurture.ports import Doors

BATCH: Final = 100
RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)


@dataclass(frozen=True, slots=True)
class Shift:
    """One enrollment, and what would change for it; or why that cannot be said."""

    dossier: Dossier
    steps: tuple[StepShift, ...] = ()
    other_anchor: bool = False  # day 1 stays what it was, though the new text counts from something else
    problem: UserError | None = None

    @property
    def changes(self) -> bool:
        """Whether a step is anything but the same."""
        same = {migration.Difference.SAME, migration.Difference.DONE}
        return any(step.difference not in same for step in self.steps)


@dataclass(slots=True)
class Migrated:
    """What was done."""

    done: list[EnrollmentId] = field(default_factory=list)
    stale: list[EnrollmentId] = field(default_factory=list)  # somebody else wrote to them meanwhile
    problems: list[UserError] = field(default_factory=list)


async def outdated(doors: Doors, scenario: Scenario, people: Collection[PersonId] = ()) -> tuple[Enrollment, ...]:
    """Running enrollments that began with another text of this scenario; of these people, or of all."""
    where: dict[str, object] = {"scenario_id": scenario.id, "state": RUNNING}
    if people:
        where["person_id"] = tuple(people)
    found = await doors.store.find(Enrollment, where, order=("enrolled_at",))
    return tuple(e for e in found if e.scenario_hash != scenario.hash)


async def preview(doors: Doors, scenario: Scenario, people: Collection[PersonId] = ()) -> AsyncIterator[Shift]:
    """What would change for each of them, in the order in which they were enrolled. Nothing is written."""
    now = doors.clock.now()
    keys = [e.id for e in await outdated(doors, scenario, people)]
    new = drafting.with_content(doors, scenario)
    for start in range(0, len(keys), BATCH):
        dossiers = await doors.store.dossiers(keys[start : start + BATCH], now)
        scripts = await drafting.scripts(doors, [d.enrollment.scenario_hash for d in dossiers])
        for dossier in dossiers:
            try:
                yield _shift(doors, dossier, scripts.of_enrollment(dossier.enrollment), new, now)
            except UserError as error:
                yield Shift(dossier, problem=error)


def _shift(doors: Doors, dossier: Dossier, old: Scenario, new: Scenario, now: datetime) -> Shift:
    arm = new.as_variant(migration.begun(dossier.enrollment, new).variant)
    moved = migration.after(dossier, migration.migrate(dossier, old, arm, now, ""))
    calendars = doors.library.calendars(arm, dossier.organisation)
    planned = survey.survey(moved, arm, calendars, doors.library.content(), now)
    other = (old.anchor, old.offset) != (new.anchor, new.offset)
    return Shift(dossier, tuple(migration.steps(dossier, old, planned)), other)


async def migrate(doors: Doors, scenario: Scenario, keys: Sequence[EnrollmentId], *, by: RepId) -> Migrated:
    """Move these enrollments on. Each is its own decision: one that somebody writes to meanwhile is left.

    Raises:
        UserError: this person may not.
    """
    now, report = doors.clock.now(), Migrated()
    actor = await doors.store.get(Representative, by)
    new = drafting.with_content(doors, scenario)
    for start in range(0, len(keys), BATCH):
        dossiers = await doors.store.dossiers(keys[start : start + BATCH], now)
        scripts = await drafting.scripts(doors, [d.enrollment.scenario_hash for d in dossiers])
        for dossier in dossiers:
            if actor is None or not _may(dossier.rep, actor):
                raise UserError("{by} may not act on enrollments of {owner}", by=by, owner=dossier.rep.name)
            if dossier.enrollment.state not in RUNNING or dossier.enrollment.scenario_hash == scenario.hash:
                continue
            try:
                old = scripts.of_enrollment(dossier.enrollment)
                arm = new.as_variant(migration.begun(dossier.enrollment, new).variant)
                change = migration.migrate(dossier, old, arm, now, by)
                text: tuple[ScenarioText, ...] = await enroll.kept_text(doors, scenario, now)
                await doors.store.commit(Change(text) + change)
                report.done.append(dossier.id)
            except StaleVersion:
                report.stale.append(dossier.id)
            except UserError as error:
                report.problems.append(error)
        await tick.advance(doors, [d.id for d in dossiers if d.id in report.done])
    return report


def _may(owner: Representative, by: Representative) -> bool:
    """Those who may act on the enrollment, and those who keep the scenarios."""
    return approval.may_see(owner, by) or (by.active and AccessRole.OPERATIONS in by.access)
