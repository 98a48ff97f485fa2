"""``nurture queue edit``: the text of a mail in a person's own editor."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli import queued
from nurture.cli.acting import FINGERPRINT, acted
from nurture.cli.terminal import by_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.core.messages import Message
    from nurture.ports import Doors


@click.command(help=mark("Edit a mail in $EDITOR. The legal footer stays; the mail needs a fresh approval."))
@click.argument("message")
@by_option
def edit(message: str, by: str | None) -> None:
    """Edit."""
    from nurture.mail.text import split_footer  # noqa: PLC0415

    t = terminal()
    reader = t.reader(by)
    (found,) = t.run(lambda doors: queued.one(doors, message)).messages
    before = f"Subject: {found.subject}\n\n{split_footer(found.body)[0].rstrip()}\n"
    after = click.edit(before, extension=".txt")
    if after is None or after.strip() == before.strip():
        t.say(mark("Nothing changed."))
        return
    try:
        subject, body = _parted(after)

        async def _act(doors: Doors) -> Message:
            from nurture.flows import review  # noqa: PLC0415

            return await review.edit(
                doors, found.id, by=reader.id, subject=subject, body=body, seen=found.fingerprint
            )

        done = acted(t, _act)
    except UserError:
        kept = _keep(after)
        click.echo(t.w("Your text is kept in {file}", file=kept), err=True)
        raise
    t.say(mark("Saved. It waits for approval again."))
    t.say(mark("fingerprint {fingerprint}"), fingerprint=done.fingerprint[:FINGERPRINT])


def _parted(text: str) -> tuple[str, str]:
    """Subject and body of an edited text.

    Raises:
        UserError: the first line is not the subject's, or nothing follows.
    """
    first, _, rest = text.replace("\r\n", "\n").lstrip().partition("\n")
    name, _, subject = first.partition(":")
    if name.strip().lower() not in {"subject", "件名"} or not subject.strip():
        raise UserError("the first line must be: Subject: …", hint="the text follows after an empty line")
    return subject.strip(), rest.strip("\n")


def _keep(text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix="nurture-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)
