"""Every line of the table of reactions, by a letter that goes through the flows: it does what the line says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from nurture.core import cases
from nurture.core.cases import CASES, Becomes, Case, Rules, Silence, Told
from nurture.core.change import Change
from nurture.core.deals import Task
from nurture.core.ids import MessageId, RepId
from nurture.core.messages import Enrollment, EnrollmentState, Message, MessageState, Suppression
from nurture.core.people import AccessRole, Person, Representative
from tests.flows.conftest import SCENARIO, House, attendee
from tests.flows.reports import delivery_report
from tests.flows.test_receive import SATO, Pigeonhole, letter, read
from tests.samples import REP

MANAGER: Final = replace(REP, id=RepId("hayashi"), email="hayashi@minato.example", access=(AccessRole.MANAGER,))
ADMIN: Final = replace(REP, id=RepId("ito"), email="ito@minato.example", access=(AccessRole.ADMINISTRATOR,))

TEXTS: Final = {
    "opt_out": "今後の配信は不要です。",
    "complaint": "迷惑です。どこでアドレスを入手したのか、説明してください。",
    "moved": "4月1日付で港総合病院へ異動いたしました。",
    "appointment": "5月20日(木) 13:00～14:00 はいかがでしょうか。",
    "patient_data": "患者の山田太郎様（ID 0012345、78歳）の画像が表示されません。",
    "ambiguous": "もう結構です。",
    "topic": "セミナーのご案内は不要です。",
    "less_often": "頻度を減らしていただければ結構です。月1回程度でお願いします。",
    "refusal": "今回は見送らせていただきます。",
    "consideration": "社内で検討いたします。",
    "correction": "概ねそのとおりですが、予算は来年度です。",
    "material": "詳しい資料を送っていただけますか。",
    "question": "当院の電子カルテと連携できますか。",
    "referral": "本件は医事課が担当です。",
    "agreement": "その通りです。",
    "reply": "ありがとうございました。",
}
"""What people write. The other lines of the table are said by machines."""
AUTOMATIC: Final = {
    "away": "5月12日(水)～5月21日(金)の間、出張のため不在にしております。",
    "away_and_moved": "5月12日(水)～5月21日(金)の間、不在にしております。なお6月1日付で異動いたします。",
    "challenge": "初めての方に送信者の確認をお願いしています。下記URLをクリックすると配信されます。\nhttps://v.example/1",
    "noted": "メールを受け付けました。",
}
STATES: Final = {
    Becomes.STOPS: EnrollmentState.STOPPED,
    Becomes.PAUSES: EnrollmentState.PAUSED,
    Becomes.RESTS: EnrollmentState.PAUSED,
    Becomes.SLOWS: EnrollmentState.ACTIVE,
    Becomes.POSTPONED: EnrollmentState.ACTIVE,
    Becomes.GOES_ON: EnrollmentState.ACTIVE,
}


def mail(case: Case, sent: Message) -> bytes:
    """A mail that is this case."""
    if case is cases.BOUNCE:
        return delivery_report(sent.header_id, SATO, "5.1.1", "User unknown")
    if case in {cases.SOFT_BOUNCE, cases.THIRD_BOUNCE}:
        return delivery_report(sent.header_id, SATO, "5.2.2", "mailbox full")
    if case.id in AUTOMATIC:
        return letter(AUTOMATIC[case.id], sent, auto_submitted="auto-replied")
    return letter(TEXTS[case.id], sent)


async def team(house: House) -> None:
    """A representative with a manager, and an administrator."""
    rep = await house.store.get(Representative, REP.id)
    assert rep is not None
    await house.store.commit(Change((MANAGER, ADMIN, replace(rep, manager_id=MANAGER.id))))


async def came_back(house: House, sent: Message) -> None:
    """Two mails to the same address, of the days before, that came back for now."""
    assert sent.sent_at is not None
    earlier = (
        replace(
            sent,
            id=MessageId(f"{sent.id}-{days}"),
            step_id=f"before-{days}",
            header_id=f"<before-{days}@minato.example>",
            unsubscribe_token=f"t-{days}",
            state=MessageState.BOUNCED,
            sent_at=sent.sent_at - timedelta(days=days),
            version=0,
        )
        for days in (1, 2)
    )
    await house.store.commit(Change(tuple(earlier)))


async def exchanged(house: House, case: Case) -> tuple[Message, Message]:
    """Two colleagues were met; one was thanked and this is her mail; the other's mail was approved meanwhile."""
    await team(house)
    done = await house.met(attendee(), attendee("kato@aoba-hp.example", "加藤"))
    first, second = sorted(done.messages, key=lambda m: m.to_address != SATO)
    await house.approve(first)
    await house.send()
    await house.approve(second)
    sent = next(m for m in await house.mails("thanks") if m.state is MessageState.SENT)
    if case is cases.THIRD_BOUNCE:
        await came_back(house, sent)
    await read(house, Pigeonhole([mail(case, sent)]))
    other = await house.store.get(Message, second.id)
    assert other is not None
    return sent, other


async def does_what_it_says(house: House, case: Case) -> None:
    """To the enrollment, the address, the representative and the colleagues."""
    sent, other = await exchanged(house, case)

    (row,) = await house.store.find(Enrollment, {"person_id": sent.person_id})
    reason = "" if case.becomes is Becomes.SLOWS else case.reason  # its reason is that of a pause
    assert (STATES[case.becomes], reason) == (row.state, row.reason)
    assert (case.becomes is Becomes.RESTS) == (row.state is EnrollmentState.PAUSED and row.wake_at is not None)
    person = await house.store.get(Person, sent.person_id)
    assert person is not None
    assert (case in {cases.AWAY, cases.AWAY_AND_MOVED}) == (person.away is not None)
    addresses = [s for s in await house.store.find(Suppression) if s.scope.value == Silence.ADDRESS]
    topics = [s for s in await house.store.find(Suppression) if s.scope.value == Silence.TOPIC]
    assert ([SATO] if case.silence is Silence.ADDRESS else []) == [s.value for s in addresses]
    partial = {Silence.TOPIC: [f"{SATO}#seminar"], Silence.PACE: [f"{SATO}#every-31d"]}
    assert partial.get(case.silence or Silence.ADDRESS, []) == [s.value for s in topics]
    tasks = [t.kind for t in await house.store.find(Task, {"step_id": None})]
    assert ([case.task] if case.task else []) == tasks
    whom = {None: set(), Told.REP: {REP.id}, Told.ALARM: {REP.id, MANAGER.id, ADMIN.id}}[case.told]
    assert whom == {who for who, _ in house.told.notices}
    assert (MessageState.WAITING if case.colleagues else MessageState.APPROVED) is other.state


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_a_mail_does_what_its_line_says(house: House, case: Case) -> None:
    """In memory."""
    await does_what_it_says(house, case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_a_mail_does_what_its_line_says_on_sqlite(sql_house: House, case: Case) -> None:
    """In a file."""
    await does_what_it_says(sql_house, case)


GENTLE: Final = """
on:
  - when: {reply: less_often}
    do: {stop: true, task: visit}
  - when: {reply: any}
    do: {resume: true, task: visit}
  - when: {bounce: any}
    do: {stop: true, task: visit}
  - when: {absence: any}
    do: {stop: true, task: visit}
"""
BY_NAME: Final = """
on:
  - when: {reply: appointment}
    do: {pause: true, task: visit}
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_rules_change_what_the_line_lets_them(house: House, case: Case) -> None:
    """Rules for anything that comes: followed where the last column says so, else not at all."""
    text = BY_NAME if case.rules is Rules.NAMED else GENTLE
    (house.doors.settings.folder / "scenarios" / "short.yaml").write_text(SCENARIO + text, encoding="utf-8")
    sent, _ = await exchanged(house, case)

    (row,) = await house.store.find(Enrollment, {"person_id": sent.person_id})
    visits = await house.store.find(Task, {"kind": "visit"})
    assert (case.rules is not Rules.NONE) == bool(visits)
    if case.rules in {Rules.NONE, Rules.TASK}:
        assert STATES[case.becomes] is row.state
    else:
        assert STATES[case.becomes] is not row.state


async def test_a_rule_for_any_reply_is_none_for_an_appointment(house: House) -> None:
    """Only one that names it."""
    (house.doors.settings.folder / "scenarios" / "short.yaml").write_text(SCENARIO + GENTLE, encoding="utf-8")
    sent, _ = await exchanged(house, cases.APPOINTMENT)

    (row,) = await house.store.find(Enrollment, {"person_id": sent.person_id})
    assert EnrollmentState.STOPPED is row.state
