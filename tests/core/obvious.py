"""A second planner, written straight from the rules: slow, obvious, and sharing no code with the first.

It answers with outcome and date per step. What it says is what ``docs/scenarios.md`` says; where the two
planners differ, one of them is wrong.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from nurture.core.recurrence import Monthly, Rrule, Yearly

if TYPE_CHECKING:
    from nurture.core.calendar import CalendarEntry, Profile
    from nurture.core.plan import Request
    from nurture.core.scenario import Step, Windows

DAY = timedelta(days=1)
Answer = tuple[str, str, date, date | None]
"""Step, outcome, nominal date, planned date."""


def matches(entry: CalendarEntry, profile: Profile) -> bool:
    """Keys and-ed, values or-ed, ``all`` matches everybody, an unknown specialty matches any list."""
    to = entry.applies_to
    asked = [
        (to.roles, profile.role, False),
        (to.specialties, profile.specialty, True),
        (to.departments, profile.department, False),
        (to.regions, profile.region, False),
        (to.organisations, profile.organisation, False),
        (to.organisation_kinds, profile.organisation_kind, False),
    ]
    return all(
        wanted is None or "all" in wanted or has in wanted or (has is None and careful)
        for wanted, has, careful in asked
    )


@lru_cache(maxsize=256)
def begins(rule: str, start: date) -> frozenset[date]:
    """The days on which the occurrences of a rule begin, for longer than any plan looks ahead."""
    first = datetime.combine(start, time())
    found = rrulestr(rule, dtstart=first).between(first, first + timedelta(days=20 * 366), inc=True)
    return frozenset(day.date() for day in found)


def unwidened(entry: CalendarEntry, day: date) -> bool:
    """Whether an occurrence covers the day, before any widening."""

    def last(wanted: int) -> int:
        return min(wanted, calendar.monthrange(day.year, day.month)[1])

    def of_year(wanted: tuple[int, int]) -> date:
        return date(day.year, wanted[0], min(wanted[1], calendar.monthrange(day.year, wanted[0])[1]))

    every = entry.every
    if isinstance(every, Yearly):
        after, before = of_year(every.from_) <= day, day <= of_year(every.to)
        return (after or before) if every.from_ > every.to else (after and before)
    if isinstance(every, Monthly):
        after, before = last(every.from_) <= day.day, day.day <= last(every.to)
        return (after or before) if every.from_ > every.to else (after and before)
    assert entry.start is not None
    if isinstance(every, Rrule):
        length = (entry.end or entry.start) - entry.start
        return any(day - k * DAY in begins(every.rule, entry.start) for k in range(length.days + 1))
    return entry.start <= day <= (entry.end or entry.start)


def covers(entry: CalendarEntry, day: date) -> bool:
    """With ``before`` and ``after``: some day near enough is covered."""
    return any(unwidened(entry, day + k * DAY) for k in range(-entry.after, entry.before + 1))


class Obvious:
    """One request, planned by the letter of the rules."""

    def __init__(self, request: Request) -> None:
        self.r = request
        self.zone = ZoneInfo(request.profile.timezone or request.scenario.timezone)
        self.earliest = max(request.now, request.anchor).astimezone(UTC)
        self.today = self.earliest.astimezone(self.zone).date()
        self.entries = [e for c in request.calendars for e in c.entries if matches(e, request.profile)]
        own = [
            s.on
            for s in request.settled
            if s.on is not None and any(t.id == s.step_id and t.mail is not None for t in request.scenario.steps)
        ]
        self.person = [*request.history.person, *own]
        self.organisation = [*request.history.organisation, *own]
        self.previous: date | None = None
        self.quiet = list(request.quiet)
        self.known: dict[date, list[tuple[str, int]]] = {}

    def effects(self, day: date) -> list[tuple[str, int]]:
        """Effect and span of everything that covers the day."""
        if day not in self.known:
            self.known[day] = [
                ("reduce" if e.certainty == "estimated" else e.effect.value, e.reduce_days)
                for e in self.entries
                if covers(e, day)
            ]
        return self.known[day]

    def business(self, day: date) -> bool:
        """Monday to Friday without a matching holiday that is not estimated."""
        return day.weekday() < 5 and not any(effect == "holiday" for effect, _ in self.effects(day))

    def windows(self, step: Step) -> Windows | None:
        """The step's, else the scenario's; by role, else default."""
        for place in (step.windows or {}, self.r.scenario.windows):
            for role in (self.r.profile.role, "default"):
                if role is not None and role in place:
                    return place[role]
        return None

    def nominal(self, step: Step) -> date | None:
        """The nominal date; None where holidays do not end for ten years."""
        start = base = self.r.anchor.astimezone(self.zone).date()
        if not step.business_days:
            return start + (step.day - 1) * DAY + self.r.shift_days * DAY
        for _ in range(step.day - 1):
            start += DAY
            while not self.business(start):
                start += DAY
                if (start - base).days >= 3660 + 2 * (step.day - 1):
                    return None
        return start + self.r.shift_days * DAY

    def over(self, day: date, start: time, end: time) -> bool:
        """Whether the end of a window has come."""
        until = datetime.combine(day + DAY, time(0)) if end == time.max else datetime.combine(day, end)
        begins = datetime.combine(day, start)
        first, last = (wall.replace(tzinfo=self.zone).astimezone(UTC) for wall in (begins, until))
        if last <= first:  # nothing of it exists: it moves as a whole
            last = first + (until - begins)
        return last <= self.earliest

    def blocked(self, step: Step, day: date) -> bool:
        """Rule 2, and a date before today."""
        if day < self.today:
            return True
        if step.on_blocked != "ignore" and step.purpose != "notice":
            for effect, _ in self.effects(day):
                if effect in {"blackout", "holiday"} or (
                    effect == "no_appointment" and step.purpose == "appointment"
                ):
                    return True
            if step.mail is not None and step.within_seconds is None:
                if any(effect == "quiet" for effect, _ in self.effects(day)):
                    return True
                if any(first <= day <= last for first, last in self.quiet):
                    return True
        if step.any_window:
            return False
        windows = self.windows(step)
        hours = windows.hours if windows is not None and day.weekday() in windows.days else ()
        return all(self.over(day, h.start, h.end) for h in hours)

    def paced(self, step: Step, day: date) -> bool:
        """Rules 3 and 4 and an absence; tasks know the order only."""
        if self.previous is not None and day < self.previous:
            return False
        if step.mail is None:
            return True
        if self.r.not_before is not None and day < self.r.not_before:
            return False
        if day in self.person:
            return False
        if step.within_seconds is not None:
            return True
        pace = self.r.scenario.pace
        earlier = max((d for d in self.person if d < day), default=None)
        later = min((d for d in self.person if d > day), default=None)
        for one, two in ((earlier, day), (day, later)):
            if one is None or two is None:
                continue
            if (two - one).days < (pace.min_gap or 0):
                return False
            if any(effect == "reduce" and (two - one).days < span for effect, span in self.effects(two)):
                return False
        if pace.cap is None or pace.cap_days is None or self.r.profile.organisation is None:
            return True
        for shift in range(pace.cap_days):
            first = day - shift * DAY
            held = [d for d in self.organisation if first <= d <= first + (pace.cap_days - 1) * DAY]
            if len(held) + 1 > pace.cap:
                return False
        return True

    def expires(self, step: Step, nominal: date) -> date | None:
        """The last permitted date."""
        if step.expires is None:
            return None
        found = []
        if step.expires.after is not None:
            found.append(nominal + step.expires.after * DAY)
        before = step.expires.before_date or self.r.events.get(step.expires.before_event or "")
        if before is not None:
            found.append(before - step.expires.margin * DAY)
        return min(found, default=None)

    def wanted(self, step: Step) -> bool:
        """Whether all conditions hold; what is unknown fits no list, but a stance that lists ``unknown``."""
        when, p, s = step.when, self.r.profile, self.r.situation
        return all(
            (
                when.no_reply is None or when.no_reply == (not s.replied),
                when.roles is None or p.role in when.roles,
                when.specialties is None or p.specialty in when.specialties,
                when.stances is None or (s.stance or "unknown") in when.stances,
                when.competitors is None or s.competitor in when.competitors,
                when.deal_phase_at_least is None or (s.deal_phase or 0) >= when.deal_phase_at_least,
            )
        )

    def date_of(self, step: Step, nominal: date) -> date | str:
        """The date, or why there is none."""
        horizon = nominal + 365 * DAY
        start = nominal
        if self.blocked(step, nominal):
            if step.on_blocked == "skip":
                return "skipped"
            if step.on_blocked == "advance":
                floor = self.today
                if self.previous is not None:
                    floor = max(floor, self.previous + (self.r.scenario.pace.min_gap or 0) * DAY)
                free = [
                    nominal - k * DAY
                    for k in range(1, max((nominal - floor).days, 0) + 1)
                    if not self.blocked(step, nominal - k * DAY)
                ]
                start = max(free, default=nominal)
        found = next(
            (
                start + k * DAY
                for k in range((horizon - start).days + 1)
                if not self.blocked(step, start + k * DAY) and self.paced(step, start + k * DAY)
            ),
            None,
        )
        last = self.expires(step, nominal)
        if found is None:
            return "expired" if last is not None and last < horizon else "skipped"
        return "expired" if last is not None and found > last else found

    def plan(self) -> list[Answer]:
        """Every unsettled step in order."""
        answers: list[Answer] = []
        settled = {s.step_id: (s.on, s.rests) for s in self.r.settled}
        for step in self.r.scenario.steps:
            on: date | None
            rests = True
            if step.id in settled:
                on, rests = settled[step.id]
            else:
                nominal = self.nominal(step)
                found = self.date_of(step, nominal) if nominal is not None and self.wanted(step) else "skipped"
                nominal = nominal or self.r.anchor.astimezone(self.zone).date()
                on = found if isinstance(found, date) else None
                outcome = found if isinstance(found, str) else "send" if step.mail is not None else "task"
                answers.append((step.id, outcome, nominal, on))
                if on is not None and step.mail is not None:
                    self.person.append(on)
                    self.organisation.append(on)
            if on is not None and rests and step.quiet_days:
                self.quiet.append((on + DAY, on + step.quiet_days * DAY))
            if on is not None:
                self.previous = on if self.previous is None else max(self.previous, on)
        return answers
