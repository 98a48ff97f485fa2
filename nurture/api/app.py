"""The API as an ASGI application, to be mounted at ``/api/v1``."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from nurture.api.call import Api, endpoint, problem, spoken
from nurture.api.openapi import document
from nurture.api.problems import HOME, KINDS, Problem
from nurture.api.rates import Rates
from nurture.api.table import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from nurture.ports import Doors

    Endpoint = Callable[[Request], Awaitable[Response]]

UNLIMITED: Final = 1 << 40
"""``bodies`` stops reading long before, and says so as a problem document; Starlette would in plain text."""
HOUR: Final = {"Cache-Control": "public, max-age=3600"}


class Mounted(Mount):
    """At ``/api/v1``, whatever follows: also a line end, at which Starlette's own pattern would stop."""

    def __init__(self, app: Starlette) -> None:
        super().__init__("/api/v1", app=app)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)


async def describe(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    """GET /openapi.json: for anybody, since it says nothing about anybody."""
    return JSONResponse(document(), headers=HOUR)


async def explain(request: Request) -> Response:
    """GET /problems/{kind}: what the type of a problem means."""
    kind = str(request.path_params["kind"])
    if kind not in KINDS:
        return Problem("not-found").response()
    one = KINDS[kind]
    said = {"type": HOME + kind, "title": one.title, "status": one.status, "detail": one.advice}
    return JSONResponse(said, headers=HOUR)


async def sorry(request: Request, error: Exception) -> Response:
    """No such address, no such method, or a fault of ours."""
    return problem(error, spoken(request)).response()


def build(
    doors: Doors, secret: bytes, names: Callable[[str], Mapping[str, str]] = lambda _language: {}
) -> Starlette:
    """The application.

    Args:
        doors: the world.
        secret: what cursors are sealed with is made from it; at least 32 bytes that nobody else knows.
        names: language → what calendar entries are called.
    """
    api = Api(doors, hmac.digest(secret, b"nurture.api.cursors", hashlib.sha256), names, Rates())
    return Starlette(
        routes=[
            *_routes(api),
            Route("/openapi.json", describe, methods=["GET"]),
            Route("/problems/{kind}", explain, methods=["GET"]),
        ],
        exception_handlers={HTTPException: sorry, Exception: sorry},
        max_body_size=UNLIMITED,
    )


def _routes(api: Api) -> list[Route]:
    """One route for each path, so that a wrong method hears of all that there are."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = endpoint(api, operation)
    return [Route(path, _by_method(found), methods=list(found)) for path, found in paths.items()]


def _by_method(found: Mapping[str, Endpoint]) -> Endpoint:
    async def answer(request: Request) -> Response:
        return await found["GET" if request.method == "HEAD" else request.method](request)

    return answer
