"""The journal is sealed as it grows, and read through again on request (``core.audit``).

Theory of operation
-------------------
Lines of several daemons may be committed in another order than they are numbered. So a line is sealed when an
earlier look has seen it; nothing with a lower number comes after that. Seals are made by the thousand
lines, or every ten minutes; of several daemons one makes them, for no two seals may begin with the same line.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core import audit
from nurture.core.audit import Seal
from nurture.core.change import Change
from nurture.core.messages import Entry
from nurture.errors import NurtureError, StaleVersion
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from nurture.ports import Doors

LINES: Final = 1_000
"""Lines of a seal, at most."""
EVERY: Final = timedelta(minutes=10)
"""A run that is not full is sealed after this."""
PAGE: Final = 500
"""Seals read at a time."""


@dataclass(slots=True)
class Seen:
    """What the last look saw."""

    last: int = 0  # the journal's last line then
    sealed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A run of lines that is not what was sealed, and how."""

    seal: Seal
    problem: str  # of ``core.audit.fault``, or "unreadable"


@dataclass(slots=True)
class Report:
    """What reading the whole journal through has shown."""

    seals: int = 0
    lines: int = 0  # under those seals
    head: Seal | None = None  # the last seal
    unsealed: int = 0  # lines behind it
    redacted: int = 0  # lines out of which a person was erased, as the journal says
    faults: list[Fault] = field(default_factory=list)
    known: bool | None = None  # whether some seal has the digest that was asked for


async def seal(doors: Doors, seen: Seen) -> tuple[Seal, ...]:
    """Seal what was there at the last look; the seals that were made.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    now, ripe = doors.clock.now(), seen.last
    newest = await doors.store.find(Entry, order=("-seq",), limit=1)
    seen.last = newest[0].seq if newest else 0
    heads = await doors.store.find(Seal, order=("-id",), limit=1)
    head = heads[0] if heads else None
    due = seen.sealed_at is None or now - seen.sealed_at >= EVERY
    made: list[Seal] = []
    with suppress(StaleVersion):  # another daemon is doing it
        while (start := head.last + 1 if head else 1) <= ripe:
            lines = await doors.store.find(Entry, {"seq": Span(start, ripe + 1)}, order=("seq",), limit=LINES)
            if not lines or (len(lines) < LINES and not due):
                break
            head = audit.seal(head, lines, now)
            await doors.store.commit(Change((head,)))
            made.append(head)
            seen.sealed_at = now
    return tuple(made)


async def verify(
    doors: Doors, *, noted: str | None = None, tell: Callable[[int], None] = lambda _lines: None
) -> Report:
    """Read the journal through, and compare it with its seals.

    Args:
        doors: the world; nothing is written.
        noted: the digest of a seal, as somebody noted it once.
        tell: called with the number of lines read so far.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    report = Report(known=None if noted is None else noted == audit.NOTHING)
    told = await doors.store.find(Entry, {"kind": audit.REDACTION}, order=("seq",))
    try:
        erased = audit.named(told)
    except ValueError:
        erased = []  # then each line that calls itself erased is a fault
    start = ""
    while page := await doors.store.find(Seal, {"id": Span(start, None)}, order=("id",), limit=PAGE):
        for made in page:
            await _check(doors, made, report, erased)
            if noted is not None and made.digest == noted:
                report.known = True
            tell(report.lines)
        start = f"{page[-1].id}0"  # the next that there can be
    behind = Span(report.head.last + 1 if report.head else 1, None)
    report.unsealed = await doors.store.count(Entry, {"seq": behind})
    return report


async def _check(doors: Doors, made: Seal, report: Report, erased: Sequence[tuple[int, int]]) -> None:
    """One seal; a run that cannot be read is a fault as well."""
    where = {"seq": Span(made.first, made.last + 1)}
    try:
        # One line more than it may hold shows that lines were added.
        lines = await doors.store.find(Entry, where, order=("seq",), limit=made.lines + 1)
        problem = audit.fault(made, report.head, lines)
        redacted = [line.seq for line in lines if audit.ERASED in line.data]
        if not all(any(low <= seq <= high for low, high in erased) for seq in redacted):
            problem = problem or "changed"  # it calls itself erased, and nothing tells of it
        report.redacted += len(redacted)
        report.lines += len(lines)
    except (NurtureError, ValueError):  # what stands there is no value of ours any more
        problem = "unreadable"
    if problem:
        report.faults.append(Fault(made, problem))
    report.seals += 1
    report.head = made
