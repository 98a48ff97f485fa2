"""Calendars: whom entries apply to, recurrences, widening, certainty, business days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.core.calendar import (
    AppliesTo,
    Calendar,
    CalendarEntry,
    Certainty,
    Days,
    Effect,
    Profile,
    applies,
    next_business_day,
    spans,
)
from nurture.core.recurrence import Monthly, Rrule, Yearly, parse
from nurture.errors import UserError
from tests.core import cases
from tests.core.obvious import covers, matches

ENTRY = CalendarEntry("x", Effect.BLACKOUT, start=date(2027, 4, 8), end=date(2027, 4, 11))


def covered(entry: CalendarEntry, first: date, last: date) -> list[date]:
    """The days from first to last on which a calendar of this entry has a mark."""
    days = Days((Calendar("c", (entry,)),), Profile())
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in span if days.on(day)]


def every(rule: Yearly | Monthly) -> CalendarEntry:
    """A recurring blackout."""
    return CalendarEntry("x", Effect.BLACKOUT, every=rule)


@pytest.mark.parametrize(
    ("to", "profile", "said"),
    [
        (AppliesTo(), Profile(), True),
        (AppliesTo(roles=("clinician",)), Profile(role="clinician"), True),
        (AppliesTo(roles=("clinician",)), Profile(role="nursing"), False),
        (AppliesTo(roles=("clinician",)), Profile(), False),
        (AppliesTo(roles=("all",)), Profile(), True),
        (AppliesTo(specialties=("radiology",)), Profile(), True),
        (AppliesTo(specialties=("radiology",)), Profile(specialty="surgery"), False),
        (AppliesTo(specialties=("all",)), Profile(specialty="surgery"), True),
        (AppliesTo(roles=("clinician",), regions=("kanto",)), Profile(role="clinician", region="kansai"), False),
        (AppliesTo(roles=("nursing", "clinician")), Profile(role="clinician"), True),
        (AppliesTo(departments=("医事課",)), Profile(department="医事課"), True),
        (AppliesTo(organisations=("青葉中央病院",)), Profile(), False),
        (AppliesTo(organisation_kinds=("clinic",)), Profile(organisation_kind="clinic"), True),
        (AppliesTo(roles=()), Profile(role="clinician"), False),
    ],
)
def test_keys_are_anded_and_values_ored(to: AppliesTo, profile: Profile, *, said: bool) -> None:
    """An unknown specialty matches any list, another unknown attribute none; ``all`` matches everybody."""
    calendar = Calendar("c", (replace(ENTRY, applies_to=to),))

    assert said == applies(to, profile)
    assert said == bool(calendar.on(calendar.reader(profile), date(2027, 4, 8)))


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_matching_is_that_of_the_obvious_planner(number: int) -> None:
    """Every entry, every profile."""
    rnd = Random(number)
    entry = cases.entry(rnd, 0)
    for role, specialty, region in product((None, "clinician"), (None, "radiology"), (None, "kanto", "kansai")):
        profile = Profile(role=role, specialty=specialty, region=region)
        assert matches(entry, profile) == applies(entry.applies_to, profile)


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_days_are_those_of_the_obvious_planner(number: int) -> None:
    """Recurrences, clamped days and widening come to the same days."""
    entry = replace(cases.entry(Random(number), 0), applies_to=AppliesTo())
    first = date(2027, 12, 20)
    span = [first + timedelta(days=n) for n in range(120)]

    assert [day for day in span if covers(entry, day)] == covered(entry, span[0], span[-1])


def test_dates_are_inclusive_and_without_end_it_is_one_day() -> None:
    """Four days, and one."""
    whole = (date(2027, 4, 1), date(2027, 4, 30))

    assert 4 == len(covered(ENTRY, *whole))
    assert [date(2027, 4, 8)] == covered(replace(ENTRY, end=None), *whole)


def test_before_and_after_widen_every_occurrence() -> None:
    """Over the turn of the year too."""
    new_year = replace(every(Yearly((12, 31), (1, 1))), before=2, after=1)

    assert [date(2026, 12, 29) + timedelta(days=n) for n in range(5)] == covered(
        new_year, date(2026, 12, 1), date(2027, 1, 31)
    )


def test_a_day_that_a_month_does_not_have_means_its_last() -> None:
    """29 February of a common year, the 31st of April."""
    leap = every(Yearly((2, 29), (2, 29)))

    assert [date(2027, 2, 28)] == covered(leap, date(2027, 2, 1), date(2027, 3, 5))
    assert [date(2028, 2, 29)] == covered(leap, date(2028, 2, 1), date(2028, 3, 5))
    assert [date(2027, 4, 30), date(2027, 5, 1)] == covered(
        every(Monthly(31, 1)), date(2027, 4, 2), date(2027, 5, 30)
    )


def test_an_estimated_entry_is_a_reduce_with_its_own_span() -> None:
    """Whatever its effect; announced acts like confirmed."""
    calendar = Calendar("c", (replace(ENTRY, certainty=Certainty.ESTIMATED, reduce_days=10),))
    (mark,) = calendar.on(calendar.reader(Profile()), date(2027, 4, 8))

    assert (Effect.REDUCE, "c/x", 10) == (mark.effect, mark.entry, mark.span)
    announced = Calendar("c", (replace(ENTRY, certainty=Certainty.ANNOUNCED),))
    assert Effect.BLACKOUT is announced.on(announced.reader(Profile()), date(2027, 4, 8))[0].effect


def test_the_next_business_day_leaves_out_weekends_and_holidays() -> None:
    """Friday to Tuesday over a holiday on Monday; a blackout does not matter."""
    monday = CalendarEntry("m", Effect.HOLIDAY, start=date(2027, 3, 22))
    tuesday = CalendarEntry("t", Effect.BLACKOUT, start=date(2027, 3, 23))

    assert date(2027, 3, 23) == next_business_day(
        (Calendar("c", (monday, tuesday)),), Profile(), date(2027, 3, 19)
    )


def test_the_ends_of_time_do_not_overflow() -> None:
    """A widened entry at the last day of the calendar, and a span that has no end."""
    last = CalendarEntry("x", Effect.BLACKOUT, start=date(1, 1, 1), end=date.max, before=30, after=30)

    assert 1 == len(list(spans(last, date(9999, 12, 1), date.max)))
    assert 1 == len(covered(last, date.max, date.max))


# --- RFC 5545 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=MONTHLY;BYDAY=2SA", "2027-01-09", ["2027-01-09", "2027-02-13", "2027-03-13", "2027-04-10"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE",
            "2027-01-04",
            ["2027-01-04", "2027-01-06", "2027-01-18", "2027-01-20"],
        ),
        ("FREQ=YEARLY;INTERVAL=2", "2026-05-07", ["2026-05-07", "2028-05-07", "2030-05-07"]),
        ("FREQ=MONTHLY", "2027-01-31", ["2027-01-31", "2027-03-31", "2027-05-31", "2027-07-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2027-01-31", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2027-01-29",
            ["2027-01-29", "2027-02-26", "2027-03-31"],
        ),
        ("RRULE:FREQ=DAILY;COUNT=3", "2027-01-01", ["2027-01-01", "2027-01-02", "2027-01-03"]),
        ("FREQ=DAILY;INTERVAL=10;UNTIL=20270121", "2027-01-01", ["2027-01-01", "2027-01-11", "2027-01-21"]),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2027-11-25", ["2027-11-25", "2028-11-23", "2029-11-22"]),
        ("FREQ=YEARLY;BYDAY=1MO", "2027-01-04", ["2027-01-04", "2028-01-03", "2029-01-01"]),
        ("FREQ=YEARLY;BYYEARDAY=-1", "2027-12-31", ["2027-12-31", "2028-12-31"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU", "2027-01-03", ["2027-01-03", "2027-01-17"]),
    ],
)
def test_rules_of_rfc_5545(rule: str, start: str, expected: list[str]) -> None:
    """The dates that the standard's own examples and a calendar on the wall give."""
    first = date.fromisoformat(start)
    found = parse(rule).days(first, first, first + timedelta(days=1500))

    assert expected == [day.isoformat() for _, day in zip(expected, found, strict=False)]


@settings(deadline=None)
@given(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")), st.integers(1, 5), st.integers(0, 900))
def test_a_series_seen_from_later_is_the_same_series(freq: str, interval: int, later: int) -> None:
    """Stepping over the periods before the range changes nothing."""
    rule = parse(f"FREQ={freq};INTERVAL={interval}")
    start, low, high = date(2024, 2, 29), date(2024, 2, 29) + timedelta(days=later), date(2029, 12, 31)

    assert [d for d in rule.days(start, start, high) if d >= low] == list(rule.days(start, low, high))


def test_a_rule_that_never_matches_again_ends() -> None:
    """30 February is looked for in the range only."""
    assert [] == list(
        parse("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30").days(date(2027, 1, 1), date(2027, 1, 1), date.max)
    )


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=3",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=99999999999",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=20271301",
        "FREQ=WEEKLY;BYDAY=2SA",
        "FREQ=WEEKLY;BYMONTHDAY=3",
        "FREQ=MONTHLY;BYDAY=XX",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ",
    ],
)
def test_what_is_no_rule_of_whole_days_is_refused(rule: str) -> None:
    """With one clear error."""
    with pytest.raises(UserError):
        parse(rule)


def test_an_occurrence_lasts_as_long_as_start_to_end() -> None:
    """Also when a year begins in the middle of it."""
    entry = replace(ENTRY, start=date(2026, 12, 30), end=date(2027, 1, 2), every=Rrule("FREQ=YEARLY"))

    assert [date(2028, 1, 1), date(2028, 1, 2)] == covered(entry, date(2028, 1, 1), date(2028, 6, 1))
