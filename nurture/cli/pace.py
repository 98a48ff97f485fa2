"""``nurture pace``: how often somebody wants our mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import by_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.core.people import Person
    from nurture.ports import Doors


@click.command(
    help=mark(
        "Somebody wants less mail: at most one in so many days, over all scenarios, whatever they say. 31 is once "
        "a month, 92 once a quarter; off: as the scenarios say again. What is queued is planned and approved anew."
    ),
    epilog=mark("A thank-you after a meeting still comes in time, and counts for what follows."),
)
@click.argument("person")
@click.argument("days", metavar="DAYS|off")
@click.option(
    "--evidence", prompt=mark("How and when it was told"), help=mark("What was said, when and how; it is kept.")
)
@by_option
def pace(person: str, days: str, evidence: str, by: str | None) -> None:
    """Set or end it."""
    t = terminal()
    rep = t.reader(by).id
    plain = days.strip().lower().removesuffix("d")
    if plain != "off" and not plain.isdecimal():
        raise click.BadParameter(t.w("a number of days, or off"), param_hint="DAYS")
    every = None if plain == "off" else int(plain)

    async def _act(doors: Doors) -> Person:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import slowing  # noqa: PLC0415

        who = await find.person(doors, person)
        await slowing.slow_down(doors, who.id, every, by=rep, source="cli", evidence=evidence)
        return who

    who = t.run(_act)
    if every is None:
        t.say(mark("Mail to {name} comes as the scenarios say again."), name=who.name)
    else:
        t.say(mark("At most one mail in {days} days to {name}."), name=who.name, days=every)
