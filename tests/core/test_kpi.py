"""The KPIs of practice I: from the journal's lines alone, the same for a past day whenever it is asked."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import mean, median
from typing import TYPE_CHECKING, Any

import pytest

from nurture.core import kpi
from nurture.core.figures import By, Months, figures, span
from nurture.core.ids import DealId, EnrollmentId, MessageId, OrganisationId, PersonId
from nurture.core.messages import Entry
from nurture.core.rates import Rate, spread

if TYPE_CHECKING:
    from nurture.core.figures import Figures

END = datetime(2026, 9, 10, 6, 0, tzinfo=UTC)
LATER = END + timedelta(days=60)
MONTHS = Months(date(2026, 9, 1), date(2026, 10, 1))
HOUR = timedelta(hours=1)


def line(at: datetime, kind: str, who: str = "a", actor: str = "nurture", mail: str = "", **data: object) -> Entry:
    """A line about the deal, enrollment and mail of ``who``."""
    about = kind.partition(".")[0]
    return Entry(
        at,
        kind,
        actor,
        data,
        organisation_id=OrganisationId(f"org-{who}"),
        deal_id=DealId(f"deal-{who}"),
        enrollment_id=EnrollmentId(f"en-{who}") if about != "meeting" else None,
        message_id=MessageId(mail or f"m-{who}") if about in {"message", "inbound"} else None,
    )


def met(who: str = "a", end: datetime = END, rep: str = "sato", scenario: str = "s", **more: Any) -> list[Entry]:
    """A meeting that was recorded ten minutes later, and its enrollment."""
    at = end + timedelta(minutes=10)
    return [
        line(at, "meeting.recorded", who, rep, meeting=f"met-{who}", ended_at=end.isoformat()),
        line(
            at,
            "enrollment.started",
            who,
            rep,
            **({"scenario": scenario, "rep": rep, "meeting": f"met-{who}", "thanks": "thanks"} | more),
        ),
    ]


def all_of(lines: list[Entry], now: datetime = LATER, months: Months = MONTHS, **more: Any) -> Figures:
    """The figures of everybody together."""
    return figures(kpi.read(sorted(lines, key=lambda x: x.at), now), months, **more)[""]


def test_a_rate_says_how_sure_it_is() -> None:
    """Wilson's interval, against Newcombe 1998 (method 3); three of three is not certain."""
    low, high = Rate(81, 263).interval or (0, 0)

    assert (0.2553, 0.3662) == (round(low, 4), round(high, 4))
    assert (0.4385, 1.0) == tuple(round(x, 4) for x in Rate(3, 3).interval or ())
    assert (0.0, 0.1611) == tuple(round(x, 4) for x in Rate(0, 20).interval or ())
    assert (None, None) == (Rate().share, Rate().interval)


def test_a_spread_has_the_median_beside_the_mean() -> None:
    """One that took a week moves the mean, not the median."""
    found = spread([1.0, 2.0, 3.0, 168.0])

    assert (4, 43.5, 2.5, 1.75, 44.25) == (found.count, found.mean, found.median, found.first, found.third)
    assert spread([]).median is None


def test_the_time_runs_from_the_end_of_the_meeting() -> None:
    """Not from its record."""
    found = all_of([*met(), line(END + 2 * HOUR, "message.sent", step="thanks")])

    assert (Rate(1, 1), 2.0) == (found.thanks, found.thanks_hours.median)
    assert (0, 1, 0, 0, 0, 0) == found.slices


def test_another_mail_is_no_thank_you() -> None:
    """Where the thank-you was rejected, the mail of day 4 does not stand for it: it was not sent."""
    found = all_of([*met(), line(END + 96 * HOUR, "message.sent", step="case")])

    assert (Rate(0, 1), 0) == (found.thanks, found.thanks_hours.count)
    assert 1 == found.slices[-1]
    assert {"mail": 1, "meeting": 1} == found.channels


def test_what_cannot_be_told_yet_is_open() -> None:
    """Two hours after the meeting nothing is late, two days after nobody has failed to answer."""
    two = all_of(met(), END + 2 * HOUR)
    assert (Rate(0, 0), 1) == (two.thanks, two.thanks_open)
    assert Rate(0, 1) == all_of(met(), END + 3 * HOUR).thanks

    sent = [*met(), line(END + HOUR, "message.sent", step="thanks")]
    days = all_of(sent, END + timedelta(days=2))
    assert (Rate(0, 0), 1, 1) == (days.replied, days.replied_open, days.next_open)


@pytest.mark.parametrize(("after", "hits"), [(timedelta(days=13), 1), (timedelta(days=15), 0)])
def test_an_answer_counts_within_its_time(after: timedelta, hits: int) -> None:
    """A month does not get better by waiting for answers."""
    sent = END + HOUR
    found = all_of(
        [
            *met(),
            line(sent, "message.sent", step="thanks"),
            line(sent + after, "inbound.reply", case="agreement"),
            line(sent + after, "inbound.agreed"),
        ]
    )

    assert (Rate(hits, 1), Rate(hits, 1)) == (found.replied, found.agreed)
    assert 1 == found.answers


def test_an_answer_to_another_mail_does_not_answer_the_minutes() -> None:
    """It is an answer; the minutes stay without one."""
    found = all_of(
        [
            *met(),
            line(END + HOUR, "message.sent", step="thanks"),
            line(END + 30 * HOUR, "message.sent", mail="m-case", step="case"),
            line(END + 40 * HOUR, "inbound.reply", mail="m-case", case="reply"),
        ]
    )

    assert (Rate(0, 1), 1) == (found.replied, found.answers)


@pytest.mark.parametrize(
    "line_",
    [
        line(END + timedelta(days=20), "inbound.reply", case="appointment"),
        line(END + timedelta(days=20), "task.done", task="appointment", step="appointment"),
        line(END + timedelta(days=20), "task.done", task="visit", step="visit"),
        line(
            END + timedelta(days=21),
            "meeting.recorded",
            meeting="second",
            ended_at=(END + timedelta(days=20)).isoformat(),
        ),
    ],
    ids=["agreed", "kept", "visited", "met"],
)
def test_what_counts_as_the_next_appointment(line_: Entry) -> None:
    """It was agreed on, kept, or there was another meeting in the same deal."""
    assert 1 == all_of([*met(), line_]).next.hits
    assert 1 == all_of([*met(), *met("b"), line_]).next.hits  # of this deal alone


def test_a_stopped_enrollment_owes_no_thank_you() -> None:
    """Who opted out within the hour is not waited for; who did so on the next day was let down."""
    assert Rate(0, 0) == all_of([*met(), line(END + HOUR, "enrollment.stopped")]).thanks
    assert Rate(0, 1) == all_of([*met(), line(END + 24 * HOUR, "enrollment.stopped")]).thanks


def test_a_letter_in_doubt_left_when_the_line_broke() -> None:
    """A person who settles it on the next day does not make it late; and it is one letter, not two."""
    found = all_of(
        [
            *met(),
            line(END + HOUR, "message.in_doubt", step="thanks"),
            line(END + 30 * HOUR, "message.settled", step="thanks", sent=True),
            line(END + 31 * HOUR, "message.settled", step="thanks", sent=True),
        ]
    )

    assert (Rate(1, 1), 1.0) == (found.thanks, found.thanks_hours.median)
    assert 1 == found.channels["mail"]


def test_touches_are_counted_by_deal_and_channel() -> None:
    """Calls and visits count as mail does (G37); what was taken back does not; a task that is no touch neither."""
    done = [
        line(END + HOUR * n, "task.done", task=task, step=task, rep="sato")
        for n, task in enumerate(("call", "visit", "congress", "reply", "linkedin"), 1)
    ]
    found = all_of([*met(), *met("b"), *done, line(END + 9 * HOUR, "task.reopened", task="call", step="call")])

    assert {"meeting": 2, "visit": 1, "linkedin": 1, "congress": 1} == found.channels
    assert (2, 2.5, 2.5) == (found.touches.count, found.touches.mean, found.touches.median)


def test_a_meeting_is_a_touch_of_the_scenario_that_it_led_to() -> None:
    """One that led to none stands outside; each deal's touches stay together."""
    found = figures(kpi.read([*met(), met("b")[0]], LATER), MONTHS, By.SCENARIO)

    assert {"": {"meeting": 1}, "s": {"meeting": 1}} == {key: row.channels for key, row in found.items()}


def test_a_pilot_is_counted_and_is_no_touch() -> None:
    """C19: a trial that began."""
    found = all_of([*met(), line(END + HOUR, "task.done", task="pilot", step="pilot", rep="sato")])

    assert (1, {"meeting": 1}) == (found.pilots, found.channels)


def test_a_visit_without_a_record_is_missed() -> None:
    """I: records entered, goal 100 %. A visit near a recorded meeting of the same house is that meeting."""
    visit = line(END + HOUR, "task.done", task="visit", step="visit", rep="sato")

    assert Rate(1, 1) == all_of([*met(), visit]).entered
    assert Rate(1, 2) == all_of([*met("b"), visit]).entered
    assert Rate(1, 1) == all_of([*met("b"), visit], END + 2 * HOUR).entered  # it may still be recorded


def test_what_is_handed_over_counts_for_the_colleague_from_then_on() -> None:
    """The thank-you stays the first one's, later mails are the second one's."""
    started = replace(met()[1], person_id=PersonId("p"))
    handed = Entry(
        END + 2 * HOUR, "person.handed_over", "mori", {"before": "sato", "rep": "tanaka"}, person_id=PersonId("p")
    )
    lines = [
        met()[0],
        started,
        line(END + HOUR, "message.sent", step="thanks"),
        handed,
        line(END + 90 * HOUR, "message.sent", mail="m-case", step="case"),
    ]
    found = figures(kpi.read(lines, LATER), MONTHS, By.REP)

    assert (Rate(1, 1), {"mail": 1, "meeting": 1}) == (found["sato"].thanks, found["sato"].channels)
    assert (Rate(0, 0), {"mail": 1}) == (found["tanaka"].thanks, found["tanaka"].channels)


def test_lines_from_before_the_journal_named_the_representative() -> None:
    """They are matched by deal and moment; who recorded the meeting is taken for the representative."""
    old = line(END, "enrollment.started", actor="nurture", scenario="s", anchor=END.isoformat())
    lines = [met()[0], old, line(END + HOUR, "message.sent", step="thanks")]
    found = figures(kpi.read(lines, LATER), MONTHS, By.REP)

    assert ["sato"] == list(found)
    assert Rate(1, 1) == found["sato"].thanks


def _story(rnd: random.Random, number: int) -> list[Entry]:
    who, end = str(number), END + timedelta(days=rnd.randrange(-20, 40), minutes=rnd.randrange(1440))
    lines = met(who, end, rnd.choice(("sato", "tanaka")), rnd.choice(("s", "t")))
    if rnd.random() < 0.85:
        sent = end + timedelta(minutes=rnd.randrange(10, 600))
        lines.append(line(sent, "message.sent", who, step="thanks"))
        if rnd.random() < 0.7:
            lines.append(line(sent + HOUR * rnd.randrange(1, 500), "inbound.reply", who, case="reply"))
    if rnd.random() < 0.5:
        lines.append(line(end + timedelta(days=rnd.randrange(5, 50)), "task.done", who, task="visit", step="v"))
    return lines


@pytest.mark.parametrize("seed", range(5))
def test_against_a_second_count(seed: int) -> None:
    """Fifty deals: each KPI of each month is what plain loops over the stories come to."""
    rnd = random.Random(seed)
    stories = [_story(rnd, number) for number in range(50)]
    lines = sorted((each for story in stories for each in story), key=lambda x: x.at)
    found = figures(kpi.read(lines, LATER + timedelta(days=99)), MONTHS, By.MONTH)
    assert ["2026-09", "2026-10"] == list(found)
    for month, got in found.items():
        mine = [s for s in stories if month == _month(datetime.fromisoformat(str(s[0].data["ended_at"])))]
        times, answers, nexts = [], 0, 0
        for story in mine:
            end = datetime.fromisoformat(str(story[0].data["ended_at"]))
            sent = [x.at for x in story if x.kind == "message.sent"]
            times += [(at - end) / HOUR for at in sent]
            answers += any(x.at <= sent[0] + timedelta(days=14) for x in story if x.kind == "inbound.reply")
            nexts += any(x.at <= end + timedelta(days=30) for x in story if x.kind == "task.done")
        touched = [
            sum(
                month == _month(datetime.fromisoformat(str(x.data["ended_at"])) if "ended_at" in x.data else x.at)
                for x in story
                if x.kind in {"meeting.recorded", "message.sent", "task.done"}
            )
            for story in stories
        ]

        assert (len(mine), Rate(sum(t <= 3 for t in times), len(mine))) == (got.meetings, got.thanks)
        assert pytest.approx(mean(times)) == got.thanks_hours.mean
        assert pytest.approx(median(times)) == got.thanks_hours.median
        assert (Rate(answers, len(times)), Rate(nexts, len(mine))) == (got.replied, got.next)
        assert pytest.approx(mean(n for n in touched if n)) == got.touches.mean
        assert sum(touched) == sum(got.channels.values())


def _month(at: datetime) -> str:
    return f"{at + timedelta(hours=9):%Y-%m}"


def test_groups_add_up() -> None:
    """By representative, scenario, team or month, the same meetings are counted; a filter counts no others."""
    rnd = random.Random(7)
    lines = sorted((each for number in range(40) for each in _story(rnd, number)), key=lambda x: x.at)
    facts = kpi.read(lines, LATER)
    whole = figures(facts, MONTHS)[""]
    for by in By:
        parts = figures(facts, MONTHS, by, teams={"sato": "mori", "tanaka": "mori"})
        assert whole.meetings == sum(part.meetings for part in parts.values()), by
        assert whole.thanks.of == sum(part.thanks.of for part in parts.values()), by
    assert ["mori"] == list(figures(facts, MONTHS, By.TEAM, teams={"sato": "mori", "tanaka": "mori"}))
    only = figures(facts, MONTHS, By.REP, sees=lambda rep: rep == "sato", scenario="s")
    assert ["sato"] == list(only)
    assert 0 < only["sato"].meetings < whole.meetings


def test_a_month_ends_where_people_live() -> None:
    """Half past eleven at night of the last of September in Tokyo is September, in UTC too early to be October."""
    end = datetime(2026, 9, 30, 14, 30, tzinfo=UTC)
    found = figures(kpi.read(met(end=end), LATER), MONTHS, By.MONTH)

    assert (1, 0) == (found["2026-09"].meetings, found["2026-10"].meetings)


def test_the_months_that_are_looked_at() -> None:
    """Six up to the present one; at most two years; never backwards."""
    now = datetime(2026, 1, 31, 16, 0, tzinfo=UTC)  # February in Tokyo

    assert (date(2025, 9, 1), date(2026, 2, 1)) == (
        span(None, None, now, "Asia/Tokyo").first,
        span(None, None, now, "Asia/Tokyo").last,
    )
    assert 24 == len(span(date(1, 1, 1), date(2026, 2, 1), now, "Asia/Tokyo").all)
    assert 1 == len(span(date(2030, 1, 1), date(2026, 2, 1), now, "Asia/Tokyo").all)
    assert date(2026, 2, 1) == span(None, date(9999, 12, 1), now, "Asia/Tokyo").last
    assert date(2000, 1, 1) == span(date(1, 1, 1), date(1, 1, 1), now, "Asia/Tokyo").last
