"""Scenario files: YAML to ``core.scenario.Scenario``, and what ``nurture schema scenario`` prints.

The format stands in ``scenario_format``. Here its models become values: a scenario that repeats has its steps
once for each round, a variant has the whole script as it is for its people.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from nurture.core import scenario as core
from nurture.core.content import Wanted
from nurture.core.ids import ScenarioHash
from nurture.core.problems import Problem, Severity, problems
from nurture.core.rules import Action, Happening, Rule, Trigger
from nurture.core.scenario import Scenario, Step, Variant
from nurture.core.span import Span
from nurture.errors import UserError
from nurture.files import yaml
from nurture.files.scenario_format import (
    ChangedStep,
    EventModel,
    ExpiryModel,
    RuleModel,
    ScenarioModel,
    StepModel,
    WhenModel,
    WindowModel,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from nurture.files.yaml import Document

MAX_BYTES: Final = 200_000
SEPARATOR: Final = "~"
"""Between a step's id and its round: ``news~2``. No id in a file can hold it."""


# --- reading -----------------------------------------------------------------------------------------


def read_scenario(path: Path, *, file: str | None = None) -> Scenario:
    """The scenario of a file.

    Raises:
        UserError, UserErrors: it cannot be read, or cannot be used as it stands.
    """
    return _usable(*_checked(yaml.read(path, file=file, max_bytes=MAX_BYTES)))


def parse_scenario(text: str, *, file: str | None = None) -> Scenario:
    """The scenario of a text.

    Raises:
        UserError, UserErrors: it cannot be used as it stands.
    """
    return _usable(*_checked(yaml.parse(text, file=file, max_bytes=MAX_BYTES)))


def check_scenario(path: Path, *, file: str | None = None) -> tuple[Scenario, tuple[Problem, ...]]:
    """The scenario of a file with everything that does not fit together; the places of the errors are filled in.

    Raises:
        UserError, UserErrors: it cannot be read, or single values are wrong.
    """
    return _checked(yaml.read(path, file=file, max_bytes=MAX_BYTES))


def scenario_schema() -> dict[str, Any]:
    """The JSON Schema of scenario files."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ScenarioModel.model_json_schema()}


def _usable(scenario: Scenario, found: tuple[Problem, ...]) -> Scenario:
    refused = [problem.error for problem in found if problem.severity is Severity.REFUSED]
    if refused:
        raise yaml.together(refused)
    return scenario


def _checked(document: Document) -> tuple[Scenario, tuple[Problem, ...]]:
    scenario = _scenario(yaml.validate(ScenarioModel, document), document)
    found = tuple(_placed(problem, document) for problem in problems(scenario))
    return _with_rounds(scenario), found


def _placed(problem: Problem, document: Document) -> Problem:
    error = problem.error
    placed = UserError(error.text, where=document.where(problem.path), hint=error.hint, **error.values)
    return replace(problem, error=placed)


def _scenario(model: ScenarioModel, document: Document) -> Scenario:
    cap, cap_days = model.pace.per_organisation or (None, None)
    event = model.anchor.event if isinstance(model.anchor, EventModel) else None
    return Scenario(
        id=model.id,
        name=model.name,
        anchor=event or str(model.anchor),
        anchor_is_event=event is not None,
        offset=model.offset or Span(),
        repeat=model.repeat,
        times=model.times or 1,
        rules=tuple(_rule(rule, document.where(("on", at)).line) for at, rule in enumerate(model.on)),
        variants=tuple(
            Variant(name, variant.weight, tuple(_arm(model, variant.steps, document)))
            for name, variant in model.variants.items()
        ),
        timezone=model.timezone,
        steps=tuple(_step(step, model, document, index) for index, step in enumerate(model.steps)),
        calendars=tuple(dict.fromkeys(model.calendars)),
        stop_on=tuple(dict.fromkeys(model.stop_on)),
        pace=core.Pace(model.pace.min_gap, cap, cap_days),
        windows=_windows(model.windows),
        on_colleague_reply=model.on_colleague_reply,
        hash=ScenarioHash(hashlib.sha256(document.text.encode()).hexdigest()),
        text=document.text,
        file=document.file,
    )


def _with_rounds(scenario: Scenario) -> Scenario:
    """The script with the steps of its later rounds, in every variant."""
    if scenario.repeat is None:
        return scenario
    return replace(
        scenario,
        steps=_rounds(scenario, scenario.steps),
        variants=tuple(replace(v, steps=_rounds(scenario, v.steps)) for v in scenario.variants),
    )


def _rounds(scenario: Scenario, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    every, ids = scenario.repeat or Span(), {step.id for step in steps}

    def named(step_id: str | None, turn: int) -> str | None:
        return f"{step_id}{SEPARATOR}{turn}" if step_id in ids else step_id

    later = [
        replace(
            step,
            id=named(step.id, turn) or step.id,
            thread=named(step.thread, turn),
            start=every.times(turn - 1),
            round=turn,
        )
        for turn in range(2, scenario.times + 1)
        for step in steps
    ]
    return (*steps, *later)


def _arm(model: ScenarioModel, changed: Mapping[str, ChangedStep], document: Document) -> Iterable[Step]:
    """The steps of a variant: what it does not mention is as the scenario says."""
    for index, step in enumerate(model.steps):
        change = changed.get(step.id)
        if change is None:
            yield _step(step, model, document, index)
        elif not change.skip:
            said = {name: getattr(change, name) for name in change.model_fields_set if name != "skip"}
            if change.mail is not None:
                said.setdefault("task", None)
            elif change.task is not None:
                said |= {"mail": None, "requires": [], "content": None, "thread": None, "quiet": None}
            yield _step(step.model_copy(update=said), model, document, index)


def _rule(model: RuleModel, line: int | None) -> Rule:
    when, do = model.when, model.do
    (what,) = (h for h in Happening if h.value in when.model_fields_set)
    return Rule(
        Trigger(
            what,
            intents=when.reply or frozenset(),
            bounce=when.bounce or "any",
            days=when.no_reply_after or when.absence or 0,
            step=when.step,
        ),
        Action(
            pause="pause" in do.model_fields_set,
            pause_days=do.pause,
            resume=do.resume,
            stop=do.stop,
            task=do.task,
            enroll=do.enroll,
            every=do.every,
            after=do.after or Span(),
        ),
        line,
    )


def _windows(models: Mapping[str, WindowModel]) -> dict[str, core.Windows]:
    return {role: core.Windows(model.days, model.hours) for role, model in models.items()}


def _step(model: StepModel, scenario: ScenarioModel, document: Document, index: int) -> Step:
    windows = model.windows
    own = (
        {"default": windows}
        if isinstance(windows, WindowModel)
        else windows
        if isinstance(windows, dict)
        else None
    )
    return Step(
        id=model.id,
        day=model.day,
        mail=model.mail,
        task=model.task,
        business_days=(model.count or scenario.count) == "business",
        within_seconds=model.within,
        requires=tuple(model.requires),
        content=Wanted(model.content.kind, tuple(model.content.match)) if model.content else None,
        approve=model.approve,
        on_blocked=model.on_blocked,
        any_window=windows == "any",
        windows=None if own is None else _windows(own),
        expires=_expiry(model.expires) if model.expires else None,
        purpose=model.purpose,
        thread=model.thread,
        when=_when(model.when) if model.when else core.When(),
        quiet_days=model.quiet or 0,
        line=document.where(("steps", index)).line,
    )


def _expiry(model: ExpiryModel) -> core.Expiry:
    before = model.before
    return core.Expiry(
        after=model.after,
        before_date=before if isinstance(before, date) else None,
        before_event=before if isinstance(before, str) else None,
        margin=model.margin,
    )


def _when(model: WhenModel) -> core.When:
    def listed(words: list[str] | None) -> tuple[str, ...] | None:
        return None if words is None else tuple(words)

    return core.When(
        no_reply=model.no_reply,
        roles=listed(model.role),
        specialties=listed(model.specialty),
        stances=listed(model.stance),
        deal_phase_at_least=model.deal_phase_at_least,
        competitors=listed(model.competitor),
    )
