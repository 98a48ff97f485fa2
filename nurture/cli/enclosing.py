"""``nurture queue attach`` and ``detach``: files that go with a mail because the person asked for them."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli.acting import FINGERPRINT, acted
from nurture.cli.terminal import by_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.core.messages import Message
    from nurture.ports import Doors

MOST_READ = 50_000_000
"""Bytes of a file that are read: enough to say that it is too long, and what it is."""


@click.command(
    help=mark(
        "Put a PDF that the person asked for to a mail; the mail needs a fresh approval. Nothing that was not "
        "asked for goes with a mail: put a link into the text instead."
    )
)
@click.argument("message")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--requested", default="", metavar="TEXT", help=mark("When and how the person asked for the file."))
@by_option
def attach(message: str, file: Path, requested: str, by: str | None) -> None:
    """Attach."""
    from nurture.core.attachments import Attachment  # noqa: PLC0415

    t = terminal()
    reader = t.reader(by)
    try:
        with file.open("rb") as stream:
            data = stream.read(MOST_READ)
    except OSError as error:
        raise UserError(
            "{path} cannot be read: {reason}", path=file, reason=error.strerror or str(error)
        ) from None
    chosen = Attachment(unicodedata.normalize("NFC", file.name), data)

    async def _act(doors: Doors) -> Message:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import review  # noqa: PLC0415

        found = await find.message(doors, message)
        return await review.attach(
            doors, found.id, chosen, by=reader.id, requested=requested, seen=found.fingerprint
        )

    done = acted(t, _act)
    t.say(mark("{name} goes with this mail. It waits for approval again."), name=chosen.name)
    t.say(mark("fingerprint {fingerprint}"), fingerprint=done.fingerprint[:FINGERPRINT])


@click.command(help=mark("Take a file from a mail again; the mail needs a fresh approval."))
@click.argument("message")
@click.argument("name")
@by_option
def detach(message: str, name: str, by: str | None) -> None:
    """Detach."""
    t = terminal()
    reader = t.reader(by)

    async def _act(doors: Doors) -> Message:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import review  # noqa: PLC0415

        found = await find.message(doors, message)
        return await review.detach(doors, found.id, name, by=reader.id, seen=found.fingerprint)

    done = acted(t, _act)
    t.say(mark("Taken out. It waits for approval again."))
    t.say(mark("fingerprint {fingerprint}"), fingerprint=done.fingerprint[:FINGERPRINT])
