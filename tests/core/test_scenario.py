"""What does not fit together in a scenario is said before anybody is enrolled."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.content import Wanted
from nurture.core.problems import Severity, problems
from nurture.core.reading import Intent
from nurture.core.rules import Action, Happening, Rule, Trigger
from nurture.core.scenario import Expiry, Hours, Pace, Scenario, Step, Variant, When, Windows
from nurture.core.span import Span


def rule(*intents: Intent, **do: object) -> Rule:
    """A rule for replies that say one of these."""
    return Rule(Trigger(Happening.REPLY, frozenset(intents)), Action(**do), 7)  # type: ignore[arg-type]


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
        ((Step("a", 0, mail="m"),), "expected 1 or more: meeting_end is not known", Severity.REFUSED),
        ((Step("a", 0, mail="m", business_days=True),), "counted from day 1 on", Severity.REFUSED),
        ((Step("a", 4, mail="m", within_seconds=3600),), "day 4 begins after it", Severity.FAILED),
        ((Step("a", 1, mail="m", within_seconds=3600),), "only within its send windows", Severity.WARNING),
        (
            (Step("a", 1, mail="m"), Step("b", 2, mail="m")),
            "gap and cap put it on day 3 behind a",
            Severity.WARNING,
        ),
        (
            (Step("a", 1, mail="m"), Step("b", 2, mail="m", expires=Expiry(after=0))),
            "a puts it on day 3, and it expires on day 2",
            Severity.FAILED,
        ),
        (
            (Step("a", 1, mail="m", when=When(stances=("skeptical",))),),
            "expected one of sceptical",
            Severity.FAILED,
        ),
        (
            (Step("a", 1, mail="m", when=When(roles=("clinican",))),),
            "no role is called clinican",
            Severity.WARNING,
        ),
        (
            (Step("a", 1, mail="m", windows={"default": Windows(frozenset(), OFFICE.hours)}),),
            "step a never leaves: its window",
            Severity.FAILED,
        ),
    ],
)
def test_steps_that_do_not_fit_are_named(steps: tuple[Step, ...], text: str, severity: Severity) -> None:
    """With what it leads to: refused, the check fails, or a warning."""
    assert any(text in said and severity is level for said, level in found(*steps))


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ((rule(Intent.MOVED, resume=True),), "resume is not possible here"),
        ((rule(Intent.LEFT, enroll="x"),), "enroll is not possible here"),
        ((Rule(Trigger(Happening.BOUNCE, bounce="permanent"), Action(pause=True)),), "pause is not possible here"),
        ((Rule(Trigger(Happening.SILENCE, days=3), Action(resume=True)),), "resume belongs to a reply"),
        ((rule(enroll="s"),), "cannot enroll in itself"),
        ((Rule(Trigger(Happening.REPLY, step="aa"), Action(stop=True)),), "there is no step aa"),
    ],
)
def test_rules_that_would_weaken_a_stop_or_mean_nothing_are_refused(rules: tuple[Rule, ...], text: str) -> None:
    """An enrollment could not follow them."""
    assert [Severity.REFUSED] == [level for said, level in found(rules=rules) if text in said]


def test_rules_that_differ_are_both_reached() -> None:
    """Another step, another kind of silence, a task beside what ends anyway."""
    rules = (
        Rule(Trigger(Happening.REPLY, step="a"), Action(pause=True)),
        rule(Intent.REFUSAL, stop=True),
        rule(Intent.MOVED, task="call"),
        Rule(Trigger(Happening.SILENCE, days=9), Action(task="call")),
        Rule(Trigger(Happening.SILENCE, days=9, step="b"), Action(task="call")),
        Rule(Trigger(Happening.ABSENCE, days=30), Action(pause=True)),
        Rule(Trigger(Happening.ABSENCE), Action(task="call")),
    )
    assert [] == found(rules=rules)


def test_steps_for_different_roles_do_not_meet() -> None:
    """On one day each: no gap lies between them, for nobody gets both."""
    steps = (
        Step("doctor", 4, mail="m", when=When(roles=("clinician",))),
        Step("nurse", 4, mail="m", when=When(roles=("nursing",))),
    )
    assert [] == found(*steps)
    both = replace(steps[1], when=When(roles=("nursing", "clinician")))
    assert any("gap and cap" in said for said, _ in found(steps[0], both))


def test_a_cap_that_cannot_hold_puts_steps_off() -> None:
    """Counted over the scenario's own mails; a cap of nothing lets nothing leave."""
    pace = Pace(1, 2, 30)
    steps = tuple(Step(f"s{day}", day, mail="m") for day in (1, 5, 9))
    assert any("put it on day 31" in said for said, _ in found(*steps, pace=pace))
    assert [Severity.FAILED] == [level for _, level in found(*steps, pace=Pace(1, 0, 7))]


def test_a_mail_in_the_quiet_days_of_its_own_scenario() -> None:
    """It would always be moved; a thank-you and a notice pass; a task has no quiet days."""
    weighty = Step("a", 4, mail="m", quiet_days=7)

    assert [Severity.WARNING] == [
        s for said, s in found(weighty, Step("b", 9, mail="m")) if "up to day 11" in said
    ]
    assert [] == found(weighty, Step("b", 12, mail="m"))
    assert [] == found(weighty, Step("b", 9, mail="m", purpose="notice"))
    assert [Severity.REFUSED] == [s for _, s in found(Step("c", 4, task="call", quiet_days=7))]


def test_a_thread_that_nobody_has() -> None:
    """The step that it answers in is for other people."""
    steps = (
        Step("a", 1, mail="m", when=When(roles=("nursing",))),
        Step("b", 9, mail="m", thread="a", when=When(roles=("clinician",))),
    )

    assert [Severity.WARNING] == [s for said, s in found(*steps) if "a thread of its own" in said]


def test_an_invitation_that_expires_before_it_can_leave() -> None:
    """Anchored at the event itself, its day and margin are compared, offset and all."""
    late = Step("invite", -1, mail="m", expires=Expiry(before_event="seminar_date", margin=3))
    event = {"anchor": "seminar_date", "anchor_is_event": True}
    assert [Severity.FAILED] == [level for _, level in found(late, **event)]
    assert [] == found(replace(late, day=-3), **event)
    assert [] == found(replace(late, day=1), **event, offset=Span(0, -21))


def test_what_needs_a_meeting_is_told_where_there_is_none() -> None:
    """For certain where the anchor brings nothing along, as a warning where a meeting is likely."""
    minutes = Step("thanks", 1, mail="m", requires=("agreements", "confirmation_question"))
    assert [] == found(minutes)
    assert [Severity.FAILED] == [level for _, level in found(minutes, anchor="enrolled_at")]
    assert [Severity.WARNING] == [level for _, level in found(minutes, anchor="lost_at")]


def test_the_arms_of_a_comparison_are_looked_at_too() -> None:
    """What is wrong with one arm alone is said at that arm."""
    script = replace(
        SCENARIO,
        variants=(
            Variant("a", 1, SCENARIO.steps),
            Variant("b", 1, (Step("a", 1, mail="m"), Step("b", 4, mail="m", thread="x"))),
        ),
    )
    wrong = [p for p in problems(script) if p.severity is Severity.REFUSED]
    assert [("variants", "b")] == [p.path for p in wrong]


@given(st.text(max_size=40))
def test_arms_are_drawn_evenly_and_for_good(person: str) -> None:
    """By weight; the same person gets the same arm; weight 0 gets nobody."""
    arms = (Variant("a", 3, ()), Variant("none", 0, ()), Variant("b", 1, ()))
    script = replace(SCENARIO, variants=arms)
    assert script.variant_of(person) == script.variant_of(person)
    assert script.variant_of(person) in {"a", "b"}


def test_arms_have_their_share() -> None:
    """Of many people three quarters and one quarter."""
    script = replace(SCENARIO, variants=(Variant("a", 3, ()), Variant("b", 1, ())))
    share = sum(script.variant_of(str(n)) == "a" for n in range(4000)) / 4000
    assert 0.72 < share < 0.78
    assert SCENARIO.variant_of("x") is None


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
        ({"anchor": "contrat_end"}, "name of an event of yours"),
        ({"windows": {"default": OFFICE, "nursin": OFFICE}}, "no role is called nursin"),
        ({"stop_on": ("bounce",)}, "goes on after a reply"),
        ({"repeat": Span(0, 3), "times": 2}, "a round begins before the last step"),
        ({"repeat": Span(3), "times": 2}, "step a says the same in each of 2 rounds"),
        ({"variants": (Variant("a", 1, SCENARIO.steps),)}, "one variant alone"),
        ({"variants": (Variant("a", 1, SCENARIO.steps), Variant("b", 1, SCENARIO.steps))}, "b is the same as a"),
        (
            {"variants": (Variant("a", 1, SCENARIO.steps), Variant("b", 0, SCENARIO.steps[:1]))},
            "nobody is in b: its weight is 0",
        ),
        ({"rules": (rule(pause=True), rule(Intent.REFUSAL, stop=True))}, "the one on line 7 fits whenever"),
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
