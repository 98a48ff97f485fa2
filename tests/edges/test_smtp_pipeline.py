"""Letters together over one line: the same verdicts as one command at a time, whatever the server does."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.config import MailboxSettings, Secret, SmtpSettings
from nurture.core.ids import MailboxId
from nurture.core.sending import Letter, NoLine, Outcome, Verdict
from nurture.smtp import SmtpSender, pool
from nurture.smtp.answers import LONGEST_ANSWER, NONSENSE, Answers
from nurture.smtp.envelope import payload
from tests.servers.authority import client_tls, server_tls
from tests.servers.fates import DROP, SILENT, Fates
from tests.servers.scripted import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

BOX = MailboxId("tanaka")
PIPELINED = ("8BITMIME", "PIPELINING")
PLAIN = ("8BITMIME",)
LONG = (b"y" * 70 + b"\r\n") * 300_000


def letter(number: int, text: bytes = b"") -> Letter:
    """Letter ``number``."""
    data = b"Subject: %d\r\n\r\n.a dot\r\n" % number + text
    return Letter(
        BOX, f"s{number}@maker.example", f"r{number}@hospital.example", data, f"<{number}@maker.example>"
    )


@dataclass
class Told:
    """What ``send_all`` said, in order."""

    leaving: list[int] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    twice: list[int] = field(default_factory=list)

    def leaves(self, letters: Sequence[Letter]) -> None:
        """These are about to leave."""
        self.leaving += [_number(one) for one in letters]

    def done(self, letter: Letter, outcome: Outcome) -> None:
        """One answer."""
        if _number(letter) in self.outcomes:
            self.twice.append(_number(letter))
        self.outcomes[_number(letter)] = outcome

    @property
    def verdicts(self) -> list[Verdict]:
        """By number."""
        return [self.outcomes[n].verdict for n in sorted(self.outcomes)]


def _number(letter: Letter) -> int:
    return int(letter.sender[1:].partition("@")[0])


def make(
    port: int,
    *,
    told: Callable[[MailboxId, NoLine | None], None] = lambda _mailbox, _trouble: None,
    **more: object,
) -> SmtpSender:
    """A sender with one mailbox, of one connection where nothing else is said."""
    chosen = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": 5.0, "connections": 1} | more
    smtp = SmtpSettings(**chosen, password=Secret(env="X"))  # type: ignore[arg-type]
    mailbox = MailboxSettings(BOX, "tanaka@maker.example", "田中", smtp)
    return SmtpSender({BOX: mailbox}, lambda _: "wrong", tls=client_tls(), told=told)


async def send(sender: SmtpSender, letters: Sequence[Letter], stop: asyncio.Event | None = None) -> Told:
    """Hand them over once."""
    told = Told()
    await sender.send_all(letters, leaving=told.leaves, done=told.done, stop=stop)

    assert [] == told.twice
    assert sorted(told.outcomes) == [_number(one) for one in letters]
    return told


async def send_on(sender: SmtpSender, letters: Sequence[Letter]) -> Told:
    """Hand over again what was never offered, as the sending beat does, until nothing is left."""
    whole, left = Told(), list(letters)
    while left:
        told = await send(sender, left)
        untouched = [one for one in left if told.outcomes[_number(one)].verdict is Verdict.UNTOUCHED]

        assert len(untouched) < len(left), "nothing got on"
        assert not {_number(one) for one in untouched} & set(told.leaving)
        whole.leaving += told.leaving
        whole.outcomes |= told.outcomes
        left = untouched
    return whole


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off is tested where it is the subject; an answer to the dot is not waited for ten times as long."""
    monkeypatch.setattr(pool, "BACK_OFF", (0.0,))
    monkeypatch.setattr("nurture.smtp.line.DOT_PATIENCE", 2)


@pytest.mark.parametrize("security", ["none", "tls"])
async def test_letters_arrive_in_order_and_whole(security: str) -> None:
    """Each text arrives with its dots doubled, the commands were written together, and each is told to leave."""
    server = Fates()
    async with serving(server, tls=server_tls() if security == "tls" else None) as port:
        sender = make(port, security=security)
        told = await send(sender, [letter(n, LONG[: n * 5000]) for n in range(12)])
        await sender.close()

    assert {Verdict.ACCEPTED} == set(told.verdicts)
    assert [*range(12)] == server.read == told.leaving
    assert all(
        b"Subject: %d\r\n\r\n..a dot\r\n" % n + LONG[: n * 5000] in text for n, text in server.texts.items()
    )
    assert 1 == server.connections
    assert server.most_waiting >= 2


async def test_one_letter_goes_one_command_at_a_time() -> None:
    """Nothing is gained by writing the commands of a single letter together."""
    server = Fates()
    async with serving(server) as port:
        sender = make(port)
        await send(sender, [letter(0)])
        await sender.close()

    assert 0 == server.most_waiting


STAGES = [
    ("mail", "451 4.7.1 greylisted", Verdict.LATER, "451"),
    ("mail", "550 5.7.1 you may not", Verdict.REFUSED, "550 5.7.1"),
    ("mail", "550-5.7.1 you\r\n550 5.7.1 may not", Verdict.REFUSED, "550 5.7.1 you 5.7.1 may not"),
    ("mail", "421 4.4.2 too long", Verdict.LATER, "421"),
    ("mail", DROP, Verdict.LATER, "MAIL"),
    ("mail", SILENT, Verdict.LATER, "MAIL"),
    ("mail", "what?", Verdict.LATER, "what"),
    ("mail", "252 maybe", Verdict.LATER, "252"),
    ("mail", "x" * 100_000, Verdict.LATER, ""),
    ("rcpt", "450 4.2.0 greylisted", Verdict.LATER, "450"),
    ("rcpt", "251 forwarded", Verdict.ACCEPTED, "250"),
    ("rcpt", "550 5.1.1 no such user", Verdict.REFUSED_RECIPIENT, "550 5.1.1"),
    ("rcpt", "550 5.7.1 relaying denied", Verdict.REFUSED, "550 5.7.1"),
    ("rcpt", "421 bye", Verdict.LATER, "421"),
    ("rcpt", DROP, Verdict.LATER, "RCPT"),
    ("rcpt", SILENT, Verdict.LATER, "RCPT"),
    ("rcpt", "???", Verdict.LATER, ""),
    ("data", "451 not now", Verdict.LATER, "451"),
    ("data", "554 no", Verdict.REFUSED, "554"),
    ("data", "250 what", Verdict.LATER, "250"),
    ("data", "421 bye", Verdict.LATER, "421"),
    ("data", DROP, Verdict.LATER, "DATA"),
    ("data", SILENT, Verdict.LATER, "DATA"),
    ("text", "552 5.3.4 too big", Verdict.REFUSED, "552 5.3.4"),
    ("text", "452 disk full", Verdict.LATER, "452"),
    ("text", "250 thanks, enough", Verdict.LATER, "250"),
    ("text", DROP, Verdict.LATER, "in the text"),
    ("text", SILENT, Verdict.LATER, "in the text"),
    ("dot", "250-fine\r\n250 indeed", Verdict.ACCEPTED, "250 fine indeed"),
    ("dot", "451 4.3.0 later", Verdict.LATER, "451"),
    ("dot", "421 4.3.0 closing", Verdict.LATER, "421"),
    ("dot", "554 5.7.1 spam", Verdict.REFUSED, "554 5.7.1 spam"),
    ("dot", DROP, Verdict.UNKNOWN, "after the final dot"),
    ("dot", SILENT, Verdict.UNKNOWN, "after the final dot"),
    ("dot", "???", Verdict.UNKNOWN, "after the final dot"),
    ("dot", "354 again", Verdict.UNKNOWN, "after the final dot"),
    ("dot", "250 " + "x" * 100_000, Verdict.UNKNOWN, "after the final dot"),
]


@pytest.mark.parametrize("extensions", [PLAIN, PIPELINED], ids=["plain", "pipelined"])
@pytest.mark.parametrize(("moment", "says", "verdict", "said"), STAGES)
async def test_what_a_failure_means_depends_on_when(
    extensions: Sequence[str], moment: str, says: str, verdict: Verdict, said: str
) -> None:
    """On both paths each failure gets its verdict, and the letters before and after it arrive, once."""
    server = Fates({(1, moment): says}, extensions)
    async with serving(server) as port:
        sender = make(port, timeout=0.3)
        told = await send_on(
            sender, [letter(0), letter(1, LONG if moment == "text" else b""), letter(2), letter(3)]
        )
        await sender.close()

    assert (verdict, True) == (told.verdicts[1], said in told.outcomes[1].answer), told.outcomes[1]
    assert [Verdict.ACCEPTED] * 3 == [v for n, v in enumerate(told.verdicts) if n != 1]
    assert [0, 2, 3] == [n for n in server.read if n != 1]
    assert server.read.count(1) <= 1
    assert (1 in server.read) <= (1 in told.leaving)
    assert (verdict is Verdict.UNKNOWN) <= (1 in told.leaving)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("lenient", [False, True])
async def test_a_refused_recipient_leaves_nothing_behind(lenient: bool, first: int) -> None:
    """A server that says 354 although nobody is to have the letter gets a lone dot, and the line serves on."""
    server = Fates({(first, "rcpt"): "550 5.1.1 unknown"}, lenient=lenient)
    async with serving(server) as port:
        sender = make(port)
        told = await send(sender, [letter(n) for n in range(4)])
        await sender.close()

    assert Verdict.REFUSED_RECIPIENT is told.verdicts[first]
    assert 3 == told.verdicts.count(Verdict.ACCEPTED)
    assert first not in told.leaving
    assert (1, int(lenient)) == (server.connections, server.lone)
    assert "RSET" in server.commands


async def test_a_text_is_never_given_to_a_server_that_lost_count() -> None:
    """Yes to a text although the sender was refused: the answers do not come out even, so one by one."""
    server = Fates({(1, "mail"): "550 5.7.1 no"}, blind=True)
    async with serving(server) as port:
        sender = make(port)
        told = await send_on(sender, [letter(n) for n in range(4)])
        await sender.close()

    assert [Verdict.ACCEPTED, Verdict.REFUSED, Verdict.ACCEPTED, Verdict.ACCEPTED] == told.verdicts
    assert 1 not in told.leaving


async def test_lines_share_the_letters_and_have_an_end() -> None:
    """Many letters take several connections, each for its number of letters; few take one."""
    server = Fates()
    async with serving(server) as port:
        sender = make(port, connections=3, letters_per_connection=10)
        few = await send(sender, [letter(n) for n in range(7)])
        after_few = server.connections
        told = await send(sender, [letter(n) for n in range(100)])
        await sender.close()

    assert {Verdict.ACCEPTED} == set(few.verdicts + told.verdicts)
    assert 1 == after_few
    assert 11 <= server.connections <= 14


async def test_a_stop_finishes_what_is_on_the_wire() -> None:
    """When the daemon stops, what was begun gets its answer, and what was not is untouched."""
    server = Fates()
    stop = asyncio.Event()
    told = Told()

    def done(one: Letter, outcome: Outcome) -> None:
        """Stop after the third."""
        told.done(one, outcome)
        if len(told.outcomes) == 3:
            stop.set()

    async with serving(server) as port:
        sender = make(port)
        await sender.send_all([letter(n) for n in range(50)], leaving=told.leaves, done=done, stop=stop)
        await sender.close()

    assert told.leaving == server.read == [n for n in range(50) if told.outcomes[n].verdict is Verdict.ACCEPTED]
    assert len(server.read) <= 5
    assert {Verdict.ACCEPTED, Verdict.UNTOUCHED} == set(told.verdicts)


@pytest.mark.parametrize("extensions", [PLAIN, PIPELINED], ids=["plain", "pipelined"])
async def test_what_was_called_back_is_not_begun(extensions: Sequence[str]) -> None:
    """Each letter is asked for when its turn comes; those that do not hold any more stay, the others go on."""
    server = Fates({}, extensions)
    told = Told()
    back: set[int] = {3}

    def done(one: Letter, outcome: Outcome) -> None:
        """With the first answer the last one is called back too."""
        told.done(one, outcome)
        back.add(19)

    async with serving(server) as port:
        sender = make(port)
        await sender.send_all(
            [letter(n) for n in range(20)],
            leaving=told.leaves,
            done=done,
            holds=lambda one: _number(one) not in back,
        )
        await sender.close()

    gone = [n for n in range(20) if n not in {3, 19}]
    assert gone == told.leaving == server.read
    assert {3, 19} == {n for n, outcome in told.outcomes.items() if outcome.verdict is Verdict.UNTOUCHED}


@pytest.mark.parametrize("extensions", [PLAIN, PIPELINED], ids=["plain", "pipelined"])
async def test_a_cancelled_batch_says_what_it_knows(extensions: Sequence[str]) -> None:
    """Cancelled in the middle: the letter whose dot was written is in doubt, the others are untouched."""
    server = Fates({(2, "dot"): SILENT}, extensions)
    told = Told()
    async with serving(server) as port:
        sender = make(port)
        work = asyncio.create_task(
            sender.send_all([letter(n) for n in range(6)], leaving=told.leaves, done=told.done)
        )
        await server.silent.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await sender.close()

    assert [Verdict.ACCEPTED] * 2 + [Verdict.UNKNOWN] + [Verdict.UNTOUCHED] * 3 == told.verdicts


@pytest.mark.parametrize("extensions", [PLAIN, PIPELINED], ids=["plain", "pipelined"])
async def test_who_may_not_leave_does_not(extensions: Sequence[str]) -> None:
    """When it cannot be written down that a letter leaves, it does not leave."""
    server = Fates({}, extensions)
    told = Told()

    def leaving(letters: Sequence[Letter]) -> None:
        """The second fails."""
        if _number(letters[0]) == 1:
            raise RuntimeError("no")
        told.leaves(letters)

    async with serving(server) as port:
        sender = make(port)
        await sender.send_all([letter(n) for n in range(3)], leaving=leaving, done=told.done)
        await sender.close()

    assert [Verdict.ACCEPTED, Verdict.UNTOUCHED, Verdict.ACCEPTED] == told.verdicts
    assert [0, 2] == server.read


@pytest.mark.parametrize("extensions", [PLAIN, PIPELINED], ids=["plain", "pipelined"])
@pytest.mark.parametrize("security", ["none", "tls"])
def test_the_faster_loop_does_the_same(security: str, extensions: Sequence[str]) -> None:
    """On uvloop, in the clear and encrypted: long texts, a refusal in the middle of one, a line that breaks."""
    server = Fates({(2, "text"): "552 5.3.4 too big", (4, "text"): DROP, (6, "dot"): DROP}, extensions)

    async def main() -> Told:
        """All of it."""
        async with serving(server, tls=server_tls() if security == "tls" else None) as port:
            sender = make(port, security=security)
            told = await send_on(sender, [letter(n, LONG[: (n % 2 == 0) * 9_000_000]) for n in range(8)])
            await sender.close()
            return told

    told = uvloop.run(main())

    refused = {2: Verdict.REFUSED, 4: Verdict.LATER, 6: Verdict.UNKNOWN}
    assert [refused.get(n, Verdict.ACCEPTED) for n in range(8)] == told.verdicts
    assert [0, 1, 3, 5, 6, 7] == server.read


@pytest.mark.parametrize("extensions", [PLAIN, PIPELINED], ids=["plain", "pipelined"])
async def test_without_a_line_nothing_is_offered(
    extensions: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A greeting of 554: all letters are untouched, the pauses grow, and one good letter ends them."""
    monkeypatch.setattr(pool, "BACK_OFF", (5.0, 15.0))
    server = Fates({}, extensions, greeting="554 5.7.1 go away")
    heard: list[NoLine | None] = []
    async with serving(server) as port:
        sender = make(port, told=lambda _, trouble: heard.append(trouble))
        letters = [letter(n) for n in range(3)]
        before = sender.no_line(BOX)
        first, second = await send(sender, letters), await send(sender, letters)
        resting = sender.no_line(BOX)
        in_the_rest = server.connections
        monkeypatch.setattr(pool.Pool, "now", property(lambda _: asyncio.get_running_loop().time() + 6))
        await send(sender, letters)
        longer = sender.no_line(BOX)
        server.greeting = "220 welcome back"
        monkeypatch.setattr(pool.Pool, "now", property(lambda _: asyncio.get_running_loop().time() + 60))
        third = await send(sender, letters)
        await sender.close()

    assert [Verdict.UNTOUCHED] * 3 == first.verdicts == second.verdicts
    assert all(
        "554 5.7.1 go away" in outcome.answer for outcome in [*first.outcomes.values(), *second.outcomes.values()]
    )
    assert [] == first.leaving + second.leaving
    assert (None, 1) == (before, in_the_rest)
    assert resting is not None
    assert longer is not None
    assert (1, 2) == (resting.failures, longer.failures)
    assert 4 < resting.seconds <= 5
    assert 14 < longer.seconds <= 15
    assert [Verdict.ACCEPTED] * 3 == third.verdicts
    assert [1, 2, None] == [trouble and trouble.failures for trouble in heard]


async def test_a_single_letter_that_gets_through_ends_the_rest() -> None:
    """A notice is always tried: when it has its answer, the letters that wait may go at once."""
    server = Fates({(n, "mail"): DROP for n in range(3)})
    async with serving(server) as port:
        sender = make(port)
        await send(sender, [letter(n) for n in range(3)])
        before = sender.no_line(BOX)
        single = await sender.send(letter(7))
        await sender.close()

    assert before is not None
    assert (Verdict.ACCEPTED, None) == (single.verdict, sender.no_line(BOX))


async def test_a_login_that_is_refused_condemns_no_letter() -> None:
    """A wrong password is the mailbox's trouble: the letters wait until somebody has put it right."""
    server = Fates({}, ("AUTH PLAIN",))
    async with serving(server) as port:
        sender = make(port, username="tanaka")
        told = await send(sender, [letter(n) for n in range(3)])
        trouble = sender.no_line(BOX)
        await sender.close()

    assert [Verdict.UNTOUCHED] * 3 == told.verdicts
    assert trouble is not None
    assert "502 5.5.2 what" == trouble.answer


async def test_a_line_that_breaks_at_once_is_no_line() -> None:
    """A server that hangs up on each first letter is not asked for each letter of the batch."""
    server = Fates({(n, "mail"): DROP for n in range(20)})
    async with serving(server) as port:
        sender = make(port, connections=2)
        told = await send(sender, [letter(n) for n in range(20)])
        await sender.close()

    assert server.connections <= 2
    assert 18 <= told.verdicts.count(Verdict.UNTOUCHED)


ANSWERS = {
    "mail": [
        "451 4.7.1 later",
        "550 5.7.1 no",
        "421 bye",
        DROP,
        "what?",
        "250 ok\r\n250 ok",
        "250 ok\r\n550 5.1.1 no",
    ],
    "rcpt": ["450 later", "550 5.1.1 unknown", "550 5.7.1 no", "421 bye", DROP, "???", "250 ok\r\n550 5.1.1 no"],
    "data": ["451 later", "554 no", "250 what", "421 bye", DROP, "???", "354 go on\r\n250 ok"],
    "dot": [
        "451 later",
        "554 spam",
        "421 closing",
        DROP,
        "???",
        "354 again",
        "250 ok\r\n250 more",
        "250 ok\r\n550 5.1.1 no",
    ],
}
FATES = st.one_of(*(st.tuples(st.just(moment), st.sampled_from(said)) for moment, said in ANSWERS.items()))
EXTRA = {said for answers in ANSWERS.values() for said in answers if "\r\n" in said}


async def verdicts(server: Fates, count: int) -> Told:
    """What becomes of ``count`` letters in the end."""
    async with serving(server) as port:
        sender = make(port, timeout=10.0)
        told = await send_on(sender, [letter(n) for n in range(count)])
        await sender.close()
    return told


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(2, 7),
    script=st.dictionaries(st.integers(0, 6), FATES, max_size=5),
    chunks=st.lists(st.integers(1, 40), max_size=4),
    lenient=st.booleans(),
    blind=st.booleans(),
    run=st.sampled_from([asyncio.run, uvloop.run]),
)
def test_both_paths_come_to_the_same(
    count: int,
    script: Mapping[int, tuple[str, str]],
    chunks: Sequence[int],
    lenient: bool,
    blind: bool,
    run: Callable[[Coroutine[object, object, Told]], Told],
) -> None:
    """Whatever a server does, letters written together end as letters written one by one; none is read twice."""
    fates = {(number, moment): said for number, (moment, said) in script.items()}
    if EXTRA & set(fates.values()):
        chunks = ()  # an answer too many that comes late is the next command's, as far as anybody can tell
    servers = [Fates(fates, extensions, chunks, lenient, blind) for extensions in (PLAIN, PIPELINED)]
    plain, together = (run(verdicts(server, count)) for server in servers)

    assert plain.verdicts == together.verdicts
    assert plain.leaving == together.leaving
    assert servers[0].read == servers[1].read
    assert len(set(servers[1].read)) == len(servers[1].read)


@given(
    st.lists(
        st.tuples(st.integers(200, 599), st.lists(st.from_regex(r"[ -~]{0,30}", fullmatch=True), min_size=1))
    ),
    st.lists(st.integers(1, 50), min_size=1),
)
def test_answers_are_found_however_they_are_cut(said: list[tuple[int, list[str]]], cuts: list[int]) -> None:
    """The same answers come out of any pieces."""
    wire = b"".join(
        f"{code}{' ' if n == len(texts) - 1 else '-'}{text}\r\n".encode()
        for code, texts in said
        for n, text in enumerate(texts)
    )
    answers, found, at, turn = Answers(), [], 0, 0
    while at < len(wire):
        size = cuts[turn % len(cuts)]
        answers.feed(wire[at : at + size])
        at, turn = at + size, turn + 1
        while (answer := answers.take()) is not None:
            found.append(answer)

    assert [(code, "\n".join(text.strip() for text in texts)) for code, texts in said] == found
    assert not answers.pending


@given(st.lists(st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"..", b"text", b""])).map(b"".join))
def test_a_text_is_made_fit_for_the_wire(data: bytes) -> None:
    """Whatever the line ends: CRLF alone, one at the end, leading dots doubled; no lone dot ends it early."""
    text = payload(data)

    unified = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    whole = unified if unified.endswith(b"\r\n") else unified + b"\r\n"
    assert [b"." + line if line.startswith(b".") else line for line in whole.split(b"\r\n")] == text.split(b"\r\n")
    assert b"\r\n.\r\n" not in b"\r\n" + text
    assert text.count(b"\r\n") == text.count(b"\r") == text.count(b"\n")


@pytest.mark.parametrize(
    "wire", [b"hello\r\n", b"25\r\n", b"\r\n", b"250-" + b"x" * 9000, b"250-x\r\n" * 6000, b"-1 x\r\n"]
)
def test_nonsense_is_called_so(wire: bytes) -> None:
    """What is no answer, or has no end, is told from one that has not come whole."""
    answers = Answers()
    answers.feed(wire)
    found = answers.take()

    assert found is not None
    assert NONSENSE == found[0]
    assert len(found[1]) <= LONGEST_ANSWER
