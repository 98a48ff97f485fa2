"""Hand a person, everybody on a deal, or one task to a colleague."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture import explain
from nurture.core.deals import Task
from nurture.core.ids import RepId
from nurture.core.messages import Entry
from nurture.core.people import Person
from nurture.errors import Impossible, StaleVersion, UserError
from nurture.flows import reassign as flow
from nurture.web.cards import addressee, around

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.core.people import Representative
    from nurture.errors import NurtureError
    from nurture.web.visit import Visit


async def person(visit: Visit) -> Response:
    """GET /people/{id}/colleague: to whom, and what goes along."""
    return await _of_person(visit, await _person(visit))


async def give_person(visit: Visit) -> Response:
    """POST /people/{id}/colleague."""
    found, form = await _person(visit), visit.form
    deal, to = form.get("whole", "") == "deal", RepId(form.get("to", ""))
    by, note = visit.reader.rep.id, form.get("note", "")
    try:
        await flow.hand_over(visit.doors, found.id, to, by=by, deal=deal, note=note)
    except (UserError, Impossible) as error:
        return await _of_person(visit, found, error)
    return RedirectResponse(f"/?handed={found.id}", status_code=303)


async def task(visit: Visit) -> Response:
    """GET /tasks/{id}/colleague."""
    return await _of_task(visit, await _task(visit))


async def give_task(visit: Visit) -> Response:
    """POST /tasks/{id}/colleague."""
    found = await _task(visit)
    try:
        await flow.hand_task(visit.doors, found, RepId(visit.form.get("to", "")), by=visit.reader.rep.id)
    except StaleVersion:
        raise HTTPException(409) from None
    except UserError as error:
        return await _of_task(visit, found, error)
    return RedirectResponse("/", status_code=303)


async def said(visit: Visit) -> tuple[str, str] | None:
    """Who was handed over just now, and who looks after that person now: told to whoever did it."""
    key = visit.request.query_params.get("handed", "")
    found = await visit.doors.store.get(Person, key) if key else None
    if found is None:
        return None
    last = await visit.doors.store.find(
        Entry, {"person_id": found.id, "kind": "person.handed_over"}, order=("-seq",), limit=1
    )
    if not last or last[0].actor != visit.reader.rep.id:
        return None
    return f"{found.name} {found.honorific}", visit.reader.name_of(found.rep_id)


async def _person(visit: Visit) -> Person:
    found = await visit.doors.store.get(Person, visit.key())
    if found is None or found.rep_id is None or not visit.reader.sees(found.rep_id):
        raise HTTPException(404)
    return found


async def _task(visit: Visit) -> Task:
    found = await visit.doors.store.get(Task, visit.key())
    if found is None or not visit.reader.sees(found.rep_id):
        raise HTTPException(404)
    return found


def _colleagues(visit: Visit, but: RepId | None, *, sending: bool) -> list[Representative]:
    known = visit.reader.colleagues.values()
    fit = [c for c in known if c.active and c.id != but and (c.mailbox_id is not None or not sending)]
    return sorted(fit, key=lambda c: c.name)


async def _of_person(visit: Visit, found: Person, error: NurtureError | None = None) -> Response:
    whole = await flow.of_deal(visit.doors, found)
    alone = whole.only(found)
    known = await around(visit.doors.store, alone.enrollments)
    place = known.organisations.get(found.organisation_id) if found.organisation_id else None
    return visit.page(
        "reassign.html",
        status=409 if error else 200,
        action=f"/people/{found.id}/colleague",
        back=f"/people/{found.id}",
        who=f"{found.name} {found.honorific}",
        where=" · ".join(part for part in (place.name if place else "", found.title) if part),
        owner=visit.reader.name_of(found.rep_id),
        colleagues=_colleagues(visit, found.rep_id, sending=True),
        alone=alone,
        whole=whole if whole.deals else None,
        task="",
        complaint=visit.w.error(error) if error else "",
    )


async def _of_task(visit: Visit, found: Task, error: NurtureError | None = None) -> Response:
    known = await around(visit.doors.store, (found,))
    place = known.organisation(found)
    return visit.page(
        "reassign.html",
        status=409 if error else 200,
        action=f"/tasks/{found.id}/colleague",
        back="/",
        who=addressee(known.person(found)) or found.title,
        where=place.name if place else "",
        owner=visit.reader.name_of(found.rep_id),
        colleagues=_colleagues(visit, found.rep_id, sending=False),
        alone=None,
        whole=None,
        task=explain.task(visit.w, found.kind),
        complaint=visit.w.error(error) if error else "",
    )
