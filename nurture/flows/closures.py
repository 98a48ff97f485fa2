"""Days on which one organisation is not to be written to: put in, taken out; its people are planned anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.change import Change
from nurture.core.ids import RepId
from nurture.core.messages import Enrollment, EnrollmentState, Entry
from nurture.core.people import Closure, Organisation
from nurture.errors import StaleVersion, TemporaryFailure, UserError
from nurture.mail.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from nurture.core.ids import OrganisationId
    from nurture.core.messages import Message
    from nurture.ports import Doors

TRIES: Final = 5
"""How often a change is decided anew when somebody else wrote first."""
LONGEST: Final = timedelta(days=365)
MOST: Final = 200
EFFECTS: Final = ("blackout", "holiday", "quiet")
KEPT: Final = timedelta(days=365)
"""How long a quiet period is remembered after its end."""
BEAT: Final = RepId("nurture")


async def add(doors: Doors, organisation_id: OrganisationId, closure: Closure, *, by: RepId) -> Organisation:
    """Keep a closure with an organisation.

    Raises:
        UserError: no such organisation; the closure says nothing that can be kept; it is kept already.
        TemporaryFailure: the rows were never quiet; nothing has changed.
    """
    _check(closure)

    def put(before: Organisation) -> tuple[Closure, ...]:
        """Add it."""
        if closure in before.closures:
            raise UserError("{name} has this closure already", name=before.name)
        if len(before.closures) >= MOST:
            raise UserError("{name} has {limit} closures already", name=before.name, limit=MOST)
        return tuple(sorted((*before.closures, closure), key=lambda c: (c.start, c.end, c.name)))

    kind = "organisation.quiet" if closure.effect == "quiet" else "organisation.closed"
    return await _change(doors, organisation_id, kind, closure, put, by)


async def rest(doors: Doors, message: Message, organisation_id: OrganisationId, days: int) -> None:
    """The quiet days that follow a weighty mail (practice C17), once for each mail: whatever people do to them.

    Raises:
        UserError: no such organisation.
        TemporaryFailure: the rows were never quiet; nothing has changed.
    """
    if message.planned_on is None or not days:
        return
    first, last = message.planned_on + timedelta(days=1), message.planned_on + timedelta(days=days)
    period = Closure(first, last, one_line(message.subject)[:200] or message.step_id, "quiet", message.id)

    def put(before: Organisation) -> tuple[Closure, ...]:
        """Unless it has been begun; those long over are forgotten."""
        known = [c for c in before.closures if c.message_id is None or c.start > first - KEPT]
        if any(c.message_id == message.id for c in known) or len(known) >= MOST:
            return before.closures
        return tuple(sorted((*known, period), key=lambda c: (c.start, c.end, c.name)))

    await _change(doors, organisation_id, "organisation.quiet", period, put, BEAT)


async def remove(doors: Doors, organisation_id: OrganisationId, closure: Closure, *, by: RepId) -> Organisation:
    """Take a closure out again. A quiet period that a mail began is remembered as ended.

    Raises:
        UserError: no such organisation; it has no such closure.
        TemporaryFailure: the rows were never quiet; nothing has changed.
    """

    def take(before: Organisation) -> tuple[Closure, ...]:
        """Take it away."""
        if closure not in before.closures:
            raise UserError("{name} has no such closure", name=before.name)
        ended = (replace(closure, end=closure.start - timedelta(days=1)),) if closure.message_id else ()
        return (*(c for c in before.closures if c != closure), *ended)

    return await _change(doors, organisation_id, "organisation.reopened", closure, take, by)


def _check(closure: Closure) -> None:
    if closure.end < closure.start:
        raise UserError("the last day lies before the first")
    if closure.end - closure.start > LONGEST:
        raise UserError("a closure lasts for a year at most", hint="stop the enrollments instead: nurture stop")
    if not closure.name.strip() or len(closure.name) > 200 or not closure.name.isprintable():
        raise UserError("a closure needs a name of one line, as people will read it")
    if closure.effect not in EFFECTS:
        raise UserError("found {found}, expected one of {expected}", found=closure.effect[:60], expected=EFFECTS)


async def _change(
    doors: Doors,
    organisation_id: OrganisationId,
    kind: str,
    closure: Closure,
    decide: Callable[[Organisation], tuple[Closure, ...]],
    by: RepId,
) -> Organisation:
    for _ in range(TRIES):
        before = await doors.store.get(Organisation, organisation_id)
        if before is None:
            raise UserError("There is no organisation {id}", id=organisation_id)
        after = replace(before, closures=decide(before))
        if after == before:
            return before
        running = await doors.store.find(
            Enrollment, {"organisation_id": organisation_id, "state": EnrollmentState.ACTIVE}
        )
        now = doors.clock.now()
        woken = tuple(replace(enrollment, wake_at=now) for enrollment in running)
        try:
            await doors.store.commit(Change((after, *woken), (_said(kind, after, closure, by, now),)))
        except StaleVersion:
            continue
        return replace(after, version=before.version + 1)
    raise TemporaryFailure("Others keep writing to the same rows; please try again")


def _said(kind: str, organisation: Organisation, closure: Closure, by: RepId, now: datetime) -> Entry:
    data = {
        "from": closure.start.isoformat(),
        "to": closure.end.isoformat(),
        "name": closure.name,
        "effect": closure.effect,
    }
    return Entry(
        at=now,
        kind=kind,
        actor=by,
        data=data,
        organisation_id=organisation.id,
        message_id=closure.message_id,
    )
