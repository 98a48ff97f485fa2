"""The page behind the unsubscribe link of each mail (RFC 8058; the anti-spam act's opt-out).

The token in the address is the capability: no login, no cookie, no other token. It is signed (``mail.links``), so
it does its work whether or not its mail is still in the database. GET shows one button and looks nothing up; POST
acts. A link that we did not make, or that lost its end on the way, silences nobody, and must not say that it did:
the page then says how else to tell us. Nothing is learned from that, for what cannot be made cannot be guessed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from nurture.flows import optout
from nurture.log import logger
from nurture.web.forms import content_type, read_form
from nurture.web.visit import desk_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_TOKEN: Final = re.compile(r"[0-9A-Za-z_.~-]{1,400}")


async def offer(request: Request) -> Response:
    """GET /u/{token}: one button."""
    return _page(request, "offer")


async def act(request: Request) -> Response:
    """POST /u/{token}: from the button, or from a mail provider on the recipient's behalf."""
    desk = desk_of(request)
    token = str(request.path_params["token"])
    one_click = await _is_one_click(request)
    done = False
    if _TOKEN.fullmatch(token):
        agent = "".join(sign for sign in request.headers.get("user-agent", "") if sign.isprintable())[:120]
        way = "RFC 8058 one-click POST" if one_click else "the button of the unsubscribe page"
        done = await optout.unsubscribe(
            desk.doors,
            token,
            source="one_click" if one_click else "web",
            evidence=f"{way}; {agent}" if agent else way,
        )
    if not done:
        logger().warning("an unsubscribe link that is none of ours", action="optout.unknown", one_click=one_click)
    return _page(request, "done" if done else "unknown", 200 if done else 404)


def _page(request: Request, says: str, status: int = 200) -> Response:
    company = desk_of(request).doors.settings.company
    ways = [way for way in (company.mail, company.phone) if way]
    return desk_of(request).page(request, "unsubscribe.html", status=status, says=says, ways=ways)


async def _is_one_click(request: Request) -> bool:
    """Whether the body says List-Unsubscribe=One-Click, as either kind of form that RFC 8058 (3.2) allows."""
    try:
        if content_type(request) == "multipart/form-data":
            async with request.form(max_files=0, max_fields=5, max_part_size=1024) as form:
                return form.get("List-Unsubscribe") == "One-Click"
        return (await read_form(request)).get("List-Unsubscribe") == "One-Click"
    except HTTPException as error:
        if error.status_code == 413:
            raise
        return False  # whatever it says: a POST to this address wants silence
