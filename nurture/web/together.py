"""Mails of one step, read through on one page and approved together: each for exactly the text that was shown.

Nothing is ticked beforehand: a tick says that this mail was read. What was changed meanwhile is left out and said.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core.messages import Message, MessageState
from nurture.core.snoozing import hides
from nurture.errors import Impossible, StaleVersion, UserError
from nurture.flows import review, snoozing
from nurture.web.cards import around, card

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.responses import Response

    from nurture.web.cards import Card
    from nurture.web.visit import Visit

LIKE: Final = 3
"""So many mails of one step make it worth while."""
MOST: Final = 25
"""Mails on a page: what one can read through with care."""
TICK: Final = "m-"


def alike(cards: Iterable[Card]) -> dict[str, int]:
    """Steps of which several mails wait for the reader, with how many."""
    counts: dict[str, int] = {}
    for each in cards:
        step = each.message.step_id
        if step:
            counts[step] = counts.get(step, 0) + 1
    return {step: count for step, count in counts.items() if count >= LIKE}


async def show(visit: Visit) -> Response:
    """GET /together/{step}: whole mails, one under the other."""
    step = visit.key("step")
    cards = await _waiting(visit, step)
    return visit.page("together.html", step=step, cards=cards, tick=TICK, left=_left(visit))


async def approve(visit: Visit) -> Response:
    """POST /together/{step}: those that were ticked, each as it was shown."""
    step = visit.key("step")
    undo = timedelta(seconds=visit.doors.settings.work.undo_seconds)
    done: list[str] = []
    left = 0
    picked = {name.removeprefix(TICK): seen for name, seen in visit.form.items() if name.startswith(TICK)}
    for message in await _mine(visit, picked):
        try:
            seen = picked[message.id]
            await review.approve(visit.doors, message.id, by=visit.reader.rep.id, seen=seen, undo=undo)
            done.append(message.id)
        except (StaleVersion, UserError, Impossible):
            left += 1
    if left or not done:
        return RedirectResponse(f"/together/{step}?left={left}", status_code=303)
    return RedirectResponse(f"/?together={','.join(done)}", status_code=303)


async def take_back(visit: Visit) -> Response:
    """POST /together/take-back: all that were approved together, as far as nobody has begun to send them."""
    for message in await _mine(visit, visit.form.get("mails", "").split(",")):
        try:
            await review.take_back(visit.doors, message.id, by=visit.reader.rep.id)
        except (UserError, Impossible):
            continue  # it stands on the page as it is
    return RedirectResponse("/", status_code=303)


async def said(visit: Visit) -> tuple[Message, ...]:
    """The mails that were approved together just now, as far as they can be taken back."""
    keys = visit.request.query_params.get("together", "").split(",")[:MOST]
    found = await visit.doors.store.find(Message, {"id": tuple(keys)}) if keys != [""] else ()
    return tuple(m for m in found if visit.reader.sees(m.rep_id) and m.state is MessageState.APPROVED)


async def _mine(visit: Visit, keys: Iterable[str]) -> tuple[Message, ...]:
    """These mails; nothing is done with any where one is not the reader's to see.

    Raises:
        HTTPException: 404 for one that does not exist, and for one that is not the reader's to see.
    """
    wanted = tuple(dict.fromkeys(keys))[:MOST]
    found = await visit.doors.store.find(Message, {"id": wanted}, order=("planned_at",)) if wanted else ()
    if len(found) < len(wanted) or not all(visit.reader.sees(message.rep_id) for message in found):
        raise HTTPException(404)
    return found


async def _waiting(visit: Visit, step: str) -> list[Card]:
    store, where = visit.doors.store, {**visit.reader.where, "state": MessageState.WAITING, "step_id": step}
    found = await store.find(Message, where, order=("planned_at",), limit=4 * MOST)
    now = visit.doors.clock.now()
    aside = await snoozing.of(store, visit.reader.rep.id, now)
    found = tuple(message for message in found if not hides(aside.get(message.id), message, now))
    known = await around(store, found)
    cards = [card(visit, message, known) for message in found]
    return [each for each in cards if each.may_approve][:MOST]


def _left(visit: Visit) -> int:
    """How many of those that were ticked are not approved; -1: nothing was ticked."""
    text = visit.request.query_params.get("left", "")
    if not text.isascii() or not text.isdigit():
        return 0
    return min(int(text[:4]), MOST) or -1
