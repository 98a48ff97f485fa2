"""The planning rules, one by one, and all together against the obvious planner."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.core import calendar, pace, windows
from nurture.core import plan as planning
from nurture.core.calendar import AppliesTo, Calendar, CalendarEntry, Certainty, Effect, Profile
from nurture.core.messages import Move
from nurture.core.plan import History, PlannedStep, Request, Settled, Situation, StepOutcome, plan
from nurture.core.recurrence import Rule, Yearly
from nurture.core.scenario import Expiry, Hours, Pace, Scenario, Step, When, Windows
from nurture.errors import UserError
from tests.core.cases import request
from tests.core.obvious import Obvious

if TYPE_CHECKING:
    from collections.abc import Callable

TOKYO = ZoneInfo("Asia/Tokyo")
MONDAY = date(2027, 6, 7)
ANCHOR = datetime(2027, 6, 7, 15, 0, tzinfo=TOKYO)
WEEKDAYS = frozenset(range(5))
OFFICE = Windows(WEEKDAYS, (Hours(time(9, 30), time(11, 30)), Hours(time(13, 30), time(16, 30))))


def day(number: int) -> date:
    """Day N of the scenario: 1 is Monday 7 June 2027."""
    return MONDAY + timedelta(days=number - 1)


def entry(first: int, last: int | None = None, effect: Effect = Effect.BLACKOUT, **more: Any) -> CalendarEntry:
    """An entry from day to day."""
    return CalendarEntry("x", effect, start=day(first), end=day(last or first), **more)


def planned(*steps: Step, entries: tuple[CalendarEntry, ...] = (), **more: Any) -> list[PlannedStep]:
    """The plan of a scenario with these steps; office hours, no pace unless said."""
    script = Scenario(
        "s",
        {},
        "meeting_end",
        "Asia/Tokyo",
        steps,
        windows=more.pop("windows", {"default": OFFICE}),
        pace=more.pop("pace", Pace()),
    )
    asked = Request(script, more.pop("profile", Profile()), ANCHOR, more.pop("now", ANCHOR), "key", **more)
    return list(plan(replace(asked, calendars=(Calendar("c", entries),))).steps)


def mail(number: int, **more: Any) -> Step:
    """A mail on a day."""
    return Step(more.pop("id", f"d{number}"), number, mail="m", **more)


def only(*steps: Step, **more: Any) -> PlannedStep:
    """The last step's plan."""
    return planned(*steps, **more)[-1]


# --- nominal dates and windows -----------------------------------------------------------------------


def test_day_one_is_the_anchors_date_and_day_n_comes_later_by_calendar_days() -> None:
    """Day 4 of a Monday is Thursday."""
    assert day(4) == only(mail(4)).planned_on == date(2027, 6, 10)


def test_the_anchors_date_is_that_of_the_readers_zone() -> None:
    """15:00 in Tokyo is the evening before in Honolulu, and that date is day 1."""
    found = only(mail(1, any_window=True, within_seconds=60), profile=Profile(timezone="Pacific/Honolulu"))

    assert date(2027, 6, 6) == found.nominal
    assert found.planned_at is not None
    assert found.planned_at.isoformat().endswith("-10:00")


def test_a_weekend_is_postponed_to_monday_and_says_why() -> None:
    """Day 6 is a Saturday without a window."""
    found = only(mail(6))

    assert (day(8), (Move("no_window", None, day(6), day(8)),)) == (found.planned_on, found.moves)


def test_mail_leaves_within_the_first_window_that_is_not_over() -> None:
    """At 15:00 the morning is over and the afternoon is not."""
    found = only(mail(1))

    assert found.planned_at is not None
    assert ANCHOR <= found.planned_at < ANCHOR.replace(hour=16, minute=30)


def test_when_all_windows_are_over_the_date_is_blocked() -> None:
    """At 17:00 nothing leaves today."""
    found = only(mail(1), now=ANCHOR.replace(hour=17))

    assert (Move("windows_over", None, day(1), day(2)),) == found.moves


def test_a_role_without_windows_uses_default_and_without_default_never_gets_mail() -> None:
    """No window at all is a block that lasts."""
    found = only(mail(1), windows={"clinician": OFFICE}, profile=Profile(role="nursing"))

    assert (StepOutcome.SKIPPED, "no_date") == (found.outcome, found.moves[-1].rule)


def test_the_moment_is_spread_over_keys_and_stays_when_asked_again_later() -> None:
    """Two enrollments differ; one asked twice before its moment does not move."""
    asked = Request(
        Scenario("s", {}, "meeting_end", "Asia/Tokyo", (mail(2),), windows={"default": OFFICE}),
        Profile(),
        ANCHOR,
        ANCHOR,
        "a",
    )
    first = plan(asked).steps[0].planned_at
    assert first is not None

    assert first != plan(replace(asked, key="b")).steps[0].planned_at
    assert first == plan(replace(asked, now=first - timedelta(seconds=1))).steps[0].planned_at
    assert plan(replace(asked, now=first + timedelta(seconds=1))).steps[0].planned_at > first  # type: ignore[operator]


def test_windows_any_leaves_between_nine_and_six_or_at_once_if_that_is_past() -> None:
    """Also on a Saturday."""
    saturday = only(mail(6, any_window=True)).planned_at
    late = only(mail(1, any_window=True), now=ANCHOR.replace(hour=23))

    assert saturday is not None
    assert 9 <= saturday.hour < 18
    assert ANCHOR.replace(hour=23) == late.planned_at


def test_a_within_step_leaves_at_the_earliest_instant() -> None:
    """With windows any at the anchor, on any day; else as soon as a window is open."""
    anytime = only(mail(1, within_seconds=10_800, any_window=True))
    in_windows = only(mail(2, within_seconds=10_800))

    assert (ANCHOR, ANCHOR + timedelta(hours=3)) == (anytime.planned_at, anytime.deadline)
    assert datetime(2027, 6, 8, 9, 30, tzinfo=TOKYO) == in_windows.planned_at
    assert (True, False) == (anytime.passes_windows, in_windows.passes_windows)


# --- rule 2: blocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", [Effect.BLACKOUT, Effect.HOLIDAY])
def test_blackout_and_holiday_block(effect: Effect) -> None:
    """The mail goes out on the first free day after."""
    found = only(mail(4), entries=(entry(4, 5, effect),))

    assert day(8) == found.planned_on
    assert (effect.value, "c/x") == (found.moves[0].rule, found.moves[0].entry)


def test_no_appointment_blocks_appointments_only() -> None:
    """A value mail passes by."""
    entries = (entry(4, effect=Effect.NO_APPOINTMENT),)

    assert day(4) == only(mail(4), entries=entries).planned_on
    assert day(5) == only(mail(4, purpose="appointment"), entries=entries).planned_on


@pytest.mark.parametrize("step", [mail(4, on_blocked="ignore"), mail(4, purpose="notice")])
def test_ignore_and_notice_pass_by_calendars_but_not_by_windows(step: Step) -> None:
    """The blackout is ignored, the weekend is not."""
    assert day(4) == only(step, entries=(entry(4),)).planned_on
    assert day(8) == only(replace(step, day=6), entries=(entry(6),)).planned_on


def test_advance_takes_the_last_free_day_before() -> None:
    """A Saturday step leaves on Friday."""
    found = only(mail(6, on_blocked="advance"))

    assert (day(5), (Move("no_window", None, day(6), day(5)),)) == (found.planned_on, found.moves)


def test_advance_not_before_the_previous_step_and_its_gap() -> None:
    """With a mail on Thursday and a gap of two days, Friday is too early: Monday it is."""
    found = only(mail(4), mail(6, on_blocked="advance"), pace=Pace(min_gap=2))

    assert day(8) == found.planned_on


def test_advance_not_before_today() -> None:
    """What is overdue is postponed."""
    found = only(mail(6, on_blocked="advance"), now=datetime(2027, 6, 12, 9, tzinfo=TOKYO))

    assert day(8) == found.planned_on


def test_when_pace_forbids_the_day_found_the_search_goes_forward_from_it() -> None:
    """A mail of another scenario on Thursday keeps Friday closed; the next free date is Monday."""
    found = only(mail(6, on_blocked="advance"), pace=Pace(min_gap=2), history=History((day(4),), ()))

    assert day(8) == found.planned_on
    assert (day(6), day(5)) == (found.moves[0].from_, found.moves[0].to)


def test_skip_gives_up_a_blocked_day_and_says_why() -> None:
    """The reason is the block; nothing is planned."""
    found = only(mail(4, on_blocked="skip"), entries=(entry(4),))

    assert (StepOutcome.SKIPPED, None) == (found.outcome, found.planned_at)
    assert (Move("blackout", "c/x", day(4)),) == found.moves


def test_an_overdue_step_with_skip_is_skipped_and_others_come_as_soon_as_they_can() -> None:
    """A date before today counts as blocked."""
    now = datetime(2027, 6, 14, 9, tzinfo=TOKYO)

    assert "past" == only(mail(4, on_blocked="skip"), now=now).moves[0].rule
    assert day(8) == only(mail(4), now=now).planned_on


def test_a_step_that_only_pace_moved_is_never_skipped() -> None:
    """Skip asks about the nominal date alone, even where pace leads onto a weekend."""
    found = only(mail(5), mail(5, id="b", on_blocked="skip"))

    assert (StepOutcome.SEND, day(8)) == (found.outcome, found.planned_on)


def test_skipped_and_expired_steps_hold_nobody_up() -> None:
    """The next mail may take the very date."""
    found = planned(mail(6, on_blocked="skip"), mail(4, id="b"))

    assert day(4) == found[1].planned_on


# --- rule 3 and 4: pace and order --------------------------------------------------------------------


def test_a_gap_of_two_days_allows_wednesday_after_monday() -> None:
    """Spans are counted in local dates."""
    found = only(mail(1), mail(2), pace=Pace(min_gap=2))

    assert (day(3), (Move("min_gap", None, day(2), day(3)),)) == (found.planned_on, found.moves)


def test_a_gap_is_kept_to_mails_that_are_planned_for_later_as_well() -> None:
    """A newcomer does not push aside what may be approved already."""
    found = only(mail(3), pace=Pace(min_gap=3), history=History((day(5),), ()))

    assert day(8) == found.planned_on


def test_no_seven_dates_hold_more_than_three_mails_to_an_organisation() -> None:
    """Mails planned for later dates count too."""
    profile = Profile(organisation="青葉中央病院")
    dates = (day(2), day(4), day(8))
    found = only(mail(3), pace=Pace(cap=3, cap_days=7), profile=profile, history=History((), dates))

    assert day(9) == found.planned_on  # 3–9 hold days 4, 8 and 9; any run of seven with an earlier date holds four
    assert "per_organisation" == found.moves[0].rule


def test_a_person_without_organisation_has_no_cap() -> None:
    """The history of others does not matter."""
    found = only(mail(3), pace=Pace(cap=1, cap_days=7), history=History((), (day(3),)))

    assert day(3) == found.planned_on


def test_reduce_wants_the_previous_mail_its_span_back_while_it_lasts() -> None:
    """Whether or not that mail was inside the entry; after the entry the gap is free again."""
    found = only(mail(3), mail(5), entries=(entry(4, 9, Effect.REDUCE, reduce_days=7),))

    assert (day(10), "reduce") == (found.planned_on, found.moves[0].rule)


@pytest.mark.parametrize("effect", list(Effect))
def test_an_estimated_entry_only_reduces_whatever_its_effect(effect: Effect) -> None:
    """Its own span holds, else seven days."""
    entries = (entry(1, 20, effect, certainty=Certainty.ESTIMATED),)

    assert day(8) == only(mail(1), mail(4), entries=entries).planned_on


def test_a_within_step_passes_by_pace_but_counts_for_what_follows() -> None:
    """Gap, cap and reduce let it through; the next mail keeps its distance from it."""
    found = planned(
        mail(2, within_seconds=60),
        mail(3),
        pace=Pace(min_gap=2, cap=1, cap_days=2),
        entries=(entry(2, effect=Effect.REDUCE),),
        profile=Profile(organisation="青葉中央病院"),
        history=History((day(1),), (day(1),)),
    )

    assert [day(2), day(4)] == [step.planned_on for step in found]


def test_nothing_passes_by_two_mails_on_one_date() -> None:
    """Not even a within step; unless the other mail yields to it."""
    history = History((day(1),), (day(1),))
    step = mail(1, within_seconds=60)

    assert (Move("same_date", None, day(1), day(2)),) == only(step, history=history).moves
    assert day(1) == only(step, history=replace(history, yielding=(day(1),))).planned_on


def test_a_step_never_leaves_before_the_step_ahead_of_it() -> None:
    """Steps keep the order of the file, also where days do not ascend."""
    found = only(mail(8), mail(4))

    assert (day(9), (Move("order", "d8", day(4), day(8)), Move("same_date", None, day(8), day(9)))) == (
        found.planned_on,
        found.moves,
    )


def test_a_late_step_does_not_pull_or_push_later_ones() -> None:
    """After downtime there is no flood: only pace and order move what comes."""
    found = planned(mail(2), mail(4), mail(30), pace=Pace(min_gap=2), now=datetime(2027, 6, 21, 9, tzinfo=TOKYO))

    assert [day(15), day(17), day(30)] == [step.planned_on for step in found]


def test_a_task_obeys_blocks_and_order_but_not_pace_and_may_share_a_date() -> None:
    """It is shown at the start of its date's first window."""
    call = Step("call", 1, task="call")
    found = only(mail(2), call, mail(2, id="b"), pace=Pace(min_gap=2))
    shown = planned(mail(2), call, pace=Pace(min_gap=2))[1]

    assert day(4) == found.planned_on
    assert datetime(2027, 6, 8, 9, 30, tzinfo=TOKYO) == shown.planned_at
    assert day(3) == only(Step("call", 2, task="call"), entries=(entry(2),)).planned_on


# --- rule 5: expiry, conditions, horizon -------------------------------------------------------------


def test_a_step_beyond_its_last_permitted_date_expires() -> None:
    """The last date itself is permitted."""
    entries = (entry(4, 6),)

    assert StepOutcome.EXPIRED is only(mail(4, expires=Expiry(after=3)), entries=entries).outcome
    assert day(8) == only(mail(4, expires=Expiry(after=4)), entries=entries).planned_on


def test_an_event_minus_its_margin_is_the_last_date() -> None:
    """Without a date the event expires nothing."""
    step = mail(4, expires=Expiry(before_event="seminar_date", margin=3))

    assert day(4) == only(step, events={"seminar_date": day(7)}).planned_on
    assert Move("expiry", "seminar_date", day(4)) == only(step, events={"seminar_date": day(6)}).moves[-1]
    assert day(4) == only(step).planned_on


def test_a_step_without_a_date_in_a_year_is_skipped_or_expired() -> None:
    """Expired only if its expiry lies before the horizon."""
    entries = (CalendarEntry("x", Effect.BLACKOUT, every=Yearly((1, 1), (12, 31))),)

    assert "no_date" == only(mail(4), entries=entries).moves[-1].rule
    assert StepOutcome.EXPIRED is only(mail(4, expires=Expiry(after=20)), entries=entries).outcome
    assert StepOutcome.SKIPPED is only(mail(4, expires=Expiry(after=365)), entries=entries).outcome


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        (When(no_reply=True), True),
        (When(no_reply=False), False),
        (When(roles=("nursing",)), False),
        (When(roles=("clinician", "nursing")), True),
        (When(specialties=("radiology",)), False),
        (When(stances=("sceptical",)), True),
        (When(deal_phase_at_least=3), True),
        (When(deal_phase_at_least=4), False),
        (When(competitors=("other",)), False),
    ],
)
def test_a_step_whose_condition_fails_is_skipped(when: When, *, fits: bool) -> None:
    """Conditions are and-ed, lists or-ed; what is unknown fits no list."""
    found = only(
        mail(4, when=when),
        profile=Profile(role="clinician"),
        situation=Situation(stance="sceptical", deal_phase=3),
    )

    assert (StepOutcome.SEND if fits else StepOutcome.SKIPPED) is found.outcome


@pytest.mark.parametrize(("stance", "fits"), [(None, True), ("unknown", True), ("neutral", False)])
def test_a_stance_that_nobody_noted_is_unknown(stance: str | None, *, fits: bool) -> None:
    """Whoever was in no meeting is as unknown as an attendee of whom nothing was noted."""
    found = only(mail(4, when=When(stances=("unknown",))), situation=Situation(stance=stance))

    assert (StepOutcome.SEND if fits else StepOutcome.SKIPPED) is found.outcome


# --- business days, resume, absence, quiet -----------------------------------------------------------


def test_business_days_leave_out_weekends_and_holidays() -> None:
    """Day 1 is the anchor's date; an estimated holiday stays a business day."""
    step = mail(5, business_days=True)
    sure = entry(3, effect=Effect.HOLIDAY)

    assert day(5) == only(step).nominal
    assert day(8) == only(step, entries=(sure,)).nominal
    assert day(9) == only(step, entries=(replace(sure, before=1, end=None),)).nominal
    assert day(5) == only(step, entries=(replace(sure, certainty=Certainty.ESTIMATED),)).nominal


def test_holidays_without_end_leave_no_nominal_date() -> None:
    """The step is skipped, and the search for business days ends."""
    endless = CalendarEntry("x", Effect.HOLIDAY, every=Yearly((1, 1), (12, 31)))

    assert "no_date" == only(mail(5, business_days=True), entries=(endless,)).moves[-1].rule


def test_what_is_settled_keeps_its_date_and_is_not_planned_again() -> None:
    """It counts for the gap and for the order; settled without a date it counts for nothing."""
    left = only(mail(2), mail(3), settled=(Settled("d2", day(4)),), pace=Pace(min_gap=2))
    gone = only(mail(2), mail(3), settled=(Settled("d2"),), pace=Pace(min_gap=2))

    assert [day(8), day(3)] == [left.planned_on, gone.planned_on]


def test_resuming_moves_the_nominal_dates_and_keeps_the_spacing() -> None:
    """A shift of seven days moves every date by seven."""
    assert [day(9), day(11)] == [s.nominal for s in planned(mail(2), mail(4), shift_days=7)]


def test_no_mail_before_the_return_of_somebody_who_is_away() -> None:
    """Tasks are not mail."""
    found = planned(mail(2), Step("call", 2, task="call"), not_before=day(10))

    assert (day(10), "away") == (found[0].planned_on, found[0].moves[0].rule)
    assert day(10) == found[1].planned_on  # by the order
    assert day(2) == only(Step("call", 2, task="call"), not_before=day(10)).planned_on


def test_a_quiet_organisation_gets_no_mail_but_the_thank_you_and_notices() -> None:
    """The last quiet day is included."""
    assert (day(5), "quiet") == (
        (found := only(mail(2), quiet=((day(1), day(4)),))).planned_on,
        found.moves[0].rule,
    )
    assert day(2) == only(mail(2, within_seconds=60), quiet=((day(1), day(4)),)).planned_on
    assert day(2) == only(mail(2, purpose="notice"), quiet=((day(1), day(4)),)).planned_on


def test_quiet_days_follow_a_mail_that_asks_for_them() -> None:
    """From the day after it, also behind one that has left, unless the organisation's own days say so."""
    steps = (mail(2, id="a", quiet_days=7), mail(4, id="b"))
    left = {"settled": (Settled("a", day(2)),)}
    known = {"settled": (Settled("a", day(2), rests=False),)}

    assert ((Move("quiet", None, day(4), day(10)),), day(10)) == ((found := only(*steps)).moves, found.planned_on)
    assert day(10) == only(*steps, **left).planned_on
    assert day(4) == only(*steps, **known).planned_on
    assert day(4) == only(steps[0], Step("c", 4, task="call")).planned_on


def test_an_unknown_time_zone_is_a_clear_error() -> None:
    """Nothing is guessed."""
    with pytest.raises(UserError, match="not a time zone"):
        planned(mail(1), profile=Profile(timezone="Mars/Olympus"))


def test_unknown_specialties_match_and_other_unknowns_do_not() -> None:
    """Careful by default, but only for the specialty."""
    by_specialty = (entry(4, applies_to=AppliesTo(specialties=("radiology",))),)
    by_role = (entry(4, applies_to=AppliesTo(roles=("clinician",))),)

    assert day(5) == only(mail(4), entries=by_specialty).planned_on
    assert day(4) == only(mail(4), entries=by_role).planned_on


def test_the_reason_that_lasts_longest_is_the_one_that_is_told() -> None:
    """Three holidays within a longer block read as one block."""
    golden = CalendarEntry("golden", Effect.BLACKOUT, start=day(2), end=day(4))
    single = CalendarEntry("single", Effect.HOLIDAY, start=day(2))
    found = only(mail(2), entries=(single, golden))

    assert (Move("blackout", "c/golden", day(2), day(5)),) == found.moves


# --- everything together -----------------------------------------------------------------------------


def agree(number: int) -> None:
    """Both planners say the same about a request."""
    asked = request(number)
    found = [(s.step_id, s.outcome.value, s.nominal, s.planned_on) for s in plan(asked).steps]
    assert Obvious(asked).plan() == found


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_the_obvious_planner_agrees(number: int) -> None:
    """Outcome and dates are those of a planner that was written straight from the rules."""
    agree(number)


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_every_moment_is_one_at_which_mail_may_leave(number: int) -> None:
    """Not before now nor the anchor, on the planned date, in an open window of that date."""
    asked = request(number)
    found = plan(asked)
    zone = ZoneInfo(found.timezone)
    for step in found.steps:
        if step.planned_at is None or step.outcome is StepOutcome.TASK:
            continue
        script = asked.scenario.step(step.step_id)
        assert script is not None
        local = step.planned_at.astimezone(zone)
        own = asked.scenario.windows_for(script, asked.profile.role)
        assert max(asked.now, asked.anchor) <= step.planned_at
        assert step.planned_on == local.date()
        if not script.any_window:
            assert own is not None
            assert any(h.start <= local.time() < h.end for h in own.hours) or gap(local.date(), zone)


def gap(on: date, zone: ZoneInfo) -> bool:
    """Whether the clock is changed on that date."""
    start, end = (datetime.combine(on + timedelta(days=k), time(0), tzinfo=zone) for k in (0, 1))
    return start.utcoffset() != end.utcoffset()


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_moves_lead_from_the_nominal_to_the_planned_date(number: int) -> None:
    """Each begins where the one before ended; what is not planned ends in a reason without a goal."""
    asked = request(number)
    for step in plan(asked).steps:
        for one, two in pairwise(step.moves):
            assert one.to == two.from_ or step.planned_on is None
        if step.planned_on is None:
            assert step.moves[-1].to is None
        else:
            assert (step.moves[-1].to if step.moves else step.nominal) == step.planned_on
            assert not step.moves or step.moves[0].from_ == step.nominal


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_planning_again_gives_the_same_plan(number: int) -> None:
    """Nothing but the request counts."""
    assert plan(request(number)) == plan(request(number))


# --- seeded faults: the comparison above must be able to fail ----------------------------------------

AROUND, SPANS, MARK = pace.Ledger.around, calendar.spans, calendar._mark
APPLIES, NOMINAL = calendar._applies, planning._Planner.nominal
FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the cap never holds": lambda m: m.setattr(pace.Ledger, "is_within_cap", lambda *_: True),
    "two mails on one date": lambda m: m.setattr(
        pace.Ledger, "around", lambda s, d: (AROUND(s, d)[0], False, AROUND(s, d)[2])
    ),
    "later mails are not seen": lambda m: m.setattr(pace.Ledger, "around", lambda s, d: (*AROUND(s, d)[:2], None)),
    "windows are never over": lambda m: m.setattr(windows, "is_over", lambda *_: False),
    "half a year is enough": lambda m: m.setattr(planning, "HORIZON", 180),
    "conditions always hold": lambda m: m.setattr(planning, "_fits", lambda *_: True),
    "a stance that nobody noted fits no list": lambda m: m.setattr(
        planning, "Stance", SimpleNamespace(UNKNOWN="")
    ),
    "rules never recur": lambda m: m.setattr(Rule, "days", lambda _, start, *__: iter([start])),
    "every entry is for everybody": lambda m: m.setattr(calendar, "_applies", lambda *_: True),
    "estimated entries block": lambda m: m.setattr(
        calendar, "_mark", lambda _, e: calendar.DayMark(e.effect, e.id, e.reduce_days, (e.effect.value, e.id))
    ),
    "weekends are business days": lambda m: m.setattr(
        calendar.Days, "is_business", lambda s, d: all(k.effect is not Effect.HOLIDAY for k in s.on(d))
    ),
    "advance finds nothing": lambda m: m.setattr(planning._Search, "_earlier", lambda _: None),
    "nothing holds a step up": lambda m: m.setattr(planning._Search, "hold", lambda *_: None),
    "quiet days are loud": lambda m: m.setattr(planning._Planner, "rest", lambda *_: None),
    "nothing widens an entry": lambda m: m.setattr(
        calendar, "spans", lambda e, a, b: SPANS(replace(e, before=0, after=0), a, b)
    ),
    "reduce is a blackout": lambda m: m.setattr(
        calendar,
        "_mark",
        lambda c, e: MARK(c, replace(e, effect=Effect.BLACKOUT) if e.effect is Effect.REDUCE else e),
    ),
    "no_appointment is for everything": lambda m: m.setattr(
        calendar,
        "_mark",
        lambda c, e: MARK(c, replace(e, effect=Effect.BLACKOUT) if e.effect is Effect.NO_APPOINTMENT else e),
    ),
    "an unknown specialty matches nothing": lambda m: m.setattr(
        calendar, "_applies", lambda to, who: APPLIES(to, (who[0], who[1] or "?", *who[2:]))
    ),
    "nothing expires": lambda m: m.setattr(planning._Search, "_expiry", lambda *_: (None, None)),
    "a step may leave before its day": lambda m: m.setattr(
        planning._Planner, "nominal", lambda s, step: calendar.shifted(NOMINAL(s, step) or s.anchor_on, -1)
    ),
    "settled steps do not count": lambda m: m.setattr(planning._Planner, "passed", lambda *_: None),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_comparison_catches_a_seeded_fault(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planner with this fault does not agree with the obvious one on some of the first cases."""
    FAULTS[fault](monkeypatch)

    def survives() -> bool:
        for number in range(400):
            try:
                agree(number)
            except (AssertionError, StopIteration):
                return False
        return True

    assert not survives()


def test_utc_requests_and_local_requests_are_one() -> None:
    """An instant is an instant, whatever zone it is written in."""
    asked = request(7)

    assert plan(asked) == plan(
        replace(asked, anchor=asked.anchor.astimezone(TOKYO), now=asked.now.astimezone(UTC))
    )


@pytest.mark.parametrize("on_blocked", ["postpone", "advance", "skip", "ignore"])
def test_a_chosen_date_is_kept_as_long_as_it_can_be_had(on_blocked: str) -> None:
    """Whatever the step says of blocked days: a person chose. A day that is taken leads to the next free one."""
    step = mail(4, on_blocked=on_blocked)
    chosen = {"d4": Move("chosen", "sato", day(4), day(9))}
    free = only(step, entries=(entry(4),), chosen=chosen)
    taken = only(step, entries=(entry(9, 10, Effect.HOLIDAY),), chosen=chosen)

    assert (day(9), [Move("chosen", "sato", day(4), day(9))]) == (free.planned_on, list(free.moves))
    assert (StepOutcome.SEND, day(9 if on_blocked == "ignore" else 11)) == (taken.outcome, taken.planned_on)


def test_a_chosen_date_may_lie_before_the_steps_own() -> None:
    """But not before the step ahead, nor too near to it."""
    chosen = {"d9": Move("chosen", "sato", day(9), day(4))}
    steps = mail(2), mail(9)
    early = only(*steps, chosen=chosen)
    near = only(*steps, chosen=chosen, pace=Pace(min_gap=8))

    assert (day(4), day(10)) == (early.planned_on, near.planned_on)


def test_days_are_asked_for_with_the_rules_of_the_plan() -> None:
    """What is free for the plan is free to choose, at the plan's moment; the rest says what stands against it."""
    script = Scenario("s", {}, "meeting_end", "Asia/Tokyo", (mail(2), mail(4)), windows={"default": OFFICE})
    asked = Request(script, Profile(), ANCHOR, ANCHOR, "key", calendars=(Calendar("c", (entry(9),)),))
    days = planning.days_for(asked, "d4", [day(n) for n in (0, 1, 2, 4, 6, 9, 800)])
    there = planned(mail(2), mail(4))[-1]

    assert ["past", "order", "same_date", None, "no_window", "blackout", "no_date"] == [
        one.against.rule if one.against else None for one in days
    ]
    assert there.planned_at == days[3].at
