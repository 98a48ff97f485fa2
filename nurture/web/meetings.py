"""A meeting that was recorded: the thank-yous that wait, who is not written to and why, and the record itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from nurture import explain
from nurture.core.deals import Meeting, Promise
from nurture.core.people import Organisation, Person
from nurture.flows import recorded
from nurture.web.cards import around, card

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.web.visit import Visit


async def show(visit: Visit) -> Response:
    """GET /meetings/{id}: for those who see what its representative does."""
    store, reader, w = visit.doors.store, visit.reader, visit.w
    meeting = await store.get(Meeting, visit.key())
    if meeting is None or not reader.sees(meeting.rep_id):
        raise HTTPException(404)
    found = await recorded.look(visit.doors, meeting)
    mine = [m for m in found.messages if reader.sees(m.rep_id) and m.body]
    urgent = [m for m in mine if m.deadline] or mine
    known = await around(store, urgent)
    people = {p.id: p for p in await store.find(Person, {"id": tuple(a.person_id for a in meeting.attendees)})}
    organisation = await store.get(Organisation, meeting.organisation_id)
    return visit.page(
        "meeting.html",
        meeting=meeting,
        organisation=organisation,
        owner="" if meeting.rep_id == reader.rep.id else reader.name_of(meeting.rep_id),
        promises=await store.find(Promise, {"meeting_id": meeting.id}),
        drafts=[card(visit, m, known) for m in urgent],
        later=len(mine) - len(urgent),
        enrolled=len(found.enrollments),
        warnings=[w(error.text, **error.values) for error in found.warnings],
        attendees=[
            (people[a.person_id], reader.sees(people[a.person_id].rep_id), explain.stance(w, a.stance), a.remark)
            for a in meeting.attendees
            if a.person_id in people
        ],
        just=visit.request.query_params.get("done") == "recorded",
    )
