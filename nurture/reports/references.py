"""What a scenario says about other files: calendars, templates, content, and the scenarios that it leads to.

Each may exist and still not fit: a template that needs the record of a meeting in a scenario that begins without
one, a mail that gives nothing, seminars that have all been held, a date that has passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.content import fits_date
from nurture.core.problem import Problem, Severity
from nurture.core.step_problems import cannot_give, not_given
from nurture.errors import UserError
from nurture.files import yaml
from nurture.files.calendar import national_holidays
from nurture.render.check import GIVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from nurture.core.content import ContentItem
    from nurture.core.rules import Rule
    from nurture.core.scenario import Scenario, Step
    from nurture.errors import Where
    from nurture.files.yaml import Document
    from nurture.render import TemplateWriter

WITHOUT_RECORDS: Final = ("enrolled_at",)
"""Anchors with which nothing else is known for certain."""


@dataclass(frozen=True, slots=True)
class Others:
    """Everything that a scenario can speak of."""

    scenarios: Mapping[str, Scenario]
    calendars: frozenset[str]
    items: tuple[ContentItem, ...] | None  # None: a content file is broken, so nothing can be said
    writer: TemplateWriter
    today: date


def references(scenario: Scenario, document: Document, others: Others) -> Iterator[Problem]:
    """Problems between a scenario and the rest of the working folder, with their places filled in."""
    for at, calendar in enumerate(scenario.calendars):
        if calendar not in others.calendars and national_holidays(calendar) is None:
            place = document.where(("calendars", at))
            wrong = UserError("there is no calendar {name}", where=place, name=calendar)
            yield Problem(_missing(wrong, calendar, {*others.calendars, "jp-holidays"}))
    for at, step in enumerate(scenario.steps):
        if step.round == 1:
            yield from _step(scenario, step, ("steps", at), document, others)
    for variant in scenario.variants:
        for step in variant.steps:
            if step.round == 1 and step != scenario.step(step.id):
                path = ("variants", variant.name, "steps", step.id)
                yield from _step(scenario, step, path, document, others)
    for at, rule in enumerate(scenario.rules):
        yield from _target(scenario, rule, ("on", at, "do", "enroll"), document, others)


def _step(
    scenario: Scenario, step: Step, path: yaml.Path_, document: Document, others: Others
) -> Iterator[Problem]:
    mail = document.where((*path, "mail"))
    wrong = list(_template(step, mail, others.writer))
    yield from (Problem(error) for error in wrong)
    if step.mail is not None and not wrong and not others.writer.check(step.mail):  # else that is the complaint
        yield from _records(scenario, step, mail, others.writer)
        yield from _gift(step, mail, others.writer)
    yield from _content(scenario, step, path, document, others)
    yield from _expired(step, document.where((*path, "expires")), others.today)


def _template(step: Step, where: Where, writer: TemplateWriter) -> Iterator[UserError]:
    if step.mail is None:
        return
    if step.mail not in writer.ids():
        wrong = UserError("there is no template {name}", where=where, name=step.mail)
        yield _missing(wrong, step.mail, writer.ids())
        return
    known = {(error.text, str(error.values)) for error in writer.check(step.mail)}
    for error in writer.check(step.mail, step.requires) if step.requires else ():
        if (error.text, str(error.values)) not in known:
            yield UserError(error.text, where=where, hint=error.hint, **error.values)


def _records(scenario: Scenario, step: Step, where: Where, writer: TemplateWriter) -> Iterator[Problem]:
    """What the template cannot do without, and the anchor does not bring along."""
    needed = [name for name in writer.requires(step.mail or "") if name not in step.requires]
    if missing := not_given(scenario, needed):
        found = cannot_give(scenario, step.id, missing)
        sure = scenario.anchor in WITHOUT_RECORDS or scenario.is_event
        error = UserError(found.text, where=where, hint=found.hint, **found.values)
        yield Problem(error, severity=Severity.FAILED if sure else Severity.WARNING)


def _gift(step: Step, where: Where, writer: TemplateWriter) -> Iterator[Problem]:
    """Practice C15: a mail gives something: content, an answer, minutes, a date; at least it says why it comes."""
    template = step.mail or ""
    if (
        step.purpose != "value"
        or step.content is not None
        or step.requires
        or writer.content(template) is not None
    ):
        return
    read = writer.fields(template)
    if not any(path == given or path.startswith(f"{given}.") for path in read for given in GIVES):
        error = UserError(
            "step {step} gives the reader nothing: no content, no minutes, no answer to a concern",
            where=where,
            hint="content: {{kind: case_study}}; or purpose: notice, for a mail that only says something",
            step=step.id,
        )
        yield Problem(error, severity=Severity.WARNING)


def _content(
    scenario: Scenario, step: Step, path: yaml.Path_, document: Document, others: Others
) -> Iterator[Problem]:
    """Whether there is content of that kind, and some that can still be sent."""
    if step.content is None or others.items is None:
        return
    place = document.where((*path, "content", "kind"))
    kind = step.content.kind
    items = [item for item in others.items if item.kind == kind]
    if not items:
        wrong = UserError("there is no content of the kind {name}", where=place, name=kind)
        yield Problem(_missing(wrong, kind, {item.kind for item in others.items}))
        return
    lead = max(step.expires.margin, 1) if step.expires and step.expires.before_event else 1
    left = [item for item in items if fits_date(item, others.today, lead)]
    if not left:
        error = UserError(
            "all content of the kind {name} is over: step {step} cannot be written",
            where=place,
            hint="add a newer one under templates/content/",
            name=kind,
            step=step.id,
        )
        yield Problem(error, severity=Severity.WARNING)
    elif scenario.times > len(left):
        error = UserError(
            "{times} rounds need {times} pieces of the kind {name}, and there are {count}: nobody gets one twice",
            where=place,
            times=scenario.times,
            name=kind,
            count=len(left),
        )
        yield Problem(error, severity=Severity.WARNING)


def _expired(step: Step, where: Where, today: date) -> Iterator[Problem]:
    """A fixed date behind which the step is not sent any more."""
    expires = step.expires
    if expires is None or expires.before_date is None:
        return
    last = expires.before_date - timedelta(days=expires.margin)
    if last < today:
        error = UserError(
            "step {step} is sent no more: its last day was {last}", where=where, step=step.id, last=str(last)
        )
        yield Problem(error, severity=Severity.WARNING)


def _target(
    scenario: Scenario, rule: Rule, path: yaml.Path_, document: Document, others: Others
) -> Iterator[Problem]:
    """The scenario that a rule leads to: there is one, it can begin, and it does not lead back for ever."""
    target = rule.do.enroll
    if target is None:
        return
    place = document.where(path)
    found = others.scenarios.get(target)
    if found is None:
        wrong = UserError("there is no scenario {name}", where=place, name=target)
        yield Problem(_missing(wrong, target, others.scenarios))
        return
    if not rule.do.after and (found.anchor in {"proposal_sent_at", "lost_at", "contract_end"} or found.is_event):
        error = UserError(
            "{target} begins at {anchor}: where that date is not known, nobody is enrolled and the representative "
            "is asked",
            where=place,
            hint="after: 90d begins it whatever is known",
            target=target,
            anchor=found.anchor,
        )
        yield Problem(error, severity=Severity.WARNING)
    if any(other.do.enroll == scenario.id for other in found.rules):
        error = UserError("{target} leads back here: people may go round and round", where=place, target=target)
        yield Problem(error, severity=Severity.WARNING)


def _missing(error: UserError, name: str, known: Iterable[str]) -> UserError:
    """With what may have been meant."""
    listed = sorted(known)
    guess = yaml.nearest(name, listed)
    hint = "did you mean {guess}?" if guess else "there are: {known}" if listed else None
    return UserError(
        error.text, where=error.where, hint=hint, **error.values, guess=guess, known=", ".join(listed)
    )
