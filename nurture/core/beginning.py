"""A new enrollment: the person, the exact scenario, its arm of a comparison, day 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.core.change import Change
from nurture.core.ids import EnrollmentId
from nurture.core.messages import Enrollment, Entry

if TYPE_CHECKING:
    from datetime import datetime

    from nurture.core.ids import DealId, MeetingId, RepId
    from nurture.core.people import Person
    from nurture.core.scenario import Scenario


def begin(
    person: Person,
    scenario: Scenario,
    *,
    key: str,
    anchor_at: datetime,
    now: datetime,
    by: str,
    rep_id: RepId,
    deal_id: DealId | None = None,
    meeting_id: MeetingId | None = None,
) -> Change:
    """A new enrollment that the next beat will plan; its variant is drawn now and stays."""
    assert scenario.hash is not None, "a scenario that was read from a text"
    fresh = Enrollment(
        id=EnrollmentId(key),
        person_id=person.id,
        organisation_id=person.organisation_id,
        scenario_id=scenario.id,
        scenario_hash=scenario.hash,
        anchor_at=anchor_at,
        rep_id=rep_id,
        deal_id=deal_id,
        meeting_id=meeting_id,
        variant=scenario.variant_of(person.id),
        wake_at=now,
        enrolled_at=now,
    )
    data: dict[str, object] = {"scenario": scenario.id, "anchor": anchor_at.isoformat(), "rep": rep_id}
    if fresh.variant is not None:
        data["variant"] = fresh.variant
    if meeting_id is not None:  # what the time to the thank-you is counted from (core.kpi)
        thanks = next((step.id for step in scenario.steps if step.within_seconds is not None), "")
        data |= {"meeting": meeting_id, "thanks": thanks}
    said = Entry(
        at=now,
        kind="enrollment.started",
        actor=by,
        data=data,
        person_id=person.id,
        organisation_id=person.organisation_id,
        deal_id=deal_id,
        enrollment_id=fresh.id,
    )
    return Change((fresh,), (said,))
