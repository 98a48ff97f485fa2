"""The journal's lines that the KPIs are computed from: of the months that are asked for, up to an instant."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from nurture.core import kpi
from nurture.core.messages import Entry
from nurture.ports import Span

if TYPE_CHECKING:
    from datetime import datetime

    from nurture.core.figures import Months
    from nurture.core.kpi import Facts
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
