"""What a representative enters on a person's page: no more mail, another address, a move, who follows, a rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core.messages import Enrollment
from nurture.core.people import Basis, LegalBasis, Person
from nurture.core.plan import zone_of
from nurture.errors import Impossible
from nurture.flows import enroll, slowing, succession
from nurture.flows import handover as flow
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from nurture.web.visit import Visit

RESTS: Final = (14, 28, 56)
"""Days after which an enrollment that rests goes on by itself, as offered."""
PACES: Final[Mapping[int, str]] = {
    31: mark("Once a month at most"),
    62: mark("Once in two months at most"),
    92: mark("Once a quarter at most"),
    183: mark("Twice a year at most"),
}
"""Days from one mail to the next, as offered to who wants mail less often."""


async def no_more(visit: Visit) -> Response:
    """POST /people/{id}/no-more: this person wants no more mail."""
    person = await _mine(visit)
    await flow.refuse_mail(visit.doors, person.id, by=visit.reader.rep.id, evidence=visit.form.get("evidence", ""))
    return _to(person.id)


async def address(visit: Visit) -> Response:
    """POST /people/{id}/address: the address is another."""
    person = await _mine(visit)
    await flow.correct_address(visit.doors, person.id, visit.form.get("email", ""), by=visit.reader.rep.id)
    return _to(person.id)


async def successor(visit: Visit) -> Response:
    """POST /people/{id}/successor: who follows."""
    person, form = await _mine(visit), visit.form
    named = succession.Named(
        form.get("email", ""),
        form.get("family_name", ""),
        form.get("given_name", ""),
        form.get("title", ""),
        _basis(visit),
    )
    made = await flow.succeed(visit.doors, person.id, named, by=visit.reader.rep.id)
    return _to(made.id)


async def departed(visit: Visit) -> Response:
    """POST /people/{id}/departed: the person moves or leaves; thanks are drafted where the address still works."""
    person = await _mine(visit)
    works = visit.form.get("works") == "yes"
    await flow.depart(visit.doors, person.id, by=visit.reader.rep.id, works=works)
    return _to(person.id)


async def stays(visit: Visit) -> Response:
    """POST /people/{id}/stays: the person does not leave after all."""
    person = await _mine(visit)
    await flow.stay(visit.doors, person.id, by=visit.reader.rep.id)
    return _to(person.id)


async def basis(visit: Visit) -> Response:
    """POST /people/{id}/basis: on what basis mail is allowed, and what proves it."""
    person = await _mine(visit)
    await flow.found_basis(visit.doors, person.id, _basis(visit), by=visit.reader.rep.id)
    return _to(person.id)


def _basis(visit: Visit) -> LegalBasis:
    """The basis as the form says it, since today; none where nothing proves it."""
    kind, evidence = visit.form.get("basis", ""), visit.form.get("evidence", "").strip()
    today = visit.doors.clock.now().astimezone(zone_of(visit.reader.rep.timezone)).date()
    if kind not in {*Basis} or kind == Basis.NONE or not evidence:
        return LegalBasis()
    return LegalBasis(Basis(kind), today, evidence)


async def pace(visit: Visit) -> Response:
    """POST /people/{id}/pace: at most one mail in so many days, or as the scenarios say."""
    person, days = await _mine(visit), visit.form.get("days", "")
    if days not in {"", *map(str, PACES)}:
        raise HTTPException(400)
    every = int(days) if days else None
    evidence = visit.form.get("evidence", "")
    by = visit.reader.rep.id
    await slowing.slow_down(visit.doors, person.id, every, by=by, source="web", evidence=evidence)
    return _to(person.id)


async def rest(visit: Visit) -> Response:
    """POST /enrollments/{id}/rest: nothing for some weeks, then it goes on by itself."""
    found = await visit.doors.store.get(Enrollment, visit.key())
    if found is None or not visit.reader.sees(found.rep_id):
        raise HTTPException(404)
    days = visit.form.get("days", "")
    if not days.isdecimal() or int(days) not in RESTS:
        raise HTTPException(400)
    try:
        await enroll.rest(visit.doors, found.id, by=visit.reader.rep.id, days=int(days))
    except Impossible:
        raise HTTPException(409) from None
    return _to(found.person_id)


async def _mine(visit: Visit) -> Person:
    person = await visit.doors.store.get(Person, visit.key())
    if person is None or not visit.reader.sees(person.rep_id):
        raise HTTPException(404)
    return person


def _to(person_id: str) -> Response:
    return RedirectResponse(f"/people/{person_id}", status_code=303)
