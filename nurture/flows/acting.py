"""Who of us may act for whom: whoever sees what somebody looks after; what nobody looks after, everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.core import approval
from nurture.core.people import Person, Representative
from nurture.errors import UserError

if TYPE_CHECKING:
    from nurture.core.ids import PersonId, RepId
    from nurture.ports import Doors


async def check(doors: Doors, owner_id: RepId | None, by: RepId, name: str) -> None:
    """See to it that ``by`` may act for what ``owner_id`` looks after; ``name`` is what it is called.

    Raises:
        UserError: not so.
    """
    actor = await doors.store.get(Representative, by)
    owner = await doors.store.get(Representative, owner_id) if owner_id else None
    if actor is None or (owner is not None and not approval.may_see(owner, actor)):
        raise UserError("{by} may not act for {name}", by=by, name=name)


async def person(doors: Doors, person_id: PersonId, by: RepId) -> Person:
    """The person, for whoever may act for them.

    Raises:
        UserError: no such person, or ``by`` may not.
    """
    found = await doors.store.get(Person, person_id)
    if found is None:
        raise UserError("There is no person {id}", id=person_id)
    await check(doors, found.rep_id, by, found.name)
    return found
