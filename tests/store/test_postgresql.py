"""What only a server can show: lost connections, deadlocks, wrong addresses, rights."""

from __future__ import annotations

import asyncio
import re
import signal
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from nurture.core.change import Change, Setting
from nurture.core.messages import Entry
from nurture.errors import Impossible, NurtureError, PermanentFailure, TemporaryFailure, UserError
from nurture.store import SqlStore, migrations, open_store, upgrade
from nurture.store.postgresql import Postgresql, parameters
from nurture.store.schema import METADATA
from tests.servers.postgres import PASSWORD, running_postgres, until
from tests.store.world import entry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy import Connection

    from tests.servers.postgres import Postgres


@pytest.fixture
async def sql(database: str) -> AsyncIterator[SqlStore]:
    """A store on a database of its own."""
    opened = await SqlStore.open(database)
    yield opened
    await opened.close()


def cut(server: Postgres, database: str, what: str = "") -> None:
    """End all connections to a database, or those whose last statement is like this."""
    server.tell(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608
        f"WHERE datname = '{database.rpartition('/')[2]}' AND query LIKE '%{what}%'"
    )


class TestAddress:
    """What a person can have wrong."""

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ("postgresql://admin@127.0.0.1:{port}/nowhere", "nowhere"),
            ("postgresql://nobody@127.0.0.1:{port}/postgres", "password"),
            ("postgresql://nobody:hunter2@127.0.0.1:{port}/postgres", "password"),
            ("postgresql://admin@127.0.0.1:{port}/postgres?sslmode=require", "SSL"),
            ("postgresql://admin@host.invalid/postgres", "host.invalid"),
        ],
    )
    async def test_what_a_person_can_mend(self, postgres: Postgres, wrong: str, words: str) -> None:
        """No such database, user, host, no TLS where it is demanded: words and a hint, never the password."""
        with pytest.raises(UserError) as refused:
            await open_store(wrong.format(port=postgres.port))

        assert words in str(refused.value)
        assert "PGPASSFILE" in (refused.value.hint or "")
        assert "hunter2" not in f"{refused.value} {refused.value.values}"

    @pytest.mark.parametrize("wrong", ["postgresql://h/d?sslmod=require", "postgresql://u:se%ZZcret@h/d"])
    async def test_what_is_no_address(self, wrong: str) -> None:
        """What libpq cannot read is not shown: it may hold a password."""
        with pytest.raises(UserError, match="database_url") as refused:
            await open_store(wrong)

        assert "cret" not in f"{refused.value} {refused.value.__cause__}"

    async def test_nobody_listens(self, postgres: Postgres) -> None:
        """A server that is not there may come: trying again is all that is needed."""
        with pytest.raises(TemporaryFailure):
            await open_store("postgresql://admin@127.0.0.1:1/postgres")

    async def test_a_password_from_the_environment(
        self, postgres: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """``PGPASSWORD`` is heard; a user without rights on our tables is told what is missing."""
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        name = database.rpartition("/")[2]
        with pytest.raises(UserError, match="permission denied") as refused:
            await open_store(postgres.url(name, "nurture"))

        assert PASSWORD not in str(refused.value)

    async def test_a_user_with_a_database_of_its_own(
        self, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The way the documentation goes: a role, a database that it owns, nothing else."""
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        name = postgres.make()
        postgres.tell(f"ALTER DATABASE {name} OWNER TO nurture")
        store = await open_store(postgres.url(name, "nurture"))
        await store.commit(Change((Setting("a", "x"),)))
        await store.close()
        postgres.drop(name)

    def test_the_address_has_the_last_word(self) -> None:
        """TLS and every other parameter of libpq pass through; patience stands where nothing is said."""
        given = parameters(
            "postgresql://u@a.example,b.example:6543/d?sslmode=verify-full&sslrootcert=/etc/ca.pem"
            "&connect_timeout=3&target_session_attrs=read-write&options=-c%20statement_timeout%3D5s"
        )

        assert ("verify-full", "/etc/ca.pem", "3", "read-write") == tuple(
            given[name] for name in ("sslmode", "sslrootcert", "connect_timeout", "target_session_attrs")
        )
        assert "a.example,b.example" == given["host"]
        assert given["options"].endswith("-c statement_timeout=5s")
        assert "5" == given["keepalives_interval"]

    @pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
    async def test_ways_to_write_it(self, database: str, scheme: str) -> None:
        """The scheme as libpq knows it, and as SQLAlchemy does."""
        store = await open_store(database.replace("postgresql:", f"{scheme}:"))
        assert () == await store.daemons()
        await store.close()


class TestErrors:
    """The server's errors in our words."""

    @pytest.mark.parametrize(
        ("sql_text", "kind", "words"),
        [
            ("INSERT INTO setting VALUES ('田中の秘密', NULL, 1)", Impossible, "23502 setting value"),
            (
                "INSERT INTO setting VALUES ('田中の秘密', 'x', 1), ('田中の秘密', 'x', 1)",
                Impossible,
                "pk_setting",
            ),
            ("SELECT '田中の秘密'::bigint", Impossible, "22P02"),
            ("SELECT nothing FROM setting", Impossible, "nothing"),
            ("SET statement_timeout = '10ms'; SELECT pg_sleep(2)", TemporaryFailure, "timeout"),
            ("SET lock_timeout = '10ms'; LOCK TABLE setting", TemporaryFailure, "lock timeout"),
            ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$", TemporaryFailure, "full"),
            ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '25006'; END $$", TemporaryFailure, "not to be had"),
            ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57P01'; END $$", TemporaryFailure, "not to be had"),
            ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'XX001'; END $$", PermanentFailure, "damaged"),
            ("SET ROLE reader; SELECT * FROM setting", UserError, "permission denied"),
        ],
    )
    async def test_each_by_who_must_act(
        self, sql: SqlStore, database: str, sql_text: str, kind: type[NurtureError], words: str
    ) -> None:
        """Sorted by who must act; what was to be written is shown by none, not even by its cause."""
        held = threading.Event()
        holder = psycopg.connect(database)
        holder.execute("LOCK TABLE setting IN ACCESS SHARE MODE" if "LOCK" in sql_text else "SELECT 1")
        held.set()
        with pytest.raises(kind, match=re.escape(words)) as refused:
            await sql._write(lambda c: c.exec_driver_sql(sql_text).close())
        holder.close()

        error: BaseException | None = refused.value
        while error is not None:
            assert "秘密" not in f"{error} {error!r}"
            error = error.__cause__
        await sql.commit(Change((Setting("a", "x"),)))

    async def test_a_deadlock_is_no_error(self, sql: SqlStore, database: str) -> None:
        """Of two that wait for each other the server ends one; it is done again, and both are written."""
        await sql.commit(Change((Setting("a", "0"), Setting("b", "0"))))
        other = await SqlStore.open(f"{database}?options=-c%20deadlock_timeout%3D20ms")
        both = threading.Barrier(2, timeout=20)

        def crossing(first: str, second: str) -> Any:
            """Both rows, in this order."""
            met: list[bool] = []

            def work(connection: Connection) -> None:
                """Take one row, meet the other, take the other row."""
                for key in (first, second):
                    connection.exec_driver_sql("UPDATE setting SET value = value || '+' WHERE id = %s", (key,))
                    if not met:
                        met.append(True)
                        both.wait()

            return work

        await asyncio.gather(sql._write(crossing("a", "b")), other._write(crossing("b", "a")))
        await other.close()

        assert ["0++", "0++"] == [each.value for each in await sql.find(Setting)]


class TestLost:
    """Connections that break."""

    async def test_idle_connections_that_were_cut_are_not_noticed(
        self, sql: SqlStore, postgres: Postgres, database: str
    ) -> None:
        """A server that restarts between two questions costs nobody an error."""
        await sql.commit(Change((Setting("a", "x"),)))
        await asyncio.gather(*(sql.get(Setting, "a") for _ in range(6)))
        cut(postgres, database)

        await sql.commit(Change((Setting("b", "x"),)))
        assert ["a", "b"] == [each.id for each in await sql.find(Setting)]

    async def test_a_write_that_was_cut_is_done_again(
        self, sql: SqlStore, postgres: Postgres, database: str
    ) -> None:
        """Cut before its COMMIT nothing was kept, so it is begun anew; it is written once."""
        tries: list[int] = []

        def work(connection: Connection) -> None:
            """Write; the first time the line is cut after it."""
            tries.append(1)
            connection.exec_driver_sql("INSERT INTO setting VALUES ('a', 'x', 1)")
            if len(tries) == 1:
                cut(postgres, database, "INSERT INTO setting")
            connection.exec_driver_sql("SELECT 1")

        await sql._write(work)

        assert 2 == len(tries)
        assert 1 == await sql.count(Setting)

    async def test_cut_during_the_commit_nobody_knows(
        self, sql: SqlStore, postgres: Postgres, database: str
    ) -> None:
        """A COMMIT whose answer is lost is a temporary failure, not done again: it may have been written."""
        tries: list[int] = []

        def work(connection: Connection) -> None:
            """Have the server wait in the COMMIT, so that it can be cut there."""
            tries.append(1)
            connection.exec_driver_sql("INSERT INTO slow VALUES (1)")

        postgres.tell(
            "CREATE TABLE slow (n int)",
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$",
            "CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION wait()",
            database=database.rpartition("/")[2],
        )
        writing = asyncio.create_task(sql._write(work))
        committing = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'"
        await until(lambda: postgres.tell(committing) == [(1,)])
        cut(postgres, database, "COMMIT")
        with pytest.raises(TemporaryFailure):
            await writing

        assert 1 == len(tries)
        await sql.commit(Change((Setting("a", "x"),)))


@pytest.fixture
def own() -> Iterator[Postgres]:
    """A server that a test may stop and start."""
    with running_postgres() as server:
        yield server


async def test_away_and_back(own: Postgres) -> None:
    """While the server is away everything is a temporary failure; when it is back, all goes on, and is heard."""
    store = await SqlStore.open(own.url("postgres"))
    other = await SqlStore.open(own.url("postgres"))
    await store.commit(Change((Setting("a", "x"),), (entry("a.b"),)))
    await asyncio.to_thread(own.stop, signal.SIGQUIT)
    with pytest.raises(TemporaryFailure):
        await store.get(Setting, "a")
    with pytest.raises(TemporaryFailure):
        await store.commit(Change((Setting("b", "x"),)))
    await until(lambda: not store.term())
    with pytest.raises(TemporaryFailure):
        await store.claim(entry("x").at, 1, "x")

    heard = store.changed()
    await asyncio.to_thread(own.start)
    await asyncio.wait_for(heard.wait(), 20)  # something may have happened meanwhile
    assert Setting("a", "x", 1) == await store.get(Setting, "a")
    await store.commit(Change((Setting("c", "x"),)))
    heard.clear()
    await until(other.term)
    await other.commit(Change(entries=(entry("c.d"),)))
    await asyncio.wait_for(heard.wait(), 20)
    assert ["a.b", "c.d"] == [each.kind for each in await store.find(Entry)]
    await store.close()
    await other.close()


DUMP = """
SELECT 'column', table_name, column_name, data_type, is_nullable, collation_name, column_default,
rank() OVER (PARTITION BY table_name ORDER BY ordinal_position)  -- a column that went leaves a gap
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename, indexname, indexdef, NULL, NULL, NULL, 0 FROM pg_indexes
WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), NULL, NULL, NULL, 0
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), NULL, NULL, NULL, 0
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', '', proname, pg_get_functiondef(oid), NULL, NULL, NULL, 0
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


class TestSchema:
    """Made from scratch and made by migrations."""

    def test_migrations_build_exactly_the_tables(self, postgres: Postgres) -> None:
        """Columns, keys, indexes, triggers and functions are the same, word for word."""
        direct = postgres.make()
        engine = create_engine(postgres.url(direct).replace("postgresql:", "postgresql+psycopg:"))
        METADATA.create_all(engine)
        engine.dispose()

        made = {row for row in postgres.tell(DUMP, database=direct) if row[1] != "alembic_version"}
        migrated = {row for row in postgres.tell(DUMP, database="furnished") if row[1] != "alembic_version"}
        postgres.drop(direct)
        assert made == migrated
        assert {"column", "index", "constraint", "trigger", "function"} == {row[0] for row in made}

    @pytest.mark.filterwarnings("ignore:.*expression-based index")
    async def test_alembic_sees_no_difference(self, sql: SqlStore) -> None:
        """A new revision would be empty."""

        def compare(connection: Connection) -> list[Any]:
            """What a new revision would change."""
            return list(compare_metadata(MigrationContext.configure(connection), METADATA))

        assert [] == await sql._read(compare)

    async def test_many_open_an_empty_database_at_once(self, postgres: Postgres) -> None:
        """Of several that find no schema one builds it, and all can work."""
        name = postgres.make()
        stores = await asyncio.gather(*(SqlStore.open(postgres.url(name)) for _ in range(5)))
        for n, store in enumerate(stores):
            await store.commit(Change((Setting(str(n), "x"),)))
        assert 5 == await stores[0].count(Setting)
        for store in stores:
            await store.close()
        postgres.drop(name)

    async def test_another_schema_is_refused(self, postgres: Postgres, database: str) -> None:
        """A newer database, or one of another program, is left as it is, and its user is told."""
        name = database.rpartition("/")[2]
        postgres.tell("UPDATE alembic_version SET version_num = '9999'", database=name)
        with pytest.raises(UserError, match="newer"):
            await SqlStore.open(database)
        with pytest.raises(UserError, match="newer"):
            upgrade(database)
        postgres.tell("DROP TABLE alembic_version", database=name)
        with pytest.raises(UserError, match="another program"):
            await SqlStore.open(database)

    async def test_no_upgrade_under_a_daemon(self, sql: SqlStore, database: str) -> None:
        """While a daemon works the schema stays; while the schema is changed no daemon begins."""
        await sql.join("a")
        with pytest.raises(UserError, match="A daemon is working"):
            upgrade(database)
        await sql.close()
        assert (migrations.HEAD, migrations.HEAD) == upgrade(database)

        late = await SqlStore.open(database)
        upgrading = Postgresql(database, 1)
        with upgrading.unattended(), pytest.raises(UserError, match="being changed"):
            await late.join("b")
        upgrading.engine.dispose()
        await late.close()

    async def test_nobody_empties_the_journal(self, sql: SqlStore) -> None:
        """TRUNCATE, which fires no trigger of a row, is refused as well."""
        await sql.commit(Change(entries=(entry("x.y"),)))
        with pytest.raises(Impossible, match="append-only"):
            await sql._write(lambda c: c.exec_driver_sql("TRUNCATE journal").close())

        assert 1 == await sql.count(Entry)
