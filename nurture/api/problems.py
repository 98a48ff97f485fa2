"""Errors as problem documents (RFC 9457), and every kind of them in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse

from nurture.errors import UserErrors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic_core import ErrorDetails
    from starlette.responses import Response

    from nurture.errors import UserError
    from nurture.i18n import Words

MEDIA_TYPE: Final = "application/problem+json"
HOME: Final = "/api/v1/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its status, and in a few words what it is and what to do."""

    status: int
    title: str
    advice: str


KINDS: Final[Mapping[str, Kind]] = {
    "malformed": Kind(400, "The request cannot be read", "Send what the OpenAPI document describes."),
    "unauthorized": Kind(
        401, "A valid access token is needed", "Send Authorization: Bearer with a token that holds."
    ),
    "insufficient-scope": Kind(403, "The token may not do this", "Make a token with the scope that is named."),
    "forbidden": Kind(403, "The caller may not do this", "Use the token of somebody who may."),
    "needs-representative": Kind(
        403, "A person must decide this", "Use a token that acts as a representative (nurture token create --rep)."
    ),
    "not-found": Kind(404, "There is no such thing, or it is not the caller's to see", "Check the id."),
    "method-not-allowed": Kind(405, "This address does not take that method", "See the Allow header."),
    "conflict": Kind(409, "Somebody else was faster", "Read again, decide again."),
    "in-progress": Kind(
        409, "A request with this idempotency key is being worked on", "Try again with the same key in a moment."
    ),
    "impossible": Kind(409, "It has moved on and cannot do this any more", "Read again to see where it stands."),
    "precondition-failed": Kind(
        412, "It is not what the caller saw", "Read again; send the new ETag in If-Match."
    ),
    "too-large": Kind(413, "The content is too long", "At most 256 KiB."),
    "unsupported-media-type": Kind(415, "The content is not application/json", "Send JSON in UTF-8."),
    "invalid": Kind(422, "Some values are not as they must be", "Mend what the errors point to."),
    "refused": Kind(422, "A rule forbids this", "The detail says which, and what to do."),
    "key-reused": Kind(
        422, "This idempotency key was used for another request", "Use a new key for a new request."
    ),
    "precondition-required": Kind(
        428, "It must be said what was seen", "Send the ETag of what was looked at in If-Match."
    ),
    "too-many-requests": Kind(429, "Too many requests", "Wait for the seconds in Retry-After."),
    "internal": Kind(500, "Something went wrong here", "It has been logged; try again later."),
    "unavailable": Kind(503, "The database is not to be had right now", "Try again in a moment."),
}
"""Every kind of problem that an answer can have; its type is ``/api/v1/problems/`` and this name."""

OF_STATUS: Final = {
    400: "malformed",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
}
"""What Starlette raises by itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request, and where: a JSON pointer (RFC 6901), a parameter or a header."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None

    @property
    def data(self) -> dict[str, str]:
        """As JSON."""
        places = {"pointer": self.pointer, "parameter": self.parameter, "header": self.header}
        return {"detail": self.detail} | {name: place for name, place in places.items() if place is not None}


class Problem(Exception):
    """Raised anywhere below a handler; becomes the answer.

    Args:
        kind: a name of ``KINDS``.
        detail: this case in words.
        errors: what is wrong, each with its place.
        headers: to go with the answer.
    """

    def __init__(
        self, kind: str, detail: str = "", errors: tuple[Fault, ...] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    @property
    def status(self) -> int:
        """The status of its kind."""
        return KINDS[self.kind].status

    def response(self) -> Response:
        """The document."""
        kind = KINDS[self.kind]
        said: dict[str, object] = {"type": HOME + self.kind, "title": kind.title, "status": kind.status}
        said["detail"] = self.detail or kind.advice
        if self.errors:
            said["errors"] = [fault.data for fault in self.errors]
        return JSONResponse(said, kind.status, dict(self.headers), media_type=MEDIA_TYPE)


def pointer(path: Iterable[str | int]) -> str:
    """A JSON pointer in a URI fragment, as RFC 9457 (3) has it."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "#" + "".join(f"/{step}" for step in steps)


def of_details(details: Iterable[ErrorDetails], *, parameters: bool = False) -> tuple[Fault, ...]:
    """What pydantic found wrong, in a body or in parameters."""
    listed = list(details)
    broken = [each["loc"] for each in listed]
    faults = []
    for found in listed:
        if found["type"] == "too_short" and any(len(loc) > len(found["loc"]) for loc in broken):
            continue  # pydantic counts only the items that are as they must be
        path = [step for step in found["loc"] if step != "[key]"]
        if parameters:
            faults.append(Fault(found["msg"], parameter=str(path[0]) if path else None))
        else:
            faults.append(Fault(found["msg"], pointer(path)))
    return tuple(faults)


def of_user_error(error: UserError, w: Words) -> Problem:
    """A rule that forbids it, in words."""
    faults = tuple(_faults(error, w))
    if len(faults) == 1:
        return Problem("refused", faults[0].detail, faults if faults[0].pointer else ())
    return Problem("refused", w("{count} problems", count=len(faults)), faults)


def _faults(error: UserError, w: Words) -> Iterator[Fault]:
    if isinstance(error, UserErrors):
        for each in error.errors:
            yield from _faults(each, w)
        return
    said = w(error.text, **error.values)
    hint = w(error.hint, **error.values) if error.hint else ""
    key = error.where.key if error.where else None
    yield Fault(f"{said} ({hint})" if hint else said, pointer([key]) if key else None)
