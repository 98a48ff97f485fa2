"""The library over a working folder: whose file wins, what a change does, what a broken file does."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from nurture.core.calendar import Days, Profile
from nurture.core.people import Closure
from nurture.errors import UserError, UserErrors
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


# --- iCalendar ---------------------------------------------------------------------------------------

EVENTS = (
    "BEGIN:VCALENDAR\r\nX-WR-CALNAME:見本学会\r\nBEGIN:VEVENT\r\nUID:a@x\r\nDTSTAMP:{stamp}\r\n"
    "DTSTART;VALUE=DATE:{day}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_an_icalendar_file_is_a_calendar_by_its_name(folder: Path, library: FileLibrary) -> None:
    """``society.ics`` is ``society``; its events are blackouts for everybody."""
    write(folder / "calendars" / "society.ics", EVENTS.format(stamp="20260101T000000Z", day="20270408"))
    found = library.calendar("society")

    assert ("見本学会", date(2027, 4, 8), "blackout") == (
        found.name["ja"],
        found.entries[0].start,
        found.entries[0].effect,
    )


def test_a_yaml_file_says_what_the_events_of_an_icalendar_file_do(folder: Path, library: FileLibrary) -> None:
    """Then the ``.ics`` is a part of it, not a calendar of its own; a change of either is seen."""
    place = folder / "calendars" / "congresses.yaml"
    events = folder / "calendars" / "society.ics"
    write(place, "id: society\nical: society.ics\napplies_to: {roles: [clinician]}\neffect: no_appointment\n", 1)
    write(events, EVENTS.format(stamp="20260101T000000Z", day="20270408"), 1)
    first = library.calendar("society").entries[0]
    before = library.digest()
    write(events, EVENTS.format(stamp="20260101T000000Z", day="20270409"), 2)

    assert (("clinician",), "no_appointment") == (first.applies_to.roles, first.effect)
    assert date(2027, 4, 9) == library.calendar("society").entries[0].start
    assert before != library.digest()


def test_the_same_events_written_anew_are_no_change(folder: Path, library: FileLibrary) -> None:
    """Servers put a new DTSTAMP on every copy; nobody is planned again for that."""
    events = folder / "calendars" / "society.ics"
    write(events, EVENTS.format(stamp="20260101T000000Z", day="20270408"), 1)
    before = library.digest()
    write(events, EVENTS.format(stamp="20260202T000000Z", day="20270408"), 2)

    assert before == library.digest()


def test_a_file_that_was_missing_is_seen_when_it_comes(folder: Path, library: FileLibrary) -> None:
    """An error does not stay when its cause has gone."""
    write(folder / "calendars" / "congresses.yaml", "id: congresses\nical: society.ics\n", 1)
    with pytest.raises(UserError, match=r"there is no file society\.ics"):
        library.calendar("congresses")
    write(folder / "calendars" / "society.ics", EVENTS.format(stamp="20260101T000000Z", day="20270408"))

    assert 1 == len(library.calendar("congresses").entries)


def test_a_subscription_without_a_copy_is_empty_and_its_copy_counts_when_it_comes(folder: Path) -> None:
    """Planning never waits for the network."""
    feeds = folder / "data" / "feeds"
    library = FileLibrary(calendars=folder / "calendars", feeds=feeds)
    own = "entries: [{id: own, start: 2027-01-01, effect: blackout}]\n"
    write(folder / "calendars" / "c.yaml", f"id: c\nical: webcal://society.example/c.ics?key=1\n{own}", 1)
    (subscription,) = library.subscriptions()

    assert ["own"] == [entry.id for entry in library.calendar("c").entries]
    assert ("c", "https://society.example/c.ics?key=1", "https://society.example/c.ics?…") == (
        subscription.calendar_id,
        subscription.url,
        subscription.said,
    )
    write(feeds / f"{subscription.stored}.ics", EVENTS.format(stamp="20260101T000000Z", day="20270408"))
    assert ["own", "a"] == [entry.id for entry in library.calendar("c").entries]


def test_holidays_with_days_taken_out_and_put_in(folder: Path, library: FileLibrary) -> None:
    """A file of the id ``jp-holidays`` replaces the country's; so does one of any other id beside it."""
    write(
        folder / "calendars" / "holidays.yaml",
        "id: jp-holidays\nholidays: JP\nremove: [2027-02-11]\n"
        "entries: [{id: foundation, start: 2027-10-15, effect: holiday}]\n",
    )
    days = Days((library.calendar("jp-holidays"),), Profile())

    assert not days.on(date(2027, 2, 11))
    assert days.on(date(2027, 10, 15))
    assert days.on(date(2027, 1, 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: c\nholidays: XX\n", "nothing is known of the holidays of XX"),
        ("id: c\nholidays: japan\n", "expected a country such as JP or DE-BY"),
        ("id: c\nical: http://society.example/c.ics\n", "expected an address that begins with https://"),
        ("id: c\nical: https://me:secret@society.example/c.ics\n", "must not hold a name or password"),
        ("id: c\nical: ftp://society.example/c.ics\n", "expected an address"),
        ("id: c\nical: ''\n", "expected a path or an https address"),
        ("id: c\nentries: []\neffect: blackout\n", "effect is for the events of ical"),
        ("id: c\nical: a.ics\nholidays: JP\n", "two calendars"),
        ("id: c\nentries: []\nremove: [2027-01-01]\n", "remove is for holidays"),
        ("id: c\n", "needs entries, ical or holidays"),
    ],
)
def test_mistakes_in_the_keys_of_a_calendar(folder: Path, library: FileLibrary, text: str, said: str) -> None:
    """Each is named with its place."""
    write(folder / "calendars" / "c.yaml", text)
    with pytest.raises(UserError) as caught:
        library.calendar("c")
    found = caught.value.errors[0] if isinstance(caught.value, UserErrors) else caught.value

    assert said in str(found)
    assert found.where is not None
    assert found.where.line
