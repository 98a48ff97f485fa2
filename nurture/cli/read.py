"""``nurture read``: what incoming mails say. Needs no configuration and no database."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nurture.cli.tables import one_line, pad
from nurture.cli.terminal import terminal
from nurture.errors import UserError
from nurture.mail.parse import MAX_BYTES
from nurture.mail.reading import read as read_mail
from nurture.mail.reading import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from nurture.cli.terminal import Terminal
    from nurture.core.reading import Reading

FIRST_LINE: Final = re.compile(rb"From \S+.*\d{4}")
MAILBOX_LINE: Final = re.compile(
    rb"From .{0,300}\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .{0,12}(?:\d{1,2}:\d\d).{0,24}\b\d{4}"
)
"""Between mails there stands when each came (RFC 4155): a paragraph that begins so has no time in it."""
ESCAPED: Final = re.compile(rb"^>(>*From )", re.MULTILINE)


@click.command("read")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl"]),
    default="table",
    show_default=True,
    help="How to print.",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
def read(form: str, paths: tuple[str, ...]) -> None:
    """Say what incoming mails are and what they want.

    PATH is a mail, a folder of mails, a mailbox file (mbox), or - for standard input. One line for each
    mail, in order. Needs no configuration.
    """
    t = terminal()
    for place in paths:
        for path, raw in mails(place):
            reading = read_mail(raw)
            line = (
                json.dumps(to_json(reading, path), ensure_ascii=False)
                if form == "jsonl"
                else _row(t, path, reading)
            )
            click.echo(line.encode("utf-8", "backslashreplace"))  # UTF-8 whatever the locale: the form is public


def mails(place: str) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of each mail at a place, one at a time; a mailbox file's are numbered ``path#1``.

    Raises:
        UserError: the place does not exist or may not be read.
    """
    if place == "-":
        yield from _in_file("-", sys.stdin.buffer)
        return
    path = Path(place)
    try:
        if path.is_dir():
            for inside in sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")):
                with inside.open("rb") as file:
                    yield from _in_file(str(inside), file)
        else:
            with path.open("rb") as file:
                yield from _in_file(place, file)
    except OSError as error:
        raise UserError(
            "{path} cannot be read: {reason}",
            path=place,
            reason=error.strerror or str(error),
            hint="give a mail, a folder, a mailbox file, or - for standard input",
        ) from error


def _in_file(path: str, file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """One mail, or the mails of a mailbox file (its lines ``From …`` stand after an empty line)."""
    first = file.readline(MAX_BYTES)
    if path.lower().endswith(".eml") or not FIRST_LINE.match(first):  # .eml: one mail, whatever is in it
        yield path, first + file.read(MAX_BYTES + 1 - len(first))
        return
    number = 1
    lines: list[bytes] = []
    size = 0
    empty_before = False
    while line := file.readline(MAX_BYTES):
        if empty_before and MAILBOX_LINE.match(line):
            yield f"{path}#{number}", ESCAPED.sub(rb"\1", b"".join(lines))
            number += 1
            lines, size, empty_before = [], 0, False
            continue
        empty_before = line in {b"\n", b"\r\n"}
        if size <= MAX_BYTES:
            lines.append(line)
            size += len(line)
    name = path if number == 1 else f"{path}#{number}"
    yield name, ESCAPED.sub(rb"\1", b"".join(lines))


def _row(t: Terminal, path: str, reading: Reading) -> str:
    """One line for people: kind, sender, what was said, and the dates that matter."""
    from nurture import explain  # noqa: PLC0415 - not for jsonl, which needs no words

    w = t.w
    told = [explain.intent(w, found.intent) for found in reading.found]
    if reading.bounce is not None:
        why = explain.bounce(w, reading.bounce.reason)
        told.append(w("{reason}, for good", reason=why) if reading.bounce.permanent else why)
        told.extend(reading.bounce.recipients[:1])
    if reading.away is not None:
        days = (reading.away.from_, reading.away.until, reading.away.back)
        start, end, back = (day.isoformat() if day else "?" for day in days)
        told.append(w("away {start}..{end}, back {back}", start=start, end=end, back=back))
    said = one_line(w(", ").join(told)) or "-"
    sender = one_line(reading.from_ or "-")
    kind = pad(explain.kind(w, reading.kind), 16)
    return f"{kind} {pad(sender, 32)} {pad(said, 36)} {one_line(reading.subject)[:40]}  {path}"
