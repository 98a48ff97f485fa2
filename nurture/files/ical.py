"""Calendars that others publish: iCalendar (RFC 5545) to the entries of a ``core.calendar.Calendar``.

Theory of operation
-------------------
An event says when; what it does, and to whom, is said by the calendar that it stands in (``Defaults``). Events
are gathered by UID: a master with its rule, and occurrences that were moved or cancelled (RECURRENCE-ID). A rule
is not unrolled here: it becomes a ``core.series.Series``, so that a series without end costs what one year of it
costs, in whatever year somebody asks. Only COUNT is counted out, once, against a budget for the whole file.

An event that cannot be understood is left out and named (``Told.problems``); the others count. Only what is no
calendar at all is an error.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from operator import itemgetter
from typing import TYPE_CHECKING, Final, cast

from nurture.core import recurrence
from nurture.core.calendar import AppliesTo, CalendarEntry, Certainty, Effect
from nurture.core.plan import zone_of
from nurture.core.series import Series, Timed, touched
from nurture.errors import UserError, Where
from nurture.files.contentlines import Component, Property, components
from nurture.wire import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_ENTRIES: Final = 10_000
MAX_SERIES: Final = 1000
MAX_DATES: Final = 20_000
"""Values of all RDATE and EXDATE lines of a file."""
COUNTED: Final = 300_000
"""Days that are gone through to count out all COUNT rules of a file."""
HORIZON: Final = date(2100, 1, 1)
MAX_PROBLEMS: Final = 50
LONGEST: Final = timedelta(days=3660)
LONGEST_OFTEN: Final = timedelta(days=366)
"""How long an event may last, and one that recurs."""
NAME: Final = 200  # characters of a summary that are kept
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999

WANTED: Final = (
    "UID", "SUMMARY", "STATUS", "URL", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE",
    "EXRULE", "RECURRENCE-ID", "X-WR-CALNAME", "NAME", "X-WR-TIMEZONE", "TZID", "X-LIC-LOCATION", "TZOFFSETTO",
)  # fmt: skip
KEPT: Final = ("VCALENDAR", "VEVENT", "VTIMEZONE", "STANDARD", "DAYLIGHT")
OF_HOURS: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")


EVERYBODY: Final = AppliesTo()


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a calendar says of all its events: what they do, to whom, and which of them count."""

    effect: Effect = Effect.BLACKOUT
    reduce_days: int = 7
    applies_to: AppliesTo = EVERYBODY
    certainty: Certainty = Certainty.CONFIRMED
    before: int = 0
    after: int = 0
    source: str = ""
    only: tuple[str, ...] = ()  # words, one of which the title must hold
    but: tuple[str, ...] = ()  # words, none of which it may hold


@dataclass(frozen=True, slots=True)
class Told:
    """What an iCalendar file says."""

    name: str
    entries: tuple[CalendarEntry, ...]
    problems: tuple[UserError, ...] = ()


class _Odd(Exception):
    """An event, or a part of it, that cannot be understood."""

    def __init__(self, error: UserError) -> None:
        self.error = error


@dataclass(frozen=True, slots=True)
class _Event:
    """A VEVENT with its times read."""

    uid: str
    part: Component
    start: date | datetime
    length: timedelta
    recurrence_id: date | datetime | None
    onwards: bool  # RANGE=THISANDFUTURE
    sequence: int

    @property
    def zone(self) -> tzinfo | None:
        return self.start.tzinfo if isinstance(self.start, datetime) else None

    @property
    def day(self) -> date:
        """The date on which it begins, on its own wall."""
        return self.start.date() if isinstance(self.start, datetime) else self.start

    def timed(self, seen: tzinfo) -> Timed | None:
        if not isinstance(self.start, datetime):
            return None
        return Timed(self.start.time(), self.length, self.zone, seen)

    def wall(self, at: date | datetime, seen: tzinfo) -> datetime | date:
        """A moment on this event's wall; without a zone of its own, on the calendar's."""
        if isinstance(at, datetime) and at.tzinfo is not None:
            at = at.astimezone(self.zone or seen)
        return at.replace(tzinfo=None) if isinstance(at, datetime) else at


def parse_ical(
    data: bytes,
    defaults: Defaults,
    *,
    zone: tzinfo | None = None,
    fallback: tzinfo = UTC,
    file: str | None = None,
) -> Told:
    """The entries of an iCalendar text.

    Args:
        data: its bytes.
        defaults: what its events do.
        zone: the zone in which instants become dates; else the one that the text names (X-WR-TIMEZONE).
        fallback: else this one.
        file: how messages name it.

    Raises:
        UserError: it is no iCalendar text, or too large.
    """
    calendar = components(data, WANTED, KEPT, file=file)
    named = calendar.first("X-WR-TIMEZONE")
    seen = zone or (_zone(named.value.strip()) if named else None) or fallback
    reader = _Reader(defaults, seen, file, _vtimezones(calendar))
    return reader.read(calendar)


@dataclass(slots=True)
class _Reader:
    defaults: Defaults
    seen: tzinfo
    file: str | None
    described: dict[str, tzinfo]
    entries: list[CalendarEntry] = field(default_factory=list)
    problems: list[UserError] = field(default_factory=list)
    zones: dict[str, tzinfo | None] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)  # how often each was wanted
    series: int = 0
    dates: int = 0
    counted: int = 0

    def read(self, calendar: Component) -> Told:
        masters: dict[str, _Event] = {}
        moved: dict[str, dict[str, _Event]] = {}
        for part in calendar.inside:
            if part.name != "VEVENT":
                continue
            try:
                event = self._event(part)
            except _Odd as odd:
                self._note(odd.error)
                continue
            place = moved.setdefault(event.uid, {}) if event.recurrence_id is not None else masters
            key = str(event.recurrence_id) if event.recurrence_id is not None else event.uid
            known = place.get(key)
            if known is None or known.sequence <= event.sequence:  # a later edition of the same
                place[key] = event
        for uid in dict.fromkeys([*masters, *moved]):
            try:
                self._gather(masters.get(uid), list(moved.get(uid, {}).values()))
            except _Odd as odd:
                self._note(odd.error)
        title = calendar.first("X-WR-CALNAME") or calendar.first("NAME")
        return Told(_text(title), tuple(self.entries), tuple(self.problems))

    def _note(self, error: UserError) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(error)

    # --- one event ---

    def _event(self, part: Component) -> _Event:
        if part.broken:
            raise self.wrong(part.broken[0], "this line cannot be understood; the event is left out")
        begins = part.first("DTSTART")
        if begins is None:
            raise self.wrong(part.line, "the event has no DTSTART; it is left out")
        start = self._moment(begins, begins.value)
        which = part.first("RECURRENCE-ID")
        number = part.first("SEQUENCE")
        uid = part.first("UID")
        return _Event(
            uid=uid.value.strip() if uid and uid.value.strip() else f"\0{part.line}",
            part=part,
            start=start,
            length=self._length(part, start),
            recurrence_id=self._moment(which, which.value) if which else None,
            onwards=which is not None and which.params.get("RANGE", "").upper() == "THISANDFUTURE",
            sequence=int(number.value) if number and re.fullmatch(r"[0-9]{1,9}", number.value.strip()) else 0,
        )

    def _length(self, part: Component, start: date | datetime) -> timedelta:
        """How long it lasts on its own wall; of whole days, those beyond the first."""
        ends, lasts = part.first("DTEND"), part.first("DURATION")
        whole = not isinstance(start, datetime)
        if ends is not None:
            until = self._moment(ends, ends.value)
            if whole:
                length = (until.date() if isinstance(until, datetime) else until) - start
            else:
                assert isinstance(start, datetime)
                length = self._wall_end(until, start) - start.replace(tzinfo=None)
        else:
            length = self._duration(lasts) if lasts else timedelta(days=1 if whole else 0)
        if length < timedelta():
            raise self.wrong((ends or lasts or part).line, "the event ends before it begins; it is left out")
        if length > LONGEST:
            raise self.wrong(part.line, "the event lasts for more than ten years; it is left out")
        return max(length - timedelta(days=1), timedelta()) if whole else length

    def _wall_end(self, until: date | datetime, start: datetime) -> datetime:
        if not isinstance(until, datetime):  # odd, and met: the first moment of that day
            return datetime(until.year, until.month, until.day)  # noqa: DTZ001 - a wall
        if until.tzinfo is not None:
            until = until.astimezone(start.tzinfo or self.seen)
        return until.replace(tzinfo=None)

    def _duration(self, said: Property) -> timedelta:
        from icalendar.prop import vDuration  # noqa: PLC0415 - only where there is such a file

        try:
            return abs(cast("timedelta", vDuration.from_ical(said.value.strip()[:60])))  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError):
            raise self._unclear(said, said.value) from None

    def _moment(self, said: Property, value: str) -> date | datetime:
        """A DATE or DATE-TIME; floating ones without a zone."""
        text = value.strip()
        found = re.fullmatch(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?", text, re.ASCII)
        try:
            if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
                raise ValueError(text)  # noqa: TRY301 - the same words for both
            year, month, day = (int(part) for part in found.groups()[:3])
            if found[4] is None:
                return date(year, month, day)
            at = datetime(year, month, day, int(found[4]), int(found[5]), min(int(found[6]), 59))  # noqa: DTZ001
        except (ValueError, OverflowError):
            raise self._unclear(said, text) from None
        if found[7]:
            return at.replace(tzinfo=UTC)
        return at.replace(tzinfo=self._tzid(said)) if "TZID" in said.params else at

    def _tzid(self, said: Property) -> tzinfo:
        name = said.params["TZID"].strip()
        if name not in self.zones:
            self.zones[name] = _zone(name) or self.described.get(name)
            if self.zones[name] is None:
                where = self._where(said.line)
                self._note(
                    UserError(
                        "nobody knows the time zone {zone}; the calendar's own is taken",
                        where=where,
                        zone=_short(name),
                    )
                )
        return self.zones[name] or self.seen

    # --- what events of one UID come to ---

    def _wall_day(self, master: _Event, at: date | datetime | None) -> date:
        said = master.wall(at if at is not None else master.start, self.seen)
        return said.date() if isinstance(said, datetime) else said

    def _gather(self, master: _Event | None, moved: list[_Event]) -> None:
        if master is None:
            for event in moved:
                self._add(event, _slug(event), None)
            return
        slug = _slug(master)
        rules = [self._rule(rule, master) for rule in master.part.every("RRULE")]
        if next(master.part.every("EXRULE"), None) is not None:
            raise self.wrong(master.part.line, "EXRULE is not understood; the event is left out")
        but = {self._wall_day(master, event.recurrence_id) for event in moved if not event.onwards}
        but |= self._left_out(master)
        turns = sorted(
            ((self._wall_day(master, e.recurrence_id), e) for e in moved if e.onwards), key=itemgetter(0)
        )
        also = {event.start: event for event in self._also(master)}.values()
        if not rules and master.day not in but:
            self._add(master, slug, None)
        for rule in rules:
            self._series(master, slug, rule, frozenset(but), turns)
        for event in also:
            if event.day not in but:
                self._add(event, f"{slug}-{event.day.isoformat()}", None)
        for event in moved:
            if not event.onwards or not rules:
                self._add(event, f"{slug}-{self._wall_day(master, event.recurrence_id).isoformat()}", None)

    def _series(
        self, master: _Event, slug: str, rule: str, but: frozenset[date], turns: Sequence[tuple[date, _Event]]
    ) -> None:
        """The rule's occurrences, as the master has them, and from each turn on as that has them."""
        self.series += 1 + len(turns)
        if self.series > MAX_SERIES:
            raise self.wrong(master.part.line, "more than {limit} recurring events", limit=MAX_SERIES)
        since, parts = date.min, [*turns, (date.max, master)]
        current, shift = master, 0
        for turn, following in parts:
            if current.length > LONGEST_OFTEN:
                raise self.wrong(current.part.line, "a recurring event lasts for more than a year")
            timed = current.timed(self.seen)
            series = Series(
                rule=rule,
                start=master.day,
                days=0 if timed else current.length.days,
                timed=timed,
                but=but,
                since=since,
                till=turn - timedelta(days=1) if turn < date.max else turn,
                shift=shift,
            )
            self._add(current, slug if current is master else f"{slug}-{since.isoformat()}", series)
            since, current, shift = turn, following, (following.day - turn).days if turn < date.max else 0

    def _add(self, event: _Event, name: str, every: Series | None) -> None:
        part, say = event.part, self.defaults
        status = part.first("STATUS")
        state = status.value.strip().upper() if status else ""
        summary = _text(part.first("SUMMARY"))
        title = _folded(summary)
        if state == "CANCELLED" or any(_folded(word) in title for word in say.but):
            return
        if say.only and not any(_folded(word) in title for word in say.only):
            return
        if len(self.entries) >= MAX_ENTRIES:
            raise self.wrong(part.line, "more than {limit} events; the rest is left out", limit=MAX_ENTRIES)
        first, last = self._span(event)
        self.entries.append(
            CalendarEntry(
                id=self._free(name),
                effect=say.effect,
                name={"ja": summary, "en": summary} if summary else {},
                start=first,
                end=last,
                every=every,
                applies_to=say.applies_to,
                certainty=Certainty.ESTIMATED if state == "TENTATIVE" else say.certainty,
                reduce_days=say.reduce_days,
                before=say.before,
                after=say.after,
                source=_link(part.first("URL")) or say.source,
            )
        )

    def _span(self, event: _Event) -> tuple[date, date]:
        if isinstance(event.start, datetime):
            # The end is reckoned on the event's wall, as a series reckons it.
            return touched(event.start, event.start + event.length, self.seen)
        return event.start, event.start + event.length

    def _free(self, name: str) -> str:
        found = name
        while found in self.ids:
            self.ids[name] += 1
            found = f"{name}-{self.ids[name]}"
        self.ids[found] = 1
        return found

    # --- dates beside the rule ---

    def _values(self, event: _Event, name: str) -> Iterator[tuple[Property, str]]:
        for said in event.part.every(name):
            for value in said.value.split(","):
                self.dates += 1
                if self.dates > MAX_DATES:
                    raise self.wrong(said.line, "more than {limit} single dates", limit=MAX_DATES)
                yield said, value

    def _left_out(self, master: _Event) -> set[date]:
        """The dates that EXDATE takes out: a whole date, or the moment of the occurrence itself."""
        found: set[date] = set()
        for said, value in self._values(master, "EXDATE"):
            at = master.wall(self._moment(said, value), self.seen)
            if not isinstance(at, datetime):
                found.add(at)
            elif not isinstance(master.start, datetime) or at.time() == master.start.time():
                found.add(at.date())
        return found

    def _also(self, master: _Event) -> Iterator[_Event]:
        """The occurrences that RDATE adds: dates, moments, or periods."""
        for said, value in self._values(master, "RDATE"):
            begins, period, ends = value.partition("/")
            start = self._moment(said, begins)
            length = master.length
            if isinstance(start, datetime) != isinstance(master.start, datetime):
                length = timedelta()
            if period and isinstance(start, datetime):
                if ends.strip().upper().startswith("P"):
                    length = self._duration(replace(said, value=ends))
                else:
                    length = self._wall_end(self._moment(said, ends), start) - start.replace(tzinfo=None)
            if not timedelta() <= length <= LONGEST_OFTEN:
                raise self._unclear(said, value)
            yield replace(master, start=start, length=length)

    # --- rules ---

    def _rule(self, said: Property, master: _Event) -> str:
        """The rule of whole days: hours are dropped, UNTIL is a date of the event's wall, COUNT is counted out."""
        parts = [part.strip() for part in said.value.upper().strip().rstrip(";").split(";")]
        named = {part.partition("=")[0]: part.partition("=")[2] for part in parts}
        if named.get("FREQ") in {"HOURLY", "MINUTELY", "SECONDLY"}:
            raise self.wrong(
                said.line,
                "an event that recurs within a day is left out: {rule}",
                rule=_short(said.value),
            )
        kept = [part for part in parts if part.partition("=")[0] not in {*OF_HOURS, "UNTIL", "COUNT"}]
        if "UNTIL" in named and "COUNT" not in named:
            kept.append(f"UNTIL={self._until(said, named['UNTIL'], master):%Y%m%d}")
        try:
            rule = recurrence.parse(";".join(kept))
            if "COUNT" in named:
                counted = recurrence.parse(
                    ";".join([*kept, *(f"{n}={named[n]}" for n in ("COUNT", "UNTIL") if n in named)])
                )
                kept.append(f"UNTIL={self._last(said, counted, rule, master):%Y%m%d}")
        except UserError as error:
            raise self.wrong(
                said.line,
                "this rule is not understood ({reason}); the event is left out",
                reason=str(error),
            ) from error
        return ";".join(kept)

    def _until(self, said: Property, value: str, master: _Event) -> date:
        """The last date on the event's wall on which an occurrence may begin."""
        if value[:4] > str(LAST_YEAR):  # as some programs write "for ever"
            return date(LAST_YEAR, 12, 31)
        at = master.wall(self._moment(said, value), self.seen)
        if not isinstance(at, datetime):
            return at
        late = isinstance(master.start, datetime) and at.time() < master.start.time()
        return at.date() - timedelta(days=1) if late else at.date()

    def _last(self, said: Property, counted: recurrence.Rule, rule: recurrence.Rule, master: _Event) -> date:
        """The date of the last occurrence that COUNT allows; the first occurrence counts, in the rule or not."""
        start = master.day
        count = counted.count or 1
        if next(rule.days(start, start, start), None) is None:
            count -= 1
        last, reached = start, max(HORIZON, _years_on(start, 40))
        for number, day in enumerate(rule.days(start, start, reached), 1):
            if number > count:
                reached = day
                break
            last = day
        self.counted += (reached - start).days
        if self.counted > COUNTED:
            raise self.wrong(said.line, "too many rules with COUNT; the event is left out")
        return last

    # --- words ---

    def wrong(self, line: int, text: str, **values: object) -> _Odd:
        """Why something is left out, with its place."""
        return _Odd(UserError(text, where=self._where(line), hint=None, **values))

    def _where(self, line: int) -> Where:
        return Where(self.file, line)

    def _unclear(self, said: Property, found: str) -> _Odd:
        return self.wrong(
            said.line,
            "{name}: found {found}, which is no moment of these centuries; the event is left out",
            name=said.name,
            found=_short(found),
        )


def _years_on(day: date, years: int) -> date:
    return date(min(day.year + years, LAST_YEAR), 12, 31)


def _short(text: str) -> str:
    return one_line(text, 60)


def _text(said: Property | None) -> str:
    from icalendar.prop import vText  # noqa: PLC0415 - only where there is such a file

    return one_line(str(vText.from_ical(said.value[: NAME * 4])), NAME) if said else ""


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _link(said: Property | None) -> str:
    found = one_line(said.value, 1000) if said else ""
    return found if found.startswith(("https://", "http://")) else ""


def _slug(event: _Event) -> str:
    """A readable id from the UID; its host says nothing."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", event.uid.partition("@")[0][:200]).strip("-._")[:40].rstrip("-._")
    return plain or f"event-{event.day.isoformat()}"


def _zone(name: str) -> tzinfo | None:
    """A zone by its IANA name, by the one that Windows gives it, or by a name that ends in either."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415

    tail = "/".join(name.split("/")[-2:]) if name.startswith("/") else name
    try:
        return zone_of(WINDOWS_TO_OLSON.get(tail, tail))
    except UserError:
        return None


def _vtimezones(calendar: Component) -> dict[str, tzinfo]:
    """Zones that the text describes itself: by the place it names, else its standard offset (no summer time)."""
    found: dict[str, tzinfo] = {}
    for part in calendar.inside:
        name = part.first("TZID")
        if part.name != "VTIMEZONE" or name is None:
            continue
        place = part.first("X-LIC-LOCATION")
        standard = [c.first("TZOFFSETTO") for c in part.inside if c.name == "STANDARD"]
        zone = (_zone(place.value.strip()) if place else None) or _offset(standard[-1] if standard else None)
        if zone is not None:
            found[name.value.strip()] = zone
    return found


def _offset(said: Property | None) -> tzinfo | None:
    found = re.fullmatch(r"([+-])(\d{2})(\d{2})(\d{2})?", said.value.strip(), re.ASCII) if said else None
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:
        return None
    length = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-length if found[1] == "-" else length)
