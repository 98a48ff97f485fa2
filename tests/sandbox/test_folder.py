"""The demo's working folder."""

from __future__ import annotations

from datetime import date

import pytest
from ruamel.yaml import YAML

from nurture.files import shipped
from nurture.sandbox.folder import of_its_time
from nurture.sandbox.plot import FIRST_DAY


def _seminars(start: date) -> list[date]:
    """The days of the seminars in a demo that begins on this day."""
    source = dict(shipped.files())["templates/content/seminars.yaml"].read_text(encoding="utf-8")
    items = YAML(typ="safe").load(of_its_time(source, start))["items"]
    return sorted(date.fromisoformat(str(item["event_on"])) for item in items)


@pytest.mark.parametrize("start", [date(2026, 11, 23), date(2027, 8, 10), date(2028, 2, 29), date(2098, 12, 25)])
def test_every_demo_has_seminars_ahead(start: date) -> None:
    """Whenever a demo begins, its seminars lie as far ahead as in the one that is told, on the same weekdays."""
    shipped_days, days = _seminars(FIRST_DAY), _seminars(start)
    assert [day.weekday() for day in days] == [day.weekday() for day in shipped_days]
    assert all(
        abs((day - start) - (known - FIRST_DAY)).days <= 3 for day, known in zip(days, shipped_days, strict=True)
    )


def test_the_demo_that_is_told_has_the_shipped_content() -> None:
    """On the demo's own first day nothing is changed."""
    for name, path in shipped.files():
        if name.startswith("templates/content/"):
            text = path.read_text(encoding="utf-8")
            assert of_its_time(text, FIRST_DAY) == text
