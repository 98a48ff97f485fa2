"""The script as data: what happens on which day after the anchor.

The file format and its meaning are public (``docs/scenarios.md``); ``files/scenario.py`` reads it, and
``core.problems`` finds what a reader of single keys cannot see: steps that do not fit together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import TYPE_CHECKING, Final

from nurture.core.content import Wanted
from nurture.core.span import NO_SPAN, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.ids import ScenarioHash
    from nurture.core.rules import Rule

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ANCHORS: Final = ("meeting_end", "enrolled_at", "proposal_sent_at", "lost_at", "contract_end", "last_contact")
AHEAD: Final = ("contract_end",)
"""Anchors that are known before they come: a step may lie before them."""
STOP_EVENTS: Final = ("reply", "bounce", "unsubscribe", "appointment", "moved", "complaint")
ON_BLOCKED: Final = ("postpone", "advance", "skip", "ignore")
APPROVALS: Final = ("none", "rep", "manager", "two_people")
PURPOSES: Final = ("value", "appointment", "notice")
TASK_KINDS: Final = ("call", "visit", "linkedin", "congress", "other")
COLLEAGUE_REPLY: Final = ("continue", "hold", "pause")
MATCHES: Final = ("role", "specialty", "concern", "competitor")

END_OF_DAY: Final = time.max
"""``24:00`` as the end of hours."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of local time on one day; ``end`` is exclusive and after ``start``."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Windows:
    """When mail may leave: weekdays (0 = Monday) and hours, ascending by their start."""

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
    day: int  # 1 is the anchor's local date, 0 the day before it
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
    quiet_days: int = 0  # after this mail the whole organisation rests so many dates (practice C17)
    line: int | None = None  # in the file, for messages
    start: Span = NO_SPAN  # of a later round: how far its day 1 lies behind the anchor
    round: int = 1  # a scenario that repeats has its steps once for each round

    @property
    def lead(self) -> int:
        """Days that must lie between this mail and the event it speaks of."""
        return max(self.expires.margin, 1) if self.expires and self.expires.before_event else 1


@dataclass(frozen=True, slots=True)
class Variant:
    """One arm of a comparison: its share of the people, and the script as it is for them."""

    name: str
    weight: int
    steps: tuple[Step, ...]


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
    anchor_is_event: bool = False  # the anchor is a named event: ``anchor: {event: …}``
    offset: Span = NO_SPAN  # day 1 lies so far from the anchor
    repeat: Span | None = None  # the steps come again after this
    times: int = 1  # … so often in all
    rules: tuple[Rule, ...] = ()  # ``on``: the first that fits is followed
    variants: tuple[Variant, ...] = ()
    hash: ScenarioHash | None = None
    text: str = ""  # the file as it was read
    file: str | None = None

    def step(self, step_id: str) -> Step | None:
        """The step of that id, if there is one."""
        return next((step for step in self.steps if step.id == step_id), None)

    def windows_for(self, step: Step, role: str | None) -> Windows | None:
        """When mail of a step may leave to that role: the step's own windows, else the scenario's.

        A role without an entry uses ``default``. None: there is no such entry either, so no window.
        """
        for windows in (step.windows, self.windows):
            for name in (role, "default"):
                if windows is not None and name is not None and name in windows:
                    return windows[name]
        return None

    @property
    def is_event(self) -> bool:
        """Whether the anchor is a named event, not one of the known anchors."""
        return self.anchor_is_event or self.anchor not in ANCHORS

    @property
    def knows_ahead(self) -> bool:
        """Whether day 1 can lie ahead when somebody is enrolled, so that a step can come before it."""
        return self.anchor in AHEAD or self.is_event or bool(self.offset)

    def variant_of(self, person: str) -> str | None:
        """The arm that a person belongs to: a hash, so that the same person is in it each time."""
        total = sum(variant.weight for variant in self.variants)
        if not total:
            return None
        drawn = hashlib.sha256(f"{self.id}/{person}".encode()).digest()
        place = int.from_bytes(drawn[:8], "big") % total
        for variant in self.variants:
            place -= variant.weight
            if place < 0:
                return variant.name
        return None

    def as_variant(self, name: str | None) -> Scenario:
        """The script as it is in that arm; as it stands where there is no such arm."""
        found = next((variant for variant in self.variants if variant.name == name), None)
        return self if found is None else replace(self, steps=found.steps)
