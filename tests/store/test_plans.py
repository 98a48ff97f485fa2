"""How PostgreSQL answers hot questions over a database of some size, which it has measured itself (ANALYZE)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable

from nurture.core.change import Change
from nurture.store import SqlStore
from tests.store.test_schema import HOT
from tests.store.world import inbound, populate, suppression

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

    from tests.servers.postgres import Postgres

BIG = ("message", "enrollment", "person", "inbound", "suppression", "journal")
"""Tables that grow with the work: no hot question may read one of them from end to end."""

OTHERWISE = {
    "next waking": "ix_enrollment_",  # of two that do, either
    **dict.fromkeys(("claim", "claim of mailboxes", "claim but for", "pending"), "ix_message_state"),
    "left": "Index Only Scan using ix_message_sent",
    "uses": "Index Only Scan using ix_message_content",
    "planned": "ix_message_state",
    "refused": "ix_journal_at",
    "sent of": "ix_journal_",
    "step": "uq_message_step",
    "news": "pk_journal",
}
"""What is used in the place of the index that SQLite is to use."""

IN_ORDER = ("due", "next leaving", "claim", "claim of mailboxes", "kind", "news")
"""What is found without sorting all of it."""

FILL = """
SET session_replication_role = replica;
INSERT INTO person SELECT r.* FROM person p, generate_series(1, 1000) n,
  jsonb_populate_record(p, jsonb_build_object('id', 'q' || n, 'email', n || '@x.example')) r;
INSERT INTO enrollment SELECT r.* FROM enrollment e, generate_series(1, 1000) n,
  jsonb_populate_record(e, jsonb_build_object('id', 'f' || n, 'person_id', 'q' || n,
  'state', (ARRAY['active', 'active', 'paused', 'stopped'])[1 + n % 4], 'organisation_id', 'o' || n % 200,
  'wake_at', e.wake_at + n * interval '20 minutes')) r;
INSERT INTO message SELECT r.* FROM message m, generate_series(1, 12000) n,
  jsonb_populate_record(m, jsonb_build_object('id', 'n' || n, 'step_id', 's' || n,
  'person_id', 'q' || n % 1000, 'enrollment_id', 'f' || n % 1000, 'organisation_id', 'o' || n % 200,
  'state', CASE WHEN n % 100 < 90 THEN 'sent' WHEN n % 100 < 97 THEN 'waiting' ELSE 'approved' END,
  'header_id', '<' || n || '>', 'unsubscribe_token', 't' || n, 'rep_id', 'r' || n % 20,
  'not_before', CASE WHEN n % 200 = 99 THEN m.planned_at + interval '1 day' END,
  'sent_at', CASE WHEN n % 100 < 90 THEN m.planned_at - n * interval '10 minutes' END,
  'planned_on', m.planned_on - (n / 100), 'planned_at', m.planned_at + (n - 6000) * interval '10 minutes')) r;
INSERT INTO inbound SELECT r.* FROM inbound i, generate_series(1, 1500) n,
  jsonb_populate_record(i, jsonb_build_object('id', 'j' || n, 'key', 'k' || n,
  'person_id', 'q' || n % 1000, 'enrollment_id', 'f' || n % 1000,
  'handled_at', CASE WHEN n % 50 > 0 THEN i.received_at END)) r;
INSERT INTO suppression SELECT r.* FROM suppression s, generate_series(1, 1000) n,
  jsonb_populate_record(s, jsonb_build_object('id', 'u' || n, 'value',
  n || '@x.example')) r;
INSERT INTO message_body SELECT id, 'text' FROM message;
INSERT INTO journal (at, kind, actor, data, person_id, enrollment_id, message_id)
  SELECT now() - (24000 - n) * interval '1 minute', 'kind.' || n % 40, 'nurture', '{}', 'q' || n % 1000,
  'f' || n % 1000, 'n' || n % 12000 FROM generate_series(1, 24000) n;
ANALYZE;
"""


@pytest.fixture
async def full(postgres: Postgres, database: str) -> AsyncIterator[SqlStore]:
    """A store with tens of thousands of rows."""
    store = await SqlStore.open(database)
    await populate(store, 1)
    await store.commit(Change((inbound("i"), suppression("s", "address", "x@x.example"))))
    postgres.tell(FILL, database=database.rpartition("/")[2])
    yield store
    await store.close()


class Explain(Executable, ClauseElement):
    """How a statement would be run."""

    inherit_cache = False

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(Explain, "postgresql")
def _explain(element: Explain, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN {compiler.process(element.statement, **options)}"


def _plan(connection: Connection, statement: Any) -> str:
    cursor: Any = connection.execute(Explain(statement)).cursor
    return "\n".join(row[0] for row in cursor.fetchall())


async def test_hot_questions_use_indexes(full: SqlStore) -> None:
    """No hot question reads a growing table from end to end; each uses the index that was made for it."""
    for name, (statement, indexes) in HOT.items():
        plan = await full._read(lambda c, s=statement: _plan(c, s))  # type: ignore[misc]
        for index in OTHERWISE.get(name, indexes).split(" ix_"):
            assert index in plan, f"{name}: {plan}"
        for table in BIG:
            assert f"Seq Scan on {table}" not in plan, f"{name}: {plan}"
        assert name not in IN_ORDER or "Sort" not in plan, f"{name}: {plan}"
