"""What the tables promise: unique keys, indexes, and a journal that nobody rewrites.

Indexes are named for what asks: ``ix_enrollment_due`` serves ``Store.due``; a test reads the plans of the
hot queries. Unique keys are what must happen once, however many processes try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import DDL, ColumnElement, Index, event, func, literal_column
from sqlalchemy import text as sql

from nurture.store.codecs import fold
from nurture.store.extras import EXTRAS
from nurture.store.tables import METADATA

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["METADATA", "OPTIONAL", "REFERENCES", "UNIQUE", "Unique", "at_domain"]


class Unique(NamedTuple):
    """Columns whose values no two rows of a table share.

    A row with NULL in one of them, or with an empty text in an ``optional`` one, has no such key.
    ``folded`` compares A to Z without regard to case.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    folded: bool = False

    def key(self, row: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """What must be the row's alone, or None."""
        values = tuple(row[name] for name in self.columns)
        if None in values or any(row[name] == "" for name in self.optional):
            return None
        return tuple(fold(value) for value in values) if self.folded else values


UNIQUE: Final = (
    Unique("uq_person_email", "person", ("email",), folded=True),
    Unique("uq_message_step", "message", ("enrollment_id", "step_id"), frozenset({"step_id"})),
    Unique("uq_message_header", "message", ("header_id",), frozenset({"header_id"})),
    Unique("uq_message_token", "message", ("unsubscribe_token",), frozenset({"unsubscribe_token"})),
    Unique("uq_task_step", "task", ("enrollment_id", "step_id"), frozenset({"step_id"})),
    Unique("uq_inbound_key", "inbound", ("mailbox_id", "key")),
)
"""What must happen once, however many processes try; beside the ids."""

OPTIONAL: Final = frozenset((rule.table, name) for rule in UNIQUE for name in rule.optional)
"""Columns whose unique index passes over empty texts: SQLite uses it only where a query says so too."""

REFERENCES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    table.name: tuple(
        (column.name, reference.column.table.name) for column in table.c for reference in column.foreign_keys
    )
    for table in METADATA.tables.values()
}
"""Table → its columns that refer to the id of another table."""


LOCAL_PART: Final = "abcdefghijklmnopqrstuvwxyz0123456789.!#$&*+/=_{|}~-"
"""Characters before the @ of an address (RFC 5322, 3.2.3, without those that SQL has another use for)."""


def at_domain(address: ColumnElement[str]) -> ColumnElement[str]:
    """``@domain`` of an address, lower case, in words that both databases have and can keep an index of."""
    return func.ltrim(func.lower(address), literal_column(f"'{LOCAL_PART}'"))


def _index(name: str, *columns: object, where: str | None = None, unique: bool = False) -> None:
    """An index of the table that its columns belong to; ``where`` makes it a partial one."""
    condition = sql(where) if where else None
    Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)  # type: ignore[arg-type]


_T = METADATA.tables
_message, _enrollment, _task, _inbound = (_T[n].c for n in ("message", "enrollment", "task", "inbound"))
_person, _deal, _journal = (_T[n].c for n in ("person", "deal", "journal"))

for _rule in UNIQUE:
    _columns = [
        func.lower(_T[_rule.table].c[_n]) if _rule.folded else _T[_rule.table].c[_n] for _n in _rule.columns
    ]
    _where = " AND ".join(f"{_n} <> ''" for _n in _rule.columns if _n in _rule.optional)
    _index(_rule.name, *_columns, where=_where or None, unique=True)

# The beats: due, claim, next_due.
_index("ix_enrollment_due", _enrollment.wake_at, _enrollment.id, where="state = 'active'")
_index("ix_enrollment_rest", _enrollment.wake_at)
_index(  # the last four: a claim, and the count before it, are answered from the index alone
    "ix_message_state",
    *(
        _message[_n]
        for _n in ("state", "planned_at", "id", "mailbox_id", "not_before", "planned_on", "enrollment_id")
    ),
)
_index("ix_message_sent", _message.sent_at, _message.mailbox_id, _message.to_address, where="sent_at IS NOT NULL")
_index("ix_message_held", _message.state, _message.not_before, where="not_before IS NOT NULL")

# The desk.
_index("ix_message_queue", _message.rep_id, _message.state, _message.planned_at)
_index("ix_task_queue", _task.rep_id, _task.state, _task.due_at)
_index("ix_inbound_unhandled", _inbound.received_at, where="handled_at IS NULL")
_index("ix_deal_rep", _deal.rep_id, _deal.status)
_index("ix_enrollment_rep", _enrollment.rep_id, _enrollment.state)
_index("ix_person_rep", _person.rep_id)

# Strangers' mail: who works under this domain.
_index("ix_person_domain", at_domain(_person.email), _person.organisation_id)

# Dossiers.
_index("ix_message_enrollment", _message.enrollment_id)
_index("ix_task_enrollment", _task.enrollment_id)
_index("ix_message_person", _message.person_id, _message.planned_on)
_index("ix_message_organisation", _message.organisation_id, _message.planned_on)
_index("ix_suppression_value", _T["suppression"].c.value, _T["suppression"].c.scope)
_index("ix_inbound_enrollment", _inbound.enrollment_id, _inbound.kind)
_index("ix_inbound_person", _inbound.person_id, _inbound.kind, _inbound.received_at)
_index("ix_promise_deal", _T["promise"].c.deal_id)
_index("ix_promise_meeting", _T["promise"].c.meeting_id)

# The content library: how often each item left, and to whom.
_index(
    "ix_message_content",
    _message.content_id,
    _message.sent_at,
    where="content_id IS NOT NULL AND sent_at IS NOT NULL",
)

# From one thing to what belongs to it.
_index("ix_person_email", _person.email)
_index("ix_organisation_name", _T["organisation"].c.name)
_index(  # by name: who may stand here twice is read from the index alone
    "ix_person_organisation", *(_person[_n] for _n in ("organisation_id", "family_name", "given_name", "rep_id"))
)
_index("ix_deal_organisation", _deal.organisation_id)
_index("ix_meeting_deal", _T["meeting"].c.deal_id)
_index("ix_meeting_organisation", _T["meeting"].c.organisation_id)
_index("ix_enrollment_person", _enrollment.person_id)
_index("ix_enrollment_organisation", _enrollment.organisation_id)
_index("ix_enrollment_deal", _enrollment.deal_id)
_index("ix_enrollment_scenario", _enrollment.scenario_id, _enrollment.state)
_index("ix_task_person", _task.person_id, where="person_id IS NOT NULL")
_index("ix_task_message", _task.message_id, where="message_id IS NOT NULL")
_index("ix_inbound_message", _inbound.message_id, where="message_id IS NOT NULL")

# What is still to be told by mail.
_index("ix_dispatch_due", _T["dispatch"].c.due_at, where="ended_at IS NULL")

# Keys that may be forgotten.
_index("ix_answered_at", _T["answered"].c.at)

# What is still being written, by its writer; where somebody was lately.
_draft = _T["meeting_draft"].c
_index("ix_meeting_draft_open", _draft.rep_id, _draft.saved_at, where="ended_at IS NULL")
_index("ix_meeting_rep", _T["meeting"].c.rep_id, _T["meeting"].c.ended_at)

# What somebody put aside.
_index("ix_snooze_until", _T["snooze"].c.rep_id, _T["snooze"].c.until)

# The journal: one thing's story in order; KPI by kind and time.
for _of in ("person_id", "organisation_id", "deal_id", "enrollment_id", "message_id"):
    _index(f"ix_journal_{_of[:-3]}", _journal[_of], _journal.seq, where=f"{_of} IS NOT NULL")
_index("ix_journal_kind", _journal.kind, _journal.seq)
_index("ix_journal_at", _journal.at)

for _dialect, _statements in EXTRAS.items():
    for _statement in _statements:
        _ddl = DDL(_statement).execute_if(dialect=_dialect)  # type: ignore[no-untyped-call]
        event.listen(METADATA, "after_create", _ddl)
