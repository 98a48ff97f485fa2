"""``nurture bench send``: the whole sending pipeline beside raw baselines, in one run on one machine.

Theory of operation
-------------------
A queue of approved letters is made once for each size and copied for each run. Then, one after the other, each in
a process of its own and against the same kind of server on loopback: the pipeline (claim, check, compose, send,
record, all durable); the same bytes through bare aiosmtplib; and, where Postfix is installed, smtp-source. The
server is Postfix's smtp-sink where there is one, else our own sink. Absolute numbers are this machine's; the
ratios mean about the same anywhere.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from nurture.bench import queue
from nurture.bench.work import LIBRARY, PIPELINE, Measured, Task
from nurture.errors import TemporaryFailure, UserError
from nurture.files.scenario import read_scenario
from nurture.files.shipped import shipped
from nurture.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE: Final = 900
"""Seconds after which a run is ended."""
SOURCE: Final = "smtp-source"


@dataclass(frozen=True, slots=True)
class Line:
    """One measured run, as it is shown."""

    what: str  # nurture | aiosmtplib | smtp-source
    database: str
    size: int
    connections: int
    measured: Measured

    @property
    def per_second(self) -> float:
        """Letters a second."""
        return self.measured.letters / self.measured.seconds

    @property
    def running(self) -> float | None:
        """The same without what passes before the first answer: what a long queue comes to."""
        m = self.measured
        return m.letters / (m.seconds - m.first) if 0 < m.first < m.seconds else None


def tool(name: str) -> str | None:
    """One of Postfix's test programs, if it is installed."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


@contextmanager
def server(own: bool) -> Iterator[tuple[int, str]]:
    """A server on loopback that takes everything; its port and its name."""
    program = None if own else tool("smtp-sink")
    if program is None:
        command = [sys.executable, "-m", "nurture.sandbox.sink"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
        assert process.stdout is not None
        port = int(process.stdout.readline())
    else:
        port = _free_port()
        command = [program, "-c", "-u", _user(), f"127.0.0.1:{port}", "1000"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)  # noqa: S603
        _wait_for(port)
    try:
        yield port, "smtp-sink" if program else "sink"
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def _user() -> str:
    return "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TemporaryFailure("The server for measuring does not answer")


def measure(
    folder: Path,
    *,
    letters: int,
    sizes: tuple[int, ...],
    connections: tuple[int, ...],
    url: str | None,
    own_sink: bool,
    show: Callable[[Line], None],
    say: Callable[[str], None],
) -> None:
    """Measure each size with each number of connections, baselines first.

    Args:
        folder: for the databases; empty.
        letters: in the queue.
        sizes: bytes of a letter, about.
        connections: at the same time.
        url: a PostgreSQL database without any table, which is left so; None: SQLite in ``folder``.
        own_sink: never Postfix's smtp-sink.
        show: called with each line as it is known.
        say: called with what is being done.

    Raises:
        UserError: the database is not empty, or a run failed.
    """
    if url is not None:
        _refuse_tables(url)
    for size in sizes:
        for count in connections:
            with server(own_sink) as (port, _):
                task = Task(LIBRARY, port, letters, size, count)
                library = _run(task)
                show(Line(LIBRARY, "", size, count, library))
                if (source := tool(SOURCE)) is not None:
                    show(Line(SOURCE, "", size, count, _source(source, port, letters, library.bytes, count)))
        original = folder / f"{size}.sqlite"
        if url is None:
            say(f"{letters:,} x {size:,} B")
            asyncio.run(_fill(f"sqlite:///{original}", letters, size))
        for count in connections:
            copy = folder / "run.sqlite"
            place = url or f"sqlite:///{copy}"
            if url is None:
                for name in (copy, Path(f"{copy}-wal"), Path(f"{copy}-shm")):
                    name.unlink(missing_ok=True)
                shutil.copyfile(original, copy)
            else:
                say(f"{letters:,} x {size:,} B")
                asyncio.run(_fill(url, letters, size))
            try:
                with server(own_sink) as (port, _):
                    measured = _run(Task(PIPELINE, port, letters, size, count, place, str(folder)))
            finally:
                if url is not None:
                    _empty(url)
            show(Line(PIPELINE, "sqlite" if url is None else "postgresql", size, count, measured))


def _refuse_tables(url: str) -> None:
    """A database that holds anything is not for measuring: it is emptied afterwards."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchone()
    if found is None or found[0]:
        raise UserError("The database is not empty", hint="measure with one that was made for it: createdb bench")


def _empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


async def _fill(url: str, letters: int, size: int) -> None:
    script = read_scenario(shipped() / "scenarios" / "warm-lead-30d.yaml")
    store = await open_store(url)
    try:
        await queue.Queue(script, size).fill(store, letters)
    finally:
        await store.close()


def _run(task: Task) -> Measured:
    command = [sys.executable, "-m", "nurture.bench.work"]
    done = subprocess.run(  # noqa: S603 - ourselves
        command, input=json.dumps(asdict(task)), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise UserError("A measured run failed: {problem}", problem=last)
    return Measured(**json.loads(done.stdout))


def _source(program: str, port: int, letters: int, size: int, connections: int) -> Measured:
    """Postfix's own load generator: what the machine can do in C."""
    command = [program, "-s", str(connections), "-m", str(letters), "-l", str(size), "-d"]
    command += ["-f", queue.ADDRESS, "-t", "person@hospital.example", f"127.0.0.1:{port}"]
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)  # noqa: S603
    seconds = time.perf_counter() - began
    return Measured(letters, seconds, 0.0, 0.0, 0.0, size)
