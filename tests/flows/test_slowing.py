"""Who wants mail less often gets it less often: read from a reply, entered by a person, and undone."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from nurture.core import often
from nurture.core.change import Dispatch
from nurture.core.halts import Gates, stop
from nurture.core.ids import PersonId, RepId
from nurture.core.messages import (
    Enrollment,
    EnrollmentState,
    Entry,
    Inbound,
    MessageState,
    Suppression,
    SuppressionScope,
)
from nurture.core.people import Person
from nurture.core.suppressions import Refusal, topics
from nurture.errors import UserError
from nurture.flows import dispatches, handover, slowing, suppressions, tick
from nurture.flows.dispatches import PACED
from tests.flows.conftest import MET, House
from tests.flows.test_dispatches import answering
from tests.flows.test_receive import SATO, Pigeonhole, letter, read
from tests.flows.test_rules import with_rules
from tests.flows.test_shipped import thanked
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import Sequence

LESS = "頻度を減らしていただければ結構です。月1回程度でお願いします。"
VAGUE = "もう少し頻度を減らしていただけますか。"


async def sato(house: House) -> Person:
    """The doctor."""
    (found,) = await house.store.find(Person, {"email": SATO})
    return found


async def state(house: House) -> tuple[EnrollmentState, str]:
    """How the one enrollment stands."""
    (found,) = await house.store.find(Enrollment)
    return found.state, found.reason


async def gaps(house: House) -> Sequence[int]:
    """Days between the mails that left or will, after a beat."""
    await tick.tick(house.doors)
    days = sorted(m.planned_on for m in await house.mails() if m.planned_on is not None)
    return [(two - one).days for one, two in pairwise(days)]


async def test_a_wish_is_granted_at_once(sql_house: House) -> None:
    """It goes on, a month from mail to mail, each approved anew; who asked is told so once; the line says how."""
    house, sent = await thanked(sql_house)
    answered = answering(house)
    await read(house, Pigeonhole([letter(LESS, sent)]))

    assert (EnrollmentState.ACTIVE, "") == await state(house)
    assert min(await gaps(house)) >= 31
    assert MessageState.APPROVED not in {m.state for m in await house.mails()}
    assert "less_often" in {move.rule for m in await house.mails() for move in m.moves}
    assert [31] == [e.data["days"] for e in await house.store.find(Entry, {"kind": "person.paced"})]
    (told,) = answered.said
    assert (SATO, True) == (told.to_address, "1か月に1通まで" in told.text)
    assert 1 == (await house.kinds()).count("pace.confirmed")


async def test_what_was_approved_does_not_leave_too_soon(house: House) -> None:
    """Also where the wish is entered after the approval, at the last moment: the last check knows it."""
    house, _ = await thanked(house)
    await house.until(MET + timedelta(days=3), timedelta(hours=6))
    case = await house.mail("case")
    await house.approve(case)
    row = often.value(SATO, 62)
    await slowing.slow_down(house.doors, (await sato(house)).id, 62, by=REP.id, source="web", evidence="お電話で")
    held = await house.mail("case")
    assert (MessageState.WAITING, ()) == (held.state, held.approvals)
    await house.until(MET + timedelta(days=30), timedelta(hours=12))

    assert MessageState.SENT is not (await house.mail("case")).state
    assert [row] == [s.value for s in await house.store.find(Suppression)]


@pytest.mark.parametrize(
    ("rules", "days"),
    [("", 31), ("\non:\n  - when: {reply: less_often}\n    do: {every: 92d}\n", 92)],
)
async def test_a_scenario_says_how_often_where_they_do_not(house: House, rules: str, days: int) -> None:
    """Once a month, or what the rule says; who names a time gets that."""
    if rules:
        with_rules(house, rules)
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.send()
    await read(house, Pigeonhole([letter(VAGUE, await house.mail("thanks"))]))

    assert days == await slowing.pace(house.doors, SATO)
    assert EnrollmentState.ACTIVE is (await state(house))[0]


async def test_a_question_beside_it_waits_for_an_answer(house: House) -> None:
    """The pace holds at once; the enrollment pauses, and nobody is written to by a machine."""
    house, sent = await thanked(house)
    answered = answering(house)
    await read(house, Pigeonhole([letter(LESS + "\n電子カルテと連携できますか。", sent)]))

    assert (EnrollmentState.PAUSED, "reply") == await state(house)
    assert 31 == await slowing.pace(house.doors, SATO)
    assert [] == answered.said


async def test_said_twice_it_stays_as_slow(house: House) -> None:
    """A second wish is the same row; a slower one counts, a quicker one is a person's to enter."""
    house, sent = await thanked(house)
    texts = (LESS, LESS, "四半期に1回でお願いします。頻度を減らしてください。", LESS)
    mails = [letter(text, sent, message_id=f"<again-{n}@aoba-hp.example>") for n, text in enumerate(texts)]
    await read(house, Pigeonhole(mails))

    assert 92 == await slowing.pace(house.doors, SATO)
    assert [31, 92] == [e.data["days"] for e in await house.store.find(Entry, {"kind": "person.paced"})]


async def test_a_person_enters_and_ends_it(sql_house: House) -> None:
    """With what proves it; another pace takes the place of the first; then the scenarios' own holds again."""
    house, _ = await thanked(sql_house)
    who = (await sato(house)).id
    usual = await gaps(house)
    for days in (183, 31, 31, 183):
        await slowing.slow_down(house.doors, who, days, by=REP.id, source="web", evidence="お電話で")
        assert days == await slowing.pace(house.doors, SATO)
        assert min(await gaps(house)) >= days
    await slowing.slow_down(house.doors, who, None, by=REP.id, source="web", evidence="戻してよいとのこと")

    assert await slowing.pace(house.doors, SATO) is None
    assert usual == await gaps(house)
    kinds = [e.kind for e in await house.store.find(Entry) if e.kind.startswith("person.") and "pace" in e.kind]
    assert ["person.paced"] * 3 + ["person.unpaced"] == kinds


async def test_what_is_no_pace_is_refused(house: House) -> None:
    """No evidence, no days, nobody, somebody who may not: nothing is written."""
    house, _ = await thanked(house)
    who = (await sato(house)).id
    wrong = [(who, 31, " "), (who, 0, "x"), (who, 401, "x"), (PersonId("nobody"), 31, "x")]
    for key, days, evidence in wrong:
        with pytest.raises(UserError):
            await slowing.slow_down(house.doors, key, days, by=REP.id, source="cli", evidence=evidence)
    with pytest.raises(UserError):
        await slowing.slow_down(house.doors, who, 31, by=RepId("nobody"), source="cli", evidence="x")

    assert () == await house.store.find(Suppression)


async def test_a_confirmation_that_is_not_true_any_more_is_dropped(house: House) -> None:
    """Its mailbox stands still; meanwhile the pace is taken back: there is nothing to confirm."""
    house, sent = await thanked(house)
    answered = answering(house)
    now = house.clock.now()
    await house.store.commit(stop(Gates(), "mailbox", "tanaka", by="tanaka", reason="person", now=now))
    await read(house, Pigeonhole([letter(LESS, sent)]))
    who = (await sato(house)).id
    await slowing.slow_down(house.doors, who, None, by=REP.id, source="web", evidence="読み違い")
    house.clock.advance_to(now + timedelta(hours=1))
    await dispatches.look(house.doors)

    assert [] == answered.said
    assert ["dropped"] == [row.outcome for row in await house.store.find(Dispatch, {"kind": PACED})]


async def test_a_topic_that_is_refused_twice_is_refused_once(sql_house: House) -> None:
    """The second mail finds the row of the first, and is kept like any."""
    house, sent = await thanked(sql_house)
    texts = ("セミナーの案内は不要です。", "先日も申しましたが、セミナーの案内は不要です。")
    mails = [letter(text, sent, message_id=f"<topic-{n}@aoba-hp.example>") for n, text in enumerate(texts)]
    await read(house, Pigeonhole(mails))

    assert [f"{SATO}#seminar"] == [row.value for row in await house.store.find(Suppression)]
    assert 2 == len(await house.store.find(Inbound))


async def test_a_wish_goes_along_with_the_person(sql_house: House) -> None:
    """To another address, and back again: less often and not about that topic, as before."""
    house, _ = await thanked(sql_house)
    who = (await sato(house)).id
    await slowing.slow_down(house.doors, who, 62, by=REP.id, source="web", evidence="お電話で")
    topic = Refusal(SuppressionScope.TOPIC, f"{SATO}#seminar", "unsubscribe", "お電話で")
    await suppressions.add(house.doors, (topic,), by=REP.id, source="cli")
    for address in ("new@aoba-hp.example", SATO, "new@aoba-hp.example"):
        await handover.correct_address(house.doors, who, address, by=REP.id)
        assert 62 == await slowing.pace(house.doors, address)

    (enrollment,) = await house.store.find(Enrollment)
    (dossier,) = await house.store.dossiers((enrollment.id,), house.clock.now())
    assert (frozenset({"seminar"}), 62) == (topics(dossier.suppressions), often.pace(dossier.suppressions))
