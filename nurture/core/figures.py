"""The KPIs of practice I, counted from facts: by representative, team, scenario or month.

Everything about a meeting counts for the month in which it ended; touches and answers for their own. A rate only
counts what can be told already: a thank-you whose three hours are not over, a meeting whose thirty days are not,
are *open*. So the month that runs is not worse than others for being young.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core.kpi import ANSWERED_WITHIN, CHANNELS, GOAL, NEAR, PILOT, WITHIN
from nurture.core.rates import Rate, Spread, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nurture.core.kpi import Facts, Held, Thanks, Touch

SLICES: Final = (1.0, 3.0, 6.0, 24.0)
"""Hours: the upper ends of the classes in which times to the thank-you are shown; what took longer follows."""
IN_TIME: Final = 1.0
RECORDED_GOAL: Final = 1.0
REPLY_GOAL: Final = 0.7


class By(StrEnum):
    """What the numbers are put side by side for."""

    MONTH = "month"
    REP = "rep"
    TEAM = "team"
    SCENARIO = "scenario"


@dataclass(frozen=True, slots=True)
class Months:
    """The months that are looked at, both included, where the reader lives. Days are the first of their month."""

    first: date
    last: date
    zone: str = "Asia/Tokyo"

    @property
    def start(self) -> datetime:
        """The first instant, UTC."""
        return self._midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first instant after them, UTC."""
        return self._midnight(following(self.last))

    @property
    def all(self) -> tuple[date, ...]:
        """Each of them."""
        found, month = [], self.first
        while month <= self.last:
            found.append(month)
            month = following(month)
        return tuple(found)

    @property
    def starts(self) -> tuple[datetime, ...]:
        """The first instant of each, UTC."""
        return tuple(self._midnight(month) for month in self.all)

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


MOST_MONTHS: Final = 24
"""So many are looked at at once."""
USUAL_MONTHS: Final = 6
LONG_AGO: Final = date(2000, 1, 1)


def span(first: date | None, last: date | None, now: datetime, zone: str) -> Months:
    """The months from ``first`` to ``last``; without them the present one and those before it. At most so many,
    and none that is still to come.
    """
    present = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    end = min(max((last or present).replace(day=1), LONG_AGO), present)
    start = first.replace(day=1) if first else _back(end, USUAL_MONTHS - 1)
    return Months(min(max(start, _back(end, MOST_MONTHS - 1)), end), end, zone)


def _back(month: date, count: int) -> date:
    number = month.year * 12 + month.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)


def following(month: date) -> date:
    """The first of the next month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


NO_RATE: Final = Rate()
NO_SPREAD: Final = Spread()


@dataclass(frozen=True, slots=True)
class Figures:
    """The KPIs of one group."""

    meetings: int = 0
    thanks: Rate = NO_RATE  # thank-yous that left within three hours; goal 100 %
    thanks_hours: Spread = NO_SPREAD  # from the end of the meeting, of those that left
    slices: tuple[int, ...] = ()  # how many took how long, by ``SLICES``; then longer ones; then those not sent
    thanks_open: int = 0
    replied: Rate = NO_RATE  # of thank-yous that left, within 14 days; goal 70 %
    replied_open: int = 0
    reply_days: Spread = NO_SPREAD  # from the end of the meeting to the answer
    agreed: Rate = NO_RATE  # of the same: answers that confirm the understanding
    next: Rate = NO_RATE  # meetings that an appointment followed within 30 days
    next_open: int = 0
    entered: Rate = NO_RATE  # meetings with a record, of all that are known of; goal 100 %
    record_hours: Spread = NO_SPREAD  # from the end of the meeting to its record
    touches: Spread = NO_SPREAD  # of each deal that had one
    channels: Mapping[str, int] = field(default_factory=dict)
    answers: int = 0  # to any mail
    pilots: int = 0


@dataclass(slots=True)
class _Heap:
    held: list[Held] = field(default_factory=list)
    thanks: list[Thanks] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)


def figures(
    facts: Facts,
    months: Months,
    by: By | None = None,
    *,
    sees: Callable[[str], bool] = lambda rep: True,  # noqa: ARG005 - named as callers name it
    scenario: str = "",
    teams: Mapping[str, str] | None = None,
) -> dict[str, Figures]:
    """The KPIs of each group, by its key, sorted; months without anything are there too.

    Args:
        facts: from the journal.
        months: which count.
        by: how to group; None: one group of all, its key empty.
        sees: whose numbers are counted, by the representative's id.
        scenario: only of this one; empty: of all.
        teams: the manager of each representative; who has none is a team of their own.
    """
    heaps: defaultdict[str, _Heap] = defaultdict(_Heap)
    if by is By.MONTH:
        for month in months.all:
            heaps[f"{month:%Y-%m}"] = _Heap()
    # This is asked for each mail of a year: no conversion of zones, no call that can be spared.
    starts = [*months.starts, months.end]
    names = [f"{month:%Y-%m}" for month in months.all]
    wanted: dict[str, str | None] = {}  # the representative's own key, None where not seen

    def place(rep: str, of: str, at: datetime) -> _Heap | None:
        if rep not in wanted:
            own = (teams or {}).get(rep, rep) if by is By.TEAM else rep
            wanted[rep] = own if sees(rep) else None
        own_key = wanted[rep]
        month = bisect_right(starts, at)
        if own_key is None or not 0 < month < len(starts) or (scenario and of != scenario):
            return None
        if by is By.MONTH:
            return heaps[names[month - 1]]
        return heaps["" if by is None else of if by is By.SCENARIO else own_key]

    for held in facts.held:
        if (heap := place(held.rep, held.scenario, held.ended_at)) is not None:
            heap.held.append(held)
    for thanks in facts.thanks:
        if (heap := place(thanks.rep, thanks.scenario, thanks.ended_at)) is not None:
            heap.thanks.append(thanks)
    for touch in facts.touches:
        if (heap := place(touch.rep, touch.scenario, touch.at)) is not None:
            heap.touches.append(touch)
    if by is None:
        heaps[""] = heaps[""]
    return {name: _measured(heap, facts.known_at) for name, heap in sorted(heaps.items())}


def _measured(heap: _Heap, now: datetime) -> Figures:
    thanks, answerable, judged = _due(heap.thanks, now), _answerable(heap.thanks, now), _judged(heap.held, now)
    hours = [_hours(t.ended_at, t.sent_at) for t in thanks if t.sent_at is not None]
    replied = [t for t in answerable if _replied(t)]
    ours = [t for t in heap.touches if not t.answer and t.channel != PILOT]
    per_deal = Counter(t.deal for t in ours if t.deal)
    channels = Counter(t.channel for t in ours)
    missing = sum(t.unrecorded for t in heap.touches if t.at + NEAR <= now)
    return Figures(
        meetings=len(heap.held),
        thanks=Rate(sum(hour <= GOAL.total_seconds() / 3600 for hour in hours), len(thanks)),
        thanks_hours=spread(hours),
        slices=_slices(hours, len(thanks) - len(hours)),
        thanks_open=sum(not t.dropped for t in heap.thanks) - len(thanks),
        replied=Rate(len(replied), len(answerable)),
        replied_open=sum(t.sent_at is not None for t in heap.thanks) - len(answerable),
        reply_days=spread(_hours(t.ended_at, t.replied_at) / 24 for t in replied if t.replied_at),
        agreed=Rate(sum(t.agreed for t in replied), len(answerable)),
        next=Rate(sum(_followed(held) for held in judged), len(judged)),
        next_open=len(heap.held) - len(judged),
        entered=Rate(len(heap.held), len(heap.held) + missing),
        record_hours=spread(_hours(held.ended_at, held.recorded_at) for held in heap.held),
        touches=spread(per_deal.values()),
        channels={name: channels[name] for name in CHANNELS if channels[name]},
        answers=sum(t.answer for t in heap.touches),
        pilots=sum(t.channel == PILOT for t in heap.touches),
    )


def _due(thanks: list[Thanks], now: datetime) -> list[Thanks]:
    """Those of which can be told whether they were in time: sent, or three hours are over."""
    return [t for t in thanks if t.ended_at + GOAL <= now and not t.dropped]


def _answerable(thanks: list[Thanks], now: datetime) -> list[Thanks]:
    return [t for t in thanks if t.sent_at is not None and t.sent_at + ANSWERED_WITHIN <= now]


def _replied(thanks: Thanks) -> bool:
    at, sent = thanks.replied_at, thanks.sent_at
    return at is not None and sent is not None and at <= sent + ANSWERED_WITHIN


def _judged(held: list[Held], now: datetime) -> list[Held]:
    return [h for h in held if h.ended_at + WITHIN <= now]


def _followed(held: Held) -> bool:
    return held.next_at is not None and held.next_at <= held.ended_at + WITHIN


def _hours(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds() / 3600)


def _slices(hours: list[float], unsent: int) -> tuple[int, ...]:
    found = [0] * (len(SLICES) + 1)
    for hour in hours:
        found[next((at for at, top in enumerate(SLICES) if hour <= top), len(SLICES))] += 1
    return (*found, unsent)
