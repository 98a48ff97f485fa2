"""Signing in with the account that somebody's company has already (OpenID Connect).

The way out is a link: it sets a signed cookie that binds the answer to this browser, and leads to the provider.
The way back is a page with one button, which a script presses: looking at an address signs nobody in, and what the
provider sent is used once. Who may come in is decided as for links by mail: an active colleague of that address.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core.change import LoginToken
from nurture.core.people import Representative
from nurture.errors import NurtureError, UserError
from nurture.log import logger
from nurture.ports import Question
from nurture.web import login, session
from nurture.web.forms import read_form
from nurture.web.visit import desk_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from nurture.ports import Identity
    from nurture.web.desk import Desk

LASTS: Final = timedelta(minutes=10)
"""The time that somebody has at the provider's page."""
BACK: Final = "/login/provider/back"
LONGEST: Final = 4096
"""Characters of a code."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the cookie says of the question that this browser has asked."""

    question: Question
    goes_to: str
    at: datetime


async def leave(request: Request) -> Response:
    """GET /login/provider: to the provider's page. Nothing is written here."""
    desk = desk_of(request)
    identity = _identity(desk)
    _allowed(desk, request)
    chance = desk.doors.chance
    redirect = desk.doors.settings.web.public_url.rstrip("/") + BACK
    question = Question(redirect, chance.secret(), chance.secret(), chance.secret() + chance.secret())
    try:
        to = await identity.ask(question)
    except NurtureError as error:
        return _no(desk, request, error)
    answer = RedirectResponse(to, status_code=303)
    said = [
        question.redirect,
        question.state,
        question.nonce,
        question.verifier,
        login.local(request.query_params.get("next")),
        desk.doors.clock.now().isoformat(),
    ]
    answer.set_cookie(
        _cookie(desk),
        _signer(desk).dumps(said),
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        secure=desk.secure,
        samesite="lax",
    )
    return answer


async def back(request: Request) -> Response:
    """GET: one button; nothing is looked up, nothing changes."""
    desk = desk_of(request)
    _identity(desk)
    said = request.query_params
    return desk.page(
        request,
        "login_back.html",
        code=said.get("code", "")[:LONGEST],
        state=said.get("state", "")[:LONGEST],
        refused="code" not in said,
        problem="",
    )


async def enter(request: Request) -> Response:
    """POST: ask the provider who it is, and sign in, once."""
    desk = desk_of(request)
    identity = _identity(desk)
    _allowed(desk, request)
    form = await read_form(request)
    asked = _asked(desk, request)
    now = desk.doors.clock.now()
    state = form.get("state", "")
    if asked is None or not hmac.compare_digest(state.encode(), asked.question.state.encode()):
        return _no(desk, request, UserError("This sign-in has been used, or is too old."))
    try:
        address = await identity.answer(asked.question, form.get("code", "")[:LONGEST])
    except NurtureError as error:
        return _no(desk, request, error)
    reps = await desk.doors.store.find(Representative)
    rep = next((r for r in reps if r.active and r.email.casefold() == address.casefold()), None)
    if rep is None:
        return _no(desk, request, UserError("Nobody here has the address {address}.", address=address))
    token = LoginToken(login.hashed(state), rep.id, created_at=now, expires_at=now + LASTS)
    answer = RedirectResponse(asked.goes_to, status_code=303)
    if not await session.begin(desk, token, request, answer):
        return _no(desk, request, UserError("This sign-in has been used, or is too old."))
    answer.delete_cookie(_cookie(desk), httponly=True, secure=desk.secure, samesite="lax")
    return answer


def _identity(desk: Desk) -> Identity:
    if desk.identity is None:
        raise HTTPException(404)
    return desk.identity


def _allowed(desk: Desk, request: Request) -> None:
    if not desk.askers.allows(request.client.host if request.client else "", desk.doors.clock.now()):
        raise HTTPException(429)


def _no(desk: Desk, request: Request, error: NurtureError) -> Response:
    """The way ends here; another one begins at the login page."""
    status = 400 if isinstance(error, UserError) else 503
    logger().warning("no sign-in through the provider", action="login.provider_failed", error=type(error).__name__)
    problem = desk.words(request).error(error)
    return desk.page(request, "login_back.html", status=status, code="", state="", refused=True, problem=problem)


def _cookie(desk: Desk) -> str:
    return f"{desk.cookie}-asked"


def _signer(desk: Desk) -> URLSafeSerializer:
    return URLSafeSerializer(desk.secret, salt="nurture.provider")


def _asked(desk: Desk, request: Request) -> _Asked | None:
    """The question that this browser has asked, if that was a moment ago."""
    try:
        redirect, state, nonce, verifier, goes_to, at = _signer(desk).loads(request.cookies.get(_cookie(desk), ""))
        asked = _Asked(
            Question(redirect, state, nonce, verifier), login.local(goes_to), datetime.fromisoformat(at)
        )
    except (BadSignature, ValueError, TypeError):
        return None
    return asked if asked.at <= desk.doors.clock.now() < asked.at + LASTS else None
