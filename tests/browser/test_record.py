"""Record a meeting between two visits: on a phone, with and without scripts, and where the connection is bad."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

from nurture.core.change import MeetingDraft
from nurture.core.deals import Meeting, Stance
from nurture.core.messages import Message, MessageState
from nurture.store import SqlStore
from tests.browser.accessibility import flaws
from tests.browser.site import running
from tests.browser.window import DESKTOP, PHONE
from tests.servers.sqlite import furnished
from tests.web.meetings import ITO, LAST, OGAWA, OTHERS, at_work, remember
from tests.web.world import AOBA, SATO, furnish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import APIResponse, Locator, Route

    from tests.browser.conftest import Opener
    from tests.browser.site import Site
    from tests.browser.window import Look, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOBILE = replace(PHONE, name="phone", script=True)
ALL = (PHONE, MOBILE, DESKTOP)
LIVE = (MOBILE, DESKTOP)


def named(look: Look) -> str:
    """A test's name for what somebody looks through."""
    return look.name.replace(" ", "-")


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """The desk with a history, where mails are really written."""
    store = await SqlStore.open(furnished(tmp_path / "desk.sqlite"))
    try:
        await furnish(store)
        await remember(store)
        async with running(store, at_work) as served:
            yield served
    finally:
        await store.close()


@pytest_asyncio.fixture(loop_scope="session")
async def rep(windows: Opener, look: Look) -> Window:
    """A representative's window, at an empty form."""
    window = await windows(look)
    await window.sign_in(SATO)
    await window.page.get_by_role("link", name="面談を記録").click()
    await window.page.get_by_role("button", name=AOBA.name).first.click()
    await expect(window.page.get_by_role("heading", level=1)).to_have_text(AOBA.name)
    return window


def name(window: Window, field: str) -> Locator:
    """A field of the form."""
    return window.page.locator(f'[name="{field}"]:not([type=hidden])')


async def fill(window: Window) -> None:
    """All that the minutes need, but for the people."""
    await name(window, "subject").fill("検証環境のお打ち合わせ")
    await name(window, "agreements").fill("検証は1月第3週に始める")
    await name(window, "concerns.0.text").fill("障害時の切り替え手順")
    await name(window, "promises.0.text").fill("切り替え手順書をお送りする")
    await name(window, "promises.0.due").fill("2026-12-03")
    await name(window, "question").fill("検証は1月第3週に始める、という理解でよろしいでしょうか。")


async def met(window: Window) -> tuple[Meeting, ...]:
    """What was recorded here."""
    found = await window.site.world.store.find(Meeting)
    return tuple(m for m in found if m.id not in {LAST.id, OTHERS.id})


async def kept(window: Window) -> dict[str, str]:
    """What the server has of the form."""
    (draft,) = await window.site.world.store.find(MeetingDraft)
    return dict(draft.fields)


def state(window: Window) -> Locator:
    """What the page says about the draft."""
    return window.page.locator("#state")


async def record(window: Window) -> None:
    """Press the button."""
    await window.page.get_by_role("button", name="記録してお礼を作成").click()


@pytest.mark.parametrize("look", ALL, ids=named)
async def test_five_minutes_after_the_meeting(rep: Window) -> None:
    """Two people at a tap each, one of them sceptical; the form; the thank-yous with their clock; one approved."""
    page = rep.page
    await page.get_by_role("button", name="小川 真理").click()
    await page.get_by_role("button", name="伊藤 翔").click()
    await page.locator('label:has([name="people.0.stance"][value="sceptical"])').click()
    await name(rep, "people.0.remark").fill("夜勤帯の操作が増えるのが心配です")
    await name(rep, "people.1.basis").select_option("business_card")
    await page.get_by_role("button", name="懸念を追加").click()
    await name(rep, "concerns.1.text").fill("費用")
    await fill(rep)
    await name(rep, "note").fill("室長は乗り気")
    await record(rep)
    await expect(page.get_by_role("status")).to_contain_text("記録しました。2 名")
    first = page.locator("li.card").first
    await expect(first).to_contain_text("小川 真理 様")
    await expect(first.locator(".due")).to_have_text("あと3時間0分")
    (meeting,) = await met(rep)

    assert [Stance.SCEPTICAL, Stance.UNKNOWN] == [a.stance for a in meeting.attendees]
    assert ("障害時の切り替え手順", "費用") == tuple(c.text for c in meeting.concerns)
    assert 0 == await rep.overflow()

    await first.get_by_role("button", name="承認").click()
    await expect(page.get_by_role("status")).to_contain_text("承認しました：小川 真理 様")
    (mail,) = await rep.site.world.store.find(Message, {"person_id": OGAWA.id, "step_id": "thanks"})

    assert MessageState.APPROVED is mail.state
    assert "乗り気" not in mail.body


@pytest.mark.parametrize("look", ALL, ids=named)
async def test_what_is_missing_is_said_and_nothing_is_lost(rep: Window) -> None:
    """The list of complaints leads to the fields; what was typed stands there; mended, it is recorded."""
    page = rep.page
    await page.get_by_role("button", name="小川 真理").click()
    await name(rep, "subject").fill("途中")
    rep.foresee(400)
    await record(rep)
    await expect(page.get_by_role("alert")).to_contain_text("まだ記録していません")
    await expect(name(rep, "subject")).to_have_value("途中")
    await expect(page.locator('[id="wrong.agreements"]')).to_be_visible()
    await expect(name(rep, "question")).to_have_attribute("aria-invalid", "true")
    await page.get_by_role("alert").get_by_role("link", name="確認の質問").click()
    await expect(name(rep, "question")).to_be_in_viewport()

    assert () == await met(rep)

    await fill(rep)
    await record(rep)
    await expect(page.get_by_role("status")).to_contain_text("記録しました")

    assert 1 == len(await met(rep))


@pytest.mark.parametrize("look", ALL, ids=named)
async def test_enter_records_nothing(rep: Window) -> None:
    """The key that ends a word on a phone keeps the draft, and no more."""
    await name(rep, "subject").fill("用件")
    await name(rep, "subject").press("Enter")
    await expect(name(rep, "subject")).to_have_value("用件")
    await expect(state(rep)).to_contain_text("16:10")

    assert "用件" == (await kept(rep))["subject"]
    assert () == await met(rep)


@pytest.mark.parametrize("look", LIVE, ids=named)
async def test_the_keys_of_the_desk_record_nothing(rep: Window) -> None:
    """What approves, ticks and rejects elsewhere does nothing here, where one stands between two fields."""
    page = rep.page
    await page.get_by_role("button", name="小川 真理").click()
    await page.get_by_role("button", name="初めての方を追加").click()
    await fill(rep)
    await name(rep, "people.0.stance").first.focus()
    for key in "axrejk":
        await page.keyboard.press(key)
    await expect(state(rep)).to_contain_text("下書きを保存しました")

    assert rep.path.startswith("/record/")
    assert await name(rep, "people.1.doctor").is_checked() is False
    assert () == await met(rep)


@pytest.mark.parametrize("look", ALL, ids=named)
async def test_somebody_new_and_somebody_found(rep: Window, look: Look) -> None:
    """A row for somebody new, taken away again; somebody else is found by a part of the name."""
    page = rep.page
    await page.get_by_role("button", name="初めての方を追加").click()
    await name(rep, "people.0.family").fill("森")
    await page.locator('[id="people.0"]').get_by_role("button", name="外す").click()
    await expect(name(rep, "people.0.family")).to_have_count(0)
    await page.get_by_text("登録済みの方を探す").click()
    await page.get_by_label("氏名またはメールアドレス").fill("由美")
    if not look.script:
        await page.get_by_role("button", name="検索").click()
    await page.locator("#found").get_by_role("button", name="山本 由美子").click()
    await expect(page.locator("[data-row]").filter(has_text="山本 由美子 様")).to_have_count(1)


@pytest.mark.parametrize("look", LIVE, ids=named)
async def test_it_is_saved_by_itself(rep: Window) -> None:
    """No button is pressed; opened again, the form stands as it was left, rows and all."""
    page = rep.page
    await page.get_by_role("button", name="小川 真理").click()
    await page.get_by_role("button", name="約束を追加").click()
    await name(rep, "promises.1.text").fill("二つ目の約束")
    await expect(state(rep)).to_contain_text("下書きを保存しました")
    await page.reload()
    await expect(name(rep, "promises.1.text")).to_have_value("二つ目の約束")
    await expect(page.locator("[data-row]").filter(has_text="小川 真理 様")).to_be_visible()
    await rep.open("/record")
    await page.get_by_role("link", name=AOBA.name).click()
    await expect(name(rep, "promises.1.text")).to_have_value("二つ目の約束")


@pytest.mark.parametrize("look", LIVE, ids=named)
async def test_a_lost_connection_loses_nothing(rep: Window) -> None:
    """Rows are added and filled without a connection; as soon as it is back, the server has them."""
    page = rep.page
    await rep.line(up=False)
    await page.get_by_role("button", name="小川 真理").click()
    await page.get_by_role("button", name="懸念を追加").click()
    await name(rep, "concerns.1.text").fill("地下では圏外")
    await expect(state(rep)).to_contain_text("圏外です")
    await rep.line(up=True)
    await expect(state(rep)).to_contain_text("下書きを保存しました")
    fields = await kept(rep)

    assert ("地下では圏外", OGAWA.id) == (fields["concerns.1.text"], fields["people.0.person"])
    assert "0" == str(await page.evaluate("Object.keys(localStorage).length"))


@pytest.mark.parametrize("look", LIVE, ids=named)
async def test_a_page_that_was_closed_without_a_connection(rep: Window) -> None:
    """What was typed lies in the browser, and stands in the form when it is opened again."""
    path = rep.path
    await rep.line(up=False)
    await rep.page.get_by_role("button", name="約束を追加").click()
    await name(rep, "promises.1.text").fill("閉じる前の約束")
    await expect(state(rep)).to_contain_text("圏外です")
    closed, rep.page = rep.page, await rep.page.context.new_page()
    await closed.close()
    await rep.line(up=True)

    assert "promises.1.text" not in await kept(rep)

    await rep.open(path)
    await expect(state(rep)).to_contain_text("復元しました")
    await expect(name(rep, "promises.1.text")).to_have_value("閉じる前の約束")

    assert "閉じる前の約束" == (await kept(rep))["promises.1.text"]


@pytest.mark.parametrize("look", LIVE, ids=named)
async def test_recorded_as_soon_as_there_is_a_connection(rep: Window) -> None:
    """The button is pressed in a lift: the page says so, records by itself later, and once."""
    page = rep.page
    await page.get_by_role("button", name="小川 真理").click()
    await fill(rep)
    await rep.line(up=False)
    await record(rep)
    await expect(state(rep)).to_contain_text("つながりしだい記録します")

    assert () == await met(rep)

    await rep.line(up=True)
    await page.wait_for_url("**/meetings/**")

    assert 1 == len(await met(rep))


@pytest.mark.parametrize("look", LIVE, ids=named)
async def test_an_answer_that_never_came(rep: Window) -> None:
    """The server recorded it, and the line broke before the page knew: the next try finds what was recorded."""
    page, path = rep.page, rep.path
    lost: list[APIResponse] = []
    await page.get_by_role("button", name="小川 真理").click()
    await fill(rep)
    await expect(state(rep)).to_contain_text("下書きを保存しました")
    rep.cut = True
    rep.foresee(409)  # the draft is at its end when its page saves it again

    async def swallow(route: Route) -> None:
        """Let the request through, and lose its answer once."""
        if lost or route.request.method != "POST":
            await route.continue_()
            return
        lost.append(await route.fetch(max_redirects=0))
        await route.abort()

    await page.route(f"**{path}", swallow)
    await record(rep)
    await page.wait_for_url("**/meetings/**", timeout=20_000)
    (meeting,) = await met(rep)

    assert [303] == [answer.status for answer in lost]
    assert rep.path.startswith(f"/meetings/{meeting.id}")


@pytest.mark.parametrize("look", LIVE, ids=named)
async def test_two_windows_do_not_overwrite_each_other(rep: Window) -> None:
    """The one that comes later is told; it keeps its own only when its writer says so."""
    page = rep.page
    other = await page.context.new_page()
    await other.goto(page.url)
    await name(rep, "subject").fill("最初の窓")
    await expect(state(rep)).to_contain_text("下書きを保存しました")
    rep.foresee(409)
    await other.locator('[name="subject"]').fill("後の窓")
    await expect(other.locator("#state")).to_contain_text("別の画面で更新されています")

    assert "最初の窓" == (await kept(rep))["subject"]

    await other.reload()
    await other.get_by_role("button", name="この端末の入力を使う").click()
    await expect(other.locator('[name="subject"]')).to_have_value("後の窓")
    await expect(other.locator("#copy")).to_be_hidden()

    assert "後の窓" == (await kept(rep))["subject"]


@pytest.mark.parametrize("look", LIVE, ids=named)
async def test_data_of_a_patient_are_held_back_at_once(rep: Window) -> None:
    """While it is typed the page says what is not kept; neither the server nor the browser has it."""
    page = rep.page
    await name(rep, "note").fill("患者 山田太郎 様 1950年1月1日生まれ 患者ID 1234567")
    await expect(page.locator('[id="wrong.note"]')).to_contain_text("患者情報")
    await expect(name(rep, "note")).to_have_attribute("aria-invalid", "true")
    stored = await page.evaluate("JSON.stringify({...localStorage})")

    assert "" == (await kept(rep))["note"]
    assert "山田" not in stored

    await name(rep, "note").fill("落ち着いて話せた")
    await expect(page.locator('[id="wrong.note"]')).to_be_hidden()


@pytest.mark.parametrize("look", LIVE, ids=named)
async def test_for_everybody(rep: Window) -> None:
    """Names, order, contrast: the first page, the form with all kinds of rows, its complaints, what came of it."""
    page, path, found = rep.page, rep.path, []
    await rep.open("/record?q=病院")
    found += await flaws(rep)
    await rep.open(path)
    for button in ("小川 真理", "伊藤 翔", "初めての方を追加", "懸念を追加", "約束を追加"):
        await page.get_by_role("button", name=button).click()
    await name(rep, "people.1.basis").select_option("consent")
    found += await flaws(rep)
    rep.foresee(400)
    await record(rep)
    await expect(page.get_by_role("alert")).to_be_focused()
    found += await flaws(rep)
    await page.locator('[id="people.2"]').get_by_role("button", name="外す").click()
    await name(rep, "people.1.evidence").fill("展示会の申込書")
    await page.locator('[id="promises.1"]').get_by_role("button", name="外す").click()
    await fill(rep)
    await record(rep)
    await expect(page.get_by_role("status")).to_contain_text("記録しました")
    found += await flaws(rep)
    mail, *_ = await rep.site.world.store.find(Message, {"person_id": OGAWA.id, "step_id": "thanks"})
    await rep.open(f"/messages/{mail.id}/origin")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    found += await flaws(rep)

    assert "" == "\n".join(found)
    assert ITO.id in {a.person_id for m in await met(rep) for a in m.attendees}
