"""SQLite files that have our schema already: a copy takes a hundredth of what building it takes."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from nurture.store import upgrade


def furnished(path: Path) -> Path:
    """A database with our schema and no rows, at a path where there is none; the path."""
    path.write_bytes(_furnished())
    return path


@cache
def _furnished() -> bytes:
    """What a new database holds, built once for each process."""
    with tempfile.TemporaryDirectory(prefix="nurture-furnished-") as folder:
        path = Path(folder) / "n.sqlite"
        upgrade(f"sqlite:///{path}")
        assert not path.with_name("n.sqlite-wal").exists(), "all of it is in the one file"
        return path.read_bytes()
