"""Organisations: a list that is searched; one with whom we know there by role, what waits, and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from nurture import explain
from nurture.core.coverage import OTHERS, Contact, contacts, coverage, sponsor
from nurture.core.deals import Deal, DealStatus, Meeting, Task, TaskState
from nurture.core.messages import Inbound, Message, MessageState
from nurture.core.people import ORGANISATION_KINDS, Organisation, Person
from nurture.core.reading import Kind
from nurture.explain import coverage as said
from nurture.web import known
from nurture.web.cards import Around, card
from nurture.web.directory import ROWS, Asked, Pages
from nurture.web.sheet import KINDS
from nurture.web.story import story

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from starlette.responses import Response

    from nurture.core.coverage import Cover
    from nurture.core.ids import PersonId
    from nurture.web.visit import Visit

PEOPLE: Final = 500
"""So many people of one organisation are looked at."""
MAILS: Final = 200
"""So many of the last mails, each way, say who is silent."""
MEETINGS: Final = 50
WAITING: Final = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One organisation of the list."""

    organisation: Organisation
    kind: str
    people: int
    roles: tuple[str, ...]  # groups where somebody is known
    deals: tuple[Deal, ...]  # that are open


async def index(visit: Visit) -> Response:
    """GET /organisations: those at which the reader sees somebody, a deal or a meeting."""
    asked, store, mine = Asked.of(visit), visit.doors.store, visit.reader.where
    found = await store.search(Organisation, asked.said, reps=known.reps(visit), limit=ROWS + 1, skip=asked.skip)
    shown = found[:ROWS]
    ids = {**mine, "organisation_id": tuple(o.id for o in shown)}
    people = await store.find(Person, ids) if shown else ()
    deals = await store.find(Deal, {**ids, "status": DealStatus.OPEN}, order=("-phase",)) if shown else ()
    rows = [_row(visit, o, people, deals) for o in shown]
    return visit.page("organisations.html", rows=rows, said=asked.said, pages=Pages.around(asked, len(found)))


def _row(visit: Visit, organisation: Organisation, people: Iterable[Person], deals: Iterable[Deal]) -> Row:
    there = [p for p in people if p.organisation_id == organisation.id]
    groups = coverage(contacts(there, (), {}, {}))
    return Row(
        organisation,
        kind_of(visit, organisation),
        len(there),
        tuple(said.group(visit.w, c.group) for c in groups if not c.is_missing and c.group != OTHERS),
        tuple(d for d in deals if d.organisation_id == organisation.id),
    )


def kind_of(visit: Visit, organisation: Organisation) -> str:
    """What it is, in words; a kind of its own as it is written."""
    return visit.w(KINDS[organisation.kind]) if organisation.kind in ORGANISATION_KINDS else organisation.kind


@dataclass(frozen=True, slots=True)
class Group:
    """One of the roles as the page shows it."""

    cover: Cover
    name: str
    cares: str
    ally: str  # whom to look for, where nobody is known
    rows: tuple[tuple[Contact, str, str], ...]  # somebody, how we stand: value and words


async def show(visit: Visit) -> Response:
    """GET /organisations/{id}: for those who see somebody there, a deal or a meeting; each sees their part."""
    store, reader, now = visit.doors.store, visit.reader, visit.doors.clock.now()
    organisation = await store.get(Organisation, visit.key())
    if organisation is None:
        raise HTTPException(404)
    here = {**reader.where, "organisation_id": organisation.id}
    people = await store.find(Person, here, order=("family_name", "given_name"), limit=PEOPLE)
    deals = await store.find(Deal, here, order=("-created_at",), limit=MEETINGS)
    meetings = await store.find(Meeting, here, order=("-ended_at",), limit=MEETINGS)
    if not (people or deals or meetings or reader.sees_all):
        raise HTTPException(404)
    found = contacts(people, meetings, await _written(visit, here), await _heard(visit, people))
    waiting = await store.find(
        Message, {**here, "state": MessageState.WAITING}, order=("planned_on",), limit=WAITING
    )
    tasks = await store.find(Task, {**here, "state": TaskState.OPEN}, order=("due_at",), limit=WAITING)
    those = Around({p.id: p for p in people}, {organisation.id: organisation})
    today = visit.doors.clock.now().date()
    return visit.page(
        "organisation.html",
        organisation=organisation,
        kind=kind_of(visit, organisation),
        groups=[_group(visit, cover, now) for cover in coverage(found)],
        friend=sponsor(found),
        last=max((c.last for c in found if c.last), default=meetings[0].ended_at if meetings else None),
        deals=[(d, explain.phase(visit.w, d.phase), reader.name_of(d.rep_id)) for d in deals],
        meetings=meetings[:10],
        waiting=[card(visit, m, those) for m in waiting],
        tasks=[(t, those.person(t)) for t in tasks],
        closures=[c for c in organisation.closures if not c.is_over and c.end >= today],
        story=await story(visit, {"organisation_id": organisation.id}, named=True),
    )


def _group(visit: Visit, cover: Cover, now: datetime) -> Group:
    w = visit.w
    rows = [(c, c.standing(now)) for c in cover.contacts]
    return Group(
        cover,
        said.group(w, cover.group),
        said.cares(w, cover.group),
        said.ally(w, cover.group),
        tuple((c, s.value, said.standing(w, s)) for c, s in rows),
    )


async def _written(visit: Visit, here: Mapping[str, object]) -> dict[PersonId, datetime]:
    """When the last mail to each left."""
    left = {**here, "state": (MessageState.SENT, MessageState.BOUNCED)}
    rows = await visit.doors.store.find(Message, left, order=("-planned_on",), limit=MAILS)
    return _latest((m.person_id, m.sent_at) for m in rows)


async def _heard(visit: Visit, people: Iterable[Person]) -> dict[PersonId, datetime]:
    """When the last answer of each came."""
    ids = tuple(p.id for p in people)
    wanted = {"person_id": ids, "kind": Kind.REPLY.value}
    rows = await visit.doors.store.find(Inbound, wanted, order=("-received_at",), limit=MAILS) if ids else ()
    return _latest((i.person_id, i.received_at) for i in rows)


def _latest(found: Iterable[tuple[PersonId | None, datetime | None]]) -> dict[PersonId, datetime]:
    latest: dict[PersonId, datetime] = {}
    for who, at in found:
        if who is not None and at is not None:
            latest[who] = max(at, latest.get(who, at))
    return latest
