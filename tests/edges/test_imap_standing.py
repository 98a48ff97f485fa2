"""Where reading stands in a mailbox: the first look, many mails, further folders, and uids that are others."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.clock import SystemClock
from nurture.config import ImapSettings, Secret
from nurture.core.change import Again, MailboxState
from nurture.core.messages import Entry, Inbound
from nurture.flows import receive
from nurture.imap import ImapMailbox
from tests.edges.test_imap_dovecot import mail, one_mailbox
from tests.flows.conftest import House, TroubledSql, build
from tests.flows.test_receive import letter, thanked
from tests.samples import REP
from tests.servers.dovecot import PASSWORD
from tests.servers.sqlite import furnished

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from nurture.core.change import Cursor
    from tests.servers.dovecot import Dovecot

TODAY = datetime.now(UTC)
MANY = 100_000
WAITING = 10_000


def days_ago(days: float) -> datetime:
    """An instant so long before this run."""
    return TODAY - timedelta(days=days)


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    """A user nobody else uses."""
    return dovecot.user()


@pytest.fixture
async def opened(dovecot: Dovecot, user: str) -> AsyncIterator[Callable[..., ImapMailbox]]:
    """Makes mailboxes of that user, each as after a restart, and closes them."""
    made: list[ImapMailbox] = []

    def make(**settings: object) -> ImapMailbox:
        """One more life."""
        secret = Secret(env="X")
        imap = replace(ImapSettings("127.0.0.1", dovecot.port, "none", user, secret), **settings)  # type: ignore[arg-type]
        made.append(ImapMailbox(one_mailbox(imap), lambda _: PASSWORD, SystemClock()))
        return made[-1]

    yield make
    for box in made:
        await box.close()


async def drain(
    make: Callable[[], ImapMailbox], cursors: tuple[Cursor, ...], limit: int = 100
) -> tuple[list[bytes], tuple[Cursor, ...]]:
    """Fetch until there is no more, in a new life each time, as if killed after each batch."""
    mails: list[bytes] = []
    while True:
        box = make()
        fetched = await box.fetch(cursors, limit)
        await box.close()
        mails += [m.raw for m in fetched.mails]
        cursors = fetched.cursors
        if not fetched.more:
            return mails, cursors


async def test_the_first_look_can_look_back(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]
) -> None:
    """With seven days, what came in the last seven is read, once, whenever the program is killed on the way."""
    for number, days in enumerate((40.0, 7.5, 6.5, 20.0, 1.0)):  # one of them was moved here later
        dovecot.deliver(user, mail(number), at=days_ago(days))
    found, cursors = await drain(lambda: opened(look_back_days=7), (), limit=1)

    assert [mail(2), mail(4)] == found
    assert None is cursors[0].again
    dovecot.deliver(user, mail(9), at=days_ago(300))
    assert [mail(9)] == (await drain(lambda: opened(look_back_days=7), cursors))[0]


async def test_renewed_uids_after_a_long_silence(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]
) -> None:
    """Nothing was read for a month, then all uids are others: a month and two weeks are read again, no more; and
    nothing of before we began.
    """
    box = opened()
    start = await box.fetch((), 10)
    await box.close()
    for number, days in enumerate((80.0, 50.0, 40.0, 29.0, 3.0)):
        dovecot.deliver(user, mail(number), at=days_ago(days))
    before = (replace(start.cursors[0], begun=days_ago(45), read_on=days_ago(30).date()),)
    dovecot.renew_uids(user)
    box = opened()
    half = await box.fetch(before, 1)
    await box.close()
    assert before[0].read_on is not None
    assert Again(5, before[0].read_on - timedelta(days=14)) == half.cursors[0].again
    rest, after = await drain(opened, half.cursors, limit=1)

    assert sorted([mail(2), mail(3), mail(4)]) == sorted([m.raw for m in half.mails] + rest)
    assert before[0].uidvalidity != after[0].uidvalidity
    assert ([], after) == await drain(opened, after)


async def test_junk_is_read_too(dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]) -> None:
    """The account's spam folder is read as well, unless that is switched off, and its mails are known as such."""
    with dovecot.client(user) as client:
        client.create('"Junk"')
    box = opened()
    start = await box.fetch((), 10)
    dovecot.deliver(user, mail(1), folder="Junk")
    dovecot.deliver(user, mail(2))
    found = await box.fetch(start.cursors, 10)

    assert ["INBOX", "Junk"] == [c.folder for c in start.cursors]
    assert [("INBOX", mail(2), False), ("Junk", mail(1), True)] == [(m.folder, m.raw, m.junk) for m in found.mails]
    assert "Seen" not in str(dovecot.flags(user, "Junk"))
    without = await opened(junk=False).fetch(start.cursors, 10)
    assert [mail(2)] == [m.raw for m in without.mails]


async def test_a_junk_folder_that_goes_and_comes_back(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]
) -> None:
    """Nobody asked for it by name: without it reading goes on, and when it is back, where it stood."""
    with dovecot.client(user) as client:
        client.create('"Junk"')
    box = opened()
    start = await box.fetch((), 10)
    with dovecot.client(user) as client:
        client.rename('"Junk"', '"Elsewhere"')
    dovecot.deliver(user, mail(1))
    dovecot.deliver(user, mail(2), folder="Elsewhere")
    gone = await box.fetch(start.cursors, 10)
    with dovecot.client(user) as client:
        client.rename('"Elsewhere"', '"Junk"')
    back = await box.fetch(gone.cursors, 10)

    assert [mail(1)] == [m.raw for m in gone.mails]
    assert [mail(2)] == [m.raw for m in back.mails]


async def test_two_watchers_on_one_account(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]
) -> None:
    """Two programs on one account are both woken, both read all, and neither takes anything from the other."""
    boxes = opened(), opened()
    starts = [await box.fetch((), 10) for box in boxes]
    async with boxes[0].listening() as first, boxes[1].listening() as second:
        await asyncio.to_thread(dovecot.deliver, user, mail(1))
        await asyncio.wait_for(asyncio.gather(first.wait(), second.wait()), 10)
    found = [await box.fetch(start.cursors, 10) for box, start in zip(boxes, starts, strict=True)]

    assert [[mail(1)], [mail(1)]] == [[m.raw for m in each.mails] for each in found]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house on a SQLite file."""
    made = build(tmp_path, await TroubledSql.open(furnished(tmp_path / "n.sqlite")))
    from nurture.core.change import Change

    await made.store.commit(Change((REP,)))
    yield made
    await made.store.close()


def of_house(house: House, dovecot: Dovecot, user: str, **more: object) -> ImapMailbox:
    """The house's mailbox, at that user's."""
    imap = ImapSettings("127.0.0.1", dovecot.port, "none", user, Secret(env="X"))
    settings = replace(house.doors.settings.mailboxes[0], imap=replace(imap, **more))  # type: ignore[arg-type]
    return ImapMailbox(settings, lambda _: PASSWORD, SystemClock())


async def test_renewed_uids_repeat_no_answer(house: House, dovecot: Dovecot, user: str) -> None:
    """Three answers, one of them before and two after the uids were renewed: three reactions."""
    sent = await thanked(house)
    box, settings = of_house(house, dovecot, user), house.doors.settings.mailboxes[0]
    await receive.receive(house.doors, settings, box)
    answers = [letter("承知しました。", sent, message_id=f"<a{n}@aoba-hp.example>") for n in range(3)]
    dovecot.deliver(user, answers[0], letter("x", sender="friend@home.example", message_id="<p@home.example>"))
    await receive.receive(house.doors, settings, box)
    dovecot.deliver(user, answers[1])
    await box.close()
    dovecot.renew_uids(user)
    dovecot.deliver(user, answers[2])
    again = await receive.receive(house.doors, settings, box)
    await box.close()

    assert 4 == again.seen
    assert 2 == len(again.matched)
    assert {f"<a{n}@aoba-hp.example>" for n in range(3)} == {row.key for row in await house.store.find(Inbound)}
    assert 3 == (await house.kinds()).count("inbound.reply")


def resident(field: str) -> int:
    """Kilobytes of this process: ``VmRSS`` now, ``VmHWM`` at most."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def other(number: int) -> bytes:
    """What else fills a mailbox: two of three are newsletters."""
    text = "\n".join(
        f"第{line}項　院内の予定をお知らせいたします。ご確認のほどよろしくお願いいたします。" for line in range(30)
    )
    news = {"list_id": "<news.home.example>"} if number % 3 else {}
    return letter(text, None, f"f{number}@home.example", message_id=f"<p{number}@home.example>", **news)


def forget_the_most() -> None:
    """``VmHWM`` begins anew (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


async def test_ten_thousand_mails_wait(
    house: House, dovecot: Dovecot, user: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are read in bounded memory and with progress after each batch; the answers among them are found."""
    sent = await thanked(house)
    box, settings = of_house(house, dovecot, user), house.doors.settings.mailboxes[0]
    await receive.receive(house.doors, settings, box)
    answers = [letter("承知しました。", sent, message_id=f"<a{n}@aoba-hp.example>") for n in range(WAITING // 100)]
    mails = [m for n, answer in enumerate(answers) for m in (answer, *(other(99 * n + i) for i in range(99)))]
    await asyncio.to_thread(dovecot.fill, user, mails)
    forget_the_most()
    before, began, seen, batches = resident("VmRSS"), time.perf_counter(), 0, 0
    stale = await house.store.get(MailboxState, "tanaka")
    assert stale is not None
    while (found := await receive.receive(house.doors, settings, box)).more:
        seen, batches = seen + found.seen, batches + 1
        standing = await house.store.get(MailboxState, "tanaka")
        assert standing is not None
        assert seen == standing.cursors[0].uid
        assert stale.read_at == standing.read_at  # not fresh before all is read
    seconds, most = time.perf_counter() - began, resident("VmHWM") - before
    await box.close()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{WAITING} mails, {len(answers)} of them answers: {WAITING / seconds:.0f} mails/s in {batches + 1} "
            f"batches, {most / 1024:.0f} MB more memory at most\n"
        )

    assert WAITING == seen + found.seen
    assert len(answers) == len([e for e in await house.store.find(Entry) if e.kind == "inbound.reply"])
    assert most < 100 * 1024


@pytest.mark.timeout(600)
async def test_a_hundred_thousand_mails_are_there_already(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox], capsys: pytest.CaptureFixture[str]
) -> None:
    """Reading starts from now, at once; looking back three days reads what came in three days, and no more."""
    await asyncio.to_thread(dovecot.fill, user, [mail(1)], copies=MANY - 20, at=days_ago(100))
    await asyncio.to_thread(dovecot.fill, user, [mail(2)], copies=20, at=days_ago(1))
    with dovecot.client(user) as client:
        client.select("INBOX", readonly=True)  # the server itself takes its time to see them
    before, began = resident("VmRSS"), time.perf_counter()
    first = await opened().fetch((), 50)
    took = time.perf_counter() - began
    dovecot.deliver(user, mail(3))
    after = await opened().fetch(first.cursors, 50)
    began = time.perf_counter()
    back = await opened(look_back_days=3, timeout=60.0).fetch((), 50)
    looking = time.perf_counter() - began
    with capsys.disabled():
        sys.stdout.write(
            f"\n{MANY} mails there: first look {took * 1000:.0f} ms, looking back 3 days {looking * 1000:.0f} ms, "
            f"{(resident('VmRSS') - before) / 1024:.0f} MB more memory\n"
        )

    assert ((), False, MANY) == (first.mails, first.more, first.cursors[0].uid)
    assert [mail(3)] == [m.raw for m in after.mails]
    assert [mail(2)] * 20 + [mail(3)] == [m.raw for m in back.mails]
