"""Claims that nobody has in hand: what was never on the wire goes back, what may have left is in doubt.

Theory of operation
-------------------
A daemon that dies leaves rows in SENDING. ``recover`` looks into the trace: what was never on the wire goes
back, still approved; what a server took is sent; only what may have been delivered is in doubt. A daemon that
lives can lose its hold of rows too: a claim that was written although the answer of the database was lost, an
outcome that could not be written. They would stand in SENDING for as long as it lives, for nobody else takes
them from it; so each sending beat begins by taking up what it finds claimed under its own name and has not in
hand (``take_up``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nurture.core import outgoing, upshot
from nurture.core.messages import Message, MessageState
from nurture.errors import PermanentFailure, StaleVersion, TemporaryFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nurture.core.ids import MailboxId, MessageId
    from nurture.core.sending import Outcome
    from nurture.ports import Doors, Trace

TRIES: Final = 5
"""How often a row is looked at again to which somebody writes at that moment."""


@dataclass(slots=True)
class Hands:
    """What a daemon has in its hands from one beat to the next."""

    mailboxes: set[MailboxId] = field(default_factory=set)  # letters of theirs may be on the wire
    unwritten: set[MessageId] = field(default_factory=set)  # what became of them could not be written yet


async def recover(doors: Doors, trace: Trace | None = None) -> int:
    """Claims of a daemon that is gone: back if they were never on the wire, else *in doubt*; returns how many are.

    Called at the start and, where several daemons share a database, now and then: those of another one that died
    are known after some seconds.

    Args:
        doors: the world.
        trace: what the daemon before in this place noted, if it kept one. Whoever noted there is gone.
    """
    left = await doors.store.find(Message, {"state": MessageState.SENDING})
    if not left:
        return 0
    noted = {by: trace.left(by) if trace else None for by in {message.claimed_by for message in left}}
    before = frozenset(by for by, on_wire in noted.items() if on_wire is not None)
    gone = before | await doors.store.gone(noted.keys() - before)
    found = [message for message in left if message.claimed_by in gone]
    taken = {by: trace.taken(by) if trace else frozenset[str]() for by in before}
    return len(
        [one for one in found if await _settle(doors, one, noted[one.claimed_by], taken.get(one.claimed_by, ()))]
    )


async def take_up(
    doors: Doors, by: str, trace: Trace | None, hands: Hands, tell: Callable[[Message, Outcome], None]
) -> list[Exception]:
    """Claims under our own name that are not in our hands any more; returns what went wrong with single ones.

    Args:
        doors: the world.
        by: our name.
        trace: what we have noted.
        hands: what we have.
        tell: called with what is in doubt.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    before = frozenset(hands.unwritten)
    found = await doors.store.find(Message, {"state": MessageState.SENDING, "claimed_by": by})
    lost = [message for message in found if message.mailbox_id not in hands.mailboxes]
    kept = {message.id for message in found} - {message.id for message in lost}
    on_wire = trace.left(by) if lost and trace is not None else None
    taken = trace.taken(by) if lost and trace is not None else frozenset[str]()
    problems: list[Exception] = []
    for message in lost:
        try:
            if await _settle(doors, message, on_wire, taken):
                tell(message, upshot.GONE)
        except (TemporaryFailure, PermanentFailure):
            raise
        except Exception as error:  # a fault of ours with one row is in nobody else's way
            problems.append(error)
            kept.add(message.id)
            hands.unwritten.add(message.id)
    hands.unwritten -= before - kept
    return problems


async def _settle(doors: Doors, message: Message, on_wire: Collection[str] | None, taken: Collection[str]) -> bool:
    """Back, sent, or in doubt; whether it is in doubt. Nothing, if the row is claimed no more, or by another."""
    current: Message | None = message
    for _ in range(TRIES):
        if current is None or not outgoing.is_same_claim(current, message):
            return False
        now = doors.clock.now()
        back = on_wire is not None and current.header_id not in on_wire
        sent = current.header_id in taken
        try:
            if back:
                change = outgoing.put_back(current, "not_begun", now)
            elif sent:
                change = outgoing.outcome(current, upshot.TAKEN, now)
            else:
                change = outgoing.doubt(current, now)
            await doors.store.commit(change)
        except StaleVersion:
            current = await doors.store.get(Message, message.id)
            continue
        return not back and not sent
    raise TemporaryFailure("Others keep writing to the same rows; please try again")
