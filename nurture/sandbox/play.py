"""The demo from its folder to its summary. Who starts the program is handed in: the world does not know it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING

from nurture.clock import SeededChance, SimulatedClock
from nurture.core.calendar import Days, Profile
from nurture.core.ids import RepId
from nurture.errors import NurtureError, TemporaryFailure, UserErrors
from nurture.files import config, people
from nurture.flows.people import PersonRow, import_people
from nurture.sandbox import folder
from nurture.sandbox.director import LOOK, PATIENCE, Director
from nurture.sandbox.hospitals import PUBLIC_URL
from nurture.sandbox.plot import DAYS, FIRST_DAY
from nurture.sandbox.screen import names
from nurture.sandbox.servers import HOST, PostOffice
from nurture.sandbox.summary import summarize
from nurture.sandbox.world import SCENARIO, World, morning

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from nurture.config import Settings
    from nurture.ports import Chance, Clock, Doors
    from nurture.sandbox.director import Machine, Watcher
    from nurture.sandbox.summary import Summary

    Launch = Callable[[Settings, Clock, Chance, asyncio.Event], AbstractAsyncContextManager[Machine]]


@dataclass(frozen=True, slots=True)
class Options:
    """How the demo is to be played.

    ``speed`` is real seconds for a simulated day (0: as fast as it goes); ``stopped`` is set by whoever has
    had enough.
    """

    folder: Path
    start: date = FIRST_DAY
    days: int = DAYS
    speed: float = 0.0
    hands_on: bool = False
    language: str = "ja"
    stopped: asyncio.Event = field(default_factory=asyncio.Event)


async def play(
    options: Options, launch: Launch, watch: Callable[[Machine], Awaitable[Watcher]]
) -> tuple[Summary, Mapping[str, str]]:
    """Play the whole demo; returns the summary, and calendar entries by their names.

    Args:
        options: what was asked for.
        launch: starts the program with these settings, this clock, this chance, until the event is set.
        watch: whoever looks on, once the program is there.

    Raises:
        UserError: the folder cannot be used, or the date is out of reach.
        TemporaryFailure: something stood still; says what.
    """
    clock = SimulatedClock(morning(options.start))
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        office = await stack.enter_async_context(PostOffice(folder.passwords(), clock.now))
        settings = await _settle_in(options, office)
        machine = await stack.enter_async_context(
            launch(settings, clock, SeededChance(f"demo/{options.start}"), stop)
        )
        world = World(office, clock, _working(machine.doors), settings.web.port, settings.web.public_url)
        stack.push_async_callback(world.close)
        await _bring_in(machine.doors, options, world)
        until = world.end(options.start, options.days)
        world.plan(machine.doors, options.start, until, approve=not options.hands_on)
        director = Director(
            machine,
            clock,
            world,
            await watch(machine),
            options.speed,
            options.hands_on,
            options.stopped,
            settings.demo_time,
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(machine.daemon.run(), name="daemon")
                try:
                    await _answers(settings.web.port)
                    await director.run(until)
                    days = (
                        (clock.now() - morning(options.start)).days if options.stopped.is_set() else options.days
                    )
                    summary = await summarize(machine.doors, world, options.start, days, led=not options.hands_on)
                finally:
                    stop.set()
        except* NurtureError as failures:
            raise _first(failures) from None
        _keep_mails(options.folder, office)
        return summary, names(machine.doors, SCENARIO, options.language)


def _first(failures: BaseExceptionGroup[NurtureError]) -> NurtureError:
    """The failure that came first; the others followed from it."""
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _settle_in(options: Options, office: PostOffice) -> Settings:
    """The working folder, and a Sent folder in each mailbox that sends."""
    port = free_port()
    url = f"http://{HOST}:{port}" if options.hands_on else PUBLIC_URL
    path = folder.make(
        options.folder, office, start=options.start, web_port=port, language=options.language, public_url=url
    )
    settings = config.load(path)
    for box in settings.mailboxes:
        await office.create_folder(box.address, "Sent")
    return settings


def _working(doors: Doors) -> Callable[[date], date]:
    days = Days(doors.library.calendars(doors.library.scenario(SCENARIO), None), Profile())

    def first(day: date) -> date:
        return day if days.is_business(day) else days.business_day_after(day, 1) or day

    return first


async def _bring_in(doors: Doors, options: Options, world: World) -> None:
    """What ``nurture import people.csv`` does."""
    path = options.folder / "people.csv"
    path.write_text(folder.people_csv(world.met(options.start)), encoding="utf-8-sig")
    listed = people.read(path)
    rows = [
        PersonRow(**{f.name: value for f in fields(PersonRow) if (value := getattr(row, f.name)) is not None})
        for row in listed.rows
    ]
    report = await import_people(doors, rows, by=RepId("kuroda"), dry_run=False)
    if listed.errors or report.errors:
        raise UserErrors((*listed.errors, *report.errors))


async def _answers(port: int) -> None:
    """Wait until the desk listens."""
    for _ in range(int(PATIENCE / LOOK)):
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(LOOK)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise TemporaryFailure("the desk did not open its port {port}", port=port)


def _keep_mails(place: Path, office: PostOffice) -> None:
    """Every mail of the demo as a file, for whoever kept the folder and wants to look."""
    counts: dict[str, int] = {}
    for mail in office.log:
        counts[mail.to] = counts.get(mail.to, 0) + 1
        target = place / "mails" / mail.to / f"{counts[mail.to]:03}.eml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(mail.raw)


def free_port() -> int:
    """A loopback port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
