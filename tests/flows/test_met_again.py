"""A second meeting: the scenario begins anew with it, and the thank-you is of this meeting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core.change import Change
from nurture.core.ids import RepId
from nurture.core.messages import Enrollment, EnrollmentState, MessageState
from nurture.core.people import Person, Representative
from nurture.flows import record
from tests.flows.conftest import MET, House
from tests.flows.test_receive import Pigeonhole, letter, read, thanked
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import Sequence


async def enrollments(house: House) -> Sequence[Enrollment]:
    """The first and the second."""
    found = await house.store.find(Enrollment)
    return sorted(found, key=lambda each: each.anchor_at)


async def test_who_answered_and_met_again_is_thanked_for_that_meeting(house: House) -> None:
    """The usual course: a reply pauses, they meet, and the three hours run again."""
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("一点ご質問です。対応OSは何でしょうか。", sent)]))
    house.clock.advance_to(MET + timedelta(days=7, hours=1))
    again = await house.met(ended_at=MET + timedelta(days=7))
    first, second = await enrollments(house)

    assert () == again.warnings
    assert (EnrollmentState.STOPPED, "met_again") == (first.state, first.reason)
    assert EnrollmentState.ACTIVE is second.state
    (draft,) = again.messages
    assert (second.id, MessageState.WAITING) == (draft.enrollment_id, draft.state)
    assert draft.deadline == MET + timedelta(days=7, hours=3)


async def test_what_was_approved_for_the_first_meeting_leaves_no_more(house: House) -> None:
    """Its later steps were for what was said then."""
    await thanked(house)
    await house.until(MET + timedelta(days=2))
    case = await house.mail("case")
    if case.state is MessageState.WAITING:
        await house.approve(case)
    house.clock.advance_to(MET + timedelta(days=2, hours=1))
    await house.met(ended_at=MET + timedelta(days=2))
    sent = len(house.wire.letters)
    await house.until(MET + timedelta(days=30))

    before = [m for m in await house.mails() if m.enrollment_id == (await enrollments(house))[0].id]
    assert {MessageState.SENT, MessageState.CANCELLED} == {m.state for m in before}
    assert sent == len(house.wire.letters)  # nobody approved anything since


async def test_an_older_meeting_that_is_written_down_late_begins_nothing_anew(house: House) -> None:
    """The newer one counts; whoever records is told."""
    await house.met()
    late = await house.met(ended_at=MET - timedelta(days=1))

    assert ["already" in warning.text for warning in late.warnings] == [True]
    assert [EnrollmentState.ACTIVE] == [each.state for each in await enrollments(house)]


async def test_a_colleagues_scenario_is_not_ended_by_somebody_else(house: House) -> None:
    """Who only met the same person adds to what is known, and is told."""
    await house.met()
    other = replace(REP, id=RepId("kato"), name="加藤", email="kato@mihon.example", manager_id=None, version=0)
    (person,) = await house.store.find(Person)
    await house.store.commit(Change((other,)))
    assert await house.store.get(Representative, other.id)
    house.clock.advance_to(MET + timedelta(days=7, hours=1))
    meeting = replace(house.meeting(ended_at=MET + timedelta(days=7)), rep_id=other.id)
    found = await record.record(house.doors, meeting)

    assert 2 == len(found.warnings)
    assert [EnrollmentState.ACTIVE] == [each.state for each in await enrollments(house)]
    assert person.rep_id == REP.id
