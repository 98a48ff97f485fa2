"""What a person decides about a deal: how far it is, that it is won or lost, that it is open after all.

A deal that ends takes along what runs for it: nobody is sent the next proposal for what was decided. What comes
after a loss (practice L) is a scenario of its own, begun by hand.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nurture.core import turns
from nurture.core.change import Change
from nurture.core.deals import Deal, DealStatus
from nurture.core.messages import Enrollment, EnrollmentState, Entry
from nurture.errors import UserError
from nurture.flows import acting
from nurture.mail.text import one_line

if TYPE_CHECKING:
    from nurture.core.ids import DealId, RepId
    from nurture.ports import Doors

PHASES: Final = 5
"""1 contact · 2 need · 3 proposal · 4 decision · 5 contract."""
REASON: Final = 500
"""Characters of why a deal was lost."""
RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)


async def advance(doors: Doors, deal_id: DealId, phase: int, *, by: RepId) -> Deal:
    """Say how far an open deal is. What runs for it is looked at anew: steps may depend on it.

    Raises:
        UserError: no such deal or phase, it has ended, or this person may not.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    deal, now = await _deal(doors, deal_id, by), doors.clock.now()
    if not 1 <= phase <= PHASES:
        raise UserError("a phase is a number from 1 to {last}", last=PHASES)
    if deal.status is not DealStatus.OPEN:
        raise UserError("{name} has ended", name=deal.name)
    if phase == deal.phase:
        return deal
    running = {"deal_id": deal.id, "state": EnrollmentState.ACTIVE}
    woken = tuple(replace(e, wake_at=now) for e in await doors.store.find(Enrollment, running))
    said = _entry(doors, deal, "deal.moved", by, before=deal.phase, phase=phase)
    await doors.store.commit(Change((replace(deal, phase=phase), *woken), (said,)))
    return replace(deal, phase=phase, version=deal.version + 1)


async def close(doors: Doors, deal_id: DealId, *, won: bool, by: RepId, reason: str = "") -> Deal:
    """An open deal is won, or lost for this reason; what runs for it stops, and what was prepared does not leave.

    Raises:
        UserError, StaleVersion: as ``advance``.
    """
    deal, now = await _deal(doors, deal_id, by), doors.clock.now()
    if deal.status is not DealStatus.OPEN:
        raise UserError("{name} has ended", name=deal.name)
    ended = replace(
        deal,
        status=DealStatus.WON if won else DealStatus.LOST,
        lost_at=None if won else now,
        lost_reason="" if won else one_line(reason)[:REASON],
    )
    change = Change((ended,), (_entry(doors, deal, "deal.won" if won else "deal.lost", by),))
    running = await doors.store.find(Enrollment, {"deal_id": deal.id, "state": RUNNING})
    for dossier in await doors.store.dossiers(tuple(e.id for e in running), now) if running else ():
        change += turns.stop(dossier, "deal_won" if won else "deal_lost", now, by)
    await doors.store.commit(change)
    return replace(ended, version=deal.version + 1)


async def reopen(doors: Doors, deal_id: DealId, *, by: RepId) -> Deal:
    """A deal that had ended is open after all. What stopped with it is opened again by hand.

    Raises:
        UserError: no such deal, it is open, or this person may not.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    deal = await _deal(doors, deal_id, by)
    if deal.status is DealStatus.OPEN:
        raise UserError("{name} is open", name=deal.name)
    opened = replace(deal, status=DealStatus.OPEN, lost_at=None, lost_reason="")
    await doors.store.commit(Change((opened,), (_entry(doors, deal, "deal.reopened", by),)))
    return replace(opened, version=deal.version + 1)


async def _deal(doors: Doors, deal_id: DealId, by: RepId) -> Deal:
    deal = await doors.store.get(Deal, deal_id)
    if deal is None:
        raise UserError("There is no deal {id}", id=deal_id)
    await acting.check(doors, deal.rep_id, by, deal.name)
    return deal


def _entry(doors: Doors, deal: Deal, kind: str, by: RepId, **data: int) -> Entry:
    return Entry(
        at=doors.clock.now(),
        kind=kind,
        actor=by,
        data=dict(data),
        organisation_id=deal.organisation_id,
        deal_id=deal.id,
    )
