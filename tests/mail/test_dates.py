"""Dates in running text."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail.absence import absence
from nurture.mail.dates import mentions

BASE = date(2026, 11, 24)  # a Tuesday


def said(text: str, base: date | None = BASE) -> list[tuple[str, str]]:
    """First and last day of each mention."""
    return [(m.first.isoformat(), m.last.isoformat()) for m in mentions(text, base)]


@pytest.mark.parametrize(
    "text",
    [
        "令和8年12月5日(土)",
        "R8.12.5",
        "2026/12/05",
        "2026年12月5日",
        "12月5日（土）",
        "12/5(土)",
        "１２月５日",
        "5日（土）より",
        "Dec 5",
        "5 December 2026",
        "Saturday, December 5th",
        "今週の土曜日は別件で、12/5に",
    ],
)
def test_one_day(text: str) -> None:
    """All the ways to write the fifth of December."""
    assert ("2026-12-05", "2026-12-05") in said(text)


@pytest.mark.parametrize("sign", ["〜", "～", "~", "-", "−", "–", "—", "‐", "から", "より", " to ", " 〜 "])
def test_range_signs(sign: str) -> None:
    """The range sign arrives in many shapes."""
    assert said(f"12/5{sign}12/9") == [("2026-12-05", "2026-12-09")]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("12月5日から9日まで", "2026-12-05", "2026-12-09"),
        ("12/28-1/4", "2026-12-28", "2027-01-04"),
        ("12月28日（月）より翌年1月4日（月）まで", "2026-12-28", "2027-01-04"),
        ("12/5-9", "2026-12-05", "2026-12-09"),
        ("12月5日(土)～12月9日(水)の間", "2026-12-05", "2026-12-09"),
        ("2026/12/21(月)～2026/12/25(金)", "2026-12-21", "2026-12-25"),
        ("from December 5 until 9 December", "2026-12-05", "2026-12-09"),
        ("来月上旬", "2026-12-01", "2026-12-10"),
        ("12月中旬", "2026-12-11", "2026-12-20"),
        ("12月下旬", "2026-12-21", "2026-12-31"),
        ("来週", "2026-11-30", "2026-12-04"),
        ("今月末", "2026-11-30", "2026-11-30"),
        ("本日", "2026-11-24", "2026-11-24"),
        ("明日から", "2026-11-25", "2026-11-25"),
        ("来週月曜日", "2026-11-30", "2026-11-30"),
        ("再来週の水曜", "2026-12-09", "2026-12-09"),
        ("週明け", "2026-11-30", "2026-11-30"),
        ("年明け", "2027-01-04", "2027-01-04"),
        ("お盆明け", "2027-08-17", "2027-08-17"),
    ],
)
def test_spans(text: str, first: str, last: str) -> None:
    """Ranges roll over the year, keep the month, and words stand for days."""
    assert said(text) == [(first, last)]


def test_after_a_long_weekend() -> None:
    """連休明け is the first working day after the run of free days around or ahead."""
    assert said("連休明け", date(2026, 11, 22)) == [("2026-11-24", "2026-11-24")]
    assert said("連休明け", date(2026, 4, 27)) == [("2026-05-07", "2026-05-07")]


def test_year_that_is_not_said() -> None:
    """A date without a year is the next one within 11 months, else the last one."""
    assert said("12/5", date(2026, 12, 10)) == [("2026-12-05", "2026-12-05")]
    assert said("3/31", date(2026, 12, 10)) == [("2027-03-31", "2027-03-31")]
    assert said("10/31", date(2026, 12, 10)) == [("2027-10-31", "2027-10-31")]


def test_without_a_date_of_the_mail() -> None:
    """Without the mail's own date only what has a year is a date."""
    assert said("明日、12/5、2026/12/5", None) == [("2026-12-05", "2026-12-05")]


def test_weekday_that_contradicts() -> None:
    """A weekday that is not that day's makes the date doubtful."""
    assert mentions("12月5日（日）", BASE)[0].doubtful
    assert mentions("Sunday, December 5", BASE)[0].doubtful
    assert not mentions("12月5日（土）", BASE)[0].doubtful


@pytest.mark.parametrize(
    "text",
    [
        "TEL 03-1234-5678",
        "内線2345",
        "24時間365日",
        "3日間",
        "1/100",
        "2/30",
        "13/5",
        "99月99日",
        "10.5mg",
        "1日2回",
        "v2.12.5",
    ],
)
def test_what_is_no_date(text: str) -> None:
    """Numbers that only look like dates."""
    assert said(text) == []


@given(
    st.text(alphabet="0123456789/-〜年月日翌来週令和RH.(土)から末上旬 DecMon5", max_size=60),
    st.dates(date(2, 1, 1), date(9990, 1, 1)),
)
def test_total(text: str, base: date) -> None:
    """Any text against any day: mentions in order, none ends before it begins."""
    found = mentions(text, base)
    assert all(m.first <= m.last for m in found)
    absence(text + "不在", base)
