"""The format of scenario files: every key with its kind and its meaning, for checks and for the JSON Schema.

The format is public: ``docs/scenarios.md``. Keys may be added; what stands keeps its meaning.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final, Literal

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
from nurture.core.often import LONGEST
from nurture.core.reading import Intent
from nurture.core.rules import INTENTS, UNTOUCHABLE
from nurture.errors import UserError
from nurture.files import yaml
from nurture.files.spans import (
    CalendarSpan,
    DaySpan,
    FutureSpan,
    Names,
    SendHours,
    TimeSpan,
    Weekdays,
    Words,
    Zone,
    day_of,
)
from nurture.files.yaml import Wrong

MAX_STEPS: Final = 200
MAX_ROUNDS: Final = 24
MAX_RULES: Final = 50
MAX_VARIANTS: Final = 10
LAST_DAY: Final = 3650

Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
EventName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,79}$")]


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
        ge=-LAST_DAY,
        le=LAST_DAY,
        description="day 1 is the local date of the anchor, day N comes N-1 days later; 0 and less come "
        "before it, where the anchor is known ahead",
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
    thread: Slug | None = Field(None, description="a step ahead: this mail answers in its thread")
    when: WhenModel | None = Field(None, description="conditions; else the step is skipped")
    quiet: DaySpan | None = Field(
        None,
        description="after this mail nobody of the organisation gets mail for so long, thank-yous and notices "
        "apart: 7d",
    )
    description: str = Field("", max_length=2000, description="a note for those who keep the scenario")


# --- on: reactions -------------------------------------------------------------------------------------


def _intents(value: object) -> frozenset[Intent]:
    known = [intent.value for intent in INTENTS]
    found: set[Intent] = set()
    for place, word in enumerate(value if isinstance(value, list) else [value]):
        path = (place,) if isinstance(value, list) else ()
        if word == "any" and not isinstance(value, list):
            return frozenset()
        if word in {intent.value for intent in UNTOUCHABLE}:
            raise Wrong(
                UserError(
                    "no rule can name {found}: it silences the address at once, whatever a scenario says",
                    hint="leave the rule out",
                    found=yaml.shown(word),
                ),
                path,
            )
        if not isinstance(word, str) or word not in known:
            raise Wrong(yaml.not_among(word, ["any", *known], None), path)
        found.add(Intent(word))
    if not found:
        raise Wrong(UserError("found an empty list, expected at least one value", hint="or leave the key out"))
    return frozenset(found)


def _days_or(word: str) -> Any:
    """A span of days, or a word that means "however long"."""

    def parsed(value: object) -> int | None:
        if value == word or (word == "true" and value is True):
            return None
        found = re.fullmatch(r"([0-9]{1,4})([dw])", value) if isinstance(value, str) else None
        days = int(found[1]) * (7 if found[2] == "w" else 1) if found else 0
        if not 1 <= days <= LAST_DAY:
            raise Wrong(
                UserError(
                    "found {found}, expected {word}, or days such as 30d", found=yaml.shown(value), word=word
                )
            )
        return days

    return parsed


SPAN_OF_DAYS: Final = {"type": "string", "pattern": "^[0-9]{1,4}[dw]$", "examples": ["30d", "2w"]}
INTENT_SCHEMA: Final = {"enum": [intent.value for intent in INTENTS]}
Intents = Annotated[
    frozenset[Intent],
    PlainValidator(_intents),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["any", *(intent.value for intent in INTENTS)]},
                {"type": "array", "items": INTENT_SCHEMA, "minItems": 1},
            ]
        }
    ),
]
Absence = Annotated[
    int | None,
    PlainValidator(_days_or("any")),
    WithJsonSchema({"anyOf": [{"const": "any"}, SPAN_OF_DAYS]}),
]
Rest = Annotated[
    int | None,
    PlainValidator(_days_or("true")),
    WithJsonSchema({"anyOf": [{"const": True}, SPAN_OF_DAYS]}),
]


class TriggerModel(Strict):
    """What must have happened: one of reply, absence, bounce, no_reply_after."""

    reply: Intents | None = Field(
        None, description="a person replied: any, or what the reply says: consideration, refusal, question …"
    )
    absence: Absence | None = Field(None, description="an absence note came: any, or of at least so long: 30d")
    bounce: Literal["any", "permanent", "temporary"] | None = Field(
        None, description="a mail came back: any, permanent, temporary"
    )
    no_reply_after: DaySpan | None = Field(
        None, description="no reply so many calendar days after the mail left: 14d"
    )
    step: str | None = Field(
        None,
        description="only an answer to that step's mail; with no_reply_after: counted from that step's mail, "
        "else from the last that left",
    )

    @model_validator(mode="after")
    def _one(self) -> TriggerModel:
        if len(self.model_fields_set & TRIGGERS) != 1:
            raise Wrong(
                UserError("when needs one of reply, absence, bounce, no_reply_after", hint="when: {reply: any}")
            )
        if self.no_reply_after == 0:
            raise Wrong(UserError("found 0 days, expected at least 1d"), ("no_reply_after",))
        return self


TRIGGERS: Final = frozenset({"reply", "absence", "bounce", "no_reply_after"})


class ActionModel(Strict):
    """What is done then. What is not said stays as it always is."""

    pause: Rest | None = Field(
        None, description="rest so long, then go on with the same spacing: 30d; true: until a person resumes"
    )
    resume: bool = Field(False, description="go on instead of pausing; queued mails need a fresh approval")
    stop: bool = Field(False, description="end the enrollment")
    task: Literal["call", "visit", "linkedin", "congress", "other"] | None = Field(
        None, description="a task for the representative"
    )
    enroll: Slug | None = Field(None, description="start this person on another scenario, by its id")
    every: DaySpan | None = Field(
        None, description="after less_often: at most one mail in so many days, where they name no time: 31d"
    )
    after: FutureSpan | None = Field(None, description="day 1 of that scenario lies so far ahead: 90d, 6 months")

    @model_validator(mode="after")
    def _sensible(self) -> ActionModel:
        moves = [name for name in ("pause", "resume", "stop") if self._says(name)]
        if len(moves) > 1:
            raise Wrong(
                UserError("{one} and {two} contradict each other", one=moves[0], two=moves[1]), (moves[1],)
            )
        if not moves and self.task is None and self.enroll is None and self.every is None:
            raise Wrong(
                UserError("do needs one of pause, resume, stop, task, enroll, every", hint="do: {task: call}")
            )
        if self.every is not None and not 1 <= self.every <= LONGEST:
            raise Wrong(UserError("every is from 1d to {days}d", days=LONGEST), ("every",))
        if self.after is not None and self.enroll is None:
            raise Wrong(UserError("after belongs to enroll: when the other scenario begins"), ("after",))
        return self

    def _says(self, name: str) -> bool:
        return name in self.model_fields_set if name == "pause" else bool(getattr(self, name))


class RuleModel(Strict):
    """When this happens, do that."""

    when: TriggerModel = Field(description="what must have happened")
    do: ActionModel = Field(description="what is done then")
    description: str = Field("", max_length=2000, description="a note for those who keep the scenario")


# --- variants ------------------------------------------------------------------------------------------


class ChangedStep(Strict):
    """What is different about one step in a variant; every other key stays as the step says."""

    skip: bool = Field(False, description="this variant does without the step")
    day: int | None = Field(None, ge=-LAST_DAY, le=LAST_DAY, description="another day")
    mail: Slug | None = Field(None, description="another template")
    task: Literal["call", "visit", "linkedin", "congress", "other"] | None = Field(
        None, description="a task instead"
    )
    content: ContentModel | None = Field(None, description="other content")
    approve: Literal["none", "rep", "manager", "two_people"] | None = Field(None, description="who must approve")
    on_blocked: Literal["postpone", "advance", "skip", "ignore"] | None = Field(
        None, description="what happens when the date is blocked"
    )
    windows: StepWindows | None = Field(None, description="other windows")
    expires: ExpiryModel | None = Field(None, description="another end")
    purpose: Literal["value", "appointment", "notice"] | None = Field(None, description="another purpose")
    thread: Slug | None = Field(None, description="another thread")
    when: WhenModel | None = Field(None, description="other conditions")
    quiet: DaySpan | None = Field(None, description="other quiet days after it")


class VariantModel(Strict):
    """One arm of a comparison."""

    weight: int = Field(1, ge=0, le=1000, description="its share of the people: 1 and 1 are halves")
    description: str = Field("", max_length=2000, description="what it is to show")
    steps: dict[str, ChangedStep] = Field(
        {}, description="what is different, by step; nothing: as the scenario says"
    )


class EventModel(Strict):
    """An anchor with a name of your own."""

    event: EventName = Field(description="the name of an event: seminar_date")


def _form_of_anchor(value: object) -> str:
    return "named" if isinstance(value, dict) else "word"


Anchor = Annotated[
    Annotated[EventName, Tag("word")] | Annotated[EventModel, Tag("named")], Discriminator(_form_of_anchor)
]


class ScenarioModel(Strict):
    """A scenario: what is sent to a person, and when, counted from an anchor."""

    id: Slug = Field(description="the name of the scenario; the file is called the same")
    name: Names = Field({}, description="how people call it, by language: {ja: …, en: …}")
    description: str = Field("", max_length=2000, description="what it is for")
    anchor: Anchor = Field(
        description="day 1: meeting_end, enrolled_at, proposal_sent_at, lost_at, contract_end, last_contact, or "
        "{event: the_name_of_a_date}"
    )
    offset: CalendarSpan | None = Field(None, description="day 1 lies so far from the anchor: -6 months, 3 weeks")
    repeat: FutureSpan | None = Field(None, description="all steps come again after this: 3 months")
    times: Annotated[int, Field(ge=2, le=MAX_ROUNDS)] | None = Field(
        None, description="how often the steps come in all, with repeat"
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
    on: list[RuleModel] = Field(
        [], max_length=MAX_RULES, description="when this happens, do that; the first rule that fits is followed"
    )
    variants: dict[Slug, VariantModel] = Field(
        {}, max_length=MAX_VARIANTS, description="arms of a fair comparison; each person belongs to one for good"
    )

    @model_validator(mode="after")
    def _rounds(self) -> ScenarioModel:
        if (self.repeat is None) != (self.times is None):
            raise Wrong(
                UserError("repeat and times belong together", hint="repeat: 3 months, and times: 4"),
                ("times" if self.repeat is None else "repeat",),
            )
        if len(self.steps) * (self.times or 1) > MAX_STEPS:
            raise Wrong(
                UserError(
                    "{count} steps in {times} rounds are more than {limit}",
                    count=len(self.steps),
                    times=self.times,
                    limit=MAX_STEPS,
                ),
                ("times",),
            )
        return self

    @model_validator(mode="after")
    def _arms(self) -> ScenarioModel:
        known = [step.id for step in self.steps]
        for name, variant in self.variants.items():
            for step in variant.steps:
                if step not in known:
                    wrong = yaml.not_among(step, known, None)
                    raise Wrong(wrong, ("variants", name, "steps", step))
        if self.variants and not any(variant.weight for variant in self.variants.values()):
            raise Wrong(UserError("every variant has the weight 0: nobody would belong to one"), ("variants",))
        return self
