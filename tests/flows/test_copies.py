"""Copies for the Sent folder that nobody could put there when their letters left."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from nurture.core import outgoing, upshot
from nurture.core.change import Change, Setting
from nurture.core.ids import MailboxId
from nurture.core.messages import Message, MessageState
from nurture.core.sending import Outcome, Verdict
from nurture.errors import TemporaryFailure
from nurture.flows import copies, doubts
from tests.flows.conftest import attendee
from tests.flows.test_receive import Pigeonhole
from tests.flows.test_sending import two_approved
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.flows.conftest import House

BOX = MailboxId("tanaka")


@dataclass
class Folder(Pigeonhole):
    """A Sent folder. ``blind``: it does not find what lies in it; ``problem``: it takes nothing."""

    filed: list[tuple[bytes, datetime]] = field(default_factory=list)
    blind: bool = False
    problem: TemporaryFailure | None = None

    @property
    def ids(self) -> list[str]:
        """Message-IDs of what lies here."""
        return [str(message_from_bytes(data)["Message-ID"]) for data, _ in self.filed]

    async def keep_sent(self, data: bytes, at: datetime) -> None:
        """Take it."""
        if self.problem is not None:
            raise self.problem
        self.filed.append((data, at))

    async def sent(self, header_ids: Collection[str]) -> frozenset[str]:
        """Those that lie here."""
        return frozenset() if self.blind else frozenset(self.ids) & frozenset(header_ids)


async def later(house: House, folder: Folder, **by: int) -> copies.Filed:
    """Look again after a while."""
    house.clock.advance_to(house.clock.now() + timedelta(**(by or {"minutes": 10})))
    return await copies.look(house.doors, {BOX: folder})


async def left(house: House) -> Message:
    """A thank-you that has left, without a copy: the daemon was killed before it could put it there."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.send()
    return await house.mail("thanks")


async def test_a_missing_copy_is_put_there(house: House) -> None:
    """As the letter left: its text, its Message-ID, its time; once."""
    mail, folder = await left(house), Folder()
    assert mail.sent_at is not None
    assert [] == (await copies.look(house.doors, {BOX: folder})).messages  # its own copy may be on its way
    filed = await later(house, folder)
    ((data, at),) = folder.filed
    there, gone = message_from_bytes(data), message_from_bytes(house.wire.letters[0].data)

    assert ([mail.id], []) == (filed.messages, filed.problems)
    assert [mail.header_id] == folder.ids
    assert (mail.sent_at, mail.sent_at) == (at, parsedate_to_datetime(there["Date"]))
    assert gone.get_payload() == there.get_payload()
    assert [] == (await later(house, folder)).messages
    assert 1 == len(folder.filed)


async def test_what_is_there_stays_as_it_is(house: House) -> None:
    """The copy that was put there when the letter left, or by the provider, is found."""
    await left(house)
    folder = Folder(filed=[(house.wire.letters[0].data, house.clock.now())])
    filed = await later(house, folder)

    assert ([], [], 1) == (filed.messages, filed.problems, len(folder.filed))


async def test_what_only_the_trace_knew(house: House) -> None:
    """Taken by the server just before the kill: sent, by the trace; its copy follows."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.fresh()
    ((claimed, _),) = await house.store.claim(house.clock.now(), 1, "killed")
    await house.store.commit(outgoing.outcome(claimed, upshot.TAKEN, house.clock.now()))
    folder = Folder()
    filed = await later(house, folder)

    assert [mail.id] == filed.messages
    assert [mail.header_id] == folder.ids


async def test_a_doubt_that_a_person_settled(house: House) -> None:
    """It left: a copy is put there. It is to be sent again: then none, before it has."""
    first, second = await two_approved(house)
    house.wire.answer = lambda _: Outcome(Verdict.UNKNOWN, "lost")
    await house.send()
    folder = Folder()
    assert [] == (await later(house, folder)).messages
    await doubts.settle(house.doors, first.id, by=REP.id, sent=True, why="先方に届いている")
    await doubts.settle(house.doors, second.id, by=REP.id, sent=False, why="届いていない")

    assert [first.id] == (await later(house, folder)).messages


async def test_a_folder_that_cannot_be_trusted(house: House) -> None:
    """It does not find what was just put there: told, and nothing more is put there, now or later."""
    for mail in await two_approved(house):
        assert mail.header_id
    await house.send()
    folder = Folder(blind=True)
    filed = await later(house, folder)

    assert (1, 1) == (len(folder.filed), len(filed.problems))
    assert "does not find" in str(filed.problems[0])
    assert ([], 1) == ((await later(house, folder)).messages, len(folder.filed))


async def test_a_server_that_takes_nothing(house: House) -> None:
    """Told, and tried again until it does."""
    mail, folder = await left(house), Folder(problem=TemporaryFailure("over quota"))
    for _ in range(3):
        filed = await later(house, folder)
        assert ([], ["over quota"]) == (filed.messages, [str(problem) for problem in filed.problems])
    folder.problem = None

    assert [mail.id] == (await later(house, folder)).messages


async def test_a_letter_that_cannot_be_made_anew_is_in_nobodys_way(house: House) -> None:
    """A file of it is gone, say: told, and the others get their copies."""
    first, second = await two_approved(house)
    await house.send()
    row = await house.store.get(Message, first.id)
    assert row is not None
    await house.store.commit(Change((replace(row, attachments=("0" * 64,)),)))
    folder = Folder()
    filed = await later(house, folder)

    assert ([second.id], 1) == (filed.messages, len(filed.problems))
    assert ([], []) == ((again := await later(house, folder)).messages, again.problems)


async def test_another_daemon_looks_after_its_own(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several daemons on one database, the one that reads a mailbox puts copies there."""

    async def _theirs(_: MailboxId) -> bool:
        return False

    await left(house)
    monkeypatch.setattr(house.store, "own", _theirs)
    folder = Folder()

    assert [] == (await later(house, folder)).messages
    assert [] == folder.filed


async def test_a_folder_is_not_filled_with_the_past(house: House) -> None:
    """At the first look, what left days ago is left alone; from then on nothing is passed over."""
    mail, folder = await left(house), Folder()
    assert mail.sent_at is not None
    assert [] == (await later(house, folder, days=3)).messages
    assert await house.store.get(Setting, f"copies/{BOX}") is not None  # and is not asked for again
    await house.met(attendee("kato@aoba-hp.example", "加藤"), ended_at=house.clock.now() - timedelta(minutes=5))
    (other,) = [m for m in await house.mails("thanks") if m.state is MessageState.WAITING]
    await house.approve(other)
    await house.send()
    assert [other.id] == (await later(house, folder, minutes=30)).messages
    assert [] == (await later(house, folder, days=3)).messages


async def test_many_are_looked_through_in_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part at a time, the next soon after; each letter once."""
    monkeypatch.setattr(copies, "BATCH", 1)
    first, second = await two_approved(house)
    await house.send()
    folder, found, pauses = Folder(), [], []
    for _ in range(3):
        filed = await later(house, folder)
        found += filed.messages
        pauses.append(filed.again)

    assert {first.id, second.id} == set(found)
    assert 2 == len(found) == len(folder.filed)
    assert [copies.SOON, copies.SOON, copies.AGAIN] == pauses
