"""The whole reader: total, bounded, and in the public form."""

from __future__ import annotations

import json
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.core.reading import Intent, Kind
from nurture.mail.reading import as_json, read, to_json

HERE = Path(__file__).parent
REAL = [path.read_bytes() for path in sorted([*HERE.glob("golden/*.eml"), *HERE.glob("data/**/*.eml")])]
KEYS = (
    "path kind automatic from to subject date message_id in_reply_to references bounce away dates intents "
    "successor text signature defects"
)


def fine(raw: bytes) -> None:
    """What must hold of the reading of any bytes."""
    reading = read(raw, received_at=datetime(2026, 11, 24, tzinfo=UTC))
    assert "unreadable" not in reading.defects
    said = to_json(reading, "x.eml")
    assert set(KEYS.split()) <= set(said)
    json.dumps(said, ensure_ascii=False).encode()
    assert reading.bounces or reading.kind not in {Kind.BOUNCE, Kind.DELAY}


@given(st.binary(max_size=600))
def test_any_bytes(raw: bytes) -> None:
    """Any bytes are read without an error."""
    fine(raw)


HEADS = st.sampled_from(
    [
        b"From: a@b.example",
        b"Content-Type: multipart/report; boundary=x",
        b"Content-Type: message/rfc822",
        b"--x",
        b"",
        b"Content-Type: message/delivery-status",
        b"Final-Recipient: rfc822; a@b.example",
        b"Action: failed",
        b"Status: 5.1.1",
        b"Content-Transfer-Encoding: base64",
        b"Date: 32 Foo",
        b"Subject: =?utf-8?b?x",
        b"\x1b$B!",
        b"--x--",
        b"Return-Path: <>",
        b"Content-Type: text/html; charset=utf-7",
        b"X-Failed-Recipients: a@b.example",
        b"On x wrote:",
        b"> y",
        b"Message-ID: <a@b>",
    ]
)


@given(st.lists(HEADS, max_size=30))
def test_any_order_of_lines(lines: list[bytes]) -> None:
    """Lines of mail in any order are read without an error."""
    fine(b"\r\n".join(lines))


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.sampled_from(REAL),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), st.binary(max_size=20)), min_size=1, max_size=8),
)
def test_mutated_mails(raw: bytes, changes: list[tuple[float, int, bytes]]) -> None:
    """Real mails with pieces torn out and rubbish put in are read without an error."""
    for place, length, rubbish in changes:
        at = int(place * len(raw))
        raw = raw[:at] + rubbish + raw[at + length :]
    fine(raw)


@pytest.mark.parametrize(
    "piece",
    [
        b"On x wrote ",
        b"-----Original",
        b"> ",
        b"From: a\nTo: b\n",
        b"<a@b.example> ",
        b"12/5-",
        "結構です".encode(),
        b"=",
        b"\n",
        b"550 user unknown ",
        b"Final-Recipient: rfc822; a@b.example\nAction: failed\n\n",
        b"a" * 200 + b" ",
        "お急ぎの場合は".encode(),
        b"=?utf-8?q?",
        b"(",
        b'"\\',
        b"Best regards,\n",
        b"sato@x.example wrote:\n",
        b"the 1st to the 2nd - ",
        b"11/25/26-",
        b"---\n",
        "2026年11月20日(金) 18:03 ".encode(),
        "12/1(火)・2(水)、".encode(),
        "不在にしております。明日まで、".encode(),
        "さくら総合病院　佐藤\n".encode(),
        "メールボックスの容量".encode(),
        b"user mailbox not ",
        b"De: x@y.example\n",
        b"BEGIN:VCALENDAR\nATTENDEE;PARTSTAT=",
    ],
)
@pytest.mark.parametrize(
    "head", [b"From: a@b.example\n", b"Return-Path: <>\nFrom: MAILER-DAEMON@b.example\nSubject: Undeliverable\n"]
)
def test_bounded_time(piece: bytes, head: bytes) -> None:
    """The longest text that is looked at, made of what costs most, takes a few seconds at the very worst."""
    raw = head + b"Content-Type: text/plain; charset=utf-8\n\n" + piece * (256 * 1024 // len(piece))
    began = time.perf_counter()
    fine(raw)
    assert time.perf_counter() - began < 20  # a slow machine under load; about 0.5 s at rest


HEAD = b"From: a@b.example\nSubject: x\n"
BIG = 3_000_000
HEAVY = {
    "attachment": HEAD
    + b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nhello\n--x\nContent-Type: application/pdf\n"
    + b"Content-Transfer-Encoding: base64\n\n"
    + b"QUJD" * (BIG // 4)
    + b"\n--x--\n",
    "text": HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\n\n" + b'\x1b$B$"\x1b(B\n' * (BIG // 9),
    "enclosed": HEAD + b"Content-Type: message/rfc822\n\n" * 20 + b"x" * BIG,
    "parts": HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * (BIG // 7),
    "header": b"".join(b"X-%d: y\n" % n for n in range(BIG // 12)) + b"\nx",
    "recipients": b"Return-Path: <>\nFrom: MAILER-DAEMON@b.example\n"
    b"Content-Type: message/delivery-status\n\n"
    + b"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n"
    * (BIG // 70),
}


@pytest.mark.parametrize("kind", HEAVY)
def test_bounded_memory(kind: str) -> None:
    """A mail takes no more memory than a few times its size: each of twelve levels may hold what is below it."""
    tracemalloc.start()
    fine(HEAVY[kind])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 16 * len(HEAVY[kind])


@pytest.mark.parametrize("name", ["Subject", "To", "Received"])
def test_blank_lines_below_a_field(name: str) -> None:
    """A field of an enclosed copy with lines of blanks below it: found by torn mails, it took minutes."""
    raw = f"Return-Path: <>\nFrom: MAILER-DAEMON@b.example\n\nx\n{name}: y\n" + (" " * 40 + "\n") * 30 + "end"
    began = time.process_time()
    fine(raw.encode())

    assert time.process_time() - began < 5


def test_public_form() -> None:
    """The JSON of an absence is that of the documentation."""
    raw = (
        "From: =?utf-8?b?5L2Q6Jek?= <Sato@example.ac.jp>\nTo: rep@vendor.example\nSubject: 自動返信: ご案内\n"
        "Date: Fri, 4 Dec 2026 09:12:00 +0900\nMessage-ID: <r1@example.ac.jp>\nAuto-Submitted: auto-replied\n"
        "Content-Type: text/plain; charset=utf-8\n\n"
        "12月5日から12月9日まで不在にしております。不在中は鈴木が対応いたします。\n-- \n佐藤\n"
    )
    said = to_json(read(raw.encode()), "in.eml")
    assert {key: said[key] for key in KEYS.split()} == {
        "path": "in.eml",
        "kind": "out_of_office",
        "automatic": True,
        "from": "sato@example.ac.jp",
        "to": ["rep@vendor.example"],
        "subject": "自動返信: ご案内",
        "date": "2026-12-04T09:12:00+09:00",
        "message_id": "<r1@example.ac.jp>",
        "in_reply_to": None,
        "references": [],
        "bounce": None,
        "away": {"from": "2026-12-05", "until": "2026-12-09", "back": "2026-12-10"},
        "dates": ["2026-12-05", "2026-12-09"],
        "intents": ["deputy_named"],
        "successor": {"name": "鈴木", "email": None},
        "text": "12月5日から12月9日まで不在にしております。不在中は鈴木が対応いたします。",
        "signature": "-- \n佐藤",
        "defects": [],
    }
    assert json.loads(as_json(read(raw.encode())))["kind"] == "out_of_office"


def test_date_of_the_mail() -> None:
    """Relative dates hang on the Date header; without one on when the mail came, in Japan."""
    text = "From: a@b.example\nSubject: x\n{}Content-Type: text/plain; charset=utf-8\n\n明日の10時でお願いします。"
    late = datetime(2026, 11, 24, 16, tzinfo=UTC)  # the 25th in Japan
    assert str(read(text.format("").encode(), received_at=late).dates[0]) == "2026-11-26"
    dated = text.format("Date: Tue, 24 Nov 2026 23:00:00 +0900\n").encode()
    assert str(read(dated, received_at=late).dates[0]) == "2026-11-25"
    assert read(text.format("").encode()).dates == ()


def test_a_date_that_contradicts_itself() -> None:
    """A weekday that is not the date's sends the mail to a person."""
    raw = (
        "From: a@b.example\nDate: Tue, 24 Nov 2026 09:00:00 +0900\nContent-Type: text/plain; charset=utf-8"
        "\n\n12月5日（日）に伺います。"
    )
    assert Intent.AMBIGUOUS in read(raw.encode()).intents


def test_tokens() -> None:
    """What stands behind a plus in any recipient field may be one of our tokens."""
    token = "a" * 40
    reading = read(f"From: x@y.example\nTo: a@b.example\nDelivered-To: rep+{token}@v.example\n\n".encode())
    assert reading.tokens == (token,)


def test_what_was_asked_is_looked_for_in_what_is_quoted() -> None:
    """結構です over our question about the minutes goes to a person; over an offer it declines."""
    head = "From: sato@hospital.example\nSubject: Re: x\nContent-Type: text/plain; charset=utf-8\n\n結構です。\n\n"
    asked = read(f"{head}> 上記の理解で相違ございませんでしょうか。\n".encode())
    offered = read(f"{head}> デモ機をお持ちいたしましょうか。\n".encode())

    assert {Intent.REFUSAL, Intent.AMBIGUOUS} == asked.intents
    assert {Intent.REFUSAL} == offered.intents
