"""The KPI report as table, CSV and data."""

from __future__ import annotations

import csv
import io

import pytest

from nurture.core.figures import Figures
from nurture.core.rates import Rate, percent, spread
from nurture.i18n import words
from nurture.reports import kpi

ROW = Figures(
    meetings=4,
    thanks=Rate(3, 4),
    thanks_hours=spread([1.0, 2.0, 2.5]),
    slices=(1, 2, 0, 0, 0, 1),
    replied=Rate(0, 0),
    channels={"mail": 3, "call": 1},
)


def test_csv_opens_in_a_spreadsheet() -> None:
    """The mark of UTF-8 first, CRLF, a header in the reader's language, one line a group; unknown is empty."""
    text = kpi.as_csv(words("ja"), "rep", {"sato": ROW}, {"sato": "佐藤, 美咲"})
    assert text.startswith("\ufeff担当者,")
    header, row = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    found = dict(zip([column.title for column in kpi.COLUMNS], row[1:], strict=True))

    assert len(header) == len(row) == len(kpi.COLUMNS) + 1
    assert ("佐藤, 美咲", "0.7500", "2.0000", "") == (
        row[0],
        found["Thank-yous within 3 h, share"],
        found["Hours to the thank-you, median"],
        found["Answers to the minutes, share"],
    )
    assert 2 == text.count("\r\n")


@pytest.mark.parametrize("name", ["=1+1", "+81", "-2", "@SUM", "\t=1", " =1", "＝1", "\r1"])
def test_no_cell_is_a_formula(name: str) -> None:
    """A name that a spreadsheet would run is a text."""
    text = kpi.as_csv(words("en"), "rep", {"x": ROW}, {"x": name})

    assert f"'{name}" == list(csv.reader(io.StringIO(text, newline="")))[1][0]


def test_data_has_stable_names() -> None:
    """Rates with their interval, spreads with their quantiles, whole numbers as they are."""
    data = kpi.as_data(ROW)

    assert {"hits": 3, "of": 4, "share": 0.75} == {k: v for k, v in data["thanks"].items() if k != "interval"}
    assert {"hits": 0, "of": 0, "share": None, "interval": None} == data["replied"]
    assert (2.0, {"mail": 3, "call": 1}, [1, 2, 0, 0, 0, 1]) == (
        data["thanks_hours"]["median"],
        data["channels"],
        data["slices"],
    )


@pytest.mark.parametrize(
    ("share", "says"),
    [(None, "–"), (1.0, "100 %"), (0.999, "99.9 %"), (0.0, "0 %"), (0.001, "0.1 %"), (0.834, "83 %")],
)
def test_only_all_is_a_hundred_percent(share: float | None, says: str) -> None:
    """Rounding does not make a goal reached."""
    assert says == percent(share)
