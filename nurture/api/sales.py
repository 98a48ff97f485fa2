"""Deals and meetings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.api import paging, schemas
from nurture.api.call import Answer
from nurture.api.people import basis
from nurture.api.problems import Fault, Problem
from nurture.core.deals import Concern, Deal, Meeting, PagePointer
from nurture.core.ids import RepId
from nurture.core.messages import Enrollment, Message
from nurture.core.people import Person
from nurture.flows import record as flow

if TYPE_CHECKING:
    from nurture.api.call import Call
    from nurture.api.forms import AttendeeIn, MeetingIn
    from nurture.core.tokens import ApiToken

DESCRIBED = ("family_name", "given_name", "role", "specialty", "department", "title", "profession", "topics")
"""What a record may say about somebody."""


async def deals(call: Call) -> Answer:
    """GET /deals."""
    page = await paging.by_id(call.doors.store, Deal, call.where, call.page)
    items = tuple(schemas.DealOut.model_validate(row) for row in page.rows)
    return Answer(schemas.Page[schemas.DealOut](items=items, next_cursor=page.next))


async def deal(call: Call) -> Answer:
    """GET /deals/{id}."""
    return Answer(schemas.DealOut.model_validate(await call.mine(Deal)))


async def meetings(call: Call) -> Answer:
    """GET /meetings."""
    page = await paging.by_id(call.doors.store, Meeting, call.where, call.page)
    items = tuple(schemas.MeetingOut.model_validate(row) for row in page.rows)
    return Answer(schemas.Page[schemas.MeetingOut](items=items, next_cursor=page.next))


async def meeting(call: Call) -> Answer:
    """GET /meetings/{id}."""
    return Answer(schemas.MeetingOut.model_validate(await call.mine(Meeting)))


async def record(call: Call) -> Answer:
    """POST /meetings: write it down, enroll who attended, draft the thank-yous."""
    body: MeetingIn = call.body
    rep_id = _whose(call, body.rep_id)
    await _refuse_others(call, body)
    done = await flow.record(call.doors, _record(body, rep_id))
    warnings = tuple(call.w(each.text, **each.values) for each in done.warnings)
    return await _recorded(call, done.meeting.id, warnings)


async def again(call: Call, key: str) -> Answer:
    """The answer to a request whose own was lost."""
    return await _recorded(call, key, ())


async def _recorded(call: Call, key: str, warnings: tuple[str, ...]) -> Answer:
    store = call.doors.store
    found = await call.mine(Meeting, key)
    mine = call.sight.where
    enrollments = await store.find(Enrollment, {**mine, "meeting_id": key})
    runs = tuple(e.id for e in enrollments)
    messages = await store.find(Message, {"enrollment_id": runs, "state": "waiting"}) if runs else ()
    return Answer(
        schemas.Recorded(
            meeting=schemas.MeetingOut.model_validate(found),
            enrollments=tuple(schemas.EnrollmentOut.model_validate(e) for e in enrollments),
            messages=tuple(schemas.MessageOut.model_validate(m) for m in messages),
            warnings=warnings,
        )
    )


def _whose(call: Call, said: str | None) -> RepId:
    """Whose meeting it is: the token's, or one of those whose meetings the caller sees.

    Raises:
        Problem: nobody is named, nobody is known so, or it is none of the caller's.
    """
    token: ApiToken = call.token
    if said is None:
        if token.rep_id is None:
            raise Problem(
                "invalid", errors=(Fault("the installation's token must say whose meeting", "#/rep_id"),)
            )
        return token.rep_id
    rep = call.sight.colleagues.get(RepId(said))
    if rep is None or not rep.active or not call.sight.sees(rep.id):
        raise Problem("invalid", errors=(Fault("nobody is known by this id", "#/rep_id"),))
    return rep.id


async def _refuse_others(call: Call, body: MeetingIn) -> None:
    """Who attends may be another's person; but only whoever sees a person may describe them anew.

    Raises:
        Problem: the record describes people whom the caller does not see.
    """
    emails = tuple(a.email.lower() for a in body.attendees)
    known = {p.email: p for p in await call.doors.store.find(Person, {"email": emails})}
    faults = tuple(
        Fault("is another's: only stance and remark may be said", f"#/attendees/{i}")
        for i, a in enumerate(body.attendees)
        if (p := known.get(a.email.lower())) and not call.sight.sees(p.rep_id) and _describes(a)
    )
    if faults:
        raise Problem("forbidden", "Somebody else writes to these people.", faults)


def _describes(attendee: AttendeeIn) -> bool:
    return attendee.legal_basis is not None or any(getattr(attendee, name) for name in DESCRIBED)


def _record(body: MeetingIn, rep_id: RepId) -> flow.MeetingRecord:
    return flow.MeetingRecord(
        organisation=body.organisation,
        ended_at=body.ended_at,
        rep_id=rep_id,
        attendees=tuple(
            flow.AttendeeRecord(
                email=a.email,
                stance=a.stance,
                remark=a.remark,
                legal_basis=basis(a.legal_basis),
                **{name: getattr(a, name) for name in DESCRIBED},
            )
            for a in body.attendees
        ),
        scenario=body.scenario,
        subject=body.subject,
        place=body.place,
        agreements=body.agreements,
        concerns=tuple(Concern(c.text, c.topic) for c in body.concerns),
        confirmation_question=body.confirmation_question,
        promises=tuple(flow.PromiseRecord(p.text, p.owner, p.owner_name, p.due) for p in body.promises),
        material=body.material,
        pointers=tuple(PagePointer(p.topic, p.page, p.label) for p in body.pointers),
        dates=tuple(body.dates.items()),
        private_note=body.private_note,
        deal_name=body.deal,
        product=body.product,
        phase=body.phase,
        competitor=body.competitor,
        contract_end=body.contract_end,
        organisation_kind=body.organisation_kind,
        region=body.region,
    )
