"""The line to a real Dovecot is cut at every single line that goes over it, commands and answers alike.

What is done over it is all that a daemon does: a first look, reading what has come, listening, reading what was
announced, filing a copy, looking for copies. Whichever line it is, and whether it still arrives or not, each mail
is read and answered once, and nothing in the mailbox is touched.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import pytest

from nurture.clock import SystemClock
from nurture.config import ImapSettings, Secret
from nurture.core.change import Change, MailboxState
from nurture.core.messages import Entry, Inbound
from nurture.errors import TemporaryFailure
from nurture.flows import receive
from nurture.imap import ImapMailbox
from tests.flows.conftest import House, TroubledMemory, build
from tests.flows.test_receive import letter, thanked
from tests.samples import REP
from tests.servers.between import Between, Fault, between
from tests.servers.dovecot import PASSWORD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from nurture.core.messages import Message
    from tests.servers.dovecot import Dovecot

T = TypeVar("T")

EVERY = {Fault.CUT_BEFORE: 1, Fault.CUT_AFTER: 3, Fault.HOLD: 8}
"""Every so manieth line; all of them with ``NURTURE_CUTS=all``. A line on which nothing moves is waited out."""
if os.environ.get("NURTURE_CUTS") == "all":
    EVERY = dict.fromkeys(Fault, 1)
KEPT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house whose thank-you has left."""
    made = build(tmp_path, TroubledMemory())
    await made.store.commit(Change((REP,)))
    yield made
    await made.store.close()


@dataclass
class Round:
    """One life of a mailbox, with one fault on the way."""

    house: House
    dovecot: Dovecot
    user: str
    sent: Message
    number: int
    failures: int = 0
    told: int = 0  # listening was worth it

    async def live(self, port: int, patience: float) -> None:
        """All that a daemon does with a mailbox."""
        settings = self.house.doors.settings.mailboxes[0]
        secret = Secret(env="X")
        imap = ImapSettings("127.0.0.1", port, "none", self.user, secret, sent_folder="Sent", timeout=patience)
        box = ImapMailbox(replace(settings, imap=imap), lambda _: PASSWORD, SystemClock())
        try:
            await self._forget()
            await self._read(box)
            await self._deliver(*(f"r{self.number}-{n}" for n in range(3)), other=True)
            await self._read(box)
            async with box.listening() as news:
                await self._deliver(f"r{self.number}-3")
                with suppress(TimeoutError):  # a held line tells nothing: then the daemon looks when it is time
                    await asyncio.wait_for(news.wait(), 3 * patience)
            self.told += news.is_set()
            await self._read(box)
            await self._retried(lambda: box.keep_sent(b"Message-ID: <k%d@x.example>\r\n\r\n" % self.number, KEPT))
            await self._retried(lambda: box.sent({f"<k{self.number}@x.example>"}))
        finally:
            await box.close()

    async def _forget(self) -> None:
        """Begin as if the mailbox had never been read."""
        state = await self.house.store.get(MailboxState, "tanaka")
        if state is not None:
            await self.house.store.commit(Change((replace(state, cursors=(), read_at=None),)))

    async def _read(self, box: ImapMailbox) -> None:
        doors = self.house.doors
        while (await self._retried(lambda: receive.receive(doors, doors.settings.mailboxes[0], box))).more:
            pass

    async def _retried(self, work: Callable[[], Awaitable[T]]) -> T:
        """Again after a failure, as the daemon does; every failure is one that passes."""
        for _ in range(4):
            try:
                return await work()
            except TemporaryFailure:
                self.failures += 1
        return await work()

    async def _deliver(self, *names: str, other: bool = False) -> None:
        mails = [letter("承知しました。", self.sent, message_id=f"<{name}@aoba-hp.example>") for name in names]
        if other:
            mails.insert(1, letter("社内連絡です。", sender="a@other.example", message_id=f"<o{self.number}@x>"))
        await asyncio.to_thread(self.dovecot.deliver, self.user, *mails)


async def lines_of(stands: Between, port: int, one: Round, patience: float = 10.0) -> int:
    """Live once over this way; how many lines it took."""
    await one.live(port, patience)
    return len(stands.passed)


@pytest.mark.parametrize("fault", Fault)
async def test_a_cut_at_every_line(
    house: House, dovecot: Dovecot, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each answer is read and reacted to exactly once, whichever line it was; no flag is touched."""
    user = dovecot.user()
    with dovecot.client(user) as client:
        client.create("Sent")
    sent = replace(await thanked(house), body="")  # nobody quotes it: fewer lines that say nothing new
    async with between(dovecot.port) as (stands, port):
        count = await lines_of(stands, port, Round(house, dovecot, user, sent, 0))
    rounds = failures = told = early = 0
    for at in range(0, count, EVERY[fault]):
        rounds += 1
        one = Round(house, dovecot, user, sent, at + 1)
        async with between(dovecot.port, at, fault) as (stands, port):
            await lines_of(stands, port, one, patience=0.7 if fault is Fault.HOLD else 10.0)
            # A server says a thing in one line or in two, as its time falls: the last lines may not come.
            early += not stands.met.is_set()
            assert stands.met.is_set() or len(stands.passed) <= at, at
        failures, told = failures + one.failures, told + one.told
        keys = [row.key for row in await house.store.find(Inbound)]
        wanted = [f"<r{at + 1}-{n}@aoba-hp.example>" for n in range(4)]
        assert wanted == sorted(key for key in keys if key.startswith(f"<r{at + 1}-")), (at, stands.passed[-3:])
    with capsys.disabled():
        sys.stdout.write(f"\n{fault.value}: {count} lines, {rounds} cut, {failures} failures told, nothing lost\n")

    assert fault is Fault.HOLD or told == rounds
    assert early <= rounds // 10

    said = [entry for entry in await house.store.find(Entry) if entry.kind == "inbound.reply"]
    assert 4 * (rounds + 1) == len(said) == len({entry.data["inbound"] for entry in said})
    assert "Seen" not in str(dovecot.flags(user))
    assert 5 * (rounds + 1) == len(dovecot.flags(user))
