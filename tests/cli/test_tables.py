"""Tables and folded lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.cli import tables


def test_columns_stay_in_line() -> None:
    """Wide letters count two cells, so the second column begins at one place."""
    drawn = tables.table(("name", "x"), [("山田 太郎", "1"), ("A", "2"), ("ｱｲｳ", "3")], wide=None)
    lines = drawn.splitlines()
    assert {
        tables.width(line[: line.rindex(last)]) for line, last in zip(lines, ("x", "1", "2", "3"), strict=True)
    } == {11}


@pytest.mark.parametrize("cells", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_the_last_column_is_never_cut(cells: int) -> None:
    """Reasons are folded within their column, or beneath their row where there is no room for a column."""
    reason = "年度初め（看護部の新人受け入れ）を避けるため（4/1(木) → 4/11(日)）、送信時間帯のない日のため" * 4
    drawn = tables.table(
        ("ステップ", "シナリオ上の日", "内容", "日付", "理由"),
        [("case", "4/1(木)", "メール", "4/12(月) 11:05", reason), ("call", "4/2(金)", "タスク", "4/12(月)", "")],
        wide=cells,
    )
    lines = drawn.splitlines()

    assert max(tables.width(line) for line in lines) <= cells
    assert reason.replace(" ", "") in "".join("".join(lines).split())
    assert "─" in lines[1]


def test_what_fits_stays_on_one_line() -> None:
    """A short table has its columns, a rule as wide as they are, and nothing else."""
    drawn = tables.table(("name", "why"), [("山田", "congress"), ("A", "")], wide=80)

    assert drawn.splitlines() == ["name  why", "─" * 14, "山田  congress", "A"]


def test_the_widest_of_the_other_columns_gives_way() -> None:
    """Ids stay whole as long as a longer column can be cut."""
    lines = tables.table(("id", "subject", "why"), [("m-1234", "件名" * 40, "late")], wide=60).splitlines()

    assert lines[2].startswith("m-1234  件名")
    assert lines[2].split()[-1] == "late"
    assert tables.width(lines[2]) <= 60


def test_an_arrow_keeps_both_its_sides() -> None:
    """From and to of a move stand on one line."""
    assert tables.fold("for this reason (1 Apr → 11 Apr)", 20) == ["for this reason (1", "Apr → 11 Apr)"]


def test_a_word_longer_than_a_line_is_broken() -> None:
    """An address that fills the line is not left to the terminal."""
    assert tables.fold("at https://example.example/" + "x" * 20, 20) == [
        "at",
        "https://example.exam",
        "ple/" + "x" * 16,
        "xxxx",
    ]


@given(st.text(max_size=200), st.integers(10, 80))
def test_folding_loses_nothing(text: str, cells: int) -> None:
    """All letters are still there, in order; only blanks may go."""
    plain = tables.one_line(text)
    folded = tables.fold(plain, cells)
    assert "".join("".join(folded).split()) == "".join(plain.split())


def test_japanese_folds_between_letters_but_not_before_a_full_stop() -> None:
    """A line is filled to its width; punctuation does not begin the next."""
    lines = tables.fold("あいうえおかきくけこ。さしす", 20)
    assert lines == ["あいうえおかきくけ", "こ。さしす"]


@given(st.text())
def test_what_is_printed_cannot_move_the_cursor(text: str) -> None:
    """No control sign of another's text reaches the terminal."""
    for shown in (tables.one_line(text), tables.plain(text)):
        assert "\x1b" not in shown
        assert "\r" not in shown
        assert "\u202e" not in shown
