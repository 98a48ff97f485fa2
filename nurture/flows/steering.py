"""What a person does about mail that stands still, and word to those whom it concerns."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture import explain
from nurture.core import halts, outgoing
from nurture.core.change import Change, Setting
from nurture.core.messages import Enrollment, Message, MessageState
from nurture.core.people import Representative
from nurture.errors import StaleVersion, UserError
from nurture.flows import dispatches
from nurture.i18n import mark, words
from nurture.ports import Notice, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nurture.core.change import Dispatch
    from nurture.core.halts import Gates, Held
    from nurture.core.ids import RepId
    from nurture.core.messages import Entry
    from nurture.i18n import Words
    from nurture.ports import Doors

BATCH: Final = 200
"""Letters that are read at once on their way back to the desk."""
MANY: Final = 5000
SOME: Final = 10


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the safety valve holds: how many letters as they are now, how many of each scenario and mailbox
    among the first ``MANY``, and some of them.
    """

    held: Held
    count: int
    scenarios: Mapping[str, int]
    mailboxes: Mapping[str, int]
    first: tuple[Message, ...]


async def gates(doors: Doors) -> Gates:
    """What stands still."""
    return halts.read(await doors.store.find(Setting))


async def stop(doors: Doors, kind: str, key: str, *, by: RepId) -> None:
    """Let a mailbox or scenario send nothing until somebody resumes it.

    Raises:
        UserError: there is none of that name, it stands already, or this person may not.
    """
    known = await gates(doors)
    await _refuse(doors, by, kind, key)
    if kind == "mailbox" and doors.settings.mailbox(key) is None:
        raise UserError("there is no mailbox {id}", id=key)
    if kind == "scenario" and not await doors.store.count(Enrollment, {"scenario_id": key}):
        doors.library.scenario(key)  # nobody is on the way in it: then its file must be there
    change = halts.stop(known, kind, key, by=by, reason="person", now=doors.clock.now())
    if not change:
        raise UserError("{id} is stopped already", id=key)
    await doors.store.commit(change)


async def resume(doors: Doors, kind: str, key: str, *, by: RepId) -> None:
    """Let it send again. Refusals that came before do not count any more.

    Raises:
        UserError: it is not stopped, or this person may not.
    """
    await _refuse(doors, by, kind, key)
    await doors.store.commit(halts.resume(await gates(doors), kind, key, by=by, now=doors.clock.now()))


async def backlog(doors: Doors) -> Backlog | None:
    """What the safety valve holds, if it holds anything."""
    held = (await gates(doors)).held
    if held is None:
        return None
    where = _held_where(held)
    found = await doors.store.find(Message, where, order=("planned_at",), limit=MANY)
    running = {m.enrollment_id for m in found if m.enrollment_id}
    rows = await doors.store.find(Enrollment, {"id": tuple(running)}) if running else ()
    of = {row.id: row.scenario_id for row in rows}
    scenarios: dict[str, int] = {}
    mailboxes: dict[str, int] = {}
    for message in found:
        scenario = of[message.enrollment_id] if message.enrollment_id else ""
        scenarios[scenario] = scenarios.get(scenario, 0) + 1
        mailboxes[message.mailbox_id or ""] = mailboxes.get(message.mailbox_id or "", 0) + 1
    count = len(found) if len(found) < MANY else await doors.store.count(Message, where)
    return Backlog(held, count, scenarios, mailboxes, found[:SOME])


async def release(doors: Doors, *, by: RepId, seen: str) -> None:
    """Let the letters that the valve holds leave, within the limits.

    Raises:
        UserError: nothing is held, or not what was seen, or this person may not.
        StaleVersion: somebody else decided at this moment.
    """
    await _refuse(doors, by)
    change = halts.decide(await gates(doors), "released", seen=seen, by=by, now=doors.clock.now())
    await doors.store.commit(change)


async def keep(doors: Doors, *, by: RepId, seen: str) -> int:
    """Bring the letters that the valve holds back to the desk, each to be approved anew; how many.

    Raises:
        UserError, StaleVersion: as ``release``.
    """
    await _refuse(doors, by)
    known = await gates(doors)
    change = halts.decide(known, "held", seen=seen, by=by, now=doors.clock.now())
    assert known.held is not None
    count = 0
    # They go first: were the valve opened before, the next beat would send them.
    while found := await doors.store.find(Message, _held_where(known.held), order=("planned_at",), limit=BATCH):
        count += await _back(doors, found, by)
    await doors.store.commit(change)
    return count


async def _back(doors: Doors, messages: Sequence[Message], by: RepId) -> int:
    now, done = doors.clock.now(), 0
    for message in messages:
        with suppress(StaleVersion):  # somebody else did something with it: it is looked at again
            await doors.store.commit(outgoing.kept_back(message, "valve", now, by))
            done += 1
    return done


def _held_where(held: Held) -> dict[str, object]:
    return {"state": MessageState.APPROVED, "planned_at": Span(None, held.through + timedelta(microseconds=1))}


async def _refuse(doors: Doors, by: RepId, kind: str = "", key: str = "") -> None:
    reps = await doors.store.find(Representative)
    rep = next((r for r in reps if r.id == by), None)
    if rep is None:
        raise UserError("Nobody is known as {by}", by=by)
    if not halts.may_steer(rep, reps, kind, key):
        raise UserError(
            "{by} may not decide this", hint="administrators, operations and managers may", by=rep.name
        )


# --- word to those whom it concerns ------------------------------------------------------------------------


async def announce(doors: Doors, change: Change) -> None:
    """Write down that something stands still now, and tell its owner and the administrators.

    Another daemon that was faster has told them.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    reps = await doors.store.find(Representative)
    rows: list[Dispatch] = []
    for entry in change.entries:
        kind, key = entry.kind.partition(".")[0], str(entry.data.get("id", ""))
        said = [(rep, _notice(words(rep.language), entry)) for rep in halts.concerned(reps, kind, key)]
        rows += dispatches.told(f"{key} {entry.at.isoformat()}", said, entry.at)
    change += Change(tuple(rows))
    try:
        await doors.store.commit(change)
    except StaleVersion:
        return
    for row in dispatches.written(change):
        with suppress(Exception):  # what stands still stands; it is tried again
            await dispatches.deliver(doors, row)


def _notice(w: Words, entry: Entry) -> Notice:
    kind = entry.kind.partition(".")[0]
    said = {
        "mailbox": mark("Look at what the servers said. When the cause is mended: nurture mailbox resume {id}"),
        "scenario": mark("Look at what the servers said. When the cause is mended: nurture scenario resume {id}"),
        "valve": mark("Nothing of it leaves before somebody has looked at it: nurture queue release"),
    }
    text = f"{explain.entry(w, entry)}\n\n{w(said[kind], **entry.data)}"
    return Notice(kind=entry.kind, subject=explain.entry(w, entry)[:200], text=text, link="/")
