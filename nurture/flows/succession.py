"""Who follows somebody: the successor's own record, the link, and the drafts that come with it (practice F27)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from nurture.core import departure
from nurture.core.change import Change
from nurture.core.ids import PersonId, derived
from nurture.core.messages import Enrollment, Entry
from nurture.core.people import LegalBasis, Person, Profession, described
from nurture.core.reading import Intent
from nurture.errors import UserError
from nurture.flows import erasing, farewells
from nurture.mail.address import check_address
from nurture.mail.header import refuse_control

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from nurture.core.arrival import Arrival
    from nurture.core.cases import Case
    from nurture.core.dossier import Dossier
    from nurture.core.people import Organisation
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


async def of_mail(
    doors: Doors, a: Arrival, case: Case, own: Sequence[Dossier], house: Organisation | None
) -> Change:
    """What a mail that tells of a departure, or answers the thanks for it, begins: thanks, and a successor who is
    named beyond doubt.

    Args:
        doors: as ever.
        a: the mail.
        case: what it was taken for.
        own: the person's running enrollments, all of which it ends.
        house: the person's organisation.
    """
    change = Change()
    if departure.is_told(a, case):
        if not departure.reaches(a):
            return farewells.none(a.person, "farewell", "address_gone", "nurture", a.now)
        ending = [d.enrollment for d in own]
        change = await farewells.farewell(
            doors, a.person, by="nurture", now=a.now, key=a.inbound.id, ending=ending
        )
    elif not await _answers_thanks(doors, a):
        return change
    who = departure.follows(a, house)
    if who is None or who.name is None or who.email is None or a.person.successor_id is not None:
        return change
    known = await doors.store.find(Person, {"email": who.email.lower()}, limit=1)
    family, _, given = who.name.replace("\u3000", " ").partition(" ")
    with suppress(UserError):  # what is no address or no name is a person's to read
        await erasing.refuse(doors, who.email)
        named = Named(who.email, family, given.strip())
        after = known[0] if known else heir(doors, a.person, named, PersonId(derived("heir", a.inbound.id)))
        change += await follow(doors, a.person, after, by=a.person.email, now=a.now)
    return change


async def _answers_thanks(doors: Doors, a: Arrival) -> bool:
    """Whether this answers the thanks, which asked who follows."""
    if Intent.SUCCESSOR_NAMED not in a.reading.intents or a.answered is None or a.answered.enrollment_id is None:
        return False
    asked = await doors.store.get(Enrollment, a.answered.enrollment_id)
    return asked is not None and asked.scenario_id == doors.settings.work.farewell


async def follow(doors: Doors, person: Person, after: Person, *, by: str, now: datetime) -> Change:
    """One follows the other: the link, the successor, the introduction, and thanks that speak of it.

    Args:
        doors: as ever.
        person: who leaves.
        after: who follows, as it is to be written.
        by: who says so.
        now: UTC.
    """
    said = [entry(person, "person.succeeded", now, by, name=after.name, successor=after.id)]
    if not after.version:
        said.append(entry(after, "person.created", now, by, source="successor"))
    change = Change((replace(person, successor_id=after.id), after), tuple(said))
    change += await farewells.rewritten(doors, person, now)
    return change + await farewells.introduction(doors, person, after, by=by, now=now)


def heir(doors: Doors, before: Person, named: Named, key: PersonId) -> Person:
    """Somebody new in somebody's place.

    Raises:
        UserError: no address, no name, or no text.
    """
    address = check_address(named.email.strip()).lower()
    family, given, title = named.family_name.strip(), named.given_name.strip(), named.title.strip()
    for name, value in (("family_name", family), ("given_name", given), ("title", title)):
        refuse_control(name, value)
    if not family:
        raise UserError("a successor needs a name")
    base = Person(
        key,
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


def entry(person: Person, kind: str, now: datetime, by: str, **data: str) -> Entry:
    """A line of the journal about a person."""
    return Entry(
        at=now,
        kind=kind,
        actor=by,
        data=data,
        person_id=person.id,
        organisation_id=person.organisation_id,
    )
