"""``nurture init FOLDER``: a working folder to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from nurture.cli.terminal import shown_path, terminal
from nurture.i18n import mark


@click.command(
    help=mark(
        "Make a working folder with a commented configuration, the scenarios, templates and calendars that "
        "come with the program, and a private folder for data. Nothing that is there is overwritten."
    )
)
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Write the folder, say what comes next."""
    from nurture.files import shipped  # noqa: PLC0415

    t = terminal()
    written = shipped.write(folder)
    place = shown_path(folder)
    t.say(mark("Made {folder} with {count} files."), folder=place, count=len(written))
    t.say()
    t.say(mark("Next:"))
    steps = (
        (mark("go there"), f"cd {shlex.quote(place)}"),
        (mark("fill in your company, mailboxes and people"), "config.toml"),
        (mark("see whether everything is right"), "nurture check"),
        (mark("see whether your mail will leave, and arrive"), "nurture doctor"),
        (mark("look at a mail before anything is sent"), "nurture preview thanks-minutes"),
        (mark("bring in the people you know, if you have a list"), "nurture import people.csv --dry-run"),
        (mark("start"), "nurture run"),
    )
    for number, (text, command) in enumerate(steps, 1):
        t.echo(f"  {number}. {t.w(text)}")
        t.echo(f"     {command}")
