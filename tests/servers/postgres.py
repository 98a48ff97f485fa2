"""A private PostgreSQL: own folder, a free port of loopback; started by root (as another user) or by anybody."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.servers.dovecot import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSWORD = "pass word/1"
"""With characters that an address must write otherwise."""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # a test ends processes, not the machine
    "full_page_writes": "off",
    "max_connections": "120",
    "shared_buffers": "32MB",
    "log_line_prefix": "%a ",
    "lc_messages": "C",
}


def programs() -> Path | None:
    """Where ``initdb`` and ``postgres`` are installed, if they are: Debian keeps them apart, by version."""
    beside = shutil.which("initdb")
    found = [Path(beside).parent] if beside else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists()), None)


def require_postgres() -> Path:
    """The programs; without them the test is skipped, or fails where the tests must be complete (CI)."""
    found = programs()
    if found:
        return found
    missing = "PostgreSQL is not installed (Debian: postgresql): nothing was tested on a real server"
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(missing)
    pytest.skip(missing)


@dataclass(slots=True)
class Postgres:
    """A server of our own. Its superuser ``admin`` is let in without a password; ``nurture`` gives one."""

    programs: Path
    root: Path
    port: int
    user: str | None  # whom root runs it as
    process: subprocess.Popen[bytes] | None = None
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str, user: str = "admin") -> str:
        """The address of a database, without a password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Run, until it lets us in."""
        settings = [part for name, x in _SETTINGS.items() for part in ("-c", f"{name}={x}")]
        command = [str(self.programs / "postgres"), "-D", str(self.root / "data"), "-p", str(self.port)]
        command += ["-k", str(self.root)]
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *settings], stdout=log, stderr=log, user=self.user, cwd=self.root
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL does not start: {self.log()}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it and all its connections (SIGINT: in order; SIGQUIT: as after a power cut)."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process = None

    def tell(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Do this as the superuser; the rows of the last statement."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            rows: list[Any] = []
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
            return rows

    def make(self, template: str = "template1") -> str:
        """A new database, a copy of another; its name."""
        name = f"db{next(self.numbers)}"
        self.tell(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Away with it, whoever is in it."""
        self.tell(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def log(self) -> str:
        """What the server wrote."""
        path = self.root / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


async def until(check: Callable[[], object], seconds: float = 30.0) -> None:
    """Return when ``check()`` is true: for what a server or a thread does by itself, and tells nobody."""
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110 (nobody sets an event)
            await asyncio.sleep(0.02)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Make a server with the database ``empty`` in it, run it, and end it and its folder afterwards."""
    found = require_postgres()
    user = _account() if os.getuid() == 0 else None
    root = Path(tempfile.mkdtemp(prefix="nurture-pg-"))
    if user:
        shutil.chown(root, user)
    server = Postgres(found, root, free_port(), user)
    try:
        subprocess.run(
            [
                found / "initdb",
                "-D",
                root / "data",
                "-U",
                "admin",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "-N",
            ],
            user=user,
            cwd=root,
            check=True,
            capture_output=True,
        )
        (root / "data" / "pg_hba.conf").write_text(
            "local all all trust\nhost all admin 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n",
            encoding="ascii",
        )
        server.start()
        server.tell(f"CREATE ROLE nurture LOGIN PASSWORD '{PASSWORD}'", "CREATE ROLE reader LOGIN PASSWORD 'x'")
        yield server
    finally:
        server.stop(signal.SIGQUIT)  # nothing of it is kept
        shutil.rmtree(root, ignore_errors=True)


def _account() -> str:
    """Whom root may run it as; PostgreSQL refuses root itself."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.fail("there is no account to run PostgreSQL as")
