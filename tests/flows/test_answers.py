"""Answers that rest, end or hold an enrollment, and people who take that back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.deals import Meeting, Task
from nurture.core.ids import MessageId, RepId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Inbound, Message, MessageState, Suppression
from nurture.errors import Impossible, UserError, UserErrors
from nurture.flows import enroll, people, review, tick
from tests.flows.conftest import MET, SCENARIO, TOKYO, House, attendee
from tests.flows.reports import delivery_report
from tests.flows.test_cases import ADMIN, came_back, team
from tests.flows.test_receive import SATO, Pigeonhole, letter, read, thanked
from tests.samples import REP

if TYPE_CHECKING:
    from datetime import datetime


async def running(house: House) -> Enrollment:
    """The one enrollment."""
    (found,) = await house.store.find(Enrollment)
    return found


def day_of(at: datetime | None) -> date | None:
    """The local date."""
    return at.astimezone(TOKYO).date() if at else None


async def test_consideration_rests_five_weeks_and_goes_on(sql_house: House) -> None:
    """By itself; the representative knows, and each mail is approved anew."""
    house = sql_house
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("ありがとうございます。社内で検討いたします。", sent)]))

    assert ("consideration", MET.date() + timedelta(days=35)) == (
        (await running(house)).reason,
        day_of((await running(house)).wake_at),
    )
    assert "6/14" in house.told.notices[0][1].text
    await house.until(MET + timedelta(days=34), timedelta(hours=12))
    assert EnrollmentState.PAUSED is (await running(house)).state
    await house.until(MET + timedelta(days=38), timedelta(hours=6))
    assert EnrollmentState.ACTIVE is (await running(house)).state
    assert MessageState.WAITING is (await house.mail("case")).state
    assert 1 == len(house.wire.letters)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("6月の委員会で検討いたします。", date(2027, 7, 3)),
        ("来年3月以降に、改めて検討させてください。", date(2028, 3, 4)),
        ("令和12年度の更新に合わせて検討します。", None),
        ("検討いたします。まずは見積をお送りください。", None),
    ],
)
async def test_a_rest_lasts_until_the_time_that_they_name(house: House, text: str, day: date | None) -> None:
    """And three days more; too far ahead, or with something to answer, it waits for a person."""
    sent = await thanked(house)
    await read(house, Pigeonhole([letter(text, sent)]))
    found = await running(house)

    assert (EnrollmentState.PAUSED, day) == (found.state, day_of(found.wake_at))


async def test_a_refusal_ends_and_with_a_question_it_waits(house: House) -> None:
    """Nothing leaves either way; the question is answered by a person first."""
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("今回は見送らせていただきます。資料だけ送っていただけますか。", sent)]))
    assert (EnrollmentState.PAUSED, "reply") == ((await running(house)).state, (await running(house)).reason)
    second = letter("やはり今回は見送らせていただきます。", sent, message_id="<answer-2@aoba-hp.example>")
    await read(house, Pigeonhole([b"", second]))

    assert (EnrollmentState.STOPPED, "refusal") == ((await running(house)).state, (await running(house)).reason)
    assert {MessageState.SENT, MessageState.CANCELLED} == {m.state for m in await house.mails()}


async def test_a_mail_that_was_delivered_breaks_the_row(house: House) -> None:
    """Two came back, one did not, and now one does: no third in a row."""
    sent = await thanked(house)
    await came_back(house, sent)
    assert sent.sent_at is not None
    between = replace(
        sent,
        id=MessageId("between"),
        step_id="between",
        header_id="<between@minato.example>",
        unsubscribe_token="t-between",
        sent_at=sent.sent_at - timedelta(hours=1),
        version=0,
    )
    await house.store.commit(Change((between,)))
    await read(house, Pigeonhole([delivery_report(sent.header_id, SATO, "5.2.2", "mailbox full")]))

    assert EnrollmentState.ACTIVE is (await running(house)).state
    assert () == await house.store.find(Task, {"kind": "bounce"})


async def test_two_reports_of_one_mail_are_one(house: House) -> None:
    """Servers on the way report too."""
    sent = await thanked(house)
    reports = [delivery_report(sent.header_id, SATO, "5.2.2", "mailbox full", n) for n in range(4)]
    await read(house, Pigeonhole(reports))

    assert EnrollmentState.ACTIVE is (await running(house)).state


async def test_an_automatic_note_of_a_move_ends_it(house: House) -> None:
    """As a person's does; the successor stands in the task."""
    sent = await thanked(house)
    note = "佐藤は3月31日付で退職いたしました。後任は鈴木（suzuki@aoba-hp.example）です。"
    await read(house, Pigeonhole([letter(note, sent, auto_submitted="auto-replied")]))

    assert (EnrollmentState.STOPPED, "moved") == ((await running(house)).state, (await running(house)).reason)
    (task,) = await house.store.find(Task, {"kind": "moved"})
    assert "suzuki@aoba-hp.example" in task.detail.splitlines()[0]


async def test_proposed_times_stand_in_the_task_and_in_the_notice(house: House) -> None:
    """Each as it was understood, before the words."""
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("5/20(木) 13:00～14:00 か 5/21(金) 16時以降でいかがでしょうか。", sent)]))

    (task,) = await house.store.find(Task, {"kind": "appointment"})
    assert ["2027-05-20 13:00–14:00", "2027-05-21 16:00–"] == task.detail.splitlines()[:2]
    ((_, notice),) = house.told.notices
    assert "5/20(木) 13:00–14:00" in notice.text
    assert "5/21(金) 16:00–" in notice.text


async def test_only_seminars_is_no_refusal_of_seminars(house: House) -> None:
    """All else is refused then: a person reads it, everything waits."""
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("セミナーの案内だけで結構です。", sent)]))

    assert () == await house.store.find(Suppression)
    assert EnrollmentState.PAUSED is (await running(house)).state


@pytest.mark.parametrize(
    ("policy", "state", "waits"),
    [
        ("hold", EnrollmentState.ACTIVE, True),
        ("pause", EnrollmentState.PAUSED, True),
        ("continue", EnrollmentState.ACTIVE, False),
    ],
)
async def test_colleagues_are_treated_as_the_scenario_says(
    sql_house: House, policy: str, state: EnrollmentState, waits: bool
) -> None:
    """The one who wrote pauses; the other's approved mail waits for a fresh approval, or leaves as it was."""
    house = sql_house
    text = SCENARIO.replace("pace:", f"on_colleague_reply: {policy}\npace:", 1)
    (house.doors.settings.folder / "scenarios" / "short.yaml").write_text(text, encoding="utf-8")
    done = await house.met(attendee(), attendee("kato@aoba-hp.example", "加藤"))
    first, second = sorted(done.messages, key=lambda m: m.to_address != SATO)
    await house.approve(first)
    await house.send()
    await house.approve(second)
    sent = next(m for m in await house.mails("thanks") if m.state is MessageState.SENT)
    await read(house, Pigeonhole([letter("一度お電話ください。", sent)]))
    await house.send()

    rows = {e.person_id: e.state for e in await house.store.find(Enrollment)}
    assert {first.person_id: EnrollmentState.PAUSED, second.person_id: state} == rows
    other = await house.store.get(Message, second.id)
    assert other is not None
    assert (MessageState.WAITING if waits else MessageState.SENT) is other.state


@pytest.mark.parametrize(
    ("text", "subject", "told"),
    [
        ("保守費用は年額でしょうか。", "Re: 御礼", "【ご質問】佐藤 花子: Re: 御礼"),
        ("はい、その理解で間違いありません。保守費用は年額でしょうか。", "", "【同意、ご質問】佐藤 花子"),
        ("患者ID：0012345 の件です。", "Re: 御礼", "佐藤 花子: 患者情報らしい記載のあるメール"),
        ("", "", "【返信】佐藤 花子"),
    ],
)
async def test_the_subject_of_a_notice_says_what_it_is_about(
    house: House, text: str, subject: str, told: str
) -> None:
    """What was read first, then who wrote under which subject; of what may be a patient's data neither."""
    sent = await thanked(house)
    await read(house, Pigeonhole([letter(text, sent, subject=subject)]))
    ((_, notice),) = house.told.notices

    assert told == notice.subject


SECRETS = ("山田", "太郎", "0012345", "昭和20年")


@pytest.mark.parametrize(
    "text",
    [
        "患者の山田太郎様（ID 0012345、昭和20年3月1日生）の画像が表示されません。",
        "患者の山田太郎様（ID 0012345、昭和20年3月1日生）の件、5月20日(木) 13時でお願いします。",
        "患者の山田太郎様（ID 0012345、昭和20年3月1日生）の件は別として、今後の配信は不要です。",
        "患者の山田太郎様（ID 0012345、昭和20年3月1日生）の件で異動いたしました。",
    ],
)
async def test_data_of_a_patient_are_kept_nowhere(sql_house: House, text: str) -> None:
    """Not in a row, not in the journal, not in a notice, not in the file; the mail is held, an opt-out counts."""
    house = sql_house
    sent = await thanked(house)
    await read(house, Pigeonhole([letter(text, sent, subject="患者ID：0012345 の件")]))

    (row,) = await house.store.find(Inbound)
    assert "record_number" in row.reading
    assert (await running(house)).state in {EnrollmentState.PAUSED, EnrollmentState.STOPPED}
    assert ("配信は不要" in text) == bool(await house.store.find(Suppression))
    everything = [
        repr(found)
        for kind in (Inbound, Entry, Task, Message, Suppression, Enrollment)
        for found in await house.store.find(kind)
    ]
    everything += [repr(notice) for _, notice in house.told.notices]
    await house.store.close()
    everything += [
        path.read_bytes().decode("utf-8", "replace") for path in house.doors.settings.folder.glob("n.sqlite*")
    ]
    assert [] == [secret for secret in SECRETS for one in everything if secret in one]
    assert house.told.notices


async def test_a_stray_with_data_of_a_patient_is_blotted_out(house: House) -> None:
    """Whoever sees the strays at the desk sees none of it."""
    sent = await thanked(house)
    text = "患者の山田太郎様（ID 0012345）の件です。"
    await read(house, Pigeonhole([letter(text, sent, sender="x@elsewhere.example")]))

    (row,) = await house.store.find(Inbound)
    assert [] == [secret for secret in SECRETS if secret in repr(row)]
    assert () == tuple(e for e in await house.store.find(Entry) if any(secret in repr(e) for secret in SECRETS))


async def test_a_stop_is_taken_back(sql_house: House) -> None:
    """Paused, then resumed with what was cancelled; the journal keeps why it ended, and who said otherwise."""
    house = sql_house
    sent = await thanked(house)
    await house.until(MET + timedelta(days=1), timedelta(hours=6))
    await read(house, Pigeonhole([letter("今回は見送らせていただきます。", sent)]))
    await enroll.reopen(house.doors, (await running(house)).id, by=REP.id)
    found = await running(house)
    assert (EnrollmentState.PAUSED, "reopened", None, None) == (
        found.state,
        found.reason,
        found.wake_at,
        found.ended_at,
    )
    await house.until(MET + timedelta(days=3), timedelta(hours=6))
    assert 1 == len(house.wire.letters)  # paused

    await enroll.resume(house.doors, found.id, by=REP.id)
    await tick.tick(house.doors)
    states = {m.step_id: m.state for m in await house.mails()}
    assert MessageState.SENT is states["thanks"]
    assert {states["case"], states["column"]} <= {MessageState.PLANNED, MessageState.WAITING}
    said = [(e.kind, e.actor) for e in await house.store.find(Entry) if e.kind.startswith("enrollment.")]
    assert ("enrollment.stopped", SATO) in said
    assert ("enrollment.reopened", REP.id) in said
    await house.approve(await house.mail("case"))
    await house.until(MET + timedelta(days=5))
    assert 2 == len(house.wire.letters)


async def test_what_cannot_be_taken_back(house: House) -> None:
    """An opt-out, without a consent; what has not ended; what somebody is in anew."""
    sent = await thanked(house)
    found = await running(house)
    with pytest.raises(Impossible):
        await enroll.reopen(house.doors, found.id, by=REP.id)
    await enroll.stop(house.doors, found.id, by=REP.id, reason="person")
    again = await enroll.enroll(house.doors, found.person_id, "short", by=REP.id, deal_id=found.deal_id)
    with pytest.raises(UserError, match="already"):
        await enroll.reopen(house.doors, found.id, by=REP.id)
    await enroll.stop(house.doors, again.id, by=REP.id, reason="person")
    await read(house, Pigeonhole([letter("今後の配信は不要です。", sent)]))
    with pytest.raises(UserError, match="wants no more mail"):
        await enroll.reopen(house.doors, found.id, by=REP.id)


async def test_an_absence_is_taken_back(house: House) -> None:
    """Read wrongly, or over: planned from today again; the journal keeps both."""
    sent = await thanked(house)
    note = "ただいま出張のため不在にしております。5月12日(水)～6月21日(月)の間はメールの確認ができません。"
    await read(house, Pigeonhole([letter(note, sent, auto_submitted="auto-replied")]))
    await tick.tick(house.doors)
    late = await house.mail("case")
    person = await people.back(house.doors, sent.person_id, by=REP.id)
    await tick.tick(house.doors)
    early = await house.mail("case")

    assert person.away is None
    assert late.planned_on is not None
    assert early.planned_on is not None
    assert early.planned_on < date(2027, 5, 20) < date(2027, 6, 21) < late.planned_on
    assert {"person.away", "person.back"} <= set(await house.kinds())
    with pytest.raises(UserError, match="not known to be away"):
        await people.back(house.doors, sent.person_id, by=REP.id)


async def test_data_of_a_patient_get_into_no_letter_and_no_record(house: House) -> None:
    """Neither by a person's edit nor by what was noted at a meeting; nothing is written, nothing is cited."""
    await house.met()
    mail = await house.mail("thanks")
    text = "患者の山田太郎様（ID 0012345）の件です。"
    with pytest.raises(UserError, match="body looks like data of a patient") as edited:
        await review.edit(house.doors, mail.id, by=REP.id, subject="御礼", body=text, seen=mail.fingerprint)
    with pytest.raises(UserErrors) as noted:
        await house.met(attendee("kato@aoba-hp.example", "加藤", remark=text))

    (error,) = noted.value.errors
    assert "remark looks like data of a patient" == str(error)
    assert mail == await house.mail("thanks")
    assert 1 == len(await house.store.find(Meeting))
    assert [] == [secret for secret in SECRETS if secret in f"{edited.value}{error}"]


async def test_a_note_that_would_be_written_into_a_letter_is_held(house: House) -> None:
    """What an earlier version kept: the draft cannot be written, and its representative is told why."""
    await house.met()
    (meeting,) = await house.store.find(Meeting)
    agreed = ("患者の山田太郎様（ID 0012345）の画像で試行する",)
    await house.store.commit(Change((replace(meeting, agreements=agreed),)))
    folder = house.doors.settings.folder / "scenarios"
    (folder / "again.yaml").write_text(SCENARIO.replace("id: short", "id: again"), encoding="utf-8")
    second = await enroll.enroll(house.doors, (await house.person()).id, "again", by=REP.id, meeting_id=meeting.id)
    await tick.advance(house.doors, [second.id])

    assert () == tuple(m for m in await house.mails("thanks") if "0012345" in m.body)
    (task,) = await house.store.find(Task, {"kind": "draft"})
    assert "patient" in task.detail
    assert "0012345" not in task.detail


async def test_a_complaint_that_fits_nobody_is_an_alarm_too(house: House) -> None:
    """A provider's report with the address blacked out: whoever reads the mailbox, and administrators."""
    await thanked(house)
    await team(house)
    await house.store.commit(Change((replace(ADMIN, id=RepId("ono"), active=False),)))
    report = "\r\n".join(
        [
            "From: abuse@provider.example",
            f"To: {REP.email}",
            "Subject: Email Feedback Report",
            "Message-ID: <arf-1@provider.example>",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
            "",
            "--b",
            "Content-Type: text/plain",
            "",
            "This is an email abuse report.",
            "",
            "--b",
            "Content-Type: message/feedback-report",
            "",
            "Feedback-Type: abuse",
            "User-Agent: provider/1.0",
            "Version: 1",
            "",
            "--b--",
            "",
        ]
    )
    found = await read(house, Pigeonhole([report.encode()]))

    assert 1 == found.strays
    told = {who: notice.kind for who, notice in house.told.notices}
    assert "complaint" == told[ADMIN.id]
    assert "complaint" == told[REP.id]
    assert "ono" not in told
    assert () == await house.store.find(Suppression)
