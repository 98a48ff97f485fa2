"""A task that its owner has done, or a reply that was read: off the list; and the times that a reply proposes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from nurture.core.deals import Task
from nurture.core.people import Organisation, Person, Representative
from nurture.core.plan import zone_of
from nurture.core.slots import in_lines
from nurture.errors import Impossible, UserError
from nurture.flows import tasks
from nurture.mail.invitation import TYPE, Meeting, calendar

if TYPE_CHECKING:
    from nurture.core.slots import Slot
    from nurture.web.visit import Visit


async def time(visit: Visit) -> Response:
    """GET /tasks/{id}/times/{n}: one of the proposed times as a calendar file."""
    store = visit.doors.store
    found = await store.get(Task, visit.key())
    if found is None or not visit.reader.sees(found.rep_id):
        raise HTTPException(404)
    slots, n = slots_of(found), visit.key("n").removesuffix(".ics")
    if not n.isdecimal() or int(n) >= len(slots):
        raise HTTPException(404)
    person = await store.get(Person, found.person_id) if found.person_id else None
    where = await store.get(Organisation, found.organisation_id) if found.organisation_id else None
    rep = await store.get(Representative, found.rep_id)
    meeting = Meeting(
        uid=f"{found.id}-{n}@nurture",
        slot=slots[int(n)],
        zone=_zone(visit, person, where),
        summary=visit.w("Meeting: {name}", name=" ".join(p for p in (where and where.name, found.title) if p)),
        place=where.name if where else "",
        organiser=rep.email if rep else "",
        organiser_name=rep.name if rep else "",
    )
    return Response(
        calendar(meeting, visit.doors.clock.now()),
        media_type=f"{TYPE}; charset=utf-8; method=PUBLISH",
        headers={"Content-Disposition": f'attachment; filename="meeting-{n}.ics"'},
    )


def slots_of(task: Task) -> tuple[Slot, ...]:
    """The times that a mail proposed, where the task is about one that was read."""
    return in_lines(task.detail) if task.kind in {"appointment", "reply"} else ()


def _zone(visit: Visit, person: Person | None, where: Organisation | None) -> ZoneInfo:
    """The one in which the hours are meant: of whoever proposed them."""
    own = (person.timezone if person else None) or (where.timezone if where else None)
    try:
        return zone_of(own or visit.doors.settings.timezone)
    except UserError:
        return ZoneInfo(visit.doors.settings.timezone)


async def finish(visit: Visit) -> Response:
    """POST /tasks/{id}/done."""
    found = await visit.doors.store.get(Task, visit.key())
    if found is None or not visit.reader.sees(found.rep_id):
        raise HTTPException(404)
    try:
        await tasks.finish(visit.doors, found.id, by=visit.reader.rep.id)
    except Impossible:
        raise HTTPException(409) from None
    return RedirectResponse(f"/?done=task&task={found.id}", status_code=303)


async def reopen(visit: Visit) -> Response:
    """POST /tasks/{id}/reopen: it was not done after all."""
    found = await visit.doors.store.get(Task, visit.key())
    if found is None or not visit.reader.sees(found.rep_id):
        raise HTTPException(404)
    try:
        await tasks.reopen(visit.doors, found.id, by=visit.reader.rep.id)
    except Impossible:
        raise HTTPException(409) from None
    return RedirectResponse("/", status_code=303)
