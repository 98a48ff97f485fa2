"""What a person decides about an enrollment: pause, go on, stop, reopen. Buttons on the person's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core.messages import Enrollment
from nurture.core.people import Person
from nurture.errors import Impossible
from nurture.flows import enroll

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.web.visit import Visit

BY_PERSON = "person"
"""The reason that the journal names."""


async def begin(visit: Visit) -> Response:
    """POST /people/{id}/enroll: start this person on a scenario, from what is known of meetings and mail."""
    person = await visit.doors.store.get(Person, visit.key())
    if person is None or not visit.reader.sees(person.rep_id):
        raise HTTPException(404)
    await enroll.enroll(visit.doors, person.id, visit.form.get("scenario", ""), by=visit.reader.rep.id)
    return RedirectResponse(f"/people/{person.id}", status_code=303)


async def pause(visit: Visit) -> Response:
    """POST /enrollments/{id}/pause."""
    found = await _enrollment(visit)
    try:
        await enroll.pause(visit.doors, found.id, by=visit.reader.rep.id, reason=BY_PERSON)
    except Impossible:
        raise HTTPException(409) from None
    return _back(found)


async def resume(visit: Visit) -> Response:
    """POST /enrollments/{id}/resume: the rest is planned from today with the original spacing."""
    found = await _enrollment(visit)
    try:
        await enroll.resume(visit.doors, found.id, by=visit.reader.rep.id)
    except Impossible:
        raise HTTPException(409) from None
    return _back(found)


async def stop(visit: Visit) -> Response:
    """POST /enrollments/{id}/stop: what has not left is cancelled."""
    found = await _enrollment(visit)
    try:
        await enroll.stop(visit.doors, found.id, by=visit.reader.rep.id, reason=BY_PERSON)
    except Impossible:
        raise HTTPException(409) from None
    return _back(found)


async def reopen(visit: Visit) -> Response:
    """POST /enrollments/{id}/reopen: it is paused then."""
    found = await _enrollment(visit)
    try:
        await enroll.reopen(visit.doors, found.id, by=visit.reader.rep.id)
    except Impossible:
        raise HTTPException(409) from None
    return _back(found)


async def _enrollment(visit: Visit) -> Enrollment:
    found = await visit.doors.store.get(Enrollment, visit.key())
    if found is None or not visit.reader.sees(found.rep_id):
        raise HTTPException(404)
    return found


def _back(found: Enrollment) -> Response:
    return RedirectResponse(f"/people/{found.person_id}", status_code=303)
