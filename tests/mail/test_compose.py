"""Composing: what the standard library reads back is what went in."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.ids import MessageId, PersonId, RepId
from nurture.core.messages import Message
from nurture.errors import UserError
from nurture.mail import mime
from nurture.mail.compose import compose, header_id, notice
from nurture.mail.parse import parse

AT = datetime(2026, 12, 5, 9, 12, tzinfo=timezone(timedelta(hours=9)))
LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029")
JAPANESE = st.sampled_from('【ご確認】お打合せ内容について电子カルテ連携髙﨑①㈱〜～ｶﾅabc 123,."\\<>=?😀é')
WORDS = st.text(st.one_of(LETTERS, JAPANESE), max_size=120)
BODIES = st.text(st.one_of(LETTERS, JAPANESE, st.sampled_from("\n\n\n.- \t")), max_size=500)


def letter(**fields: object) -> Message:
    """A message with everything that a letter needs."""
    values: dict[str, object] = {
        "id": MessageId("m1"),
        "person_id": PersonId("p1"),
        "rep_id": RepId("tanaka"),
        "to_address": "sato@hospital.example",
        "to_name": "佐藤 一郎",
        "from_address": "tanaka@vendor.example",
        "from_name": "田中 花子",
        "subject": "【ご確認】11月20日のお打合せ内容",
        "body": "佐藤先生\n\nお世話になっております。\n",
        "header_id": "<m1@vendor.example>",
    }
    return Message(**(values | fields))  # type: ignore[arg-type]


def parsed(data: bytes) -> EmailMessage:
    """What the standard library reads."""
    return message_from_bytes(data, policy=policy.default)


def body_of(mail: EmailMessage) -> str:
    """The text with plain line ends."""
    return str(mail.get_content()).replace("\r\n", "\n")


def unspaced(name: str) -> str:
    """A name without blanks: the standard library moves those that stand at the end of an encoded word."""
    return "".join(name.split())


@given(subject=WORDS, to_name=WORDS, from_name=WORDS, body=BODIES)
def test_reads_back(subject: str, to_name: str, from_name: str, body: str) -> None:
    """Whatever the words are, subject, names and text come back as they went in, and lines keep their lengths."""
    data = compose(letter(subject=subject, to_name=to_name, from_name=from_name, body=body), date=AT)
    mail = parsed(data)
    assert mail["Subject"] == subject
    assert unspaced(mail["To"].addresses[0].display_name) == unspaced(to_name)
    assert unspaced(mail["From"].addresses[0].display_name) == unspaced(from_name)
    if not to_name.isascii():
        assert parse(data).get("to") == f"{to_name} <sato@hospital.example>".lstrip(" ")
    assert mail["To"].addresses[0].addr_spec == "sato@hospital.example"
    assert body_of(mail) == (body if not body or body.endswith("\n") else body + "\n")
    assert not mail.defects
    head, _, rest = data.partition(b"\r\n\r\n")
    assert head.isascii()
    assert all(len(line) <= 76 for line in head.split(b"\r\n"))
    assert all(len(line) <= 76 for line in rest.split(b"\r\n"))
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)


def test_subject_is_folded_between_characters() -> None:
    """Each encoded word of a long Japanese subject decodes by itself and is at most 75 long."""
    data = compose(letter(subject="電子カルテ連携のご説明と次のステップについて" * 4), date=AT)
    words = re.findall(rb"=\?utf-8\?b\?[^?]*\?=", data.partition(b"\r\nMessage-ID")[0])
    assert len(words) > 4
    for word in words:
        assert len(word) <= 75
        assert "\ufffd" not in str(parsed(b"Subject: " + word + b"\r\n\r\n")["Subject"])


def test_thread_and_date() -> None:
    """Message-ID, In-Reply-To, References and Date are those of the message."""
    references = tuple(f"<{n}@vendor.example>" for n in range(30))
    mail = parsed(compose(letter(in_reply_to="<29@vendor.example>", references=references), date=AT))
    assert mail["Message-ID"] == "<m1@vendor.example>"
    assert mail["In-Reply-To"] == "<29@vendor.example>"
    kept = mail["References"].split()
    assert kept[0] == references[0]
    assert kept[-1] == references[-1]
    assert len(kept) == 20
    assert parsedate_to_datetime(mail["Date"]) == AT
    assert mail["Date"].endswith("+0900")


def test_foreign_thread_ids_cannot_break_the_header() -> None:
    """An id from a stranger's mail that is none is left out instead of stopping our letter."""
    mail = parsed(
        compose(letter(in_reply_to="<a b\r\nBcc: x@y.example>", references=("no id", "<ok@h.example>")), date=AT)
    )
    assert mail["In-Reply-To"] is None
    assert mail["Bcc"] is None
    assert mail["References"] == "<ok@h.example>"


def test_unsubscribe_with_https() -> None:
    """With an https target: both places, and the One-Click header (RFC 8058)."""
    data = compose(
        letter(),
        date=AT,
        unsubscribe_url="https://desk.vendor.example/u/abc",
        unsubscribe_mail="stop@vendor.example",
    )
    mail = parsed(data)
    assert mail["List-Unsubscribe"] == (
        "<https://desk.vendor.example/u/abc>, <mailto:stop@vendor.example?subject=unsubscribe>"
    )
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_unsubscribe_without_https() -> None:
    """Without a public https endpoint there is the mailto form only."""
    for url in (None, "http://127.0.0.1:8025/u/abc"):
        mail = parsed(compose(letter(), date=AT, unsubscribe_url=url, unsubscribe_mail="stop+a=b@vendor.example"))
        assert mail["List-Unsubscribe"] == "<mailto:stop+a%3Db@vendor.example?subject=unsubscribe>"
        assert mail["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize("field", ["subject", "to_name", "from_name"])
@pytest.mark.parametrize("bad", ["\r\nBcc: x@y.example", "\n x", "\x00", "\x1b$B", "\x85", "\u2028"])
def test_header_injection_is_refused(field: str, bad: str) -> None:
    """A control character in a header field is refused with the place where it stands."""
    with pytest.raises(UserError, match="control character"):
        compose(letter(**{field: "件名" + bad}), date=AT)


@pytest.mark.parametrize("field", ["to_address", "from_address"])
def test_bad_addresses_are_refused(field: str) -> None:
    """An address with a line break, a blank or a second mailbox never reaches the header."""
    for bad in (
        "a@b.example\r\nBcc: c@d.example",
        "a b@c.example",
        "a@b.example, c@d.example",
        "",
        "佐藤@h.example",
    ):
        with pytest.raises(UserError):
            compose(letter(**{field: bad}), date=AT)


def test_broken_text_is_refused() -> None:
    """Half a surrogate pair or a NUL is an error that names itself, not a crash."""
    with pytest.raises(UserError, match="half"):
        compose(letter(body="\ud83d"), date=AT)
    with pytest.raises(UserError, match="NUL"):
        compose(letter(body="a\x00b"), date=AT)


def test_encodings() -> None:
    """ASCII goes as it is, a few accents as quoted-printable, Japanese as base64."""
    for body, encoding in (
        ("Dear Dr. Sato,\n-- \nHanako\n", "7bit"),
        ("Grüße aus der Klinik und vieles andere mehr\n", "quoted-printable"),
        ("trailing \nFrom here\n", "quoted-printable"),
        ("佐藤先生\n", "base64"),
    ):
        mail = parsed(compose(letter(body=body), date=AT))
        assert mail["Content-Transfer-Encoding"] == encoding
        assert body_of(mail) == body


def test_automatic_mail_says_so() -> None:
    """Mail to our own people is marked, so that no vacation program answers it."""
    data = notice(
        to_address="tanaka@vendor.example",
        from_address="desk@vendor.example",
        subject="ログイン用リンク",
        text="https://desk.vendor.example/login/…\n",
        date=datetime(2026, 12, 5, tzinfo=UTC),
        header_id="<n1@vendor.example>",
    )
    mail = parsed(data)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "ログイン用リンク"
    assert parsed(compose(letter(), date=AT, auto=True))["Auto-Submitted"] == "auto-generated"
    assert parsed(compose(letter(), date=AT))["Auto-Submitted"] is None


def test_header_id() -> None:
    """The same seed gives the same id, another seed another one."""
    assert header_id("m1", "vendor.example") == header_id("m1", "Vendor.example")
    assert header_id("m1", "vendor.example") != header_id("m2", "vendor.example")
    with pytest.raises(UserError):
        header_id("m1", "bad domain")


@pytest.mark.parametrize("around", [0, 57, 57 * 255, 57 * 256, 57 * 512])
def test_base64_has_lines_of_76(around: int) -> None:
    """A body of any length is cut as the standard library cuts it, also where it is cut in several goes."""
    for size in range(max(around - 4, 0), around + 5):
        data = bytes(number % 251 for number in range(size))
        wanted = base64.encodebytes(data).replace(b"\n", b"\r\n") or b"\r\n"

        assert wanted == mime.base64(data)
