"""The scenarios that ship, as answers and silence lead from one to the other (practice F25 to F29 and L)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.calendar import Profile
from nurture.core.messages import Enrollment, EnrollmentState, MessageState
from nurture.core.plan import Request, plan
from nurture.errors import UserError
from nurture.files.library import FileLibrary
from nurture.files.shipped import shipped
from nurture.flows import enroll, tick
from tests.flows.conftest import MET, TOKYO, House
from tests.flows.test_receive import Pigeonhole, letter, read
from tests.samples import REP

if TYPE_CHECKING:
    from nurture.core.messages import Message


def as_shipped(house: House) -> House:
    """With the scenarios, calendars and content that ship."""
    library = FileLibrary(scenarios=shipped() / "scenarios", calendars=shipped() / "calendars")
    return replace(house, doors=replace(house.doors, library=library))


async def thanked(house: House, scenario: str = "warm-lead-30d") -> tuple[House, Message]:
    """A scenario that ships, whose thank-you has left."""
    house = as_shipped(house)
    await house.met(scenario=scenario)
    await house.approve(await house.mail("thanks"))
    await house.send()
    return house, await house.mail("thanks")


async def where(house: House) -> dict[str, EnrollmentState]:
    """How each enrollment stands, by its scenario."""
    return {e.scenario_id: e.state for e in await house.store.find(Enrollment)}


@pytest.mark.parametrize(
    ("text", "day_one"),
    [
        ("社内で検討いたします。", MET.date() + timedelta(days=35)),
        ("7月の委員会で検討いたします。", date(2027, 8, 3)),
        ("令和12年度の更新に合わせて検討します。", date(2030, 4, 4)),
    ],
)
async def test_who_thinks_it_over_is_asked_after_the_time_that_was_named(
    house: House, text: str, day_one: date
) -> None:
    """The standard scenario ends; one question is planned for behind that time, and nothing sooner."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter(text, sent)]))
    await tick.tick(house.doors)

    assert {"warm-lead-30d": EnrollmentState.STOPPED, "considering": EnrollmentState.ACTIVE} == await where(house)
    points = await house.mail("points")
    assert points.nominal == day_one
    assert points.planned_on is not None
    assert points.planned_on >= day_one
    left = {m.step_id for m in await house.mails() if m.state is not MessageState.CANCELLED}
    assert {"thanks", "points", "column"} == left


async def test_the_question_is_written_and_a_second_thought_rests_again(sql_house: House) -> None:
    """Five weeks later it waits at the desk; 「もう少し検討します」 to it is five weeks more."""
    house, sent = await thanked(sql_house)
    await read(house, Pigeonhole([letter("社内で検討いたします。", sent)]))
    await house.until(MET + timedelta(days=35), timedelta(hours=12))
    points = await house.mail("points")
    assert MessageState.WAITING is points.state
    assert "論点になっている点" in points.body.replace("\n", "")
    await house.approve(points)
    await house.until(MET + timedelta(days=37), timedelta(minutes=20))
    points = await house.mail("points")
    assert MessageState.SENT is points.state
    again = letter(
        "もう少し検討いたします。",
        points,
        message_id="<again@aoba-hp.example>",
        date="Wed, 16 Jun 2027 15:00:00 +0900",
    )
    await read(house, Pigeonhole([b"", again]))

    (row,) = await house.store.find(Enrollment, {"scenario_id": "considering"})
    assert EnrollmentState.PAUSED is row.state
    assert row.wake_at is not None
    assert house.clock.now().astimezone(TOKYO).date() + timedelta(days=35) == row.wake_at.astimezone(TOKYO).date()


async def test_a_refusal_is_thanked_for(house: House) -> None:
    """The next working day, after approval; then something to read, months later."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter("検討の結果、今回は見送らせていただきます。", sent)]))
    await tick.tick(house.doors)

    assert {"warm-lead-30d": EnrollmentState.STOPPED, "after-loss": EnrollmentState.ACTIVE} == await where(house)
    farewell, news = await house.mail("farewell"), await house.mail("news")
    assert MET.date() + timedelta(days=1) == farewell.nominal
    assert MessageState.WAITING is farewell.state
    assert "一言お聞かせください" in farewell.body.replace("\n", "")
    assert news.nominal == MET.date() + timedelta(days=119)


@pytest.mark.parametrize(
    "text", ["検討しますので、見積をお送りください。", "検討したいのですが、電子カルテと連携できますか。"]
)
async def test_what_wants_an_answer_is_answered_first(house: House, text: str) -> None:
    """By a person: nothing rests or ends by itself."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter(text, sent)]))

    assert {"warm-lead-30d": EnrollmentState.PAUSED} == await where(house)


async def approved_until(house: House, moment: datetime) -> None:
    """Let the days go by, with a representative who approves whatever waits; each mail leaves at its minute."""
    while house.clock.now() < moment:
        day = house.clock.now() + timedelta(days=1)
        due = [m.planned_at for m in await house.mails() if m.state is MessageState.APPROVED and m.planned_at]
        house.clock.advance_to(min([day, moment, *(at for at in due if at > house.clock.now())]))
        await tick.tick(house.doors)
        await house.send()
        for mail in await house.mails():
            if mail.state is MessageState.WAITING:
                await house.approve(mail)


async def test_who_answers_nothing_to_the_end_gets_one_useful_thing_and_a_close(house: House) -> None:
    """Two weeks after the last mail; four weeks later it closes, and then there is rest (practice F25)."""
    house, _ = await thanked(house)
    await approved_until(house, MET + timedelta(days=42))
    assert {"warm-lead-30d": EnrollmentState.ACTIVE} == await where(house)
    asked = await house.mail("appointment")
    await approved_until(house, MET + timedelta(days=82))

    assert EnrollmentState.COMPLETED is (await where(house))["no-answer"]
    support, closing = await house.mail("support"), await house.mail("closing")
    assert MessageState.SENT is support.state is closing.state
    assert support.sent_at is not None
    assert asked.sent_at is not None
    assert 14 <= (support.sent_at - asked.sent_at).days <= 16
    assert "ご返信には及びません" in support.body
    assert "ひと区切り" in closing.subject


@pytest.mark.parametrize(
    ("days", "state"), [(0, MessageState.WAITING), (2, MessageState.WAITING), (3, MessageState.EXPIRED)]
)
async def test_bad_news_is_written_only_after_a_call(house: House, days: int, state: MessageState) -> None:
    """From the record of the call, for the manager to approve; an older meeting sends nothing (practice F29)."""
    house = as_shipped(house)
    await house.met(ended_at=MET - timedelta(days=days), scenario="bad-news")
    await tick.tick(house.doors)
    written = await house.mail("written")

    assert state is written.state
    assert (state is MessageState.WAITING) == ("お電話で申し上げた内容" in written.body)
    if written.body:
        with pytest.raises(UserError, match="may not approve"):
            await house.approve(written)


async def test_the_outline_comes_first_then_the_proposal_and_a_quiet_week(house: House) -> None:
    """Who confirms the minutes is not kept waiting; the proposal needs two people (practice B10, B12, C17)."""
    house, sent = await thanked(house, "proposal")
    await read(house, Pigeonhole([letter("その理解で結構です。", sent)]))
    await tick.tick(house.doors)

    assert {"proposal": EnrollmentState.ACTIVE} == await where(house)
    outline, proposal, pilot = [await house.mail(step) for step in ("outline", "proposal", "pilot")]
    assert MessageState.WAITING is outline.state
    assert "「はい」の一言" in outline.body
    assert "two_people" == proposal.approve
    assert proposal.planned_on is not None
    assert pilot.planned_on is not None
    assert 8 <= (pilot.planned_on - proposal.planned_on).days


@pytest.mark.parametrize(
    "text", ["電子カルテと連携できますか。", "5月20日(木)の13時でいかがでしょうか。", "承知しました。"]
)
async def test_reports_of_trouble_go_on_after_a_reply(house: House, text: str) -> None:
    """Who asks, proposes a time or only thanks is told how it ends all the same (F31); an opt-out ends it."""
    house, sent = await thanked(house)
    begun = await enroll.enroll(house.doors, (await house.person()).id, "incident", by=REP.id)
    await tick.tick(house.doors)
    await read(house, Pigeonhole([letter(text, sent)]))

    assert EnrollmentState.ACTIVE is (await where(house))["incident"]
    report = await house.mail("report")
    assert begun.id == report.enrollment_id
    assert ("manager", MessageState.WAITING) == (report.approve, report.state)
    assert "現在の状況" in report.body
    stop = letter("今後のメール配信は不要です。", sent, message_id="<stop@aoba-hp.example>")
    await read(house, Pigeonhole([b"", stop]))

    assert EnrollmentState.STOPPED is (await where(house))["incident"]


@pytest.mark.parametrize("begins", [date(2026, 12, 16), date(2027, 4, 5), date(2027, 4, 22), date(2027, 8, 2)])
def test_every_scenario_keeps_sensible_days(begins: date) -> None:
    """Over New Year, the turn of the fiscal year, congresses, Golden Week and Obon, whoever the reader is.

    On working days, but for what says otherwise; nothing is lost, and nothing comes more than three weeks late.
    """
    library = FileLibrary(scenarios=shipped() / "scenarios", calendars=shipped() / "calendars")
    anchor = datetime.combine(begins, time(15), tzinfo=TOKYO)
    rest = {*(date(2026, 12, day) for day in (30, 31)), *(date(2027, 1, day) for day in (1, 2, 3, 11))}
    rest |= {date(2027, 4, 29), *(date(2027, 5, day) for day in (3, 4, 5)), date(2027, 8, 11)}
    wrong: list[tuple[str, str, str, object]] = []
    for scenario in library.scenarios():
        calendars = library.calendars(scenario, None)
        for role, specialty in (("clinician", "radiology"), ("nursing", None), ("procurement", None)):
            profile = Profile(role=role, specialty=specialty)
            for planned in plan(Request(scenario, profile, anchor, anchor, "key", calendars)).steps:
                step, on = scenario.step(planned.step_id), planned.planned_on
                assert step is not None
                if on is None:
                    fits = step.when.roles is None or role in step.when.roles
                    wrong += [(scenario.id, step.id, role, planned.outcome)] if fits else []
                    continue
                freely = step.on_blocked == "ignore" or step.purpose == "notice"
                early = step.on_blocked == "advance" and on < planned.nominal
                if not freely and (
                    on.weekday() > 4 or on in rest or not (early or 0 <= (on - planned.nominal).days <= 21)
                ):
                    wrong.append((scenario.id, step.id, role, on))

    assert [] == wrong
