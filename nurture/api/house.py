"""Tasks, scenarios, reports, events; and the token itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.api import paging, schemas
from nurture.api.call import Answer
from nurture.api.problems import Problem
from nurture.core.deals import Task, TaskState
from nurture.core.ids import TaskId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Message, MessageState
from nurture.core.published import EVENTS, event
from nurture.flows import tasks as flow
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nurture.api.call import Call
    from nurture.core.change import Entity


async def me(call: Call) -> Answer:
    """GET /me."""
    return Answer(schemas.Me.model_validate(call.token))


async def tasks(call: Call) -> Answer:
    """GET /tasks."""
    page = await paging.by_id(call.doors.store, Task, call.where, call.page)
    items = tuple(schemas.TaskOut.model_validate(row) for row in page.rows)
    return Answer(schemas.Page[schemas.TaskOut](items=items, next_cursor=page.next))


async def task(call: Call) -> Answer:
    """GET /tasks/{id}."""
    return await task_again(call, call.key())


async def task_again(call: Call, key: str) -> Answer:
    """One task."""
    return Answer(schemas.TaskOut.model_validate(await call.mine(Task, key)))


async def finish(call: Call) -> Answer:
    """POST /tasks/{id}/done."""
    found = await call.mine(Task)
    await flow.finish(call.doors, TaskId(found.id), by=call.by)
    return await task_again(call, found.id)


async def scenarios(call: Call) -> Answer:
    """GET /scenarios: what people can be enrolled in, as the files say now."""
    known = call.doors.library.scenarios()
    items = tuple(
        schemas.ScenarioOut(
            id=s.id,
            name=s.name.get(call.w.language) or next(iter(s.name.values()), s.id),
            anchor=s.anchor,
            steps=len(s.steps),
        )
        for s in known
    )
    return Answer(schemas.Page[schemas.ScenarioOut](items=items, next_cursor=None))


async def report(call: Call) -> Answer:
    """GET /reports/summary: how many in which state, among what the caller sees."""
    counts = schemas.Counts(
        messages=await _counted(call, Message, MessageState),
        enrollments=await _counted(call, Enrollment, EnrollmentState),
        tasks=await _counted(call, Task, TaskState),
    )
    return Answer(schemas.ReportOut(at=call.doors.clock.now(), counts=counts))


async def _counted(call: Call, kind: type[Entity], states: Iterable[str]) -> dict[str, int]:
    where = call.sight.where
    return {str(state): await call.doors.store.count(kind, {**where, "state": state}) for state in states}


async def events(call: Call) -> Answer:
    """GET /events: what webhooks tell, for those who ask instead of listening."""
    if not call.sight.sees_all:
        raise Problem("forbidden", "Events are for those who see everything.")
    where = {"kind": tuple(EVENTS), "seq": Span(low=call.query.after + 1)}
    page = await paging.by_seq(call.doors.store, Entry, where, call.page, latest_first=False)
    items = tuple(schemas.EventOut.model_validate(event(row)) for row in page.rows)
    return Answer(schemas.Page[schemas.EventOut](items=items, next_cursor=page.next))
