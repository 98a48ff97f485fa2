"""``nurture report``: the KPIs of practice I, computed from the journal."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from nurture.cli.log import moment
from nurture.cli.terminal import Terminal, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.figures import Figures, Months
    from nurture.ports import Doors

FORMATS = ("table", "csv", "json")


@click.command(
    help=mark(
        "How well meetings are followed up: time to the thank-you, answers, next appointments, touches, records. "
        "Computed from the journal alone, so a past month comes out the same each time."
    )
)
@click.option(
    "--by",
    type=click.Choice(["month", "rep", "team", "scenario", "all"]),
    default="month",
    show_default=True,
    help=mark("What to put side by side."),
)
@click.option("--from", "first", metavar="YYYY-MM", help=mark("The first month; else five before the last."))
@click.option("--to", "last", metavar="YYYY-MM", help=mark("The last month; else the present one."))
@click.option("--as-of", "as_of", metavar="WHEN", help=mark("As it was known then: 2026-11-05, 2026-11-05T15:00."))
@click.option("--rep", "reps", multiple=True, metavar="REP", help=mark("Only of this representative; repeatable."))
@click.option("--scenario", default="", metavar="ID", help=mark("Only of this scenario."))
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help=mark("How to print it."),
)
def report(
    by: str,
    first: str | None,
    last: str | None,
    as_of: str | None,
    reps: tuple[str, ...],
    scenario: str,
    form: str,
) -> None:
    """Print the report."""
    t = terminal()
    t.run(lambda doors: _report(t, doors, by, first, last, as_of, reps, scenario, form))


def _known_at(said: str, now: datetime, zone: str) -> datetime:
    """A day means its evening, as at the desk and in the API; else a moment as people say it.

    Raises:
        UserError: it is none.
    """
    from nurture.flows.kpi import evening  # noqa: PLC0415

    try:
        return evening(date.fromisoformat(said.strip()), zone)
    except ValueError:
        return moment(said, now, zone)


async def _report(
    t: Terminal,
    doors: Doors,
    by: str,
    first: str | None,
    last: str | None,
    as_of: str | None,
    reps: tuple[str, ...],
    scenario: str,
    form: str,
) -> None:
    from nurture.core.figures import By, figures, span  # noqa: PLC0415
    from nurture.core.people import Representative  # noqa: PLC0415
    from nurture.flows import kpi  # noqa: PLC0415

    now = doors.clock.now()
    known_at = min(_known_at(as_of, now, t.zone()), now) if as_of else now
    months = span(_month(first), _month(last), known_at, t.zone())
    ours = {rep.id: rep for rep in await doors.store.find(Representative)}
    if unknown := [name for name in reps if name not in ours]:
        raise UserError("nobody is known as {by}", hint="known are: {known}", by=unknown[0], known=", ".join(ours))
    facts = await kpi.facts(doors, months, known_at)
    found = figures(
        facts,
        months,
        None if by == "all" else By(by),
        sees=(lambda rep: rep in reps) if reps else lambda _: True,
        scenario=scenario,
        teams={rep.id: rep.manager_id for rep in ours.values() if rep.manager_id},
    )
    names: dict[str, str] = {rep.id: rep.name for rep in ours.values()}
    names[""] = t.w(mark("Outside scenarios")) if by == "scenario" else t.w("All")
    _print(t, by, months, known_at, found, names, form)


def _print(
    t: Terminal,
    by: str,
    months: Months,
    known_at: datetime,
    found: Mapping[str, Figures],
    names: Mapping[str, str],
    form: str,
) -> None:
    from nurture.reports import kpi  # noqa: PLC0415

    group = "" if by == "all" else by
    if form == "csv":
        click.echo(kpi.as_csv(t.w, group, found, names), nl=False)
        return
    if form == "json":
        groups = [{"key": key, "name": names.get(key, key)} | kpi.as_data(row) for key, row in found.items()]
        t.json(
            {
                "by": group or "all",
                "from": f"{months.first:%Y-%m}",
                "to": f"{months.last:%Y-%m}",
                "as_of": known_at.isoformat(),
                "groups": groups,
            }
        )
        return
    columns = [column for column in kpi.COLUMNS if column.short]
    rows = [
        [names.get(key, key), *(kpi.said(column, column.value(row)) for column in columns)]
        for key, row in found.items()
    ]
    if not any(row.meetings or row.channels for row in found.values()):
        t.say("Nothing stands in the journal for these months.")
        return
    t.table([t.w(kpi.GROUPS[group]), *(t.w(column.short) for column in columns)], rows)
    t.say("As it was known on {at}.", at=t.instant(known_at))


def _month(said: str | None) -> date | None:
    if said is None:
        return None
    try:
        return datetime.strptime(said.strip(), "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise UserError("{said} is not a month", hint="write 2026-11", said=said) from None
