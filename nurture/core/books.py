"""Calendars and scenarios as those see them who keep them: what each says, where it stands, how it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nurture.core.calendar import Calendar
    from nurture.core.feeds import FeedState, Subscription
    from nurture.core.problem import Problem
    from nurture.core.scenario import Scenario
    from nurture.errors import UserError


@dataclass(frozen=True, slots=True)
class Book:
    """A calendar and where it comes from."""

    calendar: Calendar
    file: str = ""  # from the working folder: calendars/company.yaml; "" for the holidays of a country
    ships: bool = False  # the file comes with the program; a change is written to the folder's own copy
    problems: tuple[UserError, ...] = ()  # what of it was left out
    subscription: Subscription | None = None
    state: FeedState | None = None  # of its subscription; None: never looked at


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A calendar file as it is and as it would be."""

    file: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Script:
    """A scenario file. ``scenario`` is None where it cannot be read at all."""

    file: str  # from the working folder: scenarios/warm-lead-30d.yaml
    scenario: Scenario | None
    problems: tuple[Problem, ...] = ()
    ships: bool = False
