"""One change, all or nothing, in a transaction that the caller holds.

Theory of operation
-------------------
A change is first sorted by kind and checked for what can be seen without the database (``Sorted``; the
memory store begins the same way). Then each kind is written with two statements at most: UPDATE … WHERE id
AND version, whose count of rows tells whether all versions still stood; and INSERT. Foreign keys are
checked when the transaction ends, so kinds may come in any order. Only when something failed is it asked
which row it was, after the rollback.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, case, delete, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from nurture.core.messages import EnrollmentState, Entry
from nurture.core.people import Person
from nurture.errors import Impossible, StaleVersion
from nurture.store import aside, seeking
from nurture.store.columns import INSTANT
from nurture.store.find import among
from nurture.store.mapping import KINDS, Shape, shape
from nurture.store.schema import METADATA, UNIQUE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from nurture.core.change import Change

Row = dict[str, Any]


class Puts(NamedTuple):
    """The rows of one kind in a change, in its order."""

    shape: Shape[Any]
    updates: list[Row]  # with the version that must still stand
    inserts: list[Row]


class Conflict(Exception):
    """A kind could not be written: a version had moved on, or a key was taken."""

    def __init__(self, puts: Puts) -> None:
        self.puts = puts
        super().__init__(puts.shape.kind)


def sort(change: Change) -> list[Puts]:
    """The puts of a change by kind.

    Raises:
        Impossible: a value that cannot be written, or one row put twice.
    """
    kinds: defaultdict[type, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    seen = set()
    for value in change.puts:
        shaped = shape(type(value))
        row = shaped.row(value)
        if (shaped.kind, row["id"]) in seen:
            raise Impossible("{kind} {key} stands twice in one change", kind=shaped.kind, key=row["id"])
        seen.add((shaped.kind, row["id"]))
        kinds[type(value)][row["version"] == 0].append(row)
    return [Puts(shape(kind), *kinds[kind]) for kind in KINDS if kind in kinds]


def entry_rows(change: Change) -> list[Row]:
    """The journal's new rows; the store gives the seq."""
    rows = [shape(Entry).row(entry) for entry in change.entries]
    for row in rows:
        del row["seq"]
    return rows


def write(
    connection: Connection, puts: Sequence[Puts], entries: Sequence[Row], drops: Sequence[Person] = ()
) -> None:
    """Write all of it.

    Raises:
        Conflict: roll back, then ask ``explain``.
    """
    for each in puts:
        try:
            _update(connection, each)
            if each.inserts:
                rows = [_own(each.shape, row) | {"version": 1} for row in each.inserts]
                connection.execute(insert(each.shape.table), rows)
            for field, table in each.shape.aside.items():
                aside.write(connection, table, field, each.updates, each.inserts)
            seeking.write(connection, each.shape.kind, each.updates, each.inserts)
        except IntegrityError as error:
            if is_taken(error):
                raise Conflict(each) from error
            raise
    for person in drops:
        known, beside = METADATA.tables["person"], METADATA.tables["person_words"]
        connection.execute(delete(beside).where(beside.c.id == person.id))
        went = delete(known).where(known.c.id == person.id, known.c.version == person.version)
        if connection.execute(went).rowcount != 1:
            raise Conflict(Puts(shape(Person), [shape(Person).row(person)], []))
    if entries:
        connection.execute(insert(METADATA.tables["journal"]), list(entries))


def explain(connection: Connection, puts: Puts) -> StaleVersion:
    """Which row of a kind was in the way of a change that was rolled back."""
    kind, table = puts.shape.kind, puts.shape.table.c
    ids = [row["id"] for row in (*puts.updates, *puts.inserts)]
    rows = connection.execute(select(table.id, table.version).where(among(table.id, ids)))
    versions = {row.id: row.version for row in rows}
    for row in puts.updates:
        if versions.get(row["id"]) != row["version"]:
            return StaleVersion(kind, row["id"])
    for row in puts.inserts:
        if row["id"] in versions:
            return StaleVersion(kind, row["id"])
    for row in (*puts.updates, *puts.inserts):
        for rule in (rule for rule in UNIQUE if rule.table == kind):
            key = rule.key(row)
            columns = [func.lower(table[name]) if rule.folded else table[name] for name in rule.columns]
            if key is None:
                continue
            same = [column == value for column, value in zip(columns, key, strict=True)]
            if connection.execute(select(table.id).where(*same, table.id != row["id"])).first():
                return StaleVersion(kind, row["id"])
    # Two rows of the change itself were in each other's way, or the other writer is gone again.
    return StaleVersion(kind, ids[-1])


def is_taken(error: IntegrityError) -> bool:
    """Whether a unique key was the reason (SQLite's extended code, or PostgreSQL's 23505)."""
    name = getattr(error.orig, "sqlite_errorname", "")
    return name in _TAKEN or getattr(error.orig, "sqlstate", None) == "23505"


_TAKEN: Final = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"})


def wake_all(connection: Connection, now: datetime) -> int:
    """Every active enrollment wakes now, unless it was to wake earlier."""
    enrollment = METADATA.tables["enrollment"]
    earlier = case((enrollment.c.wake_at < now, enrollment.c.wake_at), else_=literal(now, INSTANT))
    return connection.execute(
        update(enrollment)
        .where(enrollment.c.state == EnrollmentState.ACTIVE.value)
        .values(wake_at=earlier, version=enrollment.c.version + 1)
    ).rowcount


def prune(connection: Connection, ended_before: datetime) -> int:
    """What was told, or given up, before then goes."""
    dispatch = METADATA.tables["dispatch"]
    return connection.execute(
        delete(dispatch).where(dispatch.c.ended_at < literal(ended_before, INSTANT))
    ).rowcount


def forget(connection: Connection, before: datetime) -> int:
    """Idempotency keys from before then are let go of."""
    answered = METADATA.tables["answered"]
    return connection.execute(delete(answered).where(answered.c.at < before)).rowcount


def _own(shaped: Shape[Any], row: Row) -> Row:
    """What of a row stands in the table itself."""
    return {name: x for name, x in row.items() if name not in shaped.aside}


def _update(connection: Connection, puts: Puts) -> None:
    if not puts.updates:
        return
    table = puts.shape.table
    rows = [
        {"_id": row["id"], "_version": row["version"]}
        | {name: x for name, x in _own(puts.shape, row).items() if name != "id"}
        | {"version": row["version"] + 1}
        for row in puts.updates
    ]
    statement = update(table).where(table.c.id == bindparam("_id"), table.c.version == bindparam("_version"))
    if connection.execute(statement, rows).rowcount != len(rows):
        raise Conflict(puts)
