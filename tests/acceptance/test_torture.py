"""kill -9, again and again, while thousands of letters go out: each is accepted once or in doubt, none is lost.

The real daemon runs in a process of its own against a real server that remembers what it took. It is killed at
random moments, and started again, until everything has left. Then the server's memory and the database are laid
side by side. ``NURTURE_TORTURE=300`` kills three hundred times, ``NURTURE_TORTURE_SEED`` at other moments,
``NURTURE_TORTURE_BYTES=40000`` while letters are on their way that go out in several pieces.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import pytest

from nurture.bench import queue
from nurture.core.messages import Entry, Message, MessageState
from nurture.files.scenario import read_scenario
from nurture.store import open_store
from tests.acceptance.sea import Sea, running_sea

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KILLS = int(os.environ.get("NURTURE_TORTURE", "24"))
BYTES = int(os.environ.get("NURTURE_TORTURE_BYTES", "2000"))  # of a letter
EACH = 60  # letters in the queue for each kill

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
claim_batch = 100

[[mailboxes]]
id = "bench"
address = "sales@vendor.example"
name = "見本メディカル株式会社"
[mailboxes.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
connections = 3
[mailboxes.limits]
per_minute = 0
per_hour = 0
per_day = 0
jitter_seconds = 0
warmup_days = 0

[limits.overall]
per_hour = 0
per_day = 0
[limits.valve]
letters = 0
percent = 0

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
  - {{id: case, day: 4, mail: case-study, windows: any}}
"""


def noon_zone(now: datetime) -> str:
    """A zone in which it is about noon now: no test runs over anybody's midnight."""
    ahead = 12 - now.hour  # Etc/GMT-9 is nine hours ahead
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


@dataclass
class Found:
    """What the torture came to, as it is printed."""

    letters: int = 0
    kills: int = 0
    accepted: int = 0
    sent: int = 0
    in_doubt: int = 0
    doubt_delivered: int = 0
    seconds: float = 0.0


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database: a file of the folder, or one of a real server's."""
    if request.param == "sqlite":
        yield "sqlite:///data/nurture.sqlite"
        return
    address: str = request.getfixturevalue("database")
    yield address


def fill(folder: Path, url: str, count: int, now: datetime) -> None:
    """A folder with a queue of approved letters that are due now."""
    path = folder / "scenarios" / "torture.yaml"
    path.write_text(SCENARIO.format(zone=noon_zone(now)), encoding="utf-8")
    script = read_scenario(path)

    async def work() -> None:
        """Populate."""
        store = await open_store(url.replace("sqlite:///", f"sqlite:///{folder}/"))
        try:
            await queue.Queue(script, BYTES, now).fill(store, count)
        finally:
            await store.close()

    asyncio.run(work())


def start(folder: Path) -> subprocess.Popen[bytes]:
    """``nurture run`` in the background."""
    with (folder / "daemon.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "nurture", "run"], cwd=folder, stdout=log, stderr=log)


def until(what: str, check: Callable[[], bool], folder: Path, seconds: float = 120.0) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, f"never happened: {what}\n" + (folder / "daemon.log").read_text()[-2000:]
        time.sleep(0.01)


async def rows(folder: Path, url: str) -> tuple[tuple[Message, ...], tuple[Entry, ...]]:
    """The letters as they stand, and what the journal says of them."""
    store = await open_store(url.replace("sqlite:///", f"sqlite:///{folder}/"))
    try:
        messages = await store.find(Message, {"step_id": queue.STEP})
        return messages, await store.find(Entry, {"kind": "message.sent"})
    finally:
        await store.close()


@pytest.mark.timeout(1500 if KILLS <= 50 else 40 * KILLS)
def test_every_letter_once_or_in_doubt(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed at any moment: nothing is accepted twice, nothing is lost, and what is called sent was accepted."""
    monkeypatch.setenv("NURTURE_LANG", "en")
    seed = int(os.environ.get("NURTURE_TORTURE_SEED", "20270615"))
    rnd = Random(seed)
    letters = KILLS * EACH
    began = time.monotonic()
    folder = tmp_path / "folder"
    done = subprocess.run([sys.executable, "-m", "nurture", "init", str(folder)], capture_output=True, check=False)
    assert 0 == done.returncode, done.stderr
    for shipped in (folder / "scenarios").glob("*.yaml"):
        shipped.unlink()
    now = datetime.now(UTC)
    fill(folder, url, letters, now)

    with running_sea(Sea(rnd, delay=0.02, lost=0.002)) as sea:
        (folder / "config.toml").write_text(CONFIG.format(url=url, port=sea.port), encoding="utf-8")
        kills = 0
        while kills < KILLS and sea.accepted.total() < letters * 0.97:
            sea.taken.clear()
            daemon = start(folder)
            until("a letter arrives", sea.taken.is_set, folder)
            time.sleep(rnd.random() * 0.6)
            assert daemon.poll() is None, (folder / "daemon.log").read_text()[-2000:]
            daemon.send_signal(signal.SIGKILL)
            daemon.wait(10)
            kills += 1
        daemon = start(folder)
        try:
            until("the queue is empty", lambda: _is_empty(folder, url), folder, 300)
        finally:
            daemon.send_signal(signal.SIGTERM)
            assert 0 == daemon.wait(60)

    messages, journal = asyncio.run(rows(folder, url))
    states = Counter(m.state for m in messages)
    doubtful = [m for m in messages if m.state is MessageState.IN_DOUBT]
    found = Found(
        letters=len(messages),
        kills=kills,
        accepted=sea.accepted.total(),
        sent=states[MessageState.SENT],
        in_doubt=len(doubtful),
        doubt_delivered=sum(sea.accepted[m.header_id] for m in doubtful),
        seconds=round(time.monotonic() - began, 1),
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{url.partition(':')[0]}, seed {seed}: {found}\n")

    assert letters == found.letters
    assert {MessageState.SENT, MessageState.IN_DOUBT} >= set(states)
    assert 1 == max(sea.accepted.values())  # nothing twice
    assert all(sea.accepted[m.header_id] == 1 for m in messages if m.state is MessageState.SENT)  # no false "sent"
    known = {m.header_id for m in messages}
    assert set(sea.accepted) <= known
    assert found.sent == len({e.message_id for e in journal}) == len(journal)  # written down once each
    lost = {m.header_id for m in messages} - set(sea.accepted) - {m.header_id for m in doubtful}
    assert set() == lost
    # Few are in doubt: what was on the wire or not yet written down, not what was merely claimed.
    assert found.in_doubt <= kills * 40 + len(sea.unanswered)
    assert kills >= KILLS // 2


def _is_empty(folder: Path, url: str) -> bool:
    messages, _ = asyncio.run(rows(folder, url))
    time.sleep(0.3)
    return all(m.state in {MessageState.SENT, MessageState.IN_DOUBT} for m in messages)
