"""``nurture bench``: how fast this machine does what the daemon does, in numbers that can be compared."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import json_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
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
