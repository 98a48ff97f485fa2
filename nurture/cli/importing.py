"""``nurture import FILE``: people from a CSV file."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import by_option, json_option, shown_path, terminal
from nurture.core.people import AccessRole
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.errors import UserError
    from nurture.files.people import ContactList
    from nurture.files.people import PersonRow as Parsed
    from nurture.flows.people import ImportReport, PersonRow
    from nurture.ports import Doors

BATCH = 500

COLUMNS = mark(
    "Columns: email (required), name or family_name and given_name, kana, organisation, organisation_kind, "
    "region, department, title, role, specialty, profession, timezone, language, rep, topics, basis, basis_on, "
    "basis_evidence. Japanese headers such as 氏名, メールアドレス, 病院名, 役職, 診療科 are understood, and so "
    "are UTF-8, Shift_JIS and UTF-16, with commas, semicolons or tabs. Nobody is entered twice; empty cells "
    "change nothing."
)


@click.command(
    help=mark("Import people from a CSV file. Rows with problems are listed and left out; the others come in."),
    epilog=COLUMNS,
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help=mark("Only say what would be done."))
@click.option(
    "--rep", metavar="REP", help=mark("The representative of new people whose row names none; else you.")
)
@by_option
@json_option
def import_(file: Path, dry_run: bool, rep: str | None, by: str | None, as_json: bool) -> None:
    """Parse, bring in, report; exit code 1 when rows were left out."""
    from nurture.files import people as files  # noqa: PLC0415

    t = terminal()
    reader = t.reader(by)
    ours = rep or (reader.id if AccessRole.REP in reader.access else "")
    found = files.read(file, shown_path(file))

    async def _act(doors: Doors) -> ImportReport:
        from nurture.flows import people as flow  # noqa: PLC0415

        owned = await _owned(doors, found.rows)
        rows = [_row(row, "" if row.email.lower() in owned else ours) for row in found.rows]
        return await flow.import_people(doors, rows, by=reader.id, dry_run=dry_run)

    report = t.run(_act)
    errors = sorted([*found.errors, *(_placed(e, found, file) for e in report.errors)], key=_line)
    if as_json:
        t.json(
            {
                "dry_run": dry_run,
                "created": list(report.created),
                "updated": list(report.updated),
                "unchanged": list(report.unchanged),
                "suppressed": list(report.suppressed),
                "errors": [t.data(error) for error in errors],
                "warnings": [t.data(warning) for warning in found.warnings],
            }
        )
    else:
        for warning in found.warnings:
            click.echo(t.w("note: {text}", text=t.w.error(warning)), err=True)
        for error in errors:
            t.error(error)
        refused = len({_line(error) for error in errors})
        t.say(
            mark("Would be done: {created} new, {updated} changed, {unchanged} as before, {refused} left out.")
            if dry_run
            else mark("Done: {created} new, {updated} changed, {unchanged} as before, {refused} left out."),
            created=len(report.created),
            updated=len(report.updated),
            unchanged=len(report.unchanged),
            refused=refused,
        )
        if report.suppressed:
            t.say(
                mark("{count} want no more mail: nothing is sent to them ({first} …)."),
                count=len(report.suppressed),
                first=report.suppressed[0],
            )
        silent = sum(1 for row in found.rows if row.legal_basis is None or not row.legal_basis.allows_mail)
        if silent:
            t.say(
                mark("{count} rows name no legal basis: nothing is sent to these people unless one is known."),
                count=silent,
            )
    sys.exit(1 if errors else 0)


async def _owned(doors: Doors, rows: Sequence[Parsed]) -> set[str]:
    """Addresses of people who have a representative: a list that names none does not take them away."""
    from nurture.core.people import Person  # noqa: PLC0415

    owned: set[str] = set()
    for start in range(0, len(rows), BATCH):
        emails = tuple(row.email.lower() for row in rows[start : start + BATCH])
        owned |= {p.email for p in await doors.store.find(Person, {"email": emails}) if p.rep_id}
    return owned


def _row(parsed: Parsed, rep: str) -> PersonRow:
    """A parsed row as the flow takes it, where an empty field says nothing."""
    from nurture.flows.people import PersonRow  # noqa: PLC0415

    said = {
        f.name: value for f in fields(parsed) if (value := getattr(parsed, f.name)) is not None and f.name != "rep"
    }
    return PersonRow(**said, rep=parsed.rep or rep)


def _placed(error: UserError, found: ContactList, file: Path) -> UserError:
    """The flow knows line and column name; the file's name and its own header are ours."""
    from nurture.errors import UserError, Where  # noqa: PLC0415

    where = error.where or Where()
    header = found.columns.get(where.key or "", where.key)
    place = replace(where, file=shown_path(file), key=header)
    return UserError(error.text, where=place, hint=error.hint, **error.values)


def _line(error: UserError) -> int:
    return (error.where.line if error.where else None) or 0
