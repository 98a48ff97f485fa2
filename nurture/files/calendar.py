"""Calendar files: YAML to ``core.calendar.Calendar``, national holidays, and the schema for editors.

The format is public: ``docs/calendars.md``. Keys may be added; what stands keeps its meaning.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import holidays
from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from nurture.core import recurrence
from nurture.core.calendar import AppliesTo, Calendar, CalendarEntry, Certainty, Effect
from nurture.core.recurrence import Monthly, Rrule, Yearly
from nurture.errors import UserError
from nurture.files import yaml
from nurture.files.scenario_format import Slug, Strict
from nurture.files.spans import Day, DaySpan, MonthDay, Names, Words
from nurture.files.yaml import Document, Wrong

if TYPE_CHECKING:
    from pathlib import Path

MAX_ENTRIES: Final = 10_000
HOLIDAYS: Final = re.compile(r"([a-z]{2})-holidays")
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
"""Years of which holidays are given; beyond them the law would be guessed."""


class AppliesToModel(Strict):
    """Whom an entry concerns: keys are and-ed, the values of one key or-ed; an absent key: everybody."""

    roles: Words | None = Field(None, description="roles: clinician, nursing … or all")
    specialties: Words | None = Field(None, description="specialties: radiology … or all; unknown ones match")
    departments: Words | None = Field(None, description="departments, or all")
    regions: Words | None = Field(None, description="regions, or all")
    organisations: Words | None = Field(None, description="organisations by name, or all")
    organisation_kinds: Words | None = Field(None, description="kinds: hospital, clinic … or all")


class MonthlyModel(Strict):
    """Days of each month; may cross the month's end. A day that a month does not have means its last."""

    from_: int = Field(alias="from", ge=1, le=31, description="the first day of the month")
    to: int = Field(ge=1, le=31, description="the last day")


def _rule(value: object) -> str:
    if not isinstance(value, str) or len(value) > 500:
        raise Wrong(UserError("found {found}, expected a rule such as FREQ=YEARLY", found=yaml.shown(value)))
    try:
        recurrence.parse(value)
    except UserError as error:
        raise Wrong(error) from error
    return value


class EveryModel(Strict):
    """A recurrence: from and to (month-day), or monthly, or rrule."""

    from_: MonthDay | None = Field(None, alias="from", description="each year from this month-day: 12-28")
    to: MonthDay | None = Field(None, description="to this one, included; may cross the year's end: 01-04")
    monthly: MonthlyModel | None = Field(None, description="each month: {from: 1, to: 10}")
    rrule: (
        Annotated[
            str,
            PlainValidator(_rule),
            WithJsonSchema({"type": "string", "examples": ["FREQ=MONTHLY;BYDAY=2SA"]}),
        ]
        | None
    ) = Field(None, description="a rule of RFC 5545, counted from start")

    @model_validator(mode="after")
    def _one(self) -> EveryModel:
        yearly = self.from_ is not None or self.to is not None
        if [yearly, self.monthly is not None, self.rrule is not None].count(True) != 1:
            raise Wrong(
                UserError(
                    "every needs exactly one of: from and to, monthly, rrule",
                    hint="every: {from: 12-28, to: 01-04}",
                )
            )
        if yearly and (self.from_ is None or self.to is None):
            raise Wrong(UserError("every needs both from and to"))
        return self


class EntryModel(Strict):
    """One entry: days on which something is different for somebody."""

    id: Slug = Field(description="a name of the entry, unique in the calendar")
    name: Names = Field({}, description="how people call it, by language: {ja: …, en: …}")
    start: Day | None = Field(None, description="the first day, included, local to the reader")
    end: Day | None = Field(None, description="the last day, included; without it one day")
    every: EveryModel | None = Field(None, description="a recurrence instead of start and end")
    effect: Literal["blackout", "reduce", "no_appointment", "holiday"] | None = Field(
        None, description="what the entry does; reduce if only a span is given"
    )
    reduce: DaySpan | None = Field(None, description="at most one mail to a person within this span (else 7d)")
    applies_to: AppliesToModel = Field(
        AppliesToModel.model_validate({}), description="whom it concerns; {}: everybody"
    )
    certainty: Literal["confirmed", "announced", "estimated"] = Field(
        "confirmed", description="an estimated entry only reduces, whatever its effect"
    )
    before: DaySpan = Field(0, description="widen it by so many calendar days before: 1d")
    after: DaySpan = Field(0, description="widen it by so many calendar days after: 1d")
    source: str = Field("", max_length=1000, description="where it says so")
    description: str = Field("", max_length=2000, description="a note for those who keep the calendar")

    @model_validator(mode="after")
    def _fits(self) -> EntryModel:
        if self.effect is None and self.reduce is None:
            raise Wrong(UserError("effect is missing", hint="blackout, reduce, no_appointment or holiday"))
        if self.start is None and self.every is None:
            raise Wrong(UserError("an entry needs start, or every", hint="start: 2027-04-08"))
        if self.end is not None and self.start is None:
            raise Wrong(UserError("end needs a start"), ("end",))
        if self.start is not None and self.end is not None and self.end < self.start:
            raise Wrong(UserError("end lies before start"), ("end",))
        if self.every is not None and self.every.rrule is not None:
            self._check_rule(self.every.rrule)
        elif self.every is not None and self.start is not None:
            raise Wrong(
                UserError(
                    "start and a yearly or monthly recurrence do not go together", hint="delete start and end"
                ),
                ("start",),
            )
        return self

    def _check_rule(self, rule: str) -> None:
        if self.start is None:
            raise Wrong(UserError("a rule needs a start, from which it counts"), ("every", "rrule"))
        if next(recurrence.parse(rule).days(self.start, self.start, self.start), None) is None:
            raise Wrong(
                UserError(
                    "{start} is not a day of its own rule", hint="start at the first occurrence", start=self.start
                ),
                ("start",),
            )


class CalendarModel(Strict):
    """A calendar: what happens on which days, and to whom."""

    id: Slug = Field(description="the name that scenarios list")
    name: Names = Field({}, description="how people call it, by language: {ja: …, en: …}")
    description: str = Field("", max_length=2000, description="what it is for")
    entries: list[EntryModel] = Field(max_length=MAX_ENTRIES, description="the entries, in any order")

    @model_validator(mode="after")
    def _unique(self) -> CalendarModel:
        seen: set[str] = set()
        for index, entry in enumerate(self.entries):
            if entry.id in seen:
                raise Wrong(
                    UserError("a second entry has the id {entry}", entry=entry.id), ("entries", index, "id")
                )
            seen.add(entry.id)
        return self


def read_calendar(path: Path, *, file: str | None = None) -> Calendar:
    """The calendar of a file.

    Raises:
        UserError, UserErrors: it cannot be read, or is wrong.
    """
    return _calendar(yaml.read(path, file=file))


def parse_calendar(text: str, *, file: str | None = None) -> Calendar:
    """The calendar of a text.

    Raises:
        UserError, UserErrors: it is wrong.
    """
    return _calendar(yaml.parse(text, file=file))


def calendar_schema() -> dict[str, Any]:
    """The JSON Schema of calendar files."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **CalendarModel.model_json_schema()}


def _calendar(document: Document) -> Calendar:
    model = yaml.validate(CalendarModel, document)
    return Calendar(model.id, tuple(_entry(entry) for entry in model.entries), model.name)


def _entry(model: EntryModel) -> CalendarEntry:
    to = model.applies_to
    return CalendarEntry(
        id=model.id,
        effect=Effect(model.effect or "reduce"),
        name=model.name,
        start=model.start,
        end=model.end,
        every=_every(model.every) if model.every else None,
        applies_to=AppliesTo(
            **{key: tuple(words) for key in AppliesToModel.model_fields if (words := getattr(to, key)) is not None}
        ),
        certainty=Certainty(model.certainty),
        reduce_days=7 if model.reduce is None else model.reduce,
        before=model.before,
        after=model.after,
        source=model.source,
    )


def _every(model: EveryModel) -> Yearly | Monthly | Rrule:
    if model.rrule is not None:
        return Rrule(model.rrule)
    if model.monthly is not None:
        return Monthly(model.monthly.from_, model.monthly.to)
    assert model.from_ is not None and model.to is not None, "the model has seen to it"  # noqa: PT018
    return Yearly(model.from_, model.to)


@lru_cache(maxsize=8)
def national_holidays(calendar_id: str) -> Calendar | None:
    """The public holidays of a country: ``jp-holidays``, ``de-holidays`` …; None where there is no such calendar.

    The dates are those of the ``holidays`` library: for Japan by the act on national holidays (国民の祝日に関する
    法律), substitute holidays and the days between two holidays included.
    """
    found = HOLIDAYS.fullmatch(calendar_id)
    if found is None:
        return None
    country = found[1].upper()
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    try:
        own = holidays.country_holidays(country, years=years)
    except NotImplementedError:
        return None
    languages = {"ja": "ja", "en": "en_US"}
    named = {
        short: holidays.country_holidays(country, years=years, language=long)
        for short, long in languages.items()
        if long in own.supported_languages
    } or {"en": own}
    entries = tuple(
        CalendarEntry(
            id=day.isoformat(),
            effect=Effect.HOLIDAY,
            name={language: table[day] for language, table in named.items() if day in table},
            start=day,
            source="https://github.com/vacanza/holidays",
        )
        for day in sorted(own)
    )
    return Calendar(calendar_id, entries, {"ja": f"祝日（{country}）", "en": f"Public holidays ({country})"})
