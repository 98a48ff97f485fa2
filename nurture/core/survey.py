"""One enrollment looked at: its dossier, the planning request made of it, and the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from nurture.core import content as contents
from nurture.core import often, states, suppressions
from nurture.core.anchors import event_of
from nurture.core.calendar import Profile
from nurture.core.deals import TaskState
from nurture.core.messages import MessageState
from nurture.core.plan import History, Plan, Request, Settled, Situation
from nurture.core.plan import plan as make_plan
from nurture.core.windows import is_open

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from nurture.core.calendar import Calendar
    from nurture.core.content import ContentItem
    from nurture.core.deals import Meeting, Task
    from nurture.core.dossier import Dossier, Touch
    from nurture.core.ids import MailboxId, MessageId, PersonId
    from nurture.core.messages import Message
    from nurture.core.people import Organisation, Person
    from nurture.core.scenario import Scenario, Step


def profile_of(dossier: Dossier) -> Profile:
    """The attributes that calendars ask for."""
    return profile(dossier.person, dossier.organisation)


def profile(person: Person, organisation: Organisation | None) -> Profile:
    """A person as calendars see him; the organisation fills in what the person lacks."""
    return Profile(
        role=person.role,
        specialty=person.specialty,
        department=person.department,
        region=person.region or (organisation.region if organisation else None),
        organisation=organisation.name if organisation else None,
        organisation_kind=organisation.kind if organisation else None,
        timezone=person.timezone or (organisation.timezone if organisation else None),
    )


def zone_of(dossier: Dossier, scenario: Scenario) -> ZoneInfo:
    """The recipient's zone, else the organisation's, else the scenario's."""
    return zone(dossier.person, dossier.organisation, scenario)


def zone(person: Person, organisation: Organisation | None, scenario: Scenario) -> ZoneInfo:
    """The same before there is an enrollment."""
    return ZoneInfo(profile(person, organisation).timezone or scenario.timezone)


def stance_of(meeting: Meeting | None, person: PersonId) -> str | None:
    """How this person felt in the meeting, if that was recorded."""
    found = next((a for a in meeting.attendees if a.person_id == person), None) if meeting else None
    return found.stance.value if found else None


def _settled(dossier: Dossier, now: datetime, today: date) -> tuple[Settled, ...]:
    found: list[Settled] = []
    closures = dossier.organisation.closures if dossier.organisation else ()
    begun = {closure.message_id for closure in closures}  # quiet periods that are kept with the organisation
    for message in dossier.messages:
        if message.state in states.LEFT or _in_senders_hands(dossier, message, now, today):
            found.append(Settled(message.step_id, message.planned_on, rests=message.id not in begun))
        elif message.state not in states.UNSENT:
            found.append(Settled(message.step_id))
    found += [
        Settled(task.step_id, _local_date(task, today))
        for task in dossier.tasks
        if task.step_id is not None and task.state is not TaskState.PLANNED
    ]
    return tuple(found)


def _local_date(task: Task, today: date) -> date:
    return task.due_at.date() if task.due_at else today


def from_own_mailbox(dossier: Dossier, message: Message) -> bool:
    """Whether a mail would leave from the mailbox that the representative has now."""
    return is_own(dossier.rep.mailbox_id, message.mailbox_id)


def is_own(current: MailboxId | None, mailbox: MailboxId | None) -> bool:
    """Whether a mailbox is the one that the representative has now; without one any is."""
    return current is None or mailbox == current


def is_in_senders_hands(
    state: MessageState, on: date | None, at: datetime | None, now: datetime, today: date
) -> bool:
    """Whether a mail from the representative's own mailbox leaves today as it stands, and its time has come."""
    return state is MessageState.APPROVED and on == today and at is not None and at <= now


def _in_senders_hands(dossier: Dossier, message: Message, now: datetime, today: date) -> bool:
    return from_own_mailbox(dossier, message) and is_in_senders_hands(
        message.state, message.planned_on, message.planned_at, now, today
    )


@dataclass(frozen=True, slots=True)
class Survey:
    """A dossier, what was planned for it, and the content chosen for its steps."""

    dossier: Dossier
    scenario: Scenario
    request: Request
    plan: Plan
    chosen: Mapping[str, ContentItem | None]  # by step
    today: date  # the recipient's
    refused: frozenset[str] = frozenset()  # ids of content that this person does not want: not this topic


def _refused(dossier: Dossier, items: Sequence[ContentItem]) -> frozenset[str]:
    """Content about a topic, or of a kind, that this person does not want to hear of (a partial opt-out)."""
    topics = suppressions.topics(dossier.suppressions)
    return frozenset(item.id for item in items if topics & {item.kind, *item.topics}) if topics else frozenset()


def _choose(
    dossier: Dossier, scenario: Scenario, items: Sequence[ContentItem], dates: Mapping[str, date]
) -> dict[str, ContentItem | None]:
    """Content for each step that wants some: what its text already speaks of, as long as that fits its date;
    else the best that was never used.
    """
    by_id = {item.id: item for item in items}
    open_ids = {m.id for m in dossier.messages if m.state in states.UNSENT}
    mine = [t for t in dossier.touches if t.person_id == dossier.person.id and t.message_id not in open_ids]
    used = {t.content_id for t in mine if t.content_id}
    chosen: dict[str, ContentItem | None] = {}
    for step in scenario.steps:
        if step.content is None:
            continue
        lead = step.lead
        message = dossier.message(step.id)
        kept = (
            by_id.get(message.content_id or "") if message and message.state is not MessageState.PLANNED else None
        )
        if kept is not None and not contents.fits_date(kept, dates[step.id], lead):
            kept = None
        chosen[step.id] = kept or contents.choose(
            items,
            step.content,
            role=dossier.person.role,
            specialty=dossier.person.specialty,
            topics=dossier.person.topics,
            competitor=dossier.deal.competitor if dossier.deal else None,
            used=used | {item.id for item in chosen.values() if item},
            on=dates[step.id],
            lead=lead,
        )
    return chosen


def _events(dossier: Dossier) -> dict[str, date]:
    """Named events that do not depend on content."""
    events = dict(dossier.meeting.dates) if dossier.meeting else {}
    if dossier.deal and dossier.deal.contract_end:
        events["contract_end"] = dossier.deal.contract_end
    return events


def _request(
    dossier: Dossier,
    scenario: Scenario,
    calendars: tuple[Calendar, ...],
    now: datetime,
    touches: Iterable[Touch] | None,
    but: MessageId | None,
) -> tuple[Request, date]:
    """The planning request of a dossier, and the recipient's date."""
    zone = zone_of(dossier, scenario)
    today = now.astimezone(zone).date()
    enrollment, person = dossier.enrollment, dossier.person
    others = [t for t in (dossier.touches if touches is None else touches) if t.enrollment_id != enrollment.id]
    if but is not None:  # what is about to leave makes room for nothing that has not left
        others = [t for t in others if t.sent]
    kept = tuple(s for s in _settled(dossier, now, today) if but is None or s.step_id != _step_of(dossier, but))
    request = Request(
        scenario=scenario,
        profile=profile_of(dossier),
        anchor=enrollment.anchor_at,
        now=now,
        key=enrollment.id,
        calendars=calendars,
        history=History(
            person=tuple(sorted(t.on for t in others if t.person_id == person.id)),
            organisation=tuple(
                sorted(t.on for t in others if t.organisation_id and t.organisation_id == person.organisation_id)
            ),
            yielding=tuple(sorted(t.on for t in others if t.person_id == person.id and not t.sent)),
        ),
        situation=Situation(
            replied=dossier.replied,
            stance=stance_of(dossier.meeting, person.id),
            deal_phase=dossier.deal.phase if dossier.deal else None,
            competitor=dossier.deal.competitor if dossier.deal else None,
        ),
        settled=kept,
        events={**_events(dossier), **event_of(scenario, enrollment.anchor_at, zone)},
        shift_days=enrollment.shift_days,
        not_before=person.away.resume_on if person.away and person.away.resume_on > today else None,
        every=often.pace(dossier.suppressions),
        chosen={m.step_id: chosen for m in dossier.messages if (chosen := m.chosen) is not None},
    )
    return request, today


def survey(
    dossier: Dossier,
    scenario: Scenario,
    calendars: tuple[Calendar, ...],
    items: Sequence[ContentItem],
    now: datetime,
    *,
    touches: Iterable[Touch] | None = None,
    but: MessageId | None = None,
) -> Survey:
    """Plan what is left of an enrollment.

    Args:
        dossier: as read.
        scenario: as the enrollment began with it.
        calendars: of the scenario and the organisation.
        items: the content library.
        now: UTC.
        touches: overrides the dossier's, when a batch has planned others of the organisation meanwhile.
        but: plan this message too, although it is approved or claimed (the sender's last check).
    """
    request, today = _request(dossier, scenario, calendars, now, touches, but)
    found = make_plan(request)
    refused = _refused(dossier, items)
    if not any(step.content for step in scenario.steps):
        return Survey(dossier, scenario, request, found, {}, today, refused)
    # What is sent depends on when: a seminar must still lie ahead. So dates first, then content, then dates
    # again, for the seminar that was chosen says until when its invitation may leave.
    dates = {p.step_id: p.planned_on or max(p.nominal, today) for p in found.steps}
    offered = [item for item in items if item.id not in refused] if refused else items
    chosen = _choose(dossier, scenario, offered, {s.id: dates.get(s.id, today) for s in scenario.steps})
    events = {f"{item.kind}_date": item.event_on for item in chosen.values() if item and item.event_on}
    if events:
        request = replace(request, events={**request.events, **events})
        found = make_plan(request)
    return Survey(dossier, scenario, request, found, chosen, today, refused)


def _step_of(dossier: Dossier, message: MessageId) -> str | None:
    return next((m.step_id for m in dossier.messages if m.id == message), None)


def window_open(s: Survey, step: Step, now: datetime) -> bool:
    """Whether mail of this step may leave at this moment, as far as windows go."""
    if step.any_window:
        return True
    windows = s.scenario.windows_for(step, s.dossier.person.role)
    return is_open(windows, zone_of(s.dossier, s.scenario), now)
