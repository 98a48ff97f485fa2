"""``nurture enroll``: start a person on a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import by_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from datetime import date, datetime

    from nurture.core.messages import Enrollment
    from nurture.ports import Doors


@click.command(
    help=mark(
        "Start a person (address, name or id) on a scenario. The daemon plans it with its next beat. Day 1 comes "
        "from what is recorded: the last meeting, the deal, the last contact; what is not can be given here."
    )
)
@click.argument("person")
@click.argument("scenario")
@click.option("--anchor", metavar="WHEN", help=mark("The scenario's anchor: 2026-11-05 or 2026-11-05T15:00."))
@click.option("--date", "dates", multiple=True, help=mark("The date of an event: seminar_date=2027-05-10."))
@click.option("--deal", metavar="ID", help=mark("The deal, where there are several."))
@by_option
def enroll(
    person: str, scenario: str, anchor: str | None, dates: tuple[str, ...], deal: str | None, by: str | None
) -> None:
    """Enroll."""
    t = terminal()
    reader = t.reader(by)

    async def _act(doors: Doors) -> tuple[str, Enrollment]:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.cli.log import moment  # noqa: PLC0415
        from nurture.cli.simulate import events  # noqa: PLC0415
        from nurture.core.ids import DealId  # noqa: PLC0415
        from nurture.flows import enroll as flow  # noqa: PLC0415

        who = await find.person(doors, person)
        at = _moment(anchor, moment(anchor, doors.clock.now(), t.zone())) if anchor else None
        return who.name, await flow.enroll(
            doors,
            who.id,
            scenario,
            by=reader.id,
            anchor_at=at,
            dates=events(dates),
            deal_id=DealId(deal) if deal else None,
        )

    name, started = t.run(_act)
    t.say(
        mark("{name} is enrolled in {scenario}, day 1 is {at}."),
        name=name,
        scenario=started.scenario_id,
        at=t.instant(started.anchor_at),
    )


def _moment(said: str, at: datetime) -> datetime | date:
    """A date alone is a date in the recipient's own zone."""
    from nurture.files.spans import day_of  # noqa: PLC0415
    from nurture.files.yaml import Wrong  # noqa: PLC0415

    try:
        return day_of(said.strip())
    except Wrong:
        return at
