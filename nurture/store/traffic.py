"""What limits are counted from: what left lately, what was put off and refused, what is due.

Four statements at most, each over an index that begins with what bounds it. Of what left only the columns that
are counted are read; they stand in the index (``ix_message_sent``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import and_, case, func, literal_column, select, true

from nurture.core.limits import DOMAIN_LIMIT, Left, Pending, PutOff, Refused, Taken, Traffic
from nurture.core.messages import MessageState
from nurture.store.queries import ready
from nurture.store.schema import METADATA

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from nurture.core.limits import Asked

REFUSALS: Final = ("message.failed", "message.bounced")
"""Kinds of journal lines that tell of a refusal."""

_message: Final = METADATA.tables["message"].c
_enrollment: Final = METADATA.tables["enrollment"].c
_journal: Final = METADATA.tables["journal"].c
_APPROVED: Final = _message.state == literal_column("'approved'")


class Statements(NamedTuple):
    """What is asked; None where nothing depends on it."""

    sent: Select[Any] | None
    under_way: Select[Any] | None
    promised: Select[Any] | None
    refused: Select[Any] | None
    pending: Select[Any]


def statements(asked: Asked) -> Statements:
    """The questions of one beat."""
    since = asked.left_since
    return Statements(
        sent=_sent(since) if since else None,
        under_way=_under_way(since) if since else None,
        promised=_promised() if asked.promised else None,
        refused=_refused(asked.refused_since) if asked.refused_since else None,
        pending=_pending(asked),
    )


def _sent(since: datetime) -> Select[Any]:
    columns = (_message.mailbox_id, _message.to_address, _message.sent_at)
    return select(*columns).where(_message.sent_at.is_not(None), _message.sent_at > since)


def _under_way(since: datetime) -> Select[Any]:
    columns = (_message.mailbox_id, _message.to_address, _message.claimed_at, _message.state)
    states = (MessageState.SENDING.value, MessageState.IN_DOUBT.value)
    return select(*columns).where(_message.state.in_(states), _message.claimed_at > since)


def _promised() -> Select[Any]:
    return select(_message.to_address, _message.not_before).where(
        _APPROVED, _message.not_before.is_not(None), _message.reason == DOMAIN_LIMIT
    )


def _refused(since: datetime) -> Select[Any]:
    # The lowest, not that of the earliest: a clock that was put back writes earlier moments behind later ones.
    # "+ 0" keeps SQLite from walking the whole journal in the order of seq for it.
    begins = select(func.min(_journal.seq + 0)).where(_journal.at > since).scalar_subquery()
    return (
        select(_journal.at, _message.mailbox_id, _enrollment.scenario_id)
        .join_from(METADATA.tables["journal"], METADATA.tables["message"], _message.id == _journal.message_id)
        .join(METADATA.tables["enrollment"], _enrollment.id == _message.enrollment_id, isouter=True)
        .where(_journal.kind.in_(REFUSALS), _journal.seq >= begins, _journal.at > since)
    )


def _pending(asked: Asked) -> Select[Any]:
    unseen = _message.planned_at > asked.counted_after if asked.counted_after is not None else true()
    fresh = case((and_(_message.planned_on >= asked.today, unseen), 1), else_=0)
    return (
        select(_message.mailbox_id, func.count(), func.min(_message.planned_at), func.sum(fresh))
        .where(ready(asked.now, asked.after, asked.without), _message.mailbox_id.is_not(None))
        .group_by(_message.mailbox_id)
        .order_by(_message.mailbox_id)
    )


def traffic(connection: Connection, asked: Asked) -> Traffic:
    """The answers."""
    said = statements(asked)

    def rows(statement: Select[Any] | None) -> list[Any]:
        """The rows of a question, if it is one."""
        return [] if statement is None else list(connection.execute(statement))

    under_way = [
        Left(mailbox, address, asked.now if state == MessageState.SENDING.value else at)
        for mailbox, address, at, state in rows(said.under_way)
    ]
    return Traffic(
        left=(*(Left(*row) for row in rows(said.sent)), *under_way),
        promised=tuple(PutOff(*row) for row in rows(said.promised)),
        refused=tuple(Refused(*row) for row in rows(said.refused)),
        pending=tuple(Pending(*row) for row in rows(said.pending)),
    )


def taken_statement(since: datetime) -> Select[Any]:
    """Letters that servers took, by mailbox and scenario."""
    return (
        select(_message.mailbox_id, _enrollment.scenario_id, func.count())
        .join_from(
            METADATA.tables["message"],
            METADATA.tables["enrollment"],
            _enrollment.id == _message.enrollment_id,
            isouter=True,
        )
        .where(_message.sent_at.is_not(None), _message.sent_at > since)
        .group_by(_message.mailbox_id, _enrollment.scenario_id)
    )


def taken(connection: Connection, since: datetime) -> tuple[Taken, ...]:
    """The answer."""
    return tuple(Taken(*row) for row in connection.execute(taken_statement(since)))
