"""What is told by mail besides letters: kept until a server has taken it; and opt-outs, confirmed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change, Dispatch
from nurture.core.halts import Gates, stop
from nurture.core.messages import Enrollment, EnrollmentState, Message, Suppression
from nurture.core.people import Representative
from nurture.errors import TemporaryFailure
from nurture.flows import dispatches, steering
from nurture.flows.dispatches import CONFIRMATION, GRACE, LONGEST
from tests.flows.conftest import House
from tests.flows.test_receive import SATO, Pigeonhole, letter, read, thanked
from tests.samples import REP

if TYPE_CHECKING:
    from nurture.ports import Notice

NO_MORE = "今後の配信は不要です。"


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


@dataclass
class Answered:
    """Who confirms opt-outs here, and keeps what was said (``ports.Replier``)."""

    said: list[Dispatch] = field(default_factory=list)
    works: bool = True

    async def confirm(self, said: Dispatch) -> bool:
        """Keep, if the server would have taken it."""
        if self.works:
            self.said.append(said)
        return self.works


@dataclass
class Deaf:
    """A notifier whose server takes nothing, until it does."""

    takes: bool = False
    notices: list[Notice] = field(default_factory=list)

    async def notify(self, to: Representative, notice: Notice) -> bool:
        """Note each try."""
        self.notices.append(notice)
        return self.takes


def answering(house: House) -> Answered:
    """The same house, which confirms opt-outs."""
    who = Answered()
    house.doors = replace(house.doors, replier=who)
    return who


async def rows(house: House, kind: str) -> tuple[Dispatch, ...]:
    """What was told, as the store has it."""
    return await house.store.find(Dispatch, {"kind": kind})


async def test_word_is_kept_until_a_server_has_taken_it(house: House) -> None:
    """A server is down for an hour: the same mail is tried again; then it is done, and its text is gone."""
    sent = await thanked(house)
    deaf = Deaf()
    house.doors = replace(house.doors, notifier=deaf)
    await read(house, Pigeonhole([letter("承知しました。", sent)]))
    (row,) = await rows(house, "reply")
    assert (1, None) == (row.tries, row.ended_at)
    assert "承知しました" in row.text

    for _ in range(60):
        house.clock.advance_to(house.clock.now() + timedelta(minutes=1))
        await dispatches.look(house.doors)
    deaf.takes = True
    house.clock.advance_to(house.clock.now() + timedelta(hours=1))
    await dispatches.look(house.doors)
    await dispatches.look(house.doors)

    (row,) = await rows(house, "reply")
    assert ("sent", "", house.clock.now()) == (row.outcome, row.text, row.ended_at)
    assert 5 == len(deaf.notices) == row.tries
    assert 1 == len({notice.key for notice in deaf.notices})


async def test_a_kill_between_the_reply_and_the_word_loses_no_word(house: House) -> None:
    """The row is committed with the reply; who starts next tells it."""
    sent = await thanked(house)
    writes = 0

    async def killed(change: Change) -> None:
        """When the outcome is to be written."""
        nonlocal writes
        writes += any(isinstance(put, Dispatch) and put.tries for put in change.puts)
        if writes:
            raise Killed

    house.store.trouble = killed
    with pytest.raises(Killed):
        await read(house, Pigeonhole([letter("承知しました。", sent)]))
    house.store.trouble = None
    house.told.notices.clear()
    await dispatches.look(house.doors)
    assert [] == house.told.notices  # somebody may have it in hand
    house.clock.advance_to(house.clock.now() + GRACE)
    await dispatches.look(house.doors)

    ((to, notice),) = house.told.notices
    assert (REP.id, "reply") == (to, notice.kind)


async def test_two_daemons_do_not_tell_twice(house: House) -> None:
    """Whoever moves the row on first has it."""
    sent = await thanked(house)
    house.doors = replace(house.doors, notifier=Deaf())
    await read(house, Pigeonhole([letter("承知しました。", sent)]))
    heard = Deaf(takes=True)
    house.doors = replace(house.doors, notifier=heard)
    house.clock.advance_to(house.clock.now() + timedelta(hours=1))
    other = False

    async def meanwhile(_: Change) -> None:
        """The other daemon is first."""
        nonlocal other
        if not other:
            other = True
            await dispatches.look(house.doors)

    house.store.trouble = meanwhile
    await dispatches.look(house.doors)

    assert 1 == len(heard.notices)


async def test_what_reaches_nobody_for_days_is_said_in_the_journal(house: House) -> None:
    """After three days it is given up; the task stands at the desk all the same."""
    sent = await thanked(house)
    house.doors = replace(house.doors, notifier=Deaf())
    await read(house, Pigeonhole([letter("承知しました。", sent)]))
    house.clock.advance_to(house.clock.now() + LONGEST)
    await dispatches.look(house.doors)

    (row,) = await rows(house, "reply")
    assert ("given_up", "") == (row.outcome, row.text)
    assert "dispatch.given_up" in await house.kinds()


async def test_what_was_told_long_ago_is_forgotten(house: House) -> None:
    """For more than a year a row says who was told of what; then it goes, and the journal keeps what happened."""
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("承知しました。", sent)]))
    house.clock.advance_to(house.clock.now() + timedelta(days=366))

    assert 0 == await dispatches.prune(house.doors)
    house.clock.advance_to(house.clock.now() + timedelta(days=40))
    assert 1 == await dispatches.prune(house.doors)
    assert not await rows(house, "reply")
    assert "inbound.reply" in await house.kinds()


async def test_that_something_stands_still_is_told_by_a_row_too(house: House) -> None:
    """The alarm of a mailbox that was stopped waits for a server as well."""
    deaf = Deaf()
    house.doors = replace(house.doors, notifier=deaf)
    now = house.clock.now()
    await steering.announce(
        house.doors, stop(Gates(), "mailbox", "tanaka", by="nurture", reason="refusals", now=now)
    )
    house.clock.advance_to(now + timedelta(hours=1))
    await dispatches.look(house.doors)

    assert ["mailbox.stopped"] * 2 == [notice.kind for notice in deaf.notices]


async def test_an_opt_out_by_reply_is_confirmed_once(house: House) -> None:
    """One short mail in the thread, to the address that wrote, from the mailbox that was asked; no letter."""
    sent = await thanked(house)
    answered = answering(house)
    again = letter(NO_MORE, sent, Message_ID="<answer-2@aoba-hp.example>")
    await read(house, Pigeonhole([letter(NO_MORE, sent), again]))

    (said,) = answered.said
    assert (SATO, "tanaka", "<answer-1@aoba-hp.example>") == (said.to_address, said.mailbox_id, said.in_reply_to)
    assert "佐藤 花子 先生" in said.text
    assert "配信停止を承りました" in said.text
    assert "株式会社ミナト医療システム" in said.text
    assert 1 == (await house.kinds()).count("optout.confirmed")
    letters = await house.store.find(Message, {"step_id": "thanks"})
    assert [sent.id] == [m.id for m in letters if m.sent_at]  # it is none of the letters, and counts as none
    (notice,) = [n for _, n in house.told.notices if n.kind == "opt_out"]
    assert SATO in notice.text


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"Auto_Submitted": "auto-replied"}, NO_MORE),
        ({"From": "suzuki@aoba-hp.example"}, NO_MORE),
        ({}, "迷惑です。二度と送らないでください。しかるべき機関に通報します。"),
        ({}, "ご連絡ありがとうございます。"),
    ],
)
async def test_nobody_else_gets_a_confirmation(house: House, headers: dict[str, str], text: str) -> None:
    """Not what a machine wrote, not who wrote for somebody else, not who complains, not who asked for nothing."""
    sent = await thanked(house)
    answered = answering(house)
    sender = headers.pop("From", SATO)
    await read(house, Pigeonhole([letter(text, sent, sender, **headers)]))

    assert [] == answered.said
    assert () == await rows(house, CONFIRMATION)


async def test_who_presses_the_button_of_a_mail_program_gets_no_mail(house: House) -> None:
    """The program has said that it is done (RFC 2369)."""
    await thanked(house)
    answered = answering(house)
    await read(house, Pigeonhole([letter("unsubscribe", Subject="unsubscribe")]))

    assert [] == answered.said
    (row,) = await house.store.find(Suppression)
    assert SATO == row.value


async def test_the_switch_is_off(house: House) -> None:
    """``confirm_opt_out = false``: silence at once, without a word."""
    sent = await thanked(house)
    answered = answering(house)
    work = replace(house.doors.settings.work, confirm_opt_out=False)
    house.doors = replace(house.doors, settings=replace(house.doors.settings, work=work))
    await read(house, Pigeonhole([letter(NO_MORE, sent)]))

    assert [] == answered.said
    assert EnrollmentState.STOPPED is (await house.store.find(Enrollment))[0].state


async def test_a_confirmation_waits_for_a_mailbox_that_stands_still(house: House) -> None:
    """What is stopped sends nothing; and once silence was lifted, there is nothing to confirm."""
    sent = await thanked(house)
    answered = answering(house)
    answered.works = False
    await read(house, Pigeonhole([letter(NO_MORE, sent)]))
    answered.works = True
    now = house.clock.now()
    await house.store.commit(stop(Gates(), "mailbox", "tanaka", by="tanaka", reason="person", now=now))
    house.clock.advance_to(now + timedelta(hours=1))
    await dispatches.look(house.doors)
    assert [] == answered.said

    (row,) = await house.store.find(Suppression)
    await house.store.commit(Change((replace(row, lifted_at=house.clock.now()),)))
    house.clock.advance_to(now + timedelta(hours=9))
    await dispatches.look(house.doors)
    assert [] == answered.said
    assert ["dropped"] == [one.outcome for one in await rows(house, CONFIRMATION)]


async def test_a_store_that_is_away_is_told_to_whoever_looks(house: House) -> None:
    """Nothing is lost by it."""

    async def away(_: Change) -> None:
        """No database."""
        raise TemporaryFailure("away")

    sent = await thanked(house)
    deaf = Deaf()
    house.doors = replace(house.doors, notifier=deaf)
    await read(house, Pigeonhole([letter("承知しました。", sent)]))
    house.clock.advance_to(house.clock.now() + timedelta(hours=1))
    house.store.trouble = away
    problems = await dispatches.look(house.doors)
    house.store.trouble = None

    assert ["away"] == [str(problem) for problem in problems]
    assert 1 == len(deaf.notices)
