"""Sessions: a signed cookie that names the login token which opened them.

A login token lives twice. Unused, it is a link that is good until ``expires_at``. Used, it is the session
itself, and ``expires_at`` is when that ends; signing out moves it to now. So a session can be ended on the
server, and the cookie carries nothing but a signed id.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core.change import Change, LoginToken
from nurture.core.messages import Entry
from nurture.core.people import Representative
from nurture.errors import StaleVersion
from nurture.web import devices
from nurture.web.access import Reader

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from nurture.web.desk import Desk


async def read(desk: Desk, request: Request) -> Reader | None:
    """Who is signed in, or None: no cookie, a forged one, an ended session, somebody no longer active."""
    cookie = request.cookies.get(desk.cookie)
    key = desk.unsign(cookie) if cookie else None
    if key is None:
        return None
    store = desk.doors.store
    token = await store.get(LoginToken, key)
    if token is None or token.used_at is None or token.expires_at <= desk.doors.clock.now():
        return None
    colleagues = {rep.id: rep for rep in await store.find(Representative)}
    rep = colleagues.get(token.rep_id)
    if rep is None or not rep.active:
        return None
    return Reader(rep, colleagues, desk.words(request, rep.language), key, desk.csrf(key))


async def begin(desk: Desk, token: LoginToken, request: Request, response: Response) -> bool:
    """Use a login token: it becomes the session of this browser. False: somebody was faster."""
    now = desk.doors.clock.now()
    lasts = timedelta(hours=desk.doors.settings.web.session_hours)
    used = replace(token, used_at=now, expires_at=now + lasts)
    try:
        await desk.doors.store.commit(Change((used,), (devices.line(token, now, request),)))
    except StaleVersion:
        return False
    response.set_cookie(
        desk.cookie,
        desk.sign(token.id),
        max_age=int(lasts.total_seconds()),
        httponly=True,
        secure=desk.secure,
        samesite="lax",
    )
    return True


async def end(desk: Desk, reader: Reader, response: Response) -> None:
    """Sign out, here and wherever else this cookie may have been copied to."""
    response.delete_cookie(desk.cookie, httponly=True, secure=desk.secure, samesite="lax")
    now = desk.doors.clock.now()
    token = await desk.doors.store.get(LoginToken, reader.session)
    if token is None or token.expires_at <= now:
        return
    entry = Entry(at=now, kind="login.ended", actor=reader.rep.id, data={})
    await desk.doors.store.commit(Change((replace(token, expires_at=now),), (entry,)))
