"""What the invented people write is read as what they mean."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from nurture.core.reading import Intent, Kind
from nurture.mail.reading import read
from nurture.sandbox import letters
from nurture.sandbox.letters import Writer
from nurture.sandbox.recipients import ACCEPT, OPT_OUT, QUESTION

TOKYO = ZoneInfo("Asia/Tokyo")
AT = datetime(2027, 3, 31, 10, 24, tzinfo=TOKYO)
OURS = "<ours@vendor.example>"
WRITER = Writer("工藤 健一", "kudo@hospital.example", ("ひのもり総合病院", "臨床工学科 技士長", "工藤 健一"))
BODY = """ひのもり総合病院
臨床工学科 技士長
工藤 健一 様

平素より大変お世話になっております。
4月8日(木)15時～のセミナーをご案内いたします。よろしければご参加ください。

------------------------------------------
星影メディカルシステム株式会社 篠原 拓
TEL 03-0000-1201
今後このようなご案内が不要な場合は、このメールに「配信停止」とご返信ください。
"""


@pytest.fixture
def got() -> letters.Received:
    """One of our mails, as its reader opened it the evening before."""
    head = (
        "From: =?utf-8?b?56+g5Y6fIOaLkw==?= <rep@vendor.example>\r\n"
        "To: kudo@hospital.example\r\n"
        "Subject: =?utf-8?b?44GU5qGI5YaF?=\r\n"
        f"Message-ID: {OURS}\r\n"
        "List-Unsubscribe: <https://desk.vendor.example/u/abc>,\r\n"
        " <mailto:rep@vendor.example?subject=unsubscribe>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    raw = head.encode() + BODY.replace("\n", "\r\n").encode()
    return letters.opened(raw, datetime(2027, 3, 30, 18, 2, tzinfo=TOKYO))


def test_a_mail_is_opened_with_all_that_a_mail_program_uses(got: letters.Received) -> None:
    """Subject, names, the text and the unsubscribe button are what the mail says."""
    assert (got.subject, got.from_name, got.answer_to) == ("ご案内", "篠原 拓", "rep@vendor.example")
    assert got.text == BODY
    assert got.unsubscribe == (
        "https://desk.vendor.example/u/abc",
        "mailto:rep@vendor.example?subject=unsubscribe",
    )
    assert got.one_click


def test_the_question_from_outlook_is_a_question_and_no_opt_out(got: letters.Received) -> None:
    """Our own footer, quoted under the question, says nothing about what this person wants."""
    reading = read(letters.outlook(got, WRITER, QUESTION, AT), received_at=AT)
    assert reading.kind is Kind.REPLY
    assert Intent.QUESTION in reading.intents
    assert Intent.UNSUBSCRIBE not in reading.intents
    assert reading.in_reply_to == OURS
    assert "連携できますか" in reading.text
    assert "配信停止" not in reading.text


def test_the_line_from_the_telephone_is_an_opt_out(got: letters.Received) -> None:
    """One line above the quoted mail stops everything."""
    reading = read(letters.iphone(got, WRITER, OPT_OUT, AT), received_at=AT)
    assert reading.kind in {Kind.REPLY, Kind.UNSUBSCRIBE}
    assert reading.kind is Kind.UNSUBSCRIBE or Intent.UNSUBSCRIBE in reading.intents
    assert OURS in reading.references
    assert reading.text.strip().startswith(OPT_OUT)


def test_the_accepted_time_is_an_appointment(got: letters.Received) -> None:
    """Day and hour alone, above the quoted proposals, agree on a meeting."""
    text = ACCEPT.format(month=4, day=28, hour=15)
    reading = read(letters.thunderbird(got, WRITER, text, AT), received_at=AT)
    assert reading.kind is Kind.REPLY
    assert Intent.APPOINTMENT in reading.intents
    assert Intent.UNSUBSCRIBE not in reading.intents
    assert date(2027, 4, 28) in reading.dates


def test_the_absence_note_tells_when_the_person_is_back(got: letters.Received) -> None:
    """An automatic note in ISO-2022-JP with both ends of the absence and the first day at work."""
    first, last, back = date(2027, 3, 31), date(2027, 4, 8), date(2027, 4, 9)
    note = letters.absence(got, WRITER, AT, first=first, last=last, back=back)
    assert b'charset="iso-2022-jp"' in note
    reading = read(note, received_at=AT)
    assert reading.kind is Kind.OUT_OF_OFFICE
    assert reading.automatic
    assert reading.away is not None
    assert reading.away.back == back


def test_the_failure_report_names_the_address_and_our_mail(got: letters.Received) -> None:
    """A DSN of RFC 3464 for an unknown user is a permanent bounce of exactly that letter."""
    report = letters.returned(got.raw, "rep@vendor.example", "kudo@hospital.example", "mx.hospital.example", AT)
    reading = read(report, received_at=AT)
    assert reading.kind is Kind.BOUNCE
    assert reading.bounce is not None
    assert reading.bounce.permanent
    assert reading.bounce.status == "5.1.1"
    assert reading.bounce.recipients == ("kudo@hospital.example",)
    assert reading.bounce.original_message_id == OURS


def test_the_mail_programs_button_without_https_is_an_opt_out(got: letters.Received) -> None:
    """A mail to the mailto: place with nothing but the word is an opt-out."""
    letter = letters.plain(got, WRITER, "unsubscribe", AT, to="rep@vendor.example", subject="unsubscribe")
    reading = read(letter, received_at=AT)
    assert reading.kind is Kind.UNSUBSCRIBE or Intent.UNSUBSCRIBE in reading.intents


def test_the_same_letter_is_written_twice_the_same(got: letters.Received) -> None:
    """Nothing in a letter is drawn by lot."""
    assert letters.outlook(got, WRITER, QUESTION, AT) == letters.outlook(got, WRITER, QUESTION, AT)
