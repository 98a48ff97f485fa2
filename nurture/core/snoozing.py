"""Something of Today put aside until a moment, by one of us and for that one alone.

What others see stays as it is: a manager who puts a mail aside must not hide it from its representative. Nothing
is put aside past its own time: a mail comes back before it should leave, a thank-you before its hours are over, a
task before it is due. If that time moves nearer meanwhile, it comes back earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.deals import Task, TaskState
from nurture.core.ids import RepId
from nurture.core.messages import Message, MessageState
from nurture.core.scenario import TASK_KINDS
from nurture.errors import UserError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


MORNING: Final = time(8)
AFTERNOON: Final = time(14)
AHEAD: Final = timedelta(minutes=30)
"""So long before its time at the latest something comes back: enough to read and decide."""
LONGEST: Final = timedelta(days=30)
ANSWERS: Final = timedelta(days=7)
"""The longest for what somebody wrote to us: he waits."""
SHORTEST: Final = timedelta(minutes=15)
NEVER: Final = frozenset({"complaint"})
"""Kinds of tasks that nobody puts aside: somebody is angry."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """What one of us put aside; one row a person and thing, whatever becomes of it."""

    id: str
    rep_id: RepId
    subject_id: str  # of a message or a task
    until: datetime
    at: datetime
    version: int = 0


def latest(subject: Message | Task, now: datetime) -> datetime | None:
    """Until when it may be put aside at most; None: not at all."""
    if isinstance(subject, Message):
        if subject.state is not MessageState.WAITING or subject.planned_at is None:
            return None
        end = min(now + LONGEST, (subject.deadline or subject.planned_at) - AHEAD)
    else:
        if subject.state is not TaskState.OPEN or subject.kind in NEVER:
            return None
        end = now + (LONGEST if subject.kind in TASK_KINDS else ANSWERS)
        if subject.due_at is not None and subject.due_at > now:
            end = min(end, subject.due_at - AHEAD)
    return end if end >= now + SHORTEST else None


def hides(snooze: Snooze | None, subject: Message | Task, now: datetime) -> bool:
    """Whether something is out of sight now: put aside, and not near its own time."""
    if snooze is None or snooze.until <= now:
        return False
    end = latest(subject, now)
    return end is not None and end > now


def choices(subject: Message | Task, now: datetime, zone: ZoneInfo) -> dict[str, datetime]:
    """The moments that are offered, soonest first: those that its own time allows, in the hours of who asks."""
    end = latest(subject, now)
    if end is None:
        return {}
    today = now.astimezone(zone).date()
    workday = today + timedelta(days=1)
    while workday.weekday() > 4:
        workday += timedelta(days=1)
    wished = {
        "hour": now + timedelta(hours=1),
        "afternoon": _at(today, AFTERNOON, zone),
        "tomorrow": _at(today + timedelta(days=1), MORNING, zone),
        "workday": _at(workday, MORNING, zone),
        "week": _at(today + timedelta(days=7), MORNING, zone),
    }
    found: dict[str, datetime] = {}
    for name, moment in wished.items():
        if now + SHORTEST <= moment <= end and moment not in found.values():
            found[name] = moment
    return found


def until(subject: Message | Task, asked: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment of a choice by its name, or the morning of a date (YYYY-MM-DD).

    Raises:
        UserError: it is none, or its own time does not allow it.
    """
    if (found := choices(subject, now, zone).get(asked)) is not None:
        return found
    try:
        moment = _at(date.fromisoformat(asked), MORNING, zone)
    except (ValueError, OverflowError):
        raise UserError("Say until when") from None
    end = latest(subject, now)
    if end is None or moment > end:
        raise UserError("It cannot wait that long")
    if moment < now + SHORTEST:
        raise UserError("That time is over")
    return moment


def _at(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone)
