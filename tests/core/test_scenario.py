"""What does not fit together in a scenario is said before anybody is enrolled."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from nurture.core.content import Wanted
from nurture.core.problems import Severity, problems
from nurture.core.scenario import Hours, Pace, Scenario, Step, When, Windows

OFFICE = Windows(frozenset(range(5)), (Hours(time(9), time(12)),))
SCENARIO = Scenario(
    "s",
    {},
    "meeting_end",
    "Asia/Tokyo",
    (Step("a", 1, mail="thanks"), Step("b", 4, mail="case-study", thread="a")),
    pace=Pace(2),
    windows={"default": OFFICE},
)


def found(*steps: Step, **changes: object) -> list[tuple[str, Severity]]:
    """Texts and severities of a scenario with these steps."""
    script = replace(SCENARIO, steps=steps or SCENARIO.steps, **changes)  # type: ignore[arg-type]
    return [(str(problem.error), problem.severity) for problem in problems(script)]


def test_a_sound_scenario_has_no_problems() -> None:
    """Nothing to say."""
    assert [] == found()


@pytest.mark.parametrize(
    ("steps", "text", "severity"),
    [
        ((Step("a", 1, mail="m"), Step("a", 2, mail="m")), "a second step has the id a", Severity.REFUSED),
        ((Step("a", 1),), "needs either mail or task", Severity.REFUSED),
        ((Step("a", 1, mail="m", task="call"),), "needs either mail or task", Severity.REFUSED),
        ((Step("a", 1, mail="m", thread="b"), Step("b", 2, mail="m")), "comes later than this", Severity.REFUSED),
        ((Step("a", 1, mail="m"), Step("b", 2, mail="m", thread="x")), "there is no step x", Severity.REFUSED),
        ((Step("a", 1, task="call"), Step("b", 2, mail="m", thread="a")), "a is a task", Severity.REFUSED),
        ((Step("a", 1, task="call", content=Wanted("case_study")),), "content has no meaning", Severity.REFUSED),
        ((Step("a", 1, mail="m", when=When(no_reply=False)),), "never reached", Severity.WARNING),
        ((Step("a", 9, mail="m"), Step("b", 2, mail="m")), "comes on a later day", Severity.WARNING),
        ((Step("a", 1, mail="m"), Step("b", 1, mail="m", within_seconds=60)), "cannot keep", Severity.WARNING),
        ((Step("a", 14, mail="follow-up"),), "only chases", Severity.FAILED),
    ],
)
def test_steps_that_do_not_fit_are_named(steps: tuple[Step, ...], text: str, severity: Severity) -> None:
    """With what it leads to: refused, the check fails, or a warning."""
    assert any(text in said and severity is level for said, level in found(*steps))


def test_a_mail_that_gives_something_does_not_chase() -> None:
    """Whatever its template is called."""
    assert [] == found(Step("a", 14, mail="follow-up", content=Wanted("case_study")))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"windows": {"nursing": OFFICE}}, "no default send window"),
        ({"windows": {"default": Windows(frozenset(), ())}}, "nothing ever leaves to default"),
        ({"pace": Pace()}, "without pace.min_gap"),
        ({"anchor": "trade_fair"}, "name of an event of yours"),
    ],
)
def test_what_may_surprise_is_a_warning(changes: dict[str, object], text: str) -> None:
    """The scenario can be used."""
    assert [Severity.WARNING] == [level for said, level in found(**changes) if text in said]


def test_windows_are_the_steps_own_then_the_scenarios_by_role_then_default() -> None:
    """The first that is there."""
    own = Windows(frozenset({6}), OFFICE.hours)
    script = replace(SCENARIO, windows={"default": OFFICE, "nursing": own})
    step = replace(SCENARIO.steps[0], windows={"clinician": own})

    assert [own, own, OFFICE, OFFICE] == [
        script.windows_for(step, role) for role in ("clinician", "nursing", "executive", None)
    ]
    assert replace(SCENARIO, windows={}).windows_for(step, None) is None
