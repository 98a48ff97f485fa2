"""Requests that change something, once for each idempotency key.

Source: draft-ietf-httpapi-idempotency-key-header; what is kept is ``core.keys``.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from nurture.api.problems import Fault, Problem
from nurture.core.change import Change
from nurture.core.keys import Answered, key_id
from nurture.errors import StaleVersion, TemporaryFailure

if TYPE_CHECKING:
    from nurture.api.call import Call
    from nurture.core.tokens import ApiToken
    from nurture.ports import Store

HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')


class Marked:
    """The store as one request sees it: its first change is written with the request's mark.

    The mark is the row of its key, if it has one, and the name of the token in each line of the journal.
    """

    def __init__(self, store: Store, token: ApiToken, kind: type, row: Answered | None) -> None:
        self._store = store
        self._token = token
        self._kind = kind
        self._row = row
        self.written: Answered | None = None
        self._done = False

    async def commit(self, change: Change) -> None:
        """See ``ports.Store``."""
        if self._done:
            await self._store.commit(change)
            return
        entries = tuple(replace(e, data={**e.data, "token": self._token.name}) for e in change.entries)
        made = [put for put in change.puts if isinstance(put, self._kind)]
        row = replace(self._row, made=made[0].id if made else "") if self._row else None
        await self._store.commit(Change((*change.puts, *((row,) if row else ())), entries, change.drops))
        self._done = True
        self.written = replace(row, version=1) if row else None

    def __getattr__(self, name: str) -> Any:
        """Everything else is the store's."""
        return getattr(self._store, name)


async def once(call: Call) -> tuple[str, int, dict[str, str]]:
    """Do it, or say again what was answered: content, status, headers.

    Raises:
        Problem: no key where one is needed, one of another request, or one that is being worked on.
    """
    operation, api = call.operation, call.api
    if operation.seen and "if-match" not in call.request.headers:
        raise Problem("precondition-required")
    key, asked = _key(call), _asked(call)
    if key is None:
        return await _do(call, None)
    known = await api.doors.store.get(Answered, key)
    if known is not None:
        if known.asked != asked:
            raise Problem("key-reused", errors=(Fault("used before", header=HEADER),))
        return await _again(call, known)
    if key in api.hands:
        raise Problem("in-progress", headers={"Retry-After": "1"})
    api.hands.add(key)
    try:
        return await _do(call, Answered(key, api.doors.clock.now(), asked, ""))
    except StaleVersion as error:
        if (error.kind, error.key) == ("answered", key):  # another daemon has it
            raise Problem("in-progress", headers={"Retry-After": "1"}) from None
        raise
    finally:
        api.hands.discard(key)


async def _do(call: Call, row: Answered | None) -> tuple[str, int, dict[str, str]]:
    operation, store = call.operation, call.api.doors.store
    assert operation.makes is not None
    marked = Marked(store, call.token, operation.makes, row)
    found = await operation.handler(replace(call, doors=replace(call.doors, store=cast("Store", marked))))
    content, headers = found.data.model_dump_json(), dict(found.headers)
    if marked.written is not None:
        headers |= _location(call, marked.written.made)
        with suppress(StaleVersion, TemporaryFailure):  # it is made anew then, from what was written
            await store.commit(Change((replace(marked.written, status=operation.status, body=content),)))
    elif location := getattr(found.data, "id", None):
        headers |= _location(call, str(location))
    return content, operation.status, headers


async def _again(call: Call, known: Answered) -> tuple[str, int, dict[str, str]]:
    headers = {"Idempotency-Replayed": "true"} | _location(call, known.made)
    if known.status:
        return known.body, known.status, headers
    assert call.operation.again is not None
    found = await call.operation.again(call, known.made)
    return found.data.model_dump_json(), call.operation.status, headers | dict(found.headers)


def _location(call: Call, made: str) -> dict[str, str]:
    path = call.operation.location
    return {"Location": f"/api/v1{path}".replace("{id}", made)} if path and made else {}


def _key(call: Call) -> str | None:
    """The row of the request's key, or None where it has none.

    Raises:
        Problem: it is needed and not there, or is none.
    """
    said = call.request.headers.get(HEADER)
    if said is None:
        if call.operation.keyed:
            raise Problem(
                "malformed", "Send a new Idempotency-Key with it.", (Fault("is missing", header=HEADER),)
            )
        return None
    found = _KEY.fullmatch(said.strip())
    if found is None:
        raise Problem("malformed", errors=(Fault("1 to 255 visible ASCII characters", header=HEADER),))
    return key_id(call.token.id, found[1])


def _asked(call: Call) -> str:
    """What was asked, so that another request under the same key is known."""
    seen = call.request.headers.get("if-match", "")
    said = [call.request.method, call.request.url.path, seen, call.body.model_dump_json() if call.body else ""]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()
