"""One mail before its reviewer: as the recipient will see it, why then, what happened, and the verdicts.

A verdict carries the fingerprint of the text that the page showed. When the text, the recipient or the
date is another by then, nothing is approved; the page comes back (409) with what stands there now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from nurture import explain
from nurture.core.approval import given
from nurture.core.attachments import PDF
from nurture.core.messages import Enrollment, Entry, Message, MessageState
from nurture.core.states import QUEUED
from nurture.errors import Impossible, StaleVersion, UserError
from nurture.flows import doubts, pacing, review
from nurture.mail import text as layout
from nurture.web import beside, differences, looking
from nurture.web.cards import around, card

if TYPE_CHECKING:
    from nurture.core.limits import Wait
    from nurture.errors import NurtureError
    from nurture.web.visit import Visit

HISTORY = 100
"""So many journal lines are shown."""


async def show(visit: Visit) -> Response:
    """GET /messages/{id}."""
    return await page(visit, await mine(visit))


async def approve(visit: Visit) -> Response:
    """POST /messages/{id}/approve: exactly what was seen."""
    message = await mine(visit)
    seen = visit.form.get("seen", "")
    if message.state is MessageState.APPROVED and any(a.by == visit.reader.rep.id for a in message.approvals):
        return _back(message, "already")  # the button was pressed twice
    try:
        undo = timedelta(seconds=visit.doors.settings.work.undo_seconds)
        done = await review.approve(visit.doors, message.id, by=visit.reader.rep.id, seen=seen, undo=undo)
    except StaleVersion:
        return await page(visit, await mine(visit), stale=True)
    except (UserError, Impossible) as error:
        return await page(visit, await mine(visit), error=error)
    return _back(done, "approved" if done.state is MessageState.APPROVED else "first")


async def take_back(visit: Visit) -> Response:
    """POST /messages/{id}/take-back: undo an approval, as long as nobody has begun to send it."""
    message = await mine(visit)
    try:
        done = await review.take_back(visit.doors, message.id, by=visit.reader.rep.id)
    except (UserError, Impossible) as error:
        return await page(visit, await mine(visit), error=error)
    return _back(done, "taken_back")


async def reject(visit: Visit) -> Response:
    """POST /messages/{id}/reject, with a reason."""
    message = await mine(visit)
    reason = visit.form.get("reason", "").strip()
    try:
        await review.reject(visit.doors, message.id, by=visit.reader.rep.id, reason=reason)
    except StaleVersion:
        return await page(visit, await mine(visit), stale=True)
    except (UserError, Impossible) as error:
        return await page(visit, await mine(visit), error=error)
    return _back(message, "rejected")


async def settle(visit: Visit) -> Response:
    """POST /messages/{id}/settle: it left, or it is sent again; and how the reader knows."""
    message = await mine(visit)
    answer = visit.form.get("answer")
    if answer not in {"left", "again"}:
        raise HTTPException(400)
    try:
        why = visit.form.get("why", "")
        await doubts.settle(visit.doors, message.id, by=visit.reader.rep.id, sent=answer == "left", why=why)
    except StaleVersion:
        return await page(visit, await mine(visit), stale=True)
    except (UserError, Impossible) as error:
        return await page(visit, await mine(visit), error=error)
    return _back(message, "settled")


async def file(visit: Visit) -> Response:
    """GET /messages/{id}/files/{key}: a file as it goes with the mail, so that it can be looked at before."""
    message = await mine(visit)
    if visit.key("key") not in message.attachments:
        raise HTTPException(404)
    found = visit.doors.attachments.get(visit.key("key"))
    return Response(
        found.data,
        media_type=PDF,
        headers={"Content-Disposition": f"attachment; filename*=utf-8''{quote(found.name, safe='')}"},
    )


async def write(visit: Visit) -> Response:
    """GET /messages/{id}/edit: subject and text, the legal footer read-only under it."""
    message = await mine(visit)
    if message.state not in QUEUED:
        return RedirectResponse(f"/messages/{message.id}", status_code=303)
    return _editor(visit, message, message.subject, layout.split_footer(message.body)[0].rstrip("\n"))


async def rewrite(visit: Visit) -> Response:
    """POST /messages/{id}/edit: show how it will look, or keep it. What was typed is never lost."""
    message = await mine(visit)
    subject, body = visit.form.get("subject", "").strip(), visit.form.get("body", "")
    if visit.form.get("do") != "save":
        return _editor(visit, message, subject, body, preview=True)
    seen = visit.form.get("seen", "")
    by = visit.reader.rep.id
    try:
        await review.edit(visit.doors, message.id, by=by, subject=subject, body=body, seen=seen)
    except StaleVersion:
        return _editor(visit, await mine(visit), subject, body, stale=True)
    except (UserError, Impossible) as error:
        return _editor(visit, await mine(visit), subject, body, error=error)
    return RedirectResponse(f"/messages/{message.id}?done=edited", status_code=303)


async def mine(visit: Visit) -> Message:
    """The mail, if the reader may see it.

    Raises:
        HTTPException: 404 for one that does not exist, and for one that is not the reader's to see.
    """
    message = await visit.doors.store.get(Message, visit.key())
    if message is None or not visit.reader.sees(message.rep_id):
        raise HTTPException(404)
    return message


def _complaint(visit: Visit, message: Message, error: NurtureError) -> str:
    """What a reviewer is told: the mail has moved on (it left, it ended), or what to mend."""
    if isinstance(error, Impossible):
        return visit.w("Meanwhile this mail is: {state}", state=explain.state(visit.w, message.state))
    return visit.w.error(error)


def _back(message: Message, done: str) -> Response:
    return RedirectResponse(f"/?done={done}&mail={message.id}", status_code=303)


async def page(
    visit: Visit, message: Message, *, stale: bool = False, error: NurtureError | None = None
) -> Response:
    """The mail's page as it stands now, and what was not done."""
    store, w = visit.doors.store, visit.w
    entries = await store.find(Entry, {"message_id": message.id}, order=("-seq",), limit=HISTORY)
    known = await around(store, (message,))
    person, deal = known.person(message), await beside.deal_of(visit, message)
    twice, well = looking.noted(visit, message, deal)
    return visit.page(
        "message.html",
        status=409 if stale or error else 200,
        card=card(visit, message, known),
        person=person,
        house=known.organisation(message) if person and visit.reader.sees(person.rep_id) else None,
        letters=await beside.letters(visit, message, person),
        business=await beside.business(visit, message, deal),
        today=visit.today,
        state=explain.state(w, message.state),
        twice=[(one.grade.value, w(one.text, **one.values)) for one in twice],
        well=[w(one.text, **one.values) for one in well],
        strip=await looking.strip(visit, message),
        waits=[explain.wait(w, found, visit.reader.rep.timezone) for found in await _waits(visit, message)],
        moves=[explain.move(w, move, visit.names) for move in message.moves],
        history=[(e.at, explain.entry(w, e, visit.names), visit.reader.actor(e.actor)) for e in entries],
        queued=message.state in QUEUED,
        given=message.state in QUEUED and bool(given(message)),
        files=review.enclosed(visit.doors, message),
        stale=stale,
        complaint=_complaint(visit, message, error) if error else "",
        done=visit.request.query_params.get("done", ""),
    )


async def _waits(visit: Visit, message: Message) -> tuple[Wait, ...]:
    """What keeps a mail that is approved from leaving."""
    if message.state is not MessageState.APPROVED or message.enrollment_id is None:
        return ()
    enrollment = await visit.doors.store.get(Enrollment, message.enrollment_id)
    return await pacing.waits(visit.doors, message, enrollment.scenario_id if enrollment else None)


def _editor(
    visit: Visit,
    message: Message,
    subject: str,
    body: str,
    *,
    preview: bool = False,
    stale: bool = False,
    error: NurtureError | None = None,
) -> Response:
    shown = layout.refooter(message.body, body) if preview else None
    return visit.page(
        "edit.html",
        status=409 if stale else 400 if error else 200,
        message=message,
        subject=subject,
        body=body,
        footer=layout.split_footer(message.body)[1],
        preview=shown,
        changes=differences.lines(f"{message.subject}\n{message.body}", f"{subject}\n{shown}") if shown else [],
        stale=stale,
        complaint=_complaint(visit, message, error) if error else "",
    )
