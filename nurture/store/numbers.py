"""What pages count: mails that are to leave, day by day; how often content left. One statement each."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from nurture.core.content import Use
from nurture.core.states import UNSENT
from nurture.store.find import among
from nurture.store.schema import METADATA

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from sqlalchemy import Connection, Select

    from nurture.core.messages import Message

WIDEST: Final = timedelta(days=1)
"""How far a local date lies from the date in UTC at most."""

_message: Final = METADATA.tables["message"].c


def planned_statement(
    first: date, last: date, reps: Collection[str] | None, organisation: str | None
) -> Select[Any]:
    """Mails to leave, by their local date. The bounds of the instant are what the index is read by."""
    low = datetime.combine(first, time(0), UTC) - WIDEST
    high = datetime.combine(last, time(0), UTC) + 2 * WIDEST
    found = (
        select(_message.planned_on, func.count())
        .where(
            _message.state.in_(sorted(state.value for state in UNSENT)),
            _message.planned_at >= low,
            _message.planned_at < high,
            _message.planned_on >= first,
            _message.planned_on <= last,
        )
        .group_by(_message.planned_on)
    )
    if reps is not None:
        found = found.where(among(_message.rep_id, reps))
    return found if organisation is None else found.where(_message.organisation_id == organisation)


def planned(
    connection: Connection, first: date, last: date, reps: Collection[str] | None, organisation: str | None
) -> dict[date, int]:
    """The answer."""
    found = connection.execute(planned_statement(first, last, reps, organisation))
    return {row[0]: row[1] for row in found}


def planned_of(
    messages: Collection[Message],
    first: date,
    last: date,
    reps: Collection[str] | None,
    organisation: str | None,
) -> Mapping[date, int]:
    """The same from values."""
    return Counter(
        m.planned_on
        for m in messages
        if m.state in UNSENT
        and m.planned_at is not None
        and m.planned_on is not None
        and first <= m.planned_on <= last
        and (reps is None or m.rep_id in reps)
        and organisation in {None, m.organisation_id}
    )


def uses_statement() -> Select[Any]:
    """How often each item of content left, and when last."""
    return (
        select(_message.content_id, func.count(), func.max(_message.sent_at))
        .where(_message.content_id.is_not(None), _message.sent_at.is_not(None))
        .group_by(_message.content_id)
    )


def uses(connection: Connection) -> dict[str, Use]:
    """The answer."""
    return {row[0]: Use(row[1], row[2]) for row in connection.execute(uses_statement())}


def uses_of(messages: Collection[Message]) -> dict[str, Use]:
    """The same from values."""
    found: dict[str, Use] = {}
    for each in messages:
        if each.content_id is not None and each.sent_at is not None:
            before = found.get(each.content_id, Use(0, each.sent_at))
            found[each.content_id] = Use(before.times + 1, max(before.last_at, each.sent_at))
    return found
