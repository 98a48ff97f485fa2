"""Approving by the link in a mail: one page with the whole text and one button; no sign-in.

GET shows and changes nothing, for mail gateways fetch links. The link is good once, for one person, for exactly
the text that stood there when it was made: a text that was changed, a mail that has left or was decided, a person
who is not with us any more, a link that ran out all show the same page, which names nobody.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core.messages import Message, MessageState
from nurture.core.people import Representative
from nurture.errors import Impossible, StaleVersion, UserError
from nurture.flows import review
from nurture.i18n import words
from nurture.mail import passes
from nurture.web.visit import desk_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from nurture.mail.passes import Pass

VIA = "mail"


async def offer(request: Request) -> Response:
    """GET /approve/{token}: the mail, and one button."""
    found = await _found(request)
    if found is None:
        return _gone(request)
    _, message, rep = found
    return desk_of(request).page(
        request, "pass.html", w=words(rep.language), message=message, rep=rep, done=False, undo=0
    )


async def act(request: Request) -> Response:
    """POST /approve/{token}: approve exactly that."""
    desk, found = desk_of(request), await _found(request)
    if found is None:
        return _gone(request)
    said, message, rep = found
    undo = desk.doors.settings.work.undo_seconds
    try:
        done = await review.approve(
            desk.doors, message.id, by=rep.id, seen=said.seen, via=VIA, undo=timedelta(seconds=undo)
        )
    except (StaleVersion, UserError, Impossible):
        return _gone(request)
    return desk.page(request, "pass.html", w=words(rep.language), message=done, rep=rep, done=True, undo=undo)


async def _found(request: Request) -> tuple[Pass, Message, Representative] | None:
    """What the link is good for, if it still is."""
    doors = desk_of(request).doors
    if not doors.settings.web.approve_by_mail:
        return None
    said = passes.opened(doors.link_key, str(request.path_params["token"]), doors.clock.now())
    if said is None:
        return None
    message = await doors.store.get(Message, said.message_id)
    rep = await doors.store.get(Representative, said.by)
    if message is None or rep is None or not rep.active:
        return None
    if message.state is not MessageState.WAITING or message.fingerprint != said.seen:
        return None
    return None if await review.was_approved(doors, message, by=rep.id, via=VIA) else (said, message, rep)


def _gone(request: Request) -> Response:
    return desk_of(request).page(request, "pass.html", message=None, done=False, status=410)
