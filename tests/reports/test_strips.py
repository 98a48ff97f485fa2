"""Charts one row high: where things stand."""

from __future__ import annotations

from nurture.core.rates import Rate, spread
from nurture.reports import strips


def test_a_rate_stands_where_it_is() -> None:
    """Share, interval and goal, in percent of the width; reached when it is."""
    found = strips.rate(Rate(7, 10), 0.7)

    assert ("70.00%", "70.00%", True) == (found.at, found.goal, found.reached)
    assert ("39.68%", "49.54%") == (found.low, found.width)
    assert strips.Strip(goal="70.00%") == strips.rate(Rate(0, 0), 0.7)


def test_a_spread_lies_on_its_scale() -> None:
    """What is longer than the scale ends at its end."""
    found = strips.spread(spread([1.0, 2.0, 3.0]), 4.0, 3.0)

    assert ("50.00%", "37.50%", "25.00%", "75.00%", True) == (
        found.at,
        found.low,
        found.width,
        found.goal,
        found.reached,
    )
    assert "100.00%" == strips.spread(spread([50.0]), 4.0).at
    assert strips.Strip() == strips.spread(spread([]), 4.0)


def test_parts_stand_side_by_side() -> None:
    """In order, without those that are nothing; the widest row fills the width."""
    parts = strips.stack([("mail", 3), ("call", 0), ("visit", 1)], strips.widest([{"a": 8}, {"b": 2, "c": 2}]))

    assert [("mail", "0.00%", "37.50%"), ("visit", "37.50%", "12.50%")] == [
        (p.name, p.start, p.width) for p in parts
    ]
    assert () == strips.stack([("mail", 0)], 0)
