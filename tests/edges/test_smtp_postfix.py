"""Sending to a real Postfix: refusals, greylisting, limits, encryption, processes that are killed."""

from __future__ import annotations

import os
import re
import signal
import socketserver
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.config import MailboxSettings, SmtpSettings
from nurture.core.ids import MailboxId
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.smtp import SmtpSender
from tests.servers.authority import client_tls
from tests.servers.postfix import LARGEST, Postfix, running_postfix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BOX = MailboxId("tanaka")
_ID = re.compile(rb"(?im)^Message-ID: <([0-9a-z]+)@maker\.example>")


class Greylist(socketserver.ThreadingTCPServer):
    """Postfix's policy protocol (SMTPD_POLICY_README): who was not seen before comes back later."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()
        super().__init__(("127.0.0.1", 0), _Policy)


class _Policy(socketserver.StreamRequestHandler):
    server: Greylist

    def handle(self) -> None:
        """Questions of one connection."""
        asked: dict[str, str] = {}
        for line in self.rfile:
            name, _, value = line.decode().strip().partition("=")
            if name:
                asked[name] = value
                continue
            pair = (asked.get("sender", ""), asked.get("recipient", ""))
            new = pair not in self.server.seen
            self.server.seen.add(pair)
            self.wfile.write(b"action=DEFER_IF_PERMIT 4.7.1 greylisted\n\n" if new else b"action=DUNNO\n\n")
            asked = {}


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    """One Postfix for this file."""
    with Greylist() as policy:
        threading.Thread(target=policy.serve_forever, daemon=True).start()
        with running_postfix(policy.server_address[1]) as postfix:
            yield postfix
        policy.shutdown()


@dataclass
class Told:
    """What ``send_all`` said."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    leaving: list[str] = field(default_factory=list)

    def done(self, letter: Letter, outcome: Outcome) -> None:
        """Once for each."""
        assert letter.header_id not in self.outcomes
        self.outcomes[letter.header_id] = outcome

    def of(self, *verdicts: Verdict) -> set[str]:
        """The letters that had one of these."""
        return {key for key, outcome in self.outcomes.items() if outcome.verdict in verdicts}


def letter(name: str, number: int, sender: str = "tanaka", recipient: str = "r", size: int = 300) -> Letter:
    """A letter of about ``size`` bytes."""
    key = f"{name}{number}"
    head = f"From: {sender}@maker.example\r\nSubject: x\r\nMessage-ID: <{key}@maker.example>\r\n\r\n.dot\r\n"
    text = head.encode() + (b"y" * 70 + b"\r\n") * (size // 72)
    return Letter(BOX, f"{sender}@maker.example", f"{recipient}{number}@hospital.example", text, key)


def make(port: int, security: str = "none", **more: int) -> SmtpSender:
    """A sender."""
    smtp = SmtpSettings("127.0.0.1", port, security, timeout=20.0, **more)  # type: ignore[arg-type]
    return SmtpSender(
        {BOX: MailboxSettings(BOX, "tanaka@maker.example", "", smtp)}, lambda _: "", tls=client_tls()
    )


async def send(
    sender: SmtpSender,
    letters: Sequence[Letter],
    then: Callable[[Letter, Outcome], None] = lambda _one, _outcome: None,
) -> Told:
    """Hand them over; ``then`` hears of each answer."""
    told = Told()

    def leaving(letters: Sequence[Letter]) -> None:
        """Note it."""
        told.leaving.extend(one.header_id for one in letters)

    def done(one: Letter, outcome: Outcome) -> None:
        """Note it, and what follows."""
        told.done(one, outcome)
        then(one, outcome)

    await sender.send_all(letters, leaving=leaving, done=done)
    await sender.close()

    assert {one.header_id for one in letters} == set(told.outcomes)
    return told


def arrived(server: Postfix) -> Counter[str]:
    """The Message-IDs of what was delivered."""
    return Counter(_ID.findall(mail)[0].decode() for mail in server.taken())


@pytest.mark.parametrize("port", ["open", "plain"])
async def test_each_letter_gets_its_own_answer(server: Postfix, port: str) -> None:
    """Good ones, unknown recipients, refused senders, over several lines, more errors than a line may have."""
    kinds = {
        0: (Verdict.ACCEPTED, {}),
        1: (Verdict.REFUSED_RECIPIENT, {"recipient": "nobody"}),
        2: (Verdict.REFUSED, {"sender": "refused"}),
        3: (Verdict.LATER, {"sender": "later"}),
        4: (Verdict.ACCEPTED, {"size": 15_000}),
    }
    order = [n % 5 for n in range(60)] + [1] * 30 + [n % 5 for n in range(60)]
    letters = [letter(port, n, **kinds[kind][1]) for n, kind in enumerate(order)]  # type: ignore[arg-type]

    told = await send(make(server.ports[port], connections=3), letters)

    verdicts = {f"{port}{n}": kinds[kind][0] for n, kind in enumerate(order)}
    assert verdicts == {key: outcome.verdict for key, outcome in told.outcomes.items()}
    good = told.of(Verdict.ACCEPTED)
    assert Counter(good) == arrived(server) == Counter(told.leaving)
    assert "improper command pipelining" not in server.log()


async def test_greylisting_is_met_by_the_second_try(server: Postfix) -> None:
    """The first try is put off, each letter with the server's words; the second is taken."""
    letters = [letter("grey", n) for n in range(5)]  # fewer than the errors a line may have

    first = await send(make(server.ports["greylisting"]), letters)
    second = await send(make(server.ports["greylisting"]), letters)

    assert {Verdict.LATER} == {o.verdict for o in first.outcomes.values()}
    assert all(o.answer.startswith("450 4.7.1") and "greylisted" in o.answer for o in first.outcomes.values())
    assert [] == first.leaving
    assert {one.header_id for one in letters} == second.of(Verdict.ACCEPTED)
    assert Counter(one.header_id for one in letters) == arrived(server)


@pytest.mark.parametrize(("port", "said"), [("open", "the server takes 20000"), ("unsaid", "552 5.3.4")])
async def test_what_is_too_long_is_refused_alone(server: Postfix, port: str, said: str) -> None:
    """Said before by the server, it is not tried; else the server refuses it; its neighbours leave."""
    sizes = {3: LARGEST + 5000, 5: LARGEST * 20}
    letters = [letter(f"long{port}", n, size=sizes.get(n, 500)) for n in range(8)]

    told = await send(make(server.ports[port], connections=1), letters)

    long = {letters[n].header_id for n in sizes}
    assert long == told.of(Verdict.REFUSED)
    assert all(said in told.outcomes[key].answer for key in long)
    assert Counter(told.of(Verdict.ACCEPTED)) == arrived(server)
    assert 6 == len(told.of(Verdict.ACCEPTED))


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_letters_leave_encrypted(server: Postfix, security: str) -> None:
    """Encrypted from the start or by STARTTLS, several letters together, a long one among them."""
    letters = [letter(security, n, size=18_000 if n == 2 else 500) for n in range(6)]

    told = await send(make(server.ports[security], security), letters)

    assert 6 == len(told.of(Verdict.ACCEPTED))
    mails = server.taken()
    assert 6 == len(mails)
    assert all(b"with ESMTPS" in mail for mail in mails)


async def test_an_unknown_authority_gets_nothing(server: Postfix) -> None:
    """A certificate that nobody vouches for: nothing is offered, and the words are clear."""
    smtp = SmtpSettings("127.0.0.1", server.ports["starttls"], "starttls", timeout=20.0)
    sender = SmtpSender({BOX: MailboxSettings(BOX, "tanaka@maker.example", "", smtp)}, lambda _: "")

    told = await send(sender, [letter("unsure", n) for n in range(2)])

    assert 2 == len(told.of(Verdict.UNTOUCHED))
    assert all("certificate is not trusted" in o.answer for o in told.outcomes.values())


@pytest.mark.parametrize("port", ["open", "plain"])
async def test_killed_processes_lose_and_double_nothing(server: Postfix, port: str) -> None:
    """Postfix's smtpd is killed again and again: what was accepted is there once, what was not offered is not."""
    letters = [letter(f"kill{port}", n) for n in range(400)]
    left, rounds, kills, answers = letters, 0, 0, 0
    accepted: set[str] = set()
    doubtful: set[str] = set()

    def kill(_: Letter, outcome: Outcome) -> None:
        """After each 70 answers, while the next letters are on their way."""
        nonlocal answers, kills
        answers += outcome.verdict is Verdict.ACCEPTED
        if answers // 70 > kills:
            kills += 1
            _kill_smtpd(server)

    while left and rounds < 30:
        rounds += 1
        told = await send(make(server.ports[port], connections=3), left, kill)
        accepted |= told.of(Verdict.ACCEPTED)
        doubtful |= told.of(Verdict.UNKNOWN)
        left = [one for one in left if one.header_id in told.of(Verdict.LATER, Verdict.UNTOUCHED)]

    found = arrived(server)
    print(
        f"{kills} kills, {rounds} rounds: {len(accepted)} accepted, {len(doubtful)} in doubt, {len(found)} arrived"
    )
    assert not left
    assert kills >= 3
    assert accepted | doubtful == {one.header_id for one in letters}
    assert accepted <= set(found) <= accepted | doubtful
    assert {1} == set(found.values())


def _kill_smtpd(server: Postfix) -> None:
    """The processes of this Postfix that talk to clients, and of no other."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text("ascii").split()
    for pid in children:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if command.startswith(b"smtpd"):
            os.kill(int(pid), signal.SIGKILL)
