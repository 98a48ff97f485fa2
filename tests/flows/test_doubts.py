"""Doubts through the flow: copies found by themselves, people where there are none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.ids import MailboxId
from nurture.core.messages import Entry, Message, MessageState, Suppression
from nurture.core.messages import SuppressionScope as Scope
from nurture.core.sending import Outcome, Verdict
from nurture.core.suppressions import Refusal
from nurture.errors import Impossible, StaleVersion, TemporaryFailure, UserError
from nurture.flows import doubts, suppressions
from nurture.flows.doubts import Place
from tests.flows.test_receive import Pigeonhole
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.flows.conftest import House

BOX = MailboxId("tanaka")


@dataclass
class Shelf(Pigeonhole):
    """A mailbox that knows which Message-IDs lie in its Sent folder; or cannot be asked."""

    kept: set[str] = field(default_factory=set)
    asked: list[set[str]] = field(default_factory=list)
    problem: TemporaryFailure | None = None

    async def sent(self, header_ids: Collection[str]) -> frozenset[str]:
        """Those of them that lie here."""
        self.asked.append(set(header_ids))
        if self.problem is not None:
            raise self.problem
        return frozenset(self.kept & set(header_ids))


async def doubtful(house: House) -> Message:
    """A thank-you whose line broke after the final dot, and its mailbox read since."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    house.wire.answer = lambda _: Outcome(Verdict.UNKNOWN, "after the final dot: lost")
    await house.send()
    house.clock.advance_to(house.clock.now() + timedelta(minutes=1))
    await house.fresh()
    house.wire.answer = lambda _: Outcome(Verdict.ACCEPTED, "250 ok")
    return await house.mail("thanks")


async def test_a_copy_settles_it(house: House) -> None:
    """Found in the Sent folder: it left when it was claimed, and the journal says why. It is not sent again."""
    mail = await doubtful(house)
    assert MessageState.IN_DOUBT is mail.state
    shelf = Shelf(kept={mail.header_id})

    looked = await doubts.look(house.doors, {BOX: [Place("sent", shelf)]})

    done = await house.mail("thanks")
    assert (MessageState.SENT, mail.claimed_at, "settled_by_copy") == (done.state, done.sent_at, done.reason)
    assert ([mail.id], 0, []) == (looked.settled, looked.open, looked.problems)
    (said,) = await house.store.find(Entry, {"kind": "message.settled"})
    assert ("nurture", "sent", "settled_by_copy") == (said.actor, said.data["where"], said.data["reason"])
    await house.send()
    assert 1 == len(house.wire.letters)


async def test_no_copy_is_no_proof(house: House) -> None:
    """It stays in doubt, is looked for again soon, and never repeated by itself."""
    mail = await doubtful(house)
    shelf = Shelf()
    for _ in range(3):
        looked = await doubts.look(house.doors, {BOX: [Place("sent", shelf)]})
        await house.send()

    assert MessageState.IN_DOUBT is (await house.mail("thanks")).state
    assert (1, timedelta(minutes=1)) == (looked.open, looked.again)
    assert [{mail.header_id}] * 3 == shelf.asked
    assert 1 == len(house.wire.letters)


async def test_the_archive_is_asked_when_the_sent_folder_has_none_or_is_away(house: House) -> None:
    """One place that cannot be asked is told of, and is in nobody's way."""
    mail = await doubtful(house)
    broken, archive = Shelf(problem=TemporaryFailure("no connection")), Shelf(kept={mail.header_id})

    looked = await doubts.look(house.doors, {BOX: [Place("sent", broken), Place("archive", archive)]})

    assert ([mail.id], ["no connection"]) == (looked.settled, [str(p) for p in looked.problems])
    (said,) = await house.store.find(Entry, {"kind": "message.settled"})
    assert "archive" == said.data["where"]


async def test_nothing_is_asked_before_the_mailbox_was_read(house: House) -> None:
    """And where nothing is in doubt, nobody is asked at all."""
    shelf = Shelf()
    assert timedelta(minutes=1) == (await doubts.look(house.doors, {BOX: [Place("sent", shelf)]})).again
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    house.wire.answer = lambda _: Outcome(Verdict.UNKNOWN, "lost")
    await house.send()
    await doubts.look(house.doors, {BOX: [Place("sent", shelf)]})

    assert [] == shelf.asked


async def test_who_was_faster_has_settled_it(house: House) -> None:
    """An answer that cites it comes in while the folder is looked into: settled once."""
    mail = await doubtful(house)

    async def trouble(change: Change) -> None:
        """Somebody else is first."""
        house.store.trouble = None
        await doubts.settle(house.doors, mail.id, by=REP.id, sent=True, why="電話で確認")
        raise StaleVersion("message", mail.id)

    house.store.trouble = trouble
    looked = await doubts.look(house.doors, {BOX: [Place("sent", Shelf(kept={mail.header_id}))]})

    assert [] == looked.settled
    assert 1 == len(await house.store.find(Entry, {"kind": "message.settled"}))
    with pytest.raises(Impossible):
        await doubts.settle(house.doors, mail.id, by=REP.id, sent=False, why="again")


async def test_a_person_sends_it_again_under_the_same_id(house: House) -> None:
    """What the addressee's server got twice is one mail to it."""
    mail = await doubtful(house)
    await doubts.settle(house.doors, mail.id, by=REP.id, sent=False, why="先方に届いていない")
    await house.send()

    done = await house.mail("thanks")
    assert MessageState.SENT is done.state
    assert [mail.header_id] * 2 == [letter.header_id for letter in house.wire.letters]
    (said,) = await house.store.find(Entry, {"kind": "message.settled"})
    assert (REP.id, False, "先方に届いていない") == (said.actor, said.data["sent"], said.data["reason"])


async def test_nothing_is_sent_again_to_who_wants_silence(house: House) -> None:
    """Refused at once, in words; and where it was resent just before, at the last check."""
    mail = await doubtful(house)
    refusal = Refusal(Scope.DOMAIN, "aoba-hp.example", "person")
    await suppressions.add(house.doors, [refusal], by=REP.id, source="cli")
    with pytest.raises(UserError, match="wants no more mail"):
        await doubts.settle(house.doors, mail.id, by=REP.id, sent=False, why="again")
    (row,) = await house.store.find(Suppression)
    await house.store.commit(Change((replace(row, lifted_at=house.clock.now()),)))
    await doubts.settle(house.doors, mail.id, by=REP.id, sent=False, why="again")
    (row,) = await house.store.find(Suppression)
    await house.store.commit(Change((replace(row, lifted_at=None),)))

    await house.send()

    assert 1 == len(house.wire.letters)
    assert MessageState.CANCELLED is (await house.mail("thanks")).state


async def test_a_doubt_can_still_be_settled_as_sent_for_who_wants_silence(house: House) -> None:
    """What left has left."""
    mail = await doubtful(house)
    refusal = Refusal(Scope.ADDRESS, "sato@aoba-hp.example", "person")
    await suppressions.add(house.doors, [refusal], by=REP.id, source="cli")
    done = await doubts.settle(house.doors, mail.id, by=REP.id, sent=True, why="送信済みにある")

    assert MessageState.SENT is done.state
