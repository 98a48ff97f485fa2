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
    from nurture.core.ids import RepId, TaskId
    from nurture.ports import Doors


async def finish(doors: Doors, task_id: TaskId, *, by: RepId, done: bool = True, note: str = "") -> Task:
    """Close an open task: done (its doing counts as a touch, G37), or dropped.

    Raises:
        UserError: no such task, or this person may not.
        Impossible: it is not open.
        StaleVersion: somebody else was faster.
    """
    task = await doors.store.get(Task, task_id)
    if task is None:
        raise UserError("There is no task {id}", id=task_id)
    reps = {r.id: r for r in await doors.store.find(Representative, {"id": (task.rep_id, by)})}
    if by not in reps or task.rep_id not in reps or not approval.may_see(reps[task.rep_id], reps[by]):
        raise UserError("{by} may not act on tasks of {owner}", by=by, owner=task.rep_id)
    now = doors.clock.now()
    closed = replace(
        task, state=states.move(states.TASKS, task.state, "do" if done else "drop"), done_at=now if done else None
    )
    said = Entry(
        at=now,
        kind="task.done" if done else "task.dropped",
        actor=by,
        data={"task": task.kind, "step": task.step_id or task.kind, "note": note.strip()[:1000]},
        person_id=task.person_id,
        organisation_id=task.organisation_id,
        deal_id=task.deal_id,
        enrollment_id=task.enrollment_id,
        message_id=task.message_id,
    )
    await doors.store.commit(Change((closed,), (said,)))
    return replace(closed, version=closed.version + 1)
