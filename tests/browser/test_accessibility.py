"""Every page is for everybody: names, order, contrast; by day and by night, on a phone and on a large screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from nurture.core.change import Change
from nurture.core.messages import Enrollment
from nurture.core.people import Away, Person
from nurture.flows import optout
from nurture.mail import links, passes
from tests.browser.accessibility import flaws
from tests.browser.window import DESKTOP, PHONE
from tests.web.meetings import remember
from tests.web.numbers import remember_numbers
from tests.web.test_alerts import stop_mailbox
from tests.web.world import (
    CASE_MAIL,
    DOUBT,
    HELD,
    LATE,
    LEAVING,
    LINK_KEY,
    MORI,
    NAKAMURA,
    NOW,
    PLANNED,
    SATO,
    SENT,
)

if TYPE_CHECKING:
    from tests.browser.conftest import Opener
    from tests.browser.window import Look, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOKS = (replace(PHONE, script=True), DESKTOP)

PAGES = (
    "/",
    "/live",
    *(f"/messages/{mail.id}" for mail in (LATE, CASE_MAIL, HELD, DOUBT, LEAVING, SENT, PLANNED)),
    f"/messages/{CASE_MAIL.id}/edit",
    f"/messages/{CASE_MAIL.id}/date",
    "/people/takahashi/colleague",
    f"/together/{CASE_MAIL.step_id}",
    "/sessions",
    "/reports",
    "/content",
    "/content/case-nursing",
    "/people",
    "/people/doubles",
    "/people/nakamura/merge/takahashi",
    "/organisations",
    "/organisations/org-minato",
    "/deals",
    "/deals/deal-aoba",
    f"/people/{NAKAMURA.id}",
    "/people/takahashi",
    "/calendar",
    "/calendar?role=clinician",
    "/calendar/2026-12",
    "/calendar/what-if?name=x&from=2026-12-01&role=nursing&specialty=radiology",
    "/calendar/upkeep",
    "/scenarios",
    "/scenarios/warm-lead-30d",
    "/scenarios/warm-lead-30d/simulate?role=clinician",
    "/calendar/confirm?entry=jp-medical/jrc-2027&start=2027-04-08",
    "/calendar/closures",
)


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look.width}")
def look(request: pytest.FixtureRequest) -> Look:
    """A phone and a large screen, both with scripts: the checks are one."""
    chosen: Look = request.param
    return chosen


async def flawless(window: Window, *paths: str) -> None:
    """Nothing is to be mended on these pages, or on the one that is open."""
    found: list[str] = []
    for path in paths or (window.path,):
        if paths:
            await window.open(path)
        found += await flaws(window)

    assert "" == "\n".join(found)


BAD = """<!doctype html><html><head><title>x</title></head><body><main>
<h1 style="color: #bbb">Pale</h1><input>
<p style="width: 3000px">Wide</p>
<div style="overflow: hidden; width: 50px"><span style="white-space: nowrap">Words that go on</span></div>
</main></body></html>"""


async def test_the_checks_can_fail(stranger: Window) -> None:
    """A page with a flaw of each kind: no language, no contrast, no label, too wide, cut off."""
    await stranger.page.set_content(BAD)
    found = "\n".join(await flaws(stranger))

    assert all(
        word in found for word in ("html-has-lang", "color-contrast", " label ", "too wide", "Words that go on")
    )


async def test_the_way_in(stranger: Window) -> None:
    """The pages before the desk: the address, the answer, the link, the used link."""
    page = stranger.page
    await flawless(stranger, "/login")
    await page.get_by_label("メールアドレス").fill("nobody@mirai-iryo.example")
    await page.get_by_role("button", name="リンク").click()
    await expect(page.get_by_role("status")).to_be_visible()
    await flawless(stranger)
    await flawless(stranger, "/login/no-such-link")
    stranger.foresee(410)
    await page.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await flawless(stranger)


async def test_the_unsubscribe_pages(stranger: Window) -> None:
    """Offered, and not understood."""
    await flawless(stranger, "/u/not-one-of-ours")
    stranger.foresee(404)
    await stranger.page.get_by_role("button").click()
    await expect(stranger.page.get_by_role("heading", level=1)).to_contain_text("停止されていません")
    await flawless(stranger)


async def test_approving_by_a_link(stranger: Window) -> None:
    """The mail with its button, what was done, and a link that is used up."""
    now = stranger.site.world.doors.clock.now()
    key = stranger.site.world.doors.link_key
    token = passes.issued(key, SATO.id, CASE_MAIL.id, CASE_MAIL.fingerprint, now + timedelta(hours=1))
    await flawless(stranger, f"/approve/{token}")
    await stranger.page.get_by_role("button", name="承認").click()
    await expect(stranger.page.get_by_role("heading", level=1)).to_contain_text("承認しました")
    await flawless(stranger)
    stranger.foresee(410)
    await flawless(stranger, f"/approve/{token}")


async def test_the_pages_of_a_representative(sato: Window) -> None:
    """Today, what runs, mails in each state, the editor, people: with all that is folded in; and a page that is
    not there.
    """
    await remember(sato.site.world.store)
    await flawless(sato, *PAGES)
    sato.foresee(404)
    await flawless(sato, "/people/nobody")


async def test_what_pages_say_only_at_times(sato: Window) -> None:
    """An approval with its undo, the list of keys, what is held back; who is away, rests, wants no mail."""
    page, store = sato.page, sato.site.world.store
    await page.get_by_role("button", name="承認", exact=False).first.click()
    await expect(page.get_by_role("status")).to_be_visible()
    await flawless(sato)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await flawless(sato)
    await stop_mailbox(sato.site.world)
    await flawless(sato, "/")
    known = await store.get(Person, NAKAMURA.id)
    enrollment = await store.get(Enrollment, f"en-{NAKAMURA.id}")
    assert known is not None
    assert enrollment is not None
    away = Away(noted_on=date(2026, 11, 20), resume_on=date(2026, 12, 20), back=None, evidence="不在")
    await store.commit(Change((replace(known, away=away), replace(enrollment, wake_at=NOW + timedelta(days=9)))))
    await flawless(sato, f"/people/{NAKAMURA.id}")
    await optout.unsubscribe(
        sato.site.world.doors, links.sealed(LINK_KEY, NAKAMURA.email, "x"), source="web", evidence="x"
    )
    await flawless(sato, f"/people/{NAKAMURA.id}")


async def test_the_pages_of_a_manager(windows: Opener, look: Look) -> None:
    """Who leads sees more columns and owners; in English."""
    window = await windows(look)
    await window.sign_in(MORI)
    await window.page.get_by_role("button", name="English").click()
    await remember_numbers(window.site.world.store)
    await flawless(window, "/reports?by=rep", "/", "/live", f"/messages/{CASE_MAIL.id}", f"/people/{NAKAMURA.id}")
