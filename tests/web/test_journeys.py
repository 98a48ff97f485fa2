"""What representatives and managers do at the desk, from the first click to the last."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.attachments import Attachment
from nurture.core.change import Change
from nurture.core.deals import Task
from nurture.core.ids import InboundId, TaskId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, MessageState
from nurture.web.app import build
from tests.web.browser import browser, form, send, sign_in
from tests.web.world import (
    CASE,
    CASE_MAIL,
    DOUBT,
    FOOTER,
    MORI,
    NOW,
    READ,
    REPLY,
    SATO,
    SECRET,
    THANK_YOU,
    TWO_PEOPLE,
    YAMAMOTO,
)

if TYPE_CHECKING:
    import httpx

    from tests.web.world import World


async def test_a_mail_is_approved_with_one_tap_from_the_list(sqlite_world: World) -> None:
    """The first button of the list approves the shown text, and the list says when it leaves."""
    async with browser(build(sqlite_world.doors, SECRET)) as client:
        await sign_in(client, sqlite_world, SATO)
        page = await client.get("/")
        answer = await send(client, page.text, f"/messages/{CASE_MAIL.id}/approve")
        assert answer.status_code == 303
        after = await client.get(answer.headers["location"])
    message = await sqlite_world.message(CASE_MAIL.id)
    assert message.state is MessageState.APPROVED
    assert message.approvals[0].by == SATO.id
    assert message.approvals[0].fingerprint == CASE_MAIL.fingerprint
    assert "12/1(火) 09:12" in after.text
    assert f"/messages/{CASE_MAIL.id}/approve" not in after.text


async def test_the_most_urgent_comes_first(sato: httpx.AsyncClient) -> None:
    """Overdue thank-yous stand before running ones, those before what has a later date."""
    text = (await sato.get("/")).text
    places = [
        text.index(f"/messages/{key}/approve") for key in ("m-late", "m-thanks", "m-case", "m-held", "m-two")
    ]
    assert places == sorted(places)
    assert text.index("/messages/m-two/approve") < text.index('href="/messages/m-doubt"')
    assert (
        text.index('href="/messages/m-doubt"') < text.index("来週の水曜でしたら") < text.index("高橋先生へお電話")
    )


async def test_the_title_counts_what_waits(sato: httpx.AsyncClient, mori: httpx.AsyncClient) -> None:
    """A tab in the background tells how many mails wait for its reader."""
    assert "<title>(5) " in (await sato.get("/")).text
    assert "<title>(6) " in (await mori.get("/")).text


async def test_a_thank_you_leaves_when_it_is_approved(sato: httpx.AsyncClient, desk_world: World) -> None:
    """The mail with the three-hour clock is dated to the moment of its approval."""
    desk_world.later(minutes=30)
    page = await sato.get(f"/messages/{THANK_YOU.id}")
    await send(sato, page.text, "/approve")
    message = await desk_world.message(THANK_YOU.id)
    assert message.state is MessageState.APPROVED
    assert message.planned_at == NOW + timedelta(minutes=30)


async def test_the_page_shows_why_the_date_is_what_it_is(sato: httpx.AsyncClient) -> None:
    """Every move of the date stands on the mail's page, with the date the scenario had wished."""
    text = (await sato.get("/messages/m-planned")).text
    assert "jp-medical/rsna-2026" in text
    assert "11/29(日)" in text
    assert "12/2(水) 09:33" in text


async def test_a_stale_page_approves_nothing(sato: httpx.AsyncClient, desk_world: World) -> None:
    """A text that changed after the page was opened stays waiting, and is shown as it is now."""
    page = await sato.get(f"/messages/{CASE_MAIL.id}")
    message = await desk_world.message(CASE_MAIL.id)
    await desk_world.store.commit(Change((replace(message, body=f"新しい本文です。\n\n{FOOTER}"),)))
    answer = await send(sato, page.text, "/approve")
    assert answer.status_code == 409
    assert "新しい本文です。" in answer.text
    assert (await desk_world.message(CASE_MAIL.id)).state is MessageState.WAITING
    again = await send(sato, answer.text, "/approve")
    assert again.status_code == 303
    assert (await desk_world.message(CASE_MAIL.id)).state is MessageState.APPROVED


async def test_a_mail_that_moved_to_another_day_needs_fresh_eyes(
    sato: httpx.AsyncClient, desk_world: World
) -> None:
    """The date is part of what is approved."""
    page = await sato.get("/")
    message = await desk_world.message(CASE_MAIL.id)
    assert message.planned_on is not None
    moved = replace(message, planned_on=message.planned_on + timedelta(days=1))
    await desk_world.store.commit(Change((moved,)))
    answer = await send(sato, page.text, f"/messages/{CASE_MAIL.id}/approve")
    assert answer.status_code == 409


async def test_a_double_tap_is_friendly(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Pressing approve twice leads back to the list both times, and approves once."""
    page = await sato.get("/")
    for _ in range(2):
        answer = await send(sato, page.text, f"/messages/{CASE_MAIL.id}/approve")
        assert answer.status_code == 303
        assert (await sato.get(answer.headers["location"])).status_code == 200
    entries = await desk_world.store.find(Entry, {"message_id": CASE_MAIL.id, "kind": "message.approved"})
    assert len(entries) == 1


async def test_four_eyes_are_two_people(
    sato: httpx.AsyncClient, mori: httpx.AsyncClient, desk_world: World
) -> None:
    """The first approval is noted, the same person is not asked again, the second lets it go."""
    first = await send(sato, (await sato.get(f"/messages/{TWO_PEOPLE.id}")).text, "/approve")
    assert "done=first" in first.headers["location"]
    page = await sato.get(f"/messages/{TWO_PEOPLE.id}")
    assert f"/messages/{TWO_PEOPLE.id}/approve" not in page.text
    assert "あなたは承認済みです。 承認待ち: 森 恵子" in page.text
    assert "佐藤 美咲 さんが 11/26(木) 16:10 に承認しました。 あなたの承認で 2 人目" in (await mori.get("/")).text
    assert (await desk_world.message(TWO_PEOPLE.id)).state is MessageState.WAITING
    await send(mori, (await mori.get("/")).text, f"/messages/{TWO_PEOPLE.id}/approve")
    assert (await desk_world.message(TWO_PEOPLE.id)).state is MessageState.APPROVED


async def test_a_rejection_says_why(sato: httpx.AsyncClient, desk_world: World) -> None:
    """A mail is rejected with a reason, which the journal keeps; without one it stays."""
    page = await sato.get(f"/messages/{CASE_MAIL.id}")
    empty = await send(sato, page.text, "/reject", reason="  ")
    assert empty.status_code == 409
    assert (await desk_world.message(CASE_MAIL.id)).state is MessageState.WAITING
    answer = await send(sato, page.text, "/reject", reason="事例が古い")
    assert answer.status_code == 303
    assert (await desk_world.message(CASE_MAIL.id)).state is MessageState.REJECTED
    assert "事例が古い" in (await sato.get(f"/messages/{CASE_MAIL.id}")).text


async def test_an_edit_keeps_the_footer_and_asks_for_approval(sato: httpx.AsyncClient, desk_world: World) -> None:
    """The text is replaced, the legal footer stands under it as before, earlier approvals end."""
    page = await sato.get(f"/messages/{CASE_MAIL.id}/edit")
    found = form(page.text, "/edit")
    assert found.fields["body"] == CASE.rstrip("\n")
    body = found.fields["body"] + "\n\n追伸　資料は 3 ページからご覧ください。"
    answer = await send(sato, page.text, "/edit", body=body, subject="事例のご紹介", do="save")
    assert answer.status_code == 303
    message = await desk_world.message(CASE_MAIL.id)
    assert message.state is MessageState.WAITING
    assert message.subject == "事例のご紹介"
    assert message.edited_by == SATO.id
    assert "追伸　資料は 3 ページからご覧ください。" in message.body
    assert message.body.endswith(FOOTER)
    assert message.body.count(FOOTER) == 1


async def test_a_preview_keeps_nothing(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Preview shows the whole mail as it would leave and what is changed in it, and writes nothing."""
    page = await sato.get(f"/messages/{CASE_MAIL.id}/edit")
    answer = await send(sato, page.text, "/edit", body="ひとことだけ。", do="preview")
    assert answer.status_code == 200
    assert answer.text.count("ひとことだけ。") == 3  # the text area, the preview, the difference
    assert await desk_world.message(CASE_MAIL.id) == replace(CASE_MAIL, version=1)


async def test_what_was_typed_survives_a_stale_edit(sato: httpx.AsyncClient, desk_world: World) -> None:
    """When the mail changed meanwhile, nothing is written and the typed text is still in the form."""
    page = await sato.get(f"/messages/{CASE_MAIL.id}/edit")
    message = await desk_world.message(CASE_MAIL.id)
    await desk_world.store.commit(Change((replace(message, subject="別の件名"),)))
    answer = await send(sato, page.text, "/edit", body="大切な追記", do="save")
    assert answer.status_code == 409
    assert form(answer.text, "/edit").fields["body"] == "大切な追記"
    assert "別の件名" in answer.text
    assert (await desk_world.message(CASE_MAIL.id)).body == CASE_MAIL.body


async def test_an_empty_text_is_refused_in_words(sato: httpx.AsyncClient, desk_world: World) -> None:
    """A mail without a subject is not saved; the form comes back."""
    page = await sato.get(f"/messages/{CASE_MAIL.id}/edit")
    answer = await send(sato, page.text, "/edit", subject=" ", do="save")
    assert answer.status_code == 400
    assert (await desk_world.message(CASE_MAIL.id)).subject == CASE_MAIL.subject


@pytest.mark.parametrize(("says", "state"), [("left", MessageState.SENT), ("again", MessageState.APPROVED)])
async def test_a_doubt_is_settled_by_a_person(
    sato: httpx.AsyncClient, desk_world: World, says: str, state: MessageState
) -> None:
    """In doubt becomes sent, or is sent again under the same Message-ID."""
    page = await sato.get(f"/messages/{DOUBT.id}")
    silent = await send(sato, page.text, "/settle", answer=says)
    assert silent.status_code == 409
    assert (await desk_world.message(DOUBT.id)).state is MessageState.IN_DOUBT
    answer = await send(sato, page.text, "/settle", answer=says, why="先方に電話で確認")
    assert answer.status_code == 303
    assert "先方に電話で確認" in (await sato.get(f"/messages/{DOUBT.id}")).text
    message = await desk_world.message(DOUBT.id)
    assert message.state is state
    assert message.header_id == DOUBT.header_id


async def test_a_mail_that_left_meanwhile_is_told_in_words(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Rejecting what is already sent changes nothing and says so."""
    page = await sato.get(f"/messages/{CASE_MAIL.id}")
    message = await desk_world.message(CASE_MAIL.id)
    await desk_world.store.commit(Change((replace(message, state=MessageState.SENT, sent_at=NOW),)))
    answer = await send(sato, page.text, "/reject", reason="遅すぎた")
    assert answer.status_code == 409
    assert (await desk_world.message(CASE_MAIL.id)).state is MessageState.SENT


async def test_a_person_has_a_page(sato: httpx.AsyncClient) -> None:
    """Who it is, where the enrollment stands and why, the mails, and what happened."""
    text = (await sato.get("/people/nakamura")).text
    for wanted in ("中村 誠 様", "みなと市民病院", "warm-lead-30d", "先日の御礼", "Re: 先日の御礼"):
        assert wanted in text


async def test_after_a_reply_a_person_decides_how_it_goes_on(sato: httpx.AsyncClient, desk_world: World) -> None:
    """A paused enrollment goes on at a button, and the reply has been seen to."""
    assert "来週の水曜でしたら" in (await sato.get("/")).text
    page = await sato.get("/people/nakamura")
    answer = await send(sato, page.text, "/resume")
    assert answer.headers["location"] == "/people/nakamura"
    enrollment = await desk_world.store.get(Enrollment, "en-nakamura")
    assert enrollment is not None
    assert enrollment.state is EnrollmentState.ACTIVE
    assert "来週の水曜でしたら" not in (await sato.get("/")).text
    assert (await send(sato, page.text, "/resume")).status_code == 409


async def test_pausing_takes_the_mails_from_the_list_and_stopping_ends_them(
    sato: httpx.AsyncClient, desk_world: World
) -> None:
    """What has no date is not offered for approval; what is stopped is cancelled."""
    await send(sato, (await sato.get("/people/yamamoto")).text, "/pause")
    text = (await sato.get("/")).text
    assert f"/messages/{CASE_MAIL.id}/approve" not in text
    assert CASE_MAIL.id in text
    assert f"/messages/{CASE_MAIL.id}/approve" not in (await sato.get(f"/messages/{CASE_MAIL.id}")).text
    await send(sato, (await sato.get("/people/yamamoto")).text, "/stop")
    assert (await desk_world.message(CASE_MAIL.id)).state is MessageState.CANCELLED


async def test_mails_that_fit_nobody_are_shown_to_those_who_see_all(
    sato: httpx.AsyncClient, admin: httpx.AsyncClient, desk_world: World
) -> None:
    """A stray may be anybody's, so a representative does not see it."""
    stray = replace(
        REPLY,
        id=InboundId("in-2"),
        key="<stray@x.example>",
        uid=9,
        subject="行き先のない返信",
        person_id=None,
        organisation_id=None,
        enrollment_id=None,
        message_id=None,
        match_rule="",
        version=0,
    )
    await desk_world.store.commit(Change((stray,)))
    assert "行き先のない返信" in (await admin.get("/")).text
    assert "行き先のない返信" not in (await sato.get("/")).text


async def test_the_live_page_shows_what_runs_and_asks_again(mori: httpx.AsyncClient) -> None:
    """Every running enrollment of the team with its next date; without a script the page refreshes itself."""
    text = (await mori.get("/live")).text
    for wanted in ("高橋 健一 先生", "小林 拓也 様", "東都医科大学附属病院", "12/1(火) 09:12"):
        assert wanted in text
    assert '<noscript><meta http-equiv="refresh"' in text


async def test_what_waits_beside_the_scenario_is_named(sato: httpx.AsyncClient, desk_world: World) -> None:
    """A reply that is not read yet is the next thing, by its kind; why the enrollment rests is said once."""
    asked = replace(READ, id=TaskId("t-first"), enrollment_id=CASE_MAIL.enrollment_id, person_id=YAMAMOTO.id)
    enrollment = await desk_world.store.get(Enrollment, CASE_MAIL.enrollment_id or "")
    assert enrollment is not None
    resting = replace(enrollment, state=EnrollmentState.PAUSED, reason="reply")
    await desk_world.store.commit(Change((asked, resting)))
    text = (await sato.get("/live")).text
    row = text.partition(YAMAMOTO.name)[2].partition("</tr>")[0]

    assert '<span class="step">返信</span>' in row
    assert '<span class="state paused">一時停止</span>' in row
    assert 1 == row.count("返信がありました")


async def test_mails_without_a_date_stand_where_the_scenario_wishes_them(
    sato: httpx.AsyncClient, desk_world: World
) -> None:
    """On a person's page the latest first, also while the enrollment is paused."""
    page = await sato.get("/people/takahashi")
    await send(sato, page.text, "/pause")
    text = (await sato.get("/people/takahashi")).text
    places = [text.index(f'href="/messages/{key}"') for key in ("m-two", "m-planned", "m-thanks")]

    assert places == sorted(places)


async def test_the_language_is_switched_at_the_desk(sato: httpx.AsyncClient) -> None:
    """English is chosen with a button, from any page, and the page comes back in English."""
    assert '<html lang="ja">' in (await sato.get("/")).text
    found = form((await sato.get("/")).text, "/language")
    answer = await sato.post("/language", data=found.fields | {"language": "en"})
    assert answer.headers["location"] == "/"
    text = (await sato.get("/")).text
    assert '<html lang="en">' in text
    assert "For your approval" in text
    assert "Tue 1 Dec 09:12" in text


async def test_a_representatives_own_language_is_spoken(desk_world: World) -> None:
    """Without a choice at the desk, the setting of the representative decides."""
    store = desk_world.store
    (known,) = await store.find(type(MORI), {"id": MORI.id})
    await store.commit(Change((replace(known, language="en"),)))
    async with browser(build(desk_world.doors, SECRET)) as client:
        await sign_in(client, desk_world, MORI)
        assert '<html lang="en">' in (await client.get("/")).text


async def test_a_task_that_is_done_leaves_the_list(sato: httpx.AsyncClient, desk_world: World) -> None:
    """One tap closes a task, the journal says who did it, and a second tap is told that it was done."""
    page = (await sato.get("/")).text
    (task,) = await desk_world.doors.store.find(Task, {"kind": "call", "rep_id": SATO.id})

    answer = await send(sato, page, f"/tasks/{task.id}/done")
    again = await send(sato, page, f"/tasks/{task.id}/done")

    assert (303, 409) == (answer.status_code, again.status_code)
    assert f"/tasks/{task.id}/done" not in (await sato.get("/")).text
    (said,) = await desk_world.doors.store.find(Entry, {"kind": "task.done"})
    assert SATO.id == said.actor


async def test_a_file_is_seen_before_it_is_approved(sato: httpx.AsyncClient, desk_world: World) -> None:
    """The page names each file with its size and hands it out as it will go; of other mails there is none."""
    spec = Attachment("連携仕様書.pdf", b"%PDF-1.7\n" + b"x" * 1500)
    desk_world.doors.attachments.keep(spec)
    before = await desk_world.message(CASE_MAIL.id)
    await desk_world.store.commit(Change((replace(before, attachments=(spec.key,)),)))
    page = await sato.get(f"/messages/{CASE_MAIL.id}")
    file = await sato.get(f"/messages/{CASE_MAIL.id}/files/{spec.key}")

    assert "連携仕様書.pdf</a> (2 kB)" in page.text
    assert (200, "application/pdf", spec.data) == (file.status_code, file.headers["content-type"], file.content)
    assert file.headers["content-disposition"].startswith("attachment; filename*=utf-8''%E9%80%A3")
    assert 404 == (await sato.get(f"/messages/{DOUBT.id}/files/{spec.key}")).status_code
