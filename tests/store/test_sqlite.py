"""What only a file can show: other processes, power cuts, locks, damage."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change, Setting
from nurture.errors import Impossible, PermanentFailure, TemporaryFailure, UserError
from nurture.store import SqlStore, daemon_lock, database_path, open_store, sqlite
from nurture.store.memory import MemoryStore

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A file alone."""
    return tmp_path / "nurture.sqlite"


class TestFile:
    """The file and its address."""

    async def test_pragmas(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """Durable, write-ahead, and with references checked, on every connection."""

        def read(connection: Connection) -> list[object]:
            """The settings of a connection."""
            names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

        assert await pair[0]._read(read) == ["wal", 2, 1, 10_000]
        assert await pair[0]._write(read) == ["wal", 2, 1, 10_000]

    async def test_many_processes_open_a_new_file_at_once(self, tmp_path: Path) -> None:
        """Of several that find no schema one builds it, and all can work."""
        stores = await asyncio.gather(*(SqlStore.open(tmp_path / "new.sqlite") for _ in range(6)))
        for n, store in enumerate(stores):
            await store.commit(Change(puts=(Setting(str(n), "x"),)))
        assert await stores[0].count(Setting) == 6
        for store in stores:
            await store.close()

    async def test_only_the_owner_may_read_it(self, tmp_path: Path) -> None:
        """The file holds names and letters: mode 0600, its companions too."""
        store = await SqlStore.open(tmp_path / "nurture.sqlite")
        await store.commit(Change(puts=(Setting("a", "1"),)))
        modes = {entry.name: entry.stat().st_mode & 0o777 for entry in os.scandir(tmp_path)}
        await store.close()
        assert len(modes) == 3
        assert set(modes.values()) == {0o600}

    async def test_it_stays(self, tmp_path: Path) -> None:
        """What was committed is there when the file is opened again."""
        for version in (0, 1):
            store = await open_store(f"sqlite:///{tmp_path}/nurture.sqlite")
            await store.commit(Change(puts=(Setting("a", "1", version),)))
            await store.close()
        store = await open_store(f"sqlite:///{tmp_path}/nurture.sqlite")
        assert await store.get(Setting, "a") == Setting("a", "1", 2)
        await store.close()

    async def test_memory_has_an_address(self) -> None:
        """``memory://`` is a store without a file."""
        assert isinstance(await open_store("memory://"), MemoryStore)
        assert database_path("memory://") is None

    def test_paths(self) -> None:
        """Three slashes are relative, four absolute."""
        assert database_path("sqlite:///data/n.sqlite") == Path("data/n.sqlite")
        assert database_path("sqlite:////var/n.sqlite") == Path("/var/n.sqlite")

    @pytest.mark.parametrize(
        "url", ["", "nurture.sqlite", "sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/d", "sqlite+x:///y"]
    )
    async def test_other_addresses(self, url: str) -> None:
        """What is no address of ours is told to its user, without a password in it."""
        with pytest.raises(UserError) as refused:
            await open_store(url)
        assert "secret" not in str(refused.value)

    async def test_no_folder(self, tmp_path: Path) -> None:
        """A folder that is not there is a mistake in the address."""
        with pytest.raises(UserError, match=r"none/n\.sqlite"):
            await SqlStore.open(tmp_path / "none" / "n.sqlite")

    async def test_not_a_database(self, tmp_path: Path) -> None:
        """A file that is something else is left alone."""
        path = tmp_path / "letter.txt"
        path.write_text("拝啓 " * 500)
        with pytest.raises(PermanentFailure):
            await SqlStore.open(path)
        assert path.read_text() == "拝啓 " * 500

    async def test_another_writer_too_long(
        self, pair: tuple[SqlStore, SqlStore], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """A lock that does not end is a temporary failure, and the store works on after it."""
        monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
        impatient = await SqlStore.open(tmp_path / "nurture.sqlite")
        with closing(sqlite3.connect(tmp_path / "nurture.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(TemporaryFailure):
                await impatient.commit(Change(puts=(Setting("a", "1"),)))
            other.execute("ROLLBACK")
        await impatient.commit(Change(puts=(Setting("a", "1"),)))
        await impatient.close()

    async def test_a_full_disk(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """A file that cannot grow is a temporary failure; nothing is half written."""
        await pair[0]._write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1").scalar())
        with pytest.raises(TemporaryFailure, match="full"):
            await pair[0].commit(Change(puts=tuple(Setting(f"{n}", "x" * 4000) for n in range(50))))
        assert await pair[0].count(Setting) == 0

    async def test_errors_carry_no_values(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """No error shows what was to be written, not even in its cause."""
        with pytest.raises(Impossible) as refused:
            await pair[0]._write(
                lambda c: c.exec_driver_sql("INSERT INTO setting VALUES (?, NULL, 1)", ("田中の秘密",))
            )
        cause: BaseException | None = refused.value
        while cause is not None:
            assert "秘密" not in f"{cause} {cause!r}"
            cause = cause.__cause__


class TestDaemonLock:
    """One daemon per file."""

    def test_a_second_daemon_is_refused(self, tmp_path: Path) -> None:
        """It is told which process works on the file; once that one is gone it may start."""
        path = tmp_path / "nurture.sqlite"
        with daemon_lock(path):
            with pytest.raises(UserError, match=rf"process {os.getpid()}\b.*nurture\.sqlite"), daemon_lock(path):
                pass
            with pytest.raises(UserError), daemon_lock(path):
                pass
        with daemon_lock(path):
            pass

    def test_a_killed_daemon_holds_nothing(self, tmp_path: Path) -> None:
        """The lock goes with its process, however that ended."""
        path = tmp_path / "nurture.sqlite"
        code = (
            "import sys, time; from pathlib import Path; from nurture.store import daemon_lock\n"
            "with daemon_lock(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            with pytest.raises(UserError, match=str(process.pid)), daemon_lock(path):
                pass
            process.kill()
        with daemon_lock(path):
            pass

    def test_no_folder(self, tmp_path: Path) -> None:
        """Where no lock can be laid, its user is told."""
        with pytest.raises(UserError, match="lock file"), daemon_lock(tmp_path / "none" / "n.sqlite"):
            pass
