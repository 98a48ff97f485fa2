"""Questions to the tables: a fixed number of statements each, whatever the number of rows.

A state stands as a literal where an index is kept for that state alone: SQLite uses a partial index only
where it can see its condition in the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import and_, exists, func, literal_column, not_, or_, select, union_all

from nurture.core.deals import TOUCHES, Deal, Meeting, Promise, Task
from nurture.core.dossier import Touch
from nurture.core.ids import DealId, OrganisationId
from nurture.core.messages import Enrollment, Message, Suppression
from nurture.core.people import Organisation, Person, Representative
from nurture.core.reading import Kind
from nurture.core.states import LEFT
from nurture.ports import Matches
from nurture.store.assembly import COUNTING, Gathered, assemble, organisation_of, silenced, since
from nurture.store.codecs import clean, fold
from nurture.store.find import EMPTY, among, condition, order_by, texts
from nurture.store.mapping import shape
from nurture.store.schema import METADATA, at_domain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, Connection, Select

    from nurture.core.dossier import Dossier

V = TypeVar("V")

_enrollment: Final = METADATA.tables["enrollment"].c
_message: Final = METADATA.tables["message"].c
_inbound: Final = METADATA.tables["inbound"].c
_person: Final = METADATA.tables["person"].c
_journal: Final = METADATA.tables["journal"].c
_suppression: Final = METADATA.tables["suppression"].c

_DIGITS: Final = 18  # of any number of 64 bits
_ACTIVE: Final = _enrollment.state == literal_column("'active'")
_CLAIMABLE: Final = and_(_message.state == literal_column("'approved'"), _message.enrollment_id.is_not(None))
_IN_FORCE: Final = _suppression.lifted_at.is_(None)


def get(connection: Connection, kind: type[V], key: str) -> V | None:
    """The value with that id."""
    shaped = shape(kind)
    wanted: Any = clean(key)
    if shaped.key == "seq":
        if not key.isascii() or not key.isdecimal() or len(key) > _DIGITS:
            return None
        wanted = int(key)
    row = connection.execute(shaped.selected.where(shaped.table.c[shaped.key] == wanted)).first()
    return None if row is None else shaped.value(row)


def find_statement(
    kind: type[Any], where: Mapping[str, object] | None, order: Sequence[str], limit: int | None
) -> Select[Any]:
    """The statement of ``Store.find``."""
    shaped = shape(kind)
    return shaped.selected.where(condition(shaped, where)).order_by(*order_by(shaped, order, where)).limit(limit)


def count_statement(kind: type[Any], where: Mapping[str, object] | None) -> Select[Any]:
    """The statement of ``Store.count``."""
    shaped = shape(kind)
    return select(func.count()).select_from(shaped.table).where(condition(shaped, where))


def values(connection: Connection, kind: type[V], statement: Select[Any]) -> tuple[V, ...]:
    """The rows of a statement over all columns of a kind, as values."""
    shaped = shape(kind)
    return tuple(map(shaped.value, connection.execute(statement).all()))


def chosen(connection: Connection, kind: type[V], where: ColumnElement[bool]) -> tuple[V, ...]:
    """The values of a kind that fulfil this."""
    return values(connection, kind, shape(kind).selected.where(where))


def due_statement(now: datetime, limit: int) -> Select[Any]:
    """Active enrollments whose time has come, the longest overdue first."""
    waking = shape(Enrollment).selected.where(_ACTIVE, _enrollment.wake_at <= now)
    return waking.order_by(_enrollment.wake_at, _enrollment.id).limit(limit)


def ready(now: datetime, after: datetime | None = None, without: Collection[str] = ()) -> ColumnElement[bool]:
    """Whether a message may be claimed: planned later than ``after``, and not of the scenarios ``without``."""
    due = or_(_message.not_before.is_(None), _message.not_before <= now)
    parts = [_CLAIMABLE, _message.planned_at <= now, due]
    if after is not None:
        parts.append(_message.planned_at > after)
    if without:
        stopped = and_(_enrollment.id == _message.enrollment_id, among(_enrollment.scenario_id, without))
        parts.append(not_(exists().where(stopped)))
    return and_(*parts)


def claim_statement(
    now: datetime,
    limit: int,
    mailboxes: Collection[str] | None = None,
    *,
    after: datetime | None = None,
    without: Collection[str] = (),
) -> Select[Any]:
    """Ids of approved messages that may leave, the earliest first; another claimer's are passed over."""
    chosen_ = select(_message.id).where(ready(now, after, without))
    if mailboxes is not None:
        chosen_ = chosen_.where(among(_message.mailbox_id, mailboxes))
    return chosen_.order_by(_message.planned_at, _message.id).limit(limit).with_for_update(skip_locked=True)


def leaving_statement(now: datetime) -> Select[Any]:
    """The mailboxes from which something could be claimed."""
    return select(_message.mailbox_id).distinct().where(ready(now))


def next_statements() -> tuple[Select[Any], ...]:
    """The earliest waking; the earliest leaving; the earliest leaving of what is held back beyond its time."""
    held = _message.not_before > _message.planned_at
    leaving = select(_message.planned_at).where(_CLAIMABLE, _message.planned_at.is_not(None))
    free = or_(_message.not_before.is_(None), _message.not_before <= _message.planned_at)
    return (
        select(func.min(_enrollment.wake_at)).where(_ACTIVE),
        leaving.where(free).order_by(_message.planned_at).limit(1),
        select(func.min(_message.not_before)).where(_CLAIMABLE, _message.not_before.is_not(None), held),
    )


def next_due(connection: Connection) -> datetime | None:
    """The earliest instant at which an enrollment wakes or an approved message may leave."""
    instants = [connection.execute(statement).scalar() for statement in next_statements()]
    return min((instant for instant in instants if instant is not None), default=None)


def match(
    connection: Connection,
    mailbox: str,
    header_ids: Iterable[str],
    tokens: Iterable[str],
    addresses: Iterable[str],
    keys: Iterable[str],
    ids: Iterable[str] = (),
) -> Matches:
    """All marks of a batch of mails; an empty mark matches nothing."""
    headers, secrets, named = ([clean(mark) for mark in marks if mark] for marks in (header_ids, tokens, ids))
    messages: dict[str, Message] = {}
    for column, marks in (
        (_message.header_id, headers),
        (_message.unsubscribe_token, secrets),
        (_message.id, named),
    ):
        if marks:
            messages |= {m.id: m for m in chosen(connection, Message, and_(among(column, marks), column != EMPTY))}
    people = select(_person.id).where(among(func.lower(_person.email), [fold(clean(a)) for a in addresses if a]))
    known = select(_inbound.key).where(
        _inbound.mailbox_id == clean(mailbox), among(_inbound.key, [clean(key) for key in keys])
    )
    return Matches(
        messages=tuple(messages[key] for key in sorted(messages)),
        people=tuple(sorted(connection.execute(people).scalars())),
        known=frozenset(connection.execute(known).scalars()),
    )


def houses_statement(domains: Collection[str]) -> Select[Any, Any]:
    """Domain with its @ → organisation; an address with a rare character before its @ is not found."""
    domain = at_domain(_person.email)
    return (
        select(domain, func.min(_person.organisation_id))
        .where(among(domain, [f"@{name}" for name in domains]), _person.organisation_id.is_not(None))
        .group_by(domain)
    )


def houses(connection: Connection, domains: Iterable[str]) -> dict[str, OrganisationId]:
    """Domain → organisation, by the addresses of people."""
    asked = sorted({fold(clean(domain)) for domain in domains if domain})
    if not asked:
        return {}
    found = connection.execute(houses_statement(asked))
    return {domain[1:]: OrganisationId(house) for domain, house in found}


def last_about_statement(deals: Collection[str]) -> Select[Any, Any]:
    """Deal → when something last went to or fro."""
    about = and_(among(_journal.deal_id, deals), _journal.deal_id.is_not(None))
    return (
        select(_journal.deal_id, func.max(_journal.at))
        .where(about, _journal.kind.in_(sorted(TOUCHES)))
        .group_by(_journal.deal_id)
    )


def last_about(connection: Connection, deals: Collection[str]) -> dict[DealId, datetime]:
    """When something last went to or fro about deals."""
    asked = [clean(key) for key in deals]
    found = connection.execute(last_about_statement(asked)) if asked else ()
    return {DealId(deal): at for deal, at in found}


def dossiers(connection: Connection, enrollments: Sequence[Enrollment], now: datetime) -> tuple[Dossier, ...]:
    """The dossiers of these, in their order, in at most thirteen statements."""
    if not enrollments:
        return ()
    ids = [enrollment.id for enrollment in enrollments]
    people = _by_id(connection, Person, (e.person_id for e in enrollments))
    organisations = {organisation_of(e, people[e.person_id]) for e in enrollments}
    deals = {e.deal_id for e in enrollments}
    meetings = {e.meeting_id for e in enrollments}
    promise = METADATA.tables["promise"].c
    promised = or_(among(promise.deal_id, _some(deals)), among(promise.meeting_id, _some(meetings)))
    found = Gathered(
        enrollments=tuple(enrollments),
        people=people,
        reps=_by_id(connection, Representative, (e.rep_id for e in enrollments)),
        organisations=_by_id(connection, Organisation, organisations),
        deals=_by_id(connection, Deal, deals),
        meetings=_by_id(connection, Meeting, meetings),
        promises=chosen(connection, Promise, promised),
        messages=chosen(connection, Message, among(_message.enrollment_id, ids)),
        tasks=chosen(connection, Task, among(METADATA.tables["task"].c.enrollment_id, ids)),
        touches=_touches(connection, people, _some(organisations), since(now)),
        suppressions=_suppressions(connection, [(e, people[e.person_id]) for e in enrollments]),
        replied=frozenset(connection.execute(replied_statement(ids)).scalars()),
    )
    return assemble(found, now)


def touches_statement(
    people: Collection[str],
    organisations: Collection[str],
    start: date,
) -> Any:
    """Mails that count, each once: of these people ever, of others of these organisations from that date on.

    The second half passes over the people of the first: to find what both hold, all would have to be sorted.
    """
    m = _message
    columns = (m.id, m.person_id, m.organisation_id, m.enrollment_id, m.planned_on, m.state, m.content_id)
    counting = and_(m.planned_on.is_not(None), m.state.in_(sorted(COUNTING)))
    own = select(*columns).where(counting, among(m.person_id, people))
    if not organisations:
        return own
    others = and_(among(m.organisation_id, organisations), not_(among(m.person_id, people)))
    return union_all(own, select(*columns).where(counting, others, m.planned_on >= start))


def suppression_statements(keys: Iterable[str], addresses: Collection[str]) -> tuple[Select[Any], Select[Any]]:
    """Suppressions in force: of these values, and of topics for these addresses (``address#topic``)."""
    suppressions = shape(Suppression).selected
    plain = suppressions.where(_IN_FORCE, among(_suppression.value, keys))
    address = texts(addresses).c.value
    topics = suppressions.where(
        _IN_FORCE,
        _suppression.scope == "topic",
        _suppression.value > address.concat("#"),
        _suppression.value < address.concat("$"),  # the character after #
    )
    return plain, topics


def replied_statement(enrollments: Collection[str]) -> Select[Any]:
    """Those to which a person's reply was read: it cites them, or came from the person since they began."""
    reply = _inbound.kind == Kind.REPLY.value
    cited = exists().where(_inbound.enrollment_id == _enrollment.id, reply)
    came = exists().where(
        _inbound.person_id == _enrollment.person_id, reply, _inbound.received_at > _enrollment.enrolled_at
    )
    return select(_enrollment.id).where(among(_enrollment.id, enrollments), or_(cited, came))


def _some(ids: Iterable[str | None]) -> list[str]:
    return [key for key in ids if key is not None]


def _by_id(connection: Connection, kind: type[V], ids: Iterable[str | None]) -> dict[str, V]:
    wanted = _some(ids)
    if not wanted:
        return {}
    shaped = shape(kind)
    rows = connection.execute(shaped.selected.where(among(shaped.table.c.id, wanted))).all()
    return {row[0]: shaped.value(row) for row in rows}


def _touches(
    connection: Connection,
    people: Collection[str],
    organisations: Collection[str],
    start: date,
) -> list[Touch]:
    left = {state.value for state in LEFT}
    return [
        Touch(id_, person, organisation, enrollment, on, state in left, content)
        for id_, person, organisation, enrollment, on, state, content in connection.execute(
            touches_statement(people, organisations, start)
        ).all()  # at once: row by row costs more than the rows
    ]


def _suppressions(connection: Connection, whom: Sequence[tuple[Enrollment, Person]]) -> list[Suppression]:
    keys = {value for enrollment, person in whom for _, value in silenced(enrollment, person)}
    addresses = {form for _, person in whom for form in (fold(person.email), person.email.lower())}
    plain, topics = suppression_statements(keys, addresses)
    found = (*values(connection, Suppression, plain), *values(connection, Suppression, topics))
    return list({suppression.id: suppression for suppression in found}.values())
