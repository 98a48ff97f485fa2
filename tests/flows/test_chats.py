"""Chats are told what our people are told by mail, and less of it; once, whatever fails."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from nurture.config import Chat, Secret
from nurture.core.change import Dispatch
from nurture.core.messages import Entry
from nurture.flows import dispatches
from nurture.flows.dispatches import LONGEST
from nurture.ports import Heard
from tests.flows.test_digest import at
from tests.flows.test_dispatches import Deaf
from tests.flows.test_receive import Pigeonhole, letter, read, thanked
from tests.samples import REP

if TYPE_CHECKING:
    from nurture.core.chat import Said
    from tests.flows.conftest import House

SALES = Chat("sales", "slack", Secret(env="X"), notices=("urgent", "digest"))


@dataclass
class Room:
    """A chat that keeps what is said (``ports.Chatter``)."""

    heard: list[tuple[str, Said]] = field(default_factory=list)
    takes: bool = True

    async def say(self, chat: Chat, said: Said) -> Heard:
        """Keep it, or not."""
        if self.takes:
            self.heard.append((chat.id, said))
        return Heard(taken=self.takes, error="" if self.takes else "HTTP 500")


def with_chats(house: House, *chats: Chat) -> Room:
    """The same house, whose people have these chats."""
    room = Room()
    web = replace(house.doors.settings.web, public_url="https://desk.example/")
    settings = replace(house.doors.settings, chats=chats, web=web)
    house.doors = replace(house.doors, settings=settings, chatter=room)
    return room


async def replied(house: House) -> None:
    """Somebody answers the thank-you."""
    await read(
        house, Pigeonhole([letter("患者様の件で一点ご質問です。価格はいくらですか。", await thanked(house))])
    )


async def test_a_chat_hears_what_it_is_and_where(house: House) -> None:
    """Of a reply: that there is one, for whom, and the page; no name, no subject, no word of the customer."""
    room = with_chats(house, SALES)
    await replied(house)
    ((_, said),) = room.heard
    whole = " ".join((said.title, *said.lines))

    assert ("返信が届きました", (f"{REP.name} さん宛",)) == (said.title, said.lines)
    assert said.link.startswith("https://desk.example/people/")
    for hidden in ("佐藤", "青葉", "価格", "患者", "御礼", "@"):
        assert hidden not in whole
    assert 1 == len(house.told.notices)  # by mail as ever


async def test_of_a_digest_the_headings(house: House) -> None:
    """How many of what; not which."""
    room = with_chats(house, SALES)
    (mail,) = (await house.met()).messages
    await at(house, 7, 30)
    await at(house, 7, 32)
    await dispatches.look(house.doors)
    ((_, said),) = room.heard

    assert (f"{REP.name} さん宛", 2) == (said.lines[0], len(said.lines))
    assert said.lines[1].startswith("■ ")
    assert said.lines[1].endswith("(1)")
    assert mail.subject not in str(said)
    assert "佐藤" not in str(said)
    assert "https://desk.example/" == said.link


@pytest.mark.parametrize(
    ("chat", "hears"),
    [
        (replace(SALES, notices=("digest",)), False),
        (replace(SALES, reps=("somebody",)), False),
        (replace(SALES, reps=(REP.id,)), True),
    ],
    ids=["only digests", "others'", "own"],
)
async def test_who_is_told_of_what(house: House, chat: Chat, *, hears: bool) -> None:
    """As the chat says."""
    room = with_chats(house, chat)
    await replied(house)

    assert hears is bool(room.heard)


async def test_a_service_that_fails_is_tried_again(house: House) -> None:
    """Until it takes it, once; the mail is not sent again for it."""
    room = with_chats(house, SALES)
    room.takes = False
    await replied(house)
    room.takes = True
    for _ in range(3):
        house.clock.advance_to(house.clock.now() + dispatches.AGAIN[-1])
        await dispatches.look(house.doors)

    assert 1 == len(room.heard)
    assert 1 == len(house.told.notices)


async def test_a_mail_server_that_is_down_does_not_hold_it_up(house: House) -> None:
    """Said after the first try by mail, whatever became of that; and not again with the next."""
    room, deaf = with_chats(house, SALES), Deaf()
    house.doors = replace(house.doors, notifier=deaf)
    await replied(house)
    assert (1, 1) == (len(room.heard), len(deaf.notices))
    deaf.takes = True
    house.clock.advance_to(house.clock.now() + dispatches.AGAIN[-1])
    await dispatches.look(house.doors)

    assert (1, 2) == (len(room.heard), len(deaf.notices))


async def test_what_nobody_takes_is_given_up(house: House) -> None:
    """After three days, with a line in the journal."""
    room = with_chats(house, SALES)
    room.takes = False
    await replied(house)
    house.clock.advance_to(house.clock.now() + LONGEST)
    await dispatches.look(house.doors)
    (line,) = await house.store.find(Entry, {"kind": "chat.given_up"})
    (row,) = await house.store.find(Dispatch, {"kind": "chat:sales"})

    assert ("sales", "given_up") == (line.data["chat"], row.outcome)


async def test_a_chat_that_is_not_set_up_any_more(house: House) -> None:
    """What was meant for it is dropped."""
    with_chats(house, SALES).takes = False
    await replied(house)
    with_chats(house)
    house.clock.advance_to(house.clock.now() + dispatches.AGAIN[-1])
    await dispatches.look(house.doors)
    (row,) = await house.store.find(Dispatch, {"kind": "chat:sales"})

    assert "dropped" == row.outcome
