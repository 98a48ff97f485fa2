"""Day 1: what an enrollment is anchored at, and spans of the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.anchors import Facts, day_one, day_one_of, event_of
from nurture.core.calendar import Profile
from nurture.core.plan import Request, plan
from nurture.core.scenario import Hours, Pace, Scenario, Step, Windows
from nurture.core.span import Span
from nurture.errors import UserError
from nurture.i18n import Words

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
STEPS = (Step("a", 1, mail="m"), Step("b", 30, mail="m"))
OFFICE = {"default": Windows(frozenset(range(7)), (Hours(datetime.min.time(), datetime.max.time()),))}
SCRIPT = Scenario("s", {}, "contract_end", "Asia/Tokyo", STEPS, windows=OFFICE)


def local(at: datetime) -> date:
    """The date in Tokyo."""
    return at.astimezone(TOKYO).date()


@pytest.mark.parametrize(
    ("span", "day", "found"),
    [
        (Span(1), date(2027, 1, 31), date(2027, 2, 28)),
        (Span(-6), date(2027, 8, 31), date(2027, 2, 28)),
        (Span(12), date(2028, 2, 29), date(2029, 2, 28)),
        (Span(0, -3), date(2027, 1, 1), date(2026, 12, 29)),
        (Span(1, 1), date(2027, 1, 31), date(2027, 3, 1)),
        (Span(120_000), date(2027, 1, 31), date(9999, 12, 31)),
        (Span(-120_000), date(2027, 1, 31), date(1, 1, 31)),
    ],
)
def test_spans_of_months(span: Span, day: date, found: date) -> None:
    """A day that the month does not have means its last day; no date lies beyond those that there are."""
    assert found == span.after(day)


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.integers(-60, 60), st.integers(-400, 400))
def test_spans_lead_there_and_back(day: date, months: int, days: int) -> None:
    """The date before a date is one from which the span leads to it."""
    span = Span(months, days)
    there = span.after(day)

    assert there == span.after(span.before(there))


def test_a_date_begins_at_midnight_and_a_moment_stays_one() -> None:
    """Where the recipient is; with an offset it is a date."""
    ended = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

    assert ended == day_one(replace(SCRIPT, anchor="meeting_end"), ended, NOW, TOKYO)
    assert datetime(2027, 6, 29, 15, 0, tzinfo=UTC) == day_one(SCRIPT, date(2027, 6, 30), NOW, TOKYO)
    shifted = replace(SCRIPT, anchor="meeting_end", offset=Span(0, 7))
    assert datetime(2026, 11, 29, 15, 0, tzinfo=UTC) == day_one(shifted, ended, NOW, TOKYO)


def test_half_a_year_before_the_contract_ends() -> None:
    """Practice L; where that has passed, today, so that the spacing is kept."""
    script = replace(SCRIPT, offset=Span(-6))

    assert date(2026, 12, 30) == local(day_one(script, date(2027, 6, 30), NOW, TOKYO))
    assert date(2026, 11, 23) == local(day_one(script, date(2027, 3, 31), NOW, TOKYO))


def test_what_is_counted_from_an_event_stays_with_it() -> None:
    """Late is late: the day before the seminar does not move behind it."""
    script = replace(SCRIPT, anchor="seminar_date", anchor_is_event=True, offset=Span(0, -21))

    assert date(2026, 11, 9) == local(day_one(script, date(2026, 11, 30), NOW, TOKYO))
    before = replace(SCRIPT, offset=Span(-6), steps=(Step("a", -10, mail="m"), *STEPS))
    assert date(2026, 9, 30) == local(day_one(before, date(2027, 3, 31), NOW, TOKYO))


def test_a_running_enrollment_knows_its_event() -> None:
    """Day 1 without the offset."""
    script = replace(SCRIPT, anchor="seminar_date", anchor_is_event=True, offset=Span(0, -21))
    start = day_one(script, date(2027, 5, 10), NOW, TOKYO)

    assert {"seminar_date": date(2027, 5, 10)} == event_of(script, start, TOKYO)
    assert {} == event_of(SCRIPT, start, TOKYO)


@pytest.mark.parametrize(
    ("anchor", "text", "hint"),
    [
        ("meeting_end", "none with 佐藤 is recorded", "nurture record"),
        ("last_contact", "with 佐藤 there has been none", "--anchor"),
        ("contract_end", "no deal of 佐藤 has that date", "--anchor"),
        ("lost_at", "no deal of 佐藤 has that date", "--anchor"),
        ("trade_fair", "that date is not known for 佐藤", "--date trade_fair="),
    ],
)
def test_a_missing_date_is_named_with_what_to_do(anchor: str, text: str, hint: str) -> None:
    """Which scenario, which date, whose, and how to give it."""
    with pytest.raises(UserError) as caught:
        day_one_of(replace(SCRIPT, anchor=anchor), Facts(), NOW, TOKYO, "佐藤")

    said = Words("en").error(caught.value)
    assert text in said
    assert hint in said


def test_what_is_known_is_used() -> None:
    """Each anchor by its own date, an event by its name."""
    facts = Facts(lost_at=NOW, contract_end=date(2027, 3, 31), events={"trade_fair": date(2027, 5, 1)})

    def found(anchor: str) -> date:
        return local(day_one_of(replace(SCRIPT, anchor=anchor), facts, NOW, TOKYO, "x"))

    assert [date(2026, 11, 23), date(2027, 3, 31), date(2027, 5, 1), date(2026, 11, 23)] == [
        found(a) for a in ("lost_at", "contract_end", "trade_fair", "enrolled_at")
    ]


def test_steps_before_the_anchor_leave_before_it() -> None:
    """Day 0 is the day before; what lies behind day 1 still waits for it."""
    steps = (Step("early", -9, mail="m"), Step("eve", 0, mail="m"), Step("after", 1, mail="m"))
    script = replace(SCRIPT, steps=steps, pace=Pace(1))
    anchor = datetime(2027, 5, 9, 15, 0, tzinfo=UTC)  # 10 May in Tokyo
    found = plan(Request(script, Profile(), anchor, NOW, "k"))

    assert [date(2027, 4, 30), date(2027, 5, 9), date(2027, 5, 10)] == [s.planned_on for s in found.steps]


def test_rounds_come_again_by_the_calendar() -> None:
    """Each round's day 1 lies whole months behind the anchor, not days that add up."""
    rounds = tuple(Step(f"news~{n}", 1, mail="m", start=Span(3).times(n - 1), round=n) for n in range(1, 5))
    script = replace(SCRIPT, steps=rounds)
    anchor = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)  # 30 November in Tokyo
    found = plan(Request(script, Profile(), anchor, NOW, "k"))

    expected = [date(2026, 11, 30), date(2027, 2, 28), date(2027, 5, 30), date(2027, 8, 30)]
    assert expected == [s.planned_on for s in found.steps]
    assert timedelta(0) < anchor - NOW
