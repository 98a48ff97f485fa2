"""The quiet days after a weighty proposal, over the whole organisation (practice C17)."""

from __future__ import annotations

from datetime import date, timedelta

from nurture.core.messages import Enrollment, Entry, MessageState
from nurture.core.people import Closure, Organisation, Person
from nurture.flows import closures, enroll, tick
from tests.flows.conftest import MET, SCENARIO, House, attendee
from tests.samples import REP

WEIGHTY = SCENARIO.replace("{id: case, day: 4,", "{id: case, day: 4, quiet: 10d,").replace(
    "id: short", "id: weighty"
)
COLLEAGUE = "kato@aoba-hp.example"


async def proposed(house: House) -> Closure:
    """Of two colleagues one gets a proposal on Thursday 13 May; the period that begins with it."""
    folder = house.doors.settings.folder / "scenarios"
    (folder / "weighty.yaml").write_text(WEIGHTY, encoding="utf-8")
    await house.met(attendee(), scenario="weighty")
    await house.met(attendee(COLLEAGUE, "加藤"))
    await approve_all(house)
    await house.until(MET + timedelta(days=2))
    await approve_all(house)
    await house.until(MET + timedelta(days=3, hours=3))
    (period,) = await periods(house)
    return period


async def approve_all(house: House) -> None:
    """Approve what waits."""
    for mail in await house.mails():
        if mail.state is MessageState.WAITING:
            await house.approve(mail)


async def periods(house: House) -> tuple[Closure, ...]:
    """What is kept with the one organisation."""
    (found,) = await house.store.find(Organisation)
    return found.closures


async def columns(house: House) -> dict[str, date | None]:
    """The dates of the two columns, by address."""
    people = {p.id: p.email for p in await house.store.find(Person)}
    return {people[m.person_id]: m.planned_on for m in await house.mails("column")}


async def test_quiet_days_begin_with_the_mail_and_are_everybodys(house: House) -> None:
    """From the day after; a colleague's case study, that the cap had moved, waits for their end."""
    period = await proposed(house)
    (case,) = [m for m in await house.mails("case") if m.id == period.message_id]
    (said,) = await house.store.find(Entry, {"kind": "organisation.quiet"})

    assert Closure(date(2027, 5, 14), date(2027, 5, 23), case.subject, "quiet", case.id) == period
    assert {"sato@aoba-hp.example": date(2027, 5, 24), COLLEAGUE: date(2027, 5, 26)} == await columns(house)
    (late,) = [m for m in await house.mails("case") if m.id != case.id]
    assert (date(2027, 5, 24), True) == (late.planned_on, "quiet" in {move.rule for move in late.moves})
    assert ("nurture", case.id) == (said.actor, said.message_id)


async def test_before_the_mail_has_left_only_its_own_scenario_expects_them(house: House) -> None:
    """A proposal that waits for approval keeps nobody else waiting."""
    folder = house.doors.settings.folder / "scenarios"
    (folder / "weighty.yaml").write_text(WEIGHTY, encoding="utf-8")
    await house.met(attendee(), scenario="weighty")
    await house.met(attendee(COLLEAGUE, "加藤"))

    assert {"sato@aoba-hp.example": date(2027, 5, 24), COLLEAGUE: date(2027, 5, 21)} == await columns(house)
    assert () == await periods(house)


async def test_what_a_person_ends_does_not_begin_again(house: House) -> None:
    """Taken out: the dates come back, and the next beats leave it so."""
    period = await proposed(house)
    (where,) = await house.store.find(Organisation)
    await closures.remove(house.doors, where.id, period, by=REP.id)
    await house.until(MET + timedelta(days=4))

    assert {"sato@aoba-hp.example": date(2027, 5, 21), COLLEAGUE: date(2027, 5, 21)} == await columns(house)
    (ended,) = await periods(house)
    assert ended.is_over


async def test_thank_yous_leave_in_quiet_days(house: House) -> None:
    """A second meeting within the quiet days: its minutes are sent in time."""
    await proposed(house)
    for running in await house.store.find(Enrollment):
        await enroll.stop(house.doors, running.id, by=REP.id, reason="person")
    met = MET + timedelta(days=4)
    house.clock.advance_to(met + timedelta(minutes=5))
    (mail,) = (await house.met(attendee(), ended_at=met)).messages
    await house.approve(mail)
    await tick.tick(house.doors)
    await house.send()

    assert MessageState.SENT is (await house.store.get(type(mail), mail.id)).state  # type: ignore[union-attr]


async def test_quiet_days_work_on_sqlite(sql_house: House) -> None:
    """The same period comes back from a database."""
    period = await proposed(sql_house)

    assert ("quiet", date(2027, 5, 23)) == (period.effect, period.end)
