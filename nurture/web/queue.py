"""Today's queue: what waits for the reader, the most urgent first.

Order: thank-yous whose three hours run (A2), then by planned date; what is in doubt or failed; replies;
tasks; what is approved and leaves soon. Seven to nine queries whatever the number of rows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.deals import Task, TaskState
from nurture.core.messages import Inbound, Message, MessageState
from nurture.ports import Span
from nurture.web.cards import Card, addressee, around, card

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.web.cards import Around
    from nurture.web.visit import Visit

ROWS: Final = 100
"""So many rows of a kind are shown; the page says when there are more."""

SOON: Final = timedelta(days=3)
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_READ_BY_PEOPLE: Final = ("reply", "complaint", "other")


async def queue(visit: Visit) -> Response:
    """GET /."""
    store, mine = visit.doors.store, visit.reader.where
    waiting = {**mine, "state": MessageState.WAITING}
    urgent = await store.find(Message, {**waiting, "deadline": Span(low=_EVER)}, order=("deadline",), limit=ROWS)
    others = await store.find(Message, {**waiting, "deadline": None}, order=("planned_at",), limit=ROWS)
    stuck = await store.find(
        Message,
        {**mine, "state": (MessageState.IN_DOUBT, MessageState.FAILED)},
        order=("planned_at",),
        limit=ROWS,
    )
    leaving = await store.find(
        Message,
        {**mine, "state": MessageState.APPROVED, "planned_at": Span(high=visit.doors.clock.now() + SOON)},
        order=("planned_at",),
        limit=ROWS,
    )
    tasks = await store.find(Task, {**mine, "state": TaskState.OPEN}, order=("due_at",), limit=ROWS)
    unread = await store.find(
        Inbound, {"handled_at": None, "kind": _READ_BY_PEOPLE}, order=("-received_at",), limit=ROWS
    )
    known = await around(store, (*urgent, *others, *stuck, *leaving, *tasks, *unread))
    cards = {m.id: card(visit, m, known) for m in (*urgent, *others, *stuck, *leaving)}
    mine_to_do = [cards[m.id] for m in (*urgent, *others) if cards[m.id].may_approve]
    elsewhere = [cards[m.id] for m in (*urgent, *others) if not cards[m.id].may_approve]
    full = len(urgent) == ROWS or len(others) == ROWS
    total = await store.count(Message, waiting) if full else len(urgent) + len(others)
    return visit.page(
        "queue.html",
        to_do=mine_to_do,
        elsewhere=elsewhere,
        more=total - len(urgent) - len(others),
        stuck=[cards[m.id] for m in stuck],
        leaving=[cards[m.id] for m in leaving],
        tasks=[(t, addressee(known.person(t)), known.organisation(t)) for t in tasks],
        replies=[
            (i, addressee(known.person(i)) or i.from_name or i.from_address, known.organisation(i))
            for i in unread
            if _may_read(visit, i, known)
        ],
        said=await _said(visit),
    )


def _may_read(visit: Visit, inbound: Inbound, known: Around) -> bool:
    """A reply is read by those who see its person; a stray by those who see all."""
    person = known.person(inbound)
    return visit.reader.sees(person.rep_id if person else None)


async def _said(visit: Visit) -> tuple[str, Card] | None:
    """What was just done here, and to which mail: the address of the page tells, so nothing is kept."""
    query = visit.request.query_params
    done, key = query.get("done", ""), query.get("mail", "")
    if done not in {"approved", "first", "rejected", "settled", "already"} or not key:
        return None
    message = await visit.doors.store.get(Message, key)
    if message is None or not visit.reader.sees(message.rep_id):
        return None
    return done, card(visit, message, await around(visit.doors.store, (message,)))
