"""Scenarios with rules of their own, arms of a comparison, other anchors: the whole way through the flows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change, ScenarioText
from nurture.core.deals import Deal, Task
from nurture.core.ids import DealId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, MessageState
from nurture.core.people import Person
from nurture.errors import UserError
from nurture.flows import enroll, review, tick
from tests.flows.conftest import MET, SCENARIO, TOKYO, House
from tests.flows.test_receive import Pigeonhole, letter, read, thanked
from tests.samples import REP

if TYPE_CHECKING:
    from nurture.core.messages import Message

AFTER = """
id: after-loss
anchor: enrolled_at
calendars: [jp-holidays]
pace: {min_gap: 2d}
windows:
  default: {days: mon-fri, hours: ["09:30-11:30", "13:30-16:30"]}
steps:
  - {id: news, day: 1, mail: column, content: {kind: column, match: [role]}}
"""
RULES = """
on:
  - when: {reply: consideration}
    do: {pause: 30d}
  - when: {reply: [refusal, disagreement]}
    do: {stop: true, enroll: after-loss, after: 90d}
  - when: {no_reply_after: 5d, step: thanks}
    do: {task: visit}
"""


def with_rules(house: House, text: str = RULES) -> None:
    """The house's scenario, with this at its end."""
    folder = house.doors.settings.folder / "scenarios"
    (folder / "short.yaml").write_text(SCENARIO + text, encoding="utf-8")
    (folder / "after.yaml").write_text(AFTER, encoding="utf-8")


async def running(house: House, scenario: str = "short") -> Enrollment:
    """The enrollment in that scenario."""
    (found,) = await house.store.find(Enrollment, {"scenario_id": scenario})
    return found


async def test_consideration_rests_thirty_days_and_goes_on(house: House) -> None:
    """Nothing leaves meanwhile; then the rest comes with its old spacing, each mail approved anew."""
    with_rules(house)
    sent = await thanked(house)
    await house.until(MET + timedelta(days=1))
    await read(house, Pigeonhole([letter("ありがとうございます。社内で検討いたします。", sent)]))

    assert EnrollmentState.PAUSED is (await running(house)).state
    await house.until(MET + timedelta(days=29), timedelta(hours=12))
    assert EnrollmentState.PAUSED is (await running(house)).state
    assert 1 == len(house.wire.letters)
    await house.until(MET + timedelta(days=32), timedelta(hours=6))
    assert EnrollmentState.ACTIVE is (await running(house)).state
    case, column = await house.mail("case"), await house.mail("column")
    assert date(2027, 6, 10) == case.nominal
    assert MessageState.WAITING is case.state
    assert column.nominal is not None
    assert timedelta(days=8) == column.nominal - case.nominal
    assert {"rule.followed", "enrollment.paused", "enrollment.resumed"} <= set(await house.kinds())


async def test_a_refusal_leads_to_another_scenario(house: House) -> None:
    """The old one stops; the new one is planned for its day and stands at the desk from then on."""
    with_rules(house)
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("検討しましたが、今回は見送らせていただきます。", sent)]))
    await tick.tick(house.doors)

    assert EnrollmentState.STOPPED is (await running(house)).state
    assert EnrollmentState.ACTIVE is (await running(house, "after-loss")).state
    news = await house.mail("news")
    assert news.planned_on is not None
    assert date(2027, 8, 8) <= news.planned_on <= date(2027, 8, 12)
    texts = {row.scenario_id for row in await house.store.find(ScenarioText)}
    assert {"short", "after-loss"} == texts


async def test_an_opt_out_is_stronger_than_every_rule(house: House) -> None:
    """No other scenario begins."""
    with_rules(house, "\non:\n  - when: {reply: any}\n    do: {enroll: after-loss}\n")
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("今後のメール配信は不要です。停止してください。", sent)]))

    assert ["short"] == [e.scenario_id for e in await house.store.find(Enrollment)]
    assert EnrollmentState.STOPPED is (await running(house)).state


async def test_silence_is_noticed_by_the_beat(house: House) -> None:
    """Five calendar days after the thank-you, in the morning; once."""
    with_rules(house)
    await thanked(house)
    await house.until((MET + timedelta(days=5)).replace(hour=8))
    assert [] == await visits(house)
    await house.until((MET + timedelta(days=5)).replace(hour=10))
    (task,) = await visits(house)
    assert (MET + timedelta(days=5)).date() == (task.due_at or MET).astimezone(TOKYO).date()
    await house.until(MET + timedelta(days=8), timedelta(hours=6))
    assert 1 == len(await visits(house))
    assert ("no_reply_after/5d/thanks",) == (await running(house)).fired


async def visits(house: House) -> list[Task]:
    """Tasks to visit somebody."""
    return [t for t in await house.store.find(Task) if t.kind == "visit"]


async def test_an_enrollment_waits_for_silence_behind_its_last_step(house: House) -> None:
    """It is at its end only when the rule has come true; then it may begin another."""
    rule = "\non:\n  - when: {no_reply_after: 20d}\n    do: {stop: true, enroll: after-loss}\n"
    with_rules(house, rule)
    await thanked(house)
    await house.until(MET + timedelta(days=8), timedelta(hours=6))
    await review.reject(house.doors, (await house.mail("case")).id, by=REP.id, reason="x")
    await house.until(MET + timedelta(days=15), timedelta(hours=1))
    assert MessageState.SENT is (await house.mail("column")).state
    assert EnrollmentState.ACTIVE is (await running(house)).state
    await house.until(MET + timedelta(days=33), timedelta(hours=6))
    found = await running(house)
    assert (EnrollmentState.STOPPED, "no_reply") == (found.state, found.reason)
    assert EnrollmentState.ACTIVE is (await running(house, "after-loss")).state


async def test_an_arm_of_a_comparison_is_drawn_once(house: House) -> None:
    """By a hash of the person; the journal says which; only that arm's steps are planned."""
    with_rules(house, "\nvariants:\n  a: {weight: 0}\n  b: {steps: {case: {skip: true}, column: {day: 20}}}\n")
    await house.met()
    found = await running(house)

    assert "b" == found.variant
    started = next(e for e in await house.store.find(Entry) if e.kind == "enrollment.started")
    assert "b" == started.data["variant"]
    assert {"thanks", "column"} == {m.step_id for m in await house.mails()}
    assert (MET + timedelta(days=19)).date() == (await house.mail("column")).nominal
    sent = await house.approve(await house.mail("thanks"))
    await house.send()
    assert MessageState.SENT is (await house.mail(sent.step_id)).state


RENEWAL = """
id: renewal
anchor: contract_end
offset: -6 months
windows:
  default: {days: mon-fri, hours: ["09:30-11:30"]}
pace: {min_gap: 2d}
steps:
  - {id: news, day: 1, mail: column, content: {kind: column, match: [role]}}
"""


async def test_enrolling_takes_the_anchor_from_what_is_recorded(house: House) -> None:
    """The deal's date, less half a year; without it an error that says what is missing."""
    folder = house.doors.settings.folder / "scenarios"
    (folder / "renewal.yaml").write_text(RENEWAL, encoding="utf-8")
    (folder / "again.yaml").write_text(
        RENEWAL.replace("id: renewal", "id: again").replace("contract_end", "last_contact").replace("-6", "3"),
        encoding="utf-8",
    )
    await house.met()
    (person,) = await house.store.find(Person)
    with pytest.raises(UserError, match="no deal"):
        await enroll.enroll(house.doors, person.id, "renewal", by=REP.id)
    (deal,) = await house.store.find(Deal)
    await house.store.commit(Change((replace(deal, contract_end=date(2028, 3, 31)),)))

    started = await enroll.enroll(house.doors, person.id, "renewal", by=REP.id)
    assert date(2027, 9, 30) == started.anchor_at.astimezone(TOKYO).date()
    assert deal.id == started.deal_id
    again = await enroll.enroll(house.doors, person.id, "again", by=REP.id)
    assert date(2027, 8, 10) == again.anchor_at.astimezone(TOKYO).date()


async def test_two_deals_with_the_date_are_told_apart(house: House) -> None:
    """Nobody guesses which contract ends."""
    (house.doors.settings.folder / "scenarios" / "renewal.yaml").write_text(RENEWAL, encoding="utf-8")
    await house.met()
    (person,) = await house.store.find(Person)
    (deal,) = await house.store.find(Deal)
    for key in ("one", "two"):
        other = replace(deal, id=DealId(key), name=key, contract_end=date(2028, 3, 31), version=0)
        await house.store.commit(Change((other,)))
    with pytest.raises(UserError, match="several deals"):
        await enroll.enroll(house.doors, person.id, "renewal", by=REP.id)
    found = await enroll.enroll(house.doors, person.id, "renewal", by=REP.id, deal_id=DealId("two"))
    assert "two" == found.deal_id


async def test_a_broken_target_stops_nobody(house: House) -> None:
    """The scenario to go on with is gone: the refusal still stops, the representative is told."""
    with_rules(house)
    sent = await thanked(house)
    (house.doors.settings.folder / "scenarios" / "after.yaml").unlink()
    await read(house, Pigeonhole([letter("検討しましたが、今回は見送らせていただきます。", sent)]))

    assert EnrollmentState.STOPPED is (await running(house)).state
    assert "rule.unfulfilled" in await house.kinds()
    assert {"reply", "other"} == {t.kind for t in await house.store.find(Task) if t.step_id is None}


async def test_rules_work_on_sqlite(sql_house: House) -> None:
    """A resting enrollment is found by its hour there too."""
    house = sql_house
    with_rules(house)
    sent: Message = await thanked(house)
    await read(house, Pigeonhole([letter("社内で検討いたします。", sent)]))
    await house.until(MET + timedelta(days=31), timedelta(hours=12))

    assert EnrollmentState.ACTIVE is (await running(house)).state
