"""Choosing the desk's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from nurture.i18n import LANGUAGES
from nurture.web.desk import LANGUAGE_COOKIE
from nurture.web.forms import read_form
from nurture.web.login import local
from nurture.web.visit import desk_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

YEAR = 365 * 24 * 3600


async def choose(request: Request) -> Response:
    """POST /language: kept in a cookie of this browser; nothing of anybody's data is touched."""
    form = await read_form(request)
    back = form.get("back", "")
    answer = RedirectResponse("/login" if back == "/login" else local(back), status_code=303)
    language = form.get("language")
    if language in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=YEAR,
            httponly=True,
            secure=desk_of(request).secure,
            samesite="lax",
        )
    return answer
