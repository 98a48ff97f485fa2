"""A hospital with a history for the meeting's form, and doors behind which mails are really written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from nurture.config import MailboxSettings, SmtpSettings
from nurture.core.change import Change
from nurture.core.deals import Attendee, Concern, Deal, Meeting, Promise, Stance
from nurture.core.ids import DealId, MeetingId, PromiseId
from nurture.core.people import LegalBasis
from nurture.files.library import FileLibrary
from nurture.files.shipped import shipped
from nurture.render import TemplateWriter
from tests.web.browser import form
from tests.web.world import AOBA, KOBAYASHI, MAILBOX, NOW, SATO, TAKAHASHI, TANAKA, TOTO, person

if TYPE_CHECKING:
    import httpx

    from nurture.ports import Store
    from tests.web.world import World

OGAWA = person("ogawa", "小川", "真理", AOBA, SATO, role="nursing", department="看護部", title="看護師長")
ITO = replace(
    person("ito", "伊藤", "翔", AOBA, SATO, role="it", department="情報システム室", title="室長"),
    legal_basis=LegalBasis(),
)
DEAL = Deal(DealId("deal-aoba"), AOBA.id, "画像連携", product="連携基盤", phase=2, rep_id=SATO.id, created_at=NOW)
OTHERS_DEAL = Deal(DealId("deal-toto"), TOTO.id, "保守契約", phase=3, rep_id=TANAKA.id, created_at=NOW)
LAST = Meeting(
    MeetingId("met-aoba"),
    DEAL.id,
    AOBA.id,
    SATO.id,
    datetime(2026, 11, 5, 15, 0, tzinfo=ZoneInfo("Asia/Tokyo")),
    subject="画像連携のご説明",
    concerns=(Concern("夜間読影の待ち時間", "workflow"),),
    attendees=(Attendee(TAKAHASHI.id, Stance.SCEPTICAL), Attendee(OGAWA.id, Stance.SUPPORTIVE)),
    private_note="価格の話は次回",
)
OTHERS = Meeting(
    MeetingId("met-toto"),
    OTHERS_DEAL.id,
    TOTO.id,
    TANAKA.id,
    NOW - timedelta(days=2),
    subject="保守のご相談",
    attendees=(Attendee(KOBAYASHI.id, Stance.NEUTRAL),),
    private_note="他社の見積もりを見た",
)
OPEN = Promise(
    PromiseId("promise-aoba"), LAST.id, DEAL.id, "接続仕様書の最新版をお送りする", due=date(2026, 11, 20)
)
KEY = "form-of-this-test"
WRITTEN = {
    "subject": "検証環境のお打ち合わせ",
    "ended_on": "2026-11-26",
    "ended_time": "15:45",
    "agreements": "検証は1月第3週に始める\n対象は外来の撮影に限る",
    "concerns.0.text": "障害時の切り替え手順",
    "concerns.0.topic": "safety",
    "promises.0.text": "切り替え手順書をお送りする",
    "promises.0.owner": "us",
    "promises.0.due": "2026-12-03",
    "question": "検証は1月第3週に始める、という理解でよろしいでしょうか。",
    "note": "室長は乗り気、部長はまだ",
}
"""What stands in a form that is complete but for its people."""


async def remember(store: Store) -> None:
    """What happened before."""
    await store.commit(Change((OGAWA, ITO, DEAL, OTHERS_DEAL, LAST, OTHERS, OPEN)))


def at_work(there: World) -> World:
    """The same world with the files that ship, so that thank-yous are written."""
    doors = there.doors
    box = MailboxSettings(MAILBOX, "sales@mirai-iryo.example", "", SmtpSettings("localhost", 25, "none"))
    settings = replace(doors.settings, mailboxes=(box,))
    writer = TemplateWriter(shipped() / "templates", settings.company)
    return replace(there, doors=replace(doors, settings=settings, library=FileLibrary(), writer=writer))


async def begin(client: httpx.AsyncClient, house: str = AOBA.name, key: str = KEY) -> str:
    """Begin a form at a hospital; returns its path."""
    page = (await client.get("/record")).text
    token = form(page, "/logout").fields["csrf"]
    answer = await client.post("/record", data={"csrf": token, "key": key, "organisation": house})
    assert answer.status_code == 303

    return str(answer.headers["location"])


async def press(client: httpx.AsyncClient, path: str, do: str, **fields: str) -> httpx.Response:
    """Fill in the form that stands there, and press one of its buttons."""
    found = form((await client.get(path)).text, path)
    return await client.post(path, data=found.fields | fields | {"do": do})
