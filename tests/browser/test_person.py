"""A person's page: every form on it is filled in and sent, and what comes of it is looked at."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from nurture.core.change import Change
from nurture.core.ids import InboundId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Suppression
from nurture.core.people import Away, Basis, LegalBasis, Person
from tests.web.world import KOBAYASHI, MORI, NAKAMURA, REPLY, SATO, YAMAMOTO

if TYPE_CHECKING:
    from playwright.async_api import Locator

    from tests.browser.conftest import Opener
    from tests.browser.window import Look, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = f"/people/{YAMAMOTO.id}"
MOVED = replace(
    REPLY,
    id=InboundId("in-moved"),
    key="<moved@minato-hp.example>",
    uid=21,
    person_id=YAMAMOTO.id,
    reading=json.dumps({"successor": {"name": "渡辺", "email": "watanabe@minato-hp.example"}}),
)


async def state(window: Window) -> tuple[EnrollmentState, str | None]:
    """How the enrollment stands, and why."""
    found = await window.site.world.store.get(Enrollment, f"en-{YAMAMOTO.id}")
    assert found is not None
    return found.state, found.reason


async def person(window: Window, key: str = YAMAMOTO.id) -> Person:
    """As the store has it."""
    found = await window.site.world.store.get(Person, key)
    assert found is not None
    return found


def fold(window: Window, summary: str) -> Locator:
    """What is folded in under these words."""
    return window.page.locator("details", has=window.page.get_by_text(summary))


def enrollment(window: Window) -> Locator:
    """The row of the person's enrollment."""
    return window.page.locator("section", has=window.page.get_by_role("heading", name="登録")).locator("li")


async def test_pause_and_go_on(sato: Window) -> None:
    """One tap each way; the page says which it is."""
    await sato.open(PAGE)
    row = enrollment(sato)
    await row.get_by_role("button", name="一時停止").click()
    await expect(row.locator(".state")).to_have_text("一時停止")

    assert (EnrollmentState.PAUSED, "person") == await state(sato)

    await row.get_by_role("button", name="再開").click()
    await expect(row.locator(".state")).to_have_text("進行中")

    assert EnrollmentState.ACTIVE is (await state(sato))[0]


async def test_a_rest_of_four_weeks(sato: Window) -> None:
    """Two taps, and the page says until when it rests."""
    await sato.open(PAGE)
    rest = fold(sato, "休止してから続ける")
    await rest.locator("summary").click()
    await rest.get_by_role("button", name="4週間").click()
    await expect(enrollment(sato)).to_contain_text("12/24(木) に自動で再開します")
    found = await sato.site.world.store.get(Enrollment, f"en-{YAMAMOTO.id}")

    assert found is not None
    assert found.wake_at is not None
    assert date(2026, 12, 24) == found.wake_at.date()


async def test_mail_less_often(sato: Window) -> None:
    """How it was told is asked for; the pace stands with the person's facts, until it is taken back so too."""
    await sato.open(PAGE)
    slower = fold(sato, "頻度を減らしてほしい")
    await slower.locator("summary").click()
    await slower.get_by_role("button").first.click()
    await expect(slower.locator("input:invalid")).to_be_focused()
    await slower.get_by_label("お申し出の方法と日時").fill("11/26 お電話にて")
    await slower.get_by_role("button").first.click()
    facts = sato.page.locator("main dl")
    await expect(facts).to_contain_text("31日に1通まで")
    await slower.locator("summary").click()
    await slower.get_by_label("お申し出の方法と日時").fill("元に戻してよいとのこと")
    await slower.get_by_role("button", name="シナリオどおりの頻度に戻す").click()
    await expect(facts).not_to_contain_text("31日に1通まで")


async def test_gone_already(sato: Window) -> None:
    """Nothing more is sent, at a tap; the row offers to open what ended by mistake."""
    await sato.open(PAGE)
    moved = fold(sato, "後任の方を登録")
    await moved.locator("summary").click()
    await moved.get_by_role("button", name="止めるだけ").click()
    row = enrollment(sato)
    await expect(row.locator(".state")).to_have_text("終了")
    await expect(row.get_by_text("誤って終了した")).to_be_visible()
    kinds = {e.kind for e in await sato.site.world.store.find(Entry, {"person_id": YAMAMOTO.id})}

    assert EnrollmentState.STOPPED is (await state(sato))[0]
    assert "person.departed" in kinds


async def test_a_successor_is_taken_back(sato: Window) -> None:
    """What was misread is undone where it was entered: nobody follows any more."""
    await sato.open(PAGE)
    moved = fold(sato, "後任の方を登録")
    await moved.locator("summary").click()
    await moved.get_by_label("姓").fill("渡辺")
    await moved.get_by_label("メールアドレス").fill("watanabe@minato-hp.example")
    await moved.get_by_role("button", name="後任として登録").click()
    await expect(sato.page.get_by_role("heading", level=1)).to_contain_text("渡辺")
    await sato.open(PAGE)
    await expect(sato.page.get_by_role("link", name="渡辺")).to_be_visible()
    await moved.locator("summary").click()
    await moved.get_by_role("button", name="取り消す").click()
    await expect(sato.page.get_by_role("link", name="渡辺")).to_have_count(0)

    assert (await person(sato)).successor_id is None


async def test_a_basis_is_recorded(sato: Window) -> None:
    """Without one nothing is sent, says the page, and asks for it with its proof; then the question is gone."""
    known = await person(sato)
    await sato.site.world.store.commit(Change((replace(known, legal_basis=LegalBasis()),)))
    await sato.open(PAGE)
    basis = fold(sato, "送信の根拠がないため送りません")
    await basis.locator("summary").click()
    await basis.get_by_label("お送りできる根拠").select_option("business_card")
    await basis.get_by_label("根拠を示すもの").fill("11/26 名刺を受領")
    await basis.get_by_role("button").click()
    await expect(basis).to_have_count(0)

    assert Basis.BUSINESS_CARD is (await person(sato)).legal_basis.kind


async def test_stopped_for_good_and_opened_again(sato: Window) -> None:
    """What ended by mistake is opened again, paused; both stand in what happened."""
    await sato.open(PAGE)
    stop = fold(sato, "終了")
    await stop.locator("summary").click()
    await stop.get_by_role("button", name="終了する").click()
    row = enrollment(sato)
    await expect(row.locator(".state")).to_have_text("終了")

    assert EnrollmentState.STOPPED is (await state(sato))[0]

    await fold(sato, "誤って終了した").locator("summary").click()
    await row.get_by_role("button", name="一時停止の状態に戻す").click()
    await expect(row.locator(".state")).to_have_text("一時停止")

    assert EnrollmentState.PAUSED is (await state(sato))[0]


async def test_another_address(sato: Window) -> None:
    """What is no address is refused by the browser; another one is written to from now on."""
    await sato.open(PAGE)
    other = fold(sato, "アドレスの変更")
    await other.locator("summary").click()
    await other.get_by_label("メールアドレス").fill("yamamoto")
    await other.get_by_role("button").click()
    await expect(other.locator("input:invalid")).to_be_focused()
    await other.get_by_label("メールアドレス").fill("Y.Yamamoto@minato-hp.example")
    await other.get_by_role("button").click()
    await expect(sato.page.locator("main dl")).to_contain_text("y.yamamoto@minato-hp.example", ignore_case=True)

    assert "y.yamamoto@minato-hp.example" == (await person(sato)).email.lower()


async def test_who_follows(sato: Window) -> None:
    """Name and address stand there as the mail told them; a basis with its proof lets us write."""
    await sato.site.world.store.commit(Change((MOVED,)))
    await sato.open(PAGE)
    moved = fold(sato, "後任の方を登録")
    await moved.locator("summary").click()
    await expect(moved.get_by_label("姓")).to_have_value("渡辺")
    await expect(moved.get_by_label("メールアドレス")).to_have_value("watanabe@minato-hp.example")
    await moved.get_by_label("役職").fill("看護部長")
    await moved.get_by_label("お送りできる根拠").select_option("business_card")
    await moved.get_by_label("根拠を示すもの").fill("引き継ぎのご挨拶で名刺を受領")
    await moved.get_by_role("button", name="後任として登録").click()
    await expect(sato.page.get_by_role("heading", level=1)).to_contain_text("渡辺")
    made = await person(sato, (await person(sato)).successor_id or "")

    assert f"/people/{made.id}" == sato.path
    assert ("看護部長", Basis.BUSINESS_CARD) == (made.title, made.legal_basis.kind)

    await sato.open(PAGE)
    await sato.page.get_by_role("link", name="渡辺").click()
    await expect(sato.page.locator("main dl")).to_contain_text("watanabe@minato-hp.example")


async def test_no_more_mail(sato: Window) -> None:
    """How it was told is asked for; the page says that nothing goes there, and the form is gone."""
    await sato.open(PAGE)
    no_more = fold(sato, "配信停止のお申し出")
    await no_more.locator("summary").click()
    await no_more.get_by_label("お申し出の方法と日時").fill("11/26 お電話にて")
    await no_more.get_by_role("button").click()
    await expect(sato.page.locator(".alarm")).to_contain_text("このアドレスには送りません")
    await expect(no_more).to_have_count(0)
    await expect(enrollment(sato).locator(".state")).to_have_text("終了")
    (silence,) = await sato.site.world.store.find(Suppression)

    assert (YAMAMOTO.email, True) == (silence.value, "11/26 お電話にて" in silence.evidence)


async def test_an_absence_is_over(sato: Window) -> None:
    """Until when nobody writes, and one tap for who is back."""
    away = Away(noted_on=date(2026, 11, 20), resume_on=date(2026, 12, 20), back=None, evidence="不在")
    await sato.site.world.store.commit(Change((replace(await person(sato), away=away),)))
    await sato.open(PAGE)
    await expect(sato.page.locator(".said")).to_contain_text("不在：12/20(日) より前には送りません")
    await sato.page.get_by_role("button", name="復帰された").click()
    await expect(sato.page.locator(".said")).to_have_count(0)

    assert (await person(sato)).away is None


async def test_what_a_person_did_is_in_what_happened(sato: Window) -> None:
    """Each act with who did it, the latest first, in words."""
    await sato.open(PAGE)
    await enrollment(sato).get_by_role("button", name="一時停止").click()
    first = sato.page.locator(".events li").first
    await expect(first).to_contain_text(SATO.name)
    await expect(first).not_to_contain_text("enrollment.")
    (entry, *_) = await sato.site.world.store.find(Entry, {"person_id": YAMAMOTO.id}, order=("-seq",))

    assert ("enrollment.paused", SATO.id) == (entry.kind, entry.actor)


async def test_who_is_not_responsible_sees_no_forms(windows: Opener, look: Look) -> None:
    """Others' people are not there for a representative; a manager sees them, and may act."""
    sato = await windows(look)
    await sato.sign_in(SATO)
    sato.foresee(404)
    await sato.open(f"/people/{KOBAYASHI.id}")
    await expect(sato.page.get_by_role("alert")).to_be_visible()
    await expect(sato.page.locator("main form")).to_have_count(0)
    mori = await windows(look)
    await mori.sign_in(MORI)
    await mori.open(f"/people/{NAKAMURA.id}")
    await expect(mori.page.get_by_role("button", name="再開")).to_be_visible()
