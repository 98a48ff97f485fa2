"""One measured run, in a process of its own: its time, its processor and its memory are nobody else's.

    python -m nurture.bench.work < task.json

Reads a task, does it, writes what it measured. ``nurture.bench.sending`` asks for it.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nurture import runtime
from nurture.bench import queue
from nurture.clock import SimulatedClock, SystemChance
from nurture.config import Company, MailboxSettings, Settings, SmtpSettings
from nurture.core.messages import Message, MessageState
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.errors import UserError
from nurture.files.library import FileLibrary
from nurture.files.scenario import read_scenario
from nurture.files.shipped import shipped
from nurture.flows import send
from nurture.mail.compose import compose
from nurture.ports import Doors, Notice
from nurture.render import TemplateWriter
from nurture.smtp import SmtpSender
from nurture.store import open_store
from nurture.trace import FileTrace

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from nurture.core.people import Representative

PIPELINE = "nurture"
LIBRARY = "aiosmtplib"


@dataclass(frozen=True, slots=True)
class Task:
    """What to measure."""

    kind: str  # PIPELINE | LIBRARY
    port: int  # of the server that takes the letters
    letters: int
    size: int  # bytes of a letter, about
    connections: int
    url: str = ""  # of the database that holds the queue (PIPELINE)
    folder: str = ""  # for the notes on what is on the wire
    uvloop: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """What it took. ``first`` is the time from the start to the first answer."""

    letters: int
    seconds: float
    first: float
    cpu: float  # seconds of processor, both threads and system calls
    peak_mb: float
    bytes: int  # of a letter as it went over the wire


class _Silent:
    """A notifier for a queue that nobody waits for."""

    async def notify(self, to: Representative, notice: Notice) -> None:
        """Nobody is told."""


def _settings(task: Task, folder: Path) -> Settings:
    smtp = SmtpSettings(
        "127.0.0.1",
        task.port,
        "none",
        connections=task.connections,
        letters_per_connection=1_000_000,
    )
    company = Company("見本メディカル株式会社", "100-0000", "東京都見本区1-2-3", "03-0000-0000", queue.ADDRESS)
    return Settings(
        folder=folder,
        company=company,
        mailboxes=(MailboxSettings(queue.MAILBOX, queue.ADDRESS, "見本メディカル株式会社", smtp),),
    )


async def pipeline(task: Task) -> Measured:
    """Claim, check, compose, send, record: the daemon's own sending beats, until the queue is empty.

    Raises:
        UserError: letters are left over, or what left is not what was asked for.
    """
    folder = Path(task.folder)
    settings = _settings(task, folder)
    standard = shipped()
    store = await open_store(task.url)
    sender = SmtpSender({box.id: box for box in settings.mailboxes}, lambda _: "")
    library = FileLibrary(
        scenarios=standard / "scenarios",
        calendars=standard / "calendars",
        content=standard / "templates" / "content",
        country=settings.country,
        timezone=settings.timezone,
        feeds=folder / "feeds",
    )
    writer = TemplateWriter(standard / "templates", settings.company, standard / "templates")
    doors = Doors(settings, store, SimulatedClock(queue.NOW), SystemChance(), library, writer, _Silent())
    trace = FileTrace(folder / "on-the-wire")
    trace.begin("bench")
    accepted, first = 0, 0.0

    def tell(_: Message, outcome: Outcome) -> None:
        """Count."""
        nonlocal accepted, first
        first = first or time.perf_counter() - began
        accepted += outcome.verdict is Verdict.ACCEPTED

    runtime.settle()
    began, cpu = time.perf_counter(), time.process_time()
    try:
        while True:
            done = await send.send_due(doors, sender, {}, by="bench", stop=asyncio.Event(), trace=trace, tell=tell)
            if done.problems:
                raise done.problems[0]
            if not done.more:
                break
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
        sent = await store.count(Message, {"state": MessageState.SENT, "step_id": queue.STEP})
    finally:
        await sender.close()
        await store.close()
        trace.close()
    if not task.letters == accepted == sent:
        raise UserError(
            "{accepted} letters were accepted and {sent} stand as sent, of {letters}",
            accepted=accepted,
            sent=sent,
            letters=task.letters,
        )
    return Measured(task.letters, seconds, first, used, _peak(), len(_letter(task).data))


def _letter(task: Task) -> Letter:
    """One letter like those of the queue."""
    script = read_scenario(shipped() / "scenarios" / "warm-lead-30d.yaml")
    message = queue.Queue(script, task.size).letter()
    data = compose(message, date=queue.NOW, unsubscribe_mail=queue.ADDRESS)
    return Letter(queue.MAILBOX, queue.ADDRESS, message.to_address, data, message.header_id)


async def library(task: Task) -> Measured:
    """The same bytes through bare aiosmtplib: ready letters, no database, nothing checked, nothing kept."""
    import aiosmtplib  # noqa: PLC0415 - the baseline alone uses it here

    letter, left, first = _letter(task), task.letters, 0.0

    async def line() -> None:
        """One connection, as long as there is something to send."""
        nonlocal left, first
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=task.port, use_tls=False, start_tls=False)
        await client.connect()
        while left > 0:
            left -= 1
            await client.sendmail(letter.sender, [letter.recipient], letter.data)
            first = first or time.perf_counter() - began
        await client.quit()

    runtime.settle()
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(line() for _ in range(task.connections)))
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return Measured(task.letters, seconds, first, used, _peak(), len(letter.data))


def _peak() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1_000_000, 1)


WORK: dict[str, Callable[[Task], Coroutine[Any, Any, Measured]]] = {PIPELINE: pipeline, LIBRARY: library}


def main() -> None:
    """Do the task that stands on standard input."""
    task = Task(**json.load(sys.stdin))
    run: Callable[[Coroutine[Any, Any, Measured]], Measured] = asyncio.run
    if task.uvloop:
        import uvloop  # noqa: PLC0415 - asyncio's own loop is measured too

        run = uvloop.run
    measured = run(WORK[task.kind](task))
    sys.stdout.write(json.dumps(asdict(replace(measured, seconds=max(measured.seconds, 1e-6)))) + "\n")


if __name__ == "__main__":
    main()
