"""The morning digest: once a day, at its time on the reader's clock, only when something waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from nurture.core import cron
from nurture.core.change import Change, Dispatch
from nurture.core.people import Representative
from nurture.flows import digest, dispatches
from nurture.flows.digest import LATE
from nurture.mail import passes
from tests.flows.conftest import House, attendee
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import Sequence

TOKYO = ZoneInfo("Asia/Tokyo")


async def at(house: House, hour: int, minute: int = 0, days: int = 1) -> Sequence[Dispatch]:
    """All digests, after a look at that time of a day (the house is met on a Monday)."""
    day = datetime(2027, 5, 10, tzinfo=TOKYO) + timedelta(days=days)
    house.clock.advance_to(day.replace(hour=hour, minute=minute))
    await digest.look(house.doors)
    return await house.store.find(Dispatch, {"kind": digest.KIND})


async def test_what_waits_is_told_at_half_past_seven(house: House) -> None:
    """Thank-yous by their limit, with whom and which, and a link that opens the mail."""
    (mail,) = (await house.met()).messages
    early = await at(house, 7, 29)
    (row,) = await at(house, 7, 30)

    assert () == early
    assert REP.id == row.rep_id
    assert mail.subject in row.text
    assert f"/messages/{mail.id}" in row.text
    assert "佐藤" in row.text
    assert "1" in row.subject


async def test_it_comes_once_a_day_and_goes_out_by_mail(house: House) -> None:
    """Later looks of the same morning tell nothing more; the next day does."""
    await house.met()
    await at(house, 7, 30)
    await at(house, 7, 31)
    rows = await at(house, 9, 0)
    await dispatches.look(house.doors)
    assert 1 == len(rows)
    assert 1 == sum(notice.kind == digest.KIND for _, notice in house.told.notices)

    assert 2 == len(await at(house, 7, 30, days=2))


async def test_a_link_approves_exactly_that_mail_without_signing_in(house: House) -> None:
    """It says who, which and what text, for a day; switched off, there is none."""
    (mail,) = (await house.met()).messages
    (row,) = await at(house, 7, 30)
    token = row.text.split("/approve/")[1].split()[0]
    said = passes.opened(house.doors.link_key, token, house.clock.now())
    web = replace(house.doors.settings.web, approve_by_mail=False)
    house.doors = replace(house.doors, settings=replace(house.doors.settings, web=web))
    rows = await at(house, 7, 30, days=2)

    assert said is not None
    assert (REP.id, mail.id, mail.fingerprint) == (said.by, said.message_id, said.seen)
    assert passes.opened(house.doors.link_key, token, house.clock.now()) is None
    assert [True, False] == ["/approve/" in each.text for each in sorted(rows, key=lambda each: each.created_at)]


async def test_nothing_waits_nothing_is_told(house: House) -> None:
    """No mail that says there is nothing to do."""
    await house.store.commit(Change((replace(REP, version=0),))) if not await house.store.get(
        Representative, REP.id
    ) else None

    assert () == await at(house, 7, 30)


async def test_not_at_the_weekend(house: House) -> None:
    """As the expression says."""
    await house.met()

    assert () == await at(house, 12, 0, days=5)


async def test_a_daemon_that_slept_through_the_morning_tells_late_but_not_in_the_afternoon(house: House) -> None:
    """Up to three hours; then what waits is seen at the desk."""
    await house.met()
    afternoon = await at(house, 7 + 3, 31)
    assert () == afternoon
    assert LATE == timedelta(hours=3)

    assert 1 == len(await at(house, 10, 0, days=2))


async def test_it_is_switched_off_by_an_empty_text(house: House) -> None:
    """``digest = ""``."""
    await house.met()
    work = replace(house.doors.settings.work, digest="")
    house.doors = replace(house.doors, settings=replace(house.doors.settings, work=work))

    assert () == await at(house, 7, 30)


async def test_on_the_clock_of_whoever_reads_it(house: House) -> None:
    """Half past seven in Berlin is half past two in the afternoon in Tokyo."""
    await house.met()
    rep = await house.store.get(Representative, REP.id)
    assert rep is not None
    await house.store.commit(Change((replace(rep, timezone="Europe/Berlin"),)))
    early = await at(house, 7, 30)

    assert () == early
    assert 1 == len(await at(house, 14, 30))


async def test_many_are_counted_and_some_are_named(house: House) -> None:
    """Eight of a kind; the rest is a number."""
    await house.met(*(attendee(f"p{n}@aoba-hp.example", f"小川{n}") for n in range(12)))
    (row,) = await at(house, 7, 30)

    assert digest.LISTED == row.text.count("/messages/")
    assert "4" in row.text.splitlines()[-1]


async def test_of_two_daemons_one_tells(house: House) -> None:
    """The row's name is the day's and the reader's: it is written once."""
    await house.met()
    other = False

    async def meanwhile(_: Change) -> None:
        """The other daemon is first."""
        nonlocal other
        if not other:
            other = True
            await digest.look(house.doors)

    house.store.trouble = meanwhile

    assert 1 == len(await at(house, 7, 30))


@pytest.mark.parametrize(
    ("expression", "good"),
    [
        ("30 7 * * mon-fri", True),
        ("0 7,12 * * 1-5", True),
        ("* * * * *", True),
        ("30 7 * *", False),
        ("@daily", False),
        ("61 7 * * *", False),
        ("0 0 30 2 *", False),
        ("0 7 29 2 *", True),
        ("x" * 200, False),
        ("* * * * * *", False),
    ],
)
def test_an_expression_is_checked_when_the_configuration_is_read(expression: str, *, good: bool) -> None:
    """Five fields, as cron has them."""
    assert good is cron.is_time(expression)


async def test_the_daemon_sleeps_until_the_next_one(house: House) -> None:
    """To the minute, and an hour at most."""
    await house.met()
    await at(house, 5, 0)
    far = await digest.pause(house.doors)
    await at(house, 7, 10)
    near = await digest.pause(house.doors)
    await at(house, 7, 30)

    assert (timedelta(hours=1), timedelta(minutes=20)) == (far, near)
    assert timedelta(hours=1) == await digest.pause(house.doors)


def test_the_last_time_that_has_come() -> None:
    """The very moment counts; over a weekend it is Friday's."""
    on_time = datetime(2027, 5, 10, 7, 30, tzinfo=TOKYO)
    found = cron.latest("30 7 * * mon-fri", on_time, TOKYO)
    before = cron.latest("30 7 * * mon-fri", on_time - timedelta(microseconds=2), TOKYO)

    assert on_time == found
    assert UTC is found.tzinfo
    assert datetime(2027, 5, 7, 7, 30, tzinfo=TOKYO) == before
