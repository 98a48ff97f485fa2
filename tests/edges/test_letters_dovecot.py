"""Letters as another program reads them: Dovecot's own parser says envelope, structure and decoded parts."""

from __future__ import annotations

import imaplib
import re
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.core.attachments import Attachment
from nurture.mail.compose import compose
from nurture.mail.markup import html
from tests.mail.letters import AT, FILES, as_sent, letter, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nurture.core.messages import Message
    from tests.servers.dovecot import Dovecot

FEW = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
TOKEN = re.compile(rb'\s*(\(|\)|"(?:[^"\\]|\\.)*"|~?\{(\d+)\}\r\n|[^\s()"]+)', re.DOTALL)


def read(answer: bytes) -> list[Any]:
    """An IMAP answer as nested lists of bytes; NIL is None."""
    stack: list[list[Any]] = [[]]
    at = 0
    while found := TOKEN.match(answer, at):
        token, at = found[1], found.end()
        if token == b"(":
            stack.append([])
        elif token == b")":
            done = stack.pop()
            stack[-1].append(done)
        elif found[2]:
            stack[-1].append(answer[at : at + int(found[2])])
            at += int(found[2])
        elif token.startswith(b'"'):
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", token[1:-1]))
        else:
            stack[-1].append(None if token == b"NIL" else token)
    (whole,) = stack
    return whole


class Reader:
    """One mailbox of that server, its answers as values."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self.client = client

    def append(self, data: bytes) -> str:
        """Store a letter; returns its number."""
        answer = self.client.append("INBOX", "", "", data)
        assert answer[0] == "OK", answer
        (count,) = self.client.select("INBOX")[1]
        assert count is not None
        return count.decode()

    def fetch(self, number: str, *what: str) -> list[Any]:
        """What the server says of it, in that order."""
        state, answer = self.client.fetch(number, f"({' '.join(what)})")
        assert state == "OK", answer
        raw = b"".join(
            part[0] + b"\r\n" + part[1] if isinstance(part, tuple) else part for part in answer if part is not None
        )
        _, values = read(raw)
        return values[1::2]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def reader(dovecot: Dovecot) -> Iterator[Reader]:
    """A user nobody else uses."""
    with dovecot.client(dovecot.user()) as client:
        yield Reader(client)


def decoded(raw: bytes | None) -> str:
    """Encoded words of an answer."""
    return str(make_header(decode_header((raw or b"").decode())))


def parameters(pairs: list[bytes] | None) -> dict[str, str]:
    """Parameters of a part, names in lower case."""
    pairs = pairs or []
    return {key.decode().lower(): value.decode() for key, value in zip(pairs[::2], pairs[1::2], strict=True)}


def leaves(structure: list[Any], number: str = "") -> Iterator[tuple[str, list[Any]]]:
    """The parts that are not made of parts, with their numbers."""
    if not isinstance(structure[0], list):
        yield number or "1", structure
        return
    for at, part in enumerate((part for part in structure if isinstance(part, list) and _is_part(part)), 1):
        yield from leaves(part, f"{number}.{at}" if number else str(at))


def _is_part(part: list[Any]) -> bool:
    """Whether it is a part, not the parameters that follow the parts."""
    return isinstance(part[0], list) or (len(part) > 6 and part[0] in {b"text", b"application"})


def file_name(disposition: dict[str, str]) -> str:
    """The name of RFC 2231, put together again from its pieces."""
    if "filename" in disposition:
        return disposition["filename"]
    pieces = sorted(
        (int(found[1] or 0), value)
        for name, value in disposition.items()
        if (found := re.fullmatch(r"filename(?:\*(\d+))?\*", name))
    )
    from urllib.parse import unquote

    whole = "".join(value for _, value in pieces)
    assert whole.startswith("utf-8''")
    return unquote(whole.removeprefix("utf-8''"), errors="strict")


@FEW
@given(messages(), st.booleans(), st.lists(FILES, max_size=2, unique_by=lambda file: file.key))
def test_dovecot_reads_the_same(reader: Reader, message: Message, as_html: bool, files: list[Attachment]) -> None:
    """Envelope, structure and the bytes that the server itself decodes are what went in."""
    message = letter(**_fields(message), attachments=tuple(file.key for file in files))
    data = compose(message, date=AT, html=as_html, attachments=files)
    number = reader.append(data)
    envelope, structure = reader.fetch(number, "ENVELOPE", "BODYSTRUCTURE")
    date, subject, from_, _, _, to, *_, in_reply_to, header_id = envelope

    assert b"Sat, 05 Dec 2026 09:12:00 +0900" == date
    assert message.subject == decoded(subject)
    assert [b"tanaka", b"vendor.example"] == from_[0][2:]
    assert [b"sato", b"hospital.example"] == to[0][2:]
    assert _bare(message.to_name) == _bare(decoded(to[0][0]))
    assert _bare(message.from_name) == _bare(decoded(from_[0][0]))
    assert (None, b"<m1@vendor.example>") == (in_reply_to, header_id)

    text = as_sent(message.body)
    wanted = [("text/plain", text.encode())]
    wanted += [("text/html", html(text).encode())] if as_html and text else []
    parts = list(leaves(structure))
    binary = reader.fetch(number, *(f"BINARY.PEEK[{at}]" for at, _ in parts))
    found = [
        (f"{part[0].decode()}/{part[1].decode()}", raw or b"")
        for (_, part), raw in zip(parts, binary, strict=True)
    ]

    assert wanted == [(kind, raw.replace(b"\r\n", b"\n")) for kind, raw in found[: len(wanted)]]
    assert [("application/pdf", file.data) for file in files] == found[len(wanted) :]
    for file, (_, part) in zip(files, parts[len(wanted) :], strict=True):
        kind, disposition = part[8]
        assert b"attachment" == kind
        assert file.name == file_name(parameters(disposition))
        assert file.name == decoded(parameters(part[2])["name"].encode())


def _fields(message: Message) -> dict[str, object]:
    return {name: getattr(message, name) for name in ("subject", "to_name", "from_name", "body")}


def _bare(name: str) -> str:
    """A name without its blanks, as programs move those around encoded words."""
    return "".join(name.split()).replace("\x00", "")


def test_dovecot_finds_japanese_words(reader: Reader) -> None:
    """The server's search, which decodes for itself, finds a word across two encoded words, and in the text."""
    subject = "【ご確認】電子カルテ連携のご説明と次のステップについて、ご相談をお願いいたします"
    number = reader.append(
        compose(letter(subject=subject, body="佐藤先生\n\n骨密度測定装置の件\n"), date=AT, html=True)
    )
    for field, words in (
        ("SUBJECT", subject),
        ("SUBJECT", "次のステップ"),
        ("BODY", "骨密度測定装置"),
        ("FROM", "田中 花子"),
    ):
        setattr(reader.client, "literal", words.encode())  # noqa: B010  # typed as text, sent as bytes
        state, found = reader.client.search("UTF-8", field)

        assert "OK" == state
        assert number.encode() in found[0].split()
