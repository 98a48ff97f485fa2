"""People: list, look at, add; and their story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nurture import explain
from nurture.api import paging, schemas
from nurture.api.call import Answer
from nurture.api.problems import Fault, Problem
from nurture.core.ids import RepId
from nurture.core.messages import Enrollment, Entry, Message, SuppressionScope
from nurture.core.people import LegalBasis, Organisation, Person
from nurture.core.sight import told
from nurture.core.suppressions import Refusal
from nurture.errors import UserErrors
from nurture.flows import people as flow
from nurture.flows import suppressions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.api.call import Call
    from nurture.api.forms import LegalIn, PersonIn, Silence


async def shown(call: Call, people: Sequence[Person]) -> tuple[schemas.PersonOut, ...]:
    """People with where they work and whether they are silent, in two queries at most."""
    wanted = {p.organisation_id for p in people if p.organisation_id}
    found = await call.doors.store.find(Organisation, {"id": tuple(wanted)}) if wanted else ()
    houses = {house.id: house for house in found}
    silent = (
        await suppressions.covered(call.doors, {p.email: {p.organisation_id} for p in people}) if people else ()
    )
    return tuple(_shown(p, houses.get(p.organisation_id) if p.organisation_id else None, silent) for p in people)


def _shown(
    person: Person, house: Organisation | None, silent: frozenset[str] | tuple[str, ...]
) -> schemas.PersonOut:
    return schemas.PersonOut(
        id=person.id,
        email=person.email,
        family_name=person.family_name,
        given_name=person.given_name,
        kana=person.kana,
        honorific=person.honorific,
        organisation=schemas.OrganisationBrief.model_validate(house) if house else None,
        role=person.role,
        specialty=person.specialty,
        department=person.department,
        title=person.title,
        profession=person.profession,
        region=person.region,
        timezone=person.timezone,
        language=person.language,
        legal_basis=schemas.Legal.model_validate(person.legal_basis),
        rep_id=person.rep_id,
        topics=person.topics,
        away=schemas.Absence.model_validate(person.away) if person.away else None,
        successor_id=person.successor_id,
        suppressed=person.email in silent,
        created_at=person.created_at,
    )


async def listed(call: Call) -> Answer:
    """GET /people."""
    where = call.where
    if "email" in where:
        where["email"] = str(where["email"]).lower()
    page = await paging.by_id(call.doors.store, Person, where, call.page)
    items = await shown(call, page.rows)
    return Answer(schemas.Page[schemas.PersonOut](items=items, next_cursor=page.next))


async def _visible(call: Call, key: str) -> Person:
    """The person, for those who see the person or an enrollment of the person.

    Raises:
        Problem: there is none, or the caller has nothing to do with them.
    """
    person = await call.doors.store.get(Person, key)
    if person is not None and call.sight.sees(person.rep_id):
        return person
    mine = {**call.sight.where, "person_id": key}
    if person is None or not await call.doors.store.count(Enrollment, mine):
        raise Problem("not-found")
    return person


async def show(call: Call) -> Answer:
    """GET /people/{id}."""
    return await again(call, call.key())


async def again(call: Call, key: str) -> Answer:
    """One person."""
    (found,) = await shown(call, (await _visible(call, key),))
    return Answer(found)


async def timeline(call: Call) -> Answer:
    """GET /people/{id}/timeline: what happened, the latest first, as far as the caller sees it."""
    person, store = await _visible(call, call.key()), call.doors.store
    page = await paging.by_seq(store, Entry, {"person_id": person.id}, call.page, latest_first=True)
    mine = call.sight.where
    runs, mails = ({getattr(e, name) for e in page.rows} - {None} for name in ("enrollment_id", "message_id"))
    enrollments = {e.id for e in await store.find(Enrollment, {**mine, "id": tuple(runs)})} if runs else set()
    messages = {m.id for m in await store.find(Message, {**mine, "id": tuple(mails)})} if mails else set()
    names = call.api.names(call.w.language)
    lines = tuple(
        schemas.Line(
            seq=e.seq,
            at=e.at,
            kind=e.kind,
            actor=e.actor,
            text=explain.entry(call.w, e, names),
            enrollment_id=e.enrollment_id,
            message_id=e.message_id,
        )
        for e in page.rows
        if told(e, enrollments, messages)
    )
    return Answer(schemas.Page[schemas.Line](items=lines, next_cursor=page.next))


async def write(call: Call) -> Answer:
    """POST /people: add somebody, or complete somebody who is known."""
    body: PersonIn = call.body
    known = await call.doors.store.find(Person, {"email": body.email.lower()}, limit=1)
    if known and not call.sight.sees(known[0].rep_id):
        raise Problem("forbidden", "Somebody else writes to this address.", (Fault("is another's", "#/email"),))
    rep_id = body.rep_id or (call.token.rep_id if not known else None)
    if rep_id and (RepId(rep_id) not in call.sight.colleagues or not call.sight.sees(RepId(rep_id))):
        raise Problem("invalid", errors=(Fault("nobody is known by this id", "#/rep_id"),))
    row = flow.PersonRow(
        line=0,
        email=body.email,
        timezone=body.timezone or "",
        language=body.language or "",
        rep=rep_id or "",
        topics=body.topics,
        profession=body.profession,
        legal_basis=basis(body.legal_basis),
        **{
            name: getattr(body, name)
            for name in (
                *("family_name", "given_name", "kana", "organisation", "organisation_kind", "role"),
                *("specialty", "department", "title", "region"),
            )
        },
    )
    done = await flow.import_people(call.doors, (row,), by=call.by, dry_run=False)
    if done.errors:
        raise UserErrors(done.errors)
    found = await call.doors.store.find(Person, {"email": body.email.lower()}, limit=1)
    outcome: Literal["created", "updated", "unchanged"] = (
        "created" if done.created else "updated" if done.updated else "unchanged"
    )
    (person,) = await shown(call, found)
    return Answer(schemas.PersonWritten(outcome=outcome, person=person))


async def silence(call: Call) -> Answer:
    """POST /people/{id}/suppress: nobody writes to this address any more, and what ran for it stops."""
    body: Silence = call.body
    person = await call.mine(Person)
    value = suppressions.value_of(SuppressionScope.ADDRESS, person.email)
    refusal = Refusal(SuppressionScope.ADDRESS, value, body.reason, body.evidence)
    await suppressions.add(call.doors, [refusal], by=call.by, source="api")
    return await again(call, person.id)


async def silent(call: Call, key: str) -> Answer:  # noqa: ARG001 - the path says who it was
    """The answer to a request whose own was lost."""
    return await again(call, call.key())


async def written(call: Call, key: str) -> Answer:
    """The answer to a request whose own was lost."""
    (person,) = await shown(call, (await _visible(call, key),))
    return Answer(schemas.PersonWritten(outcome="updated", person=person))


def basis(said: LegalIn | None) -> LegalBasis | None:
    """As the core has it."""
    return LegalBasis(said.kind, said.on, said.evidence) if said else None
