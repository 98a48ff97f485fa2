"""A planner that knows nothing of ours: scenario, calendars and people from raw files, by the letter of the rules.

It reads YAML with a plain loader, CSV with the standard library, unrolls RRULEs with dateutil, asks every entry
about every day, and takes no short cut. What it says is what ``docs/scenarios.md`` says; where the program
differs, one of the two is wrong.
"""

from __future__ import annotations

import calendar
import csv
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import holidays
from dateutil.rrule import rrulestr
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KEYS = {
    "roles": "role",
    "specialties": "specialty",
    "departments": "department",
    "regions": "region",
    "organisations": "organisation",
    "organisation_kinds": "organisation_kind",
}
Reason = tuple[str, str | None]


def load(path: Path) -> Any:
    """A YAML file as plain values."""
    return _loaded(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def _loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def days(text: str | None) -> int | None:
    """``2d`` and ``1w`` as a number of days."""
    return None if text is None else int(text[:-1]) * {"d": 1, "w": 7}[text[-1]]


def day_of(value: Any) -> date:
    """A date, whether the loader has made one of it or not."""
    return value if isinstance(value, date) else date.fromisoformat(value)


@cache
def national(country: str) -> dict[str, Any]:
    """The public holidays of a country, as a calendar file would say it."""
    found = sorted(holidays.country_holidays(country, years=range(2024, 2033)))
    return {
        "id": f"{country.lower()}-holidays",
        "entries": [{"id": str(day), "start": day, "effect": "holiday"} for day in found],
    }


# --- calendars ---------------------------------------------------------------------------------------


def applies(entry: Mapping[str, Any], person: Mapping[str, str]) -> bool:
    """Keys and-ed, values or-ed; all matches everybody, and an unknown specialty matches any list."""
    for key, said in (entry.get("applies_to") or {}).items():
        wanted = [said] if isinstance(said, str) else said
        has = person.get(KEYS[key])
        if not ("all" in wanted or has in wanted or (has is None and key == "specialties")):
            return False
    return True


class Covered:
    """The days of one entry, asked one by one."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.before, self.after = days(entry.get("before")) or 0, days(entry.get("after")) or 0
        self.every: dict[str, Any] = entry.get("every") or {}
        self.start = day_of(entry["start"]) if "start" in entry else None
        self.end = day_of(entry["end"]) if "end" in entry else self.start
        self.starts: set[date] = set()
        if "rrule" in self.every and self.start is not None:
            begin = datetime.combine(self.start, time(0))
            rule = rrulestr(self.every["rrule"], dtstart=begin)
            self.starts = {found.date() for found in rule.between(begin, datetime(2042, 1, 1), inc=True)}  # noqa: DTZ001
        self.known: dict[date, bool] = {}

    def on(self, day: date) -> bool:
        """Whether the entry, widened, covers a day."""
        if day not in self.known:
            near = (day + k * DAY for k in range(-self.after, self.before + 1))
            self.known[day] = any(map(self._unwidened, near))
        return self.known[day]

    def _unwidened(self, day: date) -> bool:
        if "rrule" in self.every:
            assert self.start is not None
            assert self.end is not None
            return any(day - k * DAY in self.starts for k in range((self.end - self.start).days + 1))
        if "monthly" in self.every:
            first, last = int(self.every["monthly"]["from"]), int(self.every["monthly"]["to"])
            length = calendar.monthrange(day.year, day.month)[1]
            begun, going = min(first, length) <= day.day, day.day <= min(last, length)
            return (begun or going) if first > last else (begun and going)
        if "from" in self.every:
            since, until = str(self.every["from"]), str(self.every["to"])
            begun, going = self._in_year(day, since) <= day, day <= self._in_year(day, until)
            return (begun or going) if since > until else (begun and going)
        assert self.start is not None
        assert self.end is not None
        return self.start <= day <= self.end

    @staticmethod
    def _in_year(day: date, text: str) -> date:
        month, wanted = map(int, text.split("-"))
        return date(day.year, month, min(wanted, calendar.monthrange(day.year, month)[1]))


@dataclass(slots=True)
class Mark:
    """One entry as one person meets it: what it comes to, its name, its days."""

    effect: str
    name: str
    span: int
    covered: Covered


def marks(
    calendars: Iterable[Mapping[str, Any]], known: dict[int, Covered], person: Mapping[str, str]
) -> list[Mark]:
    """The entries that concern a person; the days of each entry are kept for the next person."""
    found = []
    for book in calendars:
        for entry in book["entries"]:
            if not applies(entry, person):
                continue
            effect = entry.get("effect", "reduce")
            if entry.get("certainty") == "estimated":
                effect = "reduce"
            covered = known.setdefault(id(entry), Covered(entry))
            span = days(entry.get("reduce", "7d")) or 0
            found.append(Mark(effect, f"{book['id']}/{entry['id']}", span, covered))
    return found


# --- windows -----------------------------------------------------------------------------------------


def weekdays(said: str | Sequence[str]) -> set[int]:
    """``mon-fri``, ``sat``, or a list of both."""
    found: set[int] = set()
    for part in [said] if isinstance(said, str) else said:
        first, _, last = part.partition("-")
        at = WEEKDAYS.index(first)
        found.add(at)
        while WEEKDAYS[at] != (last or first):
            at = (at + 1) % 7
            found.add(at)
    return found


def minutes(text: str) -> int:
    """``09:30`` as minutes of the day."""
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def wall(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """A wall time as an instant: what comes twice is the first, what does not exist moves on."""
    day, minute = day + minute // 1440 * DAY, minute % 1440
    return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone).astimezone(UTC)


def closes(day: date, span: tuple[int, int], zone: ZoneInfo) -> datetime:
    """The end of hours as UTC; hours of which nothing exists move on as a whole."""
    first, last = (wall(day, minute, zone) for minute in span)
    return last if last > first else first + timedelta(minutes=span[1] - span[0])


# --- planning ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Expected:
    """What should become of one step."""

    id: str
    outcome: str
    nominal: date
    on: date | None = None
    exact: datetime | None = None  # UTC, where the moment is not a matter of the hash
    hours: tuple[int, int] | None = None  # else: minutes of that day, the end not included
    endless: bool = False  # there are not that many business days
    last: date | None = None  # its last permitted date
    why: dict[date, set[Reason]] = field(default_factory=dict)  # what stood against the days that were asked


@dataclass(slots=True)
class Sent:
    """The mails so far: to one person, and to one organisation."""

    person: list[date]
    organisation: list[date] | None


class Plainly:
    """One enrollment, planned by the letter of the rules."""

    def __init__(
        self,
        script: Mapping[str, Any],
        person: Mapping[str, str],
        marks: list[Mark],
        anchor: datetime,
        now: datetime,
        events: Mapping[str, date],
        sent: Sent,
    ) -> None:
        self.script, self.person, self.marks, self.anchor = script, person, marks, anchor
        self.events, self.sent = events, sent
        self.zone = ZoneInfo(person.get("timezone") or script.get("timezone", "Asia/Tokyo"))
        self.ready = max(anchor, now).astimezone(UTC)
        self.today = self.ready.astimezone(self.zone).date()
        self.pace = script.get("pace") or {}
        self.gap = days(self.pace.get("min_gap")) or 0
        self.ahead: date | None = None

    def plan(self) -> list[Expected]:
        """Every step in order."""
        found = []
        for step in self.script["steps"]:
            expected = self._step(step)
            if expected.on is not None:
                self.ahead = expected.on if self.ahead is None else max(self.ahead, expected.on)
                if "mail" in step:
                    self.sent.person.append(expected.on)
                    if self.sent.organisation is not None:
                        self.sent.organisation.append(expected.on)
            found.append(expected)
        return found

    def _nominal(self, step: Mapping[str, Any]) -> date | None:
        day = first = self.anchor.astimezone(self.zone).date()
        if step.get("count", self.script.get("count")) != "business":
            return day + (int(step["day"]) - 1) * DAY
        left: int = step["day"] - 1
        while left:
            day += DAY
            holiday = any(mark.effect == "holiday" and mark.covered.on(day) for mark in self.marks)
            left -= day.weekday() < 5 and not holiday
            if (day - first).days > 3650:
                return None  # holidays without end
        return day

    def _last(self, step: Mapping[str, Any], nominal: date) -> date | None:
        expires = step.get("expires") or {}
        if "after" in expires:
            return nominal + (days(expires["after"]) or 0) * DAY
        before = expires.get("before")
        if isinstance(before, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", before):
            before = self.events.get(before)
        return None if before is None else day_of(before) - (days(expires.get("margin")) or 0) * DAY

    def _hours(self, step: Mapping[str, Any], day: date) -> list[tuple[int, int]]:
        windows = self.script.get("windows") or {}
        one = windows.get(self.person.get("role"), windows.get("default"))
        if one is None or day.weekday() not in weekdays(one["days"]):
            return []
        spans = [part.split("-") for part in ([one["hours"]] if isinstance(one["hours"], str) else one["hours"])]
        return sorted((minutes(first), minutes(last)) for first, last in spans)

    def _blocks(self, step: Mapping[str, Any], day: date) -> set[Reason]:
        """Rule 2."""
        found: set[Reason] = set()
        if day < self.today:
            found.add(("past", None))
        if step.get("on_blocked") != "ignore" and step.get("purpose") != "notice":
            bad = {"blackout", "holiday"} | ({"no_appointment"} if step.get("purpose") == "appointment" else set())
            found |= {(m.effect, m.name) for m in self.marks if m.effect in bad and m.covered.on(day)}
        if step.get("windows") != "any":
            hours = self._hours(step, day)
            if not hours:
                found.add(("no_window", None))
            elif all(closes(day, span, self.zone) <= self.ready for span in hours):
                found.add(("windows_over", None))
        return found

    def _holds(self, step: Mapping[str, Any], day: date) -> set[Reason]:
        """Rules 3 and 4."""
        found: set[Reason] = set()
        if self.ahead is not None and day < self.ahead:
            found.add(("order", None))
        if "task" in step:
            return found
        if day in self.sent.person:
            found.add(("same_date", None))
        if "within" in step:
            return found
        earlier_ones = sorted(d for d in self.sent.person if d < day)[-1:]
        later_ones = sorted(d for d in self.sent.person if d > day)[:1]
        for earlier, later in [(d, day) for d in earlier_ones] + [(day, d) for d in later_ones]:
            if (later - earlier).days < self.gap:
                found.add(("min_gap", None))
            found |= {
                ("reduce", m.name)
                for m in self.marks
                if m.effect == "reduce" and (later - earlier).days < m.span and m.covered.on(later)
            }
        if "per_organisation" in self.pace and self.sent.organisation is not None:
            cap, width = map(int, self.pace["per_organisation"].removesuffix("d").split(" per "))
            for first in (day - k * DAY for k in range(width)):
                if sum(first <= d < first + width * DAY for d in self.sent.organisation) + 1 > cap:
                    found.add(("per_organisation", None))
        return found

    def _wanted(self, step: Mapping[str, Any]) -> bool:
        when = step.get("when") or {}
        for key, wanted in when.items():
            if key == "no_reply":
                if not wanted:
                    return False
            elif key == "deal_phase_at_least":
                if int(self.person.get("deal_phase", 0)) < wanted:
                    return False
            elif self.person.get(key, "unknown" if key == "stance" else None) not in (
                [wanted] if isinstance(wanted, str) else wanted
            ):
                return False
        return True

    def _step(self, step: Mapping[str, Any]) -> Expected:
        nominal = self._nominal(step)
        if nominal is None:
            return Expected(step["id"], "skipped", self.anchor.astimezone(self.zone).date(), endless=True)
        last = self._last(step, nominal)
        expected = Expected(step["id"], "skipped", nominal, last=last)
        if not self._wanted(step):
            return expected
        start, horizon = nominal, nominal + 365 * DAY
        blocked = self._blocks(step, nominal)
        expected.why[nominal] = blocked
        if blocked and step.get("on_blocked") == "skip":
            return expected
        if blocked and step.get("on_blocked") == "advance":
            floor = self.today if self.ahead is None else max(self.today, self.ahead + self.gap * DAY)
            earlier = nominal - DAY
            while earlier >= floor and start == nominal:
                if not self._blocks(step, earlier):
                    start = earlier
                earlier -= DAY
        day = start
        while day <= horizon:
            against = self._blocks(step, day) | self._holds(step, day)
            if not against:
                break
            expected.why[day] = against
            day += DAY
        else:
            expected.outcome = "expired" if last is not None and last < horizon else "skipped"
            return expected
        if last is not None and day > last:
            expected.outcome = "expired"
            return expected
        expected.outcome, expected.on = "send" if "mail" in step else "task", day
        self._moment(step, day, expected)
        return expected

    def _moment(self, step: Mapping[str, Any], day: date, expected: Expected) -> None:
        """Rule 6."""
        hours = [] if step.get("windows") == "any" else self._hours(step, day)
        if "task" in step:
            expected.exact = wall(day, hours[0][0] if hours else 9 * 60, self.zone)
        elif not hours and "within" in step:
            expected.exact = max(wall(day, 0, self.zone), self.ready)
        elif not hours:
            expected.hours = (9 * 60, 18 * 60)
            if wall(day, 18 * 60, self.zone) <= self.ready:
                expected.exact = self.ready
        else:
            first = next(span for span in hours if closes(day, span, self.zone) > self.ready)
            expected.hours = first
            if "within" in step:
                expected.exact = max(wall(day, first[0], self.zone), self.ready)


# --- files in, expectations out ----------------------------------------------------------------------


def _instant(text: str, zone: str) -> datetime:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def simulate(
    scenario: Path,
    calendars: Sequence[Path],
    contacts: Path | None,
    anchor: str,
    now: str | None = None,
    dates: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
) -> list[list[Expected]]:
    """Every enrollment's steps.

    Args:
        scenario: its file.
        calendars: folders, the strongest first.
        contacts: the CSV file of people.
        anchor: as ``--anchor`` says.
        now: as ``--now`` says.
        dates: as ``--date`` says.
        flags: ``role`` and the like.
    """
    script = load(scenario)
    zone = script.get("timezone", "Asia/Tokyo")
    books: dict[str, Any] = {}
    for folder in calendars:
        for path in sorted(folder.glob("*.yaml")):
            book = load(path)
            books.setdefault(book["id"], book)
    listed = [books[i] if i in books else national(i[:2].upper()) for i in script.get("calendars", [])]
    rows: list[dict[str, str]] = [{}]
    if contacts is not None:
        with contacts.open(encoding="utf-8-sig", newline="") as file:
            rows = [{k: v.strip() for k, v in row.items() if v and v.strip()} for row in csv.DictReader(file)]
    people: dict[str, list[date]] = {}
    organisations: dict[str, list[date]] = {}
    known: dict[int, Covered] = {}
    found = []
    for place, row in enumerate(rows):
        person = {**(flags or {}), **row}
        organisation = person.get("organisation")
        sent = Sent(
            people.setdefault(person.get("email", f"#{place}").lower(), []),
            organisations.setdefault(organisation, []) if organisation else None,
        )
        found.append(
            Plainly(
                script,
                person,
                marks(listed, known, person),
                _instant(anchor, zone),
                _instant(now or anchor, zone),
                {name: date.fromisoformat(day) for name, day in (dates or {}).items()},
                sent,
            ).plan()
        )
    return found
