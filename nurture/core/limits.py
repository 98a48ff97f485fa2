"""How much may leave: rates of mailboxes, domains and of all together, warm-up, refusals, the safety valve.

Theory of operation
-------------------
Every limit is over a *sliding* span: in no minute, hour or 24 hours, wherever they begin, do more letters
leave than it says. What has left is a sorted list of instants; what is on the wire counts as leaving now,
since its instant is not known yet. ``room`` says how many more may go at this moment, ``slot`` when the next
one may, without taking the place of one that was promised an instant. ``core.tally`` keeps those lists for
one beat; nothing here keeps anything.

The rest are single questions: ``daily`` (how far a new mailbox has warmed up), ``over_budget`` (too many
refusals), ``trips`` (more at once than anybody can have meant), ``shares`` (who goes first when all together
may send less than waits).

Reasons are data (``Wait``); ``explain.wait`` has the words.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.windows import fraction

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from nurture.core.ids import MailboxId

SPANS: Final = (
    ("minute", timedelta(minutes=1)),
    ("hour", timedelta(hours=1)),
    ("day", timedelta(days=1)),
)
LONGEST: Final = timedelta(days=1)
LAPSE: Final = timedelta(minutes=10)
"""A promised instant that nobody came for (its mailbox stands still) keeps its place this long."""
GRACE: Final = timedelta(seconds=5)
"""Promises lie this much behind the instant at which there is room: whoever comes a moment late, as beats do,
must not make everybody after it late too."""

DOMAIN_LIMIT: Final = "domain_limit"
"""``Message.reason`` of a letter that was put off for its recipient's domain; its ``not_before`` is a promise."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many letters in any minute, hour and 24 hours; 0 is no limit."""

    per_minute: int = 0
    per_hour: int = 0
    per_day: int = 0

    @property
    def spans(self) -> tuple[tuple[int, timedelta, str], ...]:
        """(limit, span, its name) of each limit that there is, the shortest span first."""
        limits = (self.per_minute, self.per_hour, self.per_day)
        return tuple((n, span, name) for n, (name, span) in zip(limits, SPANS, strict=True) if n)

    def __bool__(self) -> bool:
        return bool(self.per_minute or self.per_hour or self.per_day)


@dataclass(frozen=True, slots=True)
class MailboxLimits:
    """What one mailbox may send.

    ``jitter_seconds``: between two letters lies a pause of up to this long, as people make them.
    ``warmup_days``: in its first days the mailbox sends less: ``warmup_start`` letters in the first, and every
    day more by the same factor, until ``per_day``. A mailbox that begins with all it has is taken for a spammer's.
    """

    rate: Rate = Rate()
    jitter_seconds: int = 0
    warmup_start: int = 0
    warmup_days: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """So many refusals (of the server, or bounces) within ``hours``, and at least so many percent of what was
    sent in that time, are too many. ``count`` 0: none are.
    """

    count: int = 0
    percent: int = 0
    hours: int = 24

    @property
    def span(self) -> timedelta:
        """How far back refusals count."""
        return timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True)
class Valve:
    """A beat that would send more than ``letters``, or more than ``percent`` of all people, waits for a person.

    The share counts from ``least`` letters on: in a small installation one meeting concerns half of all people.
    0: no such bound.
    """

    letters: int = 0
    percent: int = 0
    least: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for all mailboxes together. The default limits nothing; ``files.config`` has careful ones."""

    overall: Rate = Rate()
    domain: Rate = Rate()  # of each recipient domain
    refusals: Budget = Budget()
    valve: Valve = Valve()


UNLIMITED: Final = Limits()
UNLIMITED_MAILBOX: Final = MailboxLimits()


@dataclass(frozen=True, slots=True)
class Wait:
    """Why something does not leave now.

    ``reason``: mailbox_limit, warm_up, jitter, overall_limit, domain_limit, mailbox_stopped, scenario_stopped,
    valve. ``what``: the mailbox, domain or scenario. ``until``: when it may; None: when a person has decided.
    ``limit`` letters in a ``span`` (minute, hour, day).
    """

    reason: str
    what: str = ""
    until: datetime | None = None
    limit: int = 0
    span: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A letter that left (or may have): which mailbox, to which address, when."""

    mailbox_id: MailboxId | None
    to_address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PutOff:
    """A letter that was put off for its domain, and until when."""

    to_address: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal or a bounce, and of what."""

    at: datetime
    mailbox_id: MailboxId | None
    scenario_id: str | None


@dataclass(frozen=True, slots=True)
class Pending:
    """What is due of one mailbox: how many letters, since when the first waits, and how many of them are new
    to the safety valve (planned for today, and not released before).
    """

    mailbox_id: MailboxId
    count: int
    oldest: datetime
    fresh: int


@dataclass(frozen=True, slots=True)
class Taken:
    """So many letters of a scenario that servers took from a mailbox."""

    mailbox_id: MailboxId | None
    scenario_id: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a beat asks the store. ``left_since`` and ``refused_since``: None where nothing depends on it."""

    now: datetime
    today: date  # letters planned for earlier days are planned again, not sent
    left_since: datetime | None = None
    refused_since: datetime | None = None
    promised: bool = False
    after: datetime | None = None  # letters planned up to here are held by the safety valve
    without: frozenset[str] = frozenset()  # scenarios that are stopped
    counted_after: datetime | None = None  # letters planned up to here were seen by the safety valve


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the store knows of the last hours, read once for a beat."""

    left: tuple[Left, ...] = ()
    promised: tuple[PutOff, ...] = ()
    refused: tuple[Refused, ...] = ()
    pending: tuple[Pending, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """How many more may leave now (None: any number); with none, which limit it is and when there is room."""

    count: int | None = None
    wait: Wait | None = None


def domain_of(address: str) -> str:
    """The domain of a recipient, in lower case."""
    return address.rpartition("@")[2].lower()


def room(times: Sequence[datetime], flying: int, rate: Rate, now: datetime) -> Room:
    """What ``rate`` leaves at ``now``.

    Args:
        times: when letters left, ascending.
        flying: letters on the wire; their instant is still to come, so they count as now.
        rate: the limits.
        now: UTC.
    """
    count: int | None = None
    wait: Wait | None = None
    for limit, span, name in rate.spans:
        used = len(times) - bisect_right(times, now - span) + flying
        left = max(0, limit - used)
        count = left if count is None else min(count, left)
        if left:
            continue
        gone = used - limit  # besides those, one more must have left the span
        until = times[len(times) - (used - flying) + gone] + span if gone < used - flying else now + span
        if wait is None or wait.until is None or until > wait.until:
            wait = Wait("", "", until, limit, name)
    return Room(count, wait)


def fits(line: Sequence[datetime], rate: Rate, at: datetime) -> Wait | None:
    """None when one more may leave at ``at``; else the limit in the way, and an instant before which it stands.

    Args:
        line: instants that are taken, past and to come, ascending.
        rate: the limits.
        at: UTC.
    """
    later = [(_after(line, at, limit, span), limit, name) for limit, span, name in rate.spans]
    until, limit, name = max(later, default=(at, 0, ""))
    return Wait("", "", until, limit, name) if until > at else None


def slot(line: Sequence[datetime], rate: Rate, start: datetime) -> datetime:
    """The first instant from ``start`` on at which one more fits among those that are taken."""
    at = start
    while (wait := fits(line, rate, at)) is not None and wait.until is not None:
        at = wait.until
    return at


def _after(line: Sequence[datetime], at: datetime, limit: int, span: timedelta) -> datetime:
    """``at`` if it makes no span with too many; else when the last of those spans is over."""
    place = bisect_right(line, at)
    free = at
    for first in range(max(bisect_right(line, at - span), place - limit), place + 1):
        last = first + limit  # of ``line`` with ``at`` put in at ``place``
        if last > len(line):
            break
        begins = line[first] if first < place else at
        ends = at if last == place else line[last - 1]
        if ends - begins < span:
            free = max(free, line[first] + span)
    return free


def pause(mailbox: MailboxId, last: datetime, jitter_seconds: int) -> datetime:
    """When the mailbox's next letter may leave: some seconds after the last, settled by a hash (law 2)."""
    return last + timedelta(seconds=jitter_seconds * fraction(f"{mailbox}/{last.isoformat()}"))


def reach(settings: Limits, boxes: Collection[MailboxLimits]) -> timedelta:
    """How far back what has left must be known; zero when nothing is limited."""
    rates = (settings.overall, settings.domain, *(box.rate for box in boxes))
    spans = [span for rate in rates for _, span, _ in rate.spans]
    return max([*spans, *(timedelta(seconds=box.jitter_seconds) for box in boxes)], default=timedelta())


def daily(limits: MailboxLimits, first: date | None, today: date) -> int:
    """Letters in 24 hours of a mailbox that was first used on ``first`` (None: not yet); 0 is no limit.

    It grows every day by the same factor, so that it is ``per_day`` when the warm-up is over.
    """
    full = limits.rate.per_day
    age = (today - (first or today)).days
    if not limits.warmup_days or not full or age >= limits.warmup_days or limits.warmup_start >= full:
        return full
    factor = (full / limits.warmup_start) ** (1 / limits.warmup_days)
    return min(full, int(limits.warmup_start * factor ** max(0, age)))


def warmed(limits: MailboxLimits, first: date | None, today: date) -> Rate:
    """The rate of the mailbox today."""
    return replace(limits.rate, per_day=daily(limits, first, today))


def over_budget(refused: int, sent: int, budget: Budget) -> bool:
    """Whether so many refusals beside so many letters that were taken are too many."""
    if not budget.count or refused < budget.count:
        return False
    return refused * 100 >= budget.percent * (refused + sent)


def bound(valve: Valve, people: int) -> int | None:
    """The most letters that one beat may begin by itself; None: any number."""
    share = max(valve.least, valve.percent * people // 100) if valve.percent else None
    bounds = [n for n in (valve.letters or None, share) if n is not None]
    return min(bounds, default=None)


def trips(fresh: int, valve: Valve, people: int) -> bool:
    """Whether so many letters at once are more than anybody can have meant."""
    most = bound(valve, people)
    return most is not None and fresh > most


def shares(free: int, pending: Sequence[Pending]) -> Mapping[MailboxId, int]:
    """``free`` letters parted fairly; what cannot be parted goes to those that have waited longest."""
    given = {each.mailbox_id: 0 for each in pending}
    open_ = sorted(pending, key=lambda p: (p.oldest, p.mailbox_id))
    while free > 0 and open_:
        each = max(1, free // len(open_))
        for one in open_:
            more = min(each, one.count - given[one.mailbox_id], free)
            given[one.mailbox_id] += more
            free -= more
        open_ = [one for one in open_ if given[one.mailbox_id] < one.count]
    return given
