"""Long texts beside the rows that they belong to (``mapping.ASIDE``): written when they change, and then alone."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from nurture.store.columns import TEXT
from nurture.store.find import among
from nurture.store.packed import item, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection, Table

    Row = Mapping[str, Any]


def write(
    connection: Connection, table: Table, field: str, updates: Iterable[Row], inserts: Iterable[Row]
) -> None:
    """Keep the texts of rows that have just been written; one that has become empty goes.

    Args:
        connection: in the transaction that wrote the rows.
        table: with the columns ``id`` and ``field``.
        field: of the rows.
        updates: rows that were there before.
        inserts: rows that were not.
    """
    known = [(row["id"], row[field]) for row in updates]
    if gone := [key for key, text in known if not text]:
        connection.execute(delete(table).where(among(table.c.id, gone)))
    if kept := [pair for pair in known if pair[1]]:
        for statement in _changed(table, field):
            connection.execute(statement, {"rows": json.dumps(kept, ensure_ascii=False)})
    if new := [{"id": row["id"], field: row[field]} for row in inserts if row[field]]:
        connection.execute(insert(table), new)


@cache
def _changed(table: Table, field: str) -> tuple[Any, Any]:
    """Texts that are another now; texts that are the first."""
    rows = unpacked(bindparam("rows", type_=TEXT))
    fresh = select(item(rows, 0).label("id"), item(rows, 1).label("text")).subquery("fresh")
    other = update(table).where(table.c.id == fresh.c.id, table.c[field] != fresh.c.text)
    there = select(table.c.id).where(table.c.id == fresh.c.id).exists()
    first = insert(table).from_select(["id", field], select(fresh.c.id, fresh.c.text).where(~there))
    return other.values({field: fresh.c.text}), first
