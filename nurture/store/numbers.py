"""What pages count: mails that are to leave, day by day; how often content left; how scenarios do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, exists, func, select

from nurture.core.content import Use
from nurture.core.messages import EnrollmentState, MessageState
from nurture.core.reading import Kind
from nurture.core.standing import Running, Standing, StepCount
from nurture.core.states import UNSENT
from nurture.store.find import EMPTY, among
from nurture.store.schema import METADATA

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from sqlalchemy import Connection, Select

    from nurture.core.messages import Enrollment, Inbound, Message

WIDEST: Final = timedelta(days=1)
"""How far a local date lies from the date in UTC at most."""

RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)

_T: Final = METADATA.tables
_message: Final = _T["message"].c
_enrollment: Final = _T["enrollment"].c
_inbound: Final = _T["inbound"].c
_STEP: Final = (_enrollment.scenario_id.concat(EMPTY), _message.step_id, _message.state)
"""With an empty text behind it, so that SQLite does not walk all enrollments in the order of this."""


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


# --- how scenarios do --------------------------------------------------------------------------------


def steps_statement(reps: Collection[str] | None) -> Select[Any]:
    """Mails by scenario, step and state, and how many of them a person has answered."""
    answer = exists().where(_inbound.message_id == _message.id, _inbound.kind == Kind.REPLY.value)
    found = (
        select(*_STEP, func.count(), func.sum(case((answer, 1), else_=0)))
        .join_from(_T["message"], _T["enrollment"], _enrollment.id == _message.enrollment_id)
        .group_by(*_STEP)
    )
    return found if reps is None else found.where(among(_message.rep_id, reps))


def running_statement(reps: Collection[str] | None) -> Select[Any]:
    """Enrollments that run, by scenario and text."""
    found = (
        select(_enrollment.scenario_id, _enrollment.scenario_hash, func.count())
        .where(_enrollment.state.in_([state.value for state in RUNNING]))
        .group_by(_enrollment.scenario_id, _enrollment.scenario_hash)
    )
    return found if reps is None else found.where(among(_enrollment.rep_id, reps))


def standing(connection: Connection, reps: Collection[str] | None) -> Standing:
    """The answer, in two statements."""
    steps = (
        StepCount(scenario, step, MessageState(state), mails, int(answered))
        for scenario, step, state, mails, answered in connection.execute(steps_statement(reps))
    )
    running = (Running(*row) for row in connection.execute(running_statement(reps)))
    return Standing(tuple(sorted(steps, key=_in_order)), tuple(sorted(running, key=lambda one: one.scenario_hash)))


def standing_of(
    enrollments: Collection[Enrollment],
    messages: Collection[Message],
    inbound: Collection[Inbound],
    reps: Collection[str] | None,
) -> Standing:
    """The same from values."""
    replied = {mail.message_id for mail in inbound if mail.kind == Kind.REPLY}
    scenarios = {one.id: one.scenario_id for one in enrollments}
    mails: Counter[tuple[str, str, MessageState]] = Counter()
    answered: Counter[tuple[str, str, MessageState]] = Counter()
    for m in messages:
        if m.enrollment_id is not None and (reps is None or m.rep_id in reps):
            key = scenarios[m.enrollment_id], m.step_id, m.state
            mails[key] += 1
            answered[key] += m.id in replied
    running = Counter(
        (one.scenario_id, one.scenario_hash)
        for one in enrollments
        if one.state in RUNNING and (reps is None or one.rep_id in reps)
    )
    steps = (StepCount(*key, count, answered[key]) for key, count in mails.items())
    return Standing(
        tuple(sorted(steps, key=_in_order)),
        tuple(sorted((Running(*key, count) for key, count in running.items()), key=lambda one: one.scenario_hash)),
    )


def _in_order(one: StepCount) -> tuple[str, ...]:
    return one.scenario_id, one.step_id, one.state
