"""The sender's last look at a letter, said quickly: yes, or not at all.

Theory of operation
-------------------
``outgoing.check`` decides with everything that is known, and plans the enrollment anew. That costs more than all
else that a letter needs. But on the day of a letter nearly nothing can stand against it: its date is today and
everything ahead of it is over, so no search is needed to say that the plan would leave it where it is
(``plan.stands``). ``may_leave`` says yes only where ``check`` would; its no says nothing. A test holds both to it.

The facts come from a ``Glance``. What a condition asks beyond them (a stance, a deal, dates of a meeting) is a no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core import outgoing
from nurture.core.anchors import event_of
from nurture.core.approval import WHOLE_DAY, has_strayed
from nurture.core.calendar import Profile
from nurture.core.content import fits_date
from nurture.core.messages import EnrollmentState
from nurture.core.plan import History, Request, Settled, Situation, stands
from nurture.core.states import LEFT, UNSENT
from nurture.core.survey import is_in_senders_hands, is_own
from nurture.core.windows import is_open

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date, datetime, timedelta

    from nurture.core.calendar import Days
    from nurture.core.content import ContentItem
    from nurture.core.glance import Glance
    from nurture.core.ids import MailboxId, MessageId
    from nurture.core.messages import Message
    from nurture.core.scenario import Scenario, Step


def may_leave(
    message: Message,
    seen: Glance,
    scenario: Scenario,
    days: Days,
    items: Mapping[str, ContentItem],
    now: datetime,
    mailboxes: Collection[MailboxId],
    tolerance: timedelta = WHOLE_DAY,
    behind: Collection[MessageId] = (),
) -> bool:
    """Whether ``outgoing.check`` would let this claimed mail leave: said quickly, without planning the rest.

    True is certain. False says nothing: then read the dossier and ``check``.

    Args:
        message: as claimed.
        seen: what was read with it.
        scenario: as the enrollment began with it, in its arm of a comparison.
        days: of the reader, by the calendars that the scenario lists.
        items: the content library, by id.
        now: UTC.
        mailboxes: those that are configured.
        tolerance: how far within its day a mail may leave from the moment that was approved.
        behind: letters that were claimed together with this one and are not on their way yet.

    Raises:
        UserError: the zone of the person or the scenario does not exist.
    """
    if (
        seen.special
        or seen.suppressed
        or not seen.allows_mail
        or seen.state is not EnrollmentState.ACTIVE
        or not is_own(seen.mailbox_id, message.mailbox_id)
    ):
        return False
    fingerprint = message.fingerprint
    return (
        outgoing.held_for(message, seen.state, seen.holds, seen.email, mailboxes, fingerprint) is None
        and not has_strayed(message, now, tolerance, fingerprint)
        and _leaves_today(message, seen, scenario, days, items, now, behind)
    )


def _leaves_today(
    message: Message,
    seen: Glance,
    scenario: Scenario,
    days: Days,
    items: Mapping[str, ContentItem],
    now: datetime,
    behind: Collection[MessageId],
) -> bool:
    """Whether its date is today, its window is open and its text fits."""
    step = scenario.step(message.step_id)
    if step is None or message.planned_on is None or _asks_for_more(step):
        return False
    zone = ZoneInfo(seen.timezone or scenario.timezone)
    today = now.astimezone(zone).date()
    if message.planned_on != today or (message.chosen is not None and message.chosen.to != today):
        return False
    if not step.any_window and not is_open(scenario.windows_for(step, seen.role), zone, now):
        return False
    item = _kept(step, items, message, today)
    if step.content is not None and (item is None or item.kind != step.content.kind):
        return False
    if message.edited_by is None and message.content_id not in {None, item.id if item else None}:
        return False
    events = event_of(scenario, seen.anchor_at, zone) if scenario.is_event else {}
    if step.expires is not None and step.expires.before_event is not None:
        event = step.expires.before_event
        speaking = [s.id for s in scenario.steps if s.content is not None and f"{s.content.kind}_date" == event]
        if speaking not in ([], [step.id]):
            return False  # which of several contents says when, only choosing them all can tell
        if speaking and item is not None and item.event_on is not None:
            events = {**events, event: item.event_on}
        if event not in events:
            return False  # the deal or the meeting may know
    return stands(_request(seen, scenario, now, today, events, behind), step.id, today, days)


def _asks_for_more(step: Step) -> bool:
    """Whether its conditions ask for what a glance does not have."""
    when = step.when
    return when.stances is not None or when.competitors is not None or when.deal_phase_at_least is not None


def _request(
    seen: Glance,
    scenario: Scenario,
    now: datetime,
    today: date,
    events: Mapping[str, date],
    behind: Collection[MessageId],
) -> Request:
    """The planning request that ``survey`` would make of the dossier."""
    near = [mail for mail in seen.near if mail.id not in behind] if seen.near and behind else seen.near
    history = (
        NONE
        if not near
        else History(
            person=tuple(sorted([mail.on for mail in near if mail.own])),
            organisation=tuple(sorted([mail.on for mail in near if mail.theirs])),
        )
    )
    return Request(
        scenario=scenario,
        profile=Profile(
            seen.role,
            seen.specialty,
            seen.department,
            seen.region,
            seen.organisation,
            seen.organisation_kind,
            seen.timezone,
        ),
        anchor=seen.anchor_at,
        now=now,
        key=seen.enrollment_id,
        history=history,
        situation=Situation(seen.replied),
        settled=_settled(seen, now, today),
        events=events,
        shift_days=seen.shift_days,
    )


NONE: Final = History()


def _settled(seen: Glance, now: datetime, today: date) -> tuple[Settled, ...]:
    """The steps that are over, or whose mail is in the sender's hands."""
    found: list[Settled] = []
    for other in seen.others:
        if other.state in LEFT or (
            is_own(seen.mailbox_id, other.mailbox_id)
            and is_in_senders_hands(other.state, other.on, other.at, now, today)
        ):
            found.append(Settled(other.step_id, other.on))
        elif other.state not in UNSENT:
            found.append(Settled(other.step_id))
    found += [Settled(step, due or today) for step, due in seen.tasks]
    return tuple(found)


def _kept(step: Step, items: Mapping[str, ContentItem], message: Message, on: date) -> ContentItem | None:
    """The content that a text speaks of, as long as it fits the date."""
    if step.content is None or message.content_id is None:
        return None
    item = items.get(message.content_id)
    return item if item is not None and fits_date(item, on, step.lead) else None
