"""``nurture chat``: whether a chat of config.toml can be spoken to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import by_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.ports import Doors, Heard


@click.command(
    help=mark("Send a test message to a chat that is told what waits. Without a name: which there are.")
)
@click.argument("chat_id", metavar="[ID]", required=False)
@by_option
def chat(chat_id: str | None, by: str | None) -> None:
    """Try it."""
    t = terminal()
    listed = t.settings().chats
    if chat_id is None:
        headers = [t.w(mark("Chat")), t.w(mark("Service")), t.w(mark("Told of")), t.w(mark("Of what concerns"))]
        rows = [[c.id, c.service, ", ".join(c.notices), ", ".join(c.reps) or t.w("everybody")] for c in listed]
        t.table(headers, rows)
        return
    reader = t.reader(by)
    known = {one.id: one for one in listed}
    if chat_id not in known:
        raise UserError(
            "there is no chat {id}", hint="known are: {known}", id=chat_id, known=", ".join(known) or "–"
        )

    async def _act(doors: Doors) -> Heard:
        from nurture.flows import chats, webhooks  # noqa: PLC0415

        await webhooks.refuse(doors, reader.id)
        return await chats.attempt(doors, known[chat_id])

    heard = t.run(_act)
    if not heard.taken:
        raise UserError("{id} did not take it: {error}", id=chat_id, error=heard.error)
    t.say(mark("{id} took the test message."), id=chat_id)
