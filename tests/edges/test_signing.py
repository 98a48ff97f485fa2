"""DKIM signatures, verified by dkimpy, and on the wire."""

from __future__ import annotations

import asyncio
import threading
from functools import cache
from typing import TYPE_CHECKING

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from nurture.config import Dkim, MailboxSettings, Secret, SmtpSettings
from nurture.core.ids import MailboxId
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.errors import UserError
from nurture.smtp import SmtpSender
from nurture.smtp.batch import TOGETHER
from nurture.smtp.signing import Signer
from tests.servers.fates import Fates
from tests.servers.scripted import serving

if TYPE_CHECKING:
    from collections.abc import Sequence

BOX = MailboxId("tanaka")
DKIM = Dkim("maker.example", "s1", Secret(env="X"))
LETTER = (
    b"From: =?utf-8?b?55Sw5Lit?= <tanaka@maker.example>\r\nTo: sato@hospital.example\r\nSubject: hello\r\n"
    b"Date: Mon, 10 May 2027 10:00:00 +0900\r\nMessage-ID: <1@maker.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    b"List-Unsubscribe: <https://desk.maker.example/u/token>,\r\n <mailto:tanaka@maker.example>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n.dots\r\n..\r\n\r\nlast  \r\n\r\n"
)


@cache
def private(bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key for this run."""
    return rsa.generate_private_key(65537, bits)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kind: str = "PKCS8") -> str:
    """As a file holds it."""
    form = getattr(serialization.PrivateFormat, kind)
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def dns(name: bytes, timeout: int = 5) -> bytes:
    """What the domain publishes."""
    assert b"s1._domainkey.maker.example." == name
    public = (
        private()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])


def verified(data: bytes) -> bool:
    """As a receiving server sees it."""
    return bool(dkim.verify(data, dnsfunc=dns))


@pytest.mark.parametrize("kind", ["PKCS8", "TraditionalOpenSSL"])
def test_a_signature_holds(kind: str) -> None:
    """In both forms of the key's file; the letter behind the signature is what it was."""
    signed = Signer(DKIM, lambda _: pem(private(), kind)).sign(LETTER)

    assert signed.endswith(LETTER)
    assert verified(signed)
    assert all(len(line) <= 78 for line in signed.removesuffix(LETTER).split(b"\r\n"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"last", b"lost"),
        (b"Subject: hello", b"Subject: other"),
        (b"tanaka@maker.example>\r\nTo", b"mallory@maker.example>\r\nTo"),
        (b"/u/token", b"/u/other"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"MIME-Version", b"From: mallory@x.example\r\nMIME-Version"),
        (b"MIME-Version", b"Subject: second\r\nMIME-Version"),
    ],
)
def test_a_changed_letter_is_seen(old: bytes, new: bytes) -> None:
    """Text, sender, subject, the way to unsubscribe; and no second sender can be put in."""
    signed = Signer(DKIM, lambda _: pem(private())).sign(LETTER)

    assert old in signed
    assert not verified(signed.replace(old, new, 1))


@given(
    st.lists(
        st.sampled_from([b"", b" ", b".", b"text", b"  two  words ", b"\ttab\t", b"=E7=97=85", b"-- "]),
        max_size=12,
    )
)
def test_any_text_can_be_signed(lines: Sequence[bytes]) -> None:
    """Blanks at the ends, empty lines at the end, no text at all: the relaxed form is computed as others do."""
    head = LETTER.partition(b"\r\n\r\n")[0]
    text = b"".join(line + b"\r\n" for line in lines)

    assert verified(Signer(DKIM, lambda _: pem(private())).sign(head + b"\r\n\r\n" + text))


@pytest.mark.parametrize("key", ["", "no key", "broken", "curve"])
def test_what_is_no_key_is_said(key: str) -> None:
    """Nothing, words, a damaged key, another kind; the message cites no key."""
    text = {
        "broken": lambda: pem(private(1024)).replace("A", "B", 40),
        "curve": lambda: pem(ec.generate_private_key(ec.SECP256R1())),
    }
    held = text.get(key, lambda: key)()
    with pytest.raises(UserError, match="RSA") as caught:
        Signer(DKIM, lambda _: held).sign(LETTER)

    assert "BEGIN" not in str(caught.value)


def make(port: int, key: str) -> SmtpSender:
    """A sender that signs."""
    smtp = SmtpSettings("127.0.0.1", port, "none", timeout=5.0, connections=2)
    box = MailboxSettings(BOX, "tanaka@maker.example", "", smtp, dkim=DKIM)
    return SmtpSender({BOX: box}, lambda _: key)


def letter(number: int) -> Letter:
    """Letter ``number``."""
    return Letter(
        BOX, f"s{number}@maker.example", f"r{number}@hospital.example", LETTER, f"<{number}@maker.example>"
    )


@pytest.mark.parametrize("extensions", [("8BITMIME",), ("8BITMIME", "PIPELINING")], ids=["plain", "pipelined"])
async def test_what_arrives_is_signed(extensions: Sequence[str]) -> None:
    """Single letters and many together, dots doubled on the wire and all, while the loop goes on."""
    server = Fates({}, extensions)
    outcomes: dict[str, Outcome] = {}
    turns = 0

    async def turn() -> None:
        """Another task of the daemon."""
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with serving(server) as port:
        smtp = make(port, pem(private()))
        other = asyncio.create_task(turn())
        await smtp.send_all(
            [letter(n) for n in range(40)],
            leaving=lambda _: None,
            done=lambda one, outcome: outcomes.update({one.header_id: outcome}),
        )
        other.cancel()
        single = await smtp.send(letter(40))
        await smtp.close()

    assert Verdict.ACCEPTED is single.verdict
    assert [Verdict.ACCEPTED] * 40 == [outcome.verdict for outcome in outcomes.values()]
    assert turns > 40
    assert 41 == len(server.texts)
    assert all(verified(text.replace(b"\r\n..", b"\r\n.")) for text in server.texts.values())


async def test_without_its_key_nothing_leaves() -> None:
    """A key that is not there is the mailbox's trouble: no letter goes unsigned, none is condemned."""
    server = Fates()
    outcomes: list[Outcome] = []
    async with serving(server) as port:
        smtp = make(port, "no key")
        await smtp.send_all(
            [letter(n) for n in range(3)], leaving=lambda _: None, done=lambda _, outcome: outcomes.append(outcome)
        )
        single = await smtp.send(letter(4))
        trouble = smtp.no_line(BOX)
        await smtp.close()

    assert [Verdict.UNTOUCHED] * 3 + [Verdict.LATER] == [outcome.verdict for outcome in (*outcomes, single)]
    assert trouble is not None
    assert "maker.example" in trouble.answer
    assert not server.texts


async def test_a_fault_in_signing_tears_no_letter_off_the_wire() -> None:
    """Whatever is raised while letters are signed: what is on the wire gets its answer, the rest is untouched."""
    began, calls = threading.Event(), 0

    def resolve(_: Secret) -> str:
        """The key, until a letter of the first that were signed is on the wire."""
        nonlocal calls
        calls += 1
        if calls > TOGETHER:
            assert began.wait(10)
            raise RuntimeError("a fault of ours")
        return pem(private())

    outcomes: list[Outcome] = []
    async with serving(Fates()) as port:
        smtp = SmtpSettings("127.0.0.1", port, "none", timeout=5.0, connections=2)
        sender = SmtpSender({BOX: MailboxSettings(BOX, "tanaka@maker.example", "", smtp, dkim=DKIM)}, resolve)
        await sender.send_all(
            [letter(n) for n in range(40)],
            leaving=lambda _: began.set(),
            done=lambda _, outcome: outcomes.append(outcome),
        )
        await sender.close()

    assert 40 == len(outcomes)
    assert {Verdict.ACCEPTED, Verdict.UNTOUCHED} == {outcome.verdict for outcome in outcomes}
