"""One daemon per database file. Other processes (a command beside the daemon) may open it at any time."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def daemon_lock(path: Path) -> Iterator[None]:
    """Hold ``<path>.lock`` while the daemon works. The system lets go of it however the process ends.

    The file stays where it is: removing it would let two processes lock two files of one name.

    Raises:
        UserError: another daemon holds it; names its process.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UserError(
            "The lock file {path} cannot be opened: {problem}",
            hint="Does its folder exist, and may this user write there?",
            path=lock,
            problem=error.strerror or type(error).__name__,
        ) from None
    try:
        _take(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(path: Path) -> int | None:
    """The process that holds the daemon's lock; None when nobody does."""
    lock = path.with_name(path.name + ".lock")
    try:
        pid = int(lock.read_text(encoding="ascii") or 0)
        os.kill(pid, 0)  # nobody is asked for the lock while nobody can hold it
    except PermissionError:
        return pid
    except (OSError, ValueError):
        return None
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return pid
    return None


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
            raise UserError(
                "The database {path} cannot be locked: {problem}",
                hint="Keep it on a local disk, not on a network drive.",
                path=path,
                problem=error.strerror or type(error).__name__,
            ) from None
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        raise UserError(
            "Another daemon (process {pid}) is working on {path}",
            hint="Stop it first, or give this one a database of its own.",
            pid=holder or "?",
            path=path,
        ) from None
