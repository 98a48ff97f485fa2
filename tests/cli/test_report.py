"""nurture report: the KPIs at a terminal, as CSV, as data."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.cli.test_asking import _met, _record

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


def test_the_report_in_each_form(shell: Shell) -> None:
    """A meeting that was just recorded stands in all three; by month as a rule."""
    assert "Nothing stands in the journal" in shell.ok("report")
    _record(shell, _met("連携基盤", "2", ""))
    table = shell.ok("report", "--by", "rep")
    assert "田中 一郎" in table
    assert "As it was known on" in table
    text = shell.ok("report", "--by", "rep", "--format", "csv", "--rep", "tanaka")
    assert text.startswith("\ufeffRepresentative,Meetings,")
    data = json.loads(shell.ok("report", "--format", "json"))

    assert ("month", 6, 1) == (data["by"], len(data["groups"]), data["groups"][-1]["meetings"])
    assert 0 == json.loads(shell.ok("report", "--format", "json", "--rep", "sato"))["groups"][-1]["meetings"]


def test_what_is_asked_wrongly_is_said_in_words(shell: Shell) -> None:
    """An unknown representative, and something that is no month."""
    for wrong, says in ((("--rep", "nobody"), "known are: sato, tanaka"), (("--from", "May"), "write 2026-11")):
        result = shell.run("report", *wrong)
        assert 1 == result.exit_code
        assert says in result.stderr


def test_a_day_is_as_of_its_evening(recorded: Shell) -> None:
    """As at the desk: what was recorded on a day is known as of that day, and not as of the day before."""
    today = datetime.now(ZoneInfo("Asia/Tokyo")).date()
    known = [recorded.ok("report", "--as-of", str(day)) for day in (today, today - timedelta(days=1))]

    assert [False, True] == ["Nothing stands in the journal" in said for said in known]
