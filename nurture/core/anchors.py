"""Day 1 of an enrollment: the anchor of its scenario, as far as it is known, and the offset from it.

An anchor that is a moment (the end of a meeting) stays one, so that a deadline of three hours can be counted from
it. A date, and whatever lies an offset away, begins with its local midnight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from nurture.core.windows import instant
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from nurture.core.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a person that a scenario can be anchored at. None: not known."""

    meeting_end: datetime | None = None
    proposal_sent_at: datetime | None = None
    lost_at: datetime | None = None
    contract_end: date | None = None
    last_contact: datetime | None = None
    events: Mapping[str, date] = field(default_factory=dict)

    def of(self, anchor: str, now: datetime) -> datetime | date | None:
        """The moment or date of an anchor, by its name."""
        known: Mapping[str, datetime | date | None] = {
            "enrolled_at": now,
            "meeting_end": self.meeting_end,
            "proposal_sent_at": self.proposal_sent_at,
            "lost_at": self.lost_at,
            "contract_end": self.contract_end,
            "last_contact": self.last_contact,
        }
        return known.get(anchor) or self.events.get(anchor)


def day_one(scenario: Scenario, at: datetime | date, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) from which the days of a scenario are counted.

    A scenario with an offset or with rounds, all of whose steps lie behind day 1, begins today where its day 1
    has passed: nobody gets at once what was meant for months.

    Args:
        scenario: with its offset.
        at: the anchor: a moment, or a local date.
        now: aware.
        zone: the recipient's.
    """
    day = at.astimezone(zone).date() if isinstance(at, datetime) else at
    if isinstance(at, datetime) and not scenario.offset and scenario.repeat is None:
        return at.astimezone(UTC)
    first = scenario.offset.after(day)
    today = now.astimezone(zone).date()
    if (scenario.offset or scenario.repeat) and not scenario.is_event and all(s.day > 0 for s in scenario.steps):
        first = max(first, today)
    if isinstance(at, datetime) and first == day:
        return at.astimezone(UTC)
    return instant(first, time(0), zone)


def day_one_of(scenario: Scenario, facts: Facts, now: datetime, zone: ZoneInfo, name: str) -> datetime:
    """The same from what is known; ``name`` is the person's, for the error.

    Raises:
        UserError: the date is not known; says which, and how it can be given.
    """
    at = facts.of(scenario.anchor, now)
    if at is not None:
        return day_one(scenario, at, now, zone)
    values: dict[str, Any] = {"scenario": scenario.id, "anchor": scenario.anchor, "name": name}
    if scenario.anchor == "meeting_end":
        raise UserError(
            "{scenario} begins at the end of a meeting, and none with {name} is recorded",
            hint="record it: nurture record; or give the moment: --anchor 2027-03-31T15:00",
            **values,
        )
    if scenario.anchor == "last_contact":
        raise UserError(
            "{scenario} begins at the last contact, and with {name} there has been none",
            hint="give the day: --anchor 2027-03-31",
            **values,
        )
    if scenario.is_event:
        raise UserError(
            "{scenario} begins at {anchor}, and that date is not known for {name}",
            hint="give it: --date {anchor}=2027-05-10",
            **values,
        )
    raise UserError(
        "{scenario} begins at {anchor}, and no deal of {name} has that date",
        hint="record it with the deal, or give the day: --anchor 2027-03-31",
        **values,
    )


def event_of(scenario: Scenario, anchor_at: datetime, zone: ZoneInfo) -> dict[str, date]:
    """The date of the event that a running enrollment is anchored at: day 1 without the offset."""
    if not scenario.is_event:
        return {}
    return {scenario.anchor: scenario.offset.before(anchor_at.astimezone(zone).date())}
