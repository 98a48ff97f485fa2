"""What happened, told to the endpoints of config.toml: in order, at least once.

Theory of operation
-------------------
The journal is the outbox. Each endpoint has one row (``core.change.Told``) with the number of the last line that
it needs no more telling of. ``tell`` reads the lines after it, sends those that are published and wanted, and
moves the row after each. A kill between sending and moving sends the event again, under the same ``webhook-id``.

A failed try says in the row when to try again; what comes later waits, so that order is kept. An endpoint that has
failed for days, or says that it is gone, is disabled: our people are told, and a person resumes it, from where it
stood or from now.

On a server several daemons write at once, and a line may become visible after one with a higher number. So a gap
in the numbers is waited for, as long as the line behind it is young; one that stays is a change that was undone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.change import Change, Told
from nurture.core.ids import MailboxId, derived
from nurture.core.messages import Entry
from nurture.core.people import AccessRole, Representative
from nurture.core.published import EVENTS, event
from nurture.errors import StaleVersion, UserError
from nurture.flows import dispatches
from nurture.i18n import mark, words
from nurture.ports import Notice, Span

if TYPE_CHECKING:
    from datetime import datetime

    from nurture.config import Webhook
    from nurture.core.ids import RepId
    from nurture.ports import Doors, Heard, Herald

BATCH: Final = 200
"""Lines of the journal that are read at once."""
AGAIN: Final = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""After a try that failed (Standard Webhooks' schedule); the last repeats."""
LONGEST: Final = timedelta(days=5)
"""An endpoint that has failed for so long is disabled."""
GAP: Final = timedelta(minutes=1)
"""So young a line may be one behind which another is still to come."""
IDLE: Final = timedelta(hours=1)
SOON: Final = timedelta(seconds=1)


async def tell(doors: Doors, herald: Herald, endpoint: Webhook) -> tuple[int, timedelta]:
    """Tell one endpoint what it has not heard; how many events it took, and when to come again at the latest.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    if not await doors.store.own(MailboxId(f"webhook/{endpoint.id}")):  # another daemon tells it
        return 0, IDLE
    row = await doors.store.get(Told, endpoint.id)
    if row is None:
        await _begin(doors, endpoint)
        return 0, SOON
    now = doors.clock.now()
    if row.disabled_at is not None:
        return 0, IDLE
    if row.due_at is not None and now < row.due_at:
        return 0, row.due_at - now
    lines = await doors.store.find(Entry, {"seq": Span(low=row.seq + 1)}, order=("seq",), limit=BATCH)
    taken, seen = 0, row.seq
    for line in lines:
        if line.seq > seen + 1 and doors.clock.now() - line.at < GAP:
            return taken, SOON
        seen = line.seq
        if not wanted(endpoint, line):
            continue
        heard = await herald.tell(endpoint, name(endpoint, line), event(line), doors.clock.now())
        row = await _wrote(doors, endpoint, row, line.seq, heard)
        if row is None or not heard.taken:
            return taken, SOON
        taken += 1
    if len(lines) == BATCH:
        with suppress(StaleVersion):  # a person resumed it meanwhile: it is read anew
            await doors.store.commit(Change((replace(row, seq=seen),)))
        return taken, timedelta()
    return taken, IDLE


def wanted(endpoint: Webhook, line: Entry) -> bool:
    """Whether this line is published, and the endpoint asks for it."""
    published = EVENTS.get(line.kind)
    return published is not None and (not endpoint.events or published.name in endpoint.events)


def name(endpoint: Webhook, line: Entry) -> str:
    """The one ``webhook-id`` of this event for this endpoint."""
    return f"msg_{derived(f'webhook:{endpoint.id}', str(line.seq))}"


async def _begin(doors: Doors, endpoint: Webhook) -> None:
    """A new endpoint hears what happens from now on."""
    last = await doors.store.find(Entry, order=("-seq",), limit=1)
    with suppress(StaleVersion):  # another daemon did
        await doors.store.commit(Change((Told(endpoint.id, last[0].seq if last else 0),)))


async def _wrote(doors: Doors, endpoint: Webhook, row: Told, seq: int, heard: Heard) -> Told | None:
    """Write down what became of one try; None: somebody else wrote, or it is over with this endpoint."""
    now = doors.clock.now()
    if heard.taken:
        after = Told(endpoint.id, seq, version=row.version)
    else:
        since = row.failing_since or now
        pause = max(AGAIN[min(row.tries, len(AGAIN) - 1)], timedelta(seconds=heard.wait))
        after = replace(row, due_at=now + pause, tries=row.tries + 1, failing_since=since, error=heard.error[:300])
        if heard.gone or now - since >= LONGEST:
            await _disable(doors, endpoint, replace(after, due_at=None, disabled_at=now))
            return None
    try:
        await doors.store.commit(Change((after,)))
    except StaleVersion:
        return None
    return replace(after, version=row.version + 1)


async def _disable(doors: Doors, endpoint: Webhook, row: Told) -> None:
    """Nothing more is sent there until a person has looked; those whom it concerns are told."""
    assert row.disabled_at is not None
    now: datetime = row.disabled_at
    reps = [rep for rep in await doors.store.find(Representative) if rep.active]
    concerned = [rep for rep in reps if AccessRole.ADMINISTRATOR in rep.access] or reps
    said = [(rep, _notice(rep, endpoint, row)) for rep in concerned]
    rows = dispatches.told(f"{endpoint.id} {now.isoformat()}", said, now)
    line = Entry(at=now, kind="webhook.disabled", actor="nurture", data={"id": endpoint.id, "error": row.error})
    change = Change((row, *rows), (line,))
    try:
        await doors.store.commit(change)
    except StaleVersion:
        return
    for each in dispatches.written(change):
        with suppress(Exception):  # it is tried again
            await dispatches.deliver(doors, each)


def _notice(rep: Representative, endpoint: Webhook, row: Told) -> Notice:
    w = words(rep.language)
    values = {"id": endpoint.id, "error": row.error}
    return Notice(
        kind="webhook.disabled",
        subject=w(mark("Webhook {id} is disabled: {error}"), **values),
        text=w(
            mark(
                "Webhook {id} took no event for days, or said that it is gone ({error}). Nothing is lost: what "
                "happened since stands in the journal. When the cause is mended: nurture webhook resume {id}"
            ),
            **values,
        ),
        link="/",
    )


async def resume(doors: Doors, endpoint: Webhook, *, by: RepId, skip: bool) -> Told:
    """Tell it again: from where it stood, or (``skip``) from now.

    Raises:
        UserError: this person may not.
        StaleVersion: it is being told at this moment.
    """
    await refuse(doors, by)
    row = await doors.store.get(Told, endpoint.id) or Told(endpoint.id, 0)
    now = doors.clock.now()
    last = await doors.store.find(Entry, order=("-seq",), limit=1) if skip or not row.version else ()
    after = Told(endpoint.id, last[0].seq if last else row.seq, version=row.version)
    line = Entry(at=now, kind="webhook.resumed", actor=by, data={"id": endpoint.id, "skip": skip})
    await doors.store.commit(Change((after,), (line,)))
    return replace(after, version=row.version + 1)


async def attempt(doors: Doors, herald: Herald, endpoint: Webhook) -> Heard:
    """Send one event of the type ``webhook.test``, whatever the endpoint asks for."""
    now = doors.clock.now()
    said = {"type": "webhook.test", "timestamp": now.isoformat(), "data": {"endpoint": endpoint.id}}
    return await herald.tell(endpoint, f"msg_{doors.chance.new_id()}", said, now)


async def refuse(doors: Doors, by: RepId) -> None:
    """Endpoints are an administrator's matter.

    Raises:
        UserError: nobody is known as ``by``, or this person may not.
    """
    actor = await doors.store.get(Representative, by)
    if actor is None or not actor.active:
        raise UserError("Nobody is known as {by}", by=by)
    if AccessRole.ADMINISTRATOR not in actor.access:
        raise UserError("{by} may not decide this", hint="administrators may", by=actor.name)
