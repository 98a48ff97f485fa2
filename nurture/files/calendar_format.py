"""The format of calendar files: every key with its kind and its meaning, for checks and for the JSON Schema.

The format is public: ``docs/calendars.md``. Keys may be added; what stands here keeps its meaning.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from nurture.core import recurrence
from nurture.errors import UserError
from nurture.files import yaml
from nurture.files.scenario_format import Slug, Strict
from nurture.files.spans import Day, DaySpan, MonthDay, Names, Words, Zone
from nurture.files.yaml import Wrong
from nurture.wire import is_loopback

MAX_ENTRIES: Final = 10_000
Word = Literal["blackout", "reduce", "no_appointment", "holiday"]
Sure = Literal["confirmed", "announced", "estimated"]
OF_ICAL: Final = (
    "timezone", "only", "except", "effect", "reduce", "applies_to", "certainty", "before", "after", "source",
)  # fmt: skip
"""Keys of a calendar that say something about the events of its ``ical``."""


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
    effect: Word | None = Field(None, description="what the entry does; reduce if only a span is given")
    reduce: DaySpan | None = Field(None, description="at most one mail to a person within this span (else 7d)")
    applies_to: AppliesToModel = Field(
        AppliesToModel.model_validate({}), description="whom it concerns; {}: everybody"
    )
    certainty: Sure = Field("confirmed", description="an estimated entry only reduces, whatever its effect")
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


def _place(value: object) -> str:
    """A path, or the address of a subscription; ``webcal:`` is another way to write ``https:``."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > 2000 or not text.isprintable():
        raise Wrong(UserError("found {found}, expected a path or an https address", found=yaml.shown(value)))
    scheme, sign, rest = text.partition("://")
    if not sign:
        return text
    if "@" in rest.partition("/")[0]:
        raise Wrong(UserError("an address must not hold a name or password", hint="messages and logs show it"))
    scheme = {"webcal": "https", "webcals": "https"}.get(scheme.lower(), scheme.lower())
    host = (urlsplit(f"https://{rest}").hostname or "") if _whole(rest) else ""
    if not host or scheme not in {"https", "http"} or (scheme == "http" and not is_loopback(host)):
        raise Wrong(
            UserError(
                "found {found}, expected an address that begins with https://",
                hint="http:// is for a server on this machine",
                found=yaml.shown(value),
            )
        )
    return f"{scheme}://{rest}"


def _whole(rest: str) -> bool:
    """Whether an address can be taken apart."""
    try:
        found = urlsplit(f"https://{rest}")
        return bool(found.hostname) and found.port != 0 and not re.search(r"\s", rest)
    except ValueError:
        return False


def _country(value: object) -> str:
    text = value.strip().upper() if isinstance(value, str) else ""
    if not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,6})?", text):
        raise Wrong(UserError("found {found}, expected a country such as JP or DE-BY", found=yaml.shown(value)))
    return text


Place = Annotated[
    str,
    PlainValidator(_place),
    WithJsonSchema({"type": "string", "examples": ["congresses.ics", "https://society.example/congresses.ics"]}),
]
Country = Annotated[str, PlainValidator(_country), WithJsonSchema({"type": "string", "examples": ["JP", "DE-BY"]})]


class CalendarModel(Strict):
    """A calendar: what happens on which days, and to whom."""

    id: Slug = Field(description="the name that scenarios list")
    name: Names = Field({}, description="how people call it, by language: {ja: …, en: …}")
    description: str = Field("", max_length=2000, description="what it is for")
    entries: list[EntryModel] = Field([], max_length=MAX_ENTRIES, description="the entries, in any order")
    holidays: Country | None = Field(None, description="the public holidays of a country: JP, DE-BY …")
    remove: list[Day] = Field([], max_length=1000, description="days that are no holidays here")
    ical: Place | None = Field(None, description="an iCalendar file or subscription: its events are entries too")
    timezone: Zone | None = Field(None, description="in which its moments become dates; else the calendar's own")
    only: Words | None = Field(None, description="only events whose title holds one of these")
    except_: Words | None = Field(None, alias="except", description="no events whose title holds one of these")
    effect: Word | None = Field(None, description="what the events do; else blackout")
    reduce: DaySpan | None = Field(None, description="the span of events that reduce, or are tentative (else 7d)")
    applies_to: AppliesToModel | None = Field(None, description="whom the events concern; else everybody")
    certainty: Sure | None = Field(None, description="how sure the events are; else confirmed")
    before: DaySpan | None = Field(None, description="widen the events by so many calendar days before")
    after: DaySpan | None = Field(None, description="widen the events by so many calendar days after")
    source: str = Field("", max_length=1000, description="where the events come from; else the address")

    @model_validator(mode="after")
    def _whole(self) -> CalendarModel:
        given = self.model_fields_set
        if not given & {"entries", "ical", "holidays"}:
            raise Wrong(UserError("a calendar needs entries, ical or holidays", hint="entries: []"))
        if self.ical is not None and self.holidays is not None:
            raise Wrong(UserError("ical and holidays are two calendars: write two files"), ("holidays",))
        for key in OF_ICAL:
            name = f"{key}_" if key == "except" else key
            if name in given and self.ical is None:
                raise Wrong(UserError("{key} is for the events of ical; entries have their own", key=key), (key,))
        if "remove" in given and self.holidays is None:
            raise Wrong(UserError("remove is for holidays"), ("remove",))
        return self._unique()

    def _unique(self) -> CalendarModel:
        seen: set[str] = set()
        for index, entry in enumerate(self.entries):
            if entry.id in seen:
                raise Wrong(
                    UserError("a second entry has the id {entry}", entry=entry.id), ("entries", index, "id")
                )
            seen.add(entry.id)
        return self
