"""What each database is told beside its tables: a journal that nobody rewrites, and on SQLite how to plan.

The migrations say the same in words of their own, for what was said once stays said; a test compares both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

STATISTICS: Final[Mapping[str, Mapping[str, str]]] = {
    "message": {
        "ix_message_state": "100000 1000 2 1 1 1 1 1",
        "ix_message_queue": "100000 500 100 2",
        "ix_message_organisation": "100000 200 3",
    },
    "enrollment": {
        "ix_enrollment_rep": "10000 500 125",
        "ix_enrollment_scenario": "10000 1000 250",
        "ix_enrollment_organisation": "10000 20",
    },
    "task": {"ix_task_queue": "20000 400 100 1"},
    "person": {"ix_person_rep": "5000 250", "ix_person_organisation": "5000 10 1 1 1"},
    "deal": {"ix_deal_rep": "2000 100 30"},
    "inbound": {"ix_inbound_person": "20000 5 3 1"},
    "journal": {
        "ix_journal_kind": "500000 20000 1",
        "ix_journal_organisation": "500000 500 1",
    },
}
"""How many rows share a key, as ``ANALYZE`` would write it: rows in all, with the first column alike, …

SQLite guesses ten rows for any key, a state as good as a person. Told once and never measured again, its
plans are the same on the first day and in the fifth year. (https://sqlite.org/fileformat2.html#stat1tab)
"""


def _sqlite() -> list[str]:
    told = [
        f"INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('{table}', '{index}', '{stat}')"  # noqa: S608
        for table, indexes in STATISTICS.items()
        for index, stat in indexes.items()
    ]
    refusals = [
        f"CREATE TRIGGER journal_no_{verb} BEFORE {verb.upper()} ON journal\n"  # noqa: S608
        "WHEN NOT EXISTS (SELECT 1 FROM journal_unlock)\n"
        "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        for verb in ("update", "delete")
    ]
    return [*refusals, "ANALYZE", "DELETE FROM sqlite_stat1", *told, "ANALYZE sqlite_schema"]


def _postgresql() -> list[str]:
    refuse = """
CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM journal_unlock) THEN
    RAISE EXCEPTION 'the journal is append-only';
  END IF;
  IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
  RETURN OLD;
END $$
""".strip()
    triggers = [
        f"CREATE TRIGGER journal_no_{verb} BEFORE {verb.upper()} ON journal "
        f"FOR EACH {each} EXECUTE FUNCTION journal_refuse()"
        for verb, each in (("update", "ROW"), ("delete", "ROW"), ("truncate", "STATEMENT"))
    ]
    return [refuse, *triggers]


EXTRAS: Final[Mapping[str, list[str]]] = {"sqlite": _sqlite(), "postgresql": _postgresql()}
"""Dialect → statements, in order."""
