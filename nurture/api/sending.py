"""Enrollments, and the mails that they lead to."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from nurture.api import paging, schemas
from nurture.api.call import Answer
from nurture.api.problems import Fault, Problem
from nurture.core.deals import Deal, Meeting
from nurture.core.ids import DealId, EnrollmentId, MeetingId, MessageId, PersonId
from nurture.core.messages import Enrollment, Message, MessageState
from nurture.core.people import Person
from nurture.errors import StaleVersion
from nurture.flows import enroll as flow
from nurture.flows import redating, review

if TYPE_CHECKING:
    from nurture.api.call import Call
    from nurture.api.forms import ApproveIn, EnrollmentIn, WhyNot


async def enrollments(call: Call) -> Answer:
    """GET /enrollments."""
    page = await paging.by_id(call.doors.store, Enrollment, call.where, call.page)
    items = tuple(schemas.EnrollmentOut.model_validate(row) for row in page.rows)
    return Answer(schemas.Page[schemas.EnrollmentOut](items=items, next_cursor=page.next))


async def enrollment(call: Call) -> Answer:
    """GET /enrollments/{id}."""
    return await enrolled(call, call.key())


async def enrolled(call: Call, key: str) -> Answer:
    """One enrollment."""
    return Answer(schemas.EnrollmentOut.model_validate(await call.mine(Enrollment, key)))


async def enroll(call: Call) -> Answer:
    """POST /enrollments: somebody whom the caller sees, in a scenario as its file says now."""
    body: EnrollmentIn = call.body
    person = await call.doors.store.get(Person, body.person_id)
    if person is None or not call.sight.sees(person.rep_id):
        raise Problem("invalid", errors=(Fault("there is no such person", "#/person_id"),))
    await _refuse_others(call, body)
    at: datetime | date | None = body.anchor_at
    done = await flow.enroll(
        call.doors,
        PersonId(person.id),
        body.scenario,
        by=call.by,
        anchor_at=at,
        dates=body.dates or None,
        deal_id=DealId(body.deal_id) if body.deal_id else None,
        meeting_id=MeetingId(body.meeting_id) if body.meeting_id else None,
    )
    return Answer(schemas.EnrollmentOut.model_validate(done))


async def _refuse_others(call: Call, body: EnrollmentIn) -> None:
    """A deal or meeting of another does not exist.

    Raises:
        Problem: one that is named is not the caller's to see.
    """
    faults = []
    deal = await call.doors.store.get(Deal, body.deal_id) if body.deal_id else None
    meeting = await call.doors.store.get(Meeting, body.meeting_id) if body.meeting_id else None
    if body.deal_id and (deal is None or not call.sight.sees(deal.rep_id)):
        faults.append(Fault("there is none of this id", "#/deal_id"))
    if body.meeting_id and (meeting is None or not call.sight.sees(meeting.rep_id)):
        faults.append(Fault("there is none of this id", "#/meeting_id"))
    if faults:
        raise Problem("invalid", errors=tuple(faults))


async def pause(call: Call) -> Answer:
    """POST /enrollments/{id}/pause."""
    found = await call.mine(Enrollment)
    await flow.pause(call.doors, EnrollmentId(found.id), by=call.by, reason="person")
    return await enrolled(call, found.id)


async def resume(call: Call) -> Answer:
    """POST /enrollments/{id}/resume."""
    found = await call.mine(Enrollment)
    await flow.resume(call.doors, EnrollmentId(found.id), by=call.by)
    return await enrolled(call, found.id)


async def stop(call: Call) -> Answer:
    """POST /enrollments/{id}/stop."""
    found = await call.mine(Enrollment)
    await flow.stop(call.doors, EnrollmentId(found.id), by=call.by, reason="person")
    return await enrolled(call, found.id)


async def messages(call: Call) -> Answer:
    """GET /messages."""
    page = await paging.by_id(call.doors.store, Message, call.where, call.page)
    return _page(page)


async def queue(call: Call) -> Answer:
    """GET /queue: what waits for approval, the earliest first."""
    where = {**call.where, "state": MessageState.WAITING}
    return _page(await paging.by_moment(call.doors.store, Message, "planned_at", where, call.page))


def _page(page: paging.Page[Message]) -> Answer:
    items = tuple(schemas.MessageOut.model_validate(row) for row in page.rows)
    return Answer(schemas.Page[schemas.MessageOut](items=items, next_cursor=page.next))


def etag(message: Message) -> str:
    """What names a mail as it stands: its version, and the fingerprint of what would leave."""
    return f'"{message.version}-{message.fingerprint}"'


async def message(call: Call) -> Answer:
    """GET /messages/{id}, with its text."""
    return await whole(call, call.key())


async def whole(call: Call, key: str) -> Answer:
    """One mail with its text, and its ETag."""
    found = await call.mine(Message, key)
    brief = schemas.MessageOut.model_validate(found)
    may = call.token.rep_id is not None and call.sight.approves(found)
    said = schemas.MessageWhole(
        **brief.model_dump(), body=found.body, attachments=found.attachments, may_approve=may
    )
    return Answer(said, {"ETag": etag(found)})


async def approve(call: Call) -> Answer:
    """POST /messages/{id}/approve: exactly what was seen; a text that another date changes waits to be read."""
    found, said = await _seen(call), call.body
    asked: ApproveIn = said
    if asked.at is not None and asked.on is None:
        raise Problem("invalid", errors=(Fault("a time of day needs a date", "#/on"),))
    if found.state is MessageState.WAITING and not call.sight.approves(found):
        raise Problem("forbidden", f"{call.sight.rep.name}: {found.approve}")
    try:
        undo = timedelta(seconds=call.doors.settings.work.undo_seconds)
        key, seen = MessageId(found.id), found.fingerprint
        if asked.on is None:
            await review.approve(call.doors, key, by=call.by, seen=seen, via="api", undo=undo)
        else:
            at = time.fromisoformat(asked.at) if asked.at else None
            await redating.approve_on(call.doors, key, asked.on, at, by=call.by, seen=seen, via="api", undo=undo)
    except StaleVersion as error:
        if error.kind == "message":
            raise Problem("precondition-failed") from None
        raise
    return await whole(call, found.id)


async def reject(call: Call) -> Answer:
    """POST /messages/{id}/reject, with a reason."""
    found, body = await _seen(call), call.body
    said: WhyNot = body
    await review.reject(call.doors, MessageId(found.id), by=call.by, reason=said.reason)
    return await whole(call, found.id)


async def _seen(call: Call) -> Message:
    """The mail, if it still is what the caller looked at.

    Raises:
        Problem: it is not there, is another's, or has changed.
    """
    found = await call.mine(Message)
    tags = {tag.strip() for tag in call.request.headers.get("if-match", "").split(",")}
    if etag(found) not in tags:
        raise Problem("precondition-failed", headers={"ETag": etag(found)})
    return found
