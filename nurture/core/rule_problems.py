"""What does not fit together in ``on`` and ``variants``: rules never reached, rules that would weaken a stop."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from nurture.core.problem import Problem, Severity, warned
from nurture.core.reading import Intent
from nurture.core.rules import ENDING, Happening
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nurture.core.rules import Rule, Trigger
    from nurture.core.scenario import Scenario


def of_rules(scenario: Scenario) -> Iterator[Problem]:
    """Problems of ``on``, in the order of the file."""
    for place, rule in enumerate(scenario.rules):
        yield from _step(scenario, rule, place)
        yield from _ending(rule, place)
        yield from _senseless(scenario, rule, place)
        yield from _shadowed(scenario.rules[:place], rule, place)


def _step(scenario: Scenario, rule: Rule, place: int) -> Iterator[Problem]:
    if rule.when.step is None:
        return
    path = ("on", place, "when", "step")
    found = scenario.step(rule.when.step)
    if found is None:
        mails = [s.id for s in scenario.steps if s.mail is not None and s.round == 1]
        near = difflib.get_close_matches(rule.when.step, mails, n=1)
        yield Problem(
            UserError(
                "there is no step {thread}",
                hint="did you mean {guess}?" if near else "the mails of this scenario: {mails}",
                thread=rule.when.step,
                guess=near[0] if near else None,
                mails=", ".join(mails),
            ),
            path,
        )
    elif found.mail is None:
        yield Problem(UserError("{thread} is a task: nobody answers it", thread=rule.when.step), path)


def _ending(rule: Rule, place: int) -> Iterator[Problem]:
    """What ends an enrollment for certain cannot be weakened; a task may be added."""
    when, do = rule.when, rule.do
    moved = when.what is Happening.REPLY and bool(when.intents & ENDING)
    dead = when.what is Happening.BOUNCE and when.bounce == "permanent"
    wrong = "pause" if do.pause else "resume" if do.resume else "enroll" if do.enroll else None
    if (moved or dead) and wrong is not None:
        yield Problem(
            UserError(
                "{key} is not possible here: an address that is no good any more ends the enrollment for certain",
                hint="a task is possible: do: {{task: call}}",
                key=wrong,
            ),
            ("on", place, "do", wrong),
        )


def _senseless(scenario: Scenario, rule: Rule, place: int) -> Iterator[Problem]:
    if rule.do.resume and rule.when.what is not Happening.REPLY:
        yield Problem(
            UserError("resume belongs to a reply: nothing else makes an enrollment pause"),
            ("on", place, "do", "resume"),
        )
    if rule.do.every is not None and Intent.LESS_OFTEN not in rule.when.intents:
        yield Problem(
            UserError("every belongs to a reply that wants less mail", hint="when: {reply: less_often}"),
            ("on", place, "do", "every"),
        )
    if rule.do.enroll == scenario.id:
        yield Problem(
            UserError("a scenario cannot enroll in itself: it would never end"), ("on", place, "do", "enroll")
        )


def _shadowed(ahead: Sequence[Rule], rule: Rule, place: int) -> Iterator[Problem]:
    covering = next((r for r in ahead if _covers(r.when, rule.when)), None)
    if covering is not None:
        yield warned(
            UserError(
                "this rule is never reached: the one on line {line} fits whenever it does",
                hint="put the narrower rule first",
                line=covering.line,
            ),
            "on",
            place,
            "when",
        )


def _covers(one: Trigger, two: Trigger) -> bool:
    """Whether ``one`` fits whenever ``two`` does. Rules of silence each come in their own time."""
    if one.what is not two.what or (one.step is not None and one.step != two.step):
        return False
    if one.what is Happening.SILENCE:
        return (one.days, one.step) == (two.days, two.step)
    if one.what is Happening.BOUNCE:
        return one.bounce in {"any", two.bounce}
    if one.what is Happening.ABSENCE:
        return one.days <= two.days
    return not one.intents or (bool(two.intents) and two.intents <= one.intents)


def of_variants(scenario: Scenario) -> Iterator[Problem]:
    """Problems of ``variants``: comparisons that compare nothing."""
    if len(scenario.variants) == 1:
        yield warned(
            UserError("one variant alone compares nothing", hint="add a second: b: {weight: 1}"),
            "variants",
            scenario.variants[0].name,
        )
    for place, variant in enumerate(scenario.variants):
        path = ("variants", variant.name)
        if not variant.weight:
            yield warned(UserError("nobody is in {variant}: its weight is 0", variant=variant.name), *path)
        if not variant.steps:
            yield Problem(UserError("{variant} has no steps left", variant=variant.name), path, Severity.REFUSED)
        same = next((v for v in scenario.variants[:place] if v.steps == variant.steps), None)
        if same is not None:
            yield warned(
                UserError("{variant} is the same as {other}", variant=variant.name, other=same.name), *path
            )
