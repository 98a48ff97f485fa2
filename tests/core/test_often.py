"""How seldom somebody wants our mail: read from words, kept in the suppression list, and held by the planner."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core import often
from nurture.core.calendar import Profile
from nurture.core.messages import Suppression, SuppressionScope
from nurture.core.plan import History, Request, plan
from nurture.core.scenario import Hours, Pace, Scenario, Step, Windows
from nurture.core.silencing import suppression
from nurture.core.suppressions import topics
from tests.samples import NOW

TUESDAY = datetime(2027, 6, 1, 6, 0, tzinfo=UTC)


def row(topic: str, *, lifted: bool = False) -> Suppression:
    """A partial refusal of one address."""
    made = suppression(f"sato@aoba.example#{topic}", "less_often", "web", NOW, "電話", SuppressionScope.TOPIC)
    return replace(made, lifted_at=NOW) if lifted else made


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("頻度を減らしていただければ結構です。月1回程度でお願いします。", 31),
        ("配信は四半期に1度くらいにしてほしいです。", 92),
        ("メールが多すぎます。週1回にしてください。", 7),
        ("月に２回ほどで十分です。", 16),
        ("２か月に１回でお願いします。", 62),
        ("三ヶ月に一度にしてください。", 93),
        ("隔月で結構です。", 62),
        ("半年に1回で十分です。", 183),
        ("年に数回で結構です。", 183),
        ("年1回で十分です。", 365),
        ("週に1回、いえ月1回で。", 31),
        ("Once a month is enough.", 31),
        ("Please write at most twice a year.", 183),
        ("もう少し頻度を減らしてください。", None),
        ("11月1回目の会議は終わりました。", None),
    ],
)
def test_what_they_name(text: str, days: int | None) -> None:
    """Days from one mail to the next; of several the longest; a date is no pace."""
    assert days == often.wish(text)


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    """None, or a number of days that the planner can hold."""
    found = often.wish(text)

    assert found is None or 1 <= found <= often.LONGEST


def test_the_longest_in_force_counts() -> None:
    """What was lifted does not, nor do topics; and no pace is a topic."""
    rows = [row("every-31d"), row("every-92d", lifted=True), row("every-62d"), row("seminar")]

    assert 62 == often.pace(rows)
    assert often.pace([row("seminar"), row("every-0d"), row("everyday")]) is None
    assert {"seminar"} == topics(rows)
    assert often.value("Sato@Aoba.example", 31) == rows[0].value


SCRIPT = Scenario(
    "s",
    {},
    "meeting_end",
    "Asia/Tokyo",
    (
        Step("thanks", 1, mail="m", within_seconds=10_800, any_window=True, on_blocked="ignore"),
        *(Step(f"step-{day}", day, mail="m") for day in (4, 10, 18)),
        Step("call", 20, task="call"),
    ),
    pace=Pace(min_gap=2),
    windows={"default": Windows(frozenset(range(5)), (Hours(datetime.min.time(), datetime.max.time()),))},
)


def dates(request: Request) -> dict[str, date | None]:
    """Each step's date."""
    return {step.step_id: step.planned_on for step in plan(request).steps}


def asked(every: int | None, *before: date) -> Request:
    """The script from Tuesday on, with mails that left before."""
    return Request(SCRIPT, Profile(), TUESDAY, TUESDAY, "e-1", history=History(person=before), every=every)


def test_mails_keep_the_distance_that_the_person_wishes() -> None:
    """A month between any two, over all scenarios; the thank-you comes in time and counts; tasks are not mail."""
    found = dates(asked(31, date(2027, 5, 20)))

    assert date(2027, 6, 1) == found["thanks"]
    assert [date(2027, 7, 2), date(2027, 8, 2), date(2027, 9, 2)] == [found[f"step-{n}"] for n in (4, 10, 18)]
    assert found["call"] is not None
    assert found["call"] >= date(2027, 9, 2)
    step = next(s for s in plan(asked(31)).steps if s.step_id == "step-4")
    assert "less_often" == step.moves[-1].rule


def test_without_a_wish_nothing_changes() -> None:
    """The scenario's own gap holds, and a wish for less than that changes nothing."""
    assert dates(asked(None)) == dates(asked(2)) == dates(asked(1))


@given(st.integers(1, 120), st.lists(st.dates(date(2027, 3, 1), date(2027, 5, 31)), max_size=4))
def test_no_two_mails_are_ever_closer(every: int, before: list[date]) -> None:
    """Whatever left before, whatever is wished."""
    found = dates(asked(every, *before))
    mails = sorted(day for step, day in found.items() if day is not None and step != "call")
    past = sorted(before)

    assert all((two - one).days >= every for one, two in pairwise(mails))
    after = [day for step, day in found.items() if day is not None and step not in {"call", "thanks"}]
    assert all((day - past[-1]).days >= every for day in after) if past else True
