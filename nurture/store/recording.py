"""Outcomes of claimed messages: one statement for the rows, one for the journal, however many there are."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select, update

from nurture.core.messages import Entry
from nurture.errors import Impossible
from nurture.store.codecs import clean
from nurture.store.columns import TEXT
from nurture.store.mapping import shape
from nurture.store.packed import item, moment, number, unpacked
from nurture.store.schema import METADATA

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from nurture.core.upshot import Upshot

_MESSAGE: Final = METADATA.tables["message"]
_JOURNAL: Final = METADATA.tables["journal"]
_DATA: Final = shape(Entry).encoder("data")
_ID, _VERSION = 0, 1


def record(connection: Connection, upshots: Sequence[Upshot]) -> tuple[int, ...]:
    """Write the outcomes of claimed messages; returns the positions of those whose version had moved on.

    Raises:
        Impossible: as ``check``.
    """
    if not upshots:
        return ()
    said: dict[datetime | None, str | None] = {None: None}  # a batch has few moments
    rows = [_row(upshot, said) for upshot in upshots]
    refused: tuple[int, ...] = ()
    alone = connection.begin_nested()
    if _update(connection, rows) == len(rows):
        alone.commit()
    else:  # somebody wrote to one of them: which?
        alone.rollback()
        refused = tuple(at for at, row in enumerate(rows) if _update(connection, [row]) != 1)
        rows = [row for at, row in enumerate(rows) if at not in refused]
    if rows:
        connection.execute(_WRITE, {"rows": _text(rows)})
    return refused


def _update(connection: Connection, rows: list[list[Any]]) -> int:
    return connection.execute(_SETTLE, {"rows": _text(rows)}).rowcount


def _text(rows: list[list[Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def check(upshot: Upshot) -> None:
    """Refuse what no store could write.

    Raises:
        Impossible: a line about another message, or an instant without a zone.
    """
    if upshot.entry.message_id != upshot.id:
        raise Impossible("an outcome is of one message, and so is its line of the journal")
    for at in (upshot.not_before, upshot.claimed_at, upshot.sent_at, upshot.entry.at):
        if at is not None and at.tzinfo is None:
            raise Impossible("{value} is not an aware instant", value=type(at).__name__)


def _row(upshot: Upshot, said: dict[datetime | None, str | None]) -> list[Any]:
    """In the order of ``_SETTLE`` and ``_WRITE``; ``said``: moments that were written out already."""
    check(upshot)
    entry = upshot.entry
    for at in (upshot.not_before, upshot.claimed_at, upshot.sent_at, entry.at):
        if at is not None and at not in said:
            said[at] = _moment(at)
    return [
        upshot.id,
        upshot.version,
        upshot.state.value,
        upshot.reason,
        said[upshot.not_before],
        upshot.attempts,
        upshot.claimed_by,
        said[upshot.claimed_at],
        said[upshot.sent_at],
        clean(upshot.answer),
        said[entry.at],
        entry.kind,
        entry.actor,
        _DATA(entry.data),
        entry.person_id,
        entry.organisation_id,
        entry.deal_id,
        entry.enrollment_id,
    ]


def _moment(at: datetime) -> str:
    """As SQLite keeps instants, and as PostgreSQL reads them."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _settle() -> Any:
    rows = unpacked(bindparam("rows", type_=TEXT))
    fresh = select(
        item(rows, _ID).label("id"),
        number(rows, _VERSION).label("version"),
        item(rows, 2).label("state"),
        item(rows, 3).label("reason"),
        moment(rows, 4).label("not_before"),
        number(rows, 5).label("attempts"),
        item(rows, 6).label("claimed_by"),
        moment(rows, 7).label("claimed_at"),
        moment(rows, 8).label("sent_at"),
        item(rows, 9).label("answer"),
    ).subquery("fresh")
    same = (_MESSAGE.c.id == fresh.c.id, _MESSAGE.c.version == fresh.c.version)
    values = {name: fresh.c[name] for name in fresh.c.keys() if name not in {"id", "version"}}  # noqa: SIM118
    return update(_MESSAGE).where(*same).values(**values, version=_MESSAGE.c.version + 1)


def _write() -> Any:
    rows = unpacked(bindparam("rows", type_=TEXT))
    names = ("kind", "actor", "data", "person_id", "organisation_id", "deal_id", "enrollment_id")
    lines = select(moment(rows, 10), *(item(rows, at) for at in range(11, 18)), item(rows, _ID))
    return insert(_JOURNAL).from_select(["at", *names, "message_id"], lines)


_SETTLE: Final = _settle()
_WRITE: Final = _write()
