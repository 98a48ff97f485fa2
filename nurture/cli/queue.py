"""``nurture queue``: what waits at the desk, from the command line.

Approving shows the text first; without a terminal the fingerprint of what was shown must be given, so that
nobody approves what nobody read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli import queued
from nurture.cli.deciding import approve, dates, reject, settle
from nurture.cli.editing import edit
from nurture.cli.enclosing import attach, detach
from nurture.cli.release import release
from nurture.cli.terminal import json_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.ports import Doors


class _Listing(click.Group):
    """``nurture queue`` alone lists."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Listing, help=mark("Look at what waits for approval; approve, edit, reject, settle. Alone, it lists.")
)
def queue() -> None:
    """The group."""


@queue.command("list", help=mark("List what has a text and has not left, the most urgent first."))
@click.option("--rep", metavar="REP", help=mark("Only mails of this representative."))
@click.option("--waiting", is_flag=True, help=mark("Only what waits for a person."))
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help=mark("At most this many.")
)
@json_option
def list_(rep: str | None, waiting: bool, limit: int, as_json: bool) -> None:
    """The queue."""
    t = terminal()

    async def _look(doors: Doors) -> queued.Listed:
        from nurture.core.messages import Message, MessageState  # noqa: PLC0415

        states = [MessageState.WAITING, MessageState.IN_DOUBT, MessageState.FAILED]
        if not waiting:
            states += [MessageState.APPROVED, MessageState.SENDING]
        where: dict[str, object] = {"state": tuple(states)}
        if rep:
            where["rep_id"] = rep
        found = await doors.store.find(Message, where, order=("planned_at",), limit=limit)
        return await queued.gather(doors, found)

    listed = t.run(_look)
    if as_json:
        t.json([queued.data(m, listed) for m in listed.messages])
    elif not listed.messages:
        t.say(mark("Nothing waits."))
    else:
        queued.table(t, listed)


@queue.command(help=mark("Show one mail as its recipient will see it, and why it leaves then."))
@click.argument("message")
@json_option
def show(message: str, as_json: bool) -> None:
    """One mail."""
    t = terminal()
    listed = t.run(lambda doors: queued.one(doors, message))
    if as_json:
        t.json({**queued.data(listed.messages[0], listed), "body": listed.messages[0].body})
    else:
        queued.page(t, listed)


for command in (approve, dates, reject, settle, edit, attach, detach, release):
    queue.add_command(command)
