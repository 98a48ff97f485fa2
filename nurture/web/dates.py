"""Approve a mail for another date: the days around its own, each with what stands against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from nurture import explain
from nurture.core import choosing
from nurture.core.messages import MessageState
from nurture.core.survey import profile
from nurture.errors import Impossible, StaleVersion, UserError
from nurture.flows import redating
from nurture.web import message
from nurture.web.cards import around, card

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.core.messages import Message
    from nurture.errors import NurtureError
    from nurture.web.visit import Visit


async def show(visit: Visit) -> Response:
    """GET /messages/{id}/date."""
    return await _page(visit, await message.mine(visit))


async def approve(visit: Visit) -> Response:
    """POST /messages/{id}/date: exactly the text that was seen, on the day that was picked."""
    found = await message.mine(visit)
    asked = visit.form.get("other", "") or visit.form.get("on", "")
    day, at = _day(asked), _time(visit.form.get("at", ""))
    if day is None or (at is None and visit.form.get("at", "")):
        return await _page(visit, found, error=UserError("Pick a day"))
    undo = timedelta(seconds=visit.doors.settings.work.undo_seconds)
    seen, by = visit.form.get("seen", ""), visit.reader.rep.id
    try:
        done = await redating.approve_on(visit.doors, found.id, day, at, by=by, seen=seen, undo=undo)
    except StaleVersion:
        return await message.page(visit, await message.mine(visit), stale=True)
    except (UserError, Impossible) as error:
        return await _page(visit, await message.mine(visit), day=day, error=error)
    if done.state is MessageState.APPROVED:
        return RedirectResponse(f"/?done=approved&mail={done.id}", status_code=303)
    if done.approvals:
        return RedirectResponse(f"/?done=first&mail={done.id}", status_code=303)
    return RedirectResponse(f"/messages/{done.id}?done=dated", status_code=303)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text[:5])
    except ValueError:
        return None


async def _page(
    visit: Visit, found: Message, *, day: date | None = None, error: NurtureError | None = None
) -> Response:
    days = await redating.days(visit.doors, found, day)
    known = await around(visit.doors.store, (found,))
    person, w = known.person(found), visit.w
    lines = [
        (
            one,
            explain.move(w, replace(one.against, from_=None), visit.names) if one.against else "",
            f"{one.at:%H:%M}" if one.at else "",
        )
        for one in days
    ]
    own = profile(person, known.organisation(found)).timezone if person else None
    return visit.page(
        "date.html",
        status=409 if error else 200,
        card=card(visit, found, known),
        days=lines,
        picked=day or found.planned_on,
        hours=sorted({f"{h.start:%H:%M}–{h.end:%H:%M}" for one in days for h in one.hours}),
        zone=own if own and own != visit.reader.rep.timezone else "",
        complaint=_complaint(visit, error),
    )


def _complaint(visit: Visit, error: NurtureError | None) -> str:
    move = choosing.against(error)
    if error is not None and move is not None:
        return f"{visit.w(error.text)}: {explain.move(visit.w, move, visit.names)}"
    return visit.w.error(error) if error else ""
