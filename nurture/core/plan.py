"""The planning rules: when each step of one enrollment happens, and why then (``docs/scenarios.md``).

Theory of operation
-------------------
Steps are planned in the order of the file. For each, a date is sought; what can stand against a date comes in
two kinds, and the kinds are asked separately because ``on_blocked`` speaks of the first only:

*blocks*    what the date itself says: it is past, a calendar blocks it, it has no send window, or its windows
            are over (rule 2).
*holds*     what else is going on: the step ahead, another mail on that date, gaps, caps, an absence
            (rules 3 and 4).

The nominal date decides whether ``advance`` or ``skip`` has its say: only when it is blocked. After that there
is one search forward, day by day, for the first date against which nothing stands, up to 365 days past the
nominal date. Days that were passed over for the same reason become one ``Move``; the moves of a step form a
chain from its nominal to its planned date, so that "why this date?" is answered by reading them.

Where a person chose a date for a step, the search begins there and nothing leads to another date but what stands
against it: neither ``advance`` nor ``skip`` has its say.

A planned mail enters the ledger at once and counts for every later step. Skipped and expired steps leave no
trace. Nothing here reads a clock: ``now`` is part of the request, and the moment within a window is a hash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nurture.core import windows
from nurture.core.calendar import Calendar, Days, Effect, Profile, shifted
from nurture.core.deals import Stance
from nurture.core.messages import Move
from nurture.core.pace import Ledger, hold_up
from nurture.core.span import NO_SPAN
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nurture.core.scenario import Expiry, Hours, Scenario, Step, When

ONE_DAY: Final = timedelta(days=1)
BLACKOUT: Final = Effect.BLACKOUT
HOLIDAY: Final = Effect.HOLIDAY

HORIZON: Final = 365
"""Days past its nominal date within which a step must find a date."""

Reason = tuple[str, str | None]
"""A rule and the calendar entry (or step, or event) it speaks of."""


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
    which hold nobody up and count for nothing. ``rests``: its quiet days follow by the plan; else they are among
    the organisation's closures, where people may have changed them.
    """

    step_id: str
    on: date | None = None
    rests: bool = True


@dataclass(frozen=True, slots=True)
class History:
    """Local dates of mails that count for pace, sent or planned: this enrollment's own are not among them."""

    person: tuple[date, ...] = ()
    organisation: tuple[date, ...] = ()  # all people of the organisation, this person included
    yielding: tuple[date, ...] = ()  # of ``person``: planned mails that a late ``within`` step goes before


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
    every: int | None = None  # so many days from one mail to the next, as the person wishes
    quiet: tuple[tuple[date, date], ...] = ()  # of the organisation: first and last day; closures say more
    chosen: Mapping[str, Move] = field(default_factory=dict)  # by step: ``to`` is the date that a person chose


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


def plan(request: Request) -> Plan:
    """Plan every unsettled step. The same request gives the same plan.

    Raises:
        UserError: the person's or the scenario's time zone does not exist.
    """
    planner = _Planner(request)
    settled = {s.step_id: s for s in request.settled}
    steps: list[PlannedStep] = []
    for step in request.scenario.steps:
        if step.id in settled:
            planner.left(step, settled[step.id])
        else:
            steps.append(planner.plan(step))
    return Plan(tuple(steps), planner.zone.key)


@dataclass(frozen=True, slots=True)
class Day:
    """A date as one may choose it for a step: what stands against it, or when the mail would leave on it."""

    on: date
    against: Move | None = None
    at: datetime | None = None  # aware, local zone; None where something stands against the date
    hours: tuple[Hours, ...] = ()  # the windows of that date; empty where any time will do


def days_for(request: Request, step_id: str, days: Sequence[date]) -> tuple[Day, ...]:
    """What stands against each of these dates for a step, everything ahead of it planned as ``plan`` would.

    Raises:
        UserError: as ``plan``.
    """
    planner = _Planner(request)
    settled = {s.step_id: s for s in request.settled}
    for step in request.scenario.steps:
        if step.id == step_id:
            search = _Search(planner, step)
            return tuple(search.asked(day) for day in days)
        if step.id in settled:
            planner.left(step, settled[step.id])
        else:
            planner.plan(step)
    return ()


def stands(request: Request, step_id: str, day: date, days: Days | None = None) -> bool:
    """Whether ``plan`` would give this step this date, said without the search; False where only the search knows.

    It is for the sender's last look, which asks this of every letter: the date is the recipient's present one,
    and everything ahead of the step is settled. Then no earlier date can be found, for those have passed, and
    no later one is sought, because nothing stands against this one.

    Args:
        request: as for ``plan``.
        step_id: of the step.
        day: the date.
        days: the reader's, where they are at hand; else those of the request's calendars.

    Raises:
        UserError: as ``plan``.
    """
    planner = _Planner(request, days)
    settled = {s.step_id: s for s in request.settled}
    for step in request.scenario.steps:
        if step.id == step_id:
            return _Search(planner, step).stands(day)
        if step.id not in settled:
            return False
        planner.left(step, settled[step.id])
    return False


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name.

    Raises:
        UserError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserError(
            "{zone} is not a time zone", hint="an IANA name such as Asia/Tokyo", zone=name[:60]
        ) from error


class _Planner:
    """The state of one planning: what has been given dates so far."""

    def __init__(self, request: Request, days: Days | None = None) -> None:
        self.request = request
        self.zone = zone_of(request.profile.timezone or request.scenario.timezone)
        self.anchor_on = request.anchor.astimezone(self.zone).date()
        self.ready = max(request.now, request.anchor).astimezone(UTC)  # nothing leaves before
        self.today = self.ready.astimezone(self.zone).date()
        self.at_once = request.now.astimezone(UTC)  # … but for steps that lie before the anchor
        self.days = days or Days(request.calendars, request.profile)
        self.ahead: tuple[date, str] | None = None  # date and id of the last step that has one
        self.quiet = list(request.quiet)
        tasks = {step.id for step in request.scenario.steps if step.task is not None}
        left = [s.on for s in request.settled if s.on is not None and s.step_id not in tasks]
        has_organisation = request.profile.organisation is not None
        self.ledger = Ledger.of(
            (*request.history.person, *left), (*request.history.organisation, *left) if has_organisation else None
        )

    def passed(self, on: date | None, step_id: str = "") -> None:
        """A step with a date: what follows comes after it."""
        if on is not None and (self.ahead is None or on >= self.ahead[0]):
            self.ahead = (on, step_id)

    def left(self, step: Step, settled: Settled) -> None:
        """A step whose date is fixed."""
        self.passed(settled.on)
        if settled.rests:
            self.rest(step, settled.on)

    def rest(self, step: Step, on: date | None) -> None:
        """Silence over the whole organisation from the day after a weighty mail on (practice C17)."""
        if on is not None and step.quiet_days:
            self.quiet.append((shifted(on, 1), shifted(on, step.quiet_days)))

    def plan(self, step: Step) -> PlannedStep:
        """One step, and its date kept for those behind it."""
        planned = _Search(self, step).planned()
        if planned.planned_on is not None:
            self.passed(planned.planned_on, step.id)
            self.rest(step, planned.planned_on)
            if step.task is None:
                self.ledger.add(planned.planned_on)
        return planned

    def nominal(self, step: Step) -> date | None:
        """The nominal date; None where there are not that many business days."""
        start = self.anchor_on if step.start is NO_SPAN else step.start.after(self.anchor_on)
        if step.business_days:
            found = self.days.business_day_after(start, step.day - 1)
            return None if found is None else shifted(found, self.request.shift_days)
        return shifted(start, step.day - 1 + self.request.shift_days)


class _Search:
    """The search for the date of one step."""

    def __init__(self, planner: _Planner, step: Step) -> None:
        self.planner, self.step = planner, step
        self.request = planner.request
        nominal = planner.nominal(step)
        self.nominal = nominal or planner.anchor_on
        self.endless = nominal is None
        self.windows = self.request.scenario.windows_for(step, self.request.profile.role)
        self.expires_on, self.event = self._expiry(step.expires)
        self.ready, self.today = planner.ready, planner.today
        if step.day <= 0:
            self.ready = planner.at_once
            self.today = self.ready.astimezone(planner.zone).date()
        self.is_mail = step.task is None
        self.is_within = step.within_seconds is not None
        self.keeps_quiet = self.is_mail and not self.is_within
        self.passes_calendar = step.on_blocked == "ignore" or step.purpose == "notice"

    def _expiry(self, expires: Expiry | None) -> tuple[date | None, str | None]:
        """The last permitted date, and the event that sets it."""
        if expires is None:
            return None, None
        found: list[tuple[date, str | None]] = []
        if expires.after is not None:
            found.append((shifted(self.nominal, expires.after), None))
        if expires.before_date is not None:
            found.append((shifted(expires.before_date, -expires.margin), None))
        if expires.before_event is not None and (event := self.request.events.get(expires.before_event)):
            found.append((shifted(event, -expires.margin), expires.before_event))
        return min(found, key=lambda pair: pair[0]) if found else (None, None)

    # --- what stands against a date ---

    def block(self, day: date, before: Reason | None = None) -> Reason | None:
        """Rule 2: what the date itself says; of several reasons the one of the day before, if it still stands."""
        if day < self.today:
            return "past", None
        if not self.passes_calendar and (found := self._calendar_block(day, before)) is not None:
            return found
        if self.step.any_window:
            return None
        hours = self._hours(day)
        if not hours:
            return "no_window", None
        if day == self.today and self._open(day) is None:
            return "windows_over", None
        return None

    def _calendar_block(self, day: date, before: Reason | None) -> Reason | None:
        if found := self._entries(day):
            if len(found) == 1:
                return found[0]
            return before if before in found else self._longest(day, found)
        if self.keeps_quiet and any(first <= day <= last for first, last in self.planner.quiet):
            return "quiet", None
        return None

    def _entries(self, day: date) -> list[Reason]:
        """The calendar entries that block a day for this step."""
        marks = self.planner.days.on(day)
        if not marks:
            return []
        appointment = self.step.purpose == "appointment"
        return [
            mark.reason
            for mark in marks
            if (effect := mark.effect) is BLACKOUT
            or effect is HOLIDAY
            or (appointment and effect is Effect.NO_APPOINTMENT)
            or (self.keeps_quiet and effect is Effect.QUIET)
        ]

    def _longest(self, day: date, found: list[Reason]) -> Reason:
        """Of several entries the one that lasts longest from here: one reason reads better than three."""
        for _ in range(HORIZON):
            day = shifted(day, 1)
            lasting = [reason for reason in self._entries(day) if reason in found]
            if not lasting:
                break
            found = lasting
        return found[0]

    def _hours(self, day: date) -> tuple[Hours, ...]:
        return self.windows.hours if self.windows is not None and day.weekday() in self.windows.days else ()

    def _open(self, day: date) -> Hours | None:
        """The first window of that date that is not over."""
        zone, ready = self.planner.zone, self.ready
        return next((h for h in self._hours(day) if not windows.is_over(day, h, zone, ready)), None)

    def hold(self, day: date) -> Reason | None:
        """Rules 3 and 4, and an absence."""
        ahead, away = self.planner.ahead, self.request.not_before
        if ahead is not None and day < ahead[0]:
            return "order", ahead[1] or None
        if not self.is_mail:
            return None
        if away is not None and day < away:
            return "away", None
        if self.is_within:
            taken = self.planner.ledger.has(day) and day not in self.request.history.yielding
            return ("same_date", None) if taken else None
        return hold_up(self.planner.ledger, self.request.scenario.pace, self.planner.days, day, self.request.every)

    def stands(self, day: date) -> bool:
        """Whether nothing stands against this date, which is today, and nothing led to an earlier one."""
        return (
            day == self.today
            and not self.endless
            and self.nominal <= day <= shifted(self.nominal, HORIZON)
            and (self.step.on_blocked != "skip" or self.nominal == day)
            and (self.expires_on is None or day <= self.expires_on)
            and _fits(self.step.when, self.request.profile, self.request.situation)
            and self.block(day) is None
            and self.hold(day) is None
        )

    # --- the search ---

    def asked(self, day: date) -> Day:
        """What stands against one date."""
        reason: Reason | None = self.block(day) or self.hold(day)
        if reason is None and self.expires_on is not None and day > self.expires_on:
            reason = "expiry", self.event
        if reason is None and day > shifted(self.nominal, HORIZON):
            reason = "no_date", None
        if reason is not None:
            return Day(day, Move(*reason, day))
        hours = () if self.step.any_window else self._hours(day)
        return Day(day, at=self._instant(day).astimezone(self.planner.zone), hours=hours)

    def planned(self) -> PlannedStep:
        """The step with its date and its reasons."""
        if not _fits(self.step.when, self.request.profile, self.request.situation):
            return self._without(StepOutcome.SKIPPED, [Move("when", None, self.nominal)])
        if self.endless:
            return self._without(StepOutcome.SKIPPED, [Move("no_date", None, self.nominal)])
        moves: list[Move] = []
        start = self.nominal
        blocked = self.block(start)
        chosen = self.request.chosen.get(self.step.id)
        if chosen is not None and chosen.to is not None:
            start, blocked = chosen.to, None
            moves.append(Move(chosen.rule, chosen.entry, self.nominal, start))
        if blocked is not None and self.step.on_blocked == "skip":
            return self._without(StepOutcome.SKIPPED, [Move(*blocked, self.nominal)])
        if blocked is not None and self.step.on_blocked == "advance" and (day := self._earlier()) is not None:
            start = day
            moves.append(Move(*blocked, self.nominal, day))
        found = self._forward(start, moves)
        if found is None:
            return self._nowhere(moves)
        if self.expires_on is not None and found > self.expires_on:
            return self._without(StepOutcome.EXPIRED, [*moves, Move("expiry", self.event, found)])
        return self._on(found, moves)

    def _earlier(self) -> date | None:
        """``advance``: the last earlier date that is not blocked, if there is one."""
        floor = self.today
        if self.planner.ahead is not None:
            gap = max(self.request.scenario.pace.min_gap or 0, self.request.every or 0)
            floor = max(floor, shifted(self.planner.ahead[0], gap))
        day = shifted(self.nominal, -1)
        while day >= floor:
            if self.block(day) is None:
                return day
            day -= ONE_DAY
        return None

    def _forward(self, start: date, moves: list[Move]) -> date | None:
        """The first date from ``start`` on against which nothing stands; the way there is added to ``moves``.

        Up to the first free date the blocks are the reason, after that what holds the step up: weekends within
        a gap are part of the gap.
        """
        free, ahead = False, self.planner.ahead
        day, horizon = start, shifted(self.nominal, HORIZON)
        reason: Reason | None = None
        since = start
        while day <= horizon:
            if free:
                now = self.hold(day) or self.block(day, reason)
            else:
                now = self.block(day, reason)
                if now is None:
                    free, now = True, self.hold(day)
            if now != reason:
                if reason is not None:
                    moves.append(Move(*reason, since, day))
                reason, since = now, day
            if now is None:
                return day
            if day == horizon:
                break  # also the last of all dates
            if now[0] == "order" and ahead is not None:
                day = min(ahead[0], horizon)  # all days until then wait for the same step
            else:
                day += ONE_DAY
        if reason is not None:
            moves.append(Move(*reason, since))
        return None

    # --- outcomes ---

    def _nowhere(self, moves: list[Move]) -> PlannedStep:
        horizon = shifted(self.nominal, HORIZON)
        why = moves[:1] and [Move(moves[0].rule, moves[0].entry, moves[0].from_)]
        if self.expires_on is not None and self.expires_on < horizon:
            return self._without(StepOutcome.EXPIRED, [*why, Move("expiry", self.event, self.nominal)])
        return self._without(StepOutcome.SKIPPED, [*why, Move("no_date", None, self.nominal)])

    def _without(self, outcome: StepOutcome, moves: list[Move]) -> PlannedStep:
        return PlannedStep(
            self.step.id,
            outcome,
            self.nominal,
            deadline=self._deadline(),
            expires_on=self.expires_on,
            moves=tuple(moves),
        )

    def _on(self, day: date, moves: list[Move]) -> PlannedStep:
        return PlannedStep(
            self.step.id,
            StepOutcome.SEND if self.is_mail else StepOutcome.TASK,
            self.nominal,
            planned_on=day,
            planned_at=self._instant(day).astimezone(self.planner.zone),
            deadline=self._deadline(),
            expires_on=self.expires_on,
            moves=tuple(moves),
            passes_windows=self.is_within and self.step.any_window,
        )

    def _deadline(self) -> datetime | None:
        if self.step.within_seconds is None:
            return None
        until = self.request.anchor.astimezone(UTC) + timedelta(seconds=self.step.within_seconds)
        return until.astimezone(self.planner.zone)

    def _instant(self, day: date) -> datetime:
        """Rule 6: the moment on that date, UTC."""
        zone, ready = self.planner.zone, self.ready
        key = f"{self.request.key}/{self.step.id}"
        if not self.is_mail:  # shown at the start of its date's first window, also when that is past
            of_day = self._hours(day) if not self.step.any_window else ()
            return windows.instant(day, of_day[0].start if of_day else windows.ANY_TIME.start, zone)
        if self.is_within and self.step.any_window:
            return max(windows.instant(day, time(0), zone), ready)
        if self.step.any_window:
            full = windows.instant(day, time(0), zone)  # the offset does not depend on when it is asked for
            return max(windows.moment(day, windows.ANY_TIME, zone, full, key), ready)
        hours = self._open(day)
        assert hours is not None, "a date without an open window is blocked"
        if self.is_within:
            return windows.earliest(day, hours, zone, ready)
        return windows.moment(day, hours, zone, ready, key)


def _fits(when: When, profile: Profile, situation: Situation) -> bool:
    """Whether the conditions of a step hold. What is not known fits no list; but a stance may be ``unknown``."""
    return (
        (when.no_reply is None or when.no_reply is not situation.replied)
        and (when.roles is None or profile.role in when.roles)
        and (when.specialties is None or profile.specialty in when.specialties)
        and (when.stances is None or (situation.stance or Stance.UNKNOWN) in when.stances)
        and (when.competitors is None or situation.competitor in when.competitors)
        and (
            when.deal_phase_at_least is None
            or (situation.deal_phase is not None and situation.deal_phase >= when.deal_phase_at_least)
        )
    )
