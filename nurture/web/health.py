"""Whether the desk can do its work, for those who watch over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from nurture.core.change import Setting
from nurture.errors import NurtureError
from nurture.web.visit import desk_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def health(request: Request) -> Response:
    """GET /healthz: 200 when the store answers, else 503. Says nothing else: anybody may ask."""
    try:
        await desk_of(request).doors.store.count(Setting)
    except NurtureError:
        return JSONResponse({"status": "unavailable"}, status_code=503)
    return JSONResponse({"status": "ok"})
