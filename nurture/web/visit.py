"""One request of somebody who is signed in."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nurture.core.plan import zone_of
from nurture.web import session
from nurture.web.forms import FIELDS, read_form
from nurture.web.fresh import STREAM
from nurture.web.guard import SAFE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from nurture.i18n import Words
    from nurture.ports import Doors
    from nurture.web.access import Reader
    from nurture.web.desk import Desk


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks for what, and what was sent along (``form`` is empty for a GET)."""

    request: Request
    desk: Desk
    reader: Reader
    form: Mapping[str, str]

    @property
    def doors(self) -> Doors:
        """The doors."""
        return self.desk.doors

    @property
    def w(self) -> Words:
        """The reader's language."""
        return self.reader.words

    @property
    def today(self) -> date:
        """The date where the reader is."""
        return self.doors.clock.now().astimezone(zone_of(self.reader.rep.timezone)).date()

    @property
    def names(self) -> Mapping[str, str]:
        """What calendar entries are called."""
        return self.desk.names.of(self.w.language)

    def key(self, name: str = "id") -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def page(self, name: str, *, status: int = 200, **values: object) -> Response:
        """A page for this reader."""
        return self.desk.page(self.request, name, reader=self.reader, status=status, **values)


def desk_of(request: Request) -> Desk:
    """The desk that this request came to."""
    desk: Desk = request.app.state.desk
    return desk


Page = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def signed_in(page: Page, fields: int = FIELDS) -> Endpoint:
    """An endpoint for those who are signed in; a form must carry its session's token.

    Others are led to the login page. A form that comes after the session ended is answered with 401, so
    that going back in the browser finds what was typed. ``fields``: how many it has at most.
    """

    @wraps(page)
    async def endpoint(request: Request) -> Response:
        """Ask who it is, then for the page."""
        desk = desk_of(request)
        reader = await session.read(desk, request)
        if reader is None:
            if request.headers.get("accept") == STREAM:
                return Response(status_code=204)  # a page that is still open: its browser asks no more
            if request.method in SAFE:
                return RedirectResponse(f"/login?next={quote(request.url.path)}", status_code=303)
            raise HTTPException(401)
        request.state.reader = reader
        form: Mapping[str, str] = {}
        if request.method not in SAFE:
            form = await read_form(request, fields)
            if not hmac.compare_digest(form.get("csrf", "").encode(), reader.csrf.encode()):
                raise HTTPException(403)
        return await page(Visit(request, desk, reader, form))

    return endpoint
