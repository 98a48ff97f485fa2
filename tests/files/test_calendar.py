"""Calendar files, national holidays, and what ships."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from nurture.core.calendar import AppliesTo, Calendar, Certainty, Days, Effect, Profile
from nurture.core.people import ORGANISATION_KINDS, ROLES
from nurture.core.recurrence import Monthly, Rrule, Yearly
from nurture.errors import UserError, UserErrors
from nurture.files.calendar import calendar_schema, national_holidays, parse_calendar, read_calendar
from nurture.files.shipped import shipped
from nurture.i18n import Words

EN = Words("en")
PAGE = """
id: jp-medical
name: {ja: 医療カレンダー, en: Medical calendar}
entries:
  - id: jrc-2027
    name: {ja: JRC2027, en: Japan Radiology Congress 2027}
    start: 2027-04-08
    end: 2027-04-11
    effect: blackout
    applies_to: {roles: [clinician, radiographer], specialties: [radiology]}
    certainty: confirmed
    source: "https://…"
    before: 1d
    after: 1d
  - id: new-year
    every: {from: 12-28, to: 01-04}
    effect: blackout
    applies_to: {}
  - id: claims
    every: {monthly: {from: 1, to: 10}}
    reduce: 10d
  - id: saturdays
    start: 2027-01-09
    every: {rrule: "FREQ=MONTHLY;BYDAY=2SA"}
    effect: holiday
    applies_to: {regions: all}
"""
HEAD = "id: c\nentries:\n"


def errors(text: str) -> list[str]:
    """What is said about a text, as words."""
    with pytest.raises(UserError) as caught:
        parse_calendar(text, file="c.yaml")
    found = caught.value
    return [EN.error(error) for error in (found.errors if isinstance(found, UserErrors) else (found,))]


def test_every_key_of_the_format_becomes_a_value() -> None:
    """The example of the reference, and the other recurrences."""
    congress, new_year, claims, saturdays = parse_calendar(PAGE).entries

    assert (date(2027, 4, 8), date(2027, 4, 11), 1, 1) == (
        congress.start,
        congress.end,
        congress.before,
        congress.after,
    )
    assert AppliesTo(roles=("clinician", "radiographer"), specialties=("radiology",)) == congress.applies_to
    assert (Yearly((12, 28), (1, 4)), AppliesTo(), Certainty.CONFIRMED) == (
        new_year.every,
        new_year.applies_to,
        new_year.certainty,
    )
    assert (Monthly(1, 10), Effect.REDUCE, 10) == (claims.every, claims.effect, claims.reduce_days)
    assert (Rrule("FREQ=MONTHLY;BYDAY=2SA"), ("all",)) == (saturdays.every, saturdays.applies_to.regions)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{id: a, start: 2027-01-01, effect: blackot}", "did you mean blackout?"),
        ("{id: a, start: 2027-02-30, effect: blackout}", "expected a date such as 2027-04-08"),
        ("{id: a, start: 20270401, effect: blackout}", "expected a date such as 2027-04-08"),
        ("{id: a, start: 2027-01-01}", "effect is missing"),
        ("{id: a, effect: blackout}", "needs start, or every"),
        ("{id: a, end: 2027-01-01, every: {from: 01-01, to: 01-02}, effect: blackout}", "end needs a start"),
        ("{id: a, start: 2027-01-02, end: 2027-01-01, effect: blackout}", "end lies before start"),
        ("{id: a, start: 2027-01-02, every: {from: 01-01, to: 01-02}, effect: holiday}", "do not go together"),
        ("{id: a, every: {from: 01-01}, effect: blackout}", "both from and to"),
        ("{id: a, every: {}, effect: blackout}", "exactly one of"),
        ("{id: a, every: {from: 13-01, to: 01-02}, effect: blackout}", "expected month and day"),
        ("{id: a, every: {monthly: {from: 0, to: 3}}, effect: blackout}", "expected 1 or more"),
        ("{id: a, start: 2027-01-01, every: {rrule: FREQ=HOURLY}, effect: blackout}", "expected one of DAILY"),
        ("{id: a, every: {rrule: FREQ=DAILY}, effect: blackout}", "a rule needs a start"),
        (
            "{id: a, start: 2027-01-01, every: {rrule: FREQ=MONTHLY;BYDAY=2SA}, effect: blackout}",
            "of its own rule",
        ),
        ("{id: a, start: 2027-01-01, effect: blackout, applies_to: {rols: [x]}}", "did you mean roles?"),
        ("{id: a, start: 2027-01-01, effect: blackout, applies_to: {roles: []}}", "empty list"),
        ("{id: a, start: 2027-01-01, effect: blackout, applies_to: {roles: [1]}}", "expected a word"),
        ("{id: a, start: 2027-01-01, effect: blackout, certainty: sure}", "expected one of confirmed"),
        ("{id: a, start: 2027-01-01, effect: blackout, before: 1}", "expected a number of days"),
        ("{id: a, start: 2027-01-01, effect: blackout, before: 9999d}", "expected a number of days"),
    ],
)
def test_a_wrong_entry_is_named_with_place_and_remedy(entry: str, said: str) -> None:
    """File, line, column, key."""
    found = errors(f"{HEAD}  - {entry}\n")

    assert any(said in EN_error for EN_error in found), found
    assert all(error.startswith("c.yaml:3:") for error in found)


def test_a_second_entry_of_one_id_is_refused() -> None:
    """Reasons name entries by their id."""
    entry = "  - {id: a, start: 2027-01-01, effect: blackout}\n"

    assert ["c.yaml:4:10: entries[1].id: a second entry has the id a"] == errors(HEAD + entry + entry)


def test_the_schema_can_be_printed_and_describes_every_key() -> None:
    """For editors."""
    schema = calendar_schema()

    assert all("description" in about for about in schema["$defs"]["EntryModel"]["properties"].values())
    assert "from" in schema["$defs"]["EveryModel"]["properties"]
    assert json.dumps(schema)


def test_japanese_holidays_with_substitutes_and_days_between() -> None:
    """2026 has a day between two holidays (22 September) and a substitute (6 May); 2027 one in March."""
    found = national_holidays("jp-holidays")
    assert found is not None
    days = {entry.start for entry in found.entries}

    assert {date(2026, 9, 22), date(2026, 5, 6), date(2027, 3, 22), date(2027, 1, 11)} <= days
    assert 18 == sum(day is not None and day.year == 2026 for day in days)
    assert {"ja": "昭和の日", "en": "Showa Day"} == next(e.name for e in found.entries if e.id == "2027-04-29")


def test_other_countries_have_holidays_too_and_unknown_ones_have_none() -> None:
    """By the same kind of id."""
    assert national_holidays("de-holidays") is not None
    assert national_holidays("xx-holidays") is None
    assert national_holidays("company") is None


# --- what ships --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def medical() -> Calendar:
    """The medical calendar that ships."""
    return read_calendar(shipped() / "calendars" / "jp-medical.yaml")


@pytest.mark.parametrize("path", sorted((shipped() / "calendars").glob("*.yaml")), ids=lambda p: p.name)
def test_shipped_calendars_are_sound_and_speak_two_languages(path: Path) -> None:
    """Every entry has names, a source, and roles and kinds that the program knows."""
    found = read_calendar(path)

    assert path.stem == found.id
    for entry in found.entries:
        assert {"ja", "en"} == set(entry.name), entry.id
        assert entry.source, entry.id
        assert set(entry.applies_to.roles or ()) <= {*ROLES, "all"}, entry.id
        assert set(entry.applies_to.organisation_kinds or ()) <= set(ORGANISATION_KINDS), entry.id


def effects(calendar: Calendar, day: str, profile: Profile) -> set[str]:
    """What stands on a day for somebody."""
    return {mark.effect.value for mark in Days((calendar,), profile).on(date.fromisoformat(day))}


@pytest.mark.parametrize(
    ("day", "profile", "blocks"),
    [
        ("2026-12-30", Profile(role="it"), True),
        ("2027-01-04", Profile(role="procurement"), True),
        ("2027-01-05", Profile(role="procurement"), False),
        ("2027-01-06", Profile(role="clinician", specialty="pathology"), True),
        ("2027-05-06", Profile(role="executive"), True),
        ("2027-06-10", Profile(role="executive", department="医事課"), True),
        ("2027-06-11", Profile(role="executive", department="医事課"), False),
        ("2027-06-10", Profile(role="executive", specialty="x"), False),
        ("2027-04-05", Profile(role="nursing", specialty="nursing"), True),
        ("2027-08-13", Profile(role="clinician", specialty="x", organisation_kind="clinic"), True),
        ("2027-08-13", Profile(role="clinician", specialty="x", organisation_kind="hospital"), False),
        ("2026-11-30", Profile(role="clinician", specialty="radiology"), True),
        ("2026-11-30", Profile(role="clinician", specialty="surgery"), False),
        ("2027-04-09", Profile(role="clinician", specialty="radiology"), False),
        ("2028-05-10", Profile(department="医事課"), True),
        ("2027-05-12", Profile(department="医事課"), False),
    ],
)
def test_the_medical_calendar_blocks_as_practice_demands(
    medical: Calendar, day: str, profile: Profile, *, blocks: bool
) -> None:
    """New Year, Golden Week and claims days block; what is only expected never does."""
    assert blocks == ("blackout" in effects(medical, day, profile))


def test_estimated_congresses_only_reduce(medical: Calendar) -> None:
    """The window of JRC 2027 is an expectation."""
    assert {"reduce"} == effects(medical, "2027-04-16", Profile(role="clinician", specialty="radiology"))
