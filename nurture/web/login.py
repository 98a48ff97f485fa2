"""Signing in by a link that comes by mail, and signing out.

The answer to an address is always the same, and takes the same time: whether it is one of ours is found
out after the answer has left. The link's page has one button, because mail gateways fetch links; only
pressing it signs in. What the store keeps of a link is its hash.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core.change import Change, LoginToken
from nurture.core.messages import Entry
from nurture.core.people import Representative
from nurture.errors import NurtureError
from nurture.i18n import words
from nurture.log import logger
from nurture.ports import Notice, Span
from nurture.web import session
from nurture.web.forms import read_form
from nurture.web.visit import Visit, desk_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from nurture.ports import Doors

LINK_LASTS: Final = timedelta(minutes=15)
LINKS: Final = 3
"""So many links go to one person within ``LINK_LASTS``; more requests are answered, not mailed."""

_LOCAL: Final = re.compile(r"/(?:[a-z]{1,20}(?:/[0-9A-Za-z_-]{1,64})?)?")


def hashed(secret: str) -> str:
    """What the store keeps of a link."""
    return hashlib.sha256(secret.encode()).hexdigest()


def local(path: str | None) -> str:
    """A page of this desk to go on to; the queue for anything else, so that no link leads elsewhere."""
    return path if path and _LOCAL.fullmatch(path) else "/"


async def issue(doors: Doors, rep: Representative, *, lasts: timedelta = LINK_LASTS) -> str:
    """A new login link for ``rep``, as a path of the desk. It is stored hashed, and works once."""
    secret = doors.chance.secret()
    now = doors.clock.now()
    token = LoginToken(id=hashed(secret), rep_id=rep.id, created_at=now, expires_at=now + lasts)
    entry = Entry(at=now, kind="login.requested", actor=rep.id, data={})
    await doors.store.commit(Change((token,), (entry,)))
    return f"/login/{secret}"


async def _send_link(doors: Doors, address: str, goes_to: str) -> None:
    """Mail a link to ``address`` if it is that of an active colleague who has not had several just now."""
    try:
        reps = await doors.store.find(Representative)
        rep = next((r for r in reps if r.active and r.email.casefold() == address.casefold()), None)
        if rep is None:
            return
        recent = {"rep_id": rep.id, "created_at": Span(low=doors.clock.now() - LINK_LASTS)}
        if await doors.store.count(LoginToken, recent) >= LINKS:
            return
        link = await issue(doors, rep)
        w = words(rep.language)
        notice = Notice(
            kind="login",
            subject=w("Your sign-in link"),
            text=w(
                "This link signs you in to the desk. It works once, within {minutes} minutes. "
                "If you did not ask for it, there is nothing to do.",
                minutes=int(LINK_LASTS.total_seconds() // 60),
            ),
            link=link if goes_to == "/" else f"{link}?next={quote(goes_to)}",
        )
        await doors.notifier.notify(rep, notice)
    except NurtureError as error:
        logger().error("no login link", action="login.link_failed", error=error.text)


async def ask(request: Request) -> Response:
    """GET /login: the form that asks for an address."""
    desk = desk_of(request)
    if await session.read(desk, request):
        return RedirectResponse("/", status_code=303)
    return _page(request, local(request.query_params.get("next")), asked=False)


async def mail_link(request: Request) -> Response:
    """POST /login: the same answer for every address."""
    desk = desk_of(request)
    form = await read_form(request)
    asker = request.client.host if request.client else ""
    if not desk.askers.allows(asker, desk.doors.clock.now()):
        raise HTTPException(429)
    oidc = desk.doors.settings.web.oidc
    if oidc is not None and oidc.only:
        raise HTTPException(404)
    address, goes_to = form.get("email", "").strip()[:254], local(form.get("next"))
    answer = _page(request, goes_to, asked=True)
    answer.background = BackgroundTask(_send_link, desk.doors, address, goes_to)
    return answer


def _page(request: Request, goes_to: str, *, asked: bool) -> Response:
    desk = desk_of(request)
    oidc = desk.doors.settings.web.oidc if desk.identity is not None else None
    provider = (oidc.name or urlsplit(oidc.issuer).hostname or oidc.issuer) if oidc is not None else ""
    by_mail = oidc is None or not oidc.only
    return desk.page(request, "login.html", next=goes_to, asked=asked, provider=provider, by_mail=by_mail)


async def show_link(request: Request) -> Response:
    """GET /login/{secret}: one button; nothing is looked up, nothing changes."""
    return desk_of(request).page(request, "login_link.html", gone=False)


async def use_link(request: Request) -> Response:
    """POST /login/{secret}: sign in, once."""
    desk = desk_of(request)
    token = await desk.doors.store.get(LoginToken, hashed(str(request.path_params["secret"])))
    if token is not None and token.used_at is None and desk.doors.clock.now() < token.expires_at:
        rep = await desk.doors.store.get(Representative, token.rep_id)
        answer = RedirectResponse(local(request.query_params.get("next")), status_code=303)
        if rep is not None and rep.active and await session.begin(desk, token, request, answer):
            return answer
    return desk.page(request, "login_link.html", gone=True, status=410)


async def leave(visit: Visit) -> Response:
    """POST /logout."""
    answer = RedirectResponse("/login", status_code=303)
    await session.end(visit.desk, visit.reader, answer)
    return answer
