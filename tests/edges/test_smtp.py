"""Sending, against a correct server and against servers that fail at every moment."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from nurture.config import MailboxSettings, Secret, SmtpSettings
from nurture.core.ids import MailboxId
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.errors import UserError
from nurture.smtp import SmtpSender, pool
from nurture.smtp.verdicts import verdict_on_rcpt
from tests.servers.authority import client_tls, server_tls
from tests.servers.recording import PASSWORD, USER, recording
from tests.servers.scripted import DROP, SILENT, FaultySmtp, serving

if TYPE_CHECKING:
    from collections.abc import Mapping

BOX = MailboxId("tanaka")
TEXT = b"From: tanaka@maker.example\r\nSubject: x\r\n\r\n.one dot\r\nlast\r\n"


def letter(to: str = "sato@hospital.example", data: bytes = TEXT, sender: str = "tanaka@maker.example") -> Letter:
    """A letter."""
    return Letter(BOX, sender, to, data, "<1@maker.example>")


def make(port: int, *, password: str = PASSWORD, tls: bool = True, **settings: object) -> SmtpSender:
    """A sender with one mailbox."""
    chosen: Mapping[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "username": "",
        "password": Secret(env="X"),
        "timeout": 5.0,
    } | settings
    mailbox = MailboxSettings(BOX, "tanaka@maker.example", "田中", SmtpSettings(**chosen))  # type: ignore[arg-type]
    return SmtpSender({BOX: mailbox}, lambda _: password, tls=client_tls() if tls else None)


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
async def test_letters_arrive_as_they_are(security: str) -> None:
    """Over each kind of line, logged in, the text arrives byte for byte, leading dots and all."""
    async with recording(security=security) as server:
        smtp = make(server.port, security=security, username=USER)
        outcome = await smtp.send(letter())
        await smtp.close()
        assert outcome == Outcome(Verdict.ACCEPTED, "250 2.0.0 kept")
        assert [(e[0], e[1], e[3]) for e in server.letters] == [
            ("tanaka@maker.example", ("sato@hospital.example",), TEXT)
        ]
        assert server.encrypted == [security != "none"]


async def test_connections_are_kept() -> None:
    """Letters in a row share a connection; a hundred at once use two; each connection has an end."""
    server = FaultySmtp()
    async with serving(server) as port:
        smtp = make(port, letters_per_connection=30)
        began = time.perf_counter()
        for _ in range(10):
            assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        assert server.connections == 1
        outcomes = await asyncio.gather(*(smtp.send(letter()) for _ in range(100)))
        print(f"110 letters in {time.perf_counter() - began:.2f} s over {server.connections} connections")
        await smtp.close()
        assert {o.verdict for o in outcomes} == {Verdict.ACCEPTED}
        assert len(server.letters) == 110
        assert 2 <= server.connections <= 6


WORDS_OF_STAGES = [
    # moment, what the server says, verdict, words in the answer
    ("greeting", "554 5.7.1 go away", Verdict.LATER, "554"),
    ("greeting", "421 busy", Verdict.LATER, "421"),
    ("greeting", "SSH-2.0-OpenSSH_9", Verdict.LATER, "SSH"),
    ("greeting", DROP, Verdict.LATER, ""),
    ("ehlo", "421 4.3.2 closing", Verdict.LATER, "421"),
    ("ehlo", DROP, Verdict.LATER, ""),
    ("auth", "535 5.7.8 wrong", Verdict.REFUSED, "535 5.7.8 wrong"),
    ("auth", "454 4.7.0 later", Verdict.LATER, "454"),
    ("auth", DROP, Verdict.LATER, ""),
    ("mail", "451 4.7.1 greylisted", Verdict.LATER, "451"),
    ("mail", "550 5.7.1 you may not", Verdict.REFUSED, "550 5.7.1"),
    ("mail", "421 4.4.2 too long", Verdict.LATER, "421"),
    ("mail", DROP, Verdict.LATER, ""),
    ("mail", "what?", Verdict.LATER, ""),
    ("rcpt", "450 4.2.0 greylisted", Verdict.LATER, "450"),
    ("rcpt", "550 5.1.1 no such user", Verdict.REFUSED_RECIPIENT, "550 5.1.1"),
    ("rcpt", "550 5.7.1 relaying denied", Verdict.REFUSED, "550 5.7.1"),
    ("rcpt", "421 bye", Verdict.LATER, "421"),
    ("rcpt", DROP, Verdict.LATER, ""),
    ("data", "451 not now", Verdict.LATER, "451"),
    ("data", "554 no valid recipients", Verdict.REFUSED, "554"),
    ("data", "250 what", Verdict.LATER, "250"),
    ("data", DROP, Verdict.LATER, ""),
    ("text", "552 5.3.4 too big", Verdict.REFUSED, "552 5.3.4"),
    ("text", "452 disk full", Verdict.LATER, "452"),
    ("text", "250 thanks, enough", Verdict.LATER, "250"),
    ("text", DROP, Verdict.LATER, ""),
    ("dot", "250 fine", Verdict.ACCEPTED, "250 fine"),
    ("dot", "451 4.3.0 later", Verdict.LATER, "451"),
    ("dot", "421 4.3.0 closing", Verdict.LATER, "421"),
    ("dot", "554 5.7.1 spam", Verdict.REFUSED, "554 5.7.1 spam"),
    ("dot", "550 5.1.1 who?", Verdict.REFUSED, "550"),
    ("dot", DROP, Verdict.UNKNOWN, "after the final dot"),
    ("dot", "???", Verdict.UNKNOWN, "after the final dot"),
    ("dot", "354 again", Verdict.UNKNOWN, "after the final dot"),
]


@pytest.mark.parametrize(("moment", "says", "verdict", "said"), WORDS_OF_STAGES)
async def test_what_a_failure_means_depends_on_when(moment: str, says: str, verdict: Verdict, said: str) -> None:
    """Each answer at each moment gets its verdict, its words are kept, and the next letter goes out."""
    server = FaultySmtp({moment: says})
    big = TEXT + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * (300_000 if moment == "text" else 1)
    async with serving(server) as port:
        smtp = make(port, username="tanaka")
        outcome = await smtp.send(letter(data=big))
        assert (outcome.verdict, said in outcome.answer) == (verdict, True), outcome
        assert "\n" not in outcome.answer
        server.faults.clear()
        assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        await smtp.close()


@pytest.mark.parametrize(
    ("moment", "verdict"),
    [
        ("greeting", Verdict.LATER),
        ("auth", Verdict.LATER),
        ("mail", Verdict.LATER),
        ("rcpt", Verdict.LATER),
        ("data", Verdict.LATER),
        ("text", Verdict.LATER),
        ("dot", Verdict.UNKNOWN),
    ],
)
async def test_silence_is_bounded_and_the_line_never_used_again(
    moment: str, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says nothing is left after the time-out, and the connection with it."""
    monkeypatch.setattr("nurture.smtp.line.DOT_PATIENCE", 2)
    server = FaultySmtp({moment: SILENT})
    big = TEXT + (b"y" * 70 + b"\r\n") * (300_000 if moment == "text" else 1)
    async with serving(server) as port:
        smtp = make(port, username="tanaka", timeout=0.2)
        assert (await smtp.send(letter(data=big))).verdict is verdict
        server.faults.clear()
        assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        assert server.connections == 2
        await smtp.close()


@pytest.mark.parametrize(
    ("moment", "says", "verdict"),
    [
        ("text", DROP, Verdict.LATER),
        ("text", SILENT, Verdict.LATER),
        ("text", "552 5.3.4 too big", Verdict.REFUSED),
        ("dot", DROP, Verdict.UNKNOWN),
        ("dot", SILENT, Verdict.UNKNOWN),
    ],
)
async def test_the_last_moments_over_tls(
    moment: str, says: str, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encryption has buffers of its own; what a failure means does not change with them."""
    monkeypatch.setattr("nurture.smtp.line.DOT_PATIENCE", 1)
    server = FaultySmtp({moment: says})
    async with serving(server, tls=server_tls()) as port:
        smtp = make(port, security="tls", timeout=0.5)
        big = TEXT + (b"y" * 70 + b"\r\n") * (300_000 if moment == "text" else 1)
        assert (await smtp.send(letter(data=big))).verdict is verdict
        server.faults.clear()
        assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        await smtp.close()


@pytest.mark.parametrize("says", ["550 5.1.1 no such user", "450 4.2.0 greylisted"])
async def test_a_clean_refusal_keeps_the_connection(says: str) -> None:
    """After a plain no to one recipient the envelope is cleared and the connection serves the next letter."""
    server = FaultySmtp({"rcpt": says})
    async with serving(server) as port:
        smtp = make(port)
        await smtp.send(letter())
        server.faults.clear()
        assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        assert server.connections == 1
        assert "RSET" in server.commands
        await smtp.close()


@pytest.mark.parametrize("moment", ["dot", "rcpt"])
async def test_answers_nobody_asked_for_end_the_connection(moment: str) -> None:
    """A second answer in the same breath would be taken for the next command's: the line is not used again."""
    extra = {"dot": "250 ok\r\n250 and more", "rcpt": "250 ok\r\n354 go on already"}[moment]
    server = FaultySmtp({moment: extra})
    async with serving(server) as port:
        smtp = make(port)
        first = await smtp.send(letter())
        assert first.verdict is (Verdict.ACCEPTED if moment == "dot" else Verdict.LATER)
        server.faults.clear()
        assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        assert server.connections == 2
        await smtp.close()


async def test_a_kept_connection_that_died_is_replaced_quietly() -> None:
    """When the server hung up between two letters, the second goes over a new connection, once."""
    server = FaultySmtp(heal_after="mail")
    async with serving(server) as port:
        smtp = make(port)
        assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        server.faults["mail"] = DROP
        assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        assert (server.connections, len(server.letters)) == (2, 2)
        await smtp.close()


async def test_an_idle_connection_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that has been quiet for a while is asked (NOOP), and replaced when it does not answer well."""
    monkeypatch.setattr(pool, "FRESH", -1.0)
    server = FaultySmtp()
    async with serving(server) as port:
        smtp = make(port)
        await smtp.send(letter())
        await smtp.send(letter())
        assert (server.connections, "NOOP" in server.commands) == (1, True)
        server.faults["noop"] = "421 too late"
        await smtp.send(letter())
        assert (server.connections, len(server.letters)) == (2, 3)
        await smtp.close()


async def test_encryption_is_required() -> None:
    """A server that does not offer STARTTLS gets neither the password nor the letter."""
    server = FaultySmtp()
    async with serving(server) as port:
        outcome = await make(port, security="starttls", username="tanaka").send(letter())
        assert outcome.verdict is Verdict.LATER
        assert "STARTTLS" in outcome.answer
        assert not [c for c in server.commands if c.startswith(("AUTH", "MAIL"))]


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_an_unknown_authority_is_not_trusted(security: str) -> None:
    """A certificate of an unknown authority ends the connection before anything is said."""
    async with recording(security=security) as server:
        outcome = await make(server.port, security=security, username=USER, tls=False).send(letter())
        assert outcome.verdict is Verdict.LATER
        assert "not trusted" in outcome.answer or "certificate" in outcome.answer.lower()
        assert server.letters == []


@pytest.mark.parametrize(
    ("offered", "used"), [(("PLAIN", "LOGIN"), "PLAIN"), (("PLAIN",), "PLAIN"), (("LOGIN",), "LOGIN")]
)
async def test_ways_to_log_in(offered: tuple[str, ...], used: str) -> None:
    """PLAIN where it is offered, else LOGIN; a password in any script; a wrong one is tried once."""
    async with recording(methods=offered) as server:
        smtp = make(server.port, security="starttls", username=USER)
        good = await smtp.send(letter())
        await smtp.close()
        wrong = await make(server.port, security="starttls", username=USER, password="not-this").send(letter())

    assert (Verdict.ACCEPTED, Verdict.REFUSED) == (good.verdict, wrong.verdict)
    assert [used, used] == server.logins
    assert 1 == len(server.letters)


async def test_without_a_way_to_log_in_nothing_is_said() -> None:
    """A server with other methods only is told neither name nor password."""
    server = FaultySmtp(extensions=("AUTH GSSAPI NTLM",))
    async with serving(server) as port:
        outcome = await make(port, username="tanaka").send(letter())

    assert Verdict.REFUSED is outcome.verdict
    assert "neither AUTH PLAIN nor AUTH LOGIN" in outcome.answer
    assert not [command for command in server.commands if command.startswith(("AUTH", "MAIL"))]


async def test_a_wrong_password_is_refused_once() -> None:
    """A login is tried once, with one method, and its answer does not cite the password."""
    server = FaultySmtp({"auth": "535 5.7.8 no"})
    async with serving(server) as port:
        outcome = await make(port, username="tanaka", password="not-this").send(letter())
        assert outcome.verdict is Verdict.REFUSED
        assert len([c for c in server.commands if c.startswith("AUTH")]) == 1
        assert "not-this" not in outcome.answer


async def test_no_server_at_all() -> None:
    """Nobody listens, or the name does not exist: later."""
    assert (await make(1).send(letter())).verdict is Verdict.LATER
    missing = make(25, host="nowhere.invalid", security="tls", timeout=5.0)
    assert (await missing.send(letter())).verdict is Verdict.LATER


async def test_a_missing_password_waits_for_a_person() -> None:
    """A secret that cannot be read does not raise and does not lose the letter."""

    def missing(_: Secret) -> str:
        """Nothing there."""
        raise UserError("the environment variable {name} is not set", name="X")

    async with serving(FaultySmtp()) as port:
        settings = SmtpSettings("127.0.0.1", port, "none", "tanaka", Secret(env="X"))
        mailbox = MailboxSettings(BOX, "tanaka@maker.example", "", settings)
        outcome = await SmtpSender({BOX: mailbox}, missing).send(letter())
        assert outcome.verdict is Verdict.LATER
        assert "X is not set" in outcome.answer


@pytest.mark.parametrize(
    ("to", "verdict"),
    [
        ("sato@病院.example", Verdict.ACCEPTED),
        ("佐藤@hospital.example", Verdict.ACCEPTED),
        ("sato@hospital.example>\r\nDATA", Verdict.REFUSED_RECIPIENT),
        ("nobody", Verdict.REFUSED_RECIPIENT),
        ("", Verdict.REFUSED_RECIPIENT),
    ],
)
async def test_addresses_reach_the_wire_clean(to: str, verdict: Verdict) -> None:
    """International addresses go out as the standards say; what is no address never becomes a command."""
    async with recording() as server:
        smtp = make(server.port, security="starttls", username=USER)
        assert (await smtp.send(letter(to=to))).verdict is verdict
        assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        await smtp.close()
        recipients = [e[1][0] for e in server.letters]
        if verdict is Verdict.ACCEPTED:
            assert recipients[0] in {"sato@xn--0rys90e.example", "佐藤@hospital.example"}
            assert ("SMTPUTF8" in server.letters[0][2]) is ("佐藤" in to)
        assert recipients[-1] == "sato@hospital.example"


async def test_what_a_server_cannot_take_is_not_tried() -> None:
    """Too big, not 7-bit, or an international address: refused here when the server said it cannot."""
    server = FaultySmtp(extensions=("SIZE 1000",))
    async with serving(server) as port:
        smtp = make(port)
        for bad in (
            letter(data=TEXT + b"x\r\n" * 1000),
            letter(data=TEXT + "病院\r\n".encode()),
            letter(to="佐藤@hospital.example"),
        ):
            assert (await smtp.send(bad)).verdict is Verdict.REFUSED
        assert not [c for c in server.commands if c.startswith("MAIL")]
        assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        assert server.connections == 1
        await smtp.close()


async def test_bare_line_ends_cannot_smuggle() -> None:
    """A lone line feed before a dot does not end the text early (SMTP smuggling): it is made CRLF and stuffed."""
    server = FaultySmtp()
    evil = b"Subject: x\r\n\r\nhi\n.\nMAIL FROM:<evil@x.example>\r.\rbye"
    async with serving(server) as port:
        smtp = make(port)
        assert (await smtp.send(letter(data=evil))).verdict is Verdict.ACCEPTED
        await smtp.close()
    assert len(server.letters) == 1
    assert server.letters[0].count(b"\n") == server.letters[0].count(b"\r\n")
    assert b"\r\n..\r\n" in server.letters[0]


async def test_answers_are_one_bounded_line() -> None:
    """Several lines, control characters and long speeches become one short line."""
    said = "554-5.7.1 first\x1b[31m\r\n554-5.7.1 " + "long " * 100 + "\r\n554 end"
    async with serving(FaultySmtp({"dot": said})) as port:
        outcome = await make(port).send(letter())
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.answer.startswith("554 5.7.1 first")
    assert len(outcome.answer) <= 300
    assert outcome.answer.isprintable()


async def test_a_cancelled_delivery_ends_its_connection() -> None:
    """When the daemon stops in the middle of a letter, its connection is not given to another letter."""
    server = FaultySmtp({"dot": SILENT})
    async with serving(server) as port:
        smtp = make(port)
        sending = asyncio.create_task(smtp.send(letter()))
        await server.got_letter.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        server.faults.clear()
        assert (await smtp.send(letter())).verdict is Verdict.ACCEPTED
        assert server.connections == 2
        await smtp.close()


async def test_check_says_what_is_wrong() -> None:
    """A mailbox can be tried without a letter."""
    async with recording() as server:
        good = make(server.port, security="starttls", username=USER)
        bad = make(server.port, security="starttls", username=USER, password="wrong")
        assert (await good.check(BOX)).verdict is Verdict.ACCEPTED
        assert (await bad.check(BOX)).verdict is Verdict.REFUSED
        await good.close()


async def test_a_fault_over_one_line_tears_no_letter_off_another() -> None:
    """Whatever is raised while a second connection is opened, the first goes on: each letter has its answer."""
    calls = 0

    def resolve(_: Secret) -> str:
        """The password, once."""
        nonlocal calls
        calls += 1
        if calls > 1:
            raise RuntimeError("a fault of ours")
        return PASSWORD

    outcomes: list[Verdict] = []
    async with recording(security="tls") as server:
        smtp = SmtpSettings("127.0.0.1", server.port, "tls", USER, Secret(env="X"), timeout=5.0, connections=2)
        sender = SmtpSender(
            {BOX: MailboxSettings(BOX, "tanaka@maker.example", "", smtp)}, resolve, tls=client_tls()
        )
        await sender.send_all(
            [letter() for _ in range(40)],
            leaving=lambda _: None,
            done=lambda _, outcome: outcomes.append(outcome.verdict),
        )
        await sender.close()

    assert 2 == calls
    assert [Verdict.ACCEPTED] * 40 == outcomes


async def test_an_unknown_mailbox_is_refused() -> None:
    """A letter from a mailbox that config.toml no longer has goes to a person."""
    outcome = await make(1).send(Letter(MailboxId("gone"), "a@x.example", "b@x.example", TEXT, "<1@x.example>"))
    assert outcome.verdict is Verdict.REFUSED


def test_clear_text_leaves_this_machine_never() -> None:
    """Security ``none`` is refused for any host but this one, and unknown words are refused."""
    for settings in (SmtpSettings("smtp.maker.example", 25, "none"), SmtpSettings("localhost", 25, "ssl")):
        with pytest.raises(UserError):
            SmtpSender({BOX: MailboxSettings(BOX, "a@maker.example", "", settings)}, lambda _: "")


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        (550, "5.1.1 <x@y.example>: Recipient address rejected: User unknown", Verdict.REFUSED_RECIPIENT),
        (550, "5.4.1 Recipient address rejected: Access denied.", Verdict.REFUSED_RECIPIENT),
        (556, "5.1.10 RESOLVER.ADR: domain does not accept mail", Verdict.REFUSED_RECIPIENT),
        (550, "Requested action not taken: mailbox unavailable", Verdict.REFUSED_RECIPIENT),
        (553, "sorry, no mailbox here by that name", Verdict.REFUSED_RECIPIENT),
        (551, "User not local", Verdict.REFUSED_RECIPIENT),
        (552, "5.2.2 mailbox full", Verdict.REFUSED),
        (550, "mailbox is full", Verdict.REFUSED),
        (550, "5.7.1 Client host blocked using zen", Verdict.REFUSED),
        (554, "5.7.1 Relay access denied", Verdict.REFUSED),
        (553, "sorry, that domain isn't in my list of allowed rcpthosts", Verdict.REFUSED),
        (550, "Relaying denied", Verdict.REFUSED),
        (530, "5.7.0 Authentication required", Verdict.REFUSED),
        (501, "5.5.2 syntax", Verdict.REFUSED),
        (503, "bad sequence", Verdict.REFUSED),
        (550, "SPF check failed", Verdict.REFUSED),
        (550, "5.1.8 sender address rejected", Verdict.REFUSED),
    ],
)
def test_only_what_speaks_of_the_recipient_condemns_it(code: int, text: str, verdict: Verdict) -> None:
    """A refusal at RCPT condemns the address only when it speaks of the address."""
    assert verdict_on_rcpt(code, text) is verdict
