"""The library over a working folder: whose file wins, what a change does, what a broken file does."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from nurture.core.calendar import Days, Profile
from nurture.core.people import Closure
from nurture.errors import UserError
from nurture.files.library import FileLibrary
from nurture.ports import Library
from tests.samples import HOSPITAL

CALENDAR = "id: {id}\nentries:\n  - {{id: a, start: {day}, effect: blackout}}\n"
SCENARIO = (
    "id: {id}\nanchor: meeting_end\ncalendars: [{calendars}]\n"
    "windows: {{default: {{days: mon-fri, hours: ['09:00-12:00']}}}}\n"
    "steps:\n  - {{id: a, day: 1, mail: thanks}}\n"
)


def write(path: Path, text: str, version: int = 0) -> None:
    """A file that has changed, also for clocks that tick slowly."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(version, version))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with one scenario and one calendar."""
    write(tmp_path / "scenarios" / "a.yaml", SCENARIO.format(id="own", calendars="company, jp-holidays"))
    write(tmp_path / "calendars" / "company.yaml", CALENDAR.format(id="company", day="2027-06-01"))
    return tmp_path


@pytest.fixture
def library(folder: Path) -> FileLibrary:
    """The library over it."""
    return FileLibrary(scenarios=folder / "scenarios", calendars=folder / "calendars")


def test_it_is_the_library_that_flows_ask_for(library: FileLibrary) -> None:
    """Every verb of the port."""
    port: Library = library

    assert ("own",) == tuple(s.id for s in port.scenarios())
    assert port.content()


def test_the_folders_file_wins_and_the_shipped_ones_stand_behind_it(library: FileLibrary) -> None:
    """One company calendar, and the medical one that ships."""
    assert date(2027, 6, 1) == library.calendar("company").entries[0].start
    assert len(library.calendar("jp-medical").entries) > 50
    assert "jp-holidays" == library.calendar("jp-holidays").id
    assert library.calendar("holidays") is library.calendar("jp-holidays")


def test_a_listed_calendar_that_is_nowhere_is_an_error(folder: Path, library: FileLibrary) -> None:
    """It names the scenario's file and the place, and guesses."""
    write(folder / "scenarios" / "a.yaml", SCENARIO.format(id="own", calendars="company, jp-medcal"), 5)
    with pytest.raises(UserError, match="there is no calendar jp-medcal") as caught:
        library.calendars(library.scenario("own"), None)

    assert ("jp-medical", "calendars[1]") == (
        caught.value.values["guess"],
        caught.value.where and caught.value.where.key,
    )


def test_a_scenario_that_is_not_there_is_an_error(library: FileLibrary) -> None:
    """With a guess."""
    with pytest.raises(UserError, match="there is no scenario owm") as caught:
        library.scenario("owm")
    assert "own" == caught.value.values["guess"]


def test_a_changed_file_is_read_again_and_the_digest_differs(folder: Path, library: FileLibrary) -> None:
    """An unchanged one stays the same value, so its index of days stays warm."""
    before, digest = library.calendar("company"), library.digest()
    assert before is library.calendar("company")
    assert digest == library.digest()

    write(folder / "calendars" / "company.yaml", CALENDAR.format(id="company", day="2027-06-02"), 7)

    assert date(2027, 6, 2) == library.calendar("company").entries[0].start
    assert digest != library.digest()


def test_a_broken_calendar_is_an_error_not_silence(folder: Path) -> None:
    """It might have been the one that was to win."""
    write(folder / "calendars" / "mine.yaml", "id: jp-medical\nentries: 3\n")
    library = FileLibrary(calendars=folder / "calendars")

    with pytest.raises(UserError, match="expected a list"):
        library.calendar("jp-medical")


def test_what_was_right_stays_in_use_while_it_is_mended(folder: Path, library: FileLibrary) -> None:
    """A daemon does not stop for a typo."""
    library.calendar("company")
    write(folder / "calendars" / "company.yaml", "id: company\nentries: [", 9)

    assert date(2027, 6, 1) == library.calendar("company").entries[0].start


def test_two_files_of_one_id_are_an_error(folder: Path, library: FileLibrary) -> None:
    """Nobody can know which was meant."""
    write(folder / "calendars" / "other.yaml", CALENDAR.format(id="company", day="2027-06-03"))

    with pytest.raises(UserError, match=r"company\.yaml has the id company too"):
        library.calendar("company")


def test_closures_of_the_organisation_are_one_more_calendar(library: FileLibrary) -> None:
    """With their effect; a holiday is not a business day."""
    closed = replace(
        HOSPITAL,
        closures=(
            Closure(date(2027, 6, 8), date(2027, 6, 9), "病院機能評価"),
            Closure(date(2027, 6, 10), date(2027, 6, 10), "創立記念日", "holiday"),
        ),
    )
    calendars = library.calendars(library.scenario("own"), closed)
    days = Days(calendars, Profile())

    assert ["company", "jp-holidays", "closures"] == [c.id for c in calendars]
    assert ["blackout", "holiday"] == [days.on(date(2027, 6, d))[0].effect.value for d in (9, 10)]
    assert calendars[2] is library.calendars(library.scenario("own"), closed)[2]


def test_a_text_that_an_enrollment_kept_is_parsed_once(library: FileLibrary) -> None:
    """The same text is the same scenario."""
    text = library.scenario("own").text

    assert library.parse(text) is library.parse(text)
    assert library.scenario("own").hash == library.parse(text).hash


def test_without_folders_the_shipped_files_are_the_library() -> None:
    """The standard scenario and its calendars."""
    library = FileLibrary()

    assert "warm-lead-30d" in {s.id for s in library.scenarios()}
    assert 3 == len(library.calendars(library.scenario("warm-lead-30d"), None))
