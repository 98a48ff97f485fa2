"""Approve a mail for another date than the plan's (``core.choosing``)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core import approval, choosing, progress
from nurture.core.change import Change
from nurture.core.messages import Message, MessageState
from nurture.core.survey import survey
from nurture.errors import StaleVersion, UserError
from nurture.flows import drafting, farewells, review

if TYPE_CHECKING:
    from datetime import date, datetime, time

    from nurture.core.dossier import Dossier
    from nurture.core.ids import MessageId, RepId
    from nurture.core.plan import Day
    from nurture.core.survey import Survey
    from nurture.ports import Doors


async def days(doors: Doors, message: Message, also: date | None = None) -> tuple[Day, ...]:
    """The days around a waiting mail's date, and what stands against them; empty where none can be chosen."""
    if message.enrollment_id is None or message.state is not MessageState.WAITING or message.deadline is not None:
        return ()
    now = doors.clock.now()
    for dossier in await doors.store.dossiers((message.enrollment_id,), now):
        if progress.is_running(dossier):
            return choosing.offered(await _survey(doors, dossier, now), message, also)
    return ()


async def _survey(doors: Doors, dossier: Dossier, now: datetime) -> Survey:
    scripts = await drafting.scripts(doors, (dossier.enrollment.scenario_hash,))
    scenario = scripts.of_enrollment(dossier.enrollment)
    calendars = doors.library.calendars(scenario, dossier.organisation)
    return survey(dossier, scenario, calendars, doors.library.content(), now)


async def approve_on(
    doors: Doors,
    message_id: MessageId,
    day: date,
    at: time | None = None,
    *,
    by: RepId,
    seen: str,
    via: str = "web",
    undo: timedelta = timedelta(),
) -> Message:
    """Let the text that was seen leave on another date.

    A text may speak of its date. It is written anew for the one that was chosen: where it comes out as it was seen
    it is approved, else it waits with its new date and text, for nobody has read it.

    Args:
        doors: the world.
        message_id: a waiting mail.
        day: the recipient's.
        at: the recipient's time of day; None: the plan's.
        by: who chooses and approves.
        seen: the fingerprint of what this person looked at.
        via: web, cli or api.
        undo: as for ``review.approve``.

    Raises:
        StaleVersion: it is not what was seen any more.
        UserError: as ``review.approve``; something stands against that date (``choosing.against``); the time is
            none; the text cannot be written for that date.
    """
    case = await review.read_case(doors, message_id, by)
    message, enrollment = case.message, case.enrollment
    if message.fingerprint != seen:
        raise StaleVersion("message", message.id)
    if message.state is not MessageState.WAITING or enrollment is None or not approval.runs(enrollment):
        raise UserError("This mail does not wait for approval: it is {state}", state=message.state.value)
    if not approval.may_approve(message, case.owner, case.by):
        raise UserError("{by} may not approve this mail", by=case.by.name)
    now = doors.clock.now()
    (dossier,) = await doors.store.dossiers((enrollment.id,), now)
    found = await _survey(doors, choosing.with_choice(dossier, message, day, by), now)
    dated = choosing.choose(found, message, day, at, now)
    fresh = await _written(doors, found, dated, now)
    local = dated.planned_at.astimezone(found.request.now.tzinfo) if dated.planned_at else None
    data = {"from": str(message.planned_on), "on": str(day), "at": local.isoformat() if local else None}
    said = replace(progress.entry(dossier, "message.dated", now, dated, **data), actor=by)
    later = replace(enrollment, wake_at=now)  # what comes after it may have to move
    change = Change((later,), (said,))
    if _reads(fresh) != _reads(dated):
        note = progress.entry(dossier, "message.rewritten", now, fresh, reason="moved")
        change += Change((replace(fresh, reason="dated", approvals=()),), (note,))
    else:
        change += approval.approve(
            replace(dated, reason=""),
            owner=case.owner,
            by=case.by,
            seen=dated.fingerprint,
            now=now,
            today=case.today,
            at_once=False,
            via=via,
            enrollment=enrollment,
            not_before=now + undo if undo else None,
        )
    await doors.store.commit(change)
    written = await doors.store.get(Message, message_id)
    assert written is not None
    return written


def _reads(message: Message) -> tuple[object, ...]:
    return (
        message.to_address,
        message.from_address,
        message.subject,
        message.body,
        message.attachments,
        message.content_id,
    )


async def _written(doors: Doors, found: Survey, message: Message, now: datetime) -> Message:
    """The mail as it reads on its new date; what a person wrote is left to that person."""
    step = found.scenario.step(message.step_id)
    if message.edited_by is not None or step is None:
        return message
    beside = await farewells.beside(doors, (found.dossier,))
    empty = progress.redrafted(message, same_day=False)
    return drafting.write(doors, found, empty, step, now, beside.get(found.dossier.id, drafting.NOBODY))
