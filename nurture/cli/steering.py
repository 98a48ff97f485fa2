"""``nurture mailbox`` and ``nurture scenario``, ``stop`` and ``resume``: it stands still, or sends again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import by_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.ports import Doors


@click.command("stop", help=mark("Stop a mailbox: nothing leaves it until it is resumed. It is still read."))
@click.argument("name", metavar="MAILBOX")
@by_option
def stop_mailbox(name: str, by: str | None) -> None:
    """Stop."""
    _steer("mailbox", "stop", name, by)


@click.command("resume", help=mark("Let a stopped mailbox send again; refusals that came before count no more."))
@click.argument("name", metavar="MAILBOX")
@by_option
def resume_mailbox(name: str, by: str | None) -> None:
    """Resume."""
    _steer("mailbox", "resume", name, by)


@click.command(
    "stop", help=mark("Stop a scenario: none of its mails leaves until it is resumed. Planning goes on.")
)
@click.argument("name", metavar="SCENARIO")
@by_option
def stop_scenario(name: str, by: str | None) -> None:
    """Stop."""
    _steer("scenario", "stop", name, by)


@click.command("resume", help=mark("Let a stopped scenario send again; refusals that came before count no more."))
@click.argument("name", metavar="SCENARIO")
@by_option
def resume_scenario(name: str, by: str | None) -> None:
    """Resume."""
    _steer("scenario", "resume", name, by)


def _steer(kind: str, what: str, key: str, by: str | None) -> None:
    t = terminal()
    rep = t.reader(by)

    async def _act(doors: Doors) -> None:
        from nurture.flows import steering  # noqa: PLC0415

        await (steering.stop if what == "stop" else steering.resume)(doors, kind, key, by=rep.id)

    t.run(_act)
    if what == "stop":
        t.say(mark("{id} sends nothing until it is resumed."), id=key)
    else:
        t.say(mark("{id} sends again."), id=key)
