"""``nurture check``: is everything in the working folder right?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import json_option, shown_path, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    pass


@click.command(
    help=mark(
        "Check a working folder: configuration, scenarios, templates, calendars, content, and what they say about "
        "each other. All problems are shown at once, with file and line; warnings apart. Exit code 1 on problems."
    )
)
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--on", metavar="DATE", help=mark("As if it were this day; else today."))
@json_option
def check(folder: Path | None, on: str | None, as_json: bool) -> None:
    """Look at all of it."""
    from nurture.cli import checking  # noqa: PLC0415
    from nurture.cli.calendar import day_of  # noqa: PLC0415
    from nurture.clock import SystemClock  # noqa: PLC0415
    from nurture.files import config  # noqa: PLC0415

    t = terminal()
    path = config.find(folder.absolute() if folder else t.config, t.environ, Path.cwd())
    today = day_of(on) if on else SystemClock().now().date()
    found = checking.look(path, shown_path, t.environ, today)
    if as_json:
        t.json(
            {
                "errors": [t.data(e) for e in found.errors],
                "warnings": [t.data(e) for e in found.warnings],
                "looked_at": found.counts,
            }
        )
        sys.exit(1 if found.errors else 0)
    for error in found.errors:
        t.error(error)
    if found.errors and found.warnings:
        click.echo(err=True)
    for warning in found.warnings:
        click.echo(t.w("warning: {text}", text=t.w.error(warning)), err=True)
    looked = t.w(
        "scenarios {scenarios}, templates {templates}, calendars {calendars}, content {content}",
        **{name: found.counts.get(name, 0) for name in ("scenarios", "templates", "calendars", "content")},
    )
    if found.errors:
        t.say(
            mark("Problems: {errors} ({looked}; warnings {warnings})."),
            errors=len(found.errors),
            warnings=len(found.warnings),
            looked=looked,
        )
        sys.exit(1)
    t.say(
        mark("Everything is right ({looked}; warnings {warnings})."), looked=looked, warnings=len(found.warnings)
    )
