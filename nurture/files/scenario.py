"""Scenario files: YAML to ``core.scenario.Scenario``, and what ``nurture schema scenario`` prints.

The format is public: ``docs/scenarios.md``. Keys may be added; what stands keeps its meaning.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)

from nurture.core import scenario as core
from nurture.core.content import Wanted
from nurture.core.ids import ScenarioHash
from nurture.core.scenario import Problem, Scenario, Severity, Step
from nurture.errors import UserError
from nurture.files import yaml
from nurture.files.spans import DaySpan, Names, SendHours, TimeSpan, Weekdays, Words, Zone, day_of
from nurture.files.yaml import Document, Wrong

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_BYTES: Final = 200_000
MAX_STEPS: Final = 200
LAST_DAY: Final = 3650

Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
LATER: Final = ("on", "reactions", "variants")
"""Keys that are kept free for what is to come."""


class Strict(BaseModel):
    """Every key is known, every value has its kind."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WindowModel(Strict):
    """When mail may leave, in the reader's local time."""

    days: Weekdays = Field(description="days of the week: mon-fri, sat, or a list of both")
    hours: SendHours = Field(description="a list of hours: 09:30-11:30; the end is not included")


def _cap(value: object) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,4}) per ([0-9]{1,3})d", value) if isinstance(value, str) else None
    if found is None or int(found[2]) < 1:
        raise Wrong(UserError("found {found}, expected a cap such as 3 per 7d", found=yaml.shown(value)))
    return int(found[1]), int(found[2])


class PaceModel(Strict):
    """How often mail may come."""

    min_gap: DaySpan | None = Field(None, description="between two mails to one person, over all scenarios: 2d")
    per_organisation: (
        Annotated[
            tuple[int, int],
            PlainValidator(_cap),
            WithJsonSchema({"type": "string", "pattern": "^[0-9]+ per [0-9]+d$", "examples": ["3 per 7d"]}),
        ]
        | None
    ) = Field(None, description="over all people and scenarios of one organisation: 3 per 7d")


class ContentModel(Strict):
    """Which content a mail offers."""

    kind: Slug = Field(description="the kind of content: case_study, seminar, column …")
    match: list[Literal["role", "specialty", "concern", "competitor"]] = Field(
        [], description="what of the reader must fit: role, specialty, concern, competitor"
    )


def _date_or_event(value: object) -> date | str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,79}", value):
        return value
    try:
        return day_of(value)
    except Wrong as error:
        raise Wrong(
            UserError(
                "found {found}, expected a date or the name of an event such as seminar_date",
                found=yaml.shown(value),
            )
        ) from error


class ExpiryModel(Strict):
    """The last date on which a step still makes sense."""

    after: DaySpan | None = Field(None, description="so many days past the nominal date: 5d")
    before: (
        Annotated[date | str, PlainValidator(_date_or_event), WithJsonSchema({"type": "string", "minLength": 1})]
        | None
    ) = Field(None, description="a date, or the name of an event: seminar_date")
    margin: DaySpan = Field(0, description="so many days before that event: 3d")

    @model_validator(mode="after")
    def _one(self) -> ExpiryModel:
        if self.after is None and self.before is None:
            raise Wrong(UserError("expires needs after or before", hint="expires: {after: 5d}"))
        return self


class WhenModel(Strict):
    """Conditions: all of them must hold. Of several values of one key, one must."""

    no_reply: bool | None = Field(None, description="true: only if no reply has come")
    role: Words | None = Field(None, description="only for these roles")
    specialty: Words | None = Field(None, description="only for these specialties")
    stance: Words | None = Field(
        None, description="only for people who were sceptical, neutral, supportive, unknown in the meeting"
    )
    deal_phase_at_least: int | None = Field(
        None, ge=1, le=5, description="only from this phase of the deal on: 1 to 5"
    )
    competitor: Words | None = Field(None, description="only if the deal names one of these competitors")


def _form_of_windows(value: object) -> str:
    if not isinstance(value, dict):
        return "any"
    return "one" if not value or {"days", "hours"} & value.keys() else "roles"


StepWindows = Annotated[
    Annotated[Literal["any"], Tag("any")]
    | Annotated[WindowModel, Tag("one")]
    | Annotated[dict[str, WindowModel], Tag("roles")],
    Discriminator(_form_of_windows),
]


class StepModel(Strict):
    """One mail or one task."""

    id: Slug = Field(description="a name of the step, unique in the scenario")
    day: int = Field(
        ge=1, le=LAST_DAY, description="day 1 is the local date of the anchor, day N comes N-1 days later"
    )
    count: Literal["calendar", "business"] | None = Field(
        None, description="whether day counts calendar days or business days; else as the scenario says"
    )
    within: TimeSpan | None = Field(None, description="a deadline from the anchor: 3h")
    mail: Slug | None = Field(None, description="a mail: the name of its template")
    task: Literal["call", "visit", "linkedin", "congress", "other"] | None = Field(
        None, description="a task for the representative instead of a mail"
    )
    requires: list[Slug] = Field([], description="fields without which no draft may be queued")
    content: ContentModel | None = Field(None, description="which content the mail offers")
    approve: Literal["none", "rep", "manager", "two_people"] = Field("rep", description="who must approve it")
    on_blocked: Literal["postpone", "advance", "skip", "ignore"] = Field(
        "postpone", description="what happens when the date is blocked"
    )
    windows: StepWindows | None = Field(None, description="any: not bound to send windows; or windows of its own")
    expires: ExpiryModel | None = Field(None, description="after when it is not sent any more")
    purpose: Literal["value", "appointment", "notice"] = Field("value", description="what the mail is for")
    thread: str | None = Field(None, description="a step ahead: this mail answers in its thread")
    when: WhenModel | None = Field(None, description="conditions; else the step is skipped")
    description: str = Field("", max_length=2000, description="a note for those who keep the scenario")


class ScenarioModel(Strict):
    """A scenario: what is sent to a person, and when, counted from an anchor."""

    id: Slug = Field(description="the name of the scenario; the file is called the same")
    name: Names = Field({}, description="how people call it, by language: {ja: …, en: …}")
    description: str = Field("", max_length=2000, description="what it is for")
    anchor: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,79}$")] = Field(
        description="day 1: meeting_end, enrolled_at, proposal_sent_at, lost_at, contract_end, or a named event"
    )
    timezone: Zone = Field("Asia/Tokyo", description="where the reader has no time zone of their own")
    calendars: list[Slug] = Field([], max_length=50, description="the calendars that count, by id")
    count: Literal["calendar", "business"] = Field(
        "calendar", description="what day counts, unless a step says else"
    )
    stop_on: list[Literal["reply", "bounce", "unsubscribe", "appointment", "moved", "complaint"]] = Field(
        list(core.STOP_EVENTS), description="what ends or pauses the enrollment"
    )
    on_colleague_reply: Literal["continue", "hold", "pause"] = Field(
        "hold", description="what a colleague's reply does to this enrollment"
    )
    pace: PaceModel = Field(PaceModel.model_validate({}), description="how often mail may come")
    windows: dict[str, WindowModel] = Field({}, description="when mail may leave, by role; default for all others")
    steps: list[StepModel] = Field(min_length=1, max_length=MAX_STEPS, description="the steps, in their order")


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
    _later(document)
    scenario = _scenario(yaml.validate(ScenarioModel, document), document)
    return scenario, tuple(_placed(problem, document) for problem in core.problems(scenario))


def _placed(problem: Problem, document: Document) -> Problem:
    error = problem.error
    placed = UserError(error.text, where=document.where(problem.path), hint=error.hint, **error.values)
    return replace(problem, error=placed)


def _later(document: Document) -> None:
    """Say clearly what is planned and not there yet, instead of "unknown key"."""
    steps = document.at(("steps",))
    places: list[yaml.Path_] = [(), *(("steps", i) for i in range(len(steps) if isinstance(steps, list) else 0))]
    found = [
        UserError(
            "{key} is not supported yet",
            where=document.where((*place, key), key=True),
            hint="delete it; reactions to replies are built in (stop_on, on_colleague_reply)",
            key=key,
        )
        for place in places
        for key in LATER
        if document.has((*place, key))
    ]
    if found:
        raise yaml.together(found)


def _scenario(model: ScenarioModel, document: Document) -> Scenario:
    cap, cap_days = model.pace.per_organisation or (None, None)
    return Scenario(
        id=model.id,
        name=model.name,
        anchor=model.anchor,
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
