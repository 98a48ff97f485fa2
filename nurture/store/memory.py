"""The store in memory: the same contract, for tests, simulations and the demo's dry runs.

It keeps values as a database would give them back (``Shape.row`` and ``value``), and refuses what the
tables refuse: unique keys and references are read from the same schema. No method awaits anything, so each
is one moment by itself.
"""

from __future__ import annotations

import asyncio
import weakref
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from nurture.core.change import Change, Dispatch
from nurture.core.deals import TOUCHES, Deal, Meeting, Promise, Task
from nurture.core.erasure import decide
from nurture.core.glance import Glance, glance
from nurture.core.keys import Answered
from nurture.core.messages import (
    Enrollment,
    EnrollmentState,
    Entry,
    Inbound,
    Message,
    MessageState,
    Suppression,
)
from nurture.core.people import Organisation, Person, Representative
from nurture.core.reading import Kind
from nurture.errors import Impossible
from nurture.ports import Holding, Matches, Span
from nurture.store import counts, erasing, numbers, recording, seeking, writes
from nurture.store.assembly import Gathered, assemble, touch
from nurture.store.codecs import clean, fold
from nurture.store.draft import Draft, taken, value_of
from nurture.store.find import is_any_of
from nurture.store.mapping import KINDS, Shape, shape
from nurture.store.noted import Noted
from nurture.store.schema import UNIQUE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date

    from nurture.core.change import Entity
    from nurture.core.content import Use
    from nurture.core.dossier import Dossier
    from nurture.core.erasure import Subject
    from nurture.core.ids import DealId, EnrollmentId, MailboxId, OrganisationId, RepId
    from nurture.core.limits import Asked, Taken, Traffic
    from nurture.core.standing import Standing
    from nurture.core.upshot import Upshot

V = TypeVar("V")
Row = dict[str, Any]


class MemoryStore:
    """``ports.Store`` without a disk."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {shape(kind).kind: {} for kind in KINDS}
        self._taken: dict[str, dict[tuple[Any, ...], str]] = {rule.name: {} for rule in UNIQUE}
        self._seq = 0
        self._events: weakref.WeakSet[asyncio.Event] = weakref.WeakSet()
        self._noted = Noted()
        self._name: str | None = None
        self._closed = False

    async def commit(self, change: Change) -> None:
        """See ``ports.Store``."""
        self._commit(change)

    def _commit(self, change: Change) -> None:
        self._open()
        puts, entries = writes.sort(change), writes.entry_rows(change)
        draft = Draft(self._rows, self._taken)
        try:
            for each in puts:
                draft.put(each)
            draft.check_references()
            for person in change.drops:
                draft.drop(person)
        except BaseException:
            draft.let_go()
            raise
        for kind, rows in draft.rows.items():
            self._rows[kind].update(rows)
        for person in change.drops:
            del self._rows["person"][person.id]
        for row in entries:
            self._seq += 1
            self._rows["journal"][str(self._seq)] = value_of(shape(Entry), row | {"seq": self._seq})
        if change:
            self._noted.note(change)
            self._announce()

    async def get(self, kind: type[V], key: str) -> V | None:
        """See ``ports.Store``."""
        self._open()
        shaped = shape(kind)
        wanted = clean(key)
        if shaped.key == "seq":
            wanted = str(int(key)) if key.isascii() and key.isdecimal() else ""
        return cast("V | None", self._rows[shaped.kind].get(wanted))

    async def find(
        self,
        kind: type[V],
        where: Mapping[str, object] | None = None,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> tuple[V, ...]:
        """See ``ports.Store``."""
        self._open()
        shaped = shape(kind)
        found = self._chosen(kind, where)
        for name in reversed((*order, shaped.key)):
            field = name.removeprefix("-")
            shaped.asked(field)
            found.sort(key=_null_first(field), reverse=name.startswith("-"))
        return tuple(found[:limit])

    async def search(
        self,
        kind: type[V],
        said: str,
        *,
        reps: Collection[str] | None = None,
        limit: int,
        skip: int = 0,
    ) -> tuple[V, ...]:
        """See ``ports.Store``."""
        self._open()
        others: tuple[Deal | Meeting, ...] = (*self._all(Deal), *self._all(Meeting))
        found = seeking.sought(kind, clean(said), reps, self._all(Person), self._all(Organisation), others)
        return cast("tuple[V, ...]", found[skip : skip + limit])

    async def count(self, kind: type[Entity] | type[Entry], where: Mapping[str, object] | None = None) -> int:
        """See ``ports.Store``."""
        self._open()
        return len(self._chosen(cast("type[Any]", kind), where))

    async def due(self, now: datetime, limit: int) -> tuple[Dossier, ...]:
        """See ``ports.Store``."""
        self._open()
        ready = [(e.wake_at, e.id, e) for e in self._active() if e.wake_at is not None and e.wake_at <= now]
        return self._dossiers([enrollment for _, _, enrollment in sorted(ready, key=lambda r: r[:2])[:limit]], now)

    async def next_due(self) -> datetime | None:
        """See ``ports.Store``."""
        self._open()
        waking = [e.wake_at for e in self._active() if e.wake_at is not None]
        leaving = [max(m.planned_at, m.not_before or m.planned_at) for m in self._claimable() if m.planned_at]
        return min(waking + leaving, default=None)

    async def dossiers(self, keys: Collection[EnrollmentId], now: datetime) -> tuple[Dossier, ...]:
        """See ``ports.Store``."""
        self._open()
        known = self._rows["enrollment"]
        wanted = dict.fromkeys(clean(key) for key in keys)
        return self._dossiers([known[key] for key in wanted if key in known], now)

    async def leaving(self, now: datetime) -> frozenset[MailboxId]:
        """See ``ports.Store``."""
        self._open()
        return frozenset(m.mailbox_id for m in self._ready(now) if m.mailbox_id is not None)

    async def claim(
        self,
        now: datetime,
        limit: int,
        by: str,
        mailboxes: Collection[MailboxId] | None = None,
        *,
        after: datetime | None = None,
        without: Collection[str] = (),
    ) -> tuple[tuple[Message, Glance], ...]:
        """See ``ports.Store``."""
        self._open()
        ready = [
            (m.planned_at, m.id, m)
            for m in self._ready(now, after, without)
            if mailboxes is None or m.mailbox_id in mailboxes
        ]
        claimed = [
            replace(m, state=MessageState.SENDING, claimed_by=clean(by), claimed_at=now, version=m.version + 1)
            for _, _, m in sorted(ready, key=lambda r: r[:2])[:limit]
        ]
        if not claimed:
            return ()
        self._rows["message"].update({m.id: m for m in claimed})
        if claimed:
            self._announce()
        wanted = dict.fromkeys(m.enrollment_id for m in claimed)
        dossiers = self._dossiers([self._rows["enrollment"][cast("str", key)] for key in wanted], now)
        of = {dossier.id: dossier for dossier in dossiers}
        return tuple((m, glance(of[m.enrollment_id], m.id)) for m in claimed if m.enrollment_id)

    async def traffic(self, asked: Asked) -> Traffic:
        """See ``ports.Store``."""
        self._open()
        due = self._ready(asked.now, asked.after, asked.without)
        return counts.traffic(asked, self._all(Message), due, self._all(Entry), self._scenarios())

    async def taken(self, since: datetime) -> tuple[Taken, ...]:
        """See ``ports.Store``."""
        self._open()
        return counts.taken(since, self._all(Message), self._scenarios())

    async def record(self, upshots: Sequence[Upshot]) -> tuple[int, ...]:
        """See ``ports.Store``."""
        refused: list[int] = []
        for upshot in upshots:
            recording.check(upshot)
        for position, upshot in enumerate(upshots):
            known = self._rows["message"].get(upshot.id)
            if known is None or known.version != upshot.version:
                refused.append(position)
                continue
            self._commit(upshot.change(known))
        return tuple(refused)

    async def match(
        self,
        mailbox: MailboxId,
        header_ids: Collection[str],
        tokens: Collection[str],
        addresses: Collection[str],
        keys: Collection[str],
        ids: Collection[str] = (),
    ) -> Matches:
        """See ``ports.Store``."""
        self._open()
        headers, secrets = ({clean(mark) for mark in marks if mark} for marks in (header_ids, tokens))
        people = {fold(clean(address)) for address in addresses if address}
        known = {clean(key) for key in keys}
        named = {clean(key) for key in ids}
        messages = [
            m
            for m in self._all(Message)
            if m.header_id in headers or m.unsubscribe_token in secrets or m.id in named
        ]
        return Matches(
            messages=tuple(sorted(messages, key=lambda m: m.id)),
            people=tuple(sorted(p.id for p in self._all(Person) if fold(p.email) in people)),
            known=frozenset(
                i.key for i in self._all(Inbound) if i.mailbox_id == clean(mailbox) and i.key in known
            ),
        )

    async def planned(
        self,
        first: date,
        last: date,
        *,
        reps: Collection[RepId] | None = None,
        organisation: OrganisationId | None = None,
    ) -> Mapping[date, int]:
        """See ``ports.Store``."""
        self._open()
        return numbers.planned_of(self._all(Message), first, last, reps, organisation)

    async def uses(self) -> Mapping[str, Use]:
        """See ``ports.Store``."""
        self._open()
        return numbers.uses_of(self._all(Message))

    async def standing(self, reps: Collection[RepId] | None = None) -> Standing:
        """See ``ports.Store``."""
        self._open()
        return numbers.standing_of(self._all(Enrollment), self._all(Message), self._all(Inbound), reps)

    async def houses(self, domains: Collection[str]) -> dict[str, OrganisationId]:
        """See ``ports.Store``."""
        self._open()
        wanted = {fold(clean(domain)) for domain in domains if domain}
        found: dict[str, OrganisationId] = {}
        for person in sorted(self._all(Person), key=lambda p: p.organisation_id or "", reverse=True):
            domain = fold(person.email).rpartition("@")[2]
            if person.organisation_id is not None and domain in wanted:
                found[domain] = person.organisation_id
        return found

    async def last_about(self, deals: Collection[DealId]) -> dict[DealId, datetime]:
        """See ``ports.Store``."""
        self._open()
        found: dict[DealId, datetime] = {}
        for e in self._all(Entry):
            if e.deal_id is not None and e.deal_id in deals and e.kind in TOUCHES:
                found[e.deal_id] = max(e.at, found.get(e.deal_id, e.at))
        return found

    async def twins(self, *, reps: Collection[str] | None = None, limit: int) -> tuple[Person, ...]:
        """See ``ports.Store``."""
        self._open()
        return seeking.twins(self._all(Person), reps)[:limit]

    async def erase(self, who: Subject, told: Entry) -> tuple[str, ...]:
        """See ``ports.Store``."""
        self._open()
        shapes: dict[str, Shape[Any]] = {shape(kind).kind: shape(kind) for kind in KINDS}
        read = {name: shaped for name, shaped in shapes.items() if name not in erasing.NOT_READ}
        tables = {name: [shaped.row(x) for x in self._rows[name].values()] for name, shaped in read.items()}
        erasing.refuse_moving(tables["message"], who)
        files = erasing.files_of(tables["message"], who)
        outcome = decide(tables, who)
        for name, rows in outcome.changed.items():
            self._rows[name].update({row["id"]: value_of(read[name], row) for row in rows})
        for name, ids in outcome.gone.items():
            for key in ids & set(self._rows.get(name, ())):
                del self._rows[name][key]
        self._taken = taken(self._rows)
        lines = {e.seq: new for e in self._all(Entry) if (new := erasing.without(e, who)) is not None}
        self._rows["journal"].update({str(seq): new for seq, new in lines.items()})
        self._commit(Change((), (erasing.finished(told, lines, outcome),)))
        kept = {key for m in self._all(Message) for key in m.attachments}
        return tuple(key for key in files if key not in kept)

    async def wake_all(self, now: datetime) -> int:
        """See ``ports.Store``."""
        self._open()
        woken = [replace(e, wake_at=min(now, e.wake_at or now), version=e.version + 1) for e in self._active()]
        self._rows["enrollment"].update({e.id: e for e in woken})
        if woken:
            self._announce()
        return len(woken)

    async def prune(self, ended_before: datetime) -> int:
        """See ``ports.Store``."""
        self._open()
        over = [d.id for d in self._all(Dispatch) if d.ended_at is not None and d.ended_at < ended_before]
        for key in over:
            del self._rows["dispatch"][key]
        return len(over)

    async def forget(self, before: datetime) -> int:
        """See ``ports.Store``."""
        self._open()
        old = [row.id for row in self._all(Answered) if row.at < before]
        for key in old:
            del self._rows[shape(Answered).kind][key]
        return len(old)

    def changed(self) -> asyncio.Event:
        """See ``ports.Store``."""
        event = asyncio.Event()
        self._events.add(event)
        return event

    async def join(self, name: str) -> None:
        """See ``ports.Store``."""
        self._open()
        self._name = clean(name)

    def commits(self) -> int:
        """See ``ports.Store``."""
        return self._noted.count

    def touched(self, enrollment: EnrollmentId, since: int) -> bool:
        """See ``ports.Store``."""
        return self._noted.touched(enrollment, since)

    def term(self) -> int:
        """See ``ports.Store``: nobody else is here."""
        return 1

    async def gone(self, names: Collection[str]) -> frozenset[str]:
        """See ``ports.Store``: nobody else is here."""
        self._open()
        return frozenset(names) - {self._name}

    async def own(self, mailbox: MailboxId) -> bool:  # noqa: ARG002
        """See ``ports.Store``: nobody else is here."""
        self._open()
        return True

    async def daemons(self) -> tuple[str, ...]:
        """See ``ports.Store``."""
        self._open()
        return () if self._name is None else (self._name,)

    async def close(self) -> None:
        """See ``ports.Store``. Calling it again is harmless."""
        self._closed = True

    def _open(self) -> None:
        if self._closed:
            raise Impossible("The store is closed")

    def _announce(self) -> None:
        for event in list(self._events):
            event.set()

    def _all(self, kind: type[V]) -> list[V]:
        return list(self._rows[shape(kind).kind].values())

    def _active(self) -> list[Enrollment]:
        return [e for e in self._all(Enrollment) if e.state is EnrollmentState.ACTIVE]

    def _claimable(self) -> list[Message]:
        return [m for m in self._all(Message) if m.state is MessageState.APPROVED and m.enrollment_id is not None]

    def _ready(self, now: datetime, after: datetime | None = None, without: Collection[str] = ()) -> list[Message]:
        scenarios = self._scenarios() if without else {}
        return [
            m
            for m in self._claimable()
            if m.planned_at
            and m.planned_at <= now
            and (m.not_before is None or m.not_before <= now)
            and (after is None or m.planned_at > after)
            and scenarios.get(m.enrollment_id or "") not in without
        ]

    def _scenarios(self) -> dict[str, str]:
        """The scenario of each enrollment."""
        return {e.id: e.scenario_id for e in self._all(Enrollment)}

    def _chosen(self, kind: type[V], where: Mapping[str, object] | None) -> list[V]:
        shaped = shape(kind)
        tests = [_test(shaped, name, wanted) for name, wanted in (where or {}).items()]
        return [value for value in self._all(kind) if all(test(value) for test in tests)]

    def _dossiers(self, enrollments: list[Enrollment], now: datetime) -> tuple[Dossier, ...]:
        if not enrollments:
            return ()
        mine = {e.id for e in enrollments}
        replies = [i for i in self._all(Inbound) if i.kind == Kind.REPLY.value]
        cited = {i.enrollment_id for i in replies}
        last: dict[str, datetime] = {}
        for reply in replies:
            if reply.person_id is not None:
                last[reply.person_id] = max(reply.received_at, last.get(reply.person_id, reply.received_at))
        found = Gathered(
            enrollments=tuple(enrollments),
            people=self._rows[shape(Person).kind],
            reps=self._rows[shape(Representative).kind],
            organisations=self._rows[shape(Organisation).kind],
            deals=self._rows[shape(Deal).kind],
            meetings=self._rows[shape(Meeting).kind],
            promises=self._all(Promise),
            messages=[m for m in self._all(Message) if m.enrollment_id in mine],
            tasks=[t for t in self._all(Task) if t.enrollment_id in mine],
            touches=[t for m in self._all(Message) if (t := touch(m)) is not None],
            suppressions=[s for s in self._all(Suppression) if s.lifted_at is None],
            replied=frozenset(
                e.id
                for e in enrollments
                if e.id in cited or (e.enrolled_at and e.person_id in last and last[e.person_id] > e.enrolled_at)
            ),
        )
        return assemble(found, now)


def _null_first(field: str) -> Callable[[Any], tuple[bool, Any]]:
    def key(value: Any) -> tuple[bool, Any]:
        x = getattr(value, field)
        return (False, 0) if x is None else (True, x)

    return key


def _test(shaped: Shape[Any], name: str, wanted: Any) -> Callable[[Any], bool]:
    """A condition of ``find`` as a test of one value; see ``find.condition``."""
    encode = shaped.asked(name).encode
    if wanted is None:
        return lambda value: getattr(value, name) is None
    if isinstance(wanted, Span):
        low, high = (None if end is None else encode(end) for end in (wanted.low, wanted.high))

        def within(value: Any) -> bool:
            x = getattr(value, name)
            return x is not None and (low is None or x >= low) and (high is None or x < high)

        return within
    if isinstance(wanted, Holding):
        part = fold(encode(wanted.text))
        return lambda value: (x := getattr(value, name)) is not None and part in fold(x)
    if is_any_of(wanted):
        values = {None if each is None else encode(each) for each in wanted}
        return lambda value: getattr(value, name) in values
    encoded = encode(wanted)
    return lambda value: bool(getattr(value, name) == encoded)
