"""What people do themselves: a task is done, or dropped, with a word about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nurture.core import approval, states
from nurture.core.change import Change
from nurture.core.deals import Task
from nurture.core.messages import Entry
from nurture.core.people import Representative
from nurture.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from nurture.core.ids import RepId, TaskId
    from nurture.ports import Doors


async def finish(doors: Doors, task_id: TaskId, *, by: RepId, done: bool = True, note: str = "") -> Task:
    """Close an open task: done (its doing counts as a touch, G37), or dropped.

    Raises:
        UserError: no such task, or this person may not.
        Impossible: it is not open.
        StaleVersion: somebody else was faster.
    """
    task = await _task(doors, task_id, by)
    now = doors.clock.now()
    closed = replace(
        task, state=states.move(states.TASKS, task.state, "do" if done else "drop"), done_at=now if done else None
    )
    said = _entry(task, "task.done" if done else "task.dropped", by, now, note=note.strip()[:1000])
    await doors.store.commit(Change((closed,), (said,)))
    return replace(closed, version=closed.version + 1)


async def reopen(doors: Doors, task_id: TaskId, *, by: RepId) -> Task:
    """Take back that a task was done or dropped; the journal keeps both lines.

    Raises:
        UserError: no such task, or this person may not.
        Impossible: it is open, or not yet due.
        StaleVersion: somebody else was faster.
    """
    task = await _task(doors, task_id, by)
    opened = replace(task, state=states.move(states.TASKS, task.state, "reopen"), done_at=None)
    await doors.store.commit(Change((opened,), (_entry(task, "task.reopened", by, doors.clock.now()),)))
    return replace(opened, version=opened.version + 1)


async def _task(doors: Doors, task_id: TaskId, by: RepId) -> Task:
    task = await doors.store.get(Task, task_id)
    if task is None:
        raise UserError("There is no task {id}", id=task_id)
    reps = {r.id: r for r in await doors.store.find(Representative, {"id": (task.rep_id, by)})}
    if by not in reps or task.rep_id not in reps or not approval.may_see(reps[task.rep_id], reps[by]):
        raise UserError("{by} may not act on tasks of {owner}", by=by, owner=task.rep_id)
    return task


def _entry(task: Task, kind: str, by: RepId, now: datetime, **data: str) -> Entry:
    return Entry(
        at=now,
        kind=kind,
        actor=by,
        data={"task": task.kind, "step": task.step_id or task.kind, "rep": task.rep_id, **data},
        person_id=task.person_id,
        organisation_id=task.organisation_id,
        deal_id=task.deal_id,
        enrollment_id=task.enrollment_id,
        message_id=task.message_id,
    )
