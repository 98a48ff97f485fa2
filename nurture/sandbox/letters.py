"""What the invented people's mail programs put on the wire: raw bytes as those programs write them.

Each letter answers a mail that was really received: it cites its Message-ID and quotes its text. Nothing
here draws lots; Message-IDs are made from who writes what when.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from email import message_from_bytes
from email.header import Header
from email.policy import default as policy
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

WEEKDAYS: Final = "月火水木金土日"
CRLF: Final = "\r\n"
JIS: Final = str.maketrans("～－―", "〜−—")
"""Characters that Windows and Python map to the same JIS code from different ends of Unicode."""


@dataclass(frozen=True, slots=True)
class Received:
    """A mail as its reader sees it."""

    raw: bytes
    header_id: str
    references: str
    subject: str
    from_name: str
    from_address: str
    answer_to: str  # Reply-To, else From
    to: str
    at: datetime
    text: str
    unsubscribe: tuple[str, ...]  # the places that List-Unsubscribe names
    one_click: bool  # RFC 8058 is offered


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: name and address as they stand in From, and the lines of the signature."""

    name: str
    address: str
    signature: tuple[str, ...] = ()


def opened(raw: bytes, at: datetime) -> Received:
    """The mail in ``raw``, received at ``at`` (aware, in the reader's zone)."""
    mail = message_from_bytes(raw, policy=policy)
    name, address = parseaddr(str(mail["From"] or ""))
    body = mail.get_body(preferencelist=("plain",))
    places = str(mail["List-Unsubscribe"] or "").replace("\r\n", " ").split(",")
    return Received(
        raw=raw,
        header_id=str(mail["Message-ID"] or "").strip(),
        references=" ".join(str(mail["References"] or "").split()),
        subject=str(mail["Subject"] or ""),
        from_name=name,
        from_address=address,
        answer_to=parseaddr(str(mail["Reply-To"] or ""))[1] or address,
        to=parseaddr(str(mail["To"] or ""))[1],
        at=at,
        text=str(body.get_content()).replace("\r\n", "\n") if body is not None else "",
        unsubscribe=tuple(place.strip(" <>") for place in places if place.strip()),
        one_click="one-click" in str(mail["List-Unsubscribe-Post"] or "").lower(),
    )


def outlook(got: Received, writer: Writer, text: str, at: datetime) -> bytes:
    """A reply as Outlook for Microsoft 365 writes it in plain text: a header block above the quoted mail."""
    quoted = [
        "",
        "________________________________",
        f"差出人: {got.from_name} <{got.from_address}>",
        f"送信日時: {got.at.year}年{got.at.month}月{got.at.day}日 {got.at:%H:%M}",
        f"宛先: {writer.name} <{writer.address}>",
        f"件名: {got.subject}",
        "",
        *got.text.splitlines(),
    ]
    body = CRLF.join([*text.splitlines(), "", *writer.signature, *quoted, ""])
    return _mail(
        [
            *_envelope(got, writer, at, "iso-2022-jp", f"RE: {_bare(got.subject)}"),
            f"Thread-Topic: {_words(_bare(got.subject), 'iso-2022-jp')}",
            f"Thread-Index: {base64.b64encode(_digest(got.header_id)[:22]).decode()}",
            *_thread(got),
            "Accept-Language: ja-JP, en-US",
            "Content-Language: ja-JP",
            "X-MS-Has-Attach:",
            "X-Mailer: Microsoft Outlook 16.0",
        ],
        body,
        "iso-2022-jp",
    )


def iphone(got: Received, writer: Writer, text: str, at: datetime) -> bytes:
    """A reply typed above the quoted mail on an iPhone."""
    sent = f"{got.at.year}/{got.at.month:02}/{got.at.day:02} {got.at:%H:%M}"
    body = "\n".join(
        [
            *text.splitlines(),
            "",
            "iPhoneから送信",
            "",
            f"> {sent}、{got.from_name} <{got.from_address}>のメール:",
            "> ",
            *(f"> {line}" for line in got.text.splitlines()),
            "",
        ]
    )
    head = [
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        f"From: {_words(writer.name, 'utf-8')} <{writer.address}>",
        "Mime-Version: 1.0 (1.0)",
        f"Date: {format_datetime(at)}",
        f"Subject: {_words('Re: ' + _bare(got.subject), 'utf-8')}",
        f"Message-Id: {_id(writer, got, at, upper=True)}",
        *_thread(got),
        f"To: {_words(got.from_name, 'utf-8')} <{got.answer_to}>",
        "X-Mailer: iPhone Mail (24A5279h)",
    ]
    data = binascii.b2a_qp(body.encode(), istext=True).replace(b"\n", b"\r\n")
    return (CRLF.join(head) + CRLF * 2).encode("ascii") + data


def thunderbird(got: Received, writer: Writer, text: str, at: datetime) -> bytes:
    """A reply above ``>`` quotes as Thunderbird writes it."""
    body = CRLF.join(
        [
            *text.splitlines(),
            "",
            f"On {got.at:%Y/%m/%d} {got.at:%H:%M}, {got.from_name} wrote:",
            *(f"> {line}".rstrip() for line in got.text.splitlines()),
            "",
            "-- ",
            *writer.signature,
            "",
        ]
    )
    return _mail(
        [
            *_envelope(got, writer, at, "utf-8", f"Re: {_bare(got.subject)}"),
            *_thread(got),
            "User-Agent: Mozilla Thunderbird",
            "Content-Language: ja",
        ],
        body,
        "utf-8",
    )


def plain(got: Received, writer: Writer, text: str, at: datetime, *, to: str, subject: str) -> bytes:
    """A new mail of one line, as a mail program sends it for a ``mailto:`` place."""
    head = [
        f"Date: {format_datetime(at)}",
        f"From: {_words(writer.name, 'utf-8')} <{writer.address}>",
        f"To: {to}",
        f"Subject: {_words(subject, 'utf-8')}",
        f"Message-ID: {_id(writer, got, at)}",
        "MIME-Version: 1.0",
    ]
    return _mail(head, text + CRLF, "utf-8")


def absence(got: Received, writer: Writer, at: datetime, *, first: date, last: date, back: date) -> bytes:
    """The automatic note of Exchange while somebody is away, in ISO-2022-JP. All dates are inclusive."""
    text = CRLF.join(
        [
            "本メールは自動応答です。",
            "",
            "学会出張のため、下記の期間は不在にしております。",
            f"期間：{_day(first)}～{_day(last)}",
            "",
            f"{_day(back)}以降に順次ご返信いたします。",
            "お急ぎのところ恐れ入りますが、よろしくお願いいたします。",
            "",
            *writer.signature,
            "",
        ]
    )
    return _mail(
        [
            *_envelope(got, writer, at, "iso-2022-jp", f"自動応答: {got.subject}"),
            *_thread(got),
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            "X-MS-Exchange-Inbox-Rules-Loop: " + writer.address,
            "Precedence: bulk",
            "Content-Language: ja-JP",
        ],
        text,
        "iso-2022-jp",
    )


def returned(raw: bytes, sender: str, recipient: str, host: str, at: datetime) -> bytes:
    """A delivery status notification of Postfix (RFC 3464): the address is unknown since today."""
    mail = message_from_bytes(raw, policy=policy)
    boundary = f"{_digest(str(mail['Message-ID']))[:6].hex().upper()}.{int(at.timestamp())}/{host}"
    head, _, _ = raw.partition(b"\r\n\r\n")
    said = f"550 5.1.1 <{recipient}>: Recipient address rejected: User unknown"
    parts: Iterable[tuple[str, bytes]] = (
        (
            "Content-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii",
            CRLF.join(
                [
                    f"This is the mail system at host {host}.",
                    "",
                    "I'm sorry to have to inform you that your message could not",
                    "be delivered to one or more recipients. It's attached below.",
                    "",
                    f"<{recipient}>: host {host}[192.0.2.25] said: {said}",
                    "    (in reply to RCPT TO command)",
                    "",
                ]
            ).encode(),
        ),
        (
            "Content-Description: Delivery report\r\nContent-Type: message/delivery-status",
            CRLF.join(
                [
                    f"Reporting-MTA: dns; {host}",
                    f"X-Postfix-Sender: rfc822; {sender}",
                    f"Arrival-Date: {format_datetime(at)}",
                    "",
                    f"Final-Recipient: rfc822; {recipient}",
                    f"Original-Recipient: rfc822;{recipient}",
                    "Action: failed",
                    "Status: 5.1.1",
                    f"Remote-MTA: dns; {host}",
                    f"Diagnostic-Code: smtp; {said}",
                    "",
                ]
            ).encode(),
        ),
        (
            "Content-Description: Undelivered Message Headers\r\nContent-Type: text/rfc822-headers",
            head + b"\r\n",
        ),
    )
    lines = [
        f"Date: {format_datetime(at)}",
        f"From: Mail Delivery System <MAILER-DAEMON@{host}>",
        "Subject: Undelivered Mail Returned to Sender",
        f"To: {sender}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="{boundary}"',
        f"Message-Id: <{_digest(boundary)[:6].hex().upper()}@{host}>",
    ]
    out = [(CRLF.join(lines) + CRLF * 2 + "This is a MIME-encapsulated message." + CRLF * 2).encode("ascii")]
    for kind, content in parts:
        out.append(f"--{boundary}\r\n{kind}\r\n\r\n".encode() + content + b"\r\n")
    out.append(f"--{boundary}--\r\n".encode())
    return b"".join(out)


def _envelope(got: Received, writer: Writer, at: datetime, charset: str, subject: str) -> list[str]:
    return [
        f"Date: {format_datetime(at)}",
        f"From: {_words(writer.name, charset)} <{writer.address}>",
        f"To: {_words(got.from_name, charset)} <{got.answer_to}>",
        f"Subject: {_words(subject, charset)}",
        f"Message-ID: {_id(writer, got, at)}",
        "MIME-Version: 1.0",
    ]


def _thread(got: Received) -> list[str]:
    known = [*got.references.split(), got.header_id]
    return [f"In-Reply-To: {got.header_id}", "References: " + "\r\n ".join(known)]


def _mail(head: list[str], body: str, charset: str) -> bytes:
    """Header and body; text that ISO-2022-JP does not have goes out in UTF-8, as the programs do it."""
    try:
        data = body.translate(JIS).encode("iso2022_jp") if charset == "iso-2022-jp" else body.encode()
    except UnicodeEncodeError:
        charset, data = "utf-8", body.encode()
    kind = [f'Content-Type: text/plain; charset="{charset}"']
    if charset == "utf-8":
        packed = base64.b64encode(data)
        data = b"\r\n".join(packed[at : at + 76] for at in range(0, len(packed), 76)) + b"\r\n"
        kind.append("Content-Transfer-Encoding: base64")
    else:
        kind.append("Content-Transfer-Encoding: 7bit")
    return (CRLF.join([*head, *kind]) + CRLF * 2).encode("ascii") + data


def _words(text: str, charset: str) -> str:
    if text.isascii():
        return text
    try:
        return Header(text.translate(JIS) if charset == "iso-2022-jp" else text, charset, maxlinelen=75).encode(
            linesep=CRLF
        )
    except UnicodeEncodeError:
        return Header(text, "utf-8", maxlinelen=75).encode(linesep=CRLF)


def _bare(subject: str) -> str:
    while subject[:3].lower() == "re:":
        subject = subject[3:].lstrip()
    return subject


def _day(day: date) -> str:
    return f"{day.year}/{day.month}/{day.day}({WEEKDAYS[day.weekday()]})"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _id(writer: Writer, got: Received, at: datetime, *, upper: bool = False) -> str:
    name = _digest(f"{writer.address}/{got.header_id}/{at.isoformat()}")[:16].hex()
    if upper:
        name = "-".join((name[:8], name[8:12], name[12:16], name[16:20], name[20:])).upper()
    return f"<{name}@{writer.address.partition('@')[2]}>"
