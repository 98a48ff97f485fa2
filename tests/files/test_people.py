"""Contact lists as people and spreadsheets write them."""

from __future__ import annotations

import csv
import io
import time
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nurture.core.people import Basis, LegalBasis, Profession
from nurture.errors import UserError
from nurture.files import people

HEADER = ("氏名", "メールアドレス", "病院名", "役職", "診療科", "役割", "根拠", "根拠日", "取得経緯")
ROW = (
    "山田　太郎",
    "t.yamada@aoba-hospital.example",
    "青葉総合病院",
    "部長",
    "放射線科",
    "医師",
    "名刺",
    "2026/11/5",
    "展示会で受領",
)


def _csv(*rows: tuple[str, ...], separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _parse(*rows: tuple[str, ...]) -> people.ContactList:
    return people.parse(_csv(*rows).encode(), "people.csv")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16", "utf-16-le"])
def test_encodings_and_separators_are_found(encoding: str, separator: str) -> None:
    """Whatever a spreadsheet writes gives the same rows."""
    if encoding == "utf-16-le":
        text = _csv(("email", "name"), ("a@b.example", "Alpha Beta"), separator=separator)
        (row,) = people.parse(text.encode(encoding), "x").rows
        assert (row.email, row.given_name) == ("a@b.example", "Beta")
        return
    found = people.parse(_csv(HEADER, ROW, separator=separator).encode(encoding), "people.csv")
    assert not found.errors
    (row,) = found.rows
    assert row == people.PersonRow(
        line=2,
        email="t.yamada@aoba-hospital.example",
        family_name="山田",
        given_name="太郎",
        organisation="青葉総合病院",
        title="部長",
        role="clinician",
        specialty="radiology",
        legal_basis=LegalBasis(Basis.BUSINESS_CARD, date(2026, 11, 5), "展示会で受領"),
    )


def test_a_wrong_row_is_refused_with_its_place_and_the_others_go_on() -> None:
    """File, line, column and the header as the file spells it."""
    bad = ("佐藤 次郎", "sato@@x", *ROW[2:])
    found = _parse(HEADER, bad, ROW)
    assert [row.line for row in found.rows] == [3]
    (error,) = found.errors
    assert str(error.where) == "people.csv:2:2: メールアドレス"


def test_lines_are_those_of_the_file() -> None:
    """Line ends inside quotes and blank lines do not shift what is told."""
    text = 'email,name\r\na@b.example,"A\nB"\r\n\r\nbad,C\r\n'
    found = people.parse(text.encode(), "x")
    assert found.rows[0].family_name == "A"
    assert [e.where.line for e in found.errors if e.where] == [5]


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "＝HYPERLINK()", "\t=1"])
def test_formulas_are_refused(cell: str) -> None:
    """A cell that a spreadsheet would run has no place in a name."""
    found = _parse(("email", "name"), ("a@b.example", cell))
    assert not found.rows
    assert [e.values["found"] for e in found.errors] == [cell.strip()]


def test_exported_formulas_come_back_as_they_were_escaped() -> None:
    """The apostrophe that exports put in front does not hide a formula."""
    assert not _parse(("email", "name"), ("a@b.example", "'=1+1")).rows


@pytest.mark.parametrize("sign", ["\x00", "\x1b[31m", "\u202e", "\x7f"])
def test_signs_that_nobody_sees_are_refused(sign: str) -> None:
    """A name cannot carry control characters or direction overrides into a mail header or a terminal."""
    found = _parse(("email", "name"), ("a@b.example", f"x{sign}y"))
    assert not found.rows
    assert found.errors


def test_headers_are_looked_for_in_both_languages() -> None:
    """Spellings, widths and case do not matter; what is not known is said, with a guess."""
    found = _parse(
        ("E-Mail", "Ｎａｍｅ", "Hospital Name", "specialtyy", "備考"), ("a@b.example", "A B", "H", "x", "")
    )
    assert found.columns == {"email": "E-Mail", "name": "Ｎａｍｅ", "organisation": "Hospital Name"}
    assert [(w.where.key, w.values["guess"]) for w in found.warnings if w.where] == [
        ("specialtyy", "specialty"),
        ("備考", None),
    ]


def test_without_addresses_there_is_nothing_to_import() -> None:
    """The file as a whole is refused, with a guess where there is one."""
    with pytest.raises(UserError) as caught:
        _parse(("name", "emial"), ("A", "a@b.example"))
    assert caught.value.values["guess"] == "emial"


def test_a_basis_needs_date_and_evidence() -> None:
    """The law wants a documented basis; half of one is an error, none is none."""
    head = ("email", "basis", "basis_on", "basis_evidence")
    found = _parse(
        head,
        ("a@b.example", "consent", "", "form"),
        ("b@b.example", "consent", "2026-11-05", ""),
        ("c@b.example", "consnt", "2026-11-05", "form"),
        ("d@b.example", "consent", "5.11.26", "form"),
        ("e@b.example", "なし", "", ""),
        ("f@b.example", "", "", ""),
    )
    assert [e.where.line for e in found.errors if e.where] == [2, 3, 4, 5]
    assert [row.legal_basis for row in found.rows] == [LegalBasis(), None]


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-05",
        "2026/11/5",
        "2026年11月5日",
        "R8.11.5",
        "令和8年11月5日",
        "２０２６／１１／５",
        "2026/11/05 0:00",
    ],
)
def test_dates_as_people_write_them(said: str) -> None:
    """Spreadsheets, era years and full-width digits mean the same day."""
    found = _parse(("email", "basis", "basis_on", "basis_evidence"), ("a@b.example", "card", said, "fair"))
    assert found.rows[0].legal_basis == LegalBasis(Basis.BUSINESS_CARD, date(2026, 11, 5), "fair")


def test_nobody_stands_twice_in_a_list() -> None:
    """The second row of one address is refused and names the first."""
    found = _parse(("email",), ("a@b.example",), ("A@B.example",))
    assert len(found.rows) == 1
    assert found.errors[0].values["first"] == 2


def test_empty_cells_say_nothing() -> None:
    """Dashes and なし change nothing in what is known."""
    found = _parse(("email", "title", "department", "role"), ("a@b.example", "-", "なし", "－"))
    assert found.rows[0] == people.PersonRow(line=2, email="a@b.example")


def test_unknown_words_are_guessed_at_or_allowed_with_a_warning() -> None:
    """A slug of one's own may be meant; a word that is no slug cannot be."""
    found = _parse(
        ("email", "role", "specialty"),
        ("a@b.example", "clinican", ""),
        ("b@b.example", "clinican", ""),
        ("c@b.example", "偉い人", ""),
    )
    assert [row.role for row in found.rows] == ["clinican", "clinican"]
    assert [w.values["guess"] for w in found.warnings] == ["clinician"]
    assert [e.where.line for e in found.errors if e.where] == [4]


def test_a_profession_is_what_the_column_says() -> None:
    """Titles and roles are weighed where the person is known (``core.people.described``)."""
    head = ("email", "役職", "役割", "職種")
    found = _parse(
        head,
        ("a@b.example", "院長", "", ""),
        ("b@b.example", "", "医師", ""),
        ("c@b.example", "科長", "", "看護師"),
        ("d@b.example", "", "", "歯科医師"),
    )

    assert [None, None, Profession.NURSE, Profession.DENTIST] == [row.profession for row in found.rows]


@pytest.mark.parametrize(
    ("header", "guess"),
    [("emial", "emial"), ("メールアドレレス", "メールアドレレス"), ("電子メイル", "電子メイル"), ("血液型", None)],
)
def test_a_misspelt_column_of_addresses_is_pointed_at(header: str, guess: str | None) -> None:
    """In either language, by likeness to any of its spellings."""
    with pytest.raises(UserError) as raised:
        _parse(("氏名", header), ("山田 太郎", "x@b.example"))

    assert guess == raised.value.values["guess"]


def test_a_file_that_is_wrong_throughout_is_not_read_to_its_end() -> None:
    """Hundreds of thousands of bad cells end after some hundred complaints, and soon."""
    text = "email,specialty\n" + "bad,心療な\n" * 80_000
    start = time.perf_counter()
    found = people.parse(text.encode(), "x")
    assert len(found.errors) <= people.ENOUGH + 3
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe\xff", id="half a sign of UTF-16"),
        pytest.param(b"\x81\n\xff", id="no text"),
        pytest.param(b'email\n"open\n', id="an open quote"),
        pytest.param(b"email\n" + b"x" * 200_000, id="a cell without end"),
        pytest.param(b"\n\n\n", id="blank lines"),
    ],
)
def test_files_that_are_no_lists(raw: bytes) -> None:
    """One clear error."""
    with pytest.raises(UserError):
        people.parse(raw, "x")


@example(b"\x01\r\x01")  # a lone carriage return once escaped as csv.Error
@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_user_error(raw: bytes) -> None:
    """Nothing that can be in a file raises anything else."""
    for text in (raw, b"email,name,role,basis,basis_on,topics\n" + raw):
        with suppress(UserError):
            people.parse(text, "x")
