"""Word to representatives of letters that did not leave: once, together, in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change, Dispatch
from nurture.core.people import Representative
from nurture.core.sending import Outcome, Verdict
from nurture.flows import dispatches, doubts, unsent
from nurture.flows.unsent import RIPE
from tests.flows.conftest import House, attendee

if TYPE_CHECKING:
    from nurture.core.messages import Message

REFUSED = Outcome(Verdict.REFUSED, "554 5.7.1 content not wanted")


async def answered(house: House, outcome: Outcome, people: int = 1, *, first: bool = True) -> Message:
    """Thank-yous that a server answered so; the last of them. ``first``: a look comes before."""
    if first:
        await unsent.look(house.doors)
    await house.met(*(attendee(f"p{n}@aoba-hp.example", f"小川{n}") for n in range(people)))
    for message in await house.mails("thanks"):
        await house.approve(message)
    house.wire.answer = lambda _: outcome
    await house.send()
    return (await house.mails("thanks"))[-1]


async def later(house: House, span: timedelta = RIPE) -> tuple[Dispatch, ...]:
    """What is told a while later."""
    house.clock.advance_to(house.clock.now() + span)
    await unsent.look(house.doors)
    return await house.store.find(Dispatch, {"kind": "unsent"})


async def test_a_refused_letter_is_told_with_the_servers_words(house: House) -> None:
    """The representative reads who, which, why and what the server said, with a link to the mail."""
    message = await answered(house, REFUSED)
    (row,) = await later(house)

    assert (message.rep_id, f"/messages/{message.id}") == (row.rep_id, row.link)
    assert message.subject in row.subject
    assert all(part in row.text for part in ("小川0", message.subject, "554 5.7.1 content not wanted"))


async def test_it_waits_until_others_may_have_joined_it(house: House) -> None:
    """Five letters that one fault refuses come in one mail, after five minutes and not before."""
    await answered(house, REFUSED, people=5)
    early = await later(house, RIPE - timedelta(seconds=1))
    (row,) = await later(house, timedelta(seconds=1))

    assert () == early
    assert "5" in row.subject
    assert 5 == row.text.count("554 5.7.1")
    assert "/" == row.link


async def test_it_is_told_once_and_goes_out_by_mail(house: House) -> None:
    """A second look tells nothing; the mail is sent by the chore that sends all such mail."""
    await answered(house, REFUSED)
    await later(house)
    rows = await later(house, timedelta(hours=1))
    await dispatches.look(house.doors)

    assert 1 == len(rows)
    assert ["unsent"] == [notice.kind for _, notice in house.told.notices if notice.kind == "unsent"]


async def test_a_doubt_that_is_settled_meanwhile_is_not_told(house: House) -> None:
    """Somebody found the letter in the Sent folder: nobody need hear of it."""
    message = await answered(house, Outcome(Verdict.UNKNOWN, "line lost"))
    await doubts.settle(house.doors, message.id, by=message.rep_id, sent=True, why="It lies in the Sent folder")
    rows = await later(house)

    assert () == rows


async def test_a_doubt_is_told(house: House) -> None:
    """It is not sent again by itself: so it must be known."""
    message = await answered(house, Outcome(Verdict.UNKNOWN, "line lost"))
    (row,) = await later(house)

    assert message.subject in row.text


async def test_a_letter_put_off_is_told_after_hours_and_once(house: House) -> None:
    """One "try later" is nothing; the fifth is told, the sixth not again."""
    await answered(house, Outcome(Verdict.LATER, "451 greylisted"))
    first = await later(house)
    told = []
    for _ in range(80):
        house.clock.advance_to(house.clock.now() + timedelta(minutes=6))
        await house.send()
        await unsent.look(house.doors)
        told.append(len(await house.store.find(Dispatch, {"kind": "unsent"})))

    message = await house.mail("thanks")
    assert () == first
    assert message.attempts > unsent.PATIENT
    assert {0, 1} == set(told)


async def test_what_failed_before_the_first_look_is_history(house: House) -> None:
    """An installation that is brought up to date does not tell of last year."""
    await answered(house, REFUSED, first=False)
    await later(house)

    assert () == await later(house)


async def test_of_two_daemons_one_tells(house: House) -> None:
    """Whoever moves the mark on first; the other's rows are not written."""
    await answered(house, REFUSED)
    house.clock.advance_to(house.clock.now() + RIPE)
    other = False

    async def meanwhile(_: Change) -> None:
        """The other daemon is first."""
        nonlocal other
        if not other:
            other = True
            await unsent.look(house.doors)

    house.store.trouble = meanwhile
    late = await unsent.look(house.doors)
    house.store.trouble = None

    assert 0 == late
    assert 1 == len(await house.store.find(Dispatch, {"kind": "unsent"}))


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_it_is_in_the_readers_language(house: House, language: str) -> None:
    """As all that is told."""
    message = await answered(house, REFUSED)
    rep = await house.store.get(Representative, message.rep_id)
    assert rep is not None
    await house.store.commit(Change((replace(rep, language=language),)))
    (row,) = await later(house)

    assert row.subject.startswith({"ja": "未送信", "en": "Not sent"}[language])
