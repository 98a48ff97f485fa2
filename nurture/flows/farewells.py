"""Drafts around a departure: thanks to who leaves, an introduction to who follows (practice F27).

Both are scenarios, named in ``config.toml`` (``farewell`` and ``introduction`` under ``[work]``): what they write
waits at the desk like every mail, stops at an answer, and is explained by ``nurture why``. Nobody is thanked twice
for one departure, and who knows us is not introduced. Why there is no draft stands in the journal.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.beginning import begin
from nurture.core.change import Change
from nurture.core.draft import Beside
from nurture.core.ids import derived
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Message, MessageState
from nurture.core.people import Person
from nurture.core.progress import entry, redrafted
from nurture.core.states import LEFT
from nurture.errors import UserError
from nurture.flows import enroll, suppressions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from nurture.core.dossier import Dossier
    from nurture.core.ids import EnrollmentId
    from nurture.ports import Doors

AGAIN: Final = timedelta(days=180)
"""A departure that is told of once more within this time is the same."""
RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)
SEEN: Final = frozenset({*LEFT, MessageState.REJECTED})
"""What left, or was refused by a person, is not written again."""


async def farewell(
    doors: Doors, person: Person, *, by: str, now: datetime, key: str, ending: Collection[Enrollment] = ()
) -> Change:
    """The beginning of the thanks to who leaves, or the line that says why there are none.

    Args:
        doors: as ever.
        person: who leaves.
        by: who recorded it.
        now: UTC.
        key: of what told of it: the same mail begins the same enrollment.
        ending: enrollments that end by the same change.
    """
    name = doors.settings.work.farewell
    if not name:
        return Change()
    if (reason := await _against(doors, person)) is not None:
        return none(person, "farewell", reason, by, now)
    known = await doors.store.find(Enrollment, {"person_id": person.id, "scenario_id": name})
    lately = [e for e in known if (e.enrolled_at or e.anchor_at) > now - AGAIN]
    over = {e.id for e in ending}
    if any(e.state in RUNNING and e.id not in over for e in lately) or await _seen(doors, lately):
        return none(person, "farewell", "drafted_already", by, now)
    return await _begin(doors, person, person, name, "farewell", by=by, now=now, key=derived("farewell", key))


async def introduction(doors: Doors, before: Person, after: Person, *, by: str, now: datetime) -> Change:
    """The beginning of the introduction to who follows, or the line that says why there is none.

    Args:
        doors: as ever.
        before: who leaves.
        after: who follows, as the same change writes it.
        by: who recorded it.
        now: UTC.
    """
    name = doors.settings.work.introduction
    if not name:
        return Change()
    if (reason := await _against(doors, after)) is not None:
        return none(after, "introduction", reason, by, now)
    mails = await doors.store.find(Message, {"person_id": after.id, "state": tuple(LEFT)}, limit=1)
    running = await doors.store.find(Enrollment, {"person_id": after.id, "state": RUNNING}, limit=1)
    if mails or running:
        return none(after, "introduction", "known_already", by, now)
    known = await doors.store.find(Enrollment, {"person_id": after.id, "scenario_id": name})
    if await _seen(doors, known):
        return none(after, "introduction", "drafted_already", by, now)
    key = derived(f"introduction:{before.id}/{after.id}", str(len(known)))
    return await _begin(doors, after, before, name, "introduction", by=by, now=now, key=key)


async def rewritten(doors: Doors, person: Person, now: datetime) -> Change:
    """Thanks that wait at the desk are written anew, for they ask who follows; a text of a person's own stays."""
    where = {"person_id": person.id, "scenario_id": doors.settings.work.farewell, "state": EnrollmentState.ACTIVE}
    change = Change()
    for dossier in await doors.store.dossiers(tuple(e.id for e in await doors.store.find(Enrollment, where)), now):
        waiting = [m for m in dossier.messages if m.state is MessageState.WAITING and m.edited_by is None]
        again = tuple(redrafted(m, same_day=True) for m in waiting)
        said = tuple(entry(dossier, "message.rewritten", now, m, reason="successor_named") for m in again)
        change += Change((replace(dossier.enrollment, wake_at=now), *again), said) if again else Change()
    return change


async def beside(doors: Doors, dossiers: Sequence[Dossier]) -> Mapping[EnrollmentId, Beside]:
    """Who follows those who are thanked, and who went before those who are introduced, by enrollment."""
    work = doors.settings.work
    leaving = {d.id: d.person.successor_id for d in dossiers if d.enrollment.scenario_id == work.farewell}
    coming = {d.id: d.person.id for d in dossiers if d.enrollment.scenario_id == work.introduction}
    wanted = tuple({key for key in leaving.values() if key})
    after = {p.id: p for p in await doors.store.find(Person, {"id": wanted})} if wanted else {}
    ids = tuple(set(coming.values()))
    before = {p.successor_id: p for p in await doors.store.find(Person, {"successor_id": ids})} if ids else {}
    found = {key: Beside(successor=after[who]) for key, who in leaving.items() if who in after}
    return found | {key: Beside(predecessor=before[who]) for key, who in coming.items() if who in before}


def none(person: Person, what: str, reason: str, by: str, now: datetime) -> Change:
    """The journal's line of a draft that is not made."""
    return Change(
        (),
        (
            Entry(
                at=now,
                kind=f"{what}.none",
                actor=by,
                data={"reason": reason},
                person_id=person.id,
                organisation_id=person.organisation_id,
            ),
        ),
    )


async def _against(doors: Doors, person: Person) -> str | None:
    """Why nothing may be written to this person at all."""
    if person.rep_id is None:
        return "no_rep"
    if not person.legal_basis.allows_mail:
        return "no_legal_basis"
    silent = await suppressions.in_force(doors, person.email, (person.organisation_id,))
    return "suppressed" if silent else None


async def _seen(doors: Doors, enrollments: Sequence[Enrollment]) -> bool:
    ids = tuple(e.id for e in enrollments)
    if not ids:
        return False
    return bool(await doors.store.find(Message, {"enrollment_id": ids, "state": tuple(SEEN)}, limit=1))


async def _begin(
    doors: Doors, person: Person, before: Person, name: str, what: str, *, by: str, now: datetime, key: str
) -> Change:
    """Start it, with the deal and the meeting of what ran with the predecessor."""
    try:
        scenario = doors.library.scenario(name)
    except UserError:
        return none(person, what, "no_scenario", by, now)
    last = await doors.store.find(Enrollment, {"person_id": before.id}, order=("-enrolled_at",), limit=1)
    assert person.rep_id is not None
    started = begin(
        person,
        scenario,
        key=key,
        anchor_at=now,
        now=now,
        by=by,
        rep_id=person.rep_id,
        deal_id=last[0].deal_id if last else None,
        meeting_id=last[0].meeting_id if last else None,
    )
    return Change(await enroll.kept_text(doors, scenario, now)) + started
