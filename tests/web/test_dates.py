"""A mail is approved for another date than the planned one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from nurture.config import MailboxSettings, SmtpSettings
from nurture.core.calendar import Calendar, CalendarEntry, Effect
from nurture.core.change import Change
from nurture.core.draft import Draft
from nurture.core.ids import EnrollmentId
from nurture.core.messages import Entry, MessageState, Move
from nurture.flows import tick
from nurture.web.app import build
from tests.web.browser import browser, csrf, send, sign_in
from tests.web.world import (
    CASE,
    CASE_MAIL,
    FOOTER,
    MAILBOX,
    OTHERS,
    SATO,
    SECRET,
    THANK_YOU,
    TWO_PEOPLE,
    OneScript,
    World,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from nurture.core.draft import Brief
    from nurture.core.people import Organisation
    from nurture.core.scenario import Scenario

PATH = f"/messages/{CASE_MAIL.id}/date"
WEDNESDAY = date(2026, 12, 2)


@dataclass
class Writer:
    """Writes the case as it stands; where it speaks of its date, with the date."""

    dated: bool = False

    def write(self, brief: Brief) -> Draft:
        """The text."""
        line = f"{brief.send_on} にお届けします。\n" if self.dated else ""
        return Draft(CASE_MAIL.subject, f"{CASE}{line}\n{FOOTER}")

    def content(self, template: str) -> None:
        """No template is written for anything here."""


class Congress(OneScript):
    """A calendar in which one day is taken, as soon as somebody enters it."""

    def __init__(self) -> None:
        self.taken: date | None = None

    def calendars(self, scenario: Scenario, organisation: Organisation | None) -> tuple[Calendar, ...]:
        """The one."""
        entries = (CalendarEntry("rounds", Effect.BLACKOUT, start=self.taken),) if self.taken else ()
        return (Calendar("house", entries),)


@pytest.fixture
def at_work(desk_world: World) -> World:
    """The world with a mailbox to send from, a writer and a calendar."""
    mailbox = MailboxSettings(MAILBOX, SATO.email, CASE_MAIL.from_name, SmtpSettings("localhost", 25, "none"))
    settings = replace(desk_world.doors.settings, mailboxes=(mailbox,))
    doors = replace(desk_world.doors, settings=settings, writer=Writer(), library=Congress())
    return replace(desk_world, doors=doors)


@pytest.fixture
async def rep(at_work: World) -> AsyncIterator[httpx.AsyncClient]:
    """The representative whose mail it is."""
    async with browser(build(at_work.doors, SECRET)) as client:
        await sign_in(client, at_work, SATO)
        yield client


async def test_days_are_offered_with_what_stands_against_them(rep: httpx.AsyncClient) -> None:
    """Each day has its weekday; a weekend says that nothing leaves then, and cannot be picked."""
    assert PATH in (await rep.get(f"/messages/{CASE_MAIL.id}")).text

    text = (await rep.get(PATH)).text

    assert 'value="2026-12-02">' in text
    assert "12/2(水)" in text
    assert 'value="2026-12-05" disabled' in text
    assert 'value="2026-12-01" checked' in text


async def test_a_picked_day_is_approved_and_explained(rep: httpx.AsyncClient, at_work: World) -> None:
    """It leaves then; the journal names who chose, and the date says why it is what it is."""
    answer = await send(rep, (await rep.get(PATH)).text, PATH, on="2026-12-02", at="10:05")
    message = await at_work.message(CASE_MAIL.id)
    (said,) = await at_work.store.find(Entry, {"message_id": message.id, "kind": "message.dated"})
    page = (await rep.get(f"/messages/{CASE_MAIL.id}")).text

    assert f"/?done=approved&mail={CASE_MAIL.id}" == answer.headers["location"]
    assert (MessageState.APPROVED, WEDNESDAY) == (message.state, message.planned_on)
    assert datetime(2026, 12, 2, 1, 5, tzinfo=UTC) == message.planned_at
    assert (SATO.id, "2026-12-01", "2026-12-02") == (said.actor, said.data["from"], said.data["on"])
    assert message.chosen == Move("chosen", SATO.id, date(2026, 11, 29), WEDNESDAY)
    assert "人が選んだ日" in page


async def test_plans_keep_to_it_until_they_cannot(rep: httpx.AsyncClient, at_work: World) -> None:
    """A look at the enrollment changes nothing; a day that is taken ends the approval, with the reason."""
    await send(rep, (await rep.get(PATH)).text, PATH, on="2026-12-02")
    library = at_work.doors.library
    assert isinstance(library, Congress)
    assert CASE_MAIL.enrollment_id is not None
    before = await at_work.message(CASE_MAIL.id)
    await tick.advance(at_work.doors, (EnrollmentId(CASE_MAIL.enrollment_id),))
    kept = await at_work.message(CASE_MAIL.id)
    library.taken = WEDNESDAY
    await tick.advance(at_work.doors, (EnrollmentId(CASE_MAIL.enrollment_id),))
    moved = await at_work.message(CASE_MAIL.id)

    assert (before.state, before.planned_at, before.moves) == (kept.state, kept.planned_at, kept.moves)
    assert ("moved", date(2026, 12, 3), ()) == (moved.reason, moved.planned_on, moved.approvals)
    assert MessageState.PLANNED is moved.state  # its text is written anew for that day, then it waits
    assert ["chosen", "blackout"] == [move.rule for move in moved.moves]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"on": "2026-12-05"}, "送信時間帯", id="a Saturday"),
        pytest.param({"other": "2020-01-06"}, "過ぎ", id="over"),
        pytest.param({"other": "2031-01-06"}, "1年以内", id="years ahead"),
        pytest.param({"on": "2026-12-02", "at": "21:00"}, "09:00–18:00", id="at night"),
        pytest.param({"on": "someday"}, "日を選", id="no date"),
        pytest.param({"on": "2026-12-02", "at": "noon"}, "日を選", id="no time"),
    ],
)
async def test_what_cannot_be_had_is_refused_with_the_reason(
    rep: httpx.AsyncClient, at_work: World, fields: dict[str, str], says: str
) -> None:
    """Nothing is approved, and the page says why."""
    answer = await send(rep, (await rep.get(PATH)).text, PATH, **fields)

    assert 409 == answer.status_code
    assert says in answer.text
    assert MessageState.WAITING is (await at_work.message(CASE_MAIL.id)).state


async def test_a_text_that_speaks_of_its_date_is_read_again(rep: httpx.AsyncClient, at_work: World) -> None:
    """It has its new date and its new text, and waits: nobody has read it yet."""
    writer = at_work.doors.writer
    assert isinstance(writer, Writer)
    writer.dated = True
    answer = await send(rep, (await rep.get(PATH)).text, PATH, on="2026-12-02")
    message = await at_work.message(CASE_MAIL.id)
    after = await rep.get(answer.headers["location"])

    assert (MessageState.WAITING, WEDNESDAY, ()) == (message.state, message.planned_on, message.approvals)
    assert "2026-12-02 にお届けします。" in message.body
    assert "まだ承認されていません" in after.text


async def test_a_changed_mail_is_not_dated(rep: httpx.AsyncClient, at_work: World) -> None:
    """What the page showed is what is approved, for whatever date."""
    page = (await rep.get(PATH)).text
    message = await at_work.message(CASE_MAIL.id)
    await at_work.store.commit(Change((replace(message, subject="別の件名"),)))
    answer = await send(rep, page, PATH, on="2026-12-02")

    assert 409 == answer.status_code
    assert CASE_MAIL.planned_on == (await at_work.message(CASE_MAIL.id)).planned_on


async def test_the_first_of_two_may_choose_the_date(rep: httpx.AsyncClient, at_work: World) -> None:
    """The second person is shown it with that date."""
    path = f"/messages/{TWO_PEOPLE.id}/date"
    await at_work.store.commit(Change((replace(await at_work.message(TWO_PEOPLE.id), edited_by=SATO.id),)))
    answer = await send(rep, (await rep.get(path)).text, path, on="2026-12-28")
    message = await at_work.message(TWO_PEOPLE.id)

    assert "done=first" in answer.headers["location"]
    assert (MessageState.WAITING, date(2026, 12, 28)) == (message.state, message.planned_on)
    assert [SATO.id] == [a.by for a in message.approvals if a.fingerprint == message.fingerprint]


async def test_only_what_is_planned_for_a_day_and_ones_own_is_dated(rep: httpx.AsyncClient) -> None:
    """A thank-you leaves at once and offers no days; a colleague's mail does not exist."""
    urgent = await rep.get(f"/messages/{THANK_YOU.id}/date")
    forged = {"csrf": await csrf(rep), "seen": THANK_YOU.fingerprint, "on": "2026-12-02"}

    assert 'name="on"' not in urgent.text
    assert 409 == (await rep.post(f"/messages/{THANK_YOU.id}/date", data=forged)).status_code
    assert 404 == (await rep.get(f"/messages/{OTHERS.id}/date")).status_code
    assert 404 == (await rep.post(f"/messages/{OTHERS.id}/date", data=forged)).status_code


async def test_beside_the_mail_stand_its_days_and_what_to_look_at_twice(
    rep: httpx.AsyncClient, at_work: World
) -> None:
    """The days around its date, those that are taken with the reason; remarks about the text as it stands."""
    text = (await rep.get(f"/messages/{CASE_MAIL.id}")).text
    message = await at_work.message(CASE_MAIL.id)
    odd = f"その後、いかがでしょうか。https://elsewhere.example/x\n\n{FOOTER}"
    await at_work.store.commit(Change((replace(message, body=odd),)))
    after = (await rep.get(f"/messages/{CASE_MAIL.id}")).text

    assert 'title="11/29(日): 送信時間帯のない日のため"' in text
    assert "念のため確認" not in text
    assert "確認済み: 患者情報なし" in text
    assert ("催促に読めます" in after, "外部へのリンクがあります: elsewhere.example" in after) == (True, True)
