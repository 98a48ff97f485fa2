"""How the invented people at the hospitals behave: mails come into their mailbox, and some answer.

They know the program only by its mails. Each is told of what arrived in the mailbox, counts it, and may
plan an act: a reply, an automatic note, the unsubscribe button. What they did, and when, is remembered,
so that the summary can ask whether anything reached them afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.i18n import mark
from nurture.sandbox import letters
from nurture.sandbox.browser import client
from nurture.sandbox.hospitals import PUBLIC_URL, VENDOR_DOMAIN, hospital
from nurture.sandbox.letters import Received, Writer
from nurture.sandbox.people import Character, Part

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from nurture.sandbox.agenda import Agenda
    from nurture.sandbox.servers import Delivered

TOKYO: Final = ZoneInfo("Asia/Tokyo")

QUESTION: Final = """篠原様

お世話になっております。ひのもり総合病院の工藤です。
事例のご紹介をありがとうございました。

当院の電子カルテとも、同じ方式で連携できますか。
夜間の当直帯だけで使い始めることができるかも教えてください。

よろしくお願いいたします。"""
OPT_OUT: Final = "配信停止してください"
ACCEPT: Final = """篠原様

お世話になっております。みどりの杜中央病院の橘です。

{month}月{day}日{hour}時でお願いします。
場所は当院2階の応接室を用意いたします。

よろしくお願いいたします。"""

_PROPOSED: Final = re.compile(r"^（1）.*?(\d{1,2})月(\d{1,2})日[^\d\n]{0,8}(\d{1,2})[:：時]", re.MULTILINE)
"""The first line of a numbered list of days and hours."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a person did towards us."""

    at: datetime
    what: str  # a message id for ``Words``
    silences: bool  # after this, no mail of the sequence may arrive


@dataclass(slots=True)
class Surroundings:
    """What a person at a hospital can reach: the post, a calendar on the wall, a mail program with a button."""

    agenda: Agenda
    send: Callable[[str, str, bytes], Awaitable[None]]  # sender, recipient, letter
    close_address: Callable[[str], None]
    working: Callable[[date], date]  # the first working day from that date on
    web_port: int


@dataclass(slots=True)
class Recipient:
    """One of them, with what arrived and what was done."""

    character: Character
    around: Surroundings
    inbox: list[Received] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)

    @property
    def writer(self) -> Writer:
        """How mails of this person are signed."""
        c = self.character
        return Writer(c.name, c.email, (hospital(c.hospital).name, f"{c.department} {c.title}", c.name))

    def arrived(self, mail: Delivered) -> None:
        """A mail is in the mailbox. What the person makes of it is planned, not done."""
        got = letters.opened(mail.raw, mail.at.astimezone(TOKYO))
        if not got.from_address.endswith(f"@{VENDOR_DOMAIN}"):
            return
        self.inbox.append(got)
        react = _REACTIONS.get(self.character.part)
        if react is not None:
            react(self, got)

    def returned(self, mail: Delivered) -> None:
        """A mail was taken for an address that is closed: the hospital's server reports it (RFC 3464)."""
        host = f"mx.{hospital(self.character.hospital).domain}"
        at = mail.at + timedelta(minutes=3)

        async def report() -> None:
            """What the server sends."""
            letter = letters.returned(mail.raw, mail.sender, mail.to, host, at.astimezone(TOKYO))
            self.deeds.append(Deed(at, mark("the mail came back: user unknown"), silences=True))
            await self.around.send("", mail.sender, letter)

        self.around.agenda.plan(at, self.character.email, mark("a delivery failure is reported"), report)

    def plan(
        self, at: datetime, what: str, make: Callable[[datetime], bytes], got: Received, *, last: bool
    ) -> None:
        """Answer ``got`` at ``at`` with the letter that ``make`` writes then."""

        async def write() -> None:
            """What the person sends."""
            self.deeds.append(Deed(at, what, silences=last))
            await self.around.send(self.character.email, got.answer_to, make(at.astimezone(TOKYO)))

        self.around.agenda.plan(at, self.character.email, what, write)


def _ask(person: Recipient, got: Received) -> None:
    """On the fifth day (the meeting's day is the first), or once the second mail has come: a question."""
    if len(person.inbox) != 2:
        return
    fifth = person.inbox[0].at.date() + timedelta(days=4)
    day = person.around.working(max(got.at.date(), fifth))
    at = datetime.combine(day, time(16, 10), TOKYO)
    if at < got.at + timedelta(minutes=20):
        at = datetime.combine(person.around.working(day + timedelta(days=1)), time(10, 24), TOKYO)
    person.plan(
        at,
        mark("answers with a question"),
        lambda now: letters.outlook(got, person.writer, QUESTION, now),
        got,
        last=True,
    )


def _be_away(person: Recipient, got: Received) -> None:
    """The second mail finds nobody: the mail server answers by itself, once."""
    if len(person.inbox) != 2:
        return
    first = got.at.date()
    last = first + timedelta(days=8)
    back = person.around.working(last + timedelta(days=1))
    person.plan(
        got.at + timedelta(seconds=40),
        mark("an automatic absence note"),
        lambda now: letters.absence(got, person.writer, now, first=first, last=last, back=back),
        got,
        last=False,
    )


def _leave(person: Recipient, _got: Received) -> None:
    """The thank-you still arrives; after that the address is closed."""
    person.around.close_address(person.character.email)


def _press_button(person: Recipient, got: Received) -> None:
    """Some hours after the second mail: the unsubscribe button that the mail program shows (RFC 8058)."""
    if len(person.inbox) != 2:
        return
    at = got.at + timedelta(hours=1, minutes=35)
    url = next((place for place in got.unsubscribe if place.startswith("https://")), None)
    if url is not None and got.one_click:

        async def _press() -> None:
            person.deeds.append(Deed(at, mark("unsubscribes with one click"), silences=True))
            async with client(PUBLIC_URL, person.around.web_port, "MailProvider/1.0") as http:
                answer = await http.post(url, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
                answer.raise_for_status()

        person.around.agenda.plan(at, person.character.email, mark("unsubscribes with one click"), _press)
        return
    place = next((p for p in got.unsubscribe if p.startswith("mailto:")), f"mailto:{got.answer_to}")
    to, _, _ = place.removeprefix("mailto:").partition("?")

    async def _write() -> None:
        person.deeds.append(Deed(at, mark("unsubscribes with the mail program's button"), silences=True))
        letter = letters.plain(
            got, person.writer, "unsubscribe", at.astimezone(TOKYO), to=to, subject="unsubscribe"
        )
        await person.around.send(person.character.email, to, letter)

    person.around.agenda.plan(
        at, person.character.email, mark("unsubscribes with the mail program's button"), _write
    )


def _write_off(person: Recipient, got: Received) -> None:
    """On the evening of the second mail, from a telephone: one line above our quoted footer."""
    if len(person.inbox) != 2:
        return
    at = max(datetime.combine(got.at.date(), time(19, 52), TOKYO), got.at + timedelta(minutes=5))
    person.plan(
        at,
        mark("writes that the mails should stop"),
        lambda now: letters.iphone(got, person.writer, OPT_OUT, now),
        got,
        last=True,
    )


def _accept(person: Recipient, got: Received) -> None:
    """The mail that proposes times to meet is answered with the first of them."""
    found = _PROPOSED.search(got.text)
    if found is None or person.deeds:
        return
    month, day, hour = found.groups()
    at = got.at + timedelta(hours=2, minutes=18)
    if at.hour >= 19:
        morning = person.around.working(got.at.date() + timedelta(days=1))
        at = datetime.combine(morning, time(9, 10), TOKYO)
    text = ACCEPT.format(month=month, day=day, hour=hour)
    person.plan(
        at,
        mark("accepts the appointment"),
        lambda now: letters.thunderbird(got, person.writer, text, now),
        got,
        last=True,
    )


_REACTIONS: Final = {
    Part.QUESTION: _ask,
    Part.AWAY: _be_away,
    Part.GONE: _leave,
    Part.ONE_CLICK: _press_button,
    Part.OPT_OUT: _write_off,
    Part.APPOINTMENT: _accept,
}
"""What each part does when a mail has arrived; the others only read."""
