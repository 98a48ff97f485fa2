"""A running enrollment moves on to the present text of its scenario: what has not left is done by the new one.

Theory of operation
-------------------
An enrollment keeps the text with which it began. Moving it on gives it another text and leaves what has left, or
has ended, as it is. Of what has not left: a step that is gone is cancelled; a mail whose template, content or
purpose is another is written anew; one that somebody else must approve now goes back to the desk. Dates are not
set here: the beat plans with the new text as with any other, and what moves to another day needs a fresh approval
then (law 4). ``steps`` tells beforehand what that will come to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from nurture.core import progress, states
from nurture.core.change import Change
from nurture.core.deals import Task, TaskState
from nurture.core.messages import Enrollment, EnrollmentState, Message, MessageState
from nurture.core.plan import StepOutcome
from nurture.core.survey import zone_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from nurture.core.dossier import Dossier
    from nurture.core.scenario import Scenario, Step
    from nurture.core.survey import Survey

MIGRATED = "migrated"


class Difference(StrEnum):
    """What a migration does to one step of one enrollment."""

    SAME = "same"
    DONE = "done"  # it has left, or has ended: it stays as it is
    NEW = "new"
    GONE = "gone"
    MOVED = "moved"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class StepShift:
    """One step before and after. Dates are the recipient's; None: no date (skipped, expired, not there)."""

    step_id: str
    difference: Difference
    before: date | None
    after: date | None
    approved: bool = False  # it is approved now; any difference takes that back


def begun(enrollment: Enrollment, new: Scenario) -> Enrollment:
    """The enrollment with the new text; its arm stays, where the new text has it."""
    assert new.hash is not None, "a scenario that was read from a text"
    arms = {variant.name for variant in new.variants}
    arm = enrollment.variant if enrollment.variant in arms else new.variant_of(enrollment.person_id)
    return replace(enrollment, scenario_hash=new.hash, variant=arm)


def migrate(dossier: Dossier, old: Scenario, new: Scenario, now: datetime, by: str) -> Change:
    """Move one enrollment on.

    Args:
        dossier: of an enrollment that is active or paused.
        old: the script with which it runs, in its arm.
        new: the present one, in the arm that ``begun`` gives.
        now: UTC.
        by: who orders it.
    """
    enrollment = begun(dossier.enrollment, new)
    if enrollment.state is EnrollmentState.ACTIVE:
        enrollment = replace(enrollment, wake_at=now)
    messages = [moved for m in dossier.messages if (moved := _message(m, old, new)) != m]
    tasks = [dealt for t in dossier.tasks if (dealt := _task(t, new)) != t]
    said = progress.entry(
        dossier,
        "enrollment.migrated",
        now,
        None,
        **{
            "scenario": new.id,
            "from": dossier.enrollment.scenario_hash,
            "to": enrollment.scenario_hash,
            "gone": [m.step_id for m in messages if m.state is MessageState.CANCELLED],
            "rewritten": [m.step_id for m in messages if m.state is not MessageState.CANCELLED],
        },
    )
    return Change((enrollment, *messages, *tasks), (replace(said, actor=by),))


def after(dossier: Dossier, change: Change) -> Dossier:
    """The dossier as it is once the change is written."""
    messages = {put.id: put for put in change.puts if isinstance(put, Message)}
    tasks = {put.id: put for put in change.puts if isinstance(put, Task)}
    return replace(
        dossier,
        enrollment=next((put for put in change.puts if isinstance(put, Enrollment)), dossier.enrollment),
        messages=tuple(messages.get(m.id, m) for m in dossier.messages),
        tasks=tuple(tasks.get(t.id, t) for t in dossier.tasks),
    )


def _message(message: Message, old: Scenario, new: Scenario) -> Message:
    if message.state not in states.UNSENT:
        return message
    step = new.step(message.step_id)
    if step is None or step.mail is None:
        cancelled = states.move(states.MESSAGES, message.state, "cancel")
        return replace(message, state=cancelled, reason="step_gone", approvals=())
    changed = replace(message, template=step.mail, purpose=step.purpose, approve=step.approve)
    if message.state not in states.QUEUED:
        return changed
    if _says(old.step(message.step_id)) != _says(step):
        return replace(progress.redrafted(changed, same_day=True), reason=MIGRATED)
    if changed.approve != message.approve:
        held = states.move(states.MESSAGES, message.state, "hold")
        return replace(changed, state=held, reason=MIGRATED, approvals=())
    return changed


def _says(step: Step | None) -> object:
    """What the text of a step comes from."""
    return None if step is None else (step.mail, step.purpose, step.content, step.requires, step.thread)


def _task(task: Task, new: Scenario) -> Task:
    if task.state is not TaskState.PLANNED or task.step_id is None:
        return task
    step = new.step(task.step_id)
    if step is None or step.task is None:
        return replace(task, state=states.move(states.TASKS, task.state, "drop"))
    return replace(task, kind=step.task, title=step.task)


def steps(dossier: Dossier, old: Scenario, planned: Survey) -> Iterator[StepShift]:
    """What a migration comes to, step by step: the new text's, then those that are gone.

    Args:
        dossier: as it is.
        old: the script with which it runs.
        planned: the survey of the dossier ``after`` the change, with the new script.
    """
    dates = {p.step_id: p for p in planned.plan.steps}
    for step in planned.scenario.steps:
        message, task = dossier.message(step.id), _task_of(dossier, step.id)
        before = message.planned_on if message else _day(task, planned)
        found = dates.get(step.id)
        if found is None:
            yield StepShift(step.id, Difference.DONE, before, before)
            continue
        on = found.planned_on if found.outcome in {StepOutcome.SEND, StepOutcome.TASK} else None
        if dossier.enrollment.state is EnrollmentState.PAUSED:
            on = before  # dates are given when it is resumed
        approved = message is not None and message.state is MessageState.APPROVED
        known = old.step(step.id)
        kind = (
            Difference.NEW
            if known is None
            else Difference.REWRITTEN
            if _says(known) != _says(step)
            else Difference.MOVED
            if before != on
            else Difference.SAME
        )
        yield StepShift(step.id, kind, before, on, approved)
    for message in dossier.messages:
        if planned.scenario.step(message.step_id) is None and message.state in states.UNSENT:
            approved = message.state is MessageState.APPROVED
            yield StepShift(message.step_id, Difference.GONE, message.planned_on, None, approved)
    for task in dossier.tasks:
        if task.step_id and planned.scenario.step(task.step_id) is None and task.state is TaskState.PLANNED:
            yield StepShift(task.step_id, Difference.GONE, _day(task, planned), None)


def _task_of(dossier: Dossier, step: str) -> Task | None:
    return next((t for t in dossier.tasks if t.step_id == step), None)


def _day(task: Task | None, planned: Survey) -> date | None:
    if task is None or task.due_at is None:
        return None
    return task.due_at.astimezone(zone_of(planned.dossier, planned.scenario)).date()
