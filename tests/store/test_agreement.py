"""Memory, SQLite and PostgreSQL agree, whatever is done to them (a Hypothesis state machine)."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from nurture.core.change import Change
from nurture.core.deals import Promise, Task, TaskState
from nurture.core.ids import (
    DealId,
    EnrollmentId,
    MailboxId,
    MessageId,
    OrganisationId,
    PersonId,
    PromiseId,
    TaskId,
)
from nurture.core.limits import DOMAIN_LIMIT, Asked
from nurture.core.messages import (
    Enrollment,
    EnrollmentState,
    Entry,
    Inbound,
    Message,
    MessageState,
    Suppression,
)
from nurture.core.people import Organisation, Person
from nurture.errors import Impossible, NurtureError
from nurture.ports import Holding, Span
from nurture.store import MemoryStore, SqlStore
from nurture.store.mapping import KINDS
from tests.servers.sqlite import furnished
from tests.store.world import (
    DEAL,
    HOSPITAL,
    MEETING,
    NOW,
    REP,
    TODAY,
    enrollment,
    entry,
    inbound,
    message,
    person,
    settle,
    suppression,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nurture.core.limits import Taken, Traffic
    from nurture.ports import Store
    from tests.servers.postgres import Postgres

R = TypeVar("R")

few = st.integers(0, 3)
some = st.integers(0, 7)
instants = st.integers(-3, 3).map(lambda h: NOW + timedelta(hours=h))
days = st.sampled_from([-60, -42, -40, -3, 0, 2]).map(lambda n: TODAY + timedelta(days=n))
versions = st.sampled_from([*[None] * 9, 0, 1, 2])  # None: the one that stands
organisations = st.sampled_from([None, HOSPITAL.id, OrganisationId("hikari")])
addresses = st.sampled_from(
    ["a@aoba.example", "A@Aoba.example", "b@aoba.example", "é@aoba.example", "É@aoba.example"]
)

people = st.builds(
    lambda n, email, org, successor: person(
        f"p{n}", email=email or f"P{n}@Aoba.example", organisation_id=org, successor_id=successor
    ),
    few,
    st.none() | addresses,
    organisations,
    st.sampled_from([None, None, None, PersonId("p0"), PersonId("p3")]),
)
enrollments = st.builds(
    lambda n, p, **more: enrollment(f"e{n}", f"p{p}", **more),
    few,
    few,
    organisation_id=organisations,
    state=st.sampled_from(EnrollmentState),
    wake_at=st.none() | instants,
    enrolled_at=st.none() | instants,
    deal_id=st.sampled_from([None, None, DEAL.id, DEAL.id, DealId("none")]),
    meeting_id=st.sampled_from([None, MEETING.id]),
)
messages = st.builds(
    lambda n, e, p, step, **more: message(
        f"m{n}", None if e is None else f"e{e}", f"p{p}", step_id=f"step-{n}" if step is None else step, **more
    ),
    some,
    st.sampled_from([0, 0, 1, 1, 2, None]),
    st.sampled_from([0, 0, 1, 1, 2]),
    st.sampled_from([None, None, None, "", "one"]),
    state=st.sampled_from(MessageState) | st.just(MessageState.APPROVED),
    organisation_id=organisations,
    mailbox_id=st.sampled_from([None, MailboxId("sales"), MailboxId("other")]),
    header_id=st.sampled_from(["", "", "", "<a>", "<b>"]),
    unsubscribe_token=st.sampled_from(["", "", "", "t", "u\ud800"]),
    planned_on=st.none() | days,
    planned_at=instants | instants | st.none(),
    not_before=st.none() | st.none() | instants,
    reason=st.sampled_from(["", DOMAIN_LIMIT]),
    sent_at=st.none() | instants,
    claimed_at=st.none() | instants,
)
inbounds = st.builds(
    lambda n, **more: inbound(f"i{n}", **more),
    few,
    key=st.sampled_from(["<k>", "<l>", "<m>"]),
    kind=st.sampled_from(["reply", "bounce"]),
    received_at=instants,
    person_id=st.sampled_from([None, PersonId("p0"), PersonId("p1")]),
    enrollment_id=st.sampled_from([None, EnrollmentId("e0"), EnrollmentId("e1")]),
)
suppressions = st.builds(
    lambda n, scope, value, lifted: suppression(f"s{n}", scope, value, lifted_at=lifted),
    few,
    st.sampled_from(["address", "domain", "organisation", "topic"]),
    st.sampled_from(["a@aoba.example", "aoba.example", "hikari", "a@aoba.example#cost", "é@aoba.example#x#y"]),
    st.none() | instants,
)
tasks = st.builds(
    lambda n, e, **more: Task(TaskId(f"t{n}"), "call", REP.id, "", enrollment_id=e, **more),
    few,
    st.sampled_from([None, EnrollmentId("e0"), EnrollmentId("e1")]),
    step_id=st.sampled_from([None, "", "one"]),
    state=st.sampled_from(TaskState),
    due_at=st.none() | instants,
)
promises = st.builds(
    lambda n, due, by: Promise(PromiseId(f"r{n}"), MEETING.id, DEAL.id, "", due=due, fulfilled_by=by),
    few,
    st.none() | days,
    st.sampled_from([None, MessageId("m0")]),
)
entities = st.one_of(people, enrollments, messages, messages, inbounds, suppressions, tasks, promises)
entries = st.builds(
    lambda kind, p, m, at: entry(kind, person_id=p, message_id=m, at=at),
    st.sampled_from(["message.sent", "message.bounced", "message.failed"]),
    st.none() | st.just(PersonId("p0")),
    st.none() | some.map(lambda n: MessageId(f"m{n}")),
    instants,
)

ASKED: dict[type[Any], list[dict[str, object]]] = {
    Message: [
        {"state": MessageState.APPROVED},
        {"state": ["sent", "sending"], "enrollment_id": ("e0", "e1", None)},
        {"planned_at": Span(NOW, NOW + timedelta(hours=2))},
        {"header_id": ("<a>", "")},
        {"header_id": "<a>"},
        {"planned_on": None},
    ],
    Person: [
        {"email": "a@aoba.example"},
        {"organisation_id": None},
        {"id": Span("p1")},
        {"email": Holding("AOBA.")},
    ],
    Enrollment: [{"wake_at": Span(high=NOW)}, {"person_id": {"p0", "p2"}, "state": "active"}],
    Entry: [{"kind": "message.sent"}, {"seq": Span(2, 5)}, {"person_id": "p0"}],
    Suppression: [{"lifted_at": None, "scope": "topic"}],
    Inbound: [{"kind": ("reply", "x"), "received_at": Span(NOW)}],
    Organisation: [{"region": None}],
}
ORDERS: dict[type[Any], tuple[str, ...]] = {
    Message: ("-planned_at", "state"),
    Person: ("email",),
    Enrollment: ("wake_at", "-person_id"),
    Entry: ("kind", "-seq"),
}


class BothStores(RuleBasedStateMachine):
    """Every question is put to both stores, and every answer must be the same."""

    gaps = False  # whether the journal's numbers leave some out

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.memory = MemoryStore()
        self.sql = self.loop.run_until_complete(SqlStore.open(self.made()))

    def made(self) -> Path | str:
        """A database without rows."""
        self.folder = Path(tempfile.mkdtemp(prefix="nurture-store-"))
        return furnished(self.folder / "n.sqlite")

    def unmade(self) -> None:
        """It is not needed any more."""
        shutil.rmtree(self.folder)

    def teardown(self) -> None:
        """No row of any kind differs; then both are closed."""
        for kind in KINDS:
            self.both(partial(_find, kind, {}, None))
        self.loop.run_until_complete(self.memory.close())
        self.loop.run_until_complete(self.sql.close())
        self.loop.close()
        self.unmade()

    def both(self, ask: Callable[[Store], Awaitable[R]]) -> R | None:
        """The answer of both, or None where both refused for the same reason."""
        answers = [self.loop.run_until_complete(_answer(ask, store)) for store in (self.memory, self.sql)]
        assert self.seen(answers[0]) == self.seen(answers[1])
        return answers[0][0]

    def seen(self, answer: Any) -> Any:
        """What must be the same of an answer."""
        return answer

    @initialize()
    def begin(self) -> None:
        """What everything refers to."""
        hikari = replace(HOSPITAL, id=OrganisationId("hikari"))
        begun = (enrollment("e0", "p0", organisation_id=None), enrollment("e1", "p1", deal_id=DEAL.id))
        mails = (message("m0", "e0", "p0"), message("m1", "e1", "p1"), message("m2", "e1", "p1"))
        self.both(lambda s: settle(s, hikari, person("p0"), person("p1"), *begun, *mails))

    @rule(put=entities)
    def write(self, put: Any) -> None:
        """One value on top of what stands."""
        self.commit_all([(put, None)], [])

    @rule(puts=st.lists(messages, min_size=1, max_size=6, unique_by=lambda m: m.id))
    def write_messages(self, puts: list[Message]) -> None:
        """Many values of one kind on top of what stands."""
        self.commit_all([(put, None) for put in puts], [])

    @rule(puts=st.lists(st.tuples(entities, versions), max_size=4), told=st.lists(entries, max_size=2))
    def commit_all(self, puts: list[tuple[Any, int | None]], told: list[Entry]) -> None:
        """Any change: new rows, stale ones, taken keys, references to nothing, one row twice."""
        built = []
        for value, version in puts:
            kept = self.loop.run_until_complete(self.memory.get(type(value), value.id))
            standing = kept.version if kept is not None else 0
            built.append(replace(value, version=standing if version is None else version))
        self.both(lambda s: s.commit(Change(tuple(built), tuple(told))))

    @rule(now=instants, limit=st.integers(1, 3), boxes=st.sampled_from([None, [], ["sales"], ["sales", "other"]]))
    def claim(self, now: Any, limit: int, boxes: list[MailboxId] | None) -> None:
        """Both take the same messages in the same order, with the same dossiers."""
        self.both(lambda s: s.claim(now, limit, "x", boxes))

    @rule(limit=st.integers(1, 3))
    def claim_late(self, limit: int) -> None:
        """When all has come."""
        self.both(lambda s: s.claim(NOW + timedelta(hours=4), limit, "y"))

    @rule(now=instants, after=st.none() | instants, since=instants)
    def count(self, now: Any, after: Any, since: Any) -> None:
        """Both count the same, and claim the same but for what a person must decide."""
        stopped = frozenset({"warm-lead"} if after else ())
        asked = Asked(now, TODAY, since, since, promised=True, after=after, without=stopped, counted_after=since)
        self.both(lambda s: _counted(s.traffic(asked)))
        self.both(lambda s: _sorted(s.taken(since)))
        self.both(lambda s: s.uses())
        self.both(lambda s: s.claim(now, 2, "z", after=after, without=stopped))

    @rule(now=instants)
    def wake_all(self, now: Any) -> None:
        """Both wake as many."""
        self.both(lambda s: s.wake_all(now))

    @rule(now=instants)
    def prune(self, now: Any) -> None:
        """Both forget as many."""
        self.both(lambda s: s.prune(now))

    @rule(now=instants, limit=st.integers(0, 3))
    def read(self, now: Any, limit: int) -> None:
        """Both give the same dossiers, dates and matches."""
        self.both(lambda s: s.due(now, limit))
        self.both(lambda s: s.dossiers([EnrollmentId(k) for k in ("e2", "e0", "none", "e1")], now))
        self.both(lambda s: s.next_due())
        self.both(
            lambda s: s.match(
                MailboxId("sales"),
                ["<a>", ""],
                ["u\ud800", ""],
                ["A@aoba.EXAMPLE", "É@aoba.example"],
                ["<k>", "<m>"],
                ["m1", "\ud800", ""],
            )
        )

    @rule(limit=st.none() | st.integers(0, 2))
    def find(self, limit: int | None) -> None:
        """Both find the same values in the same order."""
        for kind, questions in ASKED.items():
            for where in (q for q in questions if not (self.gaps and "seq" in q)):
                self.both(partial(_find, kind, where, limit))
                self.both(partial(_count, kind, where))

    @invariant()
    def what_changes_most_is_the_same(self) -> None:
        """No message, enrollment or entry differs after any step."""
        for kind in (Message, Enrollment, Entry):
            self.both(partial(_find, kind, {}, None))


async def _find(kind: type[Any], where: dict[str, object], limit: int | None, store: Store) -> tuple[Any, ...]:
    return await store.find(kind, where, order=ORDERS.get(kind, ()), limit=limit)


async def _counted(found: Awaitable[Traffic]) -> tuple[Any, ...]:
    """What was counted, in an order that does not depend on the store."""
    said = await found
    return tuple(sorted(repr(each) for part in (said.left, said.promised, said.refused) for each in part)), (
        said.pending
    )


async def _sorted(found: Awaitable[tuple[Taken, ...]]) -> list[str]:
    return sorted(repr(each) for each in await found)


async def _count(kind: type[Any], where: dict[str, object], store: Store) -> int:
    return await store.count(kind, where)


async def _answer(ask: Callable[[Store], Awaitable[R]], store: Store) -> tuple[R | None, str, str]:
    """What came back, and what was refused for which table (the row may differ where several are at fault)."""
    try:
        return await ask(store), "", ""
    except Impossible:
        return None, "Impossible", ""
    except NurtureError as error:
        return None, type(error).__name__, str(error.values.get("kind"))


def _run(machine: type[BothStores], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_memory_and_sqlite_agree() -> None:
    """Under random commits, claims and questions both stores give the same answers and the same refusals."""
    _run(BothStores, 25)


def test_memory_and_postgresql_agree(postgres: Postgres) -> None:
    """On a server too."""

    class OnServer(BothStores):
        """The same machine, with PostgreSQL for SQLite: what is undone there has used up numbers."""

        gaps = True

        def seen(self, answer: Any) -> Any:
            """The same lines in the same order, whatever their numbers."""
            found, *refused = answer
            if isinstance(found, tuple) and found and isinstance(found[0], Entry):
                found = [replace(each, seq=0) for each in found]
            return found, refused

        def made(self) -> str:
            """A copy of the furnished database."""
            self.name = postgres.make("furnished")
            return postgres.url(self.name)

        def unmade(self) -> None:
            """Away with it."""
            postgres.drop(self.name)

    _run(OnServer, 12)
