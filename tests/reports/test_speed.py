"""``nurture bench plan``: what it measures is real work, and what it says can be compared."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from nurture.cli.main import program
from nurture.core.calendar import Calendar, Days, Shelf, applies
from nurture.files.scenario import read_scenario
from nurture.files.shipped import shipped
from nurture.reports import speed

SCRIPT = read_scenario(shipped() / "scenarios" / "warm-lead-30d.yaml")


def test_only_what_changed_is_told() -> None:
    """The same each time; and nothing where nobody can attend the congress."""
    found: list[speed.Change] = []
    again: list[speed.Change] = []
    measured = speed.measure(SCRIPT, 300, 200, found.append)
    speed.measure(SCRIPT, 300, 200, again.append)

    assert found == again
    assert (600, len(found)) == (measured.plans, measured.changes)
    assert 0 < len(found) < 300
    assert all(change.before != change.after or change.step_id for change in found)


def test_planning_is_compared_with_a_loop_that_does_work() -> None:
    """Both take time; planning takes more."""
    measured = speed.measure(SCRIPT, 300, 200, lambda _: None)

    assert measured.factor > 1
    assert measured.per_second > 0


@pytest.mark.parametrize("number", range(0, 60, 7))
def test_the_index_of_a_calendar_finds_what_a_look_at_every_entry_finds(number: int) -> None:
    """By whichever attribute an entry is looked up."""
    book = speed.invented(500, confirmed=True)
    profile = speed._profile(number)
    slowly = [entry.id for entry in book.entries if applies(entry.applies_to, profile)]

    found = sorted(pair for shelf in book.concerning(book.reader(profile)) for pair in _numbered(shelf))

    assert slowly == [name for _, name in found]


def _numbered(shelf: Shelf) -> list[tuple[int, str]]:
    return [(place, entry.id) for place, entry in shelf.entries]


def test_a_calendar_remembers_a_bounded_number_of_readers() -> None:
    """However many hospitals ask, each answer is right."""
    book = speed.invented(4000, confirmed=True)
    profiles = [speed._profile(number) for number in range(0, 6000, 5)]
    for profile in profiles:
        Days((book,), profile).on(speed.FIRST)

    assert len(book._years) <= 1000
    fresh = Calendar(book.id, book.entries)
    assert Days((fresh,), profiles[0]).on(speed.FIRST) == Days((book,), profiles[0]).on(speed.FIRST)


def test_the_command_prints_a_line_for_each_size() -> None:
    """As a table and as data; changes when asked for."""
    runner = CliRunner(env={"NURTURE_LANG": "en"})
    sizes = ["--enrollments", "40", "--enrollments", "80", "--entries", "50"]
    table = runner.invoke(program, ["bench", "plan", *sizes]).stdout
    found = json.loads(runner.invoke(program, ["bench", "plan", *sizes, "--json"]).stdout)
    told = runner.invoke(program, ["bench", "plan", "--enrollments", "300", "--changes"]).stdout

    assert "plans per second" in table
    assert [40, 80] == [line["enrollments"] for line in found]
    assert all(line["plans_per_second"] > 0 and line["peak_mb"] > 0 for line in found)
    assert " -> " in told
