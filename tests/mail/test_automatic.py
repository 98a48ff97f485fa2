"""Automatic mail: recognised by its signs, without catching people and lists."""

from __future__ import annotations

import pytest

from nurture.core.reading import Intent, Kind
from nurture.mail.reading import read


def mail(
    *head: str,
    text: str = "受け付けました。",
    subject: str = "Re: ご案内",
    sender: str = "sato@hospital.example",
    thread: bool = True,
) -> bytes:
    """A small mail with these header lines."""
    lines = [
        f"From: {sender}",
        "To: tanaka@vendor.example",
        f"Subject: {subject}",
        "Date: Tue, 24 Nov 2026 09:12:00 +0900",
        *(["In-Reply-To: <m1@vendor.example>"] if thread else []),
        *head,
        "Content-Type: text/plain; charset=utf-8",
    ]
    return "\n".join([*lines, "", text]).encode()


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied; owner-email=a@b.example",
        "Auto-Submitted: auto-generated",
        "X-Autoreply: yes",
        "X-Autorespond: ご案内",
        "Precedence: auto_reply",
        "Precedence: bulk",
        "Precedence: junk",
        "Return-Path: <>",
        "X-Mail-Autoreply: 1",
    ],
)
def test_signs_of_an_automatic_answer(head: str) -> None:
    """Each of the signs that vacation programs and ticket systems set, on an answer to us."""
    assert read(mail(head)).kind is Kind.AUTO_REPLY
    away = read(mail(head, text="12月5日から12月9日まで不在にしております。"))
    assert away.kind is Kind.OUT_OF_OFFICE
    assert away.automatic


@pytest.mark.parametrize(
    "subject",
    [
        "自動返信: ご案内",
        "自動応答：Re: ご案内",
        "【自動返信】お問い合わせ",
        "不在通知",
        "Automatic reply: x",
        "Out of Office: x",
        "Re: 自動返信",
    ],
)
def test_subjects(subject: str) -> None:
    """A subject that says so is enough."""
    assert read(mail(subject=subject)).automatic


@pytest.mark.parametrize(
    "text",
    [
        "本メールは自動返信です。",
        "このメールはシステムより自動送信しています。",
        "※このメールは自動的に送信されています。",
        "This is an automated response.",
        "This message was automatically generated.",
    ],
)
def test_words(text: str) -> None:
    """So are words that say so."""
    assert read(mail(text=text)).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: no",
        "X-Auto-Response-Suppress: All",
        "X-Mailer: Microsoft Outlook 16.0",
        "Precedence: normal",
        "Importance: high",
        "Return-Path: <sato@hospital.example>",
        "X-Priority: 1",
        "X-Spam-Status: No",
    ],
)
def test_people(head: str) -> None:
    """What also stands in people's mail makes nobody a machine."""
    reading = read(mail(head, text="内容に相違ありません。"))
    assert reading.kind is Kind.REPLY
    assert not reading.automatic


@pytest.mark.parametrize(
    "head",
    [
        "List-Id: <x.example>",
        "List-Unsubscribe: <mailto:u@x.example>",
        "Precedence: list",
        "Mailing-List: contact x@y.example",
    ],
)
def test_lists(head: str) -> None:
    """Lists and newsletters concern no sending of ours, unless one of us is answered in a thread."""
    raw = mail(head, text="検討いたします。")
    assert read(raw).kind is Kind.OTHER
    assert read(raw, own={"tanaka@vendor.example"}).kind is Kind.REPLY
    assert read(mail(head, thread=False), own={"tanaka@vendor.example"}).kind is Kind.OTHER


def test_robots() -> None:
    """Mail from nobody is an automatic answer in a thread, and none of our business outside of one."""
    assert read(mail(sender="noreply@hospital.example")).kind is Kind.AUTO_REPLY
    assert read(mail(sender="no-reply@shop.example", thread=False, subject="ご注文")).kind is Kind.OTHER


def test_our_own_mail() -> None:
    """What we sent ourselves is never a reply."""
    raw = mail(sender="田中 <Tanaka@vendor.example>", text="内容に相違ありません。")
    assert read(raw, own={"tanaka@vendor.example"}).kind is Kind.OTHER


ABSENCES = [
    "ただいま学会出張のため不在にしております。12月5日(土)～12月9日(水)の間はメールの確認ができません。",
    "本メールは自動応答です。現在不在のため、12月10日(木)以降に順次ご返信いたします。",
    (
        "海外学会（RSNA）参加のため11/28～12/6は返信が遅れます。お急ぎの場合は医局秘書 佐藤（内線2345）までご連"
        "絡ください。"
    ),
    "誠に勝手ながら下記の期間は不在にしております。 期間：2026/12/21(月)～2026/12/25(金)",
    "現在、長期出張中につきメールを確認できない状況です。12月14日（月）より通常どおり対応いたします。",
    "本日は外来・手術日のため返信が遅くなることがございます。",
    "体調不良により当面の間お休みをいただいております。復帰日は未定です。",
    "病院移転作業に伴い、5月1日～5月7日はメールがつながりにくくなります。",
]


@pytest.mark.parametrize("text", ABSENCES)
@pytest.mark.parametrize("head", ["Auto-Submitted: auto-replied", "X-Nothing: 1"])
def test_absences(text: str, head: str) -> None:
    """An absence note is one by its words, also from a program that leaves no sign."""
    assert read(mail(head, text=text)).kind is Kind.OUT_OF_OFFICE


def test_a_person_who_will_be_away() -> None:
    """A person who answers and mentions an absence has replied; the dates are kept."""
    reading = read(mail(text="佐藤です。内容に相違ありません。12月5日から9日まで不在です。"))
    assert reading.kind is Kind.REPLY
    assert reading.away is not None


@pytest.mark.parametrize(
    "text",
    [
        "To have your message delivered, please confirm that you are a human.",
        "Your message is being held until you click the link below.",
        "初めて送信された方は送信者の認証が必要です。下記のURLをクリックするとメールが配信されます。",
    ],
)
def test_challenges(text: str) -> None:
    """A mail that wants the sender to prove himself."""
    assert read(mail(text=text, subject="Verification")).kind is Kind.CHALLENGE


def test_receipts() -> None:
    """A read receipt by its form, and as Outlook writes it."""
    plain = mail(subject="開封済み: ご案内", text="メッセージは 2026/11/24 に開封されました。")
    assert read(plain).kind is Kind.RECEIPT
    assert (
        read(mail('Content-Type: multipart/report; report-type=disposition-notification; boundary="x"')).kind
        is Kind.RECEIPT
    )


@pytest.mark.parametrize(
    ("subject", "text", "kind"),
    [
        ("unsubscribe", "", Kind.UNSUBSCRIBE),
        ("Unsubscribe", "unsubscribe me please", Kind.UNSUBSCRIBE),
        ("配信停止希望", "配信停止をお願いします。", Kind.UNSUBSCRIBE),
        ("(no subject)", "配信停止", Kind.UNSUBSCRIBE),
        ("Re: ご案内", "配信を停止してください。", Kind.REPLY),
        ("Re: unsubscribe", "配信停止の件、承知しました。", Kind.REPLY),
    ],
)
def test_unsubscribe_commands(subject: str, text: str, kind: Kind) -> None:
    """The mail that a program sends for List-Unsubscribe is a command; a person's answer is a reply."""
    assert read(mail(subject=subject, text=text, thread=subject.startswith("Re"))).kind is kind


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: x", "Could you confirm that you sent the quotation?"),
        ("Re: x", "Please verify the sender settings on your side, our filter flagged it."),
        ("Re: x", "送信者の認証の件、設定を確認してください。SPFが失敗しています。"),
        ("Delivery failure?", "The mail could not be delivered to ito@sakura-hp.example, please resend."),
        ("メールが届きません", "お送りしたメールが ito@sakura-hp.example へは配信できませんでした。"),
        ("Re: Read: your proposal", "I am reading your mail. It was read by our director too."),
        ("自動返信について", "自動返信の設定について教えてください。"),
        ("開封確認について", "開封通知が届きましたので、念のためお知らせします。"),
    ],
)
def test_people_who_write_about_mail(subject: str, text: str) -> None:
    """A person who writes about delivery, receipts or filters is a person."""
    reading = read(f"From: sato@sakura-hp.example\nSubject: {subject}\n\n{text}".encode())

    assert (Kind.REPLY, False) == (reading.kind, reading.automatic)


@pytest.mark.parametrize("name", ["system", "news", "alerts", "notify"])
def test_a_departments_address(name: str) -> None:
    """Whole departments answer under names that machines use too: in a thread it is an answer."""
    assert read(mail(sender=f"{name}@hospital.example", text="検討いたします。")).kind is Kind.REPLY


def test_an_answer_through_a_list_to_an_address_with_a_token() -> None:
    """What a group's server adds to its members' mail hides no answer to an address that we gave a letter."""
    raw = mail("List-Id: <x.hospital.example>", text="検討いたします。").replace(
        b"To: tanaka@vendor.example", b"To: tanaka+abcdef0123@vendor.example"
    )

    assert read(raw, own={"tanaka@vendor.example"}).kind is Kind.REPLY


@pytest.mark.parametrize(
    "text",
    [
        "御社メルマガの配信停止を希望します。 https://vendor.example/u から手続きできませんでした。",
        "Please unsubscribe me. The link https://vendor.example/u to unsubscribe here does not work.",
        "I tried to unsubscribe at https://vendor.example/u but it failed.",
    ],
)
def test_whoever_could_not_take_himself_off_is_no_newsletter(text: str) -> None:
    """Also outside of a thread: an opt-out that names a link is an opt-out."""
    reading = read(mail(thread=False, subject="メールの件", text=text))

    assert (Kind.REPLY, True) == (reading.kind, Intent.UNSUBSCRIBE in reading.intents)


def test_a_newsletter_without_its_header() -> None:
    """It is known by how it says that one may be taken off."""
    text = "今月のニュースです。\n配信停止をご希望の方はこちら https://news.example/u\n次号もお楽しみに。"

    assert read(mail(thread=False, subject="12月号", text=text)).kind is Kind.OTHER


def test_a_postmaster_who_answers_is_a_person() -> None:
    """Whatever the subject says."""
    text = "田中様\nお世話になっております。\nそのアドレスは存在しませんでした。正しくは x@hospital.example です。"

    reading = read(mail(sender="postmaster@hospital.example", subject="Re: 配信エラーの件", text=text))

    assert reading.kind is Kind.REPLY


@pytest.mark.parametrize("type_", ["auth-failure", "not-spam", "dmarc", "dkim"])
def test_feedback_that_is_no_complaint(type_: str) -> None:
    """A report-type of feedback alone makes no complaint: nobody's address is silenced by it."""
    raw = (
        "From: fbl@isp.example\nSubject: report\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nx\n"
        f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: {type_}\nVersion: 1\n"
        "Original-Rcpt-To: <sato@hospital.example>\n--b\nContent-Type: message/rfc822\n\n"
        "From: tanaka@vendor.example\nTo: sato@hospital.example\nMessage-ID: <m1@vendor.example>\n\nx\n--b--\n"
    )

    assert read(raw.encode()).kind is Kind.OTHER
