"""``nurture enroll``: start a person on a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import by_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.core.messages import Enrollment
    from nurture.ports import Doors


@click.command(
    help=mark("Start a person (address, name or id) on a scenario. The daemon plans it with its next beat.")
)
@click.argument("person")
@click.argument("scenario")
@click.option("--anchor", metavar="WHEN", help=mark("Day 1: 2026-11-05 or 2026-11-05T15:00; else now."))
@by_option
def enroll(person: str, scenario: str, anchor: str | None, by: str | None) -> None:
    """Enroll."""
    t = terminal()
    reader = t.reader(by)

    async def _act(doors: Doors) -> tuple[str, Enrollment]:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.cli.log import moment  # noqa: PLC0415
        from nurture.flows import enroll as flow  # noqa: PLC0415

        who = await find.person(doors, person)
        at = moment(anchor, doors.clock.now(), t.zone()) if anchor else doors.clock.now()
        return who.name, await flow.enroll(doors, who.id, scenario, by=reader.id, anchor_at=at)

    name, started = t.run(_act)
    t.say(
        mark("{name} is enrolled in {scenario}, day 1 is {at}."),
        name=name,
        scenario=started.scenario_id,
        at=t.instant(started.anchor_at),
    )
