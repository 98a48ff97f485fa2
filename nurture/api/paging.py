"""Lists in pages: a cursor stands for the last row that was given, by its sort key and its id.

A page never counts and never skips, so the last one costs what the first costs, and a row that is added or ends in
between moves nobody else. Two queries at most: rows with the same sort key and a greater id, then rows beyond.
Cursors are sealed and carry what was asked: whoever changes either begins anew.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from nurture.api.problems import Fault, Problem
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.ports import Store

V = TypeVar("V")

MOST: Final = 200
"""Rows of one page, at most."""
USUAL: Final = 50
_SEAL: Final = 12  # bytes of the seal: a forged one leads nowhere that a search would not
_EVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Page(Generic[V]):
    """Rows, and the cursor after them; None: there are no more."""

    rows: tuple[V, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page: ``about`` names list and filters, so that a cursor is not taken to another list."""

    key: bytes
    about: str
    cursor: str | None
    limit: int

    def after(self) -> list[Any] | None:
        """The position that the cursor stands for.

        Raises:
            Problem: it is none that was given for this list.
        """
        if self.cursor is None:
            return None
        try:
            raw = urlsafe_b64decode(self.cursor.encode("ascii") + b"=" * (-len(self.cursor) % 4))
            seal, text = raw[:_SEAL], raw[_SEAL:]
            if hmac.compare_digest(seal, self._seal(text)):
                position: list[Any] = json.loads(text)
                return position
        except (ValueError, NotBase64):
            pass
        raise Problem("malformed", errors=(Fault("not a cursor of this list", parameter="cursor"),))

    def to(self, position: list[Any]) -> str:
        """The cursor for a position."""
        text = json.dumps(position, separators=(",", ":")).encode()
        return urlsafe_b64encode(self._seal(text) + text).decode("ascii").rstrip("=")

    def _seal(self, text: bytes) -> bytes:
        return hmac.digest(self.key, self.about.encode() + b"\0" + text, hashlib.sha256)[:_SEAL]


async def by_id(store: Store, kind: type[V], where: Mapping[str, object], asked: Asked) -> Page[V]:
    """In the order in which they were made: ids ascend."""
    after = asked.after()
    if after is not None and "id" not in where:
        where = {**where, "id": Span(low=after[0] + "\x01")}
    found = await store.find(kind, where, limit=asked.limit + 1)
    rows = found[: asked.limit]
    last: Any = rows[-1] if rows else None
    return Page(rows, asked.to([last.id]) if len(found) > asked.limit else None)


async def by_moment(store: Store, kind: type[V], field: str, where: Mapping[str, object], asked: Asked) -> Page[V]:
    """By a moment, the earliest first, then by id. Rows without the moment are left out."""
    after = asked.after()
    found: tuple[V, ...] = ()
    low = _EVER
    if after is not None:
        at = datetime.fromisoformat(after[0])
        low = at + _TICK
        same = {**where, field: at, "id": Span(low=after[1] + "\x01")}
        found = await store.find(kind, same, limit=asked.limit + 1)
    if len(found) <= asked.limit:
        rest = asked.limit + 1 - len(found)
        found += await store.find(kind, {**where, field: Span(low=low)}, order=(field,), limit=rest)
    rows = found[: asked.limit]
    last: Any = rows[-1] if rows else None
    return Page(rows, asked.to([getattr(last, field).isoformat(), last.id]) if len(found) > asked.limit else None)


async def by_seq(
    store: Store, kind: type[V], where: Mapping[str, object], asked: Asked, *, latest_first: bool
) -> Page[V]:
    """The journal in its order, or the latest line first."""
    after = asked.after()
    if after is not None:
        where = {**where, "seq": Span(high=after[0]) if latest_first else Span(low=after[0] + 1)}
    order = ("-seq",) if latest_first else ("seq",)
    found = await store.find(kind, where, order=order, limit=asked.limit + 1)
    rows = found[: asked.limit]
    last: Any = rows[-1] if rows else None
    return Page(rows, asked.to([last.seq]) if len(found) > asked.limit else None)
