"""Deals: a list by phase, with what is stalled first; one with its people, promises, mails and story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture import explain
from nurture.core.coverage import contacts
from nurture.core.deals import Deal, DealStatus, Meeting, Promise, Task, TaskState
from nurture.core.messages import Enrollment, Message, MessageState
from nurture.core.people import Organisation, Person
from nurture.explain import coverage as said
from nurture.flows import dealing
from nurture.ports import Holding
from nurture.web import known
from nurture.web.directory import Asked
from nurture.web.story import story

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from starlette.responses import Response

    from nurture.core.ids import DealId, PersonId
    from nurture.web.visit import Visit

ROWS: Final = 200
HOUSES: Final = 500
"""So many hospitals that a search finds are looked at for their deals."""
MAILS: Final = 100
MEETINGS: Final = 50
STALLED: Final = timedelta(days=14)
"""An important deal about which nothing went to or fro for so long is stalled (practice G33) …"""
IMPORTANT: Final = 3
"""… from this phase on."""
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One deal of the list."""

    deal: Deal
    organisation: str
    phase: str
    owner: str
    last: datetime | None
    stalled: bool


async def index(visit: Visit) -> Response:
    """GET /deals: the reader's, the team's for who leads; by status, phase, representative and words."""
    asked, query, reader = Asked.of(visit), visit.request.query_params, visit.reader
    status = query.get("status", "")
    status = status if status in {*DealStatus, "all"} else DealStatus.OPEN.value
    where: dict[str, object] = {**reader.where}
    where |= {} if status == "all" else {"status": DealStatus(status)}
    phase, rep = query.get("phase", ""), query.get("rep", "")
    where |= {"phase": int(phase)} if phase in {"1", "2", "3", "4", "5"} else {}
    where |= {"rep_id": rep} if rep in reader.colleagues and reader.sees(reader.colleagues[rep].id) else {}  # type: ignore[index]
    found = await _found(visit, where, asked.said)
    names = await known.names_of(visit, (d.organisation_id for d in found))
    last = await visit.doors.store.last_about(tuple(d.id for d in found))
    rows = [_row(visit, d, names.get(d.organisation_id, ""), last.get(d.id)) for d in found]
    rows.sort(key=lambda r: (not r.stalled, -r.deal.phase, r.last or _EVER, r.deal.id))
    reps = [(c.id, c.name) for c in reader.colleagues.values() if reader.sees(c.id)] if reader.leads else []
    return visit.page(
        "deals.html",
        rows=rows,
        said=asked.said,
        chosen=status,
        statuses=[("open", visit.w("open")), ("won", visit.w("won")), ("lost", visit.w("lost"))],
        phase=phase,
        phases=list(enumerate(explain.phases(visit.w), 1)),
        rep=rep,
        reps=sorted(reps, key=lambda each: each[1]),
        full=len(found) == ROWS,
    )


async def _found(visit: Visit, where: Mapping[str, object], words: str) -> tuple[Deal, ...]:
    """Deals, the newest first; with words those whose name or hospital has them."""
    store, order = visit.doors.store, ("-phase", "-created_at")
    if not words.strip():
        return await store.find(Deal, where, order=order, limit=ROWS)
    houses = await store.search(Organisation, words, reps=known.reps(visit), limit=HOUSES)
    there = {**where, "organisation_id": tuple(o.id for o in houses)}
    of_houses = await store.find(Deal, there, order=order, limit=ROWS) if houses else ()
    named = await store.find(Deal, {**where, "name": Holding(words.strip())}, order=order, limit=ROWS)
    return tuple({d.id: d for d in (*of_houses, *named)}.values())[:ROWS]


def _row(visit: Visit, deal: Deal, organisation: str, last: datetime | None) -> Row:
    begun = last or deal.created_at
    waits = begun is not None and visit.doors.clock.now() - begun > STALLED
    return Row(
        deal,
        organisation,
        explain.phase(visit.w, deal.phase),
        visit.reader.name_of(deal.rep_id) if visit.reader.leads else "",
        last,
        deal.status is DealStatus.OPEN and deal.phase >= IMPORTANT and waits,
    )


async def _mine(visit: Visit) -> Deal:
    deal = await visit.doors.store.get(Deal, visit.key())
    if deal is None or not visit.reader.sees(deal.rep_id):
        raise HTTPException(404)
    return deal


async def show(visit: Visit) -> Response:
    """GET /deals/{id}: for those who see what its representative does."""
    store, reader, w, now = visit.doors.store, visit.reader, visit.w, visit.doors.clock.now()
    deal = await _mine(visit)
    house = await store.get(Organisation, deal.organisation_id)
    meetings = await store.find(Meeting, {"deal_id": deal.id}, order=("-ended_at",), limit=MEETINGS)
    promises = await store.find(Promise, {"deal_id": deal.id})
    runs = await store.find(Enrollment, {**reader.where, "deal_id": deal.id})
    mine = {"enrollment_id": tuple(e.id for e in runs)}
    mails = await store.find(Message, mine, order=("-planned_at",), limit=MAILS) if runs else ()
    open_tasks = {"rep_id": deal.rep_id, "state": TaskState.OPEN, "deal_id": deal.id}
    tasks = await store.find(Task, open_tasks, order=("due_at",)) if deal.rep_id else ()
    ids = {a.person_id for m in meetings for a in m.attendees} | {e.person_id for e in runs}
    people = await store.find(Person, {"id": tuple(ids)}, order=("family_name", "given_name")) if ids else ()
    seen = [p for p in people if reader.sees(p.rep_id)]
    written = _last((m.person_id, m.sent_at) for m in mails)
    lines = await story(visit, {"deal_id": deal.id}, named=True)
    return visit.page(
        "deal.html",
        deal=deal,
        organisation=house,
        phase=explain.phase(w, deal.phase),
        phases=list(enumerate(explain.phases(w), 1)),
        owner=reader.name_of(deal.rep_id),
        people=[
            (c, s.value, said.standing(w, s), c.person.id in {e.person_id for e in runs})
            for c in contacts(seen, meetings, written, {})
            for s in (c.standing(now),)
        ],
        promises=sorted(promises, key=lambda p: (p.done_at is not None, p.due is None, p.due or now.date())),
        today=now.date(),
        meetings=meetings,
        ahead=[_mail(visit, m, people) for m in reversed(mails) if m.state in _AHEAD],
        sent=[_mail(visit, m, people) for m in mails if m.state not in _AHEAD and m.sent_at],
        tasks=tasks,
        story=lines,
    )


_AHEAD: Final = frozenset(
    {
        MessageState.PLANNED,
        MessageState.WAITING,
        MessageState.APPROVED,
        MessageState.SENDING,
        MessageState.IN_DOUBT,
        MessageState.FAILED,
    }
)


def _mail(visit: Visit, mail: Message, people: Collection[Person]) -> tuple[Message, str, str]:
    name = next((p.name for p in people if p.id == mail.person_id), mail.to_name)
    return mail, explain.state(visit.w, mail.state), name


def _last(found: Iterable[tuple[PersonId, datetime | None]]) -> dict[PersonId, datetime]:
    latest: dict[PersonId, datetime] = {}
    for who, at in found:
        if at is not None:
            latest[who] = max(at, latest.get(who, at))
    return latest


async def phase(visit: Visit) -> Response:
    """POST /deals/{id}/phase: how far it is."""
    deal, number = await _mine(visit), visit.form.get("phase", "")
    if number not in {"1", "2", "3", "4", "5"}:
        raise HTTPException(400)
    await dealing.advance(visit.doors, deal.id, int(number), by=visit.reader.rep.id)
    return _to(deal.id)


async def end(visit: Visit) -> Response:
    """POST /deals/{id}/end: won, or lost for a reason."""
    deal, how = await _mine(visit), visit.form.get("how", "")
    if how not in {"won", "lost"}:
        raise HTTPException(400)
    reason = visit.form.get("reason", "")
    await dealing.close(visit.doors, deal.id, won=how == "won", by=visit.reader.rep.id, reason=reason)
    return _to(deal.id)


async def reopen(visit: Visit) -> Response:
    """POST /deals/{id}/reopen: it is open after all."""
    deal = await _mine(visit)
    await dealing.reopen(visit.doors, deal.id, by=visit.reader.rep.id)
    return _to(deal.id)


def _to(key: DealId) -> Response:
    return RedirectResponse(f"/deals/{key}", status_code=303)
