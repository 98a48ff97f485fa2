"""``nurture calendar``: months as a reader has them, what asks for care, dates confirmed, feeds fetched."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from nurture.cli.terminal import json_option, shown_path, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nurture.cli.terminal import Terminal
    from nurture.config import Settings
    from nurture.core.calendar import Calendar, Profile
    from nurture.core.feeds import FeedState
    from nurture.files.calendar import Found
    from nurture.files.library import FileLibrary
    from nurture.flows.feeds import Looked
    from nurture.ports import Doors

READER: Final = ("role", "specialty", "department", "region", "organisation", "organisation_kind")


@click.group(
    help=mark(
        "Calendars: show a month as one reader has it, with reasons; see which dates wait to be confirmed, and "
        "confirm them; list calendars, fetch subscribed ones."
    )
)
def calendar() -> None:
    """Four looks and one change."""


def _on_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--on", metavar="DATE", help=mark("As if it were this day; else today."))(command)


def _folder_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--calendars",
        "folder",
        type=click.Path(path_type=Path),
        help=mark("Another folder of calendars; then no configuration is needed."),
    )(command)


# --- show --------------------------------------------------------------------------------------------


@calendar.command(
    short_help=mark("Draw a month or a year, with reasons."),
    help=mark(
        "Draw a month, or a year with --year, with what stands on its days and why. With a reader (--role, "
        "--specialty …, or --person) only what concerns that reader; else every entry and whom it concerns."
    ),
)
@click.option("--month", "months", metavar="2027-03", multiple=True, help=mark("Which month; may be given twice."))
@click.option(
    "--year", metavar="2027", type=click.IntRange(2000, 2099), help=mark("A whole year, one line a month.")
)
@click.option("--role", help=mark("The reader's role: clinician, nursing, executive …"))
@click.option("--specialty", help=mark("The reader's specialty: radiology …"))
@click.option("--department", help=mark("The reader's department."))
@click.option("--region", help=mark("The reader's region: kanto …"))
@click.option("--organisation", help=mark("The reader's organisation, by name."))
@click.option("--organisation-kind", help=mark("The kind of organisation: hospital, clinic …"))
@click.option(
    "--person", help=mark("Somebody who is known (address, name or id), with the closures of the organisation.")
)
@click.option(
    "--calendar", "chosen", multiple=True, metavar="ID", help=mark("Only this calendar; may be given twice.")
)
@click.option("--scenario", metavar="ID", help=mark("Only the calendars that this scenario lists."))
@_folder_option
@_on_option
@json_option
def show(
    months: tuple[str, ...],
    year: int | None,
    person: str | None,
    chosen: tuple[str, ...],
    scenario: str | None,
    folder: Path | None,
    on: str | None,
    as_json: bool,
    **said: str | None,
) -> None:
    """Draw it."""
    from nurture.core.calendar import Profile  # noqa: PLC0415
    from nurture.errors import UserError  # noqa: PLC0415
    from nurture.reports import days  # noqa: PLC0415

    t = terminal()
    today = _today(t, on)
    if year is not None and months:
        raise UserError("--month and --year do not go together")
    library, country = _library(t, folder)
    listed = _chosen(library, country, chosen, scenario)
    flags = {key: value.strip() for key in READER if (value := said[key]) and value.strip()}
    reader: Profile | None = Profile(**flags) if flags else None
    title = " · ".join(flags.values())
    if person is not None:
        if flags:
            raise UserError("--person knows its own role, specialty and place")
        reader, closed, title = _person(t, person)
        listed += closed
    spans = [_month(text) for text in months] or (
        [_month_of(date(year, n, 1)) for n in range(1, 13)] if year else []
    )
    sheets = [days.sheet(listed, reader, *span) for span in spans or [_month_of(today)]]
    if as_json:
        t.json(
            days.as_data(sheets[0], t.w) if len(sheets) == 1 else [days.as_data(sheet, t.w) for sheet in sheets]
        )
        return
    _draw(t, sheets, title, today, strip=year is not None)


def _draw(t: Terminal, sheets: Sequence[Any], title: str, today: date, *, strip: bool) -> None:
    from nurture.cli import sheet  # noqa: PLC0415
    from nurture.cli.tables import fold, one_line, pad, width  # noqa: PLC0415

    colour = False if t.environ.get("NO_COLOR") else None
    everybody = sheets[0].reader is None

    def say(line: str = "") -> None:
        click.echo(line, color=colour)

    say(one_line(title) if title else t.w("every entry, whomever it concerns"))
    say()
    if strip:
        for line in sheet.year(list(sheets), t.w):
            say(line)
    for found in sheets:
        if not strip:
            for line in sheet.month(found, t.w, today):
                say(line)
            say()
            rows = sheet.reasons(found, t.w, readers=everybody)
            room = max((width(row[1]) for row in rows), default=0)
            for letter, span, name, notes in rows:
                first, *more = fold(f"{name}{f'  ({notes})' if notes else ''}", (t.width() or 10_000) - room - 5)
                say(f"{letter}  {pad(span, room)}  {first}")
                for line in more:
                    say(f"{'':{room + 5}}{line}")
            if not rows:
                say(t.w("Nothing stands in this month."))
            say()
    if drawn := sheet.legend(list(sheets), t.w):
        say(f"\n{drawn}" if strip else drawn)


def _chosen(library: FileLibrary, country: str, chosen: Sequence[str], scenario: str | None) -> list[Calendar]:
    """The calendars that are meant; by default all files and the country's holidays."""
    if scenario is not None:
        return list(library.calendars(library.scenario(scenario), None))
    if chosen:
        return [library.calendar(calendar_id) for calendar_id in dict.fromkeys(chosen)]
    files = [found.calendar for found in library.every_calendar()]
    holidays = f"{country.lower()}-holidays"
    if any(one.id == holidays for one in files):
        return files
    return [library.calendar(holidays), *files]


def _person(t: Terminal, said: str) -> tuple[Profile, list[Calendar], str]:
    """Somebody's attributes, the closures of the organisation, and how to call them."""

    async def _look(doors: Doors) -> tuple[Profile, list[Calendar], str]:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.core.people import Organisation  # noqa: PLC0415
        from nurture.core.survey import profile  # noqa: PLC0415
        from nurture.files.library import closures  # noqa: PLC0415

        who = await find.person(doors, said)
        where = await doors.store.get(Organisation, who.organisation_id) if who.organisation_id else None
        closed = [closures(where)] if where is not None and where.closures else []
        return (
            profile(who, where),
            closed,
            " · ".join(part for part in (who.name, where.name if where else "") if part),
        )

    return t.run(_look)


# --- due, list ---------------------------------------------------------------------------------------


@calendar.command(
    short_help=mark("Estimates to confirm, calendars that run out."),
    help=mark(
        "List what asks for care: estimated dates that come soon and nobody has confirmed, and calendars whose "
        "dated entries run out. Habits of each year (the flu season) are not asked about."
    ),
)
@click.option("--within", default="90d", show_default=True, metavar="90d", help=mark("How far to look: 90d, 12w."))
@_folder_option
@_on_option
@json_option
def due(within: str, folder: Path | None, on: str | None, as_json: bool) -> None:
    """The list."""
    from nurture.core import upkeep  # noqa: PLC0415

    t = terminal()
    today, ahead = _today(t, on), _days(within)
    library, _ = _library(t, folder)
    listed = [found.calendar for found in library.every_calendar()]
    near, ending = upkeep.unconfirmed(listed, today, ahead), upkeep.ending(listed, today, ahead)
    if as_json:
        t.json(
            {
                "unconfirmed": [
                    {
                        "id": f"{one.calendar.id}/{one.entry.id}",
                        "name": _name(t, one.entry.name, one.entry.id),
                        "from": one.start.isoformat(),
                        "to": (one.entry.end or one.start).isoformat(),
                        "source": one.entry.source,
                    }
                    for one in near
                ],
                "ending": [{"calendar": one.calendar.id, "last": one.last.isoformat()} for one in ending],
            }
        )
        return
    if near:
        t.say(mark("Estimated dates that come soon; nobody has confirmed them:"))
        t.table(
            (t.w("first day"), t.w("last day"), t.w("entry"), t.w("what it is")),
            [
                (
                    t.w.date(one.start),
                    t.w.day(one.entry.end or one.start),
                    f"{one.calendar.id}/{one.entry.id}",
                    _name(t, one.entry.name, one.entry.id),
                )
                for one in near
            ],
        )
        t.say(mark("Once the dates are known: nurture calendar confirm ENTRY --start DATE --end DATE --write"))
    if ending:
        if near:
            t.echo()
        t.say(mark("Calendars whose dated entries run out:"))
        t.table((t.w("calendar"), t.w("last entry")), [(one.calendar.id, t.w.date(one.last)) for one in ending])
    if not near and not ending:
        t.say(mark("Nothing asks for care within {days} days."), days=ahead)


@calendar.command("list", help=mark("List all calendars: where each comes from, how far it reaches, how it is."))
@_folder_option
@json_option
def list_(folder: Path | None, as_json: bool) -> None:
    """The list."""
    from nurture.core import upkeep  # noqa: PLC0415

    t = terminal()
    library, country = _library(t, folder)
    rows: list[dict[str, Any]] = []
    for found in library.every_calendar():
        state = _state(t, found, folder)
        last = upkeep.last_day(found.calendar)
        rows.append(
            {
                "id": found.calendar.id,
                "name": _name(t, found.calendar.name, ""),
                "from": _origin(found),
                "entries": len(found.calendar.entries),
                "last": last.isoformat() if last else None,
                "left_out": len(found.problems),
                "fetched": state.good_at.isoformat() if state and state.good_at else None,
                "error": t.w(state.error, **state.values) if state and state.error else "",
            }
        )
    holidays = f"{country.lower()}-holidays"
    if all(row["id"] != holidays for row in rows):
        days = library.calendar(holidays)
        last = upkeep.last_day(days)
        rows.append(
            {
                "id": holidays,
                "name": _name(t, days.name, ""),
                "from": t.w("public holidays"),
                "entries": len(days.entries),
                "last": last.isoformat() if last else None,
                "left_out": 0,
                "fetched": None,
                "error": "",
            }
        )
    if as_json:
        t.json(rows)
        return
    t.table(
        (
            t.w("calendar"),
            t.w("what it is"),
            t.w("entries"),
            t.w("last entry"),
            t.w("where it stands"),
            t.w("trouble"),
        ),
        [
            (row["id"], row["name"], str(row["entries"]), row["last"] or "", row["from"], row["error"])
            for row in rows
        ],
    )


def _origin(found: Found) -> str:
    if found.subscription is not None:
        return found.subscription.said
    path = found.path
    return shown_path(path) if path is not None else ""


def _state(t: Terminal, found: Found, folder: Path | None) -> FeedState | None:
    if found.subscription is None or folder is not None:
        return None
    from nurture.feeds import read_state  # noqa: PLC0415

    return read_state(t.settings().feeds, found.subscription)


# --- fetch, confirm ----------------------------------------------------------------------------------


@calendar.command(help=mark("Fetch all subscribed calendars now; what they change is planned anew."))
@json_option
def fetch(as_json: bool) -> None:
    """Look at each."""
    t = terminal()

    async def _work(doors: Doors) -> tuple[Looked, ...]:
        from nurture import wiring  # noqa: PLC0415
        from nurture.flows import feeds  # noqa: PLC0415

        found = await feeds.refresh(doors, wiring.open_feeds(doors.settings), anyway=True)
        await feeds.notice(doors)
        return found

    found = t.run(_work)
    if as_json:
        t.json(
            [
                {
                    "calendar": one.subscription.calendar_id,
                    "address": one.subscription.said,
                    "changed": one.state.changed_at == one.state.tried_at and not one.state.error,
                    "error": t.w(one.state.error, **one.state.values) if one.state.error else "",
                }
                for one in found
            ]
        )
    for one in found if not as_json else ():
        if one.state.error:
            said = t.w("not fetched: {reason}", reason=t.w(one.state.error, **one.state.values))
        else:
            said = t.w("new") if one.state.changed_at == one.state.tried_at else t.w("unchanged")
        t.echo(f"{one.subscription.calendar_id}  {one.subscription.said}  {said}")
    if not found and not as_json:
        t.say(mark("No calendar is subscribed to."))
    if any(one.state.error for one in found):
        raise SystemExit(1)


@calendar.command(
    short_help=mark("Confirm the dates of an estimated entry."),
    help=mark(
        "Confirm an estimated entry (jp-medical/jrc-2028): show what would stand in the calendar file, or with "
        "--write put it there; comments stay. Without dates those that stand there are confirmed. What it would "
        "change for a person shows: nurture why PERSON --if-entry"
    ),
)
@click.argument("entry")
@click.option("--start", metavar="DATE", help=mark("The first day; else as it stands."))
@click.option("--end", metavar="DATE", help=mark("The last day, included; else as it stands."))
@click.option("--source", default="", help=mark("Where it says so: the page of the society."))
@click.option("--write", is_flag=True, help=mark("Write it into the folder's file."))
def confirm(entry: str, start: str | None, end: str | None, source: str, write: bool) -> None:
    """Confirm."""
    from nurture.files.calendar_edit import put_in_place  # noqa: PLC0415

    t = terminal()
    path, before, after = _confirmed(t.settings(), _library(t, None)[0], entry, start, end, source)
    if not write:
        import difflib  # noqa: PLC0415

        name = shown_path(path)
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=2):
            t.echo(line)
        t.say(mark("Nothing is written yet; with --write it is."))
        return
    put_in_place(path, after)
    t.say(mark("Written to {path}. A running daemon plans anew within a minute."), path=shown_path(path))


def _confirmed(
    settings: Settings, library: FileLibrary, named: str, start: str | None, end: str | None, source: str
) -> tuple[Path, str, str]:
    """The file of the working folder, its text, and the text in which the entry is confirmed."""
    from nurture.files.shelf import confirmation  # noqa: PLC0415

    days = (day_of(start) if start else None, day_of(end) if end else None)
    name, before, after = confirmation(library, named, *days, source)
    folder = settings.calendars or settings.folder / "calendars"
    return folder / name, before, after


# --- small words -------------------------------------------------------------------------------------


def _library(t: Terminal, folder: Path | None) -> tuple[FileLibrary, str]:
    """The calendars of the configuration or of a folder, and the country whose holidays count."""
    from nurture.errors import UserError  # noqa: PLC0415
    from nurture.files.library import FileLibrary  # noqa: PLC0415

    if folder is not None:
        if not folder.is_dir():
            raise UserError("there is no folder {path}", path=str(folder))
        return FileLibrary(calendars=folder), "JP"
    settings = t.settings()
    library = FileLibrary(
        scenarios=settings.scenarios,
        calendars=settings.calendars,
        country=settings.country,
        timezone=settings.timezone,
        feeds=settings.feeds,
    )
    return library, settings.country


def _today(t: Terminal, on: str | None) -> date:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from nurture.clock import SystemClock  # noqa: PLC0415
    from nurture.errors import UserError  # noqa: PLC0415

    if on is not None:
        return day_of(on)
    try:
        zone = t.zone()
    except UserError:  # without a configuration
        zone = "Asia/Tokyo"
    return SystemClock().now().astimezone(ZoneInfo(zone)).date()


def day_of(text: str) -> date:
    """A date of the command line."""
    from nurture.files import spans  # noqa: PLC0415
    from nurture.files.yaml import Wrong  # noqa: PLC0415

    try:
        return spans.day_of(text.strip())
    except Wrong as wrong:
        raise wrong.error from wrong


def _days(text: str) -> int:
    from nurture.errors import UserError  # noqa: PLC0415

    found = re.fullmatch(r"([0-9]{1,4})([dw]?)", text.strip())
    if found is None:
        raise UserError("found {found}, expected a number of days such as 7d", found=text[:60])
    return int(found[1]) * (7 if found[2] == "w" else 1)


def _month(text: str) -> tuple[date, date]:
    from nurture.errors import UserError  # noqa: PLC0415

    found = re.fullmatch(r"(20[0-9]{2})-([0-9]{1,2})", text.strip())
    if found is None or not 1 <= int(found[2]) <= 12:
        raise UserError("found {found}, expected a month such as 2027-03", found=text[:60])
    return _month_of(date(int(found[1]), int(found[2]), 1))


def _month_of(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _name(t: Terminal, names: Any, otherwise: str) -> str:
    return str(names.get(t.language) or next(iter(names.values()), "") or otherwise)
