"""The script as data: what happens on which day after the anchor.

The file format and its meaning are public (``docs/scenarios.md``); ``files.py`` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from typing import TYPE_CHECKING, Final

from nurture.core.content import Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.ids import ScenarioHash

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ANCHORS: Final = ("meeting_end", "enrolled_at", "proposal_sent_at", "lost_at", "contract_end")
STOP_EVENTS: Final = ("reply", "bounce", "unsubscribe", "appointment", "moved", "complaint")
ON_BLOCKED: Final = ("postpone", "advance", "skip", "ignore")
APPROVALS: Final = ("none", "rep", "manager", "two_people")
PURPOSES: Final = ("value", "appointment", "notice")
TASK_KINDS: Final = ("call", "visit", "linkedin", "congress", "other")


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of local time on one day; ``end`` is exclusive and after ``start``."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Windows:
    """When mail may leave: weekdays (0 = Monday) and hours, ascending and not overlapping."""

    days: frozenset[int]
    hours: tuple[Hours, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """Gaps and caps. None: no such rule."""

    min_gap: int | None = None  # days, counted in local dates
    cap: int | None = None  # mails to one organisation …
    cap_days: int | None = None  # … within this many consecutive local dates


@dataclass(frozen=True, slots=True)
class Expiry:
    """A step's last permitted date: ``after`` days past the nominal date, or ``margin`` days before an event."""

    after: int | None = None
    before_date: date | None = None
    before_event: str | None = None
    margin: int = 0


@dataclass(frozen=True, slots=True)
class When:
    """Conditions of a step, and-ed. None: not asked. Lists are or-ed."""

    no_reply: bool | None = None
    roles: tuple[str, ...] | None = None
    specialties: tuple[str, ...] | None = None
    stances: tuple[str, ...] | None = None
    deal_phase_at_least: int | None = None
    competitors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One mail or one task."""

    id: str
    day: int  # 1 is the anchor's local date
    mail: str | None = None  # a template; exactly one of mail and task is set
    task: str | None = None
    business_days: bool = False
    within_seconds: int | None = None  # an SLA from the anchor
    requires: tuple[str, ...] = ()
    content: Wanted | None = None
    approve: str = "rep"
    on_blocked: str = "postpone"
    any_window: bool = False
    windows: Mapping[str, Windows] | None = None  # the step's own, by role or "default"
    expires: Expiry | None = None
    purpose: str = "value"
    thread: str | None = None
    when: When = When()
    line: int | None = None  # in the file, for messages


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole script."""

    id: str
    name: Mapping[str, str]  # by language
    anchor: str
    timezone: str
    steps: tuple[Step, ...]
    calendars: tuple[str, ...] = ()
    stop_on: tuple[str, ...] = STOP_EVENTS
    pace: Pace = Pace()
    windows: Mapping[str, Windows] = field(default_factory=dict)  # by role, and "default"
    on_colleague_reply: str = "hold"  # continue | hold | pause
    hash: ScenarioHash | None = None
    text: str = ""  # the file as it was read
    file: str | None = None

    def step(self, step_id: str) -> Step | None:
        """The step of that id, if there is one."""
        return next((step for step in self.steps if step.id == step_id), None)
