"""Entries that may be one person: suggested, shown side by side with what becomes of each field, made one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture import explain
from nurture.core.ids import PersonId
from nurture.core.people import LegalBasis, Person, Profession
from nurture.flows import merging
from nurture.i18n import mark
from nurture.web import known

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.web.visit import Visit

NAMES: Final = {
    "email": mark("Mail address"),
    "family_name": mark("Family name"),
    "given_name": mark("Given name"),
    "kana": mark("Reading of the name"),
    "organisation_id": mark("Organisation"),
    "role": mark("Role"),
    "specialty": mark("Specialty"),
    "department": mark("Department"),
    "title": mark("Title"),
    "profession": mark("Profession"),
    "region": mark("Region"),
    "timezone": mark("Time zone"),
    "legal_basis": mark("Why we may write"),
    "rep_id": mark("Representative"),
    "topics": mark("Concerns"),
    "away": mark("Absence"),
    "private_note": mark("Private note"),
}

PROFESSIONS: Final = {
    Profession.DOCTOR: mark("physician"),
    Profession.DENTIST: mark("dentist"),
    Profession.PROFESSOR: mark("professor"),
    Profession.NURSE: mark("nurse"),
    Profession.PHARMACIST: mark("pharmacist"),
    Profession.TECHNOLOGIST: mark("technologist"),
    Profession.ENGINEER: mark("engineer"),
    Profession.ADMINISTRATOR: mark("administrator"),
    Profession.OTHER: mark("other"),
}


async def index(visit: Visit) -> Response:
    """GET /people/doubles: pairs among the reader's people."""
    pairs = await merging.suggestions(visit.doors, visit.reader.where)
    names = await known.names_of(visit, (p.organisation_id for pair in pairs for p in pair))
    rows = [(one, two, names.get(one.organisation_id, "")) for one, two in pairs]
    return visit.page("doubles.html", rows=rows, done=visit.request.query_params.get("done", ""))


async def _both(visit: Visit) -> tuple[Person, Person]:
    keys = visit.key(), visit.key("other")
    found = {p.id: p for p in await visit.doors.store.find(Person, {"id": keys})}
    if len(found) != 2 or not all(visit.reader.sees(p.rep_id) for p in found.values()):
        raise HTTPException(404)
    return found[PersonId(keys[0])], found[PersonId(keys[1])]


async def show(visit: Visit) -> Response:
    """GET /people/{id}/merge/{other}: both, and what becomes of each field; the first stays."""
    kept, other = await _both(visit)
    things = await merging.belongings(visit.doors, kept, other)
    houses = await known.names_of(visit, (kept.organisation_id, other.organisation_id))
    rows = [
        (visit.w(NAMES[name]), *(_words(visit, name, value, houses) for value in values))
        for name, *values in merging.differs(kept, other)
    ]
    own = any(d.person.id == kept.id for d in things.running)
    theirs = [d for d in things.running if d.person.id == other.id]
    return visit.page(
        "merge.html",
        kept=kept,
        other=other,
        rows=rows,
        mails=len(things.messages),
        came=len(things.inbounds),
        enrollments=len(things.enrollments),
        stops=len(theirs) if own else 0,
        goes_on=0 if own else len(theirs),
        silences=[explain.stop_reason(visit.w, s.reason) for s in things.silences],
    )


def _words(visit: Visit, name: str, value: Any, houses: Any) -> str:
    w = visit.w
    if isinstance(value, LegalBasis):
        return explain.basis(w, value.kind)
    if value is None or value in {"", ()}:
        return "–"
    if name == "organisation_id":
        return str(houses.get(value, value))
    if name == "rep_id":
        return visit.reader.name_of(value)
    if name in {"role", "specialty"}:
        return explain.role(w, value) if name == "role" else explain.specialty(w, value)
    if name == "profession":
        return w(PROFESSIONS[value])
    if name == "away":
        return w("no mail before {date}", date=w.day(value.resume_on))
    return ", ".join(value) if isinstance(value, tuple) else str(value)


async def merge(visit: Visit) -> Response:
    """POST /people/{id}/merge/{other}: the first stays, the other goes."""
    kept, other = await _both(visit)
    await merging.merge(visit.doors, kept.id, other.id, by=visit.reader.rep.id)
    return RedirectResponse(f"/people/{kept.id}?done=merged", status_code=303)
