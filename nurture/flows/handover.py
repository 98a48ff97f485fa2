"""What a person enters after a mail that told of it: no more mail, another address, a successor (practice F27).

A representative may do it for people of his own; whoever sees them may too. Each is one change with its line in
the journal, and none sends anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from nurture.core import approval
from nurture.core.change import Change
from nurture.core.ids import PersonId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, SuppressionScope
from nurture.core.people import LegalBasis, Person, Profession, Representative, described
from nurture.core.suppressions import Refusal
from nurture.errors import UserError
from nurture.flows import suppressions
from nurture.mail.address import check_address
from nurture.mail.header import refuse_control

if TYPE_CHECKING:
    from nurture.core.ids import RepId
    from nurture.ports import Doors


NO_BASIS: Final = LegalBasis()


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who follows, as far as it was told; the place and its work are the predecessor's."""

    email: str
    family_name: str
    given_name: str = ""
    title: str = ""
    legal_basis: LegalBasis = NO_BASIS


async def refuse_mail(doors: Doors, person_id: PersonId, *, by: RepId, evidence: str) -> None:
    """Enter that somebody wants no more mail, said by telephone or in words that were not understood.

    Raises:
        UserError: no such person, this person may not, or nothing is said of how it was told.
        TemporaryFailure: others kept writing to the same rows.
    """
    person = await _person(doors, person_id, by)
    if not evidence.strip():
        raise UserError("say how and when it was told", hint="it is kept as what proves it")
    refusal = Refusal(SuppressionScope.ADDRESS, person.email.lower(), "unsubscribe", evidence.strip())
    await suppressions.add(doors, (refusal,), by=by, source="web")


async def correct_address(doors: Doors, person_id: PersonId, email: str, *, by: RepId) -> Person:
    """Give somebody another address: what has not left is written to it, and approved anew.

    What stands against the old address goes on standing against the old address alone.

    Raises:
        UserError: no such person, this person may not, this is no address, or it is somebody else's.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    person = await _person(doors, person_id, by)
    address = check_address(email.strip()).lower()
    if address == person.email.lower():
        return person
    if others := await doors.store.find(Person, {"email": address}, limit=1):
        raise UserError("{email} is the address of {name} already", email=address, name=others[0].name)
    now = doors.clock.now()
    running = {"person_id": person.id, "state": EnrollmentState.ACTIVE}
    woken = tuple(replace(e, wake_at=now) for e in await doors.store.find(Enrollment, running))
    said = _entry(person, "person.readdressed", doors, by, before=person.email, after=address)
    await doors.store.commit(Change((replace(person, email=address), *woken), (said,)))
    return replace(person, email=address, version=person.version + 1)


async def succeed(doors: Doors, person_id: PersonId, named: Named, *, by: RepId) -> Person:
    """Record who follows somebody: at the same place, for the same representative, with a basis of his own.

    Somebody who is known already by the address is only named as the successor.

    Raises:
        UserError: no such person, this person may not, no address or name, or it is the same person.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    person = await _person(doors, person_id, by)
    address = check_address(named.email.strip()).lower()
    if address == person.email.lower():
        raise UserError("nobody follows himself")
    known = await doors.store.find(Person, {"email": address}, limit=1)
    after = known[0] if known else _made(doors, person, named, address)
    puts = (replace(person, successor_id=after.id), *(() if known else (after,)))
    said = [_entry(person, "person.succeeded", doors, by, name=after.name, successor=after.id)]
    if not known:
        said.append(_entry(after, "person.created", doors, by, source="successor"))
    await doors.store.commit(Change(puts, tuple(said)))
    return after


def _made(doors: Doors, before: Person, named: Named, address: str) -> Person:
    family, given, title = named.family_name.strip(), named.given_name.strip(), named.title.strip()
    for name, value in (("family_name", family), ("given_name", given), ("title", title)):
        refuse_control(name, value)
    if not family:
        raise UserError("a successor needs a name")
    base = Person(
        PersonId(doors.chance.new_id()),
        address,
        family,
        given,
        organisation_id=before.organisation_id,
        role=before.role,
        specialty=before.specialty,
        department=before.department,
        profession=Profession.OTHER if title else before.profession,  # the title says it, else it is the same work
        region=before.region,
        timezone=before.timezone,
        language=before.language,
        legal_basis=named.legal_basis,
        rep_id=before.rep_id,
        created_at=doors.clock.now(),
    )
    return described(base, role=None, title=title or None, profession=None)


async def _person(doors: Doors, person_id: PersonId, by: RepId) -> Person:
    person = await doors.store.get(Person, person_id)
    if person is None:
        raise UserError("There is no person {id}", id=person_id)
    actor = await doors.store.get(Representative, by)
    owner = await doors.store.get(Representative, person.rep_id) if person.rep_id else None
    if actor is None or (owner is not None and not approval.may_see(owner, actor)):
        raise UserError("{by} may not act for {name}", by=by, name=person.name)
    return person


def _entry(person: Person, kind: str, doors: Doors, by: RepId, **data: str) -> Entry:
    return Entry(
        at=doors.clock.now(),
        kind=kind,
        actor=by,
        data=data,
        person_id=person.id,
        organisation_id=person.organisation_id,
    )
