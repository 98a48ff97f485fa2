"""The last check before a letter leaves, and what an answer of the server means for the row.

Theory of operation
-------------------
A claim has already taken the row (SENDING), so nobody else can change it. ``check`` asks everything again
with what is known at that moment: state, suppression, legal basis, approval for exactly this content and
date, and — by planning this one step anew with the same function as ever — calendar, pace, order and
expiry. Whatever is not allowed goes back where a person or the next beat takes it up; nothing is sent on
the strength of an old decision. ``outcome`` writes the message row alone (law 5).

What goes back to the desk is written together with its enrollment: as nothing has left, somebody else may be
first (the enrollment was stopped meanwhile, say), and then it is decided anew. The beat looks at it at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core import progress, states
from nurture.core.approval import WHOLE_DAY, has_strayed
from nurture.core.change import Change
from nurture.core.messages import EnrollmentState, Entry, Message, MessageState
from nurture.core.plan import StepOutcome
from nurture.core.sending import Outcome, Verdict
from nurture.core.survey import from_own_mailbox, leaves_today, window_open
from nurture.core.windows import fraction

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from nurture.core.calendar import Calendar
    from nurture.core.content import ContentItem
    from nurture.core.dossier import Dossier
    from nurture.core.ids import MailboxId
    from nurture.core.limits import Wait
    from nurture.core.scenario import Scenario
    from nurture.core.survey import Survey

RETRIES_FOR: Final = timedelta(days=2)
"""A letter that a server keeps putting off is tried this long; then a person decides (RFC 5321, 4.5.4.1
asks for four to five days of a relay; a mail that answers a meeting is stale by then)."""

GONE: Final = Outcome(Verdict.UNKNOWN, "the daemon stopped while it was sending")
"""Of a claim that nobody has in hand any more, when the letter may have been on the wire."""

PAUSE: Final = timedelta(seconds=5)
"""A letter that found no line is not claimed again before this."""


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
    held = refusal or _held_for(message, dossier, mailboxes)
    if held is not None:
        return _hold(message, dossier, held, now)
    return _check_date(message, survey, now, tolerance) if survey else None


def may_leave(
    message: Message,
    dossier: Dossier,
    scenario: Scenario,
    calendars: tuple[Calendar, ...],
    items: Sequence[ContentItem],
    now: datetime,
    mailboxes: Collection[MailboxId],
    tolerance: timedelta = WHOLE_DAY,
) -> bool:
    """Whether ``check`` would let this claimed mail leave: said quickly, without planning the rest.

    True is certain. False says nothing: then plan anew and ``check``.

    Raises:
        UserError: the zone of the person or the scenario does not exist.
    """
    return (
        dossier.enrollment.state is EnrollmentState.ACTIVE
        and progress.refusal(dossier) is None
        and _held_for(message, dossier, mailboxes) is None
        and from_own_mailbox(dossier, message)
        and not has_strayed(message, now, tolerance)
        and leaves_today(dossier, scenario, calendars, items, now, message)
    )


def _held_for(message: Message, dossier: Dossier, mailboxes: Collection[MailboxId] | None) -> str | None:
    """What stands against this mail, dates apart."""
    if dossier.enrollment.state is EnrollmentState.PAUSED:
        return "paused"
    approvals = [a for a in message.approvals if a.fingerprint == message.fingerprint]
    needed = 2 if message.approve == "two_people" else 1
    if len({a.by for a in approvals}) < needed:
        return "not_approved_so"
    if len({a.by for a in approvals if a.holds == dossier.enrollment.holds}) < needed:
        return "called_back"  # while it was on the wire, and the server put it off
    if message.to_address.lower() != dossier.person.email.lower():
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
        return _hold(message, survey.dossier, "moved", now)
    if (stale := progress.stale_text(survey, message, same_day=True)) is not None:
        return _hold(message, survey.dossier, stale, now)
    leaves_now = planned.planned_on == survey.today and window_open(survey, step, now)
    # The same day, but this window is over: the approval holds for the next one, unless that is too far from it.
    at = planned.planned_at.astimezone(now.tzinfo) if planned.planned_at else message.planned_at
    if has_strayed(message, now if leaves_now else at or now, tolerance):
        return _hold(message, survey.dossier, "other_hour", now)
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
    change = _back(message, "put_back", "message.put_back", reason, now, **data)
    if again is None:
        return change
    (moved,) = (put for put in change.puts if isinstance(put, Message))
    return Change((replace(moved, not_before=again),), change.entries)


def put_off(message: Message, wait: Wait, now: datetime) -> Change:
    """Undo a claim that a limit forbids for now: it stays approved, and comes again when there is room."""
    (moved,) = _back(message, "put_back", "", wait.reason, now).puts
    assert isinstance(moved, Message)
    if wait.until is not None:
        moved = replace(moved, not_before=wait.until)
    said = {"what": wait.what, "limit": wait.limit, "span": wait.span}
    until = wait.until.isoformat() if wait.until else None
    entry = _entry(moved, "message.put_off", now, reason=wait.reason, until=until, **said)
    return Change((moved,), (entry,))


def kept_back(message: Message, reason: str, now: datetime, by: str) -> Change:
    """Bring an approved mail back to the desk, as a person decided: it needs a fresh approval."""
    change = _back(message, "hold", "message.held", reason, now)
    return Change(change.puts, tuple(replace(entry, actor=by) for entry in change.entries))


def retry_at(message: Message, now: datetime) -> datetime | None:
    """When to try again after the n-th 'later': 5, 10, 20 … minutes, at most 4 hours; None after two days.

    The jitter is a hash of the id, so that a re-run decides the same (law 2).
    """
    first = message.planned_at or now
    if now - first > RETRIES_FOR:
        return None
    minutes = min(5 * 2 ** min(message.attempts, 6), 240)
    return now + timedelta(minutes=minutes, seconds=int(fraction(message.id) * 60))


def outcome(message: Message, found: Outcome, now: datetime) -> Change:
    """The row after the server's answer: this and a line of the journal, nothing that could be refused."""
    if found.verdict is Verdict.UNTOUCHED:
        return put_back(message, "no_line", now, now + PAUSE, answer=found.answer)
    if found.verdict is Verdict.ACCEPTED:
        done = replace(
            message,
            state=states.move(states.MESSAGES, message.state, "sent"),
            sent_at=now,
            answer=found.answer,
            reason="",
        )
        return Change((done,), (_entry(done, "message.sent", now, header_id=done.header_id, answer=found.answer),))
    if found.verdict is Verdict.LATER and (again := retry_at(message, now)) is not None:
        later = replace(
            message,
            state=states.move(states.MESSAGES, message.state, "retry"),
            attempts=message.attempts + 1,
            not_before=again,
            answer=found.answer,
            reason="later",
            claimed_by="",
            claimed_at=None,
        )
        return Change(
            (later,), (_entry(later, "message.deferred", now, answer=found.answer, again=again.isoformat()),)
        )
    if found.verdict is Verdict.UNKNOWN:
        doubt = replace(
            message,
            state=states.move(states.MESSAGES, message.state, "doubt"),
            answer=found.answer,
            reason="line_lost",
        )
        return Change((doubt,), (_entry(doubt, "message.in_doubt", now, answer=found.answer),))
    reason = {Verdict.REFUSED_RECIPIENT: "refused_recipient", Verdict.LATER: "put_off_too_long"}
    failed = replace(
        message,
        state=states.move(states.MESSAGES, message.state, "fail"),
        answer=found.answer,
        reason=reason.get(found.verdict, "refused"),
    )
    return Change((failed,), (_entry(failed, "message.failed", now, reason=failed.reason, answer=found.answer),))


def unsendable(message: Message, problem: str, now: datetime) -> Change:
    """A mail that cannot be put into bytes (an address that no server should see): a person decides."""
    return outcome(message, Outcome(Verdict.REFUSED, problem), now)


def doubt(message: Message, now: datetime) -> Change:
    """A claim whose daemon is gone: nobody knows whether the letter left."""
    return outcome(message, GONE, now)


def is_same_claim(row: Message, claimed: Message) -> bool:
    """Whether a row is still claimed as it was: not settled meanwhile, and not claimed again since, by anybody."""
    return row.state is MessageState.SENDING and (row.claimed_by, row.claimed_at) == (
        claimed.claimed_by,
        claimed.claimed_at,
    )
