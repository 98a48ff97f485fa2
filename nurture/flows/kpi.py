"""The journal's lines that the KPIs are computed from: of the months that are asked for, up to an instant."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core import kpi
from nurture.core.figures import figures
from nurture.core.messages import Entry
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nurture.core.figures import By, Figures, Months
    from nurture.core.kpi import Facts
    from nurture.core.sight import Sight
    from nurture.ports import Doors

LATE: Final = 1000
"""Where several daemons write, a line can come so many numbers before one that is older."""


async def facts(doors: Doors, months: Months, as_of: datetime | None = None) -> Facts:
    """What the journal tells of these months, as it was known at ``as_of`` (None: now). Four queries at most.

    It costs what was written in those months and the thirty days after, not what has been written since.
    """
    now = doors.clock.now()
    known_at = min(as_of, now) if as_of else now
    until = min(known_at, months.end + kpi.WITHIN)
    if until <= months.start:
        return kpi.Facts(known_at)
    store = doors.store
    first = await store.find(Entry, {"at": Span(months.start, until)}, order=("at",), limit=1)
    if not first:
        return kpi.Facts(known_at)
    # By number as well: the index of kinds is then read from there on only.
    where = {"kind": kpi.KINDS, "seq": Span(first[0].seq - LATE), "at": Span(months.start, until)}
    lines = await store.find(Entry, where, order=("seq",))
    started = {line.enrollment_id for line in lines if line.kind == "enrollment.started"}
    before = {line.enrollment_id for line in lines if line.enrollment_id} - started
    begun = (
        await store.find(Entry, {"enrollment_id": tuple(before), "kind": "enrollment.started"}, order=("seq",))
        if before
        else ()
    )
    people = {line.person_id for line in begun if line.person_id}
    handed = (
        await store.find(
            Entry,
            {"person_id": tuple(people), "kind": "person.handed_over", "at": Span(None, months.start)},
            order=("seq",),
        )
        if people
        else ()
    )
    # In a thread: a year of a large house is a second's work, and the desk answers others meanwhile.
    return await asyncio.to_thread(kpi.read, (*begun, *handed, *lines), known_at)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What somebody sees of the KPIs. ``by``: the groups, in the order in which they were asked for."""

    known_at: datetime
    by: tuple[Mapping[str, Figures], ...]


def evening(day: date, zone: str) -> datetime:
    """As of a day is as of its end, UTC: what was known in the evening, where the reader lives."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


async def numbers(
    doors: Doors,
    months: Months,
    sight: Sight,
    by: Sequence[By | None],
    *,
    rep: str = "",
    scenario: str = "",
    as_of: datetime | None = None,
) -> Numbers:
    """The KPIs of those whose numbers somebody may see, put side by side in each of these ways.

    Args:
        doors: with the journal.
        months: which count.
        sight: of whoever asks.
        by: how to group; None: all in one.
        rep: only of this one, of whom the caller knows that ``sight.counts`` it; empty: of all that are seen.
        scenario: only of this one; empty: of all.
        as_of: as it was known then; None: now.
    """
    found = await facts(doors, months, as_of)
    counted = sight.counted
    teams: dict[str, str] = {c.id: c.manager_id for c in sight.colleagues.values() if c.manager_id}

    def sees(one: str) -> bool:
        """Whether this one is in the numbers."""
        return one == rep if rep else counted is None or one in counted

    def count() -> tuple[Mapping[str, Figures], ...]:
        """In each way."""
        return tuple(figures(found, months, way, sees=sees, scenario=scenario, teams=teams) for way in by)

    # In a thread: a year of a large house is a second's work, and others are answered meanwhile.
    return Numbers(found.known_at, await asyncio.to_thread(count))
