"""A claim: what may leave is marked, and read with the little that the last look needs (``core.glance``).

Four statements, whatever the number of letters. In the transaction that claims: which (``claim_statement`` of
``queries``), and mark them. After it, by a reader, so that the writer can go on with the outcomes of the letters
before: read them with all that a glance holds, and which of their domains are suppressed. Rows come as one text
(``packed``). What is read later is only newer: from the claim on nobody else takes the row away. And
of daemons that claim at one instant, whoever commits last sees what the others have claimed.
"""

from __future__ import annotations

import json
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, exists, func, literal_column, or_, select, update

from nurture.core.deals import TaskState
from nurture.core.glance import UNTOLD, Glance, Near, Other, is_special
from nurture.core.messages import EnrollmentState, Message, MessageState
from nurture.core.messages import SuppressionScope as Scope
from nurture.core.people import Person
from nurture.core.reading import Kind
from nurture.core.states import LEFT
from nurture.core.suppressions import domains_over
from nurture.store.assembly import since
from nurture.store.codecs import clean
from nurture.store.columns import INSTANT
from nurture.store.find import Among, Texts, among
from nurture.store.mapping import shape
from nurture.store.packed import Listed, Packed, day, decoders, instant, listed
from nurture.store.schema import METADATA

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Select

_T: Final = METADATA.tables
_SHAPE: Final = shape(Message)
_DECODERS: Final = decoders(_SHAPE)
_FIELDS: Final = len(_SHAPE.names)
_EMAIL: Final = _FIELDS + 8  # where ``_read`` has the person's address
_BASIS: Final = dict(shape(Person).decoders(("legal_basis",)))[0]
_STATES: Final = {state.value: state for state in MessageState}
_RUNS: Final = {state.value: state for state in EnrollmentState}
_ORDER: Final = attrgetter("planned_at", "id")
_IDS: Final = bindparam("ids", type_=Texts())
_BY_ID: Final = itemgetter(-1)
_NOTHING: Final = ()


def mark(connection: Connection, now: datetime, by: str, ready: Select[Any]) -> list[str]:
    """Move what may leave (``queries.claim_statement``) to SENDING; returns the ids."""
    ids = _rows(connection, select(Listed(ready.subquery().c.id)), {})
    if ids:
        connection.execute(_MARK, {"ids": ids, "by": clean(by), "now": now})
    return ids


def read(connection: Connection, now: datetime, ids: Collection[str]) -> tuple[tuple[Message, Glance], ...]:
    """What was marked, each with a glance at what is around it, in the order in which it leaves."""
    rows = _rows(connection, READ, {"ids": ids, "start": since(now)})
    silent = _silent_domains(connection, rows)
    claimed = [_letter(row, silent) for row in rows]
    claimed.sort(key=lambda pair: _ORDER(pair[0]))
    return tuple(claimed)


def _rows(connection: Connection, statement: Any, values: dict[str, Any]) -> list[Any]:
    """The rows of a statement that gives one JSON array."""
    found = connection.execute(statement, values).scalar_one()
    return json.loads(found) if isinstance(found, str) else found  # type: ignore[no-any-return]


def _silent_domains(connection: Connection, rows: Iterable[list[Any]]) -> frozenset[str]:
    """The domains of these people, and those above them, that are suppressed."""
    wanted = {domain for row in rows for domain in domains_over(row[_EMAIL].lower())}
    suppression = _T["suppression"].c
    statement = select(suppression.value).where(
        suppression.lifted_at.is_(None), suppression.scope == Scope.DOMAIN.value, among(suppression.value, wanted)
    )
    return frozenset(connection.execute(statement).scalars())


def _letter(row: list[Any], silent: frozenset[str]) -> tuple[Message, Glance]:
    for at, decode in _DECODERS:
        if row[at] is not None:
            row[at] = decode(row[at])
    message = Message(*row[:_FIELDS])
    # As ``READ`` has them: a glance, but for what is still to be made of the columns.
    (
        enrollment, state, holds, scenario, script, variant, anchor, shift, email, role, specialty, department,
        region, organisation, kind, zone, basis, mailbox, away, closures, elsewhere, suppressed, replied, others,
        tasks, near,
    ) = row[_FIELDS:]  # fmt: skip
    for several in (others, tasks, near):
        if several and len(several) > 1:  # a database gives them in any order
            several.sort(key=_BY_ID)
    if not suppressed and silent:
        suppressed = any(domain in silent for domain in domains_over(email.lower()))
    glance = Glance(
        enrollment,
        _RUNS[state],
        holds,
        scenario,
        script,
        variant,
        instant(anchor),
        shift,
        email,
        role,
        specialty,
        department,
        region,
        organisation,
        kind,
        zone,
        _BASIS(basis).allows_mail,
        mailbox,
        is_special(away=bool(away), closures=bool(closures), elsewhere=bool(elsewhere), email=email),
        bool(suppressed),
        bool(replied),
        tuple([_other(each) for each in others]) if others else _NOTHING,
        tuple([(step, instant(due).date() if due else None) for due, step in tasks]) if tasks else _NOTHING,
        tuple([Near(day(on), bool(own), bool(theirs), key) for on, own, theirs, key in near])
        if near
        else _NOTHING,
    )
    return message, glance


def _other(row: list[Any]) -> Other:
    step, state, on, at, mailbox, key = row
    return Other(step, _STATES[state], day(on) if on else None, instant(at) if at else None, mailbox, key)


def _mark() -> Any:
    message = _T["message"].c
    return (
        update(_T["message"])
        .where(Among(message.id, _IDS))
        .values(
            state=MessageState.SENDING.value,
            claimed_by=bindparam("by"),
            claimed_at=bindparam("now", type_=INSTANT),
            version=message.version + 1,
        )
    )


def _read() -> Select[Any]:
    """Each letter with its glance, as one list of lists: the message's columns, then those of ``_letter``."""
    names = ("message", "enrollment", "person", "organisation", "representative")
    m, e, p, o, r = (_T[name].c for name in names)
    place = func.coalesce(e.organisation_id, p.organisation_id)
    columns = [
        *(_SHAPE.column(name) for name in _SHAPE.names),
        *(e.id, e.state, e.holds, e.scenario_id, e.scenario_hash, e.variant, e.anchor_at, e.shift_days),
        *(p.email, p.role, p.specialty, p.department, _filled(p.region, o.region), o.name, o.kind),
        *(_filled(p.timezone, o.timezone), p.legal_basis, r.mailbox_id),
        *(p.away.is_not(None), and_(o.closures.is_not(None), o.closures != "[]")),
        and_(e.organisation_id.is_not(None), e.organisation_id.is_distinct_from(p.organisation_id)),
        _suppressed(p, e),
        _replied(e, p),
        _others(m, e),
        _tasks(e),
        _near(e, p, place),
    ]
    joined = (
        _T["message"]
        .join(_T["enrollment"], e.id == m.enrollment_id)
        .join(_T["person"], p.id == e.person_id)
        .join(_T["representative"], r.id == e.rep_id)
        .join(_T["organisation"], o.id == place, isouter=True)
    )
    return select(Listed(Packed(*columns))).select_from(joined).where(Among(m.id, _IDS))


def _filled(own: Any, theirs: Any) -> Any:
    """A person's attribute, or the organisation's where there is none; an empty one is none."""
    return func.coalesce(func.nullif(own, literal_column("''")), theirs)


def _suppressed(p: Any, e: Any) -> Any:
    """Whether something in force concerns the person, domains apart (``suppressions.covering``)."""
    s = _T["suppression"].alias("s").c
    address = func.lower(p.email)
    places = [form for key in (p.organisation_id, e.organisation_id) for form in (key, func.lower(key))]
    plain = or_(
        and_(s.scope == Scope.ADDRESS.value, s.value == address),
        and_(s.scope == Scope.ORGANISATION.value, s.value.in_(places)),
    )
    topic = and_(s.scope == Scope.TOPIC.value, s.value > address.concat("#"), s.value < address.concat("$"))
    return or_(*(exists().where(s.lifted_at.is_(None), each) for each in (plain, topic)))


def _replied(e: Any, p: Any) -> Any:
    """As ``queries.replied_statement``."""
    i = _T["inbound"].alias("i").c
    reply = i.kind == Kind.REPLY.value
    return or_(
        exists().where(i.enrollment_id == e.id, reply),
        exists().where(i.person_id == p.id, reply, i.received_at > e.enrolled_at),
    )


def _others(m: Any, e: Any) -> Any:
    x = _T["message"].alias("x").c
    told = x.state.not_in(_literally(UNTOLD))
    wanted = select().where(x.enrollment_id == e.id, x.id != m.id, told)
    return listed(wanted, x.step_id, x.state, x.planned_on, x.planned_at, x.mailbox_id, x.id)


def _literally(states: Iterable[MessageState]) -> list[Any]:
    """Within the text of the statement: a list of parameters would be written out anew each time."""
    return [literal_column(f"'{state.value}'") for state in sorted(states)]


def _tasks(e: Any) -> Any:
    k = _T["task"].alias("k").c
    wanted = select().where(k.enrollment_id == e.id, k.step_id.is_not(None), k.state != TaskState.PLANNED.value)
    return listed(wanted, k.due_at, k.step_id)


def _near(e: Any, p: Any, place: Any) -> Any:
    y = _T["message"].alias("y").c
    wanted = select().where(
        y.state.concat(literal_column("''")).in_(
            _literally(LEFT)
        ),  # by people, not by states: those have thousands
        y.planned_on.is_not(None),
        or_(y.enrollment_id.is_(None), y.enrollment_id != e.id),
        or_(y.person_id == p.id, and_(y.organisation_id == place, y.planned_on >= bindparam("start"))),
    )
    return listed(wanted, y.planned_on, y.person_id == p.id, y.organisation_id == p.organisation_id, y.id)


_MARK: Final = _mark()
READ: Final = _read()
