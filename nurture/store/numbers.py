"""What pages count: mails that are to leave, day by day; how often content left; how scenarios do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

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
    """Mails by scenario, step and state."""
    found = (
        select(*_STEP, func.count())
        .join_from(_T["message"], _T["enrollment"], _enrollment.id == _message.enrollment_id)
        .group_by(*_STEP)
    )
    return found if reps is None else found.where(among(_message.rep_id, reps))


def answered_statement(reps: Collection[str] | None) -> Select[Any]:
    """The same of those that a person has answered: begun with the answers, of which there are few."""
    replies = select(_inbound.message_id).where(
        _inbound.kind == Kind.REPLY.value, _inbound.message_id.is_not(None)
    )
    return steps_statement(reps).where(_message.id.in_(replies))


def courses_statement() -> Select[Any]:
    """Enrollments by scenario and course: what became of which step, a line for each of the mails.

    SQLite sorts what it groups. Courses are a fifth as many as mails, and they are put together in the order in
    which mails stand by their enrollment, without sorting; PostgreSQL groups without it anyway.
    """
    line = _message.step_id.concat(" ").concat(_message.state)
    course = (
        select(func.aggregate_strings(line, "\n"))
        .where(_message.enrollment_id == _enrollment.id)
        .correlate(_T["enrollment"])
        .scalar_subquery()
    )
    found = select(_enrollment.scenario_id.concat(EMPTY).label("scenario"), course.label("course")).subquery()
    return select(*found.c, func.count()).group_by(*found.c)


def _mails(connection: Connection, reps: Collection[str] | None) -> Counter[tuple[str, str, str]]:
    """Mails by scenario, step and state."""
    mails: Counter[tuple[str, str, str]] = Counter()
    if reps is not None or connection.dialect.name != "sqlite":
        for scenario, step, state, count in connection.execute(steps_statement(reps)):
            mails[scenario, step, state] = count
        return mails
    for scenario, course, count in connection.execute(courses_statement()):
        for line in course.split("\n") if course else ():
            step, _, state = line.rpartition(" ")
            mails[scenario, step, state] += count
    return mails


def running_statement(reps: Collection[str] | None) -> Select[Any]:
    """Enrollments that run, by scenario and text."""
    found = (
        select(_enrollment.scenario_id, _enrollment.scenario_hash, func.count())
        .where(_enrollment.state.in_([state.value for state in RUNNING]))
        .group_by(_enrollment.scenario_id, _enrollment.scenario_hash)
    )
    return found if reps is None else found.where(among(_enrollment.rep_id, reps))


def standing(connection: Connection, reps: Collection[str] | None) -> Standing:
    """The answer, in three statements."""
    answered = {tuple(key): count for *key, count in connection.execute(answered_statement(reps))}
    steps = (
        StepCount(scenario, step, MessageState(state), count, answered.get((scenario, step, state), 0))
        for (scenario, step, state), count in _mails(connection, reps).items()
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
