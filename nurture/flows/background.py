"""What is known about a person that a scenario can be anchored at: meetings, deals, mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture.core.anchors import Facts
from nurture.core.deals import Deal, DealStatus, Meeting
from nurture.core.messages import Inbound, Message, MessageState
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from nurture.core.ids import DealId, MeetingId
    from nurture.core.people import Person
    from nurture.core.scenario import Scenario
    from nurture.ports import Doors

MEETINGS: Final = 200
"""So many of an organisation's last meetings are gone through for one with the person."""


@dataclass(frozen=True, slots=True)
class Background:
    """The dates, and where they come from."""

    facts: Facts
    deal_id: DealId | None
    meeting_id: MeetingId | None


async def background(
    doors: Doors,
    person: Person,
    scenario: Scenario,
    *,
    deal_id: DealId | None = None,
    meeting_id: MeetingId | None = None,
    dates: Mapping[str, date] | None = None,
) -> Background:
    """Read what this person's enrollment in this scenario can be anchored at.

    Raises:
        UserError: several deals have the anchor's date.
    """
    meeting = await _meeting(doors, person, meeting_id)
    deal = await _deal(doors, person, scenario, deal_id, meeting)
    events = {**dict(meeting.dates if meeting else ()), **(dates or {})}
    facts = Facts(
        meeting_end=meeting.ended_at if meeting else None,
        proposal_sent_at=deal.proposal_sent_at if deal else None,
        lost_at=deal.lost_at if deal else None,
        contract_end=deal.contract_end if deal else None,
        last_contact=await _last_contact(doors, person, meeting) if scenario.anchor == "last_contact" else None,
        events=events,
    )
    return Background(facts, deal.id if deal else None, meeting.id if meeting else None)


async def _meeting(doors: Doors, person: Person, meeting_id: MeetingId | None) -> Meeting | None:
    """The named meeting, else the last that this person attended."""
    if meeting_id is not None:
        return await doors.store.get(Meeting, meeting_id)
    if person.organisation_id is None:
        return None
    found = await doors.store.find(
        Meeting, {"organisation_id": person.organisation_id}, order=("-ended_at",), limit=MEETINGS
    )
    return next((m for m in found if any(a.person_id == person.id for a in m.attendees)), None)


async def _deal(
    doors: Doors, person: Person, scenario: Scenario, deal_id: DealId | None, meeting: Meeting | None
) -> Deal | None:
    """The named deal; else the one that has the anchor's date; else the meeting's."""
    if deal_id is not None:
        return await doors.store.get(Deal, deal_id)
    if scenario.anchor in {"proposal_sent_at", "lost_at", "contract_end"} and person.organisation_id is not None:
        deals = await doors.store.find(Deal, {"organisation_id": person.organisation_id}, order=("-created_at",))
        return _dated(person, scenario.anchor, deals, meeting)
    return await doors.store.get(Deal, meeting.deal_id) if meeting is not None else None


def _dated(person: Person, anchor: str, deals: Sequence[Deal], meeting: Meeting | None) -> Deal | None:
    wanted = {DealStatus.LOST} if anchor == "lost_at" else {DealStatus.OPEN, DealStatus.LOST}
    dated = [deal for deal in deals if getattr(deal, anchor) is not None and deal.status in wanted]
    own = [deal for deal in dated if meeting is not None and deal.id == meeting.deal_id]
    if len(own or dated) > 1:
        raise UserError(
            "several deals of {name} have the date {anchor}",
            hint="say which: --deal {known}",
            name=person.name,
            anchor=anchor,
            known=", ".join(deal.id for deal in dated),
        )
    return next(iter(own or dated), None)


async def _last_contact(doors: Doors, person: Person, meeting: Meeting | None) -> datetime | None:
    """The last meeting, letter or reply."""
    sent = await doors.store.find(
        Message, {"person_id": person.id, "state": MessageState.SENT}, order=("-sent_at",), limit=1
    )
    came = await doors.store.find(
        Inbound, {"person_id": person.id, "kind": "reply"}, order=("-received_at",), limit=1
    )
    moments = [m.sent_at for m in sent if m.sent_at] + [i.received_at for i in came]
    return max([*moments, *([meeting.ended_at] if meeting else [])], default=None)
