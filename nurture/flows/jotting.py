"""The record of a meeting while it is being written: kept as it is typed, its writer's alone, recorded once.

Theory of operation
-------------------
A draft is begun once a form (``id``), and holds what stands in its fields. Each page that shows it has a ``hand``
of its own: whoever wrote last may write again, however many of its answers were lost; another page must have seen
what stands there. Recorded, thrown away, or left alone for a month, the row is emptied: what is left of it says
nothing about anybody, and keeps the form from being recorded twice. Data of patients are not even kept here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.change import Change, MeetingDraft
from nurture.errors import StaleVersion
from nurture.flows import record as recording
from nurture.mail import patients
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from nurture.core.ids import RepId
    from nurture.flows.record import MeetingRecord
    from nurture.flows.recorded import Recorded
    from nurture.ports import Doors

KEPT: Final = timedelta(days=30)
"""A draft is forgotten that long after it was last saved."""
LISTED: Final = 20
BATCH: Final = 200


async def begin(doors: Doors, key: str, *, by: RepId, fields: Mapping[str, str]) -> MeetingDraft:
    """Begin a record under this key; what was begun under it before stays as it is.

    Raises:
        StaleVersion: the key is somebody else's.
    """
    now = doors.clock.now()
    fresh = MeetingDraft(key, by, now, now, dict(fields))
    try:
        await doors.store.commit(Change((fresh,)))
    except StaleVersion:
        found = await doors.store.get(MeetingDraft, key)
        if found is None or found.rep_id != by:
            raise
        return found
    return replace(fresh, version=1)


async def begun(doors: Doors, *, by: RepId) -> tuple[MeetingDraft, ...]:
    """What somebody has begun and not finished, the last one first."""
    wanted = {"rep_id": by, "ended_at": None}
    return await doors.store.find(MeetingDraft, wanted, order=("-saved_at",), limit=LISTED)


def held(fields: Mapping[str, str], free: Collection[str]) -> tuple[str, ...]:
    """Those of the ``free`` fields whose text looks like data of a patient."""
    return tuple(name for name in free if patients.signs(fields.get(name, "")))


async def keep(
    doors: Doors, draft: MeetingDraft, fields: Mapping[str, str], *, hand: str, seen: int, free: Collection[str]
) -> MeetingDraft:
    """Keep what stands in the form, but for what looks like data of a patient (``held``).

    Args:
        doors: the world.
        draft: as it was read.
        fields: the form.
        hand: the page that it comes from.
        seen: the version which that page began with.
        free: the fields that are written freely.

    Raises:
        StaleVersion: another page wrote meanwhile, or the draft is at its end.
    """
    if draft.ended_at is not None or (draft.hand != hand and draft.version != seen):
        raise StaleVersion("meeting_draft", draft.id)
    kept = dict(fields) | dict.fromkeys(held(fields, free), "")
    now = doors.clock.now()
    if kept == draft.fields and hand == draft.hand and now - draft.saved_at < timedelta(days=1):
        return draft
    after = replace(draft, fields=kept, hand=hand, saved_at=now)
    await doors.store.commit(Change((after,)))
    return replace(after, version=draft.version + 1)


async def discard(doors: Doors, draft: MeetingDraft) -> None:
    """Throw it away. At its end already: nothing happens.

    Raises:
        StaleVersion: it is being written elsewhere.
    """
    if draft.ended_at is None:
        await doors.store.commit(Change((_ended(draft, doors.clock.now()),)))


async def record(doors: Doors, draft: MeetingDraft, asked: MeetingRecord) -> Recorded:
    """Record the meeting and end the draft, both or neither; recorded before, it is what came of it.

    Raises:
        UserErrors, UserError: something is missing or unknown; nothing has been written.
        StaleVersion: somebody wrote to the same rows; nothing has been written.
    """
    closing = Change() if draft.ended_at else Change((_ended(draft, doors.clock.now()),))
    return await recording.record(doors, replace(asked, key=draft.id), closing=closing)


async def forget(doors: Doors) -> int:
    """Empty what nobody has touched for a month; returns how many."""
    now = doors.clock.now()
    old = {"ended_at": None, "saved_at": Span(high=now - KEPT)}
    found = await doors.store.find(MeetingDraft, old, order=("saved_at",), limit=BATCH)
    done = 0
    for draft in found:
        try:
            await doors.store.commit(Change((_ended(draft, now),)))
        except StaleVersion:
            continue  # it is being written after all
        done += 1
    return done


def _ended(draft: MeetingDraft, now: datetime) -> MeetingDraft:
    return replace(draft, fields={}, hand="", ended_at=now)
