"""Private notes about a person: raw impressions (practice A7), for those who see the person and for no mail.

The journal says that one was written and by whom, never what it says: a line of the journal stays for ever, a note
is mended, emptied and erased.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nurture.core.change import Change
from nurture.core.messages import Entry
from nurture.core.people import Person
from nurture.errors import StaleVersion, UserError
from nurture.flows import acting
from nurture.mail.patients import refuse

if TYPE_CHECKING:
    from nurture.core.ids import PersonId, RepId
    from nurture.ports import Doors

LONGEST: Final = 5_000
"""Characters of a note."""


async def write(doors: Doors, person_id: PersonId, text: str, *, by: RepId, before: str) -> Person:
    """Put this in the place of a person's note; an empty text takes it away.

    Args:
        doors: as ever.
        person_id: about whom.
        text: the whole note.
        by: who writes.
        before: the note that stood there when the writing began.

    Raises:
        UserError: no such person, this person may not, it is too long, or it holds data of a patient.
        StaleVersion: somebody else wrote another note meanwhile; theirs stands.
    """
    person = await acting.person(doors, person_id, by)
    said = text.strip()
    if len(said) > LONGEST:
        raise UserError("a note has at most {limit} characters", limit=LONGEST)
    refuse("private_note", said)
    if said == person.private_note:
        return person
    if before.strip() != person.private_note:
        raise StaleVersion("person", person.id)
    entry = Entry(
        at=doors.clock.now(),
        kind="person.noted",
        actor=by,
        data={},
        person_id=person.id,
        organisation_id=person.organisation_id,
    )
    await doors.store.commit(Change((replace(person, private_note=said),), (entry,)))
    return replace(person, private_note=said, version=person.version + 1)
