"""Duplicates: found, shown side by side, and made one (``core.merging``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core import merging
from nurture.core.change import Dispatch
from nurture.core.deals import Meeting, Task
from nurture.core.messages import Enrollment, EnrollmentState, Inbound, Message, Suppression
from nurture.core.people import Person
from nurture.core.seeking import folded
from nurture.errors import Impossible, StaleVersion, UserError
from nurture.flows import acting
from nurture.ports import Holding, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nurture.core.ids import PersonId, RepId
    from nurture.ports import Doors

PAIRS: Final = 100
"""So many suggestions at once."""
LOOKED: Final = 4 * PAIRS
"""People among whom pairs are looked for at once."""
MEETINGS: Final = 5_000
RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)


def plain(email: str) -> str:
    """An address as its owner would read it: without what stands behind a plus, lower case."""
    local, _, domain = email.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


async def suggestions(doors: Doors, where: Mapping[str, object]) -> tuple[tuple[Person, Person], ...]:
    """Entries that may be one person: of one name at one organisation, or of one address but for a plus.

    Args:
        doors: as ever.
        where: whose people (``core.sight``); everybody's where it is empty.
    """
    tagged = await doors.store.find(Person, {**where, "email": Holding("+")}, limit=LOOKED)
    bare = {plain(p.email) for p in tagged}
    others = await doors.store.find(Person, {**where, "email": tuple(bare)}) if bare else ()
    namesakes = await doors.store.twins(reps=where.get("rep_id"), limit=LOOKED)  # type: ignore[arg-type]
    pairs: dict[tuple[str, str], tuple[Person, Person]] = {}
    for key in (lambda p: plain(p.email), lambda p: (p.organisation_id, folded(p.family_name + p.given_name))):
        found: dict[object, Person] = {}
        for person in sorted({p.id: p for p in (*tagged, *others, *namesakes)}.values(), key=_first):
            first = found.setdefault(key(person), person)
            if first is not person:
                pairs.setdefault((first.id, person.id), (first, person))
    return tuple(pairs.values())[:PAIRS]


def _first(person: Person) -> tuple[bool, str, str]:
    """The one that may be written to, then the older one."""
    return not person.legal_basis.allows_mail, str(person.created_at or ""), person.id


async def both(doors: Doors, kept_id: PersonId, other_id: PersonId, by: RepId) -> tuple[Person, Person]:
    """The two, for who may act for both.

    Raises:
        UserError: no such person, twice the same, or this person may not.
    """
    if kept_id == other_id:
        raise UserError("that is one and the same entry")
    kept = await acting.person(doors, kept_id, by)
    return kept, await acting.person(doors, other_id, by)


async def merge(doors: Doors, kept_id: PersonId, other_id: PersonId, *, by: RepId) -> Person:
    """Make one person of two: ``other`` goes, all that was its is the kept one's.

    Raises:
        UserError: as ``both``; or a letter is on the wire just now.
        StaleVersion: somebody wrote to one of them meanwhile; nothing has changed.
    """
    kept, other = await both(doors, kept_id, other_id, by)
    things = await belongings(doors, kept, other)
    if merging.is_on_the_wire(things):
        raise UserError("A letter to this person is just leaving; try again in a minute")
    try:
        await doors.store.commit(merging.merge(kept, other, things, doors.clock.now(), by))
    except Impossible:  # something new points to the one that was to go
        raise StaleVersion("person", other.id) from None
    return merging.completed(kept, other)


async def belongings(doors: Doors, kept: Person, other: Person) -> merging.Belongings:
    """All that points to the one that goes, in a fixed number of queries."""
    store, theirs = doors.store, {"person_id": other.id}
    runs = await store.find(Enrollment, theirs)
    own = await store.find(Enrollment, {"person_id": kept.id, "state": RUNNING})
    running = tuple(e.id for e in (*own, *(e for e in runs if e.state in RUNNING)))
    houses = {e.organisation_id for e in runs} | {kept.organisation_id, other.organisation_id}
    there = {"organisation_id": tuple(h for h in houses if h)}
    meetings = await store.find(Meeting, there, order=("-ended_at",), limit=MEETINGS)
    return merging.Belongings(
        enrollments=runs,
        messages=await store.find(Message, theirs),
        inbounds=await store.find(Inbound, theirs),
        tasks=await store.find(Task, theirs),
        dispatches=await store.find(Dispatch, theirs),
        meetings=[m for m in meetings if any(a.person_id == other.id for a in m.attendees)],
        heirs=await store.find(Person, {"successor_id": other.id}),
        running=await store.dossiers(running, doors.clock.now()) if running else (),
        silences=[s for s in await _silences(doors, other) if s.lifted_at is None],
        known=await _silences(doors, kept),
    )


async def _silences(doors: Doors, person: Person) -> tuple[Suppression, ...]:
    address = person.email.lower()
    return await doors.store.find(
        Suppression, {"value": Span(address, f"{address}$")}
    )  # and its topics, after a #


def differs(kept: Person, other: Person) -> Iterable[tuple[str, object, object, object]]:
    """Field by field where the two differ: of the one, of the other, and what becomes of it."""
    after = merging.completed(kept, other)
    for name in merging.FIELDS:
        one, two = getattr(kept, name), getattr(other, name)
        if one != two:
            yield name, one, two, getattr(after, name)
