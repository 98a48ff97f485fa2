"""What does not fit together in a scenario: what a reader of single keys cannot see, and a person would only
find later.

Three degrees: a scenario that is *refused* cannot be used at all; one that *failed* could be, but the check does
not pass; a *warning* says what may surprise. Each problem carries its path in the file. Nothing here knows other
files: whether a template or a calendar exists is asked by ``nurture check``.
"""

from __future__ import annotations

import difflib
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from nurture.core.calendar import shifted
from nurture.core.problem import Problem, Severity, warned
from nurture.core.rule_problems import of_rules, of_variants
from nurture.core.rules import Happening
from nurture.core.scenario import ANCHORS
from nurture.core.span import SOME_DAY
from nurture.core.step_problems import names_of_roles, of_steps
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nurture.core.scenario import Scenario

__all__ = ["Problem", "Severity", "problems"]


def problems(scenario: Scenario) -> tuple[Problem, ...]:
    """Everything in a scenario that does not fit together, in the order of its steps."""
    found = [*of_steps(scenario), *_of_whole(scenario), *of_rules(scenario), *of_variants(scenario)]
    known = {str(problem.error) for problem in found}
    of_arms = [
        replace(problem, path=("variants", variant.name))
        for variant in scenario.variants
        for problem in of_steps(scenario.as_variant(variant.name))
        if str(problem.error) not in known
    ]
    return (*found, *of_arms)


def _of_whole(scenario: Scenario) -> Iterator[Problem]:
    if not scenario.steps:
        yield Problem(UserError("a scenario needs at least one step"), ("steps",))
    yield from _anchor(scenario)
    yield from _rounds(scenario)
    yield from names_of_roles(scenario.windows, ("windows",))
    if "reply" not in scenario.stop_on and not any(r.when.what is Happening.REPLY for r in scenario.rules):
        yield warned(
            UserError(
                "the scenario goes on after a reply: queued mails need a fresh approval, later ones come as ever",
                hint="add reply to stop_on, or say under on what a reply does",
            ),
            "stop_on",
        )
    for role, windows in scenario.windows.items():
        if not windows.days or not windows.hours:
            yield Problem(
                UserError("nothing ever leaves to {role}: the window has no days or no hours", role=role),
                ("windows", role),
                severity=Severity.WARNING,
            )
        for at, (one, two) in enumerate(itertools.pairwise(windows.hours)):
            if two.start < one.end:
                yield Problem(
                    UserError("these hours overlap"), ("windows", role, "hours", at + 1), severity=Severity.WARNING
                )
    if "default" not in scenario.windows and any(not s.any_window and s.windows is None for s in scenario.steps):
        yield Problem(
            UserError(
                "there is no default send window: roles without a window of their own are never written to",
                hint='write windows: {default: {days: mon-fri, hours: ["09:30-11:30"]}}',
            ),
            ("windows",),
            severity=Severity.WARNING,
        )
    if scenario.pace.min_gap is None:
        yield Problem(
            UserError("without pace.min_gap mails may follow each other day by day"),
            ("pace",),
            severity=Severity.WARNING,
        )


def _anchor(scenario: Scenario) -> Iterator[Problem]:
    if scenario.anchor in ANCHORS or scenario.anchor_is_event:
        return
    near = difflib.get_close_matches(scenario.anchor, ANCHORS, n=1, cutoff=0.75)
    yield warned(
        UserError(
            "{anchor} is taken as the name of an event of yours",
            hint="did you mean {guess}? For an event, write anchor: {{event: {anchor}}}"
            if near
            else "write anchor: {{event: {anchor}}}; the anchors that are known: {known}",
            anchor=scenario.anchor,
            known=", ".join(ANCHORS),
            guess=near[0] if near else None,
        ),
        "anchor",
    )


def _rounds(scenario: Scenario) -> Iterator[Problem]:
    """Scenarios that repeat."""
    if scenario.repeat is None:
        return
    first = [step for step in scenario.steps if step.round == 1]
    last = max((step.day for step in first), default=1)
    if shifted(SOME_DAY, last - min((s.day for s in first), default=1)) >= scenario.repeat.after(SOME_DAY):
        yield warned(
            UserError(
                "a round begins before the last step of the one before it (day {day}): its steps will wait",
                day=last,
            ),
            "repeat",
        )
    for index, step in enumerate(first):
        if step.mail is not None and step.content is None:
            yield warned(
                UserError(
                    "step {step} says the same in each of {times} rounds",
                    hint="content: {{kind: column}} gives each round something new",
                    step=step.id,
                    times=scenario.times,
                ),
                "steps",
                index,
                "mail",
            )
