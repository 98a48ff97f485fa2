"""The OpenAPI 3.1 document, from the table of operations and the models."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import models_json_schema

from nurture import __version__
from nurture.api import schemas
from nurture.api.forms import Nothing
from nurture.api.keys import HEADER
from nurture.api.problems import KINDS, MEDIA_TYPE
from nurture.api.table import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from nurture.api.call import Operation

REF: Final = "#/components/schemas/{model}"

ABOUT: Final = (
    "The desk of nurture for other programs. Send a token (nurture token create) as Authorization: Bearer. What a "
    "token does not see does not exist: 404. An error is a problem document (RFC 9457)."
)

RATED: Final = {
    "RateLimit": {"schema": {"type": "string"}, "description": "what is left to this token"},
    "RateLimit-Policy": {"schema": {"type": "string"}, "description": "what a token may ask"},
}


@cache
def document() -> dict[str, Any]:
    """The whole document, as plain values."""
    known, schemas_ = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, known, schemas_)
    return {
        "openapi": "3.1.0",
        "info": {"title": "nurture", "version": __version__, "description": ABOUT},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas_,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                kind: {
                    "description": f"{one.title}. {one.advice}",
                    "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}},
                }
                for kind, one in KINDS.items()
            },
        },
    }


def _schemas() -> tuple[dict[tuple[type[BaseModel], str], str], dict[str, Any]]:
    """The name of each model's schema, and all schemas."""
    answers = {o.answers for o in OPERATIONS} | {schemas.Problem}
    bodies = {o.body for o in OPERATIONS if o.body} | {o.query for o in OPERATIONS if o.query}
    wanted: list[Any] = [(model, "serialization") for model in sorted(answers, key=lambda m: m.__name__)]
    wanted += [(model, "validation") for model in sorted(bodies, key=lambda m: m.__name__)]
    references, found = models_json_schema(wanted, ref_template=REF)
    names = {key: ref["$ref"].rpartition("/")[2] for key, ref in references.items()}
    return names, found["$defs"]  # type: ignore[return-value]


def _operation(operation: Operation, known: dict[Any, str], all_schemas: dict[str, Any]) -> dict[str, Any]:
    scope = f"Scope `{operation.scope}`." if operation.scope else "Any token."
    person = " Needs a token that acts as a representative." if operation.person else ""
    said: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": scope + person,
        "responses": {str(operation.status): _answer(operation, known)} | dict(_problems(operation)),
    }
    if parameters := list(_parameters(operation, known, all_schemas)):
        said["parameters"] = parameters
    if operation.body:
        schema = {"$ref": REF.format(model=known[operation.body, "validation"])}
        said["requestBody"] = {
            "required": not issubclass(operation.body, Nothing),
            "content": {"application/json": {"schema": schema}},
        }
    return said


def _answer(operation: Operation, known: dict[Any, str]) -> dict[str, Any]:
    headers: dict[str, Any] = dict(RATED)
    if operation.answers is schemas.MessageWhole:
        headers["ETag"] = {"schema": {"type": "string"}, "description": "what an approval names in If-Match"}
    if operation.location:
        headers["Location"] = {"schema": {"type": "string"}, "description": "where it is to be found"}
    schema = {"$ref": REF.format(model=known[operation.answers, "serialization"])}
    return {
        "description": operation.summary,
        "headers": headers,
        "content": {"application/json": {"schema": schema}},
    }


def _parameters(
    operation: Operation, known: dict[Any, str], all_schemas: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    for part in operation.path.split("/"):
        if part.startswith("{"):
            schema = {"type": "string", "pattern": "^[0-9A-Za-z_.:-]{1,64}$"}
            yield {"name": part[1:-1], "in": "path", "required": True, "schema": schema}
    if operation.query:
        asked = all_schemas[known[operation.query, "validation"]]
        for name, schema in asked["properties"].items():
            yield {"name": name, "in": "query", "required": False, "schema": _plain(schema)}
    if operation.makes:
        yield {
            "name": HEADER,
            "in": "header",
            "required": operation.keyed,
            "description": "a new one for each new request; the same one when the same request is sent again",
            "schema": {"type": "string", "pattern": "^[!#-~]{1,255}$"},
        }
    if operation.seen:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": "the ETag of the mail that was looked at",
            "schema": {"type": "string", "pattern": '^"[0-9]+-[0-9a-f]{64}"$'},
        }


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out has no null: what is there is text."""
    options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default", "title"}}
    more = {"default": schema["default"]} if schema.get("default") is not None else {}
    return rest | ({"anyOf": options} if len(options) > 1 else options[0] if options else {}) | more


def _problems(operation: Operation) -> Iterator[tuple[str, Any]]:
    """Which problems it can answer with, one for each status."""
    yield "400", _ref("malformed")
    yield "401", _ref("unauthorized")
    yield "403", _ref("insufficient-scope")
    if "{" in operation.path:
        yield "404", _ref("not-found")
    if operation.makes:
        yield "409", _ref("conflict")
        if operation.seen:
            yield "412", _ref("precondition-failed")
        yield "413", _ref("too-large")
        yield "415", _ref("unsupported-media-type")
        yield "422", _ref("invalid")
        if operation.seen:
            yield "428", _ref("precondition-required")
    yield "429", _ref("too-many-requests")
    yield "500", _ref("internal")
    yield "503", _ref("unavailable")


def _ref(kind: str) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{kind}"}
