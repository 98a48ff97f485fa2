"""kill -9, again and again, while mail comes in: each mail is read once, and answered in the record once.

The real daemon reads a real Dovecot in a process of its own, is killed at random moments, and started again. On a
server two of them share the work, and the other takes the mailbox over. At the end what was delivered and what
the database says are laid side by side. ``NURTURE_TORTURE=300`` kills three hundred times.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import psycopg
import pytest

from nurture.bench import queue
from nurture.core.change import Change, Dispatch, MailboxState
from nurture.core.deals import Task
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Inbound, Message, Suppression
from nurture.core.people import Person
from nurture.files.scenario import read_scenario
from nurture.mail.compose import header_id
from nurture.store import open_store
from tests.acceptance.sea import Sea, running_sea
from tests.acceptance.test_torture import noon_zone, start, until
from tests.servers.dovecot import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nurture.ports import Store
    from tests.servers.dovecot import Dovecot

KILLS = int(os.environ.get("NURTURE_TORTURE", "20"))
EACH = 12  # mails for each kill

CONFIG = """
[company]
name = "見本メディカル株式会社"
postal_code = "100-0000"
address = "東京都見本区1-2-3"
phone = "03-0000-0000"
mail = "contact@vendor.example"

[database]
url = "{url}"

[web]
port = 0

[work]
poll_seconds = 30

[[mailboxes]]
id = "bench"
address = "sales@vendor.example"
name = "見本メディカル株式会社"
[mailboxes.smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
[mailboxes.imap]
host = "127.0.0.1"
port = {imap}
security = "none"
username = "{user}"
password = {{ env = "NURTURE_TEST_PASSWORD" }}

[[representatives]]
id = "bench"
name = "試験 太郎"
email = "sales@vendor.example"
mailbox = "bench"
access = ["rep"]
"""

SCENARIO = """
id: torture
name: {{ja: 試験, en: Torture}}
anchor: meeting_end
timezone: {zone}
calendars: []
stop_on: [reply, bounce, unsubscribe]
steps:
  - {{id: thanks, day: 1, mail: thanks-minutes, windows: any}}
  - {{id: later, day: 30, mail: case-study, windows: any}}
"""

KINDS = ("reply", "opt_out", "away", "bounce", "private")
TEXTS = {
    "reply": "一点ご質問です。対応OSは何でしょうか。",
    "opt_out": "今後の配信は不要です。",
    "away": "ただいま出張のため不在にしております。来週月曜日に戻ります。",
    "private": "週末の件、了解です。",
}


@dataclass
class Mailroom:
    """What was put into the mailbox: number of the person → kind."""

    dovecot: Dovecot
    user: str
    rnd: Random
    sent: dict[str, str]  # person → Message-ID of ours
    delivered: dict[int, str] = field(default_factory=dict)

    def deliver(self, count: int) -> None:
        """So many mails of all kinds, each about another person."""
        mails = []
        for _ in range(count):
            number = len(self.delivered)
            self.delivered[number] = kind = self.rnd.choices(KINDS, (5, 2, 2, 2, 3))[0]
            mails.append(self._mail(number, kind))
        self.dovecot.deliver(self.user, *mails)

    def keys(self, *kinds: str) -> set[str]:
        """The Message-IDs of what was delivered of these kinds."""
        return {_key(number) for number, kind in self.delivered.items() if kind in kinds}

    def _mail(self, number: int, kind: str) -> bytes:
        person = f"person{number}@hospital{number}.example"
        ours = self.sent[f"p{number:08}"]
        head = ["To: sales@vendor.example", f"Message-ID: {_key(number)}", "MIME-Version: 1.0"]
        if kind == "bounce":
            lines = [
                "From: MAILER-DAEMON@mx.example",
                "Subject: Undelivered Mail Returned to Sender",
                'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
                *head,
                "\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n",
                f"Final-Recipient: rfc822; {person}\r\nAction: failed\r\nStatus: 5.1.1\r\n",
                f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\n\r\n--b--\r\n",
            ]
            return "\r\n".join(lines).encode()
        thread = [f"In-Reply-To: {ours}"] if kind != "private" else []
        sender = person if kind != "private" else "friend@home.example"
        made = ["Auto-Submitted: auto-replied"] if kind == "away" else []
        lines = [
            f"From: {sender}",
            "Subject: Re: x",
            "Content-Type: text/plain; charset=utf-8",
            *head,
            *thread,
            *made,
        ]
        return ("\r\n".join(lines) + f"\r\n\r\n{TEXTS[kind]}\r\n").encode()


def _key(number: int) -> str:
    return f"<answer-{number}@x.example>"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database: a file of the folder, or one of a real server's."""
    if request.param == "sqlite":
        yield "sqlite:///data/nurture.sqlite"
        return
    address: str = request.getfixturevalue("database")
    yield address


async def opened(folder: Path, url: str) -> Store:
    """The database of that folder."""
    return await open_store(url.replace("sqlite:///", f"sqlite:///{folder}/"))


def fill(folder: Path, url: str, count: int, now: datetime) -> dict[str, str]:
    """People who were written to: person → Message-ID."""
    path = folder / "scenarios" / "torture.yaml"
    path.write_text(SCENARIO.format(zone=noon_zone(now)), encoding="utf-8")

    async def work() -> dict[str, str]:
        """Populate."""
        store = await opened(folder, url)
        try:
            await queue.Queue(read_scenario(path), 2_000, now).fill(store, count)
            people = {p.id: p.email for p in await store.find(Person)}
            sent = [
                replace(m, to_address=people[m.person_id])
                for m in await store.find(Message, {"step_id": "thanks"})
            ]
            await store.commit(Change(tuple(sent)))
            return {m.person_id: m.header_id for m in sent}
        finally:
            await store.close()

    return asyncio.run(work())


def handled(folder: Path, url: str) -> int:
    """How many mails have a row."""

    async def count() -> int:
        """Ask."""
        store = await opened(folder, url)
        try:
            return await store.count(Inbound)
        finally:
            await store.close()

    if url.startswith("sqlite"):
        return asyncio.run(count())
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM inbound").fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.timeout(1500 if KILLS <= 50 else 40 * KILLS)
def test_every_mail_is_read_once(
    tmp_path: Path,
    url: str,
    dovecot: Dovecot,
    user: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Killed at any moment: no mail is missed, none is answered twice, and no flag in the mailbox is touched."""
    monkeypatch.setenv("NURTURE_LANG", "en")
    monkeypatch.setenv("NURTURE_TEST_PASSWORD", PASSWORD)
    seed = int(os.environ.get("NURTURE_TORTURE_SEED", "20270616"))
    rnd = Random(seed)
    began = time.monotonic()
    folders = [tmp_path / "first", tmp_path / "second"][: 1 if url.startswith("sqlite") else 2]
    for folder in folders:
        made = subprocess.run(
            [sys.executable, "-m", "nurture", "init", str(folder)], capture_output=True, check=False
        )
        assert 0 == made.returncode, made.stderr
        for shipped in (folder / "scenarios").glob("*.yaml"):
            shipped.unlink()
    now = datetime.now(UTC)
    room = Mailroom(dovecot, user, rnd, fill(folders[0], url, KILLS * EACH + EACH, now))
    (folders[-1] / "scenarios" / "torture.yaml").write_text(SCENARIO.format(zone=noon_zone(now)), encoding="utf-8")

    with running_sea(Sea(rnd)) as sea:
        config = CONFIG.format(url=url, smtp=sea.port, imap=dovecot.port, user=user)
        for folder in folders:
            (folder / "config.toml").write_text(config, encoding="utf-8")
        daemons = [start(folder) for folder in folders]
        try:
            _begin(folders[0], url, room)
            _torture(folders, url, room, daemons)
            until("all is read", lambda: _done(folders[0], url, room), folders[0], 120)
        finally:
            for daemon in daemons:
                daemon.send_signal(signal.SIGTERM)
            ends = [daemon.wait(60) for daemon in daemons]
        assert {0} == {*ends}
        told = frozenset(sea.accepted)

    found = asyncio.run(_found(folders[0], url))
    with capsys.disabled():
        mails = dict(Counter(room.delivered.values()))
        seconds = time.monotonic() - began
        sys.stdout.write(
            f"\n{url.partition(':')[0]}, seed {seed}: {KILLS} kills, {mails}, {len(told)} told, {seconds:.0f} s\n"
        )

    assert room.keys("reply", "opt_out", "away", "bounce") == {row.key for row in found.rows}
    assert len(found.rows) == len({row.key for row in found.rows})
    keys = {row.id: row.key for row in found.rows}
    for kind, entries in (
        ("inbound.reply", ("reply", "opt_out")),
        ("person.suppressed", ("opt_out", "bounce")),
        ("person.away", ("away",)),
        ("message.bounced", ("bounce",)),
    ):
        said = [keys[e.data["inbound"]] for e in found.journal if e.kind == kind]  # type: ignore[index]
        assert sorted(room.keys(*entries)) == sorted(said), kind
    assert len(room.keys("opt_out", "bounce")) == found.suppressed
    assert len(room.keys("reply")) == found.tasks
    states = {n: found.states[f"p{n:08}"] for n in room.delivered}
    expected = {
        "reply": (EnrollmentState.PAUSED, "reply"),
        "opt_out": (EnrollmentState.STOPPED, "unsubscribe"),
        "bounce": (EnrollmentState.STOPPED, "bounce"),
        "away": (EnrollmentState.ACTIVE, ""),
        "private": (EnrollmentState.ACTIVE, ""),
    }
    assert {n: expected[kind] for n, kind in room.delivered.items()} == states
    # Who is to be told of a reply, and who opted out, was told, or it is written down that this is still to do.
    kinds = Counter(word.kind for word in found.words)
    assert len(room.keys("reply")) == kinds["reply"]
    assert [len(room.keys("opt_out"))] * 2 == [kinds["opt_out"], kinds["opt_out_confirmed"]]
    named = {header_id(word.id, "vendor.example"): word for word in found.words}
    assert told <= named.keys()  # each try is the same mail
    assert {key for key, word in named.items() if word.ended_at} <= told
    assert {"sent", ""} >= {word.outcome for word in found.words}
    assert "Seen" not in str(dovecot.flags(user))
    assert len(room.delivered) + 1 == len(dovecot.flags(user))


def _begin(folder: Path, url: str, room: Mailroom) -> None:
    """Reading starts from now: wait until it has started."""
    room.dovecot.deliver(room.user, b"From: a@x.example\r\nSubject: before\r\n\r\nx\r\n")

    async def begun() -> bool:
        """Whether the mailbox was looked into."""
        store = await opened(folder, url)
        try:
            return bool(await store.find(MailboxState))
        finally:
            await store.close()

    until("the mailbox is read", lambda: asyncio.run(begun()), folder)


def _torture(folders: list[Path], url: str, room: Mailroom, daemons: list[subprocess.Popen[bytes]]) -> None:
    for turn in range(KILLS):
        before = handled(folders[0], url)
        room.deliver(EACH // 2)
        wanted = any(kind != "private" for kind in list(room.delivered.values())[-EACH // 2 :])
        if wanted and turn % 4:  # else the kill may come before anything was read
            until("a mail is read", lambda seen=before: handled(folders[0], url) > seen, folders[0])  # type: ignore[misc]
        room.deliver(EACH - EACH // 2)
        time.sleep(room.rnd.random() * 0.4)
        killed = room.rnd.randrange(len(daemons))
        assert daemons[killed].poll() is None, (folders[killed] / "daemon.log").read_text()[-2000:]
        daemons[killed].send_signal(signal.SIGKILL)
        daemons[killed].wait(10)
        daemons[killed] = start(folders[killed])


def _done(folder: Path, url: str, room: Mailroom) -> bool:
    time.sleep(0.2)
    return handled(folder, url) >= len(room.delivered) - len(room.keys("private"))


@dataclass(frozen=True)
class _Found:
    rows: tuple[Inbound, ...]
    journal: tuple[Entry, ...]
    suppressed: int
    tasks: int
    words: tuple[Dispatch, ...]
    states: dict[str, tuple[EnrollmentState, str]]


async def _found(folder: Path, url: str) -> _Found:
    store = await opened(folder, url)
    try:
        return _Found(
            await store.find(Inbound),
            await store.find(Entry),
            await store.count(Suppression),
            len([task for task in await store.find(Task) if task.kind == "reply"]),
            await store.find(Dispatch),
            {e.person_id: (e.state, e.reason) for e in await store.find(Enrollment)},
        )
    finally:
        await store.close()
