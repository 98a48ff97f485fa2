"""Undo, several mails at once, and the keyboard: as somebody with two minutes works."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from nurture.core.change import Change
from nurture.core.ids import EnrollmentId, MessageId
from nurture.core.messages import Enrollment, MessageState
from tests.browser.window import DESKTOP, PHONE
from tests.web.world import CASE_MAIL, FOOTER, SATO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.core.messages import Message
    from tests.browser.conftest import Opener
    from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def alike(window: Window, count: int = 3) -> Sequence[Message]:
    """More mails of the step that CASE_MAIL is of, in enrollments of their own."""
    store, made = window.site.world.store, []
    enrollment = await store.get(Enrollment, CASE_MAIL.enrollment_id or "")
    assert enrollment is not None
    for n in range(count):
        own = replace(enrollment, id=EnrollmentId(f"e-alike-{n}"), version=0)
        mail = replace(
            CASE_MAIL,
            id=MessageId(f"m-alike-{n}"),
            enrollment_id=own.id,
            header_id=f"<alike-{n}@vendor.example>",
            unsubscribe_token=f"alike-{n}",
            subject=f"同規模病院の事例 {n}",
            version=0,
        )
        await store.commit(Change((own, mail)))
        made.append(mail)
    return made


async def state(window: Window, message: Message) -> MessageState:
    """Of a mail now."""
    return (await window.site.world.message(message.id)).state


async def test_an_approval_is_taken_back_from_where_it_was_given(sato: Window) -> None:
    """The list says what was approved, with a button beside it; pressed, the mail waits again."""
    page = sato.page
    card = page.get_by_role("listitem").filter(has_text=CASE_MAIL.subject).first
    await card.get_by_role("button", name="承認").click()
    assert MessageState.APPROVED is await state(sato, CASE_MAIL)

    await page.get_by_role("status").get_by_role("button", name="取り消す").click()
    await expect(page.get_by_role("status")).to_contain_text("承認を取り消しました：山本 由美子 様")
    message = await sato.site.world.message(CASE_MAIL.id)

    assert (MessageState.WAITING, "taken_back", ()) == (message.state, message.reason, message.approvals)


async def test_an_approval_is_taken_back_on_the_mails_page(sato: Window) -> None:
    """Later too, as long as nobody has begun to send it."""
    page = sato.page
    await sato.open(f"/messages/{CASE_MAIL.id}")
    await page.get_by_role("button", name="承認").first.click()
    await sato.open(f"/messages/{CASE_MAIL.id}")
    await page.get_by_role("button", name="承認を取り消す").click()

    assert MessageState.WAITING is await state(sato, CASE_MAIL)


async def test_several_of_one_step_are_read_and_approved_together(sato: Window) -> None:
    """Only what was ticked is approved; all of it is taken back by one button."""
    page, mails = sato.page, await alike(sato)
    await sato.open("/")
    await page.get_by_role("link", name="(5)").click()
    await expect(page.locator("pre.letter")).to_have_count(5)

    assert 0 == await page.locator("input[type=checkbox]:checked").count()
    assert 0 == await sato.overflow()

    for mail in mails[:2]:
        await page.locator(f'input[name="m-{mail.id}"]').check()
    await page.get_by_role("button", name="チェックしたものを承認").click()
    await expect(page.get_by_role("status")).to_contain_text("2件を承認しました")

    assert ["approved", "approved", "waiting"] == [(await state(sato, mail)).value for mail in mails]

    await page.get_by_role("status").get_by_role("button", name="取り消す").click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()

    assert ["waiting"] * 3 == [(await state(sato, mail)).value for mail in mails]


async def test_what_was_changed_meanwhile_is_left_out_and_said(sato: Window) -> None:
    """The others leave; the changed one is shown as it stands now."""
    page, mails = sato.page, await alike(sato)
    await sato.open(f"/together/{CASE_MAIL.step_id}")
    for mail in mails:
        await page.locator(f'input[name="m-{mail.id}"]').check()
    current = await sato.site.world.message(mails[1].id)
    await sato.site.world.store.commit(Change((replace(current, body=f"新しい本文です。\n\n{FOOTER}"),)))
    await page.get_by_role("button", name="チェックしたものを承認").click()
    await expect(page.get_by_role("alert")).to_contain_text("1件")
    await expect(page.locator("pre.letter").filter(has_text="新しい本文です。")).to_have_count(1)

    assert ["approved", "waiting", "approved"] == [(await state(sato, mail)).value for mail in mails]


async def test_nothing_ticked_is_nothing_approved(sato: Window) -> None:
    """And the page says so."""
    page, mails = sato.page, await alike(sato)
    await sato.open(f"/together/{CASE_MAIL.step_id}")
    await page.get_by_role("button", name="チェックしたものを承認").click()
    await expect(page.get_by_role("alert")).to_contain_text("チェックがない")

    assert ["waiting"] * 3 == [(await state(sato, mail)).value for mail in mails]


async def test_the_list_is_worked_by_keyboard(windows: Opener) -> None:
    """Down, approve, undo; put aside, undo; down, open; the page stays where it was."""
    window = await windows(DESKTOP)
    await window.sign_in(SATO)
    page, keys = window.page, window.page.keyboard
    cards = page.locator("main .cards > li")
    place = await cards.evaluate_all(
        "(all, s) => all.findIndex(it => it.textContent.includes(s))", CASE_MAIL.subject
    )
    for _ in range(place + 1):
        await keys.press("j")
    await expect(cards.nth(place)).to_be_focused()
    await keys.press("a")
    await expect(page.get_by_role("status")).to_contain_text("承認しました")
    assert MessageState.APPROVED is await state(window, CASE_MAIL)

    await expect(cards.nth(place)).to_be_focused()
    await keys.press("u")
    await expect(page.get_by_role("status")).to_contain_text("承認を取り消しました")
    assert MessageState.WAITING is await state(window, CASE_MAIL)

    await keys.press("s")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("後回しにしました")
    await expect(cards.filter(has_text=CASE_MAIL.subject)).to_have_count(0)
    await keys.press("u")
    await expect(cards.nth(place)).to_contain_text(CASE_MAIL.subject)
    await sato_reads(window)


async def sato_reads(window: Window) -> None:
    """Help opens and closes; e edits, and there letters are letters."""
    page, keys = window.page, window.page.keyboard
    await keys.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await keys.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await window.open(f"/messages/{CASE_MAIL.id}")
    await keys.press("r")
    await expect(page.locator("textarea")).to_be_focused()
    await keys.type("jaer?")
    await expect(page.locator("textarea")).to_have_value("jaer?")
    await window.open(f"/messages/{CASE_MAIL.id}")
    await keys.press("e")
    await expect(page.get_by_label("本文")).to_be_visible()


async def test_a_key_with_a_modifier_is_the_browsers(windows: Opener) -> None:
    """Ctrl+A selects; it approves nothing. Neither does a key that is held down."""
    window = await windows(DESKTOP)
    await window.sign_in(SATO)
    await window.page.keyboard.press("j")
    await window.page.keyboard.press("Control+a")
    await window.page.keyboard.press("Meta+a")

    assert "/" == window.path


async def test_without_a_keyboard_there_is_no_word_of_one(windows: Opener) -> None:
    """A phone's page has no button for it."""
    window = await windows(replace(PHONE, script=True))
    await window.sign_in(SATO)

    await expect(window.page.get_by_role("button", name="キーボード操作")).to_be_hidden()
