"""The daemon goes on, whatever a beat, a mailbox or the desk does; and it does not turn in circles."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change, MailboxState
from nurture.core.ids import MailboxId
from nurture.core.messages import Inbound, MessageState
from nurture.core.people import Representative
from nurture.daemon import Daemon
from nurture.errors import Impossible, PermanentFailure, StaleVersion, TemporaryFailure
from nurture.flows import recovery
from nurture.mail import reading
from tests.flows.conftest import House
from tests.flows.test_receive import Pigeonhole, letter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from nurture.core.change import Cursor
    from nurture.ports import Fetched


@dataclass
class Box(Pigeonhole):
    """A mailbox that raises what it is told, as long as there is something to raise."""

    raises: list[Exception] = field(default_factory=list)

    async def fetch(self, cursors: Sequence[Cursor], limit: int) -> Fetched:
        """Raise, or the mails after the cursor."""
        if self.raises:
            self.fetches += 1
            raise self.raises[0] if len(self.raises) == 1 else self.raises.pop(0)
        return await super().fetch(cursors, limit)


@dataclass
class Run:
    """A daemon at work in a house, its time moved by hand."""

    house: House
    daemon: Daemon
    task: asyncio.Task[None]

    async def quiet(self, parties: int | None = None) -> None:
        """Until everybody sleeps; fails if they do not come to rest, or if the daemon has ended."""
        waiting = asyncio.ensure_future(self.house.clock.settled(parties or self.daemon.parties))
        await asyncio.wait({waiting, self.task}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        assert waiting.done(), "they do not come to rest, or the daemon has ended"

    async def go(self, until: timedelta) -> int:
        """Move time on from wake to wake; how often somebody woke."""
        end, woken = self.house.clock.now() + until, 0
        await self.quiet()
        while (wake := self.house.clock.next_wake()) is not None and wake <= end:
            self.house.clock.advance_to(wake)
            woken += 1
            await self.quiet()
        self.house.clock.advance_to(end)
        await self.quiet()
        return woken

    async def end(self) -> None:
        """Stop in order."""
        self.daemon.stop.set()
        await asyncio.wait_for(self.task, 20)


def started(house: House, box: Box | None, *sites: Callable[[asyncio.Event], Awaitable[None]]) -> Run:
    """A daemon with this mailbox and these sites."""
    settings = house.doors.settings.mailboxes[0]
    daemon = Daemon(
        doors=house.doors,
        sender=house.wire,
        watched={settings.id: (settings, box)} if box else {},
        copies={},
        name="test",
        stop=asyncio.Event(),
        sites=sites,
    )
    return Run(house, daemon, asyncio.create_task(daemon.run()))


async def test_a_mailbox_that_is_down_for_days_lets_nothing_leave_and_costs_little(house: House) -> None:
    """Down for two days: nothing is sent, the beats are calm; back again: the mail is read, then sent or moved."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    box = Box(raises=[TemporaryFailure("no connection")])
    run = started(house, box)

    woken = await run.go(timedelta(minutes=30))

    assert [] == house.wire.letters
    assert woken < 30 * 60 / 2  # not once a second
    state = await house.store.get(MailboxState, "tanaka")
    assert state is not None
    assert "no connection" in state.error
    box.raises = []
    await run.go(timedelta(minutes=10))
    assert 1 == len(house.wire.letters)
    await run.end()


async def test_a_reply_that_waited_while_the_mailbox_was_down_comes_first(house: House) -> None:
    """What is read when the mailbox is back counts before anything leaves."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    box = Box([letter("今後の配信は不要です。")], raises=[PermanentFailure("login refused")])
    await house.store.commit(Change((MailboxState(MailboxId("tanaka"), cursors=()),)))
    run = started(house, box)
    await run.go(timedelta(minutes=5))
    box.raises = []
    await run.go(timedelta(minutes=10))

    assert [] == house.wire.letters
    assert MessageState.CANCELLED is (await house.mail("thanks")).state
    await run.end()


@pytest.mark.parametrize(
    "error",
    [RuntimeError("a bug"), Impossible("a bug"), PermanentFailure("damaged"), ExceptionGroup("x", [OSError()])],
)
async def test_no_fault_ends_the_daemon(house: House, error: Exception) -> None:
    """Whatever the store, the mailbox or the planning raises: told, waited, tried again."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    left = 4

    async def _trouble(_: Change) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise error

    house.store.trouble = _trouble
    run = started(house, Box(raises=[error, error]))
    run.daemon.watched["tanaka"][1].raises.append(TemporaryFailure("once"))  # type: ignore[attr-defined, index]
    await run.go(timedelta(minutes=3))
    run.daemon.watched["tanaka"][1].raises.clear()  # type: ignore[attr-defined, index]
    await run.go(timedelta(minutes=20))

    assert MessageState.SENT is (await house.mail("thanks")).state
    assert 1 == len(house.wire.letters)
    await run.end()


async def test_a_lost_race_is_no_failure_of_a_mailbox(house: House) -> None:
    """Another daemon was first with what a mailbox holds: it is looked at again at once, and nobody is alarmed."""
    box = Box([letter("ご連絡ありがとうございます。")], raises=[StaleVersion("mailbox", "tanaka")])
    await house.store.commit(Change((MailboxState(MailboxId("tanaka"), cursors=()),)))
    run = started(house, box)
    await run.quiet()
    box.raises = []
    await run.go(timedelta(seconds=2))
    state = await house.store.get(MailboxState, "tanaka")

    assert state is not None
    assert ("", None) == (state.error, state.failing_since)
    assert state.read_at is not None
    await run.end()


async def test_a_race_that_is_lost_for_ever_is_told(house: House) -> None:
    """After a few times in a row it is no race: the mailbox is shown as failing."""
    run = started(house, Box(raises=[StaleVersion("mailbox", "tanaka")]))
    await run.go(timedelta(minutes=1))
    state = await house.store.get(MailboxState, "tanaka")

    assert state is not None
    assert "changed by somebody else" in state.error
    await run.end()


async def test_who_keeps_writing_at_the_start_does_not_keep_the_daemon_from_starting(house: House) -> None:
    """Claims of a daemon that is gone are looked at again when others let it; then all else begins."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.store.claim(house.clock.now(), 10, "gone")
    tries = 0

    async def _trouble(_: Change) -> None:
        nonlocal tries
        tries += 1
        if tries <= recovery.TRIES:
            raise StaleVersion("message", mail.id)

    house.store.trouble = _trouble
    run = started(house, None)
    await run.quiet(1)
    house.store.trouble = None
    house.clock.advance_to(house.clock.now() + timedelta(seconds=5))
    await run.quiet()

    assert recovery.TRIES == tries
    assert MessageState.IN_DOUBT is (await house.mail("thanks")).state
    await run.end()


async def test_a_broken_desk_stops_the_daemon_in_order(house: House) -> None:
    """The letter on the wire gets its answer and its outcome; then the failure is raised."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    on_the_wire, broken = asyncio.Event(), asyncio.Event()

    async def _slow(_: object) -> None:
        on_the_wire.set()
        await broken.wait()
        await asyncio.sleep(0.05)

    async def _desk(_: asyncio.Event) -> None:
        await on_the_wire.wait()
        broken.set()
        raise OSError("address in use")

    house.wire.meanwhile = _slow
    run = started(house, Box(), _desk)
    with pytest.raises(OSError, match="address in use"):
        await asyncio.wait_for(run.task, 20)

    assert MessageState.SENT is (await house.mail("thanks")).state


async def test_a_quiet_daemon_sleeps(house: House) -> None:
    """Nothing to do but a mail that waits for its approver: a few looks an hour."""
    await house.met()
    run = started(house, Box())

    woken = await run.go(timedelta(hours=2))

    assert woken < 2 * 60 * 3
    await run.end()


async def test_an_approved_mail_of_no_mailbox_does_not_keep_anybody_awake(house: House) -> None:
    """It comes back to the desk, and the beats go to sleep."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    house.doors = replace(house.doors, settings=replace(house.doors.settings, mailboxes=()))
    (rep,) = await house.store.find(Representative)
    await house.store.commit(Change((replace(rep, mailbox_id=None),)))
    daemon = Daemon(house.doors, house.wire, {}, {}, "test", asyncio.Event())
    run = Run(house, daemon, asyncio.create_task(daemon.run()))

    woken = await run.go(timedelta(hours=1))

    assert "no_mailbox" == (await house.mail("thanks")).reason
    assert woken < 200
    await run.end()


async def test_what_goes_wrong_in_any_batch_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred mails wait, the first finds a fault in us: it is told, and each batch is a sign of life."""
    from nurture import daemon

    told: list[str] = []
    alive: list[int] = []
    monkeypatch.setattr(daemon, "_tell", lambda text, *_, **__: told.append(text))
    first = letter("はい", message_id="<first@x.example>")

    def broken(raw: bytes, **more: object) -> object:
        """Fails on one."""
        if raw == first:
            raise RuntimeError("a bug")
        return real(raw, **more)  # type: ignore[arg-type]

    real = reading.read
    monkeypatch.setattr("nurture.flows.receive.read", broken)
    box = Box([first, *(letter("はい", message_id=f"<{n}@x.example>") for n in range(100))])
    run = started(house, box)
    run.daemon.alive = lambda: alive.append(box.fetches)
    await run.go(timedelta(seconds=5))
    await run.end()

    assert ["a mail could not be handled"] == told
    assert {1, 2, 3} <= {*alive}


async def test_a_mailbox_that_tells_nothing_is_read_all_the_same(house: House) -> None:
    """Its server has no IDLE, or is silent: what came is read within ``poll_seconds``, and is never older."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    box, poll = Box(), timedelta(seconds=house.doors.settings.work.poll_seconds)
    run = started(house, box)
    await run.go(timedelta(minutes=2))
    sent = await house.mail("thanks")
    before = box.fetches
    for number in range(3):
        box.mails.append(letter("承知しました。", sent, message_id=f"<{number}@x.example>"))
        await run.go(poll)
        state = await house.store.get(MailboxState, "tanaka")

        assert number + 1 == len(await house.store.find(Inbound))
        assert state is not None
        assert state.read_at is not None
        assert house.clock.now() - state.read_at <= poll
    assert box.fetches - before <= 4  # nobody asks all the time
    await run.end()
