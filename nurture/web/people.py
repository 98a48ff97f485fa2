"""One person: who it is, where the enrollments stand and why, and what happened, latest first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture import explain
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Inbound, Message, Suppression
from nurture.core.people import Basis, Organisation, Person
from nurture.core.sight import told
from nurture.flows import erasing, notes, slowing
from nurture.flows import people as flow
from nurture.web import known
from nurture.web.handover import PACES, RESTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.responses import Response

    from nurture.web.visit import Visit

MAILS: Final = 50
"""So many of the last mails that came are shown, and looked at for a successor."""
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LINES: Final = 200
"""So many mails and journal lines are shown."""


async def back(visit: Visit) -> Response:
    """POST /people/{id}/back: an absence that was misread, or is over."""
    person = await visit.doors.store.get(Person, visit.key())
    if person is None or not visit.reader.sees(person.rep_id):
        raise HTTPException(404)
    await flow.back(visit.doors, person.id, by=visit.reader.rep.id)
    return RedirectResponse(f"/people/{person.id}", status_code=303)


async def note(visit: Visit) -> Response:
    """POST /people/{id}/note: the private note, as it now is."""
    person = await visit.doors.store.get(Person, visit.key())
    if person is None or not visit.reader.sees(person.rep_id):
        raise HTTPException(404)
    said, before = visit.form.get("note", ""), visit.form.get("before", "")
    await notes.write(visit.doors, person.id, said, by=visit.reader.rep.id, before=before)
    return RedirectResponse(f"/people/{person.id}#note", status_code=303)


def _told_of(rows: Iterable[Inbound]) -> Mapping[str, str]:
    """Name and address of a successor, where one of the last mails told of one."""
    for row in rows:
        found = json.loads(row.reading).get("successor") or {}
        if found.get("name") or found.get("email"):
            return {name: str(found.get(name) or "") for name in ("name", "email")}
    return {}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of the list, ours or theirs."""

    at: tuple[date, datetime]
    sent: Message | None = None
    came: Inbound | None = None
    words: str = ""  # its state; what it was read as


def _mails(visit: Visit, messages: Iterable[Message], came: Iterable[Inbound]) -> list[Mail]:
    """What was sent, will be and came, the latest first."""
    w, zone = visit.w, visit.reader.rep.timezone
    ours = [Mail(_day(m, zone), sent=m, words=explain.state(w, m.state)) for m in messages]
    theirs = [
        Mail(
            (i.received_at.astimezone(ZoneInfo(zone)).date(), i.received_at), came=i, words=explain.kind(w, i.kind)
        )
        for i in came
    ]
    return sorted((*ours, *theirs), key=lambda mail: mail.at, reverse=True)


def _day(mail: Message, zone: str) -> tuple[date, datetime]:
    """Where a mail stands in the list: what has no date yet by the day that its scenario wishes."""
    at = mail.sent_at or mail.planned_at
    day = at.astimezone(ZoneInfo(zone)).date() if at else mail.nominal or mail.planned_on or date.max
    return day, at or _FIRST


def _is_farewell(visit: Visit, enrollment: Enrollment) -> bool:
    """Whether it is the thanks to somebody who leaves, and not over."""
    running = enrollment.state in {EnrollmentState.ACTIVE, EnrollmentState.PAUSED}
    return running and enrollment.scenario_id == visit.doors.settings.work.farewell


async def show(visit: Visit) -> Response:
    """GET /people/{id}: for those who see the person, or an enrollment of the person; each sees their part."""
    store, reader, w = visit.doors.store, visit.reader, visit.w
    person = await store.get(Person, visit.key())
    if person is None:
        raise HTTPException(404)
    mine = {**reader.where, "person_id": person.id}
    enrollments = await store.find(Enrollment, mine, order=("-enrolled_at",), limit=LINES)
    if not reader.sees(person.rep_id) and not enrollments:
        raise HTTPException(404)
    messages = await store.find(Message, mine, order=("-planned_at",), limit=LINES)
    entries = await store.find(Entry, {"person_id": person.id}, order=("-seq",), limit=LINES)
    organisation = await store.get(Organisation, person.organisation_id) if person.organisation_id else None
    came = await store.find(Inbound, {"person_id": person.id}, order=("-received_at",), limit=MAILS)
    read = [i for i in came if reader.sees(person.rep_id) or i.enrollment_id in {e.id for e in enrollments}]
    noted = next((e for e in entries if e.kind == "person.noted"), None)
    silences = await store.find(Suppression, {"value": person.email.lower(), "lifted_at": None})
    successor = await store.get(Person, person.successor_id) if person.successor_id else None
    shown_enrollments, shown_messages = {e.id for e in enrollments}, {m.id for m in messages}
    subjects: dict[str | None, str] = {m.id: m.subject for m in messages}
    return visit.page(
        "person.html",
        person=person,
        mine=reader.sees(person.rep_id),
        organisation=organisation,
        owner=reader.name_of(person.rep_id),
        successor=successor,
        leaving=successor is not None or any(_is_farewell(visit, e) for e in enrollments),
        told_of=_told_of(read),
        bases=[(kind.value, explain.basis(w, kind)) for kind in Basis if kind is not Basis.NONE],
        rests=RESTS,
        every=await slowing.pace(visit.doors, person.email),
        paces=[(days, w(words)) for days, words in PACES.items()],
        silences=[(s.at, explain.stop_reason(w, s.reason)) for s in silences],
        enrollments=[(e, explain.state(w, e.state), explain.stop_reason(w, e.reason)) for e in enrollments],
        mails=_mails(visit, messages, read),
        may_erase=erasing.may(reader.rep, reader.colleagues.get(person.rep_id) if person.rep_id else None),
        scenarios=known.scenarios_by_name(visit),
        noted=(noted.at, reader.actor(noted.actor)) if noted and person.private_note else None,
        history=[
            (
                e.at,
                explain.entry(w, e, visit.names),
                reader.actor(e.actor),
                subjects.get(e.message_id) if e.message_id else None,
            )
            for e in entries
            if told(e, shown_enrollments, shown_messages)
        ],
    )
