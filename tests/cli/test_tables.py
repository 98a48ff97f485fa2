"""Tables and folded lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nurture.cli import tables


def test_columns_stay_in_line() -> None:
    """Wide letters count two cells, so the second column begins at one place."""
    drawn = tables.table(("name", "x"), [("山田 太郎", "1"), ("A", "2"), ("ｱｲｳ", "3")], wide=False)
    lines = drawn.splitlines()
    assert {
        tables.width(line[: line.rindex(last)]) for line, last in zip(lines, ("x", "1", "2", "3"), strict=True)
    } == {11}


def test_a_person_gets_rules_and_no_line_is_wider_than_the_terminal() -> None:
    """At a terminal the table is cut to fit."""
    drawn = tables.table(("name", "subject"), [("山田", "件名" * 100)], wide=True)
    assert "─" in drawn


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
