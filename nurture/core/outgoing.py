"""The last check before a letter leaves, and what an answer of the server means for the row.

Theory of operation
-------------------
A claim has already taken the row (SENDING), so nobody else can change it. ``check`` asks everything again
with what is known at that moment: state, suppression, legal basis, approval for exactly this content and
date, and — by planning this one step anew with the same function as ever — calendar, pace, order and
expiry. Whatever is not allowed goes back where a person or the next beat takes it up; nothing is sent on
the strength of an old decision. What an answer makes of the row is in ``upshot``.

What goes back to the desk is written together with its enrollment: as nothing has left, somebody else may be
first (the enrollment was stopped meanwhile, say), and then it is decided anew. The beat looks at it at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core import progress, states, upshot
from nurture.core.approval import WHOLE_DAY, has_strayed
from nurture.core.change import Change
from nurture.core.messages import EnrollmentState, Entry, Message, MessageState
from nurture.core.plan import StepOutcome
from nurture.core.sending import Outcome, Verdict
from nurture.core.survey import window_open

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from nurture.core.dossier import Dossier
    from nurture.core.ids import MailboxId
    from nurture.core.survey import Survey


def _entry(message: Message, kind: str, now: datetime, **data: object) -> Entry:
    return Entry(
        at=now,
        kind=kind,
        actor="nurture",
        data={"step": message.step_id, **data},
        person_id=message.person_id,
        organisation_id=message.organisation_id,
        deal_id=message.deal_id,
        enrollment_id=message.enrollment_id,
        message_id=message.id,
    )


def _back(message: Message, event: str, kind: str, reason: str, now: datetime, **data: object) -> Change:
    moved = replace(
        message,
        state=states.move(states.MESSAGES, message.state, event),
        reason=reason,
        claimed_by="",
        claimed_at=None,
        approvals=() if event in {"hold", "cancel"} else message.approvals,
    )
    return Change((moved,), (_entry(moved, kind, now, reason=reason, **data),))


def _hold(message: Message, dossier: Dossier, reason: str, now: datetime) -> Change:
    """Back to the desk; the enrollment is written too, so that it still is as it was read."""
    enrollment = dossier.enrollment
    if enrollment.state is EnrollmentState.ACTIVE:
        enrollment = replace(enrollment, wake_at=now)
    return _back(message, "hold", "message.held", reason, now) + Change((enrollment,))


def check(
    message: Message,
    dossier: Dossier,
    survey: Survey | None,
    now: datetime,
    mailboxes: Collection[MailboxId] | None = None,
    tolerance: timedelta = WHOLE_DAY,
) -> Change | None:
    """None when this claimed mail may leave now; else what becomes of it.

    Args:
        message: as claimed.
        dossier: as of the claim.
        survey: the plan of the enrollment with this message unsettled; None for a mail outside a scenario.
        now: UTC.
        mailboxes: those that are configured; None: any.
        tolerance: how far within its day a mail may leave from the moment that was approved.
    """
    state = dossier.enrollment.state
    refusal = progress.refusal(dossier)
    if refusal == "suppressed" or state in {EnrollmentState.STOPPED, EnrollmentState.COMPLETED}:
        reason = refusal or dossier.enrollment.reason or "ended"
        return _back(message, "cancel", "message.cancelled", reason, now)
    holds, email = dossier.enrollment.holds, dossier.person.email
    held = refusal or held_for(message, state, holds, email, mailboxes, message.fingerprint)
    if held is not None:
        return _hold(message, dossier, held, now)
    return _check_date(message, survey, now, tolerance) if survey else None


def held_for(
    message: Message,
    state: EnrollmentState,
    holds: int,
    email: str,
    mailboxes: Collection[MailboxId] | None,
    fingerprint: str,
) -> str | None:
    """What stands against this mail, dates apart.

    Args:
        message: as claimed.
        state: of its enrollment.
        holds: how often the enrollment's mails were called back.
        email: the person's address now.
        mailboxes: those that are configured; None: any.
        fingerprint: the message's.
    """
    if state is EnrollmentState.PAUSED:
        return "paused"
    approvals = [a for a in message.approvals if a.fingerprint == fingerprint]
    needed = 2 if message.approve == "two_people" else 1
    if len({a.by for a in approvals}) < needed:
        return "not_approved_so"
    if len({a.by for a in approvals if a.holds == holds}) < needed:
        return "called_back"  # while it was on the wire, and the server put it off
    if message.to_address.lower() != email.lower():
        return "address_changed"
    if mailboxes is not None and message.mailbox_id not in mailboxes:
        return "no_mailbox"
    return None


def _check_date(message: Message, survey: Survey, now: datetime, tolerance: timedelta) -> Change | None:
    step = survey.scenario.step(message.step_id)
    planned = next((p for p in survey.plan.steps if p.step_id == message.step_id), None)
    if step is None or planned is None:
        return _hold(message, survey.dossier, "no_plan", now)
    if planned.outcome is StepOutcome.EXPIRED:
        return _hold(message, survey.dossier, "expired", now)
    if planned.outcome is not StepOutcome.SEND or planned.planned_on != message.planned_on:
        return _hold(message, survey.dossier, progress.moved_for(message), now)
    if (stale := progress.stale_text(survey, message, same_day=True)) is not None:
        return _hold(message, survey.dossier, stale, now)
    leaves_now = planned.planned_on == survey.today and window_open(survey, step, now)
    # The same day, but this window is over: the approval holds for the next one, unless that is too far from it.
    at = planned.planned_at.astimezone(now.tzinfo) if planned.planned_at else message.planned_at
    if has_strayed(message, now if leaves_now else at or now, tolerance):
        return _hold(message, survey.dossier, progress.moved_for(message, "other_hour"), now)
    if leaves_now:
        return None
    moved = replace(
        message,
        state=states.move(states.MESSAGES, message.state, "put_back"),
        planned_at=at,
        claimed_by="",
        claimed_at=None,
    )
    return Change(
        (moved,), (_entry(moved, "message.put_back", now, reason="window", at=at.isoformat() if at else None),)
    )


def put_back(
    message: Message, reason: str, now: datetime, again: datetime | None = None, **data: object
) -> Change:
    """Undo a claim before anything reached the wire: it stays approved, and is not claimed before ``again``."""
    return upshot.back(message, reason, now, again, **data).change(message)


def kept_back(message: Message, reason: str, now: datetime, by: str) -> Change:
    """Bring an approved mail back to the desk, as a person decided: it needs a fresh approval."""
    change = _back(message, "hold", "message.held", reason, now)
    return Change(change.puts, tuple(replace(entry, actor=by) for entry in change.entries))


def outcome(message: Message, found: Outcome, now: datetime) -> Change:
    """The row after the server's answer: this and a line of the journal, nothing that could be refused."""
    return upshot.upshot(message, found, now).change(message)


def unsendable(message: Message, problem: str, now: datetime) -> Change:
    """A mail that cannot be put into bytes (an address that no server should see): a person decides."""
    return outcome(message, Outcome(Verdict.REFUSED, problem), now)


def doubt(message: Message, now: datetime) -> Change:
    """A claim whose daemon is gone: nobody knows whether the letter left."""
    return outcome(message, upshot.GONE, now)


def is_same_claim(row: Message, claimed: Message) -> bool:
    """Whether a row is still claimed as it was: not settled meanwhile, and not claimed again since, by anybody."""
    return row.state is MessageState.SENDING and (row.claimed_by, row.claimed_at) == (
        claimed.claimed_by,
        claimed.claimed_at,
    )
