"""Small words that scenarios and calendars share: durations, dates, days of the week, hours, lists of words.

Each is a type for pydantic models: how a text becomes a value, what the JSON Schema says about it, and the
sentence that a person reads when it is something else.
"""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from nurture.core.plan import zone_of
from nurture.core.scenario import END_OF_DAY, WEEKDAYS, Hours
from nurture.core.span import Span
from nurture.errors import UserError
from nurture.files.yaml import Wrong, nearest, shown

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999
MAX_DAYS: Final = 3660
UNITS: Final = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _days(value: object) -> int:
    found = re.fullmatch(r"([0-9]{1,4})([dw])", value) if isinstance(value, str) else None
    days = int(found[1]) * (7 if found[2] == "w" else 1) if found else -1
    if not 0 <= days <= MAX_DAYS:
        raise Wrong(UserError("found {found}, expected a number of days such as 7d", found=shown(value)))
    return days


def _seconds(value: object) -> int:
    found = re.fullmatch(r"([0-9]{1,5})([mhdw])", value) if isinstance(value, str) else None
    seconds = int(found[1]) * UNITS[found[2]] if found else 0
    if not 0 < seconds <= MAX_DAYS * 86_400:
        raise Wrong(UserError("found {found}, expected a span of time such as 3h, 90m or 2d", found=shown(value)))
    return seconds


CALENDAR_UNITS: Final = {
    "d": (0, 1), "day": (0, 1), "days": (0, 1),
    "w": (0, 7), "week": (0, 7), "weeks": (0, 7),
    "mo": (1, 0), "month": (1, 0), "months": (1, 0),
    "y": (12, 0), "year": (12, 0), "years": (12, 0),
}  # fmt: skip
SPAN: Final = re.compile(r"([+-]?)\s?([0-9]{1,4})\s?([a-z]{1,6})")


def _span(value: object) -> Span:
    found = SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    unit = CALENDAR_UNITS.get(found[3]) if found else None
    if found is None or unit is None:
        raise Wrong(
            UserError(
                "found {found}, expected a span such as 3 months, -6 months, 2 weeks or 10d", found=shown(value)
            )
        )
    count = int(found[2]) * (-1 if found[1] == "-" else 1)
    if abs(count) * (unit[0] * 31 + unit[1]) > MAX_DAYS:
        raise Wrong(UserError("found {found}, expected ten years at most", found=shown(value)))
    return Span(unit[0] * count, unit[1] * count)


def _future(value: object) -> Span:
    span = _span(value)
    if span.months <= 0 and span.days <= 0:
        raise Wrong(UserError("found {found}, expected a span that leads ahead: 3 months", found=shown(value)))
    return span


def day_of(value: object) -> date:
    """``2027-04-08`` as a date.

    Raises:
        Wrong: it is none, or lies centuries away.
    """
    try:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            day = date.fromisoformat(value)
            if FIRST_YEAR <= day.year <= LAST_YEAR:
                return day
    except ValueError:
        pass
    raise Wrong(UserError("found {found}, expected a date such as 2027-04-08", found=shown(value)))


def _month_day(value: object) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,2})-([0-9]{1,2})", value) if isinstance(value, str) else None
    month, day = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise Wrong(UserError("found {found}, expected month and day such as 12-28", found=shown(value)))
    return month, day


def _weekdays(value: object) -> frozenset[int]:
    found: set[int] = set()
    for place, part in enumerate(value if isinstance(value, list) else [value]):
        path = (place,) if isinstance(value, list) else ()
        ends = [w.strip().lower() for w in part.split("-")] if isinstance(part, str) else []
        unknown = next((w for w in ends if w not in WEEKDAYS), None)
        if unknown is not None or len(ends) not in {1, 2}:
            guess = nearest(unknown, WEEKDAYS) if unknown else None
            raise Wrong(
                UserError(
                    "found {found}, expected days such as mon-fri, or a list: [mon, wed-fri]",
                    hint="did you mean {guess}?" if guess else None,
                    found=shown(part),
                    guess=guess,
                ),
                path,
            )
        first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
        found |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return frozenset(found)


def _clock(text: str) -> time | None:
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text.strip())
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2])
    if (hour, minute) == (24, 0):
        return END_OF_DAY
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _hours(value: object) -> tuple[Hours, ...]:
    found: list[Hours] = []
    for place, part in enumerate(value if isinstance(value, list) else [value]):
        path = (place,) if isinstance(value, list) else ()
        start, sign, end = part.partition("-") if isinstance(part, str) else ("", "", "")
        first, last = _clock(start), _clock(end)
        if not sign or first is None or last is None:
            raise Wrong(UserError("found {found}, expected hours such as 09:30-11:30", found=shown(part)), path)
        if first >= last:
            raise Wrong(
                UserError(
                    "found {found}: the end is not after the start",
                    hint="hours that cross midnight are written as two: 22:00-24:00 and 00:00-02:00",
                    found=shown(part),
                ),
                path,
            )
        found.append(Hours(first, last))
    return tuple(sorted(found, key=lambda h: (h.start, h.end)))


def _words(value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise Wrong(UserError("found an empty list, expected at least one value", hint="or leave the key out"))
    found: list[str] = []
    for place, word in enumerate(listed):
        if not isinstance(word, str) or not word.strip() or len(word) > 200:
            path = (place,) if isinstance(value, list) else ()
            raise Wrong(UserError("found {found}, expected a word", found=shown(word)), path)
        found.append(word.strip())
    return found


def _zone(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong(UserError("found {found}, expected text", found=shown(value)))
    try:
        return zone_of(value).key
    except UserError as error:
        raise Wrong(error) from error


def _named(value: object) -> Any:
    """A text in one language stands for both."""
    return {"ja": value, "en": value} if isinstance(value, str) else value


DAYS: Final = {"type": "string", "pattern": "^[0-9]{1,4}[dw]$", "examples": ["2d", "1w"]}
DATE: Final = {"type": "string", "format": "date", "examples": ["2027-04-08"]}
MONTH_DAY: Final = {"type": "string", "pattern": "^[0-9]{1,2}-[0-9]{1,2}$", "examples": ["12-28"]}
SOME_DAYS: Final = {"type": "string", "pattern": "^[a-zA-Z]{3}(-[a-zA-Z]{3})?$", "examples": ["mon-fri", "wed"]}
SOME_HOURS: Final = {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}$"}
WORD: Final = {"type": "string", "minLength": 1}


def _one_or_list(schema: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "array", "items": schema, "minItems": least}]}


DaySpan = Annotated[int, PlainValidator(_days), WithJsonSchema(DAYS)]
TimeSpan = Annotated[
    int,
    PlainValidator(_seconds),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,5}[mhdw]$", "examples": ["3h", "90m", "2d"]}),
]
CALENDAR_SPAN: Final = {
    "type": "string",
    "pattern": "^[+-]? ?[0-9]{1,4} ?(d|days?|w|weeks?|mo|months?|y|years?)$",
    "examples": ["-6 months", "3 months", "2 weeks", "10d"],
}
CalendarSpan = Annotated[Span, PlainValidator(_span), WithJsonSchema(CALENDAR_SPAN)]
FutureSpan = Annotated[Span, PlainValidator(_future), WithJsonSchema(CALENDAR_SPAN)]
Day = Annotated[date, PlainValidator(day_of), WithJsonSchema(DATE)]
MonthDay = Annotated[tuple[int, int], PlainValidator(_month_day), WithJsonSchema(MONTH_DAY)]
Weekdays = Annotated[frozenset[int], PlainValidator(_weekdays), WithJsonSchema(_one_or_list(SOME_DAYS))]
SendHours = Annotated[tuple[Hours, ...], PlainValidator(_hours), WithJsonSchema(_one_or_list(SOME_HOURS))]
Words = Annotated[list[str], PlainValidator(_words), WithJsonSchema(_one_or_list(WORD, 1))]
Zone = Annotated[str, PlainValidator(_zone), WithJsonSchema({"type": "string", "examples": ["Asia/Tokyo"]})]
Names = Annotated[
    dict[str, str],
    BeforeValidator(_named),
    WithJsonSchema({"anyOf": [WORD, {"type": "object", "additionalProperties": WORD}]}),
]
