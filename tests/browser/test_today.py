"""Two minutes a day: what waits is read, corrected, approved, turned down, done; on a phone, and at a desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from nurture.core.change import Change
from nurture.core.deals import Task, TaskState
from nurture.core.ids import MessageId
from nurture.core.messages import Entry, MessageState
from tests.browser.accessibility import flaws
from tests.browser.window import DESKTOP
from tests.web.meetings import DEAL
from tests.web.test_answers import PROPOSED
from tests.web.test_beside import dealt, wrote
from tests.web.world import (
    CASE_MAIL,
    DOUBT,
    FOOTER,
    MORI,
    NAKAMURA,
    READ,
    SATO,
    THANK_YOU,
    TWO_PEOPLE,
    YAMAMOTO,
    said,
)

if TYPE_CHECKING:
    from playwright.async_api import Locator

    from tests.browser.conftest import Opener
    from tests.browser.window import Look, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


def card(window: Window, subject: str) -> Locator:
    """The card of a mail in today's list."""
    return window.page.get_by_role("listitem").filter(has_text=subject).first


async def test_one_tap_approves_what_was_read_in_the_list(sato: Window) -> None:
    """The text unfolds in the list; one tap approves it, and the page says when it leaves."""
    page, mine = sato.page, card(sato, CASE_MAIL.subject)
    await expect(page).to_have_title("(5) 今日 – nurture")
    text = mine.get_by_text("申し送り票を電子カルテの経過表から")
    await expect(text).to_be_hidden()
    await mine.get_by_text("ここで読む").click()
    await expect(text).to_be_visible()
    await mine.get_by_role("button", name="承認").click()
    await expect(page.get_by_role("status")).to_contain_text("承認しました：山本 由美子 様。12/1(火) 09:12")
    await expect(page).to_have_title("(4) 今日 – nurture")
    message = await sato.site.world.message(CASE_MAIL.id)

    assert MessageState.APPROVED is message.state
    assert [(SATO.id, CASE_MAIL.fingerprint)] == [(a.by, a.fingerprint) for a in message.approvals]


async def test_what_is_new_is_offered_and_moves_nothing(windows: Opener) -> None:
    """A mail that was drafted meanwhile counts in the title; a line offers it; the list stays as it is."""
    window = await windows(DESKTOP)
    await window.sign_in(SATO)
    page, store = window.page, window.site.world.store
    offer, cards = page.get_by_role("link", name="新着 1 件"), page.locator("main .cards > li")
    await expect(page).to_have_title("(5) 今日 – nurture")
    await expect(page.locator("[data-fresh]")).to_be_hidden()
    fresh = replace(
        CASE_MAIL, id=MessageId("m-new"), enrollment_id=None, header_id="<n@x.example>", unsubscribe_token="t-new"
    )
    await store.commit(Change((fresh,), (said("message.drafted", fresh, "nurture", timedelta()),)))
    await expect(offer).to_be_visible()
    await expect(page).to_have_title("(6) 今日 – nurture")
    await expect(cards).to_have_count(5)
    await offer.click()
    await expect(cards).to_have_count(6)


async def test_a_mail_is_looked_at_as_its_reader_will_see_it(sato: Window, look: Look) -> None:
    """As on a phone first, then in the columns of a large screen; the approval stays at hand on a phone."""
    page = sato.page
    await card(sato, THANK_YOU.subject).get_by_role("link", name="詳細を見る").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("高橋 健一 先生")
    letter = page.locator("pre.letter")
    phone = await letter.bounding_box()
    await page.get_by_text("パソコン").click()
    desktop = await letter.evaluate("it => getComputedStyle(it).whiteSpace")
    approve = page.get_by_role("button", name="承認してすぐ送る")
    await expect(approve).to_be_in_viewport()
    await approve.click()
    await expect(page.get_by_role("status")).to_contain_text("承認しました：高橋 健一 先生")

    assert phone is not None
    assert phone["width"] <= 400
    assert "pre" == desktop
    assert MessageState.APPROVED is (await sato.site.world.message(THANK_YOU.id)).state


async def test_the_deal_and_the_thread_stand_beside_a_mail(sato: Window, look: Look) -> None:
    """On a large screen at its left, open; on a phone below it, folded in until asked for, without scripts."""
    store, page = sato.site.world.store, sato.page
    await dealt(store)
    await wrote(store, 1)
    await sato.open(f"/messages/{TWO_PEOPLE.id}")
    deal = page.get_by_role("link", name=DEAL.name)
    if look is not DESKTOP:
        await expect(deal).to_be_hidden()
        await page.get_by_text("案件とお相手").click()
    await expect(deal).to_be_visible()
    place, letter = await deal.bounding_box(), await page.locator("pre.letter").bounding_box()
    await page.get_by_text("返事 sato-01").click()
    await expect(page.get_by_text("お時間を取れます")).to_be_visible()
    found = await flaws(sato) if look is DESKTOP else []

    assert [] == found
    assert not await sato.overflow()
    assert letter is not None
    assert place is not None
    assert (look is DESKTOP) == (place["x"] + place["width"] < letter["x"])
    assert (look is not DESKTOP) == (place["y"] > letter["y"] + letter["height"])


async def test_a_text_is_corrected_looked_at_and_kept(sato: Window, look: Look) -> None:
    """Preview first, with the footer that the law asks for; saved, it waits with its new text for an approval."""
    page = sato.page
    await sato.open(f"/messages/{CASE_MAIL.id}")
    await page.get_by_role("link", name="編集").click()
    await expect(page.get_by_label("件名")).to_have_value(CASE_MAIL.subject)
    await page.get_by_label("件名").fill("事例を一つお届けします")
    await page.get_by_label("本文").fill("山本 由美子 様\n\n事例をお届けします。")
    if not look.script:  # else it is shown while one types
        await page.get_by_role("button", name="プレビュー").click()
    preview = page.locator("#preview")
    await expect(preview).to_contain_text("事例をお届けします。")
    await expect(preview).to_contain_text("東京都千代田区架空町1-2-3")

    assert CASE_MAIL.subject == (await sato.site.world.message(CASE_MAIL.id)).subject

    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("status")).to_contain_text("保存しました")
    message = await sato.site.world.message(CASE_MAIL.id)

    assert "事例を一つお届けします" == message.subject
    assert (message.body.startswith("山本"), message.body.rstrip().endswith("token-of-this-mail")) == (True, True)
    assert (MessageState.WAITING, ()) == (message.state, message.approvals)


async def test_what_was_typed_survives_somebody_who_was_faster(sato: Window) -> None:
    """A text that changed meanwhile is not overwritten; both are shown, and the second save is meant."""
    page, store = sato.page, sato.site.world.store
    await sato.open(f"/messages/{CASE_MAIL.id}/edit")
    await page.get_by_label("本文").fill("私の文章です。")
    message = await sato.site.world.message(CASE_MAIL.id)
    await store.commit(Change((replace(message, body=f"別の人の文章です。\n\n{FOOTER}"),)))
    sato.foresee(409)
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_label("本文")).to_have_value("私の文章です。")
    await expect(page.locator("article")).to_contain_text("別の人の文章です。")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("status")).to_contain_text("保存しました")

    assert (await sato.site.world.message(CASE_MAIL.id)).body.startswith("私の文章です。")


async def test_a_stale_page_approves_nothing(sato: Window) -> None:
    """The text that changed while the list was open is shown, and read again."""
    message = await sato.site.world.message(CASE_MAIL.id)
    await sato.site.world.store.commit(Change((replace(message, body=f"新しい本文です。\n\n{FOOTER}"),)))
    sato.foresee(409)
    await card(sato, CASE_MAIL.subject).get_by_role("button", name="承認").click()
    await expect(sato.page.get_by_role("alert")).to_contain_text("変更されました")
    await expect(sato.page.locator("pre.letter")).to_contain_text("新しい本文です。")

    assert MessageState.WAITING is (await sato.site.world.message(CASE_MAIL.id)).state


async def test_a_mail_is_turned_down_with_a_reason(sato: Window) -> None:
    """The browser asks for the reason; the journal keeps it."""
    page = sato.page
    await sato.open(f"/messages/{CASE_MAIL.id}")
    await page.locator("summary", has_text="却下").click()
    no = page.get_by_role("button", name="却下")
    await no.click()
    await expect(page.locator("textarea:invalid")).to_be_focused()

    assert MessageState.WAITING is (await sato.site.world.message(CASE_MAIL.id)).state

    await page.locator("textarea").fill("事例が古い")
    await no.click()
    await expect(page.get_by_role("status")).to_contain_text("却下しました：山本 由美子 様")
    await page.get_by_role("link", name="表示").click()
    await expect(page.get_by_role("listitem").filter(has_text="事例が古い")).to_be_visible()


async def test_four_eyes(sato: Window, windows: Opener, look: Look) -> None:
    """The first approval is noted and not asked for again; the manager's lets it go."""
    await card(sato, TWO_PEOPLE.subject).get_by_role("button", name="承認").click()
    await expect(sato.page.get_by_role("status")).to_contain_text("もう1人の承認が必要です")
    await expect(card(sato, TWO_PEOPLE.subject)).to_have_count(0)
    mori = await windows(look)
    await mori.sign_in(MORI)
    await card(mori, TWO_PEOPLE.subject).get_by_role("button", name="承認").click()
    await expect(mori.page.get_by_role("status")).to_contain_text("承認しました")

    assert MessageState.APPROVED is (await sato.site.world.message(TWO_PEOPLE.id)).state


async def test_a_mail_in_doubt_is_settled_by_who_knows(sato: Window) -> None:
    """How one knows is asked for, and kept."""
    page = sato.page
    await page.get_by_role("link", name=NAKAMURA.name).filter(has_text="送信できたか分かりません").click()
    await page.get_by_label("どのように確かめましたか").fill("送信済みフォルダにありました")
    await page.get_by_role("button", name="送信できている").click()
    await expect(page.get_by_role("status")).to_contain_text("確定しました：中村 誠 様")
    said = await sato.site.world.store.find(Entry, {"message_id": DOUBT.id, "actor": SATO.id})

    assert MessageState.SENT is (await sato.site.world.message(DOUBT.id)).state
    assert any("送信済みフォルダにありました" in str(entry.data) for entry in said)


async def test_a_reply_is_read_done_and_taken_up_again(sato: Window) -> None:
    """What was written stands in the list; done, it is gone; an undo brings it back."""
    page, store = sato.page, sato.site.world.store
    replies = page.locator("section", has=page.get_by_role("heading", name="届いた返信"))
    reply = replies.get_by_role("listitem")
    await expect(reply).to_contain_text("来週の水曜でしたらお時間を取れます")
    await reply.get_by_role("button", name="完了").click()
    await expect(page.get_by_role("status")).to_contain_text("完了：中村 誠")
    await expect(reply).to_have_count(0)
    done = await store.get(Task, READ.id)
    await page.get_by_role("button", name="取り消す").click()
    await expect(reply).to_have_count(1)
    again = await store.get(Task, READ.id)

    assert (TaskState.DONE, TaskState.OPEN) == (done and done.state, again and again.state)


async def test_a_proposed_time_is_put_into_the_calendar(sato: Window) -> None:
    """A tap on the time gives a calendar file with the person in it."""
    await sato.site.world.store.commit(Change((PROPOSED,)))
    await sato.open("/")
    async with sato.page.expect_download() as coming:
        await sato.page.get_by_role("link", name="12/10(木) 13:00").click()
    path = await (await coming.value).path()

    (summary,) = (line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("SUMMARY"))

    assert NAKAMURA.name in summary


async def test_the_language_is_chosen_and_kept(sato: Window) -> None:
    """English at a tap, on this page and the next; the language of the page is said to who has it read aloud."""
    page = sato.page
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("For your approval")
    await sato.open(f"/people/{YAMAMOTO.id}")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.get_by_role("button", name="日本語").click()
    await expect(page.locator("html")).to_have_attribute("lang", "ja")

    assert f"/people/{YAMAMOTO.id}" == sato.path


async def test_without_a_mouse(sato: Window) -> None:
    """The first tab skips to the content; what has the focus is seen to have it; Enter approves."""
    page = sato.page
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="本文へ移動")).to_be_focused()
    await page.keyboard.press("Enter")
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.matches('button.yes')"):
            break
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("承認しました：西田 涼 様")

    assert "solid" == outline


async def test_somebody_is_found_from_anywhere(windows: Opener) -> None:
    """A slash, a name, Enter."""
    window = await windows(DESKTOP)
    await window.sign_in(SATO)
    await window.page.keyboard.press("/")
    await expect(window.page.get_by_role("searchbox")).to_be_focused()
    await window.page.keyboard.type("中村")
    await window.page.keyboard.press("Enter")
    await expect(window.page.get_by_role("link", name="中村 誠")).to_be_visible()
