"""What a person enters after a mail that told of it: no more mail, another address, a departure, who follows, and
on what basis mail is allowed (practice F27).

A representative may do it for people of his own; whoever sees them may too. Each is one change with its line in
the journal, and none sends anything: thanks and introductions begin as drafts (``flows.farewells``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nurture.core import turns
from nurture.core.change import Change
from nurture.core.ids import PersonId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, SuppressionScope
from nurture.core.people import LegalBasis, Person
from nurture.core.suppressions import Refusal
from nurture.errors import UserError
from nurture.flows import acting, erasing, farewells, slowing, succession, suppressions
from nurture.mail.address import check_address

if TYPE_CHECKING:
    from nurture.core.dossier import Dossier
    from nurture.core.ids import RepId
    from nurture.ports import Doors


RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)


async def refuse_mail(doors: Doors, person_id: PersonId, *, by: RepId, evidence: str) -> None:
    """Enter that somebody wants no more mail, said by telephone or in words that were not understood.

    Raises:
        UserError: no such person, this person may not, or nothing is said of how it was told.
        TemporaryFailure: others kept writing to the same rows.
    """
    person = await acting.person(doors, person_id, by)
    if not evidence.strip():
        raise UserError("say how and when it was told", hint="it is kept as what proves it")
    refusal = Refusal(SuppressionScope.ADDRESS, person.email.lower(), "unsubscribe", evidence.strip())
    await suppressions.add(doors, (refusal,), by=by, source="web")


async def correct_address(doors: Doors, person_id: PersonId, email: str, *, by: RepId) -> Person:
    """Give somebody another address: what has not left is written to it, and approved anew.

    What stands against the old address goes on standing against the old address alone; what its reader wished, no
    mail about a topic or mail less often, goes along.

    Raises:
        UserError: no such person, this person may not, this is no address, or it is somebody else's.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    person = await acting.person(doors, person_id, by)
    address = check_address(email.strip()).lower()
    if address == person.email.lower():
        return person
    if others := await doors.store.find(Person, {"email": address}, limit=1):
        raise UserError("{email} is the address of {name} already", email=address, name=others[0].name)
    await erasing.refuse(doors, address)
    now = doors.clock.now()
    running = {"person_id": person.id, "state": EnrollmentState.ACTIVE}
    woken = tuple(replace(e, wake_at=now) for e in await doors.store.find(Enrollment, running))
    said = _entry(person, "person.readdressed", doors, by, before=person.email, after=address)
    change = Change((replace(person, email=address), *woken), (said,))
    await doors.store.commit(change + await slowing.carried(doors, person.email, address))
    return replace(person, email=address, version=person.version + 1)


async def depart(doors: Doors, person_id: PersonId, *, by: RepId, works: bool) -> None:
    """Record that somebody moves or leaves: all that runs stops, and what was prepared does not leave.

    Args:
        doors: as ever.
        person_id: who.
        by: who records it.
        works: the address still works: a draft of thanks is made for it.

    Raises:
        UserError: no such person, or this person may not.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    person, now = await acting.person(doors, person_id, by), doors.clock.now()
    name = doors.settings.work.farewell
    running = await _running(doors, person)
    ending = [d for d in running if d.enrollment.scenario_id != name]  # thanks that are on their way go on
    change = Change((person,), (_entry(person, "person.departed", doors, by),))
    for dossier in ending:
        change += turns.stop(dossier, "moved", now, by)
    if works:
        ended = [d.enrollment for d in ending]
        key = doors.chance.new_id()
        change += await farewells.farewell(doors, person, by=by, now=now, key=key, ending=ended)
    await doors.store.commit(change)


async def stay(doors: Doors, person_id: PersonId, *, by: RepId) -> None:
    """Take back that somebody leaves: thanks and introduction that have not left are cancelled, nobody follows.

    What the departure stopped is opened again by hand (``enroll.reopen``).

    Raises:
        UserError, StaleVersion: as ``depart``.
    """
    person, now = await acting.person(doors, person_id, by), doors.clock.now()
    work = doors.settings.work
    whom = [(person.id, work.farewell)]
    whom += [(person.successor_id, work.introduction)] if person.successor_id else []
    change = Change((replace(person, successor_id=None),), (_entry(person, "person.stayed", doors, by),))
    for key, name in whom:
        found = {"person_id": key, "scenario_id": name, "state": RUNNING}
        rows = await doors.store.find(Enrollment, found) if name else ()
        for dossier in await doors.store.dossiers(tuple(e.id for e in rows), now):
            change += turns.stop(dossier, "stayed", now, by)
    await doors.store.commit(change)


async def succeed(doors: Doors, person_id: PersonId, named: succession.Named, *, by: RepId) -> Person:
    """Record who follows somebody: at the same place, for the same representative, with a basis of his own.

    Somebody who is known already by the address is only named as the successor; a basis is noted where there was
    none. Who may be written to, and was not before, is introduced: that is a draft.

    Raises:
        UserError: no such person, this person may not, no address or name, or it is the same person.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    person = await acting.person(doors, person_id, by)
    address = check_address(named.email.strip()).lower()
    if address == person.email.lower():
        raise UserError("nobody follows himself")
    await erasing.refuse(doors, address)
    known = await doors.store.find(Person, {"email": address}, limit=1)
    if known:
        before = known[0]
        fresh = named.legal_basis.allows_mail and not before.legal_basis.allows_mail
        after = replace(before, legal_basis=named.legal_basis) if fresh else before
    else:
        after = succession.heir(doors, person, named, PersonId(doors.chance.new_id()))
    await doors.store.commit(await succession.follow(doors, person, after, by=by, now=doors.clock.now()))
    return after


async def found_basis(doors: Doors, person_id: PersonId, basis: LegalBasis, *, by: RepId) -> Person:
    """Record on what basis mail to somebody is allowed; a successor who was waiting for it is introduced.

    Raises:
        UserError: no such person, this person may not, or the basis is not dated and documented.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    person, now = await acting.person(doors, person_id, by), doors.clock.now()
    if not basis.allows_mail:
        raise UserError("a basis needs a day and what proves it")
    after = replace(person, legal_basis=basis)
    change = Change((after,), (_entry(person, "person.based", doors, by, basis=basis.kind.value),))
    before = await doors.store.find(Person, {"successor_id": person.id}, limit=1)
    if before:
        change += await farewells.introduction(doors, before[0], after, by=by, now=now)
    await doors.store.commit(change)
    return replace(after, version=person.version + 1)


async def _running(doors: Doors, person: Person) -> tuple[Dossier, ...]:
    rows = await doors.store.find(Enrollment, {"person_id": person.id, "state": RUNNING})
    return await doors.store.dossiers(tuple(e.id for e in rows), doors.clock.now()) if rows else ()


def _entry(person: Person, kind: str, doors: Doors, by: RepId, **data: str) -> Entry:
    return succession.entry(person, kind, doors.clock.now(), by, **data)
