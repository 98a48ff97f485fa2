"""The schema: tables, values and migrations agree, and hot questions use indexes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import fields
from datetime import date, datetime
from enum import StrEnum
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Boolean, Date, Text, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from nurture.core.change import Entity
from nurture.core.limits import Asked
from nurture.core.messages import Enrollment, Entry, Inbound, Message, Suppression
from nurture.core.people import Person
from nurture.errors import UserError
from nurture.ports import Span
from nurture.store import SqlStore, claiming, migrations, numbers, queries, seeking, traffic, upgrade
from nurture.store.codecs import hints
from nurture.store.columns import Instant
from nurture.store.mapping import KINDS, shape
from nurture.store.schema import METADATA, UNIQUE
from tests.store.world import BOX, NOW, TODAY, populate

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Executable


def _schema(path: Path) -> set[tuple[str, str, str]]:
    """All objects of a database, with white space made alike."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        objects = {(kind, name, " ".join(sql.split())) for kind, name, sql in rows if name != "alembic_version"}
        return objects | set(connection.execute("SELECT tbl, idx, stat FROM sqlite_stat1"))


class TestTables:
    """Rows and values."""

    def test_every_entity_has_a_table(self) -> None:
        """What a change can hold can be kept."""
        assert set(KINDS) == {*get_args(Entity), Entry}

    @pytest.mark.parametrize("kind", KINDS)
    def test_columns_are_the_fields(self, kind: type[Any]) -> None:
        """Same names, same order, NULL exactly where None may be, and a column type that fits."""
        shaped = shape(kind)
        table = shaped.table
        names = [f.name for f in fields(kind)]
        assert list(table.c.keys()) == [name for name in names if name not in shaped.aside]
        assert all(list(aside.c.keys()) == ["id", field] for field, aside in shaped.aside.items())
        types = hints(kind)
        for name in names:
            column = shaped.aside[name].c[name] if name in shaped.aside else table.c[name]
            hint = types[name]
            assert column.nullable == (NoneType in get_args(hint)), f"{table.name}.{name}"
            plain = next((a for a in get_args(hint) if a is not NoneType), hint) if column.nullable else hint
            plain = getattr(plain, "__supertype__", plain)
            expected = {str: Text, int: BigInteger, bool: Boolean, datetime: Instant, date: Date}.get(plain, Text)
            assert isinstance(column.type, expected), f"{table.name}.{name}"
            if not isinstance(plain, type) or not issubclass(plain, str | int | bool | date | StrEnum):
                assert shape(kind)._codecs[name].nested, f"{table.name}.{name}"

    def test_unique_keys_are_indexes(self) -> None:
        """What the memory store refuses, the tables refuse, and nothing more."""
        indexes = {i.name for table in METADATA.tables.values() for i in table.indexes if i.unique}
        assert {rule.name for rule in UNIQUE} == indexes

    def test_postgresql_can_have_them(self) -> None:
        """Every table can be said to PostgreSQL: instants with a zone, text by code point."""
        for table in METADATA.sorted_tables:
            sql = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
            assert "DATETIME" not in sql
            if table.name == "journal":
                assert "seq BIGSERIAL NOT NULL" in sql
                assert "at TIMESTAMP WITH TIME ZONE NOT NULL" in sql
                assert 'kind TEXT COLLATE "C" NOT NULL' in sql

    def test_postgresql_can_be_asked(self) -> None:
        """Claims skip what another daemon holds; lists of ids are one parameter there too."""
        dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        assert "FOR UPDATE SKIP LOCKED" in str(queries.claim_statement(NOW, 5).compile(dialect=dialect))
        asked = queries.find_statement(Person, {"id": ["a", "b"]}, (), None).compile(dialect=dialect)
        assert "= ANY(" in str(asked)


class TestMigrations:
    """The schema's history leads to the tables."""

    async def test_they_build_exactly_the_tables(self, tmp_path: Path) -> None:
        """Tables, columns, keys, indexes and triggers are the same, word for word."""
        store = await SqlStore.open(tmp_path / "migrated.sqlite")
        await store.close()
        engine = create_engine(f"sqlite:///{tmp_path}/direct.sqlite")
        METADATA.create_all(engine)
        engine.dispose()
        assert _schema(tmp_path / "migrated.sqlite") == _schema(tmp_path / "direct.sqlite")

    @pytest.mark.filterwarnings("ignore:.*expression-based index")
    async def test_alembic_sees_no_difference(self, tmp_path: Path) -> None:
        """A new revision would be empty."""
        store = await SqlStore.open(tmp_path / "n.sqlite")

        def compare(connection: Connection) -> list[Any]:
            """What a new revision would change."""
            return list(compare_metadata(MigrationContext.configure(connection), METADATA))

        assert await store._read(compare) == []
        await store.close()

    def test_head_is_the_last_revision(self) -> None:
        """The revision that the program asks for is the last one that ships."""
        assert ScriptDirectory.from_config(migrations.config()).get_current_head() == migrations.HEAD

    @pytest.mark.parametrize(
        ("sql", "words"),
        [
            ("UPDATE alembic_version SET version_num = '9999'", "newer"),
            ("DROP TABLE alembic_version", "another program"),
        ],
    )
    async def test_another_schema_is_refused(self, tmp_path: Path, sql: str, words: str) -> None:
        """A newer database, or one of another program, is left as it is, and its user is told."""
        path = tmp_path / "n.sqlite"
        await (await SqlStore.open(path)).close()
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(sql)
        before = _schema(path)
        with pytest.raises(UserError, match=words):
            await SqlStore.open(path)
        with pytest.raises(UserError, match=words):
            upgrade(f"sqlite:///{path}")
        assert _schema(path) == before

    async def test_an_older_schema_is_refused_until_it_is_upgraded(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A schema that an upgrade could mend is not touched by opening: the user is told to upgrade."""
        path = tmp_path / "n.sqlite"
        await (await SqlStore.open(path)).close()
        monkeypatch.setattr(migrations, "HEAD", "9998")
        with pytest.raises(UserError, match="older") as refused:
            await SqlStore.open(path)
        assert "nurture upgrade" in (refused.value.hint or "")

    async def test_upgrade_builds_and_does_no_harm(self, tmp_path: Path) -> None:
        """Of an empty file it makes a database; done again it does nothing."""
        assert upgrade(f"sqlite:///{tmp_path}/n.sqlite") == (None, migrations.HEAD)
        assert upgrade(f"sqlite:///{tmp_path}/n.sqlite") == (migrations.HEAD, migrations.HEAD)
        await (await SqlStore.open(tmp_path / "n.sqlite")).close()


def _find(of: type[Any], *order: str, **where: object) -> Executable:
    return queries.find_statement(of, where, order, 50)


ASKED = traffic.statements(Asked(NOW, TODAY, NOW, NOW, promised=True, after=NOW, without=frozenset({"s"})))
HOT: dict[str, tuple[Any, str]] = {
    "due": (queries.due_statement(NOW, 100), "ix_enrollment_due"),
    "resting": (_find(Enrollment, "wake_at", state="paused", wake_at=Span(None, NOW)), "ix_enrollment_rest"),
    "next waking": (queries.next_statements()[0], "ix_enrollment_due"),
    "next leaving": (queries.next_statements()[1], "ix_message_"),
    "next held": (queries.next_statements()[2], "ix_message_held"),
    "claim": (queries.claim_statement(NOW, 100), "COVERING INDEX ix_message_state"),
    "claim of mailboxes": (queries.claim_statement(NOW, 100, [BOX]), "COVERING INDEX ix_message_state"),
    "claim but for": (
        queries.claim_statement(NOW, 100, [BOX], after=NOW, without=["s"]),
        "COVERING INDEX ix_message_state",
    ),
    "glances": (
        claiming.READ.params(ids=["m"], start=TODAY),
        " ".join(f"ix_{name}" for name in ("message_enrollment", "message_person", "suppression_value")),
    ),
    "left": (ASKED.sent, "COVERING INDEX ix_message_sent"),
    "under way": (ASKED.under_way, "ix_message_state"),
    "put off": (ASKED.promised, "ix_message_held"),
    "refused": (ASKED.refused, "ix_journal_kind ix_journal_at"),
    "pending": (ASKED.pending, "COVERING INDEX ix_message_state"),
    "uses": (numbers.uses_statement(), "COVERING INDEX ix_message_content"),
    "taken": (traffic.taken_statement(NOW), "ix_message_sent"),
    "planned": (numbers.planned_statement(TODAY, TODAY, None, None), "COVERING INDEX ix_message_state"),
    "planned of": (numbers.planned_statement(TODAY, TODAY, ["tanaka"], None), "ix_message_queue"),
    "touches": (queries.touches_statement(["p"], ["aoba"], TODAY), "ix_message_person ix_message_organisation"),
    "silence": (queries.suppression_statements(["x"], ["y"])[0], "ix_suppression_value"),
    "silence on a topic": (queries.suppression_statements(["x"], ["y"])[1], "ix_suppression_value"),
    "replied": (queries.replied_statement(["e"]), "ix_inbound_enrollment ix_inbound_person"),
    "open messages of": (_find(Message, enrollment_id=["e"], state=["waiting"]), "ix_message_enrollment"),
    "sent to": (_find(Message, "-planned_at", person_id="p", state="sent"), "ix_message_person"),
    "running": (_find(Enrollment, person_id="p", state=["active"]), "ix_enrollment_person"),
    "sent of": (_find(Entry, "seq", kind="message.sent", enrollment_id="e"), "ix_journal_enrollment"),
    "messages of": (_find(Message, enrollment_id=["e"]), "ix_message_enrollment"),
    "step": (_find(Message, enrollment_id="e", step_id="x"), "message"),
    "queue": (_find(Message, "planned_at", rep_id="tanaka", state=["waiting"]), "ix_message_queue"),
    "state": (_find(Message, state="in_doubt"), "ix_message_state"),
    "header": (_find(Message, header_id="<h>"), "uq_message_header"),
    "headers": (_find(Message, header_id=["<h>"]), "uq_message_header"),
    "token": (_find(Message, unsubscribe_token="t"), "uq_message_token"),
    "houses": (queries.houses_statement(["aoba.example"]), "ix_person_domain"),
    "last about": (queries.last_about_statement(["d"]), "ix_journal_deal"),
    "address": (_find(Person, email="x"), "ix_person_email"),
    "addresses": (_find(Person, email=["x"]), "ix_person_email"),
    "inbound": (_find(Inbound, mailbox_id=BOX, key=["k"]), "uq_inbound_key"),
    "strays": (_find(Inbound, "received_at", handled_at=None), "ix_inbound_unhandled"),
    "silences": (_find(Suppression, value="x"), "ix_suppression_value"),
    "person's story": (_find(Entry, "-seq", person_id="p"), "ix_journal_person"),
    "enrollment's story": (_find(Entry, "seq", enrollment_id="e"), "ix_journal_enrollment"),
    "message's story": (_find(Entry, "-seq", message_id="m"), "ix_journal_message"),
    "kind": (_find(Entry, "-seq", kind="message.sent"), "ix_journal_kind"),
    "period": (_find(Entry, at=Span(NOW, NOW)), "ix_journal_at"),
    "news": (_find(Entry, "seq", seq=Span(5)), "PRIMARY KEY"),
}


class TestPlans:
    """How SQLite answers."""

    async def test_hot_questions_use_indexes(self, tmp_path: Path) -> None:
        """No hot question reads a whole table of ours, and each uses the index that was made for it."""
        store = await SqlStore.open(tmp_path / "n.sqlite")
        await populate(store, 50)
        for name, (statement, indexes) in HOT.items():
            plan = await store._read(lambda c, s=statement: _plan(c, s))  # type: ignore[misc]
            for index in indexes.split():
                assert index in plan, f"{name}: {plan}"
            for line in plan.splitlines():
                assert not line.startswith("SCAN") or "INDEX" in line or "json_each" in line or "(" in line, (
                    f"{name}: {plan}"
                )
        await store.close()

    @pytest.mark.parametrize(
        "name",
        ["due", "next leaving", "next held", "claim", "person's story", "message's story", "kind", "strays"],
    )
    async def test_order_comes_from_the_index(self, tmp_path: Path, name: str) -> None:
        """The first of many are found without sorting all."""
        store = await SqlStore.open(tmp_path / "n.sqlite")
        plan = await store._read(lambda c: _plan(c, HOT[name][0]))
        await store.close()
        assert "TEMP B-TREE FOR ORDER" not in plan

    async def test_namesakes_are_read_from_the_index_alone(self, tmp_path: Path) -> None:
        """Who stands twice at one organisation is seen without reading all people, or sorting them by name."""
        store = await SqlStore.open(tmp_path / "n.sqlite")
        plan = await store._read(lambda c: _plan(c, seeking.twins_statement(None, 400)))
        await store.close()

        assert "SEARCH person USING COVERING INDEX ix_person_organisation" in plan
        assert "(organisation_id=? AND family_name=? AND given_name=?)" in plan
        assert "SCAN person" not in plan
        assert "TEMP B-TREE FOR GROUP BY" not in plan

    async def test_statements_do_not_grow_with_the_batch(self, tmp_path: Path) -> None:
        """Dossiers and claims of two hundred take as many statements as those of two."""
        store = await SqlStore.open(tmp_path / "n.sqlite")
        await populate(store, 250)
        seen: list[int] = []

        def count(connection: Connection, limit: int) -> None:
            """Claim, and count the statements."""
            counted: list[str] = []
            driver: Any = connection.connection.driver_connection
            driver.set_trace_callback(counted.append)
            late = NOW.replace(hour=23)
            ids = claiming.mark(connection, late, "x", queries.claim_statement(late, limit))
            assert len(claiming.read(connection, late, ids)) == limit
            driver.set_trace_callback(None)
            seen.append(len([s for s in counted if not s.startswith("--")]))

        await store._write(lambda c: count(c, 2))
        await store._write(lambda c: count(c, 200))
        await store.close()
        assert seen[0] == seen[1]
        assert seen[0] <= 6


def _plan(connection: Connection, statement: Executable) -> str:
    compiled = statement.compile(connection, compile_kwargs={"render_postcompile": True})  # type: ignore[attr-defined]
    types = {name: bind.type.dialect_impl(connection.dialect) for name, bind in compiled.binds.items()}
    values = []
    for name in compiled.positiontup:
        process = types[name].bind_processor(connection.dialect) if name in types else None
        values.append(process(compiled.params[name]) if process else compiled.params[name])
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", tuple(values))
    return "\n".join(row[3] for row in rows)
