"""What a letter carries and what it must not: from the desk to the wire."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest

from nurture.core import progress
from nurture.core.attachments import Attachment
from nurture.core.change import Change
from nurture.core.deals import Task
from nurture.core.messages import MessageState
from nurture.errors import UserError
from nurture.flows import review, tick
from nurture.mail.compose import own_id
from tests.samples import REP

if TYPE_CHECKING:
    from pathlib import Path

    from nurture.core.messages import Message
    from tests.flows.conftest import House


def changed(house: House, *, work: dict[str, object] | None = None, **box: object) -> House:
    """The same house with other settings of its mailbox and of how it works."""
    settings = house.doors.settings
    mailbox = replace(settings.mailboxes[0], **box)  # type: ignore[arg-type]
    settings = replace(settings, mailboxes=(mailbox,), work=replace(settings.work, **(work or {})))  # type: ignore[arg-type]
    return replace(house, doors=replace(house.doors, settings=settings))


async def drafted(house: House) -> Message:
    """A thank-you that waits."""
    (mail,) = (await house.met()).messages
    return mail


@pytest.mark.parametrize(
    ("everywhere", "here", "kind"),
    [
        (False, None, "text/plain"),
        (True, None, "multipart/alternative"),
        (False, True, "multipart/alternative"),
        (True, False, "text/plain"),
    ],
)
async def test_html_by_setting(house: House, everywhere: bool, here: bool | None, kind: str) -> None:
    """Plain text unless the mailbox, or else the whole house, wants HTML too; what was approved stays the same."""
    house = changed(house, work={"html": everywhere}, html=here)
    mail = await drafted(house)
    await house.approve(mail)
    await house.send()
    letter = message_from_bytes(house.wire.letters[0].data)

    assert kind == letter.get_content_type()
    assert mail.fingerprint == (await house.mail("thanks")).fingerprint


async def test_an_edited_text_is_checked_at_the_desk(house: House) -> None:
    """A control character in a subject is refused when saved, not when it should leave; a text loses them."""
    mail, desk = await drafted(house), house.doors
    for subject in ("件名\x07", "件名\rBcc: x@y.example", "件\u2028名", "件名\x9b"):
        with pytest.raises(UserError, match="control character"):
            await review.edit(desk, mail.id, by=REP.id, subject=subject, body="本文", seen=mail.fingerprint)

    assert mail == await house.mail("thanks")
    body = "本\x1b文\x07です\r\n"
    done = await review.edit(desk, mail.id, by=REP.id, subject="件名", body=body, seen=mail.fingerprint)

    assert done.body.startswith("本文です\n")


async def test_an_address_that_no_server_takes_is_said_at_once(house: House) -> None:
    """However it came into the database: there is no draft for the queue, but a task that says why."""
    await drafted(house)
    person = await house.person()
    await house.store.commit(Change((replace(person, email="sato@aoba-hp"),)))
    await house.until(house.clock.now().replace(day=12))
    case, tasks = await house.mail("case"), await house.store.find(Task, {"kind": "draft"})

    assert (MessageState.PLANNED, progress.UNWRITABLE) == (case.state, case.reason)
    assert any("sato@aoba-hp" in task.detail for task in tasks)


async def test_message_ids_follow_the_mailbox(house: House) -> None:
    """An id is fixed with the first draft; only where the mailbox moved to another domain is it made anew."""
    mail = await drafted(house)
    moved = changed(house, address="tanaka@elsewhere.example")
    await house.store.commit(Change((replace(mail, state=MessageState.PLANNED, body="", subject=""),)))
    await tick.advance(moved.doors, [mail.enrollment_id] if mail.enrollment_id else [])
    again = await house.mail("thanks")

    assert own_id(mail.header_id, REP.email)
    assert own_id(again.header_id, "tanaka@elsewhere.example")


SPEC = Attachment("連携仕様書.pdf", b"%PDF-1.7\nspec\n%%EOF\n")


async def with_spec(house: House, mail: Message) -> Message:
    """The mail with a file that was asked for."""
    return await review.attach(
        house.doors, mail.id, SPEC, by=REP.id, requested="面談時にご依頼", seen=mail.fingerprint
    )


async def test_a_file_goes_with_the_mail(house: House) -> None:
    """From the desk to the wire: attached, approved anew, and in the letter under its name."""
    mail = await with_spec(house, await house.approve(await drafted(house)))

    assert (MessageState.WAITING, (SPEC.key,)) == (mail.state, mail.attachments)
    assert not (await house.send()).outcomes
    await house.approve(mail)
    await house.send()
    letter = message_from_bytes(house.wire.letters[0].data)
    whole, text, file = letter.walk()

    assert ("multipart/mixed", "text/plain") == (whole.get_content_type(), text.get_content_type())
    assert (SPEC.name, SPEC.data) == (file.get_filename(), file.get_payload(decode=True))
    assert "message.attached" in await house.kinds()


async def test_a_file_taken_out_again(house: House) -> None:
    """By its name; one that is not there is named with those that are."""
    mail = await with_spec(house, await drafted(house))
    with pytest.raises(UserError, match=r"no file named other\.pdf") as refused:
        await review.detach(house.doors, mail.id, "other.pdf", by=REP.id, seen=mail.fingerprint)

    assert SPEC.name == refused.value.values["known"]
    assert (
        () == (await review.detach(house.doors, mail.id, SPEC.name, by=REP.id, seen=mail.fingerprint)).attachments
    )


async def test_a_file_that_is_gone_is_said_at_the_desk(house: House, tmp_path: Path) -> None:
    """A mail whose file was lost is not approved, and one that was approved before does not leave without it."""
    mail = await with_spec(house, await drafted(house))
    approved = await house.approve(mail)
    (tmp_path / "attachments" / SPEC.key).unlink()
    with pytest.raises(UserError, match="not in the data folder"):
        await house.approve(mail)
    await house.send()

    assert [] == house.wire.letters
    assert MessageState.FAILED == (await house.mail("thanks")).state
    assert approved.attachments == mail.attachments


async def test_released_mails_wait_when_they_carry_a_file(house: House) -> None:
    """A step that leaves by itself does not, once a file goes with it: a person looks at it first."""
    await house.approve(await drafted(house))
    await house.until(house.clock.now().replace(day=13))
    await house.approve(await house.mail("case"))
    await house.until(house.clock.now().replace(day=20))
    column = await house.mail("column")

    assert MessageState.APPROVED == column.state
    waiting = await with_spec(house, column)
    await house.store.commit(Change((replace(waiting, state=MessageState.PLANNED, subject="", body=""),)))
    assert column.enrollment_id is not None
    await tick.advance(house.doors, [column.enrollment_id])
    again = await house.mail("column")

    assert (MessageState.WAITING, (SPEC.key,)) == (again.state, again.attachments)
