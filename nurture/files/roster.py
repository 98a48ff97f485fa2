"""People for a simulation: a CSV file whose columns are the attributes that calendars and scenarios ask for.

Unlike ``files.people``, which brings people into the store, this reads words as they stand: the same address may
come twice (one person in two enrollments), and nobody needs a name.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nurture.core.people import ROLES
from nurture.core.plan import zone_of
from nurture.errors import UserError, Where
from nurture.files.sheet import LARGEST, decode
from nurture.files.yaml import nearest, shown, together
from nurture.mail.address import check_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

COLUMNS: Final = (
    "email",
    "name",
    "role",
    "specialty",
    "organisation",
    "timezone",
    "department",
    "region",
    "organisation_kind",
)
"""Each is optional but email."""

MOST: Final = 100_000
"""Rows."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The rows of a file (only the cells that say something), and columns that were left out."""

    rows: tuple[Mapping[str, str], ...]
    warnings: tuple[UserError, ...] = ()


def read_roster(path: Path, *, file: str | None = None) -> Roster:
    """Read a CSV file of people.

    Raises:
        UserError, UserErrors: it cannot be read, or rows are wrong; names line and column.
    """
    name = file or str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("the file cannot be read: {reason}", where=Where(name), reason=reason) from error
    if len(data) > LARGEST:
        raise UserError("the file is longer than {limit} bytes", where=Where(name), limit=LARGEST)
    return parse_roster(decode(data, name)[0], file=name)


def parse_roster(text: str, *, file: str | None = None) -> Roster:
    """As ``read_roster``, from a text."""
    records = _records(text, file)
    line, cells = next(records, (1, []))
    header = [cell.strip().lower() for cell in cells]
    if "email" not in header:
        raise UserError(
            "there is no column email among {columns}",
            where=Where(file, line),
            hint="the first line names the columns: {known}",
            columns=shown(", ".join(header)),
            known=", ".join(COLUMNS),
        )
    twice = next((column for column in COLUMNS if header.count(column) > 1), None)
    if twice is not None:
        raise UserError("the column {column} is there twice", where=Where(file, line), column=twice)
    warnings = [
        UserError(
            "this column is not known and is left out",
            where=Where(file, line, at + 1, shown(column)),
            hint="did you mean {guess}?" if (guess := nearest(column, COLUMNS)) else None,
            guess=guess,
        )
        for at, column in enumerate(header)
        if column and column not in COLUMNS
    ]
    rows: list[Mapping[str, str]] = []
    errors: list[UserError] = []
    for number, record in records:
        try:
            rows.append(row := _row(header, record, Where(file, number)))
        except UserError as error:
            errors.append(error)
        else:
            warnings += _doubts(row, Where(file, number, header.index("email") + 1, "email"))
    if errors:
        raise together(errors)
    return Roster(tuple(rows), tuple(warnings))


def _records(text: str, file: str | None) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    for count in range(MOST + 2):
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                "the row that begins here cannot be read: {reason}", where=Where(file, line), reason=str(error)
            ) from error
        if count > MOST:
            raise UserError("there are more than {limit} rows", where=Where(file, line), limit=MOST)
        if any(cell.strip() for cell in cells):
            yield line, cells


def _row(header: list[str], cells: list[str], where: Where) -> Mapping[str, str]:
    if any(cell.strip() for cell in cells[len(header) :]):
        raise UserError(
            "this row has {found} cells, the header has {expected}",
            where=where,
            hint="is a separator inside a text that is not in quotes?",
            found=len(cells),
            expected=len(header),
        )
    row = {
        column: cell.strip()
        for column, cell in zip(header, cells, strict=False)
        if column in COLUMNS and cell.strip()
    }
    if "email" not in row:
        raise UserError("the cell email is empty", where=Where(where.file, where.line, header.index("email") + 1))
    if "timezone" in row:
        try:
            zone_of(row["timezone"])
        except UserError as error:
            place = Where(where.file, where.line, header.index("timezone") + 1, "timezone")
            raise UserError(error.text, where=place, hint=error.hint, **error.values) from error
    return row


def _doubts(row: Mapping[str, str], where: Where) -> list[UserError]:
    """What may be a slip: nothing is sent here, so dates are found all the same; ``nurture import`` refuses it."""
    try:
        check_address(row["email"])
    except UserError as error:
        return [UserError(error.text, where=where, hint=error.hint, **error.values)]
    return []


def roster_schema() -> dict[str, Any]:
    """The JSON Schema of one row: the columns of a CSV file of people for ``nurture simulate --contacts``."""
    about = {
        "email": "the address; two rows with the same one are the same person",
        "name": "the name, for the reader of the table",
        "role": ", ".join(ROLES),
        "specialty": "radiology …; empty: matches every list of specialties",
        "organisation": "the hospital, by name; rows with the same one share its cap",
        "timezone": "an IANA name; empty: the scenario's",
        "department": "医事課 …",
        "region": "kanto …",
        "organisation_kind": "hospital, university_hospital, clinic, health_check_center, care_facility",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One row of a CSV file of people",
        "type": "object",
        "properties": {column: {"type": "string", "description": about[column]} for column in COLUMNS},
        "required": ["email"],
        "additionalProperties": False,
    }
