"""Somebody is erased: ``core.erasure`` decides, row by row; here rows are found and written, in one transaction.

Every table that holds texts is read from end to end for the person's id, address and names: that takes seconds in
a large database, is done seldom, and forgets no table that is added later. The journal is unlocked for these lines
alone, within the transaction; nobody else ever sees it open. SQLite overwrites what it deletes (its
``secure_delete``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, delete, func, insert, literal_column, or_, select, update

from nurture.core import audit
from nurture.core.erasure import GOES_WITH, Outcome, Subject, decide, redacted
from nurture.core.messages import Entry
from nurture.errors import TemporaryFailure
from nurture.store.find import among
from nurture.store.mapping import shape
from nurture.store.schema import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection, Table

    Row = dict[str, Any]

NOT_READ: Final = frozenset(
    {"journal", "journal_unlock", "journal_seal", "alembic_version", "login_token", "api_token"}
)
"""Tables that are looked at by themselves, or hold no word about people outside."""
_UNLOCK: Final = METADATA.tables["journal_unlock"]
_JOURNAL: Final = METADATA.tables["journal"]


def erase(connection: Connection, who: Subject, told: Entry) -> tuple[str, ...]:
    """Erase all of it and write down that it was done; the keys of files that no letter names any more.

    Raises:
        TemporaryFailure: a letter to the person is on the wire.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    tables = {t.name: _read(connection, t, who) for t in METADATA.sorted_tables if t.name not in NOT_READ}
    refuse_moving(tables["message"], who)
    files = files_of(tables["message"], who)
    outcome = decide(tables, who)
    _write(connection, outcome)
    lines = _redact(connection, who)
    row = shape(Entry).row(finished(told, lines, outcome))
    connection.execute(insert(_JOURNAL), [{name: x for name, x in row.items() if name != "seq"}])
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
    message = METADATA.tables["message"].c
    others = select(message.id).limit(1)
    return tuple(k for k in files if not connection.execute(others.where(message.attachments.contains(k))).first())


def files_of(messages: Iterable[Row], who: Subject) -> list[str]:
    """The files that went with the person's letters, by key."""
    return sorted(
        {key for row in messages if row["person_id"] == who.id for key in json.loads(row["attachments"])}
    )


def refuse_moving(messages: Iterable[Row], who: Subject) -> None:
    """What is on the wire gets its answer first.

    Raises:
        TemporaryFailure: something is.
    """
    if any(row["person_id"] == who.id and row["state"] == "sending" for row in messages):
        raise TemporaryFailure("A letter to this person is just leaving; try again in a minute")


def finished(told: Entry, lines: Iterable[int], outcome: Outcome) -> Entry:
    """The line that tells of it, with what was changed."""
    gone = {name: len(ids) for name, ids in sorted(outcome.gone.items()) if name in GOES_WITH}
    return Entry(
        told.at, told.kind, told.actor, {**told.data, **gone, "lines": audit.spans(lines)}, told.person_id
    )


def _read(connection: Connection, table: Table, who: Subject) -> list[Row]:
    """The rows that could speak of somebody."""
    columns = [c for c in table.c if isinstance(c.type, Text)]
    marks = [who.id, *who.names]
    hits: list[ColumnElement[bool]] = [c.contains(mark, autoescape=True) for c in columns for mark in marks]
    hits += [func.lower(c).contains(who.email, autoescape=True) for c in columns]
    if table.name in {"meeting", "organisation"}:
        place = table.c.id if table.name == "organisation" else table.c.organisation_id
        hits.append(among(place, who.houses))
    selected: list[Any] = list(table.c)
    if table.name == "message_body":
        message = METADATA.tables["message"].c
        theirs = select(message.id).where(among(message.organisation_id, who.houses))
        selected.append(table.c.id.in_(theirs).label("of_theirs"))
    rows = connection.execute(select(*selected).where(or_(literal_column("1") == 2, *hits))).mappings()
    found = [dict(row) for row in rows]
    if table.name == "task":
        found += _of_theirs(connection, table, who, found)
    return found


def _of_theirs(connection: Connection, table: Table, who: Subject, found: Iterable[Row]) -> list[Row]:
    """Tasks about mails or enrollments that will go, of whomever they are."""
    known = {row["id"] for row in found}
    message, run = METADATA.tables["message"].c, METADATA.tables["enrollment"].c
    about = or_(
        table.c.message_id.in_(select(message.id).where(message.person_id == who.id)),
        table.c.enrollment_id.in_(select(run.id).where(run.person_id == who.id)),
    )
    rows = connection.execute(select(table).where(about)).mappings()
    return [dict(row) for row in rows if row["id"] not in known]


def _write(connection: Connection, outcome: Outcome) -> None:
    # What points to rows that go is mended first; references are checked when the transaction ends.
    for column, target, table in (
        ("message_id", "message", "inbound"),
        ("enrollment_id", "enrollment", "inbound"),
        ("fulfilled_by", "message", "promise"),
    ):
        if ids := outcome.gone.get(target):
            into = METADATA.tables[table]
            connection.execute(update(into).where(among(into.c[column], ids)).values({column: None}))
    for name, rows in outcome.changed.items():
        table_ = METADATA.tables[name]
        for row in rows:
            values = {c: x for c, x in row.items() if c != "id" and c in table_.c}
            connection.execute(update(table_).where(table_.c.id == row["id"]).values(values))
    for name, ids in outcome.gone.items():
        table_ = METADATA.tables[name]
        connection.execute(delete(table_).where(among(table_.c.id, ids)))


def _redact(connection: Connection, who: Subject) -> list[int]:
    """Take the person out of the journal; the numbers of the lines that were changed."""
    shaped, j = shape(Entry), _JOURNAL.c
    texts = [func.lower(c).contains(who.email, autoescape=True) for c in (j.data, j.actor)]
    texts += [j.data.contains(name, autoescape=True) for name in who.names]
    lines = connection.execute(shaped.selected.where(or_(j.person_id == who.id, *texts))).all()
    changed = [new for row in lines if (new := without(shaped.value(row), who)) is not None]
    if changed:
        connection.execute(insert(_UNLOCK), [{"id": who.id}])
        for entry in changed:
            row = shaped.row(entry)
            values = {"actor": row["actor"], "data": row["data"]}
            connection.execute(update(_JOURNAL).where(j.seq == entry.seq).values(values))
        connection.execute(delete(_UNLOCK))
    return [entry.seq for entry in changed]


def without(entry: Entry, who: Subject) -> Entry | None:
    """A line without the person; None where it is as it was."""
    return redacted(entry, audit.leaf(entry), who)
