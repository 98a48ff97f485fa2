"""What a browser sent along, as plain text. Bounded, and refused when it is not a form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

BODY_BYTES: Final = 256 * 1024
"""A request body is at most this long: the longest mail that a person writes, percent-encoded, is far below."""

FIELDS: Final = 50
"""So many fields a form has at most; one with rows that are added says how many."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")


def clean(text: str) -> str:
    """Line ends as LF, no other control characters than tab."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def content_type(request: Request) -> str:
    """The media type of the body, lower case, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_form(request: Request, most: int = FIELDS) -> Mapping[str, str]:
    """The fields of a form, at most so many; of a name that comes twice the last counts.

    Raises:
        HTTPException: 415 for another media type, 400 for what is no form in UTF-8.
    """
    if content_type(request) != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError:
        raise HTTPException(400) from None
    return {name: clean(value) for name, value in pairs}
