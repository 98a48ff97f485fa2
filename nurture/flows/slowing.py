"""How often somebody wants our mail, as a person enters it: slower, otherwise, or as the scenarios say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from nurture.core import often, silencing, states, suppressions, turns
from nurture.core.change import Change
from nurture.core.messages import (
    Enrollment,
    EnrollmentState,
    Entry,
    Message,
    MessageState,
    Suppression,
    SuppressionScope,
)
from nurture.core.suppressions import Consent
from nurture.errors import UserError
from nurture.flows import acting
from nurture.ports import Span

if TYPE_CHECKING:
    from nurture.core.dossier import Dossier
    from nurture.core.ids import PersonId, RepId
    from nurture.ports import Doors


async def known(doors: Doors, address: str) -> tuple[Suppression, ...]:
    """The paces of an address, in force or lifted."""
    start = f"{address.lower()}#every-"
    rows = await doors.store.find(
        Suppression, {"value": Span(start, f"{address.lower()}#every."), "scope": SuppressionScope.TOPIC}
    )
    return tuple(row for row in rows if often.days_of(row) is not None)


async def pace(doors: Doors, address: str) -> int | None:
    """At least so many days from one mail to the next, at the reader's wish."""
    return often.pace(await known(doors, address))


async def carried(doors: Doors, before: str, after: str) -> Change:
    """The partial refusals of an address, for the one that its reader has now."""
    old, new = before.lower(), after.lower()
    rows = await doors.store.find(Suppression, {"value": Span(f"{old}#", f"{old}$"), "lifted_at": None})
    wanted = {f"{new}#{row.value.rpartition('#')[2]}": row for row in rows}
    there = await doors.store.find(Suppression, {"value": tuple(wanted)}) if wanted else ()
    puts = []
    for value, row in wanted.items():
        there_already = next((one for one in there if one.value == value), None)
        if there_already is not None and there_already.lifted_at is None:
            continue
        made = silencing.suppression(value, row.reason, row.source, row.at, row.evidence, row.scope)
        puts.append(replace(made, version=there_already.version) if there_already else made)
    return Change(tuple(puts))


def _open_again(dossier: Dossier) -> tuple[Message, ...]:
    """What found no date, maybe for the pace, is sought one for anew."""
    return tuple(
        replace(
            m,
            state=states.move(states.MESSAGES, m.state, "replan"),
            reason="",
            moves=(m.chosen,) if m.chosen else (),
        )
        for m in dossier.messages
        if m.state in {MessageState.SKIPPED, MessageState.EXPIRED} and m.reason in {"no_date", "expiry"}
    )


async def slow_down(
    doors: Doors, person_id: PersonId, days: int | None, *, by: RepId, source: str, evidence: str
) -> None:
    """Enter how often mail is welcome; what is queued is planned and approved anew.

    Args:
        doors: as ever.
        person_id: who.
        days: at least so many from one mail to the next; None: as the scenarios say.
        by: who enters it.
        source: cli | web.
        evidence: what was said, when and how: it is kept as what proves it.

    Raises:
        UserError: no such person, this person may not, nothing is said of how it was told, or the days are none.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    person = await acting.person(doors, person_id, by)
    said = evidence.strip()
    if not said:
        raise UserError("say how and when it was told", hint="it is kept as what proves it")
    if days is not None and not 1 <= days <= often.LONGEST:
        raise UserError("a pace is from 1 to {days} days", days=often.LONGEST)
    now, rows = doors.clock.now(), await known(doors, person.email)
    zone = ZoneInfo(doors.settings.timezone)
    consent = Consent(person.name, now.astimezone(zone).date(), said, said)
    wanted = often.value(person.email, days) if days is not None else None
    puts = [
        suppressions.lift(row, consent, now, zone) for row in rows if row.lifted_at is None and row.value != wanted
    ]
    before = next((row for row in rows if row.value == wanted), None)
    if wanted is not None and (before is None or before.lifted_at is not None):
        fresh = silencing.suppression(wanted, "less_often", source, now, said, SuppressionScope.TOPIC)
        puts.append(replace(fresh, version=before.version) if before else fresh)
    if not puts:
        return
    entry = Entry(
        at=now,
        kind="person.paced" if days is not None else "person.unpaced",
        actor=by,
        data={"days": days, "evidence": said} if days is not None else {"evidence": said},
        person_id=person.id,
        organisation_id=person.organisation_id,
    )
    change = Change(tuple(puts), (entry,))
    running = {"person_id": person.id, "state": EnrollmentState.ACTIVE}
    ids = tuple(e.id for e in await doors.store.find(Enrollment, running))
    for dossier in await doors.store.dossiers(ids, now) if ids else ():
        change += turns.hold(dossier, "less_often", now, by) + Change(_open_again(dossier))
    await doors.store.commit(change)
