"""The planning rules: when each step of one enrollment happens, and why then."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from nurture.core.calendar import Calendar, Profile
from nurture.core.messages import Move

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from nurture.core.scenario import Scenario


class StepOutcome(StrEnum):
    """What becomes of a step."""

    SEND = "send"
    TASK = "task"
    SKIPPED = "skipped"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Settled:
    """A step that is over, or whose date is fixed: it is not planned again.

    ``on`` is the local date on which it left (or will leave); None for skipped, expired, rejected steps,
    which hold nobody up and count for nothing.
    """

    step_id: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Local dates of mails that count for pace, sent or planned: this enrollment's own are not among them."""

    person: tuple[date, ...] = ()
    organisation: tuple[date, ...] = ()  # all people of the organisation, this person included


@dataclass(frozen=True, slots=True)
class Situation:
    """What the conditions of steps (``when``) ask for."""

    replied: bool = False
    stance: str | None = None
    deal_phase: int | None = None
    competitor: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that the plan of one enrollment depends on."""

    scenario: Scenario
    profile: Profile
    anchor: datetime  # aware
    now: datetime  # aware
    key: str  # the enrollment's id, for the hashed offset within a window
    calendars: tuple[Calendar, ...] = ()  # those that the scenario lists, and the organisation's closures
    history: History = History()
    situation: Situation = Situation()
    settled: tuple[Settled, ...] = ()
    events: Mapping[str, date] = field(default_factory=dict)  # named events: seminar_date …
    shift_days: int = 0  # nominal dates of unsettled steps move by this (resume)
    not_before: date | None = None  # absence: no mail before this local date
    quiet_until: date | None = None  # the organisation's quiet period, inclusive


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """What becomes of one step, and why."""

    step_id: str
    outcome: StepOutcome
    nominal: date
    planned_on: date | None = None  # local date; None when skipped or expired
    planned_at: datetime | None = None  # aware, local zone
    deadline: datetime | None = None  # anchor + within
    expires_on: date | None = None
    moves: tuple[Move, ...] = ()
    passes_windows: bool = False  # leaves as soon as it is approved


@dataclass(frozen=True, slots=True)
class Plan:
    """The unsettled steps in the scenario's order."""

    steps: tuple[PlannedStep, ...]
    timezone: str
