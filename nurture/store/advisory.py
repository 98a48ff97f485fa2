"""PostgreSQL's advisory locks: numbers that mean something to us alone, held by a session until it ends.

https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import psycopg

LOCK: Final = "SELECT pg_try_advisory_lock(%s)"
SHARE: Final = "SELECT pg_try_advisory_lock_shared(%s)"
HELD: Final = """
SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
NAMES: Final = """
SELECT substr(application_name, 9) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'nurture %%' ORDER BY backend_start
"""


def key(kind: str, name: str = "") -> int:
    """The number of an advisory lock: 64 bits, signed, the same in every process."""
    digest = hashlib.sha256(f"nurture\0{kind}\0{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


DAEMONS: Final = key("daemons")
"""Shared by all daemons; an upgrade takes it alone."""


def taken(session: psycopg.Connection[Any], question: str, number: int) -> bool:
    """Whether the lock of that number is ours now."""
    row = session.execute(question.encode(), (number,)).fetchone()
    return bool(row and row[0])
