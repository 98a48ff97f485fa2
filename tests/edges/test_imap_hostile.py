"""The mailbox against servers that lie, break and flood."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

import pytest

from nurture.clock import SystemClock
from nurture.config import ImapSettings, MailboxSettings, Secret, SmtpSettings
from nurture.core.change import Cursor
from nurture.core.ids import MailboxId
from nurture.errors import NurtureError, PermanentFailure, TemporaryFailure
from nurture.imap import ImapMailbox, protocol
from tests.servers.scripted import serving

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT = b"Subject: x\r\n\r\nhi\r\n"
FOLDER = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 12] x\r\n{tag} OK [READ-ONLY] done\r\n"
ONE_MAIL = b"* 1 FETCH (UID 11 RFC822.SIZE %d BODY[]<0> {%d}\r\n%s)\r\n{tag} OK done\r\n" % (
    len(TEXT),
    len(TEXT),
    TEXT,
)


class Scripted:
    """An IMAP server that says fixed things; ``{tag}`` in an answer is the command's."""

    def __init__(self, answers: Mapping[str, bytes] | None = None, greeting: bytes = b"* OK hello\r\n") -> None:
        self.greeting = greeting
        self.commands: list[str] = []
        self.answers: dict[str, bytes] = {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK done\r\n",
            "LOGIN": b"{tag} OK welcome\r\n",
            "LIST": b'* LIST (\\Noselect) "/" Junk\r\n{tag} OK done\r\n',
            "EXAMINE": FOLDER,
            "SEARCH": b"* SEARCH 11\r\n{tag} OK done\r\n",
            "FETCH": ONE_MAIL,
            "LOGOUT": b"* BYE\r\n{tag} OK\r\n",
            **(answers or {}),
        }

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.greeting)
        while said := (await reader.readline()).decode():
            self.commands.append(said.strip())
            tag, *words = said.split()
            word = next((w for w in words if w in self.answers), "")
            answer = self.answers.get(word, b"{tag} BAD what\r\n")
            if answer == b"":
                return
            writer.write(answer.replace(b"{tag}", tag.encode()))
            await writer.drain()


def opened(port: int, *, timeout: float = 0.5, **settings: object) -> ImapMailbox:
    """A mailbox on that server."""
    imap = ImapSettings(
        "127.0.0.1",
        port,
        "none",
        "tanaka",
        Secret(env="X"),
        timeout=timeout,
        **settings,  # type: ignore[arg-type]
    )
    smtp = SmtpSettings("localhost", 25, "none")
    box = MailboxSettings(MailboxId("tanaka"), "tanaka@maker.example", "", smtp, imap)
    return ImapMailbox(box, lambda _: "pass-word", SystemClock())


CURSOR = (Cursor("INBOX", 7, 10),)


async def test_the_script_is_a_server() -> None:
    """Without a fault the scripted server is read like any other."""
    server = Scripted()
    async with serving(server) as port:
        box = opened(port)
        fetched = await box.fetch(CURSOR, 10)
        assert [m.raw for m in fetched.mails] == [TEXT]
        assert fetched.cursors == (Cursor("INBOX", 7, 11),)
        await box.close()
        assert any("EXAMINE" in c for c in server.commands)
        assert not [c for c in server.commands if re.search(r" (SELECT|STORE|EXPUNGE|BODY\[)", c)]


FAULTS: list[tuple[dict[str, bytes], type[NurtureError]]] = [
    ({"LOGIN": b""}, TemporaryFailure),
    ({"LOGIN": b"{tag} NO [UNAVAILABLE] backend down\r\n"}, TemporaryFailure),
    ({"LOGIN": b"{tag} NO Too many simultaneous connections\r\n"}, TemporaryFailure),
    ({"LOGIN": b"{tag} NO [AUTHENTICATIONFAILED] no\r\n"}, PermanentFailure),
    ({"LOGIN": b"{tag} BAD what\r\n"}, PermanentFailure),
    ({"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK\r\n"}, PermanentFailure),
    ({"CAPABILITY": b"* CAPABILITY POP3\r\n{tag} OK\r\n"}, TemporaryFailure),
    ({"EXAMINE": b"{tag} NO [NONEXISTENT] none\r\n"}, PermanentFailure),
    ({"EXAMINE": b"{tag} NO [INUSE] locked\r\n"}, TemporaryFailure),
    ({"EXAMINE": b"* 3 EXISTS\r\n{tag} OK done\r\n"}, PermanentFailure),
    ({"EXAMINE": b"* BYE shutting down\r\n"}, TemporaryFailure),
    ({"SEARCH": b""}, TemporaryFailure),
    ({"SEARCH": b"wrongtag OK done\r\n"}, TemporaryFailure),
    ({"SEARCH": b"A1 OK done\r\n"}, TemporaryFailure),
    ({"FETCH": b"* 1 FETCH (UID 11 BODY[] {100}\r\nshort"}, TemporaryFailure),
    ({"FETCH": b"* 1 FETCH (UID 11 BODY[] {99999999999}\r\n"}, TemporaryFailure),
    ({"FETCH": b"* 1 FETCH (UID 11 BODY[] {x}\r\n)\r\n"}, TemporaryFailure),
    ({"FETCH": b"\xff\xfe\x00 OK\r\n\xe3\x81\r\n"}, TemporaryFailure),
]


@pytest.mark.parametrize(("answers", "kind"), FAULTS)
async def test_faults_become_failures_within_bounds(answers: dict[str, bytes], kind: type[NurtureError]) -> None:
    """Each fault is one of our failures, soon, without the password; a healthy server is read afterwards."""
    server = Scripted(answers)
    healthy = Scripted().answers
    async with serving(server) as port:
        box = opened(port)
        began = time.perf_counter()
        with pytest.raises(kind) as failed:
            await box.fetch(CURSOR, 10)
        assert time.perf_counter() - began < 4
        assert "pass-word" not in f"{failed.value} {failed.value!r} {failed.value.values}"
        assert failed.value.__cause__ is None
        server.answers = dict(healthy)
        assert [m.raw for m in (await box.fetch(CURSOR, 10)).mails] == [TEXT]
        await box.close()


@pytest.mark.parametrize("greeting", [b"* BYE too many\r\n", b"220 smtp.example\r\n", b"", b"\0\xff\r\n" * 100])
async def test_wrong_greetings(greeting: bytes) -> None:
    """A server that refuses, is another kind of server, or says nothing, is a temporary failure in time."""
    async with serving(Scripted(greeting=greeting)) as port:
        began = time.perf_counter()
        with pytest.raises(TemporaryFailure):
            await opened(port, timeout=0.5).fetch(CURSOR, 10)
        assert time.perf_counter() - began < 3


async def test_a_greeting_that_comes_again_and_again() -> None:
    """Several greetings at once, odd lines among them, and no answer to what is asked: nothing waits for ever."""
    greeting = b"* 7 EXISTS\r\n* OK hello\r\n* OK hello\r\n* OK [UIDNEXT 4294967295] x\r\n"
    async with serving(Scripted({"CAPABILITY": b"* OK later\r\n"}, greeting)) as port:
        for _ in range(3):
            box = opened(port, timeout=0.3)
            with pytest.raises(TemporaryFailure):
                await asyncio.wait_for(box.fetch(CURSOR, 10), 10)
            await box.close()


async def test_a_refusal_at_the_door_is_not_waited_out() -> None:
    """``* BYE`` instead of a greeting fails at once and with the server's words."""
    async with serving(Scripted(greeting=b"* BYE too many connections\r\n")) as port:
        began = time.perf_counter()
        with pytest.raises(TemporaryFailure, match="too many connections"):
            await opened(port, timeout=30).fetch(CURSOR, 10)
        assert time.perf_counter() - began < 2


async def test_long_answers_in_one_packet() -> None:
    """Thousands of lines at once do not exhaust the parser's recursion."""
    flood = b"".join(b"* %d FETCH (FLAGS ())\r\n" % n for n in range(5000))
    async with serving(
        Scripted(
            {"FETCH": flood + ONE_MAIL, "SEARCH": b"* OK still\r\n" * 5000 + b"* SEARCH 11\r\n{tag} OK done\r\n"}
        )
    ) as port:
        box = opened(port, timeout=20)
        assert [m.raw for m in (await box.fetch(CURSOR, 10)).mails] == [TEXT]
        await box.close()


async def test_an_endless_line_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line without an end fills no memory: the connection is given up."""
    monkeypatch.setattr(protocol, "LONGEST_LINE", 100_000)
    async with serving(Scripted({"SEARCH": b"* SEARCH " + b"1 " * 500_000})) as port:
        with pytest.raises(TemporaryFailure, match="too long"):
            await opened(port, timeout=10).fetch(CURSOR, 10)


async def test_a_mail_that_cannot_be_read_is_not_in_the_way() -> None:
    """A mail for which the server says NO becomes an empty, cut mail; reading goes on behind it."""

    class Poisoned(Scripted):
        """Says NO to whatever asks for the text of mail 11."""

        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(self.greeting)
            while said := (await reader.readline()).decode():
                tag, *words = said.split()
                word = next(w for w in words if w in self.answers)
                answer = self.answers[word].replace(b"{tag}", tag.encode())
                if word == "FETCH" and "BODY" in said:
                    uids = words[2]
                    answer = (
                        b"%s NO [SERVERBUG] cannot read\r\n" % tag.encode()
                        if uids != "12"
                        else ONE_MAIL.replace(b"UID 11", b"UID 12").replace(b"{tag}", tag.encode())
                    )
                elif word == "FETCH":
                    answer = b"* 1 FETCH (UID 11 RFC822.SIZE 5)\r\n* 2 FETCH (UID 12 RFC822.SIZE 5)\r\n"
                    answer += tag.encode() + b" OK\r\n"
                writer.write(answer)

    async with serving(Poisoned({"SEARCH": b"* SEARCH 11 12\r\n{tag} OK\r\n"})) as port:
        box = opened(port)
        fetched = await box.fetch(CURSOR, 10)
        assert [(m.uid, m.raw, m.cut) for m in fetched.mails] == [(11, b"", True), (12, TEXT, False)]
        await box.close()


HEADER = b"From: sato@hospital.example\r\nIn-Reply-To: <m1@maker.example>\r\n\r\n"


@pytest.mark.parametrize("refusal", [b"{tag} NO [SERVERBUG] cannot read\r\n", b"{tag} OK nothing to say\r\n"])
async def test_a_mail_without_its_text_is_read_by_its_header(refusal: bytes) -> None:
    """Asked for its text, the server says NO, or OK and nothing, though the mail is there: its header is read."""

    class Torn(Scripted):
        """Gives headers, and the text of mail 12 alone."""

        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            """One connection."""
            writer.write(self.greeting)
            while said := (await reader.readline()).decode():
                tag, *words = said.split()
                answer = self.answers[next(w for w in words if w in self.answers)]
                if "BODY.PEEK[HEADER]" in said:
                    answer = b"* 1 FETCH (UID 11 BODY[HEADER]<0> {%d}\r\n%s)\r\n{tag} OK\r\n" % (
                        len(HEADER),
                        HEADER,
                    )
                elif "BODY" in said and "11" in words[2]:
                    answer = refusal
                elif "BODY" in said:
                    answer = ONE_MAIL.replace(b"UID 11", b"UID 12")
                elif "FETCH" in said:
                    answer = (
                        b"* 1 FETCH (UID 11 RFC822.SIZE 5)\r\n* 2 FETCH (UID 12 RFC822.SIZE 5)\r\n{tag} OK\r\n"
                    )
                writer.write(answer.replace(b"{tag}", tag.encode()))

    async with serving(Torn({"SEARCH": b"* SEARCH 11 12\r\n{tag} OK\r\n"})) as port:
        box = opened(port)
        fetched = await box.fetch(CURSOR, 10)
        await box.close()

    assert [(11, HEADER, True), (12, TEXT, False)] == [(m.uid, m.raw, m.cut) for m in fetched.mails]


async def test_a_mail_that_was_expunged_meanwhile_is_missing() -> None:
    """Between the search and the fetch somebody deleted it: the server knows of it no more, and neither do we."""

    class Deleted(Scripted):
        """Finds two mails once, and then one."""

        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            """One connection."""
            writer.write(self.greeting)
            while said := (await reader.readline()).decode():
                tag, *words = said.split()
                word = next(w for w in words if w in self.answers)
                writer.write(self.answers[word].replace(b"{tag}", tag.encode()))
                if word == "SEARCH":
                    self.answers["SEARCH"] = b"* SEARCH 11\r\n{tag} OK\r\n"

    async with serving(Deleted({"SEARCH": b"* SEARCH 10 11\r\n{tag} OK\r\n"})) as port:
        box = opened(port)
        fetched = await box.fetch((Cursor("INBOX", 7, 9),), 10)
        await box.close()

    assert [(11, TEXT)] == [(m.uid, m.raw) for m in fetched.mails]
    assert (Cursor("INBOX", 7, 11),) == fetched.cursors


async def test_a_uid_is_given_before_its_mail_is_there() -> None:
    """UIDNEXT has moved on, and the search does not find the mail yet: it is read when it is there."""
    server = Scripted({"SEARCH": b"* SEARCH\r\n{tag} OK done\r\n"})
    async with serving(server) as port:
        box = opened(port)
        first = await box.fetch(CURSOR, 10)
        server.answers["SEARCH"] = Scripted().answers["SEARCH"]
        second = await box.fetch(first.cursors, 10)
        await box.close()

    assert ((), False) == (first.mails, first.more)
    assert [TEXT] == [m.raw for m in second.mails]


async def test_a_server_whose_uids_went_back() -> None:
    """The same UIDVALIDITY with lower uids is treated as renewed uids: nothing waits for ever."""
    server = Scripted()
    async with serving(server) as port:
        box = opened(port)
        fetched = await box.fetch((Cursor("INBOX", 7, 500),), 10)
        assert [m.raw for m in fetched.mails] == [TEXT]
        assert fetched.cursors == (Cursor("INBOX", 7, 11),)
        assert any("SINCE" in c for c in server.commands)
        await box.close()


@pytest.mark.parametrize(
    "idle",
    [b"", b"{tag} NO not now\r\n", b"{tag} BAD what\r\n", b"+ idling\r\n* BYE\r\n", b"* BYE timeout\r\n"],
)
async def test_listening_to_a_server_that_cannot(idle: bytes) -> None:
    """IDLE that is refused or broken wakes the caller once and raises nothing; leaving is quick."""
    async with serving(Scripted({"IDLE": idle})) as port:
        box = opened(port)
        await box.fetch(CURSOR, 10)
        began = time.perf_counter()
        async with box.listening() as new:
            await asyncio.wait({asyncio.ensure_future(new.wait())}, timeout=0.5)
        assert time.perf_counter() - began < 3
        await box.close()


async def test_listening_without_idle() -> None:
    """A server without IDLE is left to the caller's beat: the event stays unset."""
    without = b"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n"
    server = Scripted({"CAPABILITY": without})
    async with serving(server) as port:
        box = opened(port)
        await box.fetch(CURSOR, 10)
        async with box.listening() as new:
            await asyncio.sleep(0.1)
            assert not new.is_set()
        assert not [c for c in server.commands if "IDLE" in c]
        await box.close()


async def test_a_line_that_always_breaks_does_not_spin() -> None:
    """When listening breaks again and again at once, the caller is woken the first time only."""
    async with serving(Scripted({"IDLE": b""})) as port:
        box = opened(port)
        await box.fetch(CURSOR, 10)
        woken = []
        for _ in range(3):
            async with box.listening() as new:
                await asyncio.sleep(0.2)
                woken.append(new.is_set())
        assert woken == [True, False, False]
        await box.close()
