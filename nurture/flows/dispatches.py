"""What is told by mail besides letters: kept with what it tells of, and tried until a server has taken it.

Theory of operation
-------------------
Whoever decides that somebody must hear of something puts a ``Dispatch`` into the same change. It is sent right
after the commit; the row then says so. A daemon that is killed in between, or a server that has no ear for it,
leaves the row: ``look`` comes by every minute and tries again, for three days. Each try is the same mail with the
same Message-ID, so that one that was taken just before a kill is known as the same by whoever gets it twice.

One of several daemons takes a row up: whoever moves ``due_at`` on first.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core import halts
from nurture.core.change import Change, Dispatch, Setting
from nurture.core.chat import PREFIX
from nurture.core.ids import derived
from nurture.core.messages import Entry, Suppression
from nurture.core.people import Representative
from nurture.errors import StaleVersion
from nurture.flows import chats, slowing
from nurture.ports import Notice, Span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from nurture.ports import Doors

CONFIRMATION: Final = "opt_out_confirmed"
PACED: Final = "pace_confirmed"
"""The kind of what confirms an opt-out."""
GRACE: Final = timedelta(minutes=1)
"""For whoever has a row in hand: nobody else takes it up before, and afterwards it is not begun."""
AGAIN: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240))
"""After a try that failed; the last repeats."""
LONGEST: Final = timedelta(days=3)
KEPT: Final = timedelta(days=400)
"""How long a row stays after it has ended: more than a year, for whoever asks who was told of what."""
BATCH: Final = 50


def named(kind: str, rep: Representative, about: str) -> str:
    """The id of word of this kind to one of us about something: written once."""
    return derived(f"notice:{kind}:{rep.id}", about)


def told(key: str, said: Iterable[tuple[Representative, Notice]], now: datetime) -> tuple[Dispatch, ...]:
    """Word to our people as rows. ``key`` says what it is about: each of them hears of that once."""
    return tuple(
        Dispatch(
            id=named(notice.kind, rep, key),
            kind=notice.kind,
            subject=notice.subject,
            text=notice.text,
            created_at=now,
            due_at=now + GRACE,
            rep_id=rep.id,
            link=notice.link,
        )
        for rep, notice in said
    )


def written(change: Change) -> tuple[Dispatch, ...]:
    """Those of a change that was committed just now, as they stand in the store."""
    return tuple(replace(put, version=put.version + 1) for put in change.puts if isinstance(put, Dispatch))


async def look(doors: Doors) -> list[Exception]:
    """Try what was left over; what went wrong with single ones.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    now = doors.clock.now()
    where = {"ended_at": None, "due_at": Span(None, now + timedelta(microseconds=1))}
    problems: list[Exception] = []
    for row in await doors.store.find(Dispatch, where, order=("due_at",), limit=BATCH):
        mine = replace(row, due_at=now + GRACE)
        try:
            await doors.store.commit(Change((mine,)))
            await deliver(doors, replace(mine, version=row.version + 1))
        except StaleVersion:
            continue  # another daemon has it
        except Exception as error:
            problems.append(error)
    return problems


async def prune(doors: Doors) -> int:
    """Forget what ended long ago; how many. Such a row has no text any more, and the journal tells the rest."""
    return await doors.store.prune(doors.clock.now() - KEPT)


async def deliver(doors: Doors, row: Dispatch) -> None:
    """Send one that is in our hands, and write down what became of it; one that was too long in them is left to
    whoever looks for what is left over.

    Raises:
        Exception: whatever the notifier raises, after it was written down that it is to be tried again.
    """
    if doors.clock.now() >= row.due_at:
        return
    problem: Exception | None = None
    try:
        outcome = await _sent(doors, row)
    except Exception as error:
        outcome, problem = "", error
    now = doors.clock.now()
    if not outcome and now - row.created_at >= LONGEST:
        outcome = "given_up"
    if outcome:
        after = replace(row, text="", tries=row.tries + 1, ended_at=now, outcome=outcome)
    else:
        pause = AGAIN[min(row.tries, len(AGAIN) - 1)]
        after = replace(row, tries=row.tries + 1, due_at=now + pause)
    beside = await chats.rows(doors, row, now, GRACE) if not row.tries else ()
    change = Change((after, *beside), _said(after, now))
    try:
        await doors.store.commit(change)
    except StaleVersion:
        return  # somebody else has written down the same
    for each in written(Change(beside)):
        with suppress(Exception):  # it is tried again
            await deliver(doors, each)
    if problem is not None:
        raise problem


async def _sent(doors: Doors, row: Dispatch) -> str:
    """What became of one try; empty: to be tried again."""
    if row.kind in {CONFIRMATION, PACED}:
        return await _confirmed(doors, row)
    if row.kind.startswith(PREFIX):
        return await chats.say(doors, row)
    rep = await doors.store.get(Representative, row.rep_id or "")
    if rep is None:
        return "dropped"
    taken = await doors.notifier.notify(rep, Notice(row.kind, row.subject, row.text, row.link, key=row.id))
    return "" if taken is False else "sent"


async def _confirmed(doors: Doors, row: Dispatch) -> str:
    """A confirmation leaves only while it is wanted, true, and its mailbox may send."""
    silent = await doors.store.find(Suppression, {"value": row.to_address.lower(), "lifted_at": None}, limit=1)
    true = bool(silent) if row.kind == CONFIRMATION else not silent and await slowing.pace(doors, row.to_address)
    if doors.replier is None or not doors.settings.work.confirm_opt_out or not true:
        return "dropped"
    if row.mailbox_id in halts.read(await doors.store.find(Setting)).mailboxes:
        return ""
    return "sent" if await doors.replier.confirm(row) else ""


def _said(row: Dispatch, now: datetime) -> tuple[Entry, ...]:
    """The journal's line: of a confirmation, and of what reached nobody."""
    if row.kind in {CONFIRMATION, PACED} and row.outcome == "sent":
        kind = "optout.confirmed" if row.kind == CONFIRMATION else "pace.confirmed"
        data = {"to": row.to_address, "subject": row.subject}
    elif row.outcome == "given_up" and row.kind.startswith(PREFIX):
        kind, data = "chat.given_up", {"chat": row.kind.removeprefix(PREFIX), "subject": row.subject[:200]}
    elif row.outcome == "given_up":
        kind, data = "dispatch.given_up", {"to": row.rep_id or row.to_address, "subject": row.subject[:200]}
    else:
        return ()
    return (Entry(at=now, kind=kind, actor="nurture", data=data, person_id=row.person_id),)
