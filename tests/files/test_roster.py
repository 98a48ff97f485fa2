"""People for a simulation, from a CSV file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nurture.errors import UserError, UserErrors
from nurture.files.roster import COLUMNS, parse_roster, read_roster, roster_schema


def test_cells_are_taken_as_they_stand_and_empty_ones_left_out(tmp_path: Path) -> None:
    """Also from a file with a byte order mark; the same address may come twice."""
    path = tmp_path / "people.csv"
    text = (
        "email,role,organisation,specialty\na@aoba.example,clinician,青葉中央病院,\n\na@aoba.example,,,radiology\n"
    )
    path.write_text(text, encoding="utf-8-sig")

    assert (
        {"email": "a@aoba.example", "role": "clinician", "organisation": "青葉中央病院"},
        {"email": "a@aoba.example", "specialty": "radiology"},
    ) == read_roster(path).rows


def test_an_unknown_column_is_left_out_and_said() -> None:
    """With a guess."""
    found = parse_roster("email,rolle\na@aoba.example,x\n")

    assert [("rolle", "role")] == [(w.where and w.where.key, w.values["guess"]) for w in found.warnings]


def test_an_address_that_can_be_none_is_said_and_planned_all_the_same() -> None:
    """Nothing is sent by a simulation; but the slip would stop an import."""
    found = parse_roster("role,email\nit,a@aoba.example\nit,aoba.example\nit,a@aoba\n")

    assert 3 == len(found.rows)
    assert [(3, 2), (4, 2)] == [(w.where and w.where.line, w.where and w.where.column) for w in found.warnings]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column email"),
        ("name\nx\n", "no column email"),
        ("email,email\na,b\n", "there twice"),
        ("email,role\n,clinician\n", "the cell email is empty"),
        ("email\na@aoba.example,b\n", "2 cells, the header has 1"),
        ("email,timezone\na@aoba.example,Mars/Olympus\n", "not a time zone"),
        ('email\n"a@aoba.example\n', "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(UserError, match=said):
        parse_roster(text, file="p.csv")


def test_all_wrong_rows_are_told_at_once_with_their_lines() -> None:
    """Lines count from 1, the header included."""
    with pytest.raises(UserErrors) as caught:
        parse_roster("email,timezone\n,\nb@aoba.example,X\n,UTC\nc@aoba.example,Y\n", file="p.csv")

    assert [3, 4, 5] == [e.where.line for e in caught.value.errors if e.where]


def test_the_schema_names_the_columns() -> None:
    """For editors and other programs."""
    assert set(COLUMNS) == set(roster_schema()["properties"])
    assert json.dumps(roster_schema())
