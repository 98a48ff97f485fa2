"""``nurture bench``: how fast this machine does what the daemon does, in numbers that can be compared."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import json_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nurture.bench.reading import Measured as Read
    from nurture.bench.sending import Line
    from nurture.reports.speed import Change, Measured

SIZES = (1_000, 10_000, 100_000)


@click.group(help=mark("Measure how fast this machine does what the daemon does. Nothing is sent or kept."))
def bench() -> None:
    """Each measurement is a command of its own and loads what it needs."""


@bench.command(
    help=mark(
        "Plan invented enrollments before and after a congress is confirmed. The factor compares with a bare loop "
        "over the same people, so that it means the same on any machine."
    )
)
@click.option(
    "--enrollments",
    "sizes",
    type=click.IntRange(1, 10_000_000),
    multiple=True,
    default=SIZES,
    show_default=True,
    help=mark("How many; may be given several times."),
)
@click.option(
    "--entries",
    type=click.IntRange(1, 100_000),
    multiple=True,
    default=(500,),
    show_default=True,
    help=mark("Entries of the calendar; may be given several times."),
)
@click.option(
    "--scenario", type=click.Path(path_type=Path), help=mark("A scenario file; else the one that ships.")
)
@click.option("--changes", is_flag=True, help=mark("Print every step that moves, too."))
@json_option
def plan(
    sizes: tuple[int, ...], entries: tuple[int, ...], scenario: Path | None, *, changes: bool, as_json: bool
) -> None:
    """Measure each size in this one process, the smallest first."""
    from nurture.files.scenario import read_scenario  # noqa: PLC0415 - commands load what they need when called
    from nurture.files.shipped import shipped  # noqa: PLC0415
    from nurture.reports import speed  # noqa: PLC0415

    t = terminal()
    script = read_scenario(scenario or shipped() / "scenarios" / "warm-lead-30d.yaml")

    def show(change: Change) -> None:
        if changes:
            t.echo(f"{change.enrollment} {change.step_id} {change.before or '-'} -> {change.after or '-'}")

    lines: list[tuple[Measured, int]] = []
    for count in sorted(set(entries)):
        speed.measure(script, 100, count, lambda _: None)  # the first plans read time zones
        lines += [(speed.measure(script, size, count, show), _peak()) for size in sorted(set(sizes))]
    if as_json:
        t.json([_data(measured, peak) for measured, peak in lines])
        return
    w = t.w
    t.table(
        (w("enrollments"), w("entries"), w("plans per second"), w("factor"), w("moved"), w("peak memory")),
        [
            (
                f"{m.enrollments:,}",
                f"{m.entries:,}",
                f"{m.per_second:,.0f}",
                f"{m.factor:.1f}",
                f"{m.changes:,}",
                f"{peak:,} MB",
            )
            for m, peak in lines
        ],
    )


@bench.command(
    help=mark(
        "Send a queue of invented, approved letters to a server on this machine, beside raw baselines in the same "
        "run. Everything is as the daemon does it: claimed, checked, composed, sent and recorded, durably."
    )
)
@click.option(
    "--letters",
    type=click.IntRange(10, 1_000_000),
    default=10_000,
    show_default=True,
    help=mark("How many letters each run sends."),
)
@click.option(
    "--size",
    "sizes",
    type=click.IntRange(1_000, 1_000_000),
    multiple=True,
    default=(2_000, 10_000),
    show_default=True,
    help=mark("Bytes of a letter; may be given several times."),
)
@click.option(
    "--connections",
    type=click.IntRange(1, 64),
    multiple=True,
    default=(1, 4, 16, 64),
    show_default=True,
    help=mark("At the same time; may be given several times."),
)
@click.option(
    "--database", "url", help=mark("An empty PostgreSQL database; else SQLite in a folder that goes away.")
)
@click.option("--own-sink", is_flag=True, help=mark("Never use Postfix's smtp-sink, even where it is installed."))
@json_option
def send(
    letters: int,
    sizes: tuple[int, ...],
    connections: tuple[int, ...],
    url: str | None,
    *,
    own_sink: bool,
    as_json: bool,
) -> None:
    """Measure each size and number of connections, one process after the other."""
    import tempfile  # noqa: PLC0415 - commands load what they need when called

    from nurture.bench import sending, work  # noqa: PLC0415

    t = terminal()
    lines: list[sending.Line] = []

    def say(what: str) -> None:
        click.echo(t.w("preparing {what} ...", what=what), err=True)

    def show(line: sending.Line) -> None:
        lines.append(line)
        done = f"{line.what} {line.size:,} B, {line.connections}: {line.per_second:,.0f}/s"
        click.echo(done, err=True)

    with tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder:
        sending.measure(
            Path(folder),
            letters=letters,
            sizes=sizes,
            connections=connections,
            url=url,
            own_sink=own_sink,
            show=show,
            say=say,
        )
    if as_json:
        t.json([_sent(line) for line in lines])
        return
    w = t.w
    raw = {(line.what, line.size, line.connections): line.per_second for line in lines}

    def factor(line: sending.Line, what: str) -> str:
        beside = raw.get((what, line.size, line.connections))
        return f"{line.per_second / beside:.2f}" if beside and line.what == work.PIPELINE else ""

    t.table(
        (
            w("what"),
            w("database"),
            w("bytes"),
            w("connections"),
            w("mails per second"),
            w("once running"),
            w("processor a mail"),
            w("peak memory"),
            w("beside aiosmtplib"),
            w("beside smtp-source"),
        ),
        [
            (
                line.what,
                line.database,
                f"{line.measured.bytes:,}",
                f"{line.connections}",
                f"{line.per_second:,.0f}",
                f"{line.running:,.0f}" if line.running else "",
                f"{line.measured.cpu / line.measured.letters * 1e6:,.0f} us" if line.measured.cpu else "",
                f"{line.measured.peak_mb:,.0f} MB" if line.measured.peak_mb else "",
                factor(line, work.LIBRARY),
                factor(line, sending.SOURCE),
            )
            for line in lines
        ],
    )


@bench.command(
    help=mark(
        "Read mails as the watcher does, beside what Python's own parser takes for the same bytes in the same "
        "run. PATH is what `nurture read` takes; without one, the collection that the tests of a source tree hold."
    )
)
@click.argument("paths", nargs=-1, metavar="[PATH…]")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 600),
    default=5.0,
    show_default=True,
    help=mark("How long each place is measured."),
)
@json_option
def read(paths: tuple[str, ...], seconds: float, *, as_json: bool) -> None:
    """Measure each place in this one process."""
    from nurture.bench import reading  # noqa: PLC0415 - commands load what they need when called
    from nurture.cli.read import mails  # noqa: PLC0415
    from nurture.errors import UserError  # noqa: PLC0415

    t = terminal()
    golden = Path(__file__).parents[2] / "tests" / "mail" / "golden"
    if not paths and not golden.is_dir():
        raise UserError("name a mail, a folder or a mailbox file to measure over")
    places = paths or (str(golden),)

    def letters(place: str) -> Iterator[tuple[str, bytes]]:
        return ((path, raw) for path, raw in mails(place) if not path.endswith((".toml", ".json", ".md")))

    lines = [(reading.measure(place, letters(place), seconds=seconds), _peak()) for place in places]
    if as_json:
        t.json([_of_reading(measured, peak) for measured, peak in lines])
        return
    w = t.w
    t.table(
        (
            w("what"),
            w("mails"),
            w("bytes a mail"),
            w("mails per second"),
            w("Python's parser"),
            w("factor"),
            w("slowest mail"),
            w("peak memory"),
        ),
        [
            (
                Path(m.what).name or m.what,
                f"{m.mails:,}",
                f"{m.bytes / m.mails:,.0f}",
                f"{m.per_second:,.0f}",
                f"{m.baseline_per_second:,.0f}",
                f"{m.factor:.2f}",
                f"{m.slowest_seconds * 1000:,.0f} ms {Path(m.slowest).name}",
                f"{peak:,} MB",
            )
            for m, peak in lines
        ],
    )


def _of_reading(m: Read, peak: int) -> dict[str, object]:
    return {
        "what": m.what,
        "mails": m.mails,
        "bytes": m.bytes,
        "rounds": m.rounds,
        "mails_per_second": round(m.per_second),
        "baseline_per_second": round(m.baseline_per_second),
        "factor": round(m.factor, 3),
        "slowest": m.slowest,
        "slowest_ms": round(m.slowest_seconds * 1000, 1),
        "shortened": m.shortened,
        "peak_mb": peak,
    }


def _sent(line: Line) -> dict[str, object]:
    m = line.measured
    return {
        "what": line.what,
        "database": line.database,
        "bytes": m.bytes,
        "connections": line.connections,
        "letters": m.letters,
        "seconds": round(m.seconds, 3),
        "mails_per_second": round(line.per_second),
        "once_running": round(line.running) if line.running else None,
        "cpu_us_per_mail": round(m.cpu / m.letters * 1e6),
        "peak_mb": m.peak_mb,
    }


def _data(m: Measured, peak: int) -> dict[str, object]:
    return {
        "enrollments": m.enrollments,
        "entries": m.entries,
        "plans": m.plans,
        "seconds": round(m.seconds, 3),
        "plans_per_second": round(m.per_second),
        "factor": round(m.factor, 2),
        "moved": m.changes,
        "peak_mb": peak,
    }


def _peak() -> int:
    """The most memory that this process has held so far, in megabytes."""
    import resource  # noqa: PLC0415 - there is none on Windows

    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 1_000_000
