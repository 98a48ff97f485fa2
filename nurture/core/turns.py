"""What becomes of one enrollment: it pauses, rests for a while, goes on with fresh approvals, or stops.

Rows that are on the wire (SENDING) are never touched: their outcome belongs to the sender; the pause or stop of
the enrollment is what keeps the next mail in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nurture.core import progress, states
from nurture.core.calendar import shifted
from nurture.core.change import Change
from nurture.core.deals import TaskState
from nurture.core.messages import Enrollment, EnrollmentState, Message, MessageState
from nurture.core.scenario import AHEAD
from nurture.core.windows import ANY_TIME, instant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from nurture.core.dossier import Dossier
    from nurture.core.scenario import Scenario

RESTED: Final = "rest"
"""Why an enrollment rests that a person sent to rest: no rule and no mail wakes it sooner."""


def is_resting(enrollment: Enrollment) -> bool:
    """Whether it is paused until a day that is known, and goes on by itself then."""
    return enrollment.state is EnrollmentState.PAUSED and enrollment.wake_at is not None


def outlasts(enrollment: Enrollment, day: date, zone: ZoneInfo) -> bool:
    """Whether a person sent it to rest for longer than until this day."""
    return (
        enrollment.reason == RESTED
        and enrollment.state is EnrollmentState.PAUSED
        and enrollment.wake_at is not None
        and enrollment.wake_at.astimezone(zone).date() > day
    )


def held(messages: Iterable[Message], reason: str) -> tuple[Message, ...]:
    """Queued mails taken back to the desk for a fresh approval."""
    return tuple(
        replace(m, state=states.move(states.MESSAGES, m.state, "hold"), reason=reason, approvals=())
        for m in messages
        if m.state in states.QUEUED
    )


def pause(dossier: Dossier, reason: str, now: datetime, actor: str = "nurture") -> Change:
    """Pause an enrollment; its queued mails go back to the desk, its planned ones lose their dates."""
    paused = replace(
        dossier.enrollment,
        state=states.move(states.ENROLLMENTS, dossier.enrollment.state, "pause"),
        reason=reason,
        wake_at=None,
        holds=dossier.enrollment.holds + 1,
    )
    undated = tuple(
        replace(
            m,
            state=states.move(states.MESSAGES, m.state, "replan"),
            planned_on=None,
            planned_at=None,
            reason=reason,
        )
        for m in dossier.messages
        if m.state is MessageState.PLANNED
    )
    queued = tuple(replace(m, planned_on=None, planned_at=None) for m in held(dossier.messages, reason))
    said = replace(progress.entry(dossier, "enrollment.paused", now, reason=reason), actor=actor)
    return Change((paused, *undated, *queued), (said,))


def rest(dossier: Dossier, reason: str, day: date, zone: ZoneInfo, now: datetime, actor: str) -> Change:
    """Pause until the morning of a day; the beat resumes it then."""
    until = instant(day, ANY_TIME.start, zone)
    change = pause(dossier, reason, now, actor)
    puts = tuple(replace(p, wake_at=until) if isinstance(p, Enrollment) else p for p in change.puts)
    entries = tuple(
        replace(e, data={**e.data, "until": str(day)}) if e.kind == "enrollment.paused" else e
        for e in change.entries
    )
    return Change(puts, entries)


def hold(dossier: Dossier, reason: str, now: datetime, actor: str) -> Change:
    """Go on, but what is queued needs a fresh approval: it was given before this happened."""
    back = held(dossier.messages, reason)
    entries = tuple(
        replace(progress.entry(dossier, "message.held", now, m, reason=reason), actor=actor) for m in back
    )
    called_back = replace(dossier.enrollment, holds=dossier.enrollment.holds + 1)
    if called_back.state is EnrollmentState.ACTIVE:
        called_back = replace(called_back, wake_at=now)
    return Change((called_back, *back), entries)


def stop(dossier: Dossier, reason: str, now: datetime, actor: str = "nurture") -> Change:
    """Stop an enrollment for good."""
    change = progress.end(dossier, "stop", reason, now)
    return Change(change.puts, tuple(replace(e, actor=actor) for e in change.entries))


def reopen(dossier: Dossier, now: datetime, actor: str) -> Change:
    """Take a stop back: paused, as it was before; what the stop cancelled may be planned again when it resumes.

    What had left, and what a person rejected or skipped before, stays as it is.
    """
    enrollment = dossier.enrollment
    opened = replace(
        enrollment,
        state=states.move(states.ENROLLMENTS, enrollment.state, "reopen"),
        reason="reopened",
        wake_at=None,
        ended_at=None,
        holds=enrollment.holds + 1,
    )
    again = tuple(
        replace(
            m,
            state=states.move(states.MESSAGES, m.state, "replan"),
            reason="",
            planned_on=None,
            planned_at=None,
            approvals=(),
            subject="",
            body="",
            edited_by=None,
            content_id=None,
            rendered_at=None,
        )
        for m in dossier.messages
        if m.state is MessageState.CANCELLED
    )
    tasks = tuple(
        replace(t, state=states.move(states.TASKS, t.state, "replan"))
        for t in dossier.tasks
        if t.state is TaskState.DROPPED and t.step_id is not None
    )
    said = progress.entry(
        dossier, "enrollment.reopened", now, reason=enrollment.reason, steps=[m.step_id for m in again]
    )
    return Change((opened, *again, *tasks), (replace(said, actor=actor),))


def resume(dossier: Dossier, scenario: Scenario, now: datetime, zone: ZoneInfo, actor: str) -> Change:
    """Go on: the rest is planned from today with the original spacing (scheduling: stop, pause, resume)."""
    shift_days = _shift(dossier, scenario, now, zone)
    resumed = replace(
        dossier.enrollment,
        state=states.move(states.ENROLLMENTS, dossier.enrollment.state, "resume"),
        reason="",
        wake_at=now,
        shift_days=shift_days,
    )
    said = replace(progress.entry(dossier, "enrollment.resumed", now, shift=shift_days), actor=actor)
    return Change((resumed,), (said,))


def _shift(dossier: Dossier, scenario: Scenario, now: datetime, zone: ZoneInfo) -> int:
    """How far what is left moves: so that the next step is not before today, the spacing kept.

    What is counted from a date that lies ahead, an event or the end of a contract, stays where it is.
    """
    if scenario.is_event or scenario.anchor in AHEAD:
        return dossier.enrollment.shift_days
    over = {m.step_id for m in dossier.messages if m.state not in states.UNSENT}
    over |= {t.step_id for t in dossier.tasks if t.step_id and t.state is not TaskState.PLANNED}
    following = next((step for step in scenario.steps if step.id not in over), None)
    if following is None:
        return dossier.enrollment.shift_days
    start = following.start.after(dossier.enrollment.anchor_at.astimezone(zone).date())
    nominal = shifted(start, following.day - 1)
    return max(dossier.enrollment.shift_days, (now.astimezone(zone).date() - nominal).days)
