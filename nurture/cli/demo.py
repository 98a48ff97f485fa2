"""``nurture demo``: thirty days in about a minute, with real mail servers and nothing faked."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import shlex
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

import click

from nurture.cli.terminal import json_option, shown_path, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.cli.terminal import Terminal
    from nurture.sandbox.director import Machine, Watcher
    from nurture.sandbox.play import Options
    from nurture.sandbox.summary import Summary

PROBLEMS: Final = 1
STOPPED: Final = 130
"""Exit codes, as ``cli.main`` counts them."""
NEEDS: Final = ("aiosmtpd", "httpx", "pymap")
SPEED: Final = 1.7
EARLIEST, LATEST = 2000, 2098
"""Years whose public holidays are known."""
HANDS_ON: Final = "kuroda"
"""Who one is with ``--hands-on``: the manager, who sees and may approve everything."""


@click.command(
    help=mark(
        "Play thirty days with invented hospitals: a real SMTP server, a real IMAP server and the daemon itself "
        "run in this process, on a simulated clock. People answer, are away, bounce, unsubscribe; representatives "
        "approve at the desk. At the end every date and its reason is shown."
    )
)
@click.option("--days", type=click.IntRange(1, 120), default=30, help=mark("How many days to play."))
@click.option("--start", metavar="YYYY-MM-DD", help=mark("The first day; meetings are on the first working days."))
@click.option(
    "--speed",
    metavar="SECONDS",
    type=click.FloatRange(0, 3600),
    help=mark("Real seconds for a simulated day; 0: no waiting."),
)
@click.option(
    "--hands-on",
    is_flag=True,
    help=mark("You approve, at the desk or on the command line; time stands still until you do."),
)
@click.option("--headless", is_flag=True, help=mark("Show nothing while it runs, and do not wait."))
@click.option("--keep", type=click.Path(path_type=Path), help=mark("Keep the working folder here."))
@json_option
def demo(
    days: int,
    start: str | None,
    speed: float | None,
    hands_on: bool,
    headless: bool,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Play it; exit 1 when something came out otherwise than the story says."""
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            "the demo needs {missing}", hint="install it with: pip install 'nurture[demo]'", missing=missing
        )
    from nurture.sandbox.play import Options  # noqa: PLC0415 - mail servers are loaded only here
    from nurture.sandbox.plot import FIRST_DAY  # noqa: PLC0415

    t = terminal()
    with ExitStack() as stack:
        if keep is None:
            place = Path(tempfile.mkdtemp(prefix="nurture-demo-"))
            stack.callback(shutil.rmtree, place, ignore_errors=True)
        else:
            place = keep
        place.mkdir(parents=True, exist_ok=True)
        options = Options(
            folder=place,
            start=_day(start) if start else FIRST_DAY,
            days=days,
            speed=(0.0 if headless else SPEED) if speed is None else speed,
            hands_on=hands_on,
            language=t.language,
        )
        summary = asyncio.run(_play(t, options, quiet=headless, as_json=as_json))
    if keep is not None and not as_json:
        t.say(mark("Kept in {folder}: database, mails (mails/), log (daemon.log)."), folder=str(keep))
    if options.stopped.is_set():
        sys.exit(STOPPED)
    if summary.differences:
        sys.exit(PROBLEMS)


def _day(said: str) -> date:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise UserError("--start: found {found}, expected a date such as 2027-03-23", found=said) from None
    if not EARLIEST <= day.year <= LATEST:
        raise UserError("the demo can begin between {first} and {last}", first=EARLIEST, last=LATEST)
    return day


async def _play(t: Terminal, options: Options, *, quiet: bool, as_json: bool) -> Summary:
    from rich.console import Console  # noqa: PLC0415

    from nurture import log, wiring  # noqa: PLC0415
    from nurture.sandbox.play import play  # noqa: PLC0415
    from nurture.sandbox.screen import Screen, Silent, names  # noqa: PLC0415
    from nurture.sandbox.telling import tell  # noqa: PLC0415
    from nurture.sandbox.world import SCENARIO  # noqa: PLC0415

    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, options.stopped.set)
    console = Console(highlight=False, stderr=as_json)  # with --json standard output is for the data alone
    with ExitStack() as stack:
        out = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
        stack.callback(_keep_log, out, options.folder)
        log.configure(stream=out, json=True)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # the invented people's browsers

        async def _watch(machine: Machine) -> Watcher:
            if quiet:
                return Silent()
            invite = partial(_invite, machine) if options.hands_on else None
            entries = names(machine.doors, SCENARIO, t.language)
            return stack.enter_context(
                Screen(
                    console,
                    t.w,
                    machine.doors,
                    entries,
                    machine.url,
                    options.start,
                    invite,
                    _command(options.folder),
                )
            )

        summary, entries = await play(
            options,
            lambda settings, clock, chance, stop: wiring.start(settings, stop=stop, clock=clock, chance=chance),
            _watch,
        )
    if as_json:
        t.json(summary.as_json())
    else:
        tell(console, t.w, summary, entries, stopped=options.stopped.is_set())
    return summary


def _command(folder: Path) -> str:
    """What one calls in another terminal to see the queue, as whoever approves."""
    called = Path(sys.argv[0])
    program = shown_path(called) if called.name == "nurture" and called.is_file() else "nurture"
    return f"NURTURE_BY={HANDS_ON} {program} --config {shlex.quote(shown_path(folder))} queue"


def _keep_log(out: TextIO, folder: Path) -> None:
    """What the daemon logged goes to its folder, if there was one to be made."""
    if (folder / "config.toml").is_file() and (folder / "people.csv").is_file():
        out.seek(0)
        with (folder / "daemon.log").open("w", encoding="utf-8") as kept:
            shutil.copyfileobj(out, kept)


async def _invite(machine: Machine) -> str:
    """A sign-in link for whoever wants to approve, with some time to open it."""
    from datetime import timedelta  # noqa: PLC0415

    from nurture.core.people import Representative  # noqa: PLC0415
    from nurture.web.login import issue  # noqa: PLC0415

    rep = await machine.doors.store.get(Representative, HANDS_ON)
    assert rep is not None
    path = await issue(machine.doors, rep, lasts=timedelta(days=60))
    return f"{machine.url}{path}"
