"""Which letters have been on the wire: a file that outlives the process, so that few are in doubt.

Theory of operation
-------------------
A claim is committed before the act, a whole batch at once; a daemon that is killed leaves all of them claimed,
and nobody could say which of them had been offered to a server. So before a letter goes on the wire its
Message-ID is appended here, with one ``write`` and no flush: what a process has written outlives the process,
whatever ends it. That a server took a letter is appended too, behind a ``+``: what was answered in the last
moment, and does not stand in the database yet, is no doubt then. The file does not outlive the machine: its
first line names the boot, and after another boot it says nothing. Then, as without the file, everything that
was claimed is in doubt.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class FileTrace:
    """``ports.Trace`` in a file of the data folder.

    Args:
        path: the file; made when it is not there, readable by its owner alone.
        boot: names this run of the machine; None: this system does not say, and the file is never believed.
    """

    def __init__(self, path: Path, boot: str | None = None) -> None:
        self._path = path
        self._boot = boot if boot is not None else _boot()
        self._file: int | None = None
        self._head = 0  # bytes of the first line
        self._dirty = False
        self._torn = False  # the last line has no end: the disk did not take all of it

    def begin(self, by: str) -> None:
        """See ``ports.Trace``."""
        self.close()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o600)
        head = f"{self._boot} {by}\n".encode()
        self._write(head)
        self._head, self._dirty = len(head), False

    def leaving(self, header_ids: Iterable[str]) -> None:
        """See ``ports.Trace``."""
        data = "".join(f"{one}\n" for one in header_ids).encode()
        self._dirty = True
        self._write(b"\n" + data if self._torn else data)

    def accepted(self, header_id: str) -> None:
        """See ``ports.Trace``. What cannot be noted is in doubt, should this process die now."""
        data = f"+{header_id}\n".encode()
        with suppress(OSError):
            self._write(b"\n" + data if self._torn else data)

    def settled(self) -> None:
        """See ``ports.Trace``. The file stays open: whether another could be opened now, nobody knows."""
        if self._file is not None and self._dirty:
            os.ftruncate(self._file, self._head)
            self._dirty = self._torn = False

    def left(self, by: str) -> frozenset[str] | None:
        """See ``ports.Trace``."""
        lines = self._lines(by)
        return None if lines is None else frozenset(line.removeprefix("+") for line in lines) - {""}

    def taken(self, by: str) -> frozenset[str]:
        """See ``ports.Trace``. A letter that was offered once more since then is not among them."""
        found: set[str] = set()
        for line in self._lines(by) or ():
            if line.startswith("+"):
                found.add(line[1:])
            else:
                found.discard(line)
        return frozenset(found)

    def _lines(self, by: str) -> list[str] | None:
        try:
            head, *lines = self._path.read_text("utf-8", "replace").split("\n")
        except OSError:
            return None
        return lines if self._boot and head == f"{self._boot} {by}" else None

    def close(self) -> None:
        """Let go of the file; what it says stays."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, data: bytes) -> None:
        if self._file is None:
            raise OSError("the trace was not begun")
        self._torn = True
        while data:
            data = data[os.write(self._file, data) :]
        self._torn = False


def _boot() -> str:
    try:
        return BOOT.read_text("ascii").strip()
    except OSError:
        return ""
