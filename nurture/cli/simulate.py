"""``nurture simulate``: the dates of a scenario, without a database and without sending anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nurture.cli.terminal import terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from nurture.cli.terminal import Terminal
    from nurture.core.scenario import Scenario
    from nurture.ports import Doors
    from nurture.reports.simulation import Contact, Simulated, Simulation

ATTRIBUTES = ("role", "specialty", "organisation", "timezone", "department", "region", "organisation_kind")
"""The flags that describe a reader; they fill what a CSV file leaves empty."""


@click.command(
    help=mark(
        "Compute when each step of a scenario would happen, and why then. Nothing is sent, nothing is kept, no "
        "database is needed."
    )
)
@click.argument("scenario", required=False, type=click.Path(path_type=Path))
@click.option("--anchor", help=mark("The scenario's anchor: 2027-04-05T15:00, in its time zone."))
@click.option(
    "--enrollment",
    metavar="PERSON",
    help=mark(
        "What is still to come for somebody who is enrolled (address, name or id), with all that is known; with "
        "a SCENARIO as if moved on to that text. Needs a database."
    ),
)
@click.option("--now", help=mark("As if it were this moment; else the anchor, or before it where steps are."))
@click.option("--role", help=mark("The reader's role: clinician, nursing, executive …"))
@click.option("--specialty", help=mark("The reader's specialty: radiology …"))
@click.option("--department", help=mark("The reader's department."))
@click.option("--region", help=mark("The reader's region: kanto …"))
@click.option("--organisation", help=mark("The reader's organisation, by name."))
@click.option("--organisation-kind", help=mark("The kind of organisation: hospital, clinic …"))
@click.option("--timezone", help=mark("The reader's time zone: Asia/Tokyo …"))
@click.option("--stance", help=mark("How the reader felt in the meeting: sceptical, neutral, supportive."))
@click.option("--deal-phase", type=click.IntRange(1, 5), help=mark("The phase of the deal, 1 to 5."))
@click.option("--competitor", help=mark("The competitor that the deal names."))
@click.option(
    "--contacts", type=click.Path(path_type=Path), help=mark("A CSV file of people, one enrollment each.")
)
@click.option(
    "--calendars",
    type=click.Path(path_type=Path),
    help=mark("A folder of calendars, added to those that ship; for one id its file wins."),
)
@click.option("--country", default="JP", show_default=True, help=mark("Whose public holidays 'holidays' means."))
@click.option("--variant", help=mark("The arm of a comparison; else the one that a hash of the address gives."))
@click.option("--date", "dates", multiple=True, help=mark("The date of an event: seminar_date=2027-05-10."))
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "json", "ics", "svg", "chart")),
    default="table",
    show_default=True,
    help=mark("How to print it."),
)
def simulate(
    scenario: Path | None, anchor: str | None, enrollment: str | None, now: str | None, form: str, **options: Any
) -> None:
    """Read, plan, print."""
    from nurture.core.plan import Situation  # noqa: PLC0415 - commands load what they need when called
    from nurture.errors import UserError  # noqa: PLC0415
    from nurture.files.scenario import read_scenario  # noqa: PLC0415
    from nurture.reports import simulation  # noqa: PLC0415

    t = terminal()
    if enrollment is not None:
        if given := _given(anchor, options):
            raise UserError("{option} is known of somebody who is enrolled", option=given)
        _print(t, *_enrolled(t, enrollment, scenario, now), form)
        return
    if scenario is None or anchor is None:
        raise UserError(
            "a simulation needs a scenario and its anchor, or somebody who is enrolled",
            hint="nurture simulate scenarios/x.yaml --anchor 2027-04-05T15:00; or --enrollment PERSON",
        )
    script = read_scenario(scenario)
    start = _instant(anchor, script.timezone, "--anchor")
    found, planned = simulation.opened(
        script,
        _calendars(script, options["calendars"], options["country"]),
        _contacts(t, options),
        start,
        _instant(now, script.timezone, "--now") if now else simulation.first_moment(script, start),
        events=events(options["dates"]),
        situation=Situation(
            stance=options["stance"], deal_phase=options["deal_phase"], competitor=options["competitor"]
        ),
        variant=options["variant"],
    )
    _print(t, found, planned, form)


def _given(anchor: str | None, options: Mapping[str, Any]) -> str | None:
    """An option that says what an enrollment knows by itself."""
    said = {"anchor": anchor, **options, "dates": options["dates"] or None}
    names = [name for name, value in said.items() if value is not None and name not in {"country", "dates"}]
    names += ["date"] if options["dates"] else []
    return f"--{names[0].replace('_', '-')}" if names else None


def _enrolled(
    t: Terminal, who: str, scenario: Path | None, now: str | None
) -> tuple[Simulation, Iterator[Simulated]]:
    """The rest of a running enrollment, as a simulation of one."""
    from nurture.cli import find  # noqa: PLC0415
    from nurture.errors import UserError  # noqa: PLC0415
    from nurture.files.scenario import read_scenario  # noqa: PLC0415
    from nurture.flows import foresight  # noqa: PLC0415
    from nurture.flows.migrate import RUNNING  # noqa: PLC0415
    from nurture.reports.simulation import Contact, Simulated, Simulation  # noqa: PLC0415

    script = read_scenario(scenario) if scenario is not None else None

    async def _work(doors: Doors) -> foresight.Ahead | None:
        meant = await find.enrollment(doors, who, RUNNING)
        at = _instant(now, doors.settings.timezone, "--now") if now else doors.clock.now()
        return await foresight.ahead(doors, meant.id, at, script)

    found = t.run(_work)
    if found is None:
        raise UserError("{name} has no such enrollment", hint="see: nurture why {name}", name=who)
    seen, request, running = found.survey, found.survey.request, found.survey.dossier.enrollment
    person = found.survey.dossier.person
    one = Simulated(
        Contact(request.profile, person.email, person.name),
        seen.plan,
        seen.scenario,
        request.anchor,
        running.variant,
    )
    return Simulation(seen.scenario, request.anchor, request.now, (), found.calendars), iter((one,))


def _print(t: Terminal, found: Simulation, planned: Iterator[Simulated], form: str) -> None:
    """Tables and JSON as they come; pictures and calendar files need to see everybody."""
    from nurture.reports import simulation  # noqa: PLC0415

    if form in {"ics", "svg", "chart"}:
        found = replace(found, enrollments=tuple(planned))
    if form == "json":
        for piece in simulation.as_json(found, planned, t.w):
            click.echo(piece, nl=False)
    elif form == "ics":
        click.echo(simulation.as_ics(found, t.w), nl=False)
    elif form == "svg":
        from nurture.reports import field, picture  # noqa: PLC0415

        click.echo(picture.as_svg(field.field(found, t.w), t.w), nl=False)
    elif form == "chart":
        _chart(t, found)
    else:
        for place, enrollment in enumerate(planned):
            if place:
                t.echo()
            t.echo(simulation.title(enrollment.contact, t.w, enrollment.variant))
            t.table(simulation.headers(t.w), simulation.rows(found, enrollment, t.w))
    for warning in found.warnings:
        t.error(warning)


def _chart(t: Terminal, found: Simulation) -> None:
    import shutil  # noqa: PLC0415
    import sys  # noqa: PLC0415

    from nurture.cli import chart  # noqa: PLC0415
    from nurture.reports import field  # noqa: PLC0415

    cells = shutil.get_terminal_size((100, 24)).columns
    t.echo(chart.chart(field.field(found, t.w), t.w, cells, coloured=sys.stdout.isatty()))


def _calendars(script: Scenario, folder: Path | None, country: str) -> Any:
    from nurture.errors import UserError  # noqa: PLC0415
    from nurture.files.library import FileLibrary  # noqa: PLC0415

    if folder is not None and not folder.is_dir():
        raise UserError("there is no folder {path}", path=str(folder))
    return FileLibrary(calendars=folder, country=country).calendars(script, None)


def _contacts(t: Terminal, options: Mapping[str, Any]) -> list[Contact]:
    """The rows of the file, or one reader as the flags say."""
    from nurture.core.calendar import Profile  # noqa: PLC0415
    from nurture.core.plan import zone_of  # noqa: PLC0415
    from nurture.files.roster import read_roster  # noqa: PLC0415
    from nurture.reports.simulation import Contact  # noqa: PLC0415

    flags = {key: value for key in ATTRIBUTES if (value := (options[key] or "").strip())}
    if "timezone" in flags:
        zone_of(flags["timezone"])
    if options["contacts"] is None:
        return [Contact(Profile(**flags))]
    roster = read_roster(options["contacts"])
    for warning in roster.warnings:
        t.error(warning)
    return [
        Contact(
            Profile(**flags | {key: row[key] for key in ATTRIBUTES if key in row}), row["email"], row.get("name")
        )
        for row in roster.rows
    ]


def _instant(text: str, zone: str, option: str) -> datetime:
    """An ISO date and time; without an offset in the scenario's zone. A date alone is its first moment."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from nurture.core.plan import zone_of  # noqa: PLC0415
    from nurture.errors import UserError  # noqa: PLC0415

    try:
        at = datetime.fromisoformat(text.strip())
        if not 1900 <= at.year <= 2999:
            raise ValueError(text)  # noqa: TRY301 - the same words for both
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone_of(zone)).astimezone(UTC)  # an hour that does not exist moves on
        return at
    except ValueError as error:
        raise UserError(
            "{option}: found {found}, expected a moment such as 2027-04-05T15:00", option=option, found=text[:60]
        ) from error


def events(said: tuple[str, ...]) -> dict[str, date]:
    """``--date`` options: names of events with their dates.

    Raises:
        UserError: one is no name with a date.
    """
    from nurture.errors import UserError  # noqa: PLC0415
    from nurture.files.spans import day_of  # noqa: PLC0415
    from nurture.files.yaml import Wrong  # noqa: PLC0415

    found: dict[str, date] = {}
    for text in said:
        name, sign, day = text.partition("=")
        try:
            if not sign or not name.strip():
                raise Wrong(UserError("found {found}, expected seminar_date=2027-05-10", found=text[:60]))  # noqa: TRY301
            found[name.strip()] = day_of(day.strip())
        except Wrong as wrong:
            error = wrong.error
            raise UserError(
                error.text, where=None, hint="write --date seminar_date=2027-05-10", **error.values
            ) from wrong
    return found
