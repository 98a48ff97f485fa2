"""Put something of Today aside, for oneself, and bring it back (``core.snoozing``)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core import snoozing
from nurture.core.change import Change
from nurture.core.ids import derived
from nurture.core.messages import Entry, Message
from nurture.core.snoozing import Snooze
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nurture.core.deals import Task
    from nurture.core.ids import RepId
    from nurture.core.people import Representative
    from nurture.ports import Doors, Store

MOST: Final = 200
"""So many things that one person put aside are looked at, the soonest first."""


async def of(store: Store, rep_id: RepId, now: datetime) -> Mapping[str, Snooze]:
    """What this person has put aside and what has not come back yet, by mail or task. One query."""
    rows = await store.find(Snooze, {"rep_id": rep_id, "until": Span(low=now)}, order=("until",), limit=MOST)
    return {row.subject_id: row for row in rows}


async def snooze(doors: Doors, subject: Message | Task, asked: str, *, by: Representative) -> datetime:
    """Put a mail or a task aside; until when.

    Args:
        doors: the world.
        subject: that ``by`` may see.
        asked: a name of ``snoozing.choices``, or a date.
        by: whose Today it leaves.

    Raises:
        UserError: as ``snoozing.until``.
        StaleVersion: the same person did it elsewhere meanwhile.
    """
    now = doors.clock.now()
    moment = snoozing.until(subject, asked, now, ZoneInfo(by.timezone)).astimezone(UTC)
    key = derived("snooze", f"{by.id}/{subject.id}")
    row = await doors.store.get(Snooze, key) or Snooze(key, by.id, subject.id, moment, now)
    said = _entry(
        subject, "snoozed", by.id, now, until=f"{moment.astimezone(ZoneInfo(by.timezone)):%Y-%m-%d %H:%M}"
    )
    await doors.store.commit(Change((replace(row, until=moment, at=now),), (said,)))
    return moment


async def bring_back(doors: Doors, subject: Message | Task, *, by: Representative) -> None:
    """Show it again at once; what was not put aside stays as it is.

    Raises:
        StaleVersion: the same person did something else with it meanwhile.
    """
    now = doors.clock.now()
    row = await doors.store.get(Snooze, derived("snooze", f"{by.id}/{subject.id}"))
    if row is None or row.until <= now:
        return
    await doors.store.commit(Change((replace(row, until=now),), (_entry(subject, "unsnoozed", by.id, now),)))


def _entry(subject: Message | Task, verb: str, by: RepId, now: datetime, **data: str) -> Entry:
    is_mail = isinstance(subject, Message)
    about = {"step": subject.step_id} if isinstance(subject, Message) else {"task": subject.kind}
    return Entry(
        at=now,
        kind=f"message.{verb}" if is_mail else f"task.{verb}",
        actor=by,
        data={**about, **data},
        person_id=subject.person_id,
        organisation_id=subject.organisation_id,
        deal_id=subject.deal_id,
        enrollment_id=subject.enrollment_id,
        message_id=subject.id if isinstance(subject, Message) else subject.message_id,
    )
