"""One request: who asks, for what, with what; and what happens around every handler."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from nurture.api import bodies, keys, problems
from nurture.api.paging import Asked
from nurture.api.problems import Fault, Problem
from nurture.core import tokens
from nurture.core.people import Representative
from nurture.core.sight import Sight
from nurture.errors import Impossible, NurtureError, StaleVersion, TemporaryFailure, UserError
from nurture.flows import tokens as flow
from nurture.i18n import LANGUAGES, words
from nurture.log import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pydantic import BaseModel
    from starlette.requests import Request

    from nurture.api.rates import Rates
    from nurture.core.ids import RepId
    from nurture.core.tokens import ApiToken, Scope
    from nurture.i18n import Words
    from nurture.ports import Doors

M = TypeVar("M")

PARAMETERS: Final = 20


@dataclass(frozen=True, slots=True)
class Api:
    """What every request shares. ``key`` seals cursors; ``hands``: idempotency keys that are being worked on."""

    doors: Doors
    key: bytes = field(repr=False)
    names: Callable[[str], Mapping[str, str]]  # language → what calendar entries are called
    rates: Rates
    hands: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers."""

    data: BaseModel
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of the table. ``scope`` None: any token; ``makes``: the kind of row that it writes."""

    method: str
    path: str
    name: str
    summary: str
    scope: Scope | None
    handler: Callable[[Call], Awaitable[Answer]]
    answers: type[BaseModel]
    status: int = 200
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    makes: type | None = None
    again: Callable[[Call, str], Awaitable[Answer]] | None = None  # the answer, from the id of what was made
    keyed: bool = False  # an idempotency key must be sent, not only may
    location: str = ""  # of what was made
    seen: bool = False  # If-Match must say what was looked at
    person: bool = False  # a representative must decide it


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a token that may make it."""

    api: Api
    request: Request
    operation: Operation
    doors: Doors
    token: ApiToken
    sight: Sight
    w: Words
    query: Any = None
    body: Any = None

    @property
    def by(self) -> RepId:
        """Who acts, as the journal names it."""
        return tokens.actor(self.token)

    def key(self, name: str = "id") -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    @property
    def where(self) -> dict[str, object]:
        """What is asked for among what the caller sees."""
        asked = (
            self.query.model_dump(exclude={"limit", "cursor", "after"}, exclude_none=True) if self.query else {}
        )
        mine = self.sight.where
        if "rep_id" in asked and mine and asked["rep_id"] not in mine["rep_id"]:  # type: ignore[operator]
            asked["rep_id"] = ()
        return {**mine, **asked}

    @property
    def page(self) -> Asked:
        """Which page of it."""
        about = f"{self.operation.path} {self.token.rep_id} {sorted(self.where.items())}"
        return Asked(self.api.key, about, self.query.cursor, self.query.limit)

    async def mine(self, kind: type[M], key: str | None = None) -> M:
        """What has that id and belongs to somebody whom the caller sees.

        Raises:
            Problem: there is none, or it is another's.
        """
        found: Any = await self.doors.store.get(kind, key or self.key())
        if found is None or not self.sight.sees(found.rep_id):
            raise Problem("not-found")
        return found  # type: ignore[no-any-return]


def endpoint(api: Api, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    """The operation behind all that every request has to pass."""

    async def answer(request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            return await _answer(api, operation, request, headers)
        except Exception as error:
            response = problem(error, spoken(request)).response()
            response.headers.update(headers)
            return response

    return answer


async def _answer(api: Api, operation: Operation, request: Request, headers: dict[str, str]) -> Response:
    token, sight = await _caller(api, request)
    allowed, left = api.rates.take(token.id, api.doors.clock.now())
    headers.update(left.headers)
    if not allowed:
        raise Problem("too-many-requests", headers={"Retry-After": str(left.wait)})
    if operation.scope is not None and operation.scope not in token.scopes:
        said = f'Bearer realm="nurture", error="insufficient_scope", scope="{operation.scope}"'
        raise Problem("insufficient-scope", f"scope: {operation.scope}", headers={"WWW-Authenticate": said})
    if operation.person and token.rep_id is None:
        raise Problem("needs-representative")
    query = _parameters(operation, request)
    body = await bodies.read(request, operation.body) if operation.body else None
    call = Call(api, request, operation, api.doors, token, sight, spoken(request), query, body)
    if operation.makes is None:
        found = await operation.handler(call)
        content, status, more = found.data.model_dump_json(), operation.status, dict(found.headers)
    else:
        content, status, more = await keys.once(call)
    with suppress(StaleVersion, TemporaryFailure):
        await flow.note_use(api.doors, token)
    return Response(content, status, headers | more, media_type="application/json")


async def _caller(api: Api, request: Request) -> tuple[ApiToken, Sight]:
    """Whose token it is.

    Raises:
        Problem: there is none, it does not hold, or its representative is no longer with us.
    """
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise Problem("unauthorized", headers={"WWW-Authenticate": 'Bearer realm="nurture"'})
    token = await flow.known(api.doors, secret.strip())
    colleagues = {rep.id: rep for rep in await api.doors.store.find(Representative)} if token else {}
    rep = colleagues.get(token.rep_id) if token and token.rep_id else None
    if token is None or (token.rep_id and (rep is None or not rep.active)):
        refused = {"WWW-Authenticate": 'Bearer realm="nurture", error="invalid_token"'}
        raise Problem("unauthorized", headers=refused)
    return token, Sight(rep or tokens.installation(token), colleagues)


def _parameters(operation: Operation, request: Request) -> BaseModel | None:
    """What stands behind the question mark, checked.

    Raises:
        Problem: a parameter that is unknown, stands twice, or is not as it must be.
    """
    pairs = request.query_params.multi_items()
    names = [name for name, _ in pairs]
    twice = {name for name in names if names.count(name) > 1}
    if len(pairs) > PARAMETERS or twice:
        raise Problem("malformed", errors=tuple(Fault("stands twice", parameter=name) for name in sorted(twice)))
    if operation.query is None:
        if names:
            raise Problem("malformed", errors=tuple(Fault("is not known here", parameter=name) for name in names))
        return None
    try:
        return operation.query.model_validate(dict(pairs))
    except ValidationError as error:
        faults = problems.of_details(error.errors(include_url=False), parameters=True)
        raise Problem("malformed", errors=faults) from None


def problem(error: Exception, w: Words) -> Problem:
    """Whatever went wrong, as a problem document; never a traceback."""
    match error:
        case Problem():
            return error
        case HTTPException():
            headers = dict(error.headers or {})
            if "Allow" in headers:
                headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
            return Problem(problems.OF_STATUS.get(error.status_code, "malformed"), headers=headers)
        case UserError():
            return problems.of_user_error(error, w)
        case StaleVersion():
            return Problem("conflict")
        case Impossible():
            return Problem("impossible")
        case TemporaryFailure():
            return Problem("unavailable", headers={"Retry-After": "5"})
    known = isinstance(error, NurtureError)
    logger().error(
        "request failed", action="api.failed", error=str(error) if known else type(error).__name__, exc_info=error
    )
    return Problem("internal")


def spoken(request: Request) -> Words:
    """The language of Accept-Language that comes first among ours; else English."""
    for part in request.headers.get("accept-language", "").split(",")[:10]:
        language = part.split(";")[0].strip().lower()[:2]
        if language in LANGUAGES:
            return words(language)
    return words("en")
