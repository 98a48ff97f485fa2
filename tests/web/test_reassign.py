"""People, deals and tasks go to a colleague."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from nurture.config import MailboxSettings, SmtpSettings
from nurture.core.change import Change, Dispatch
from nurture.core.deals import Attendee, Deal, Meeting, Task
from nurture.core.draft import Draft
from nurture.core.ids import DealId, MailboxId, MeetingId
from nurture.core.messages import Enrollment, Entry, MessageState
from nurture.core.people import Person
from nurture.web.app import build
from tests.web.browser import browser, csrf, send, sign_in
from tests.web.world import (
    AOBA,
    CALL,
    CASE_MAIL,
    KOBAYASHI,
    LEAVING,
    MAILBOX,
    NISHIDA,
    NOW,
    READ,
    SATO,
    SECRET,
    SENT,
    TAKAHASHI,
    TANAKA,
    THANK_YOU,
    YAMAMOTO,
    World,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from nurture.core.draft import Brief

PATH = f"/people/{YAMAMOTO.id}/colleague"
THEIRS = MailboxId("tanaka-box")


@dataclass
class Writer:
    """Signs with who writes."""

    def write(self, brief: Brief) -> Draft:
        """The text."""
        return Draft("事例のご紹介", f"担当の{brief.rep.name}です。\n")

    def content(self, template: str) -> None:
        """No template is written for anything here."""


@pytest.fixture
async def at_work(desk_world: World) -> World:
    """Both representatives have a mailbox of their own; two people are on a deal."""
    boxes = tuple(
        MailboxSettings(key, f"{who.id}@mirai-iryo.example", who.name, SmtpSettings("localhost", 25, "none"))
        for key, who in ((MAILBOX, SATO), (THEIRS, TANAKA))
    )
    deal = Deal(DealId("deal-aoba"), AOBA.id, "画像連携", rep_id=SATO.id)
    there = (Attendee(TAKAHASHI.id), Attendee(NISHIDA.id))
    met = Meeting(MeetingId("met"), deal.id, AOBA.id, SATO.id, NOW, attendees=there, private_note="内緒")
    tanaka = replace(TANAKA, mailbox_id=THEIRS, version=1)
    await desk_world.store.commit(Change((tanaka, deal)))
    await desk_world.store.commit(Change((met,)))
    settings = desk_world.doors.settings
    settings = replace(settings, mailboxes=boxes, work=replace(settings.work, draft_days=30))
    return replace(desk_world, doors=replace(desk_world.doors, settings=settings, writer=Writer()))


@pytest.fixture
async def rep(at_work: World) -> AsyncIterator[httpx.AsyncClient]:
    """The one who hands over."""
    async with browser(build(at_work.doors, SECRET)) as client:
        await sign_in(client, at_work, SATO)
        yield client


async def test_a_person_goes_to_a_colleague_with_everything(rep: httpx.AsyncClient, at_work: World) -> None:
    """What waits is written anew, from the new mailbox, to be approved afresh; the colleague is told."""
    page = (await rep.get(PATH)).text
    answer = await send(rep, page, PATH, to=TANAKA.id, note="電話がお好きです")
    after = await rep.get(answer.headers["location"])
    person = await at_work.store.get(Person, YAMAMOTO.id)
    enrollment = await at_work.store.get(Enrollment, "en-yamamoto")
    case, leaving = await at_work.message(CASE_MAIL.id), await at_work.message(LEAVING.id)
    (told,) = await at_work.store.find(Dispatch, {"kind": "handed_over"})
    (said,) = await at_work.store.find(Entry, {"kind": "person.handed_over"})
    assert person is not None
    assert enrollment is not None

    assert [TANAKA.id] * 4 == [person.rep_id, enrollment.rep_id, case.rep_id, leaving.rep_id]
    assert [(MessageState.WAITING, "handed_over", ())] * 2 == [
        (m.state, m.reason, m.approvals) for m in (case, leaving)
    ]
    assert ("tanaka@mirai-iryo.example", THEIRS) == (case.from_address, case.mailbox_id)
    assert f"担当の{TANAKA.name}です。" in case.body
    assert (TANAKA.id, True) == (told.rep_id, "電話がお好きです" in told.text)
    assert (SATO.id, SATO.name, TANAKA.name) == (said.actor, said.data["from"], said.data["to"])
    assert "田中 悠真 さんの担当です" in after.text
    assert f"/messages/{CASE_MAIL.id}" not in after.text
    assert 404 == (await rep.get(f"/people/{YAMAMOTO.id}")).status_code


async def test_the_conversation_goes_on(rep: httpx.AsyncClient, at_work: World) -> None:
    """What was sent keeps its sender and mailbox, and belongs to the new one: so does an answer to it."""
    path = "/people/nakamura/colleague"
    await send(rep, (await rep.get(path)).text, path, to=TANAKA.id)
    sent = await at_work.message(SENT.id)
    reply = await at_work.store.get(Task, READ.id)
    assert reply is not None

    assert (TANAKA.id, SENT.from_address, SENT.mailbox_id) == (sent.rep_id, sent.from_address, sent.mailbox_id)
    assert (MessageState.SENT, TANAKA.id) == (sent.state, reply.rep_id)


async def test_a_deal_goes_with_everybody_on_it(rep: httpx.AsyncClient, at_work: World) -> None:
    """Who was at its meetings too; the meeting and its private impressions stay with who was there."""
    path = f"/people/{TAKAHASHI.id}/colleague"
    page = (await rep.get(path)).text
    assert "画像連携" in page
    await send(rep, page, path, to=TANAKA.id, whole="deal")
    rows = [await at_work.store.get(Person, key) for key in (TAKAHASHI.id, NISHIDA.id, YAMAMOTO.id)]
    deal = await at_work.store.get(Deal, "deal-aoba")
    met = await at_work.store.get(Meeting, "met")
    call = await at_work.store.get(Task, CALL.id)
    assert deal is not None
    assert met is not None
    assert call is not None

    assert [TANAKA.id, TANAKA.id, SATO.id] == [row.rep_id for row in rows if row]
    assert (TANAKA.id, SATO.id, TANAKA.id) == (deal.rep_id, met.rep_id, call.rep_id)
    assert "handed_over" == (await at_work.message(THANK_YOU.id)).reason


async def test_a_task_goes_alone(rep: httpx.AsyncClient, at_work: World) -> None:
    """The colleague calls; whose contact it is stays as it was."""
    path = f"/tasks/{CALL.id}/colleague"
    assert path in (await rep.get("/")).text
    await send(rep, (await rep.get(path)).text, path, to=TANAKA.id)
    call = await at_work.store.get(Task, CALL.id)
    person = await at_work.store.get(Person, TAKAHASHI.id)
    assert call is not None
    assert person is not None

    assert (TANAKA.id, SATO.id) == (call.rep_id, person.rep_id)
    assert 1 == await at_work.store.count(Dispatch, {"kind": "handed_over", "rep_id": TANAKA.id})


@pytest.mark.parametrize("to", ["gone", "sato", "mori", "nobody", ""])
async def test_not_to_everybody(rep: httpx.AsyncClient, at_work: World, to: str) -> None:
    """Who left, who has it already, who has no mailbox, who does not exist: nothing moves."""
    mori = await at_work.store.find(type(SATO), {"id": "mori"})
    await at_work.store.commit(Change((replace(mori[0], mailbox_id=None),)))
    answer = await send(rep, (await rep.get(PATH)).text, PATH, to=to)

    assert 409 == answer.status_code
    assert SATO.id == (await at_work.message(CASE_MAIL.id)).rep_id


async def test_nothing_moves_while_a_mail_is_on_the_wire(rep: httpx.AsyncClient, at_work: World) -> None:
    """Its outcome is the sender's to write."""
    row = await at_work.message(LEAVING.id)
    await at_work.store.commit(Change((replace(row, state=MessageState.SENDING),)))
    answer = await send(rep, (await rep.get(PATH)).text, PATH, to=TANAKA.id)

    assert 409 == answer.status_code
    assert SATO.id == (await at_work.message(CASE_MAIL.id)).rep_id


async def test_what_is_not_mine_i_do_not_give_away(
    rep: httpx.AsyncClient, mori: httpx.AsyncClient, at_work: World
) -> None:
    """A colleague's contact does not exist for me; the manager may hand it over, and both are told."""
    path = f"/people/{KOBAYASHI.id}/colleague"
    forged = await rep.post(path, data={"csrf": await csrf(rep), "to": SATO.id})
    task = await rep.post("/tasks/t-planned/colleague", data={"csrf": await csrf(rep), "to": SATO.id})
    bare = await rep.post(PATH, data={"to": TANAKA.id})
    await send(mori, (await mori.get(path)).text, path, to=SATO.id)
    told = await at_work.store.find(Dispatch, {"kind": "handed_over"})
    person = await at_work.store.get(Person, KOBAYASHI.id)
    assert person is not None

    assert [404, 404, 403] == [answer.status_code for answer in (forged, task, bare)]
    assert {SATO.id, TANAKA.id} == {row.rep_id for row in told}
    assert SATO.id == person.rep_id
