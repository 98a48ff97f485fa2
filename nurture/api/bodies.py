"""Content as JSON: bounded, of one media type, and as the model wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import BaseModel, ValidationError

from nurture.api.forms import Nothing
from nurture.api.problems import Fault, Problem, of_details

if TYPE_CHECKING:
    from starlette.requests import Request

M = TypeVar("M", bound=BaseModel)

LONGEST: Final = 256 * 1024
"""Bytes of a body."""
DEEPEST: Final = 16
"""How deep brackets may be nested."""
FAULTS: Final = 50
"""So many faults are told of at once."""


async def read(request: Request, model: type[M]) -> M:
    """The content, checked.

    Raises:
        Problem: too long, another media type, no JSON, nested too deeply, or not as the model wants it.
    """
    raw = await _received(request)
    if not raw and issubclass(model, Nothing) and "content-type" not in request.headers:
        return model()
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != "application/json" or charset not in {"", "utf-8"}:
        raise Problem("unsupported-media-type", headers={"Accept": "application/json"})
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem("unsupported-media-type", "The content must not be compressed.")
    if depth(raw) > DEEPEST:
        raise Problem("malformed", f"nested more than {DEEPEST} deep")
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)[:FAULTS]
        if any(each["type"] == "json_invalid" for each in found):
            raise Problem("malformed", errors=(Fault("no JSON in UTF-8", "#"),)) from None
        raise Problem("invalid", errors=of_details(found)) from None


async def _received(request: Request) -> bytes:
    """The content; no more of it is taken than is allowed."""
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > LONGEST:
            raise Problem("too-large", headers={"Connection": "close"})
    return bytes(raw)


def depth(raw: bytes) -> int:
    """How deep the brackets of a JSON text are nested, in one pass."""
    deepest = level = 0
    quoted = escaped = False
    for sign in raw:
        if quoted:
            quoted = escaped or sign != 0x22
            escaped = not escaped and sign == 0x5C
        elif sign == 0x22:
            quoted = True
        elif sign in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif sign in b"]}":
            level -= 1
    return deepest
