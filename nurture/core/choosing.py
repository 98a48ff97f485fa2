"""Another date for a mail than the plan's, as a person chooses it: what may be chosen, what becomes of the row.

A chosen date is asked of the same rules as a planned one. It stands in the row's ``moves``, so it is explained as
every other date is, and plans keep to it (``Request.chosen``). What makes it impossible later moves the mail as it
moves any other: what was approved goes back to the desk with the reason.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core import plan, windows
from nurture.core.messages import CHOSEN, Move
from nurture.core.plan import Day
from nurture.errors import UserError

if TYPE_CHECKING:
    from nurture.core.dossier import Dossier
    from nurture.core.ids import RepId
    from nurture.core.messages import Message
    from nurture.core.survey import Survey
    from nurture.errors import NurtureError

AHEAD: Final = 15
"""So many days are offered, from the recipient's today on or around the date that the plan has."""
FREE: Final = 5
"""At least so many of them should be free: else the list goes on."""
MOST: Final = 60
"""It goes on for so many days at most."""
BEFORE: Final = timedelta(days=4)


def _taken(move: Move) -> UserError:
    """The date cannot be had; its value ``move`` says what stands against it."""
    return UserError(
        "It cannot leave on that day", hint="nurture queue dates shows which days are free", move=move
    )


def against(error: NurtureError | None) -> Move | None:
    """What stands against the date that was asked for, where that is what is wrong."""
    found = error.values.get("move") if error is not None else None
    return found if isinstance(found, Move) else None


def offered(survey: Survey, message: Message, also: date | None = None) -> tuple[Day, ...]:
    """The days around a mail's date, each with what stands against it; ``also`` one more that somebody asked for.

    Empty for what leaves as soon as it is approved, and for what no scenario plans.
    """
    step = survey.scenario.step(message.step_id)
    if step is None or step.within_seconds is not None or message.planned_on is None:
        return ()
    first = max(survey.today, message.planned_on - BEFORE)
    asked = plan.days_for(survey.request, step.id, [first + timedelta(days=n) for n in range(MOST)])
    found: list[Day] = []
    for day in asked:
        if len(found) >= AHEAD and sum(one.against is None for one in found) >= FREE:
            break
        found.append(day)
    if also is not None and also not in {day.on for day in found}:
        found += plan.days_for(survey.request, step.id, (also,))
    return tuple(sorted(found, key=lambda day: day.on))


def with_choice(dossier: Dossier, message: Message, day: date, by: RepId) -> Dossier:
    """The dossier in which this mail has the date that ``by`` chose."""
    chosen = replace(message, moves=(Move(CHOSEN, by, message.nominal, day),))
    return replace(dossier, messages=tuple(chosen if m.id == message.id else m for m in dossier.messages))


def choose(survey: Survey, message: Message, day: date, at: time | None, now: datetime) -> Message:
    """The mail with that date; its text is as it was.

    Args:
        survey: with the choice in its dossier (``with_choice``).
        message: as it stands.
        day: the recipient's.
        at: the recipient's time of day; None: the moment that the plan has for that day.
        now: UTC.

    Raises:
        UserError: something stands against the date (``against``); it leaves as soon as it is approved; the time
            lies outside of the day's windows or is over.
    """
    step = survey.scenario.step(message.step_id)
    planned = next((p for p in survey.plan.steps if p.step_id == message.step_id), None)
    if step is None or planned is None or step.within_seconds is not None:
        raise UserError("This mail leaves as soon as it is approved")
    (asked,) = plan.days_for(survey.request, step.id, (day,))
    if asked.against is not None:
        raise _taken(asked.against)
    if planned.planned_on != day or planned.planned_at is None:
        raise _taken(planned.moves[-1] if planned.moves else Move("no_date", None, day))
    moment = planned.planned_at.astimezone(UTC) if at is None else _moment(survey, asked, at, now)
    return replace(message, planned_on=day, planned_at=moment, moves=planned.moves, expires_on=planned.expires_on)


def _moment(survey: Survey, asked: Day, at: time, now: datetime) -> datetime:
    assert asked.at is not None
    zone = plan.zone_of(survey.request.profile.timezone or survey.scenario.timezone)
    moment = windows.instant(asked.on, at, zone)
    if moment <= now:
        raise UserError("That time is over")
    hours = asked.hours or (windows.ANY_TIME,)
    if not any(
        part.start <= moment < part.end for one in hours for part in windows.stretches(asked.on, one, zone)
    ):
        spans = ", ".join(f"{one.start:%H:%M}–{one.end:%H:%M}" for one in hours)
        raise UserError("On that day mail leaves at {hours}", hours=spans)
    return moment
