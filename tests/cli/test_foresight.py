"""``nurture why … --if-entry``: what a calendar entry would change, before anybody writes it down."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from nurture.core.calendar import Calendar, CalendarEntry, Certainty, Effect
from nurture.errors import UserError
from nurture.flows.foresight import Assumption, assume

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

WHO = "m.yamada@aoba-hospital.example"
CONGRESS = Calendar(
    "c",
    (
        CalendarEntry("jrc", Effect.BLACKOUT, start=date(2027, 4, 8), end=date(2027, 4, 11)),
        CalendarEntry("gw", Effect.HOLIDAY, start=date(2027, 5, 3)),
    ),
)


@pytest.fixture
def expecting(recorded: Shell) -> Shell:
    """The same, with a congress that is only expected, over the case's nominal date and the week after."""
    nominal = datetime.fromisoformat(_case(recorded)["nominal"]).date()
    scenario = (recorded.folder / "scenarios" / "warm.yaml").read_text(encoding="utf-8")
    assert "calendars: [jp-holidays]" in scenario
    recorded.write(
        "calendars/jp-holidays.yaml",
        "id: jp-holidays\nentries:\n"
        "  - {id: fair, name: {en: Great Fair}, effect: blackout, certainty: estimated, "
        f"reduce: 0d, start: {nominal}, end: {nominal + timedelta(days=6)}}}\n",
    )
    return recorded


def _case(shell: Shell) -> dict[str, str]:
    found = shell.json("why", WHO)["enrollments"][0]["messages"]
    return next(message for message in found if message["step"] == "case")


def test_a_confirmed_congress_moves_what_it_covers(expecting: Shell) -> None:
    """Before and after stand side by side, with the reason; nothing is written."""
    seen = _case(expecting)
    found = expecting.json("why", WHO, "--if-entry", "jp-holidays/fair")
    case = next(step for step in found["enrollments"][0]["steps"] if step["id"] == "case")

    assert case["before"]["planned"] < case["after"]["planned"]
    assert "jp-holidays/fair" in {move["entry"] for move in case["moves"]}
    assert seen == _case(expecting)
    text = expecting.ok("why", WHO, "--if-entry", "jp-holidays/fair")
    assert "as it would be" in text
    assert "Great Fair" in text


def test_a_congress_elsewhere_changes_nothing(expecting: Shell) -> None:
    """On other dates it is in nobody's way."""
    text = expecting.ok("why", WHO, "--if-entry", "jp-holidays/fair", "--start", "2031-04-08")

    assert "Nothing would change." in text


def test_mistakes_are_words(expecting: Shell) -> None:
    """An unknown entry with a guess, wrong dates, options without the entry."""
    unknown = expecting.run("why", WHO, "--if-entry", "jp-holidays/fiar")
    assert (1, True) == (unknown.exit_code, "did you mean jp-holidays/fair?" in unknown.stderr)
    wrong = expecting.run("why", WHO, "--if-entry", "jp-holidays/fair", "--end", "2001-01-01")
    assert (1, True) == (wrong.exit_code, "end before it starts" in wrong.stderr)
    assert 1 == expecting.run("why", WHO, "--if-entry", "jp-holidays/fair", "--end", "soon").exit_code
    assert 2 == expecting.run("why", WHO, "--start", "2027-04-08").exit_code


def test_an_entry_that_moves_keeps_its_length() -> None:
    """Unless its end is given too; others stay as they are."""
    moved = assume((CONGRESS,), Assumption("c/jrc", start=date(2027, 6, 1)))[0].entries
    longer = assume((CONGRESS,), Assumption("c/jrc", end=date(2027, 4, 20), effect=Effect.REDUCE))[0].entries[0]

    assert (date(2027, 6, 1), date(2027, 6, 4)) == (moved[0].start, moved[0].end)
    assert CONGRESS.entries[1] == moved[1]
    assert (date(2027, 4, 20), Effect.REDUCE, Certainty.CONFIRMED) == (longer.end, longer.effect, longer.certainty)
    with pytest.raises(UserError):
        assume((CONGRESS,), Assumption("c/jrc", start=date(2027, 6, 1), end=date(2027, 5, 1)))


def test_the_rest_of_an_enrollment_is_simulated_as_the_daemon_plans_it(expecting: Shell) -> None:
    """The dates are those of the rows; with another text those that it would have; nothing is written."""
    seen = _case(expecting)
    (one,) = json.loads(expecting.ok("simulate", "--enrollment", WHO, "--format", "json"))["enrollments"]
    case = next(step for step in one["steps"] if step["id"] == "case")
    text = (expecting.folder / "scenarios" / "warm.yaml").read_text("utf-8").replace("day: 4", "day: 5")
    other = expecting.write("other.yaml", text)
    (moved,) = json.loads(expecting.ok("simulate", other, "--enrollment", WHO, "--format", "json"))["enrollments"]

    assert datetime.fromisoformat(seen["planned"]) == datetime.fromisoformat(case["planned"])
    assert WHO == one["contact"]["email"]
    assert seen["nominal"] < next(step for step in moved["steps"] if step["id"] == "case")["nominal"]
    assert "BEGIN:VEVENT" in expecting.ok("simulate", "--enrollment", WHO, "--format", "ics")
    assert seen == _case(expecting)


def test_a_paused_enrollment_is_simulated_as_if_it_went_on(expecting: Shell) -> None:
    """A fortnight later its spacing is what it was."""
    first, second = (
        {step["id"]: date.fromisoformat(step["nominal"]) for step in one["steps"]}
        for one in (_rest(expecting), _rest(expecting, pause=True))
    )

    assert first["call"] - first["case"] == second["call"] - second["case"]
    assert first["case"] < second["case"]


def _rest(shell: Shell, *, pause: bool = False) -> Any:
    """What is still to come, or would be if it were resumed in twenty days."""
    now: tuple[str, ...] = ()
    if pause:
        shell.ok("pause", WHO)
        now = ("--now", f"{datetime.now(ZoneInfo('Asia/Tokyo')) + timedelta(days=20):%Y-%m-%dT10:00}")
    (one,) = json.loads(shell.ok("simulate", "--enrollment", WHO, "--format", "json", *now))["enrollments"]
    return one


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("--enrollment", "nobody@aoba.example"), "nobody is known as"),
        (("--enrollment", WHO, "--role", "nursing"), "--role is known of somebody who is enrolled"),
        (("--enrollment", WHO, "--date", "a=2027-01-01"), "--date is known of somebody who is enrolled"),
        (("scenarios/warm.yaml",), "a simulation needs a scenario and its anchor"),
        ((), "a simulation needs a scenario and its anchor"),
    ],
)
def test_what_a_simulation_needs_is_said(expecting: Shell, call: tuple[str, ...], said: str) -> None:
    """In words, with what to write instead."""
    found = expecting.run("simulate", *call)

    assert (1, True) == (found.exit_code, said in found.stderr)
