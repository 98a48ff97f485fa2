"""Calendars: entries, whom they apply to, business days."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

ALL: Final = "all"
"""In a list of ``applies_to``: matches everybody, also a person whose attribute is unknown."""


class Effect(StrEnum):
    """What an entry does to the days it covers."""

    BLACKOUT = "blackout"
    REDUCE = "reduce"
    NO_APPOINTMENT = "no_appointment"
    HOLIDAY = "holiday"


class Certainty(StrEnum):
    """How sure an entry is; an estimated one only reduces, whatever its effect."""

    CONFIRMED = "confirmed"
    ANNOUNCED = "announced"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Profile:
    """The attributes of a person that calendars and scenarios ask for; None is unknown."""

    role: str | None = None
    specialty: str | None = None
    department: str | None = None
    region: str | None = None
    organisation: str | None = None
    organisation_kind: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """Whom an entry concerns. Keys are and-ed, their values or-ed; None: everybody."""

    roles: tuple[str, ...] | None = None
    specialties: tuple[str, ...] | None = None
    departments: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    organisations: tuple[str, ...] | None = None
    organisation_kinds: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Yearly:
    """Each year from month-day to month-day, both inclusive; may cross the year's end."""

    from_: tuple[int, int]
    to: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Monthly:
    """Each month from day to day, both inclusive; may cross the month's end."""

    from_: int
    to: int


@dataclass(frozen=True, slots=True)
class Rrule:
    """An RFC 5545 recurrence rule, counted from the entry's ``start``."""

    rule: str


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One entry. Either ``start`` (and ``end``), or ``every``; an RRULE has both."""

    id: str
    effect: Effect
    name: Mapping[str, str] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None
    every: Yearly | Monthly | Rrule | None = None
    applies_to: AppliesTo = AppliesTo()
    certainty: Certainty = Certainty.CONFIRMED
    reduce_days: int = 7
    before: int = 0
    after: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A named list of entries."""

    id: str
    entries: tuple[CalendarEntry, ...]
    name: Mapping[str, str] = field(default_factory=dict)
