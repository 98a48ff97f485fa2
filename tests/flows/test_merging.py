"""Two entries of one person become one: nothing is lost, the stricter wish counts, one scenario goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from nurture.core import merging as core
from nurture.core.change import Change
from nurture.core.deals import Attendee, Deal, Meeting, Stance, Task
from nurture.core.ids import DealId, EnrollmentId, InboundId, MeetingId, SuppressionId, TaskId
from nurture.core.messages import (
    Enrollment,
    EnrollmentState,
    Entry,
    Inbound,
    Message,
    MessageState,
    Suppression,
    SuppressionScope,
)
from nurture.core.people import Away, LegalBasis, Person
from nurture.errors import Impossible, StaleVersion, UserError
from nurture.flows import merging
from nurture.store import MemoryStore, SqlStore
from tests.web.world import AOBA, MAILBOX, NOW, SATO, TAKAHASHI, enrollment, furnish, mail, person, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.web.world import World

TWIN = replace(
    person("twin", "高橋", "健一", AOBA, SATO),
    email="takahashi+info@aobadai.example",
    legal_basis=LegalBasis(),
    kana="たかはし けんいち",
    topics=("safety", "cost"),
    private_note="紹介で知り合った",
    away=Away(date(2026, 11, 1), date(2026, 12, 9)),
)
RUN = enrollment(TWIN, SATO)
DRAFT = mail("tw", TWIN, SATO, "case", header_id="<tw@x.example>")
SENT = mail("ts", TWIN, SATO, "thanks", state=MessageState.SENT, sent_at=NOW, header_id="<ts@x.example>")
CAME = Inbound(InboundId("ti"), MAILBOX, "<ti>", "INBOX", 9, NOW, "reply", TWIN.email, person_id=TWIN.id)
DEAL = Deal(DealId("td"), AOBA.id, "画像", rep_id=SATO.id)
MET = Meeting(
    MeetingId("tm"), DEAL.id, AOBA.id, SATO.id, NOW, attendees=(Attendee(TWIN.id, Stance.SUPPORTIVE, "前向き"),)
)
CALL = Task(TaskId("tt"), "call", SATO.id, "電話", person_id=TWIN.id, created_at=NOW)
HEIR = replace(person("before", "前任", "者", AOBA, SATO), successor_id=TWIN.id)


@pytest.fixture(params=["memory", "sqlite"])
async def there(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """The invented world, in which somebody stands twice."""
    store = MemoryStore() if request.param == "memory" else await SqlStore.open(tmp_path / "n.sqlite")
    await furnish(store)
    await store.commit(Change((TWIN, HEIR, DEAL, MET, RUN, DRAFT, SENT, CAME, CALL)))
    yield world(store)
    await store.close()


async def test_nothing_is_lost(there: World) -> None:
    """Mails both ways, tasks, meetings, enrollments and links are the kept one's; the other is gone."""
    store = there.store
    await merging.merge(there.doors, TAKAHASHI.id, TWIN.id, by=SATO.id)
    after = await store.get(Person, TAKAHASHI.id)

    assert after is not None
    assert (TAKAHASHI.email, TWIN.kana, TWIN.away) == (after.email, after.kana, after.away)
    assert TAKAHASHI.legal_basis == after.legal_basis
    assert set(TWIN.topics) <= set(after.topics)
    assert TWIN.private_note in after.private_note
    assert await store.get(Person, TWIN.id) is None
    sent, came, call = [
        await store.count(kind, {"person_id": TAKAHASHI.id, "id": keys})
        for kind, keys in ((Message, (SENT.id, DRAFT.id)), (Inbound, (CAME.id,)), (Task, (CALL.id,)))
    ]
    assert (2, 1, 1) == (sent, came, call)
    met, heir = await store.get(Meeting, MET.id), await store.get(Person, HEIR.id)
    assert met is not None
    assert heir is not None
    assert [(TAKAHASHI.id, "前向き")] == [(a.person_id, a.remark) for a in met.attendees]
    assert TAKAHASHI.id == heir.successor_id
    assert [TAKAHASHI.id] == [p.id for p in await store.search(Person, "高橋 健一", limit=5)]
    (told,) = await store.find(Entry, {"kind": "person.merged"})
    assert (TWIN.id, [RUN.id], [str(RUN.id)]) == (
        told.data["gone"],
        told.data["enrollments"],
        told.data["stopped"],
    )
    assert TWIN.private_note == dict(told.data["before"])["private_note"]  # type: ignore[call-overload]


async def test_one_scenario_goes_on(there: World) -> None:
    """The kept one's goes on; the other's stops, and its draft does not leave."""
    await merging.merge(there.doors, TAKAHASHI.id, TWIN.id, by=SATO.id)
    running = {"person_id": TAKAHASHI.id, "state": (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)}
    goes_on = await there.store.find(Enrollment, running)
    stopped, draft = await there.store.get(Enrollment, RUN.id), await there.store.get(Message, DRAFT.id)

    assert ["en-takahashi"] == [e.id for e in goes_on]
    assert stopped is not None
    assert draft is not None
    assert (EnrollmentState.STOPPED, "merged") == (stopped.state, stopped.reason)
    assert MessageState.CANCELLED is draft.state


async def test_what_runs_for_the_other_alone_goes_on(there: World) -> None:
    """Where the kept one is in no scenario, the other's is planned anew for the address that stays."""
    own = await there.store.get(Enrollment, EnrollmentId("en-takahashi"))
    assert own is not None
    await there.store.commit(Change((replace(own, state=EnrollmentState.COMPLETED, wake_at=None),)))
    await merging.merge(there.doors, TAKAHASHI.id, TWIN.id, by=SATO.id)
    (run,) = await there.store.find(Enrollment, {"person_id": TAKAHASHI.id, "state": EnrollmentState.ACTIVE})

    assert (RUN.id, there.clock.now()) == (run.id, run.wake_at)
    (dossier,) = await there.store.dossiers((RUN.id,), NOW)
    assert TAKAHASHI.email == dossier.person.email


async def test_the_stricter_wish_counts(there: World) -> None:
    """No mail to one is no mail to both; one topic too."""
    address = Suppression(
        SuppressionId("s1"), SuppressionScope.ADDRESS, TWIN.email, "unsubscribe", "web", NOW, "x"
    )
    topic = replace(address, id=SuppressionId("s2"), scope=SuppressionScope.TOPIC, value=f"{TWIN.email}#seminar")
    await there.store.commit(Change((address, topic)))
    await merging.merge(there.doors, TAKAHASHI.id, TWIN.id, by=SATO.id)
    found = await there.store.find(Suppression, {"lifted_at": None})

    wanted = {TWIN.email, f"{TWIN.email}#seminar", TAKAHASHI.email, f"{TAKAHASHI.email}#seminar"}
    assert wanted <= {row.value for row in found}


async def test_what_stands_in_the_way(there: World) -> None:
    """A letter on the wire, another's contact, the same entry; a mail that came meanwhile: nothing changes."""
    doors, store = there.doors, there.store
    with pytest.raises(UserError, match="same"):
        await merging.merge(doors, TWIN.id, TWIN.id, by=SATO.id)
    with pytest.raises(UserError, match="may not"):
        await merging.merge(doors, TWIN.id, TAKAHASHI.id, by="tanaka")  # type: ignore[arg-type]
    things = await merging.belongings(doors, TAKAHASHI, TWIN)
    late = replace(CAME, id=InboundId("late"), key="<late>")
    known = [await store.get(Person, key) for key in (TAKAHASHI.id, TWIN.id)]
    await store.commit(Change((late,)))
    with pytest.raises((Impossible, StaleVersion)):
        await store.commit(core.merge(known[0], known[1], things, NOW, SATO.id))  # type: ignore[arg-type]
    assert await store.get(Person, TWIN.id) is not None
    draft = await store.get(Message, DRAFT.id)
    assert draft is not None
    await store.commit(Change((replace(draft, state=MessageState.SENDING, claimed_by="d", claimed_at=NOW),)))
    with pytest.raises(UserError, match="leaving"):
        await merging.merge(doors, TAKAHASHI.id, TWIN.id, by=SATO.id)


async def test_who_may_be_one_person(there: World) -> None:
    """The same name at one organisation, one address but for a plus; of those one sees; the better one first."""
    both = await merging.suggestions(there.doors, {})
    theirs = await merging.suggestions(there.doors, {"rep_id": ("tanaka",)})

    assert [(TAKAHASHI.id, TWIN.id)] == [(one.id, two.id) for one, two in both]
    assert () == theirs
