"""Whole letters (text, HTML, files) against the standard library's parser in both of its ways, byte for byte."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.message import Message as OldMessage
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.attachments import Attachment
from nurture.errors import UserError
from nurture.mail import compose as composing
from nurture.mail.compose import check, compose
from nurture.mail.markup import html
from tests.mail.letters import AT, FILES, NAMES, as_sent, letter, messages

if TYPE_CHECKING:
    from nurture.core.messages import Message

WORD = re.compile(rb"=\?utf-8\?b\?[A-Za-z0-9+/=]*\?=")
PDF = Attachment("提案書.pdf", b"%PDF-1.7\nhello")


def with_files(message: Message, files: list[Attachment]) -> Message:
    """The message that names these files."""
    return replace(message, attachments=tuple(file.key for file in files))


def _text(raw: object) -> str:
    assert isinstance(raw, bytes)
    return raw.decode().replace("\r\n", "\n")


def structure(mail: EmailMessage | OldMessage) -> object:
    """Types, nested as the parts are."""
    if not mail.is_multipart():
        return mail.get_content_type()
    parts = mail.get_payload()
    assert isinstance(parts, list)
    return [mail.get_content_type(), *map(structure, parts)]


@given(messages(), st.booleans(), st.lists(FILES, max_size=3, unique_by=lambda file: file.key))
def test_what_goes_in_comes_out(message: Message, as_html: bool, files: list[Attachment]) -> None:
    """Whatever the words, the text, the page made of it and the files read back as they are, in both parsers."""
    data = compose(with_files(message, files), date=AT, html=as_html, attachments=files)
    text = as_sent(message.body)
    page = [html(text)] if as_html and text else []
    inner = ["multipart/alternative", "text/plain", "text/html"] if page else "text/plain"
    whole = ["multipart/mixed", inner, *["application/pdf"] * len(files)] if files else inner
    for mail in (message_from_bytes(data, policy=policy.default), message_from_bytes(data)):
        leaves = [part for part in mail.walk() if not part.is_multipart()]
        said = [part.get_payload(decode=True) for part in leaves]
        texts = [_text(raw) for raw in said[: 1 + len(page)]]

        assert [] == [defect for part in mail.walk() for defect in part.defects]
        assert whole == structure(mail)
        assert [text, *page] == texts
        assert [file.data for file in files] == said[1 + len(page) :]
        assert [file.name for file in files] == [part.get_filename() for part in leaves[1 + len(page) :]]


@given(messages(), st.booleans(), st.lists(FILES, max_size=2, unique_by=lambda file: file.key))
def test_shape(message: Message, as_html: bool, files: list[Attachment]) -> None:
    """ASCII, CRLF, no line over 76, no encoded word over 75, and each of them decodes by itself."""
    data = compose(with_files(message, files), date=AT, html=as_html, attachments=files)

    assert data.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", data)
    assert 76 >= max(map(len, data.split(b"\r\n")))
    for word in WORD.findall(data):
        assert 75 >= len(word)
        ((raw, charset),) = decode_header(word.decode())
        assert isinstance(raw, bytes)
        raw.decode(charset or "")  # raises where a character is cut


@given(messages())
def test_old_parser_reads_the_header(message: Message) -> None:
    """The parser that knows encoded words only when asked gives subject and names too."""
    mail = message_from_bytes(compose(message, date=AT))
    for field, words in (("Subject", message.subject), ("To", message.to_name), ("From", message.from_name)):
        raw = re.sub(r"\r\n(?= )", "", mail[field]).rpartition("<")[0] if field != "Subject" else mail[field]
        said = str(make_header(decode_header(re.sub(r"\r\n(?= )", "", raw))))

        assert words.isascii() or words.strip() == said.strip()
        assert field != "Subject" or words == said


@given(NAMES)
def test_file_names_for_every_client(name: str) -> None:
    """RFC 2231 where it belongs, encoded words in Content-Type for programs that know no better; the same name."""
    file = Attachment(name, b"%PDF-")
    mail = message_from_bytes(compose(with_files(letter(), [file]), date=AT, attachments=[file]))
    (part,) = [p for p in mail.walk() if p.get_content_type() == "application/pdf"]
    raw = str(part["Content-Type"]).partition("name=")[2].strip('"')

    assert name == part.get_filename()
    assert "attachment" == part.get_content_disposition()
    assert name == str(make_header(decode_header(re.sub(r"\r\n ", " ", raw)))) or name.isascii()


@pytest.mark.parametrize(
    ("name", "typed", "disposed"),
    [
        ("plan.pdf", b'name="plan.pdf"', b'filename="plan.pdf"'),
        ("資料.pdf", b'name="=?utf-8?b?6LOH5paZLnBkZg==?="', b"filename*=utf-8''%E8%B3%87%E6%96%99.pdf"),
    ],
)
def test_file_names_as_written(name: str, typed: bytes, disposed: bytes) -> None:
    """Plain names stand between quotes; Japanese ones in both of their forms."""
    file = Attachment(name, b"%PDF-")
    data = compose(with_files(letter(), [file]), date=AT, attachments=[file])

    assert typed in data
    assert disposed in data


def test_long_file_names_in_pieces() -> None:
    """A long Japanese name is continued (``filename*0*``), no piece begins or ends within a character."""
    file = Attachment("電子カルテ連携のご説明資料" * 5 + ".pdf", b"%PDF-")
    data = compose(with_files(letter(), [file]), date=AT, attachments=[file])
    pieces = re.findall(rb" filename\*(\d+)\*=(?:utf-8'')?([^;\r]+)", data)

    assert list(range(len(pieces))) == [int(number) for number, _ in pieces]
    assert len(pieces) > 5
    for _, piece in pieces:
        bytes.fromhex(piece.decode().replace("%", "").replace(".pdf", "")).decode()


def test_the_text_comes_first() -> None:
    """Of the alternatives the plain text stands first, as the one that all programs can show (RFC 2046, 5.1.4)."""
    mail = message_from_bytes(compose(letter(), date=AT, html=True))

    assert ["multipart/alternative", "text/plain", "text/html"] == structure(mail)


def test_boundaries_are_steady_and_never_inside() -> None:
    """The same letter has the same boundary; a text that has it inside gets another one."""
    plain = letter(body="Dear Dr. Sato\n")
    data = compose(plain, date=AT, html=True)
    boundary = message_from_bytes(data).get_boundary()
    nasty = compose(replace(plain, body=f"--{boundary}\n--{boundary}--\n"), date=AT, html=True)
    texts = [part.get_payload() for part in message_from_bytes(nasty).walk() if not part.is_multipart()]

    assert data == compose(plain, date=AT, html=True)
    assert 2 == len(texts)
    assert f"--{boundary}--" in str(texts[0])


def test_other_files_do_not_go() -> None:
    """A letter leaves with exactly the files whose keys were approved, in their order, or not at all."""
    other = Attachment("提案書.pdf", b"%PDF-1.7\nother")
    for files in ([], [other], [PDF, PDF], [PDF, other]):
        with pytest.raises(UserError, match="files at hand"):
            compose(with_files(letter(), [PDF]), date=AT, attachments=files)
    with pytest.raises(UserError, match="files at hand"):
        compose(letter(), date=AT, attachments=[PDF])


def test_renamed_files_have_another_key() -> None:
    """The name is part of what is approved."""
    assert PDF.key != Attachment("別紙.pdf", PDF.data).key


@pytest.mark.parametrize(
    "id_", ["<m1@elsewhere.example>", "<m1>", "m1@vendor.example", "", "<m1@vendor.example> x"]
)
def test_message_ids_of_others(id_: str) -> None:
    """A Message-ID stands under the domain of its sender, where nobody else makes one."""
    with pytest.raises(UserError, match="Message-ID"):
        compose(letter(header_id=id_), date=AT)
    assert compose(letter(header_id="<m1@VENDOR.example>"), date=AT)


@pytest.mark.parametrize("bad", ["\x07", "\x1b[31m", "\x7f", "\x85", "\x0c"])
def test_control_characters_in_the_text(bad: str) -> None:
    """What no reader sees and a terminal acts on is refused with its line."""
    with pytest.raises(UserError, match=r"U\+00..\) on line 2"):
        compose(letter(body=f"佐藤先生\nお世話に{bad}なって"), date=AT)


@given(messages())
def test_checked_before_is_composed_later(message: Message) -> None:
    """What passes at the desk can be sent."""
    check(message)
    compose(message, date=AT, html=True)


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "a\r\nBcc: x@y.example"},
        {"to_name": "佐藤\n"},
        {"from_name": "\x00"},
        {"to_address": "sato@hospital"},
        {"from_address": "a@b.example\r\nX: y"},
        {"header_id": "<m1@elsewhere.example>"},
        {"body": "a\x08b"},
        {"body": "\ud83d"},
    ],
)
def test_refused_before(fields: dict[str, str]) -> None:
    """What could not be sent does not pass at the desk either."""
    with pytest.raises(UserError):
        check(letter(**fields))
    with pytest.raises(UserError):
        compose(letter(**fields), date=AT)


def test_ids_are_asked_in_one_place() -> None:
    """Whether a Message-ID is ours is one question."""
    assert composing.own_id("<a@vendor.example>", "Tanaka@Vendor.Example")
    assert not composing.own_id("<a@b.vendor.example>", "tanaka@vendor.example")


@pytest.mark.parametrize("words", ["=?utf-8?b?44GC?=", "re: =?utf-8?q?a?= b", "=?", "a =?iso-2022-jp?b?GyRC?="])
def test_words_that_look_encoded(words: str) -> None:
    """A subject or name that looks like an encoded word is shown as it was written, not as what it pretends."""
    data = compose(letter(subject=words, to_name=words), date=AT)
    mail = message_from_bytes(data, policy=policy.default)

    assert words == mail["Subject"]
    assert words == mail["To"].addresses[0].display_name
    assert f"Subject: {words}\r\n".encode() not in data


@pytest.mark.parametrize(
    "body",
    [
        "trailing \nFrom here\n",
        "From \nb \n",
        "a \nFrom " + "x" * 70 + "\n",
        "a\nFrom here\n",
        "From here\n",
        "a \nb\n",
        "a\t\nb\n",
        "x" * 77 + "\n",
        "a\n-- \nb \n",
    ],
)
def test_lines_that_servers_change(body: str) -> None:
    """What a mailbox file would take for its own, what loses its last blanks, what is too long: never as it is."""
    data = compose(letter(body=body), date=AT)
    lines = data.partition(b"\r\n\r\n")[2].split(b"\r\n")

    assert body == _text(message_from_bytes(data).get_payload(decode=True))
    assert not [
        line for line in lines if line.startswith(b"From ") or line.endswith((b" ", b"\t")) or len(line) > 76
    ]


def test_lines_that_servers_leave() -> None:
    """Plain lines stay readable in the raw mail; so does the sign before a signature, blank and all (RFC 3676)."""
    body = "Dear Dr. Sato\n\n" + "x" * 76 + "\n-- \nHanako\n"

    assert compose(letter(body=body), date=AT).endswith(body.replace("\n", "\r\n").encode())
