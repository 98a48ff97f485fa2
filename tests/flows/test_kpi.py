"""The KPIs as flows write what they are computed from."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.figures import By, Months, figures
from nurture.core.messages import Entry
from nurture.core.rates import Rate
from nurture.flows import kpi
from tests.flows.conftest import MET
from tests.samples import REP

if TYPE_CHECKING:
    from tests.flows.conftest import House

MAY = Months(date(2027, 5, 1), date(2027, 5, 1))


async def test_a_thank_you_is_timed(house: House) -> None:
    """Recorded, approved, sent: one thank-you in time, of the representative who met them."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.send()
    await house.until(MET + timedelta(hours=4))
    found = figures(await kpi.facts(house.doors, MAY), MAY, By.REP)

    assert {REP.id: Rate(1, 1)} == {key: row.thanks for key, row in found.items()}
    assert {"meeting": 1, "mail": 1} == found[REP.id].channels
    assert 1.0 == found[REP.id].entered.share


async def test_a_past_day_stays_as_it_was(house: House) -> None:
    """Asked as of an hour after the meeting, it says the same now as it said then."""
    (mail,) = (await house.met()).messages
    then = house.doors.clock.now()
    before = await kpi.facts(house.doors, MAY, then)
    await house.approve(mail)
    await house.send()
    await house.until(MET + timedelta(days=3))

    assert before == await kpi.facts(house.doors, MAY, then)
    assert before != await kpi.facts(house.doors, MAY)


async def test_what_began_before_is_known(house: House) -> None:
    """A mail in June of an enrollment of May counts for its representative and scenario in June."""
    done = await house.met()
    at = MET + timedelta(days=25)
    first = done.enrollments[0]
    said = Entry(
        at,
        "message.sent",
        "nurture",
        {"step": "column"},
        enrollment_id=first.id,
        deal_id=first.deal_id,
        message_id=done.messages[0].id,
    )
    await house.store.commit(Change((), (said,)))
    await house.until(at + timedelta(days=2))
    june = Months(date(2027, 6, 1), date(2027, 6, 1))
    found = figures(await kpi.facts(house.doors, june), june, By.SCENARIO)

    assert {"short": {"mail": 1}} == {key: row.channels for key, row in found.items()}
    assert 0 == found["short"].meetings


@pytest.mark.parametrize(
    "months", [Months(date(2020, 1, 1), date(2020, 1, 1)), Months(date(2030, 1, 1), date(2030, 1, 1))]
)
async def test_months_without_a_line(house: House, months: Months) -> None:
    """Long before and after: nothing, and no error."""
    await house.met()

    assert 0 == figures(await kpi.facts(house.doors, months), months)[""].meetings
