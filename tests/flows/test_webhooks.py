"""What happened, told in order and at least once; days of failure; nothing that somebody wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from nurture.config import Secret, Webhook
from nurture.core.change import Change, Told
from nurture.core.ids import MessageId, PersonId
from nurture.core.messages import Entry
from nurture.core.people import Representative
from nurture.core.published import EVENTS, event
from nurture.errors import UserError
from nurture.explain.journal import SENTENCES
from nurture.flows import webhooks
from nurture.ports import Heard
from nurture.store import MemoryStore
from tests.web.world import ADMIN, NOW, SATO, furnish, world

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tests.web.world import World

ENDPOINT = Webhook("crm", "https://crm.example/hook", Secret(env="X"))
YES, NO = Heard(taken=True), Heard(error="HTTP 503")


@dataclass
class Ear:
    """An endpoint in memory: keeps what it took, answers as it is bidden."""

    answer: Heard = YES
    taken: list[dict[str, Any]] = field(default_factory=list)
    tries: list[str] = field(default_factory=list)

    async def tell(self, endpoint: Webhook, key: str, event: Mapping[str, Any], now: datetime) -> Heard:
        """See ``ports.Herald``."""
        self.tries.append(key)
        if self.answer.taken:
            self.taken.append(dict(event))
        return self.answer


@pytest.fixture
async def house() -> World:
    """The invented world; the endpoint hears what happens from now on."""
    store = MemoryStore()
    await furnish(store)
    known = world(store)
    assert await webhooks.tell(known.doors, Ear(), ENDPOINT) == (0, webhooks.SOON)
    return known


def line(kind: str, **data: object) -> Entry:
    """Something that happens now."""
    return Entry(NOW, kind, "nurture", data, person_id=PersonId("takahashi"), message_id=MessageId("m-case"))


async def happens(house: World, *lines: Entry) -> None:
    """Write it down."""
    await house.store.commit(Change(entries=lines))


async def test_an_endpoint_hears_what_happens_from_now_on(house: World) -> None:
    """In the order of the journal, what is published alone, each once; nothing from before it was there."""
    ear = Ear()
    await happens(
        house, line("message.drafted"), line("message.moved"), line("message.approved"), line("message.sent")
    )
    took = await webhooks.tell(house.doors, ear, ENDPOINT)
    again = await webhooks.tell(house.doors, ear, ENDPOINT)

    assert (took, again) == ((3, webhooks.IDLE), (0, webhooks.IDLE))
    assert ["message.waiting", "message.approved", "message.sent"] == [e["type"] for e in ear.taken]
    assert [e["data"]["seq"] for e in ear.taken] == sorted(e["data"]["seq"] for e in ear.taken)
    assert len(set(ear.tries)) == 3


async def test_only_what_it_asks_for(house: World) -> None:
    """An endpoint with a list of events hears those."""
    ear, few = Ear(), Webhook("crm", ENDPOINT.url, ENDPOINT.secret, events=("message.sent",))
    await happens(house, line("message.drafted"), line("message.sent"))
    await webhooks.tell(house.doors, ear, few)

    assert ["message.sent"] == [e["type"] for e in ear.taken]


async def test_what_fails_is_tried_again_in_order(house: World) -> None:
    """Later and later, the same event under the same id, and nothing passes it by."""
    ear = Ear(NO)
    await happens(house, line("message.sent"), line("task.opened"))
    for _ in range(4):
        await webhooks.tell(house.doors, ear, ENDPOINT)
        waited, pause = await webhooks.tell(house.doors, ear, ENDPOINT)  # not yet
        assert waited == 0
        house.later(seconds=int(pause.total_seconds()))
    ear.answer = YES
    await webhooks.tell(house.doors, ear, ENDPOINT)
    row = await house.store.get(Told, "crm")

    assert 1 == len(set(ear.tries[:5]))
    assert ["message.sent", "task.created"] == [e["type"] for e in ear.taken]
    assert house.clock.now() - NOW == timedelta(seconds=5 + 300 + 1800 + 7200)
    assert row is not None
    assert (0, None, "") == (row.tries, row.failing_since, row.error)


async def test_it_waits_as_long_as_it_is_asked_to(house: World) -> None:
    """Retry-After holds where it is longer."""
    await happens(house, line("message.sent"))
    await webhooks.tell(house.doors, Ear(Heard(wait=900, error="HTTP 429")), ENDPOINT)

    assert await webhooks.tell(house.doors, Ear(), ENDPOINT) == (0, timedelta(seconds=900))


class Killed(BaseException):
    """The process is gone."""


async def test_a_kill_sends_again_and_loses_nothing(house: World) -> None:
    """Killed after the endpoint took it and before that was written: the same id comes once more."""
    ear = Ear()
    await happens(house, line("message.sent"), line("task.opened"))
    commit = house.store.commit

    async def killed(change: Change) -> None:
        """When the outcome is to be written."""
        raise Killed

    house.store.commit = killed  # type: ignore[method-assign]
    with pytest.raises(Killed):
        await webhooks.tell(house.doors, ear, ENDPOINT)
    house.store.commit = commit  # type: ignore[method-assign]
    await webhooks.tell(house.doors, ear, ENDPOINT)

    assert ["message.sent", "message.sent", "task.created"] == [e["type"] for e in ear.taken]
    assert (ear.tries[0], 2) == (ear.tries[1], len(set(ear.tries)))


@pytest.mark.parametrize("gone", [True, False])
async def test_days_of_failure_disable_it_and_somebody_is_told(house: World, gone: bool) -> None:
    """Or its word that it is gone: administrators get one mail, the journal a line, the endpoint nothing more."""
    ear = Ear(Heard(gone=gone, error="HTTP 410" if gone else "HTTP 503"))
    await happens(house, line("message.sent"))
    for _ in range(40):
        _, pause = await webhooks.tell(house.doors, ear, ENDPOINT)
        house.later(seconds=int(pause.total_seconds()))
    row = await house.store.get(Told, "crm")
    tried = len(ear.tries)
    lines = await house.store.find(Entry, {"kind": "webhook.disabled"})

    assert row is not None
    assert row.disabled_at is not None
    assert gone == (row.disabled_at == NOW)
    assert gone or row.disabled_at - NOW >= webhooks.LONGEST
    assert (tried == 1) if gone else (10 <= tried <= 15)
    assert [ADMIN.id] == [rep.id for rep, notice in house.post.told if notice.kind == "webhook.disabled"]
    assert 1 == len(lines)


async def test_a_person_resumes_it(house: World) -> None:
    """From where it stood, or from now; only an administrator."""
    await happens(house, line("message.sent"))
    await webhooks.tell(house.doors, Ear(Heard(gone=True, error="HTTP 410")), ENDPOINT)
    with pytest.raises(UserError):
        await webhooks.resume(house.doors, ENDPOINT, by=SATO.id, skip=False)
    ear = Ear()
    await webhooks.resume(house.doors, ENDPOINT, by=ADMIN.id, skip=False)
    await webhooks.tell(house.doors, ear, ENDPOINT)
    await happens(house, line("task.opened"))
    await webhooks.resume(house.doors, ENDPOINT, by=ADMIN.id, skip=True)
    await webhooks.tell(house.doors, ear, ENDPOINT)

    assert ["message.sent"] == [e["type"] for e in ear.taken]


async def test_a_gap_is_waited_for_while_it_is_young(house: World) -> None:
    """On a server a lower number may be visible later; it is told first. One that never comes is passed over."""
    ear = Ear()
    row = await house.store.get(Told, "crm")
    assert row is not None
    await happens(house, line("task.opened"), line("message.sent"))

    class Gap:
        """The store, in which the first of the two cannot be seen yet."""

        def __getattr__(self, name: str) -> Any:
            return getattr(house.store, name)

        async def find(self, kind: type[Any], *args: Any, **more: Any) -> tuple[Any, ...]:
            """Without it."""
            found = await house.store.find(kind, *args, **more)
            return tuple(x for x in found if not (isinstance(x, Entry) and x.kind == "task.opened"))

    from dataclasses import replace

    blind = replace(house.doors, store=Gap())
    young = await webhooks.tell(blind, ear, ENDPOINT)
    house.later(minutes=2)
    old = await webhooks.tell(blind, ear, ENDPOINT)

    assert (young, old) == ((0, webhooks.SOON), (1, webhooks.IDLE))


async def test_long_silence_is_passed_over_in_batches(house: World) -> None:
    """Thousands of lines that nobody asks for do not hide the one behind them."""
    ear = Ear()
    await happens(house, *(line("message.moved") for _ in range(2 * webhooks.BATCH + 5)), line("message.sent"))
    for _ in range(3):
        await webhooks.tell(house.doors, ear, ENDPOINT)

    assert ["message.sent"] == [e["type"] for e in ear.taken]


def test_nothing_that_somebody_wrote_goes_out() -> None:
    """Whatever a line of the journal holds, only the facts that are named leave; subjects and reasons never."""
    secret = dict.fromkeys(("subject", "text", "reason", "answer", "to", "note", "requested", "who"), "SECRET")
    for kind, published in EVENTS.items():
        said = event(line(kind, **secret))
        assert "SECRET" not in str(said), kind
        assert published.name == said["type"]
        assert not {"subject", "text", "body", "reason", "note", "answer", "email"} & set(published.facts)


def test_every_published_line_is_one_of_the_journals() -> None:
    """No event can be promised that never happens."""
    assert set(SENTENCES) >= set(EVENTS)


async def test_a_new_endpoint_begins_at_the_end() -> None:
    """Even in an empty house."""
    store = MemoryStore()
    await store.commit(Change((Representative(ADMIN.id, "管理", "a@x.example"),)))
    doors = world(store).doors
    await webhooks.tell(doors, Ear(), ENDPOINT)
    row = await store.get(Told, "crm")

    assert row is not None
    assert 0 == row.seq
