"""``nurture run``: the daemon."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import terminal
from nurture.errors import Impossible, NurtureError, PermanentFailure, TemporaryFailure
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.cli.terminal import Terminal
    from nurture.config import MailboxSettings, Settings
    from nurture.ports import Doors, Mailbox
    from nurture.wiring import Running

NAP = timedelta(minutes=1)
"""For what a limit holds back this long it is waited; what waits longer leaves with another call."""
ROUNDS = 1000
"""More batches than any installation has due at once; a bound all the same."""


@click.command(
    help=mark(
        "Run the daemon until it is stopped (Ctrl-C, SIGTERM): it plans, drafts, sends what is approved, reads "
        "replies and serves the desk. A letter on its way is finished first."
    )
)
@click.option("--once", is_flag=True, help=mark("Do what is due now, and end."))
def run(once: bool) -> None:
    """Start, say where the desk is, work."""
    from nurture import runtime, wiring  # noqa: PLC0415
    from nurture.log import configure  # noqa: PLC0415

    t = terminal()
    settings = t.settings()
    configure()

    def ready(running: Running) -> None:
        if sys.stderr.isatty():
            click.echo(t.w("The desk: {url}  (stop with Ctrl-C)", url=running.url), err=True)

    with asyncio.Runner(loop_factory=runtime.fast_loop()) as runner:
        if once:
            sys.exit(0 if runner.run(_once(t, settings)) else 1)
        runner.run(wiring.run(settings, ready=ready))


async def _once(t: Terminal, settings: Settings) -> bool:
    """Read every mailbox, plan, send, each until nothing due is left; whether all of it went well."""
    from nurture import wiring  # noqa: PLC0415
    from nurture.flows import recovery, send, tick  # noqa: PLC0415

    stop = asyncio.Event()
    async with wiring.start(settings, stop=stop) as running:
        daemon, doors = running.daemon, running.doors
        began = doors.clock.now()  # what an earlier run has read counts for nothing
        doubtful = await recovery.recover(doors, daemon.trace)
        if daemon.trace is not None:
            daemon.trace.begin(daemon.name)
        well = await _read_all(t, running)
        planned = sent = 0
        for _ in range(ROUNDS):
            ticked = await tick.tick(doors)
            planned += ticked.written
            done = await send.send_due(
                doors,
                daemon.sender,
                daemon.copies,
                by=daemon.name,
                stop=stop,
                since=began,
                trace=daemon.trace,
            )
            sent += len(done.outcomes)
            for problem in done.problems:
                t.error(problem if isinstance(problem, NurtureError) else Impossible(repr(problem)))
                well = False
            if ticked.written or done.outcomes:
                continue
            if done.again is None or done.again > doors.clock.now() + NAP:
                break
            await doors.clock.sleep_until(done.again)  # a pause between two letters, or the minute's number is out
            well = await _read_all(t, running) and well
        t.say(
            mark("Planned {planned}, handed to the mail server {sent}, newly in doubt {doubtful}."),
            planned=planned,
            sent=sent,
            doubtful=doubtful,
        )
        return well


async def _read_all(t: Terminal, running: Running) -> bool:
    """Read every mailbox that no daemon beside us reads."""
    well = True
    for box, mailbox in running.daemon.watched.values():
        if await running.doors.store.own(box.id):
            well = await _read(t, running.doors, box, mailbox) and well
    return well


async def _read(t: Terminal, doors: Doors, box: MailboxSettings, mailbox: Mailbox) -> bool:
    """Read one mailbox to its end; a failure is noted and told, and the others go on."""
    from nurture.flows import receive  # noqa: PLC0415

    try:
        while (await receive.receive(doors, box, mailbox)).more:
            pass
    except (TemporaryFailure, PermanentFailure) as error:
        await receive.failed(doors, box, str(error))
        click.echo(t.w("mailbox {name}: {problem}", name=box.id, problem=t.w.error(error)), err=True)
        return False
    return True
