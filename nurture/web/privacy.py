"""One person's data: handed over as a file; erased, when the address was typed once more. For those who lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from nurture.core.people import Organisation, Person
from nurture.flows import erasing
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.web.visit import Visit

HELD: Final = {
    "mails_to": mark("mails to this person"),
    "mails_from": mark("mails from this person"),
    "enrollments": mark("enrollments"),
    "meetings": mark("meetings attended"),
    "tasks": mark("tasks"),
    "refusals": mark("refusals of mail"),
    "journal": mark("lines of the journal"),
}


async def _theirs(visit: Visit) -> Person:
    """The person, for those who may; for everybody else there is none."""
    person = await visit.doors.store.get(Person, visit.key())
    reader = visit.reader
    if person is None or not reader.sees(person.rep_id):
        raise HTTPException(404)
    if not erasing.may(reader.rep, reader.colleagues.get(person.rep_id) if person.rep_id else None):
        raise HTTPException(404)
    return person


async def show(visit: Visit) -> Response:
    """GET /people/{id}/data: what is held, and the two buttons."""
    return await _page(visit, await _theirs(visit))


async def _page(visit: Visit, person: Person, *, wrong: bool = False) -> Response:
    found = await erasing.held(visit.doors, person)
    house = await visit.doors.store.get(Organisation, person.organisation_id) if person.organisation_id else None
    return visit.page(
        "privacy.html",
        status=400 if wrong else 200,
        person=person,
        organisation=house,
        held=[(visit.w(words), len(found[name])) for name, words in HELD.items()],
        wrong=wrong,
    )


async def export(visit: Visit) -> Response:
    """POST /people/{id}/data/export: everything as a ZIP."""
    person = await _theirs(visit)
    packed = await erasing.export(visit.doors, person.id, by=visit.reader.rep.id)
    return Response(
        packed,
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="person-{person.id[:12]}.zip"'},
    )


async def erase(visit: Visit) -> Response:
    """POST /people/{id}/data/erase: for good, when the address was typed."""
    person = await _theirs(visit)
    if visit.form.get("address", "").strip().lower() != person.email.lower():
        return await _page(visit, person, wrong=True)
    await erasing.erase(visit.doors, person.id, by=visit.reader.rep.id)
    return RedirectResponse("/people?done=erased", status_code=303)
