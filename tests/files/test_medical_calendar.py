"""The medical calendar that ships, and the holidays beside it, against what is known of 2024 to 2030."""

from __future__ import annotations

from datetime import date
from typing import Final

import pytest

from nurture.core.calendar import Certainty, Days, Effect, Profile
from nurture.core.people import ROLES
from nurture.files.library import FileLibrary
from nurture.files.shipped import shipped

MEDICAL = FileLibrary(calendars=shipped() / "calendars").calendar("jp-medical")
HOLIDAYS: Final = {
    2024: "0101 0108 0211 0212 0223 0320 0429 0503 0504 0505 0506 0715 0811 0812 0916 0922 0923 1014 1103 1104 "
    "1123",
    2025: "0101 0113 0211 0223 0224 0320 0429 0503 0504 0505 0506 0721 0811 0915 0923 1013 1103 1123 1124",
    2026: "0101 0112 0211 0223 0320 0429 0503 0504 0505 0506 0720 0811 0921 0922 0923 1012 1103 1123",
    2027: "0101 0111 0211 0223 0321 0322 0429 0503 0504 0505 0719 0811 0920 0923 1011 1103 1123",
    2028: "0101 0110 0211 0223 0320 0429 0503 0504 0505 0717 0811 0918 0922 1009 1103 1123",
    2029: "0101 0108 0211 0212 0223 0320 0429 0430 0503 0504 0505 0716 0811 0917 0923 0924 1008 1103 1123",
    2030: "0101 0114 0211 0223 0320 0429 0503 0504 0505 0506 0715 0811 0812 0916 0923 1014 1103 1104 1123",
}
"""Public holidays of Japan with substitutes and citizens' holidays (国民の祝日に関する法律)."""
KNOWN: Final = {
    "jrc-2026": (date(2026, 4, 16), date(2026, 4, 19), "confirmed"),
    "jcs-2026": (date(2026, 3, 20), date(2026, 3, 22), "confirmed"),
    "jcs-2027": (date(2027, 3, 5), date(2027, 3, 28), "estimated"),
    "jams-2027": (date(2027, 4, 23), date(2027, 4, 25), "confirmed"),
    "jrc-2027": (date(2027, 4, 8), date(2027, 4, 18), "estimated"),
    "asco-2027": (date(2027, 6, 4), date(2027, 6, 8), "announced"),
    "jats-2026": (date(2026, 10, 20), date(2026, 10, 22), "announced"),
    "ika-2026-shikou": (date(2026, 6, 1), date(2026, 6, 1), "confirmed"),
    "ika-2026-kokuji": (date(2026, 3, 5), date(2026, 3, 5), "confirmed"),
    "silver-2026": (date(2026, 9, 19), date(2026, 9, 23), "confirmed"),
}


@pytest.mark.parametrize("year", HOLIDAYS)
def test_the_holidays_of_a_year(year: int) -> None:
    """Those of the library are those of the law: substitutes, and the day between two holidays."""
    wanted = [date(year, int(day[:2]), int(day[2:])) for day in HOLIDAYS[year].split()]
    entries = FileLibrary().calendar("jp-holidays").entries

    assert wanted == sorted(e.start for e in entries if e.start is not None and e.start.year == year)


def test_everything_says_where_it_is_from_and_how_sure_it_is() -> None:
    """A source for each entry; a certainty for each that has dates and comes once; names in both languages."""
    assert [] == [e.id for e in MEDICAL.entries if not e.source or not {"ja", "en"} <= e.name.keys()]
    once = [e for e in MEDICAL.entries if e.every is None]
    assert 90 <= len(once)
    assert {2026, 2027} == {e.start.year for e in once if e.start is not None}


def test_every_reader_that_is_named_exists() -> None:
    """A role that nobody has would match nobody."""
    assert {role for e in MEDICAL.entries for role in e.applies_to.roles or ()} <= {*ROLES, "all"}


@pytest.mark.parametrize("key", KNOWN)
def test_dates_that_are_known(key: str) -> None:
    """Begin, end and certainty as they were found."""
    (entry,) = [e for e in MEDICAL.entries if e.id == key]

    assert KNOWN[key] == (entry.start, entry.end or entry.start, entry.certainty.value)


def test_a_guess_silences_nobody() -> None:
    """Estimated congresses reduce; confirmed ones block, with the day before and after."""
    radiologist = Days((MEDICAL,), Profile(role="clinician", specialty="radiology"))
    effects = {day: {m.effect for m in radiologist.on(day)} for day in (date(2026, 4, 15), date(2027, 4, 15))}

    assert Effect.BLACKOUT in effects[date(2026, 4, 15)]
    assert {Effect.REDUCE} == effects[date(2027, 4, 15)]
    assert Certainty.ESTIMATED in {e.certainty for e in MEDICAL.entries}


@pytest.mark.parametrize(
    ("reader", "day", "effect"),
    [
        (Profile(role="executive", department="医事課"), date(2027, 7, 5), Effect.BLACKOUT),  # the monthly claims
        (Profile(role="executive", specialty="none"), date(2027, 7, 5), None),
        (
            Profile(role="executive", department="医事課"),
            date(2028, 5, 20),
            Effect.BLACKOUT,
        ),  # a revision's filing
        (Profile(role="nursing", specialty="nursing"), date(2028, 5, 20), Effect.REDUCE),
        (Profile(role="clinician", specialty="surgery"), date(2028, 5, 20), None),  # doctors are hardly affected
        (Profile(role="nursing", specialty="nursing"), date(2027, 4, 5), Effect.BLACKOUT),
        (Profile(role="clinician", specialty="surgery"), date(2027, 1, 6), Effect.BLACKOUT),
        (Profile(role="procurement"), date(2027, 1, 6), None),
        (Profile(role="procurement"), date(2026, 12, 31), Effect.BLACKOUT),
        (Profile(role="it", organisation_kind="clinic"), date(2027, 8, 12), Effect.BLACKOUT),  # Obon
        (Profile(role="it", organisation_kind="hospital"), date(2027, 8, 13), Effect.REDUCE),
    ],
)
def test_busy_periods_are_those_of_the_role(reader: Profile, day: date, effect: Effect | None) -> None:
    """The strongest thing that stands on the day for this reader."""
    found = [mark.effect for mark in Days((MEDICAL,), reader).on(day)]
    order = (Effect.BLACKOUT, Effect.NO_APPOINTMENT, Effect.REDUCE)

    assert effect == next((e for e in order if e in found), None)
