"""A message as the bytes that go over the wire (RFC 5322, 2045, 2046, 2369, 8058).

It is put together by hand, which costs a few microseconds where the standard library's classes cost a thousand:
everything in the header is either one of our own fixed texts, an address or a Message-ID that was checked, or
words (``mail.header``). The text of the message is the only source: the HTML alternative is made of it, and files
are those whose keys the message has.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from nurture.errors import UserError
from nurture.mail.address import check_address, domain_of
from nurture.mail.header import mailbox, words
from nurture.mail.markup import html as page
from nurture.mail.mime import file_part, multipart, text_part, unix
from nurture.mail.patients import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nurture.core.attachments import Attachment
    from nurture.core.messages import Message

HEADER_ID: Final = re.compile(r"<[!-;=?-~]{1,900}>")  # printable ASCII without blanks and inner brackets
URL: Final = re.compile(r"https://[!-;=?-~]+")
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MAX_REFERENCES: Final = 20
ANY_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)


def compose(
    message: Message,
    *,
    date: datetime,
    unsubscribe_url: str | None = None,
    unsubscribe_mail: str = "",
    reply_to: str = "",
    organization: str = "",
    auto: bool = False,
    html: bool = False,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """One letter: header, text, and what goes with it; CRLF line ends.

    Args:
        message: recipient, sender, subject, body, Message-ID and thread are taken from it.
        date: aware; its own offset is shown.
        unsubscribe_url: the one-click target; only an https one is offered (RFC 8058).
        unsubscribe_mail: an address that takes opt-outs; offered in each letter that has one.
        reply_to: where answers should go, if not to the sender (for instance with a token, ``mail.envelope``).
        organization: shown by some clients.
        auto: marks the letter as made by a machine (RFC 3834).
        html: adds the same text as HTML, for programs that prefer it.
        attachments: the files that the message names by their keys, in its order.

    The envelope sender is not part of the letter; the last server writes it down as Return-Path.

    Raises:
        UserError: an address is none, a header field or the text has a control character, the Message-ID is not
            under the sender's domain, or the files are not those that the message names.
    """
    if tuple(file.key for file in attachments) != message.attachments:
        raise UserError(
            "the files at hand are not those that belong to this mail",
            hint="attach them again and have it approved",
        )
    lines = _header(message, date, reply_to)
    if organization:
        lines.append(words("Organization", organization))
    if auto:
        lines.append("Auto-Submitted: auto-generated")
    lines.extend(_unsubscribe(unsubscribe_url, unsubscribe_mail))
    return _letter(lines, message.body, message.header_id, html=html, attachments=attachments)


def check(message: Message) -> None:
    """Refuse what could not be composed, before it waits at the desk.

    Raises:
        UserError: as ``compose``; or the text looks like data of a patient, which never goes by mail.
    """
    refuse("subject", message.subject)
    refuse("body", message.body)
    _header(message, ANY_DATE, "")
    text_part(unix(message.body))


def notice(
    *,
    to_address: str,
    from_address: str,
    subject: str,
    text: str,
    date: datetime,
    header_id: str,
    to_name: str = "",
    from_name: str = "",
) -> bytes:
    """Mail to our own people: a login link, an alert. Marked so that nothing answers it (RFC 3834).

    Raises:
        UserError: as ``compose``.
    """
    lines = [
        *_plain(to_address, to_name, from_address, from_name, subject, date, header_id),
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",  # what Exchange asks for instead of RFC 3834
    ]
    return _letter(lines, text, header_id)


def answer(
    *,
    to_address: str,
    from_address: str,
    subject: str,
    text: str,
    date: datetime,
    header_id: str,
    in_reply_to: str,
    to_name: str = "",
    from_name: str = "",
) -> bytes:
    """An answer that a machine gives to a mail of a person, in its thread (RFC 3834, sections 3.1.5 to 3.1.7).

    Raises:
        UserError: as ``compose``.
    """
    lines = _plain(to_address, to_name, from_address, from_name, subject, date, header_id)
    if HEADER_ID.fullmatch(in_reply_to):
        lines += [f"In-Reply-To: {in_reply_to}", f"References: {in_reply_to}"]
    lines += ["Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All"]
    return _letter(lines, text, header_id)


def _plain(
    to_address: str,
    to_name: str,
    from_address: str,
    from_name: str,
    subject: str,
    date: datetime,
    header_id: str,
) -> list[str]:
    return [
        f"Date: {_date(date)}",
        mailbox("From", from_name, from_address),
        mailbox("To", to_name, to_address),
        words("Subject", subject),
        f"Message-ID: {_own_id(header_id, from_address)}",
    ]


def header_id(seed: str, domain: str) -> str:
    """The Message-ID of whatever ``seed`` names, with angle brackets: the same seed, the same id.

    Raises:
        UserError: the domain cannot exist.
    """
    name = hashlib.sha256(seed.encode()).hexdigest()[:40]
    return f"<{check_address(f'{name}@{domain}')}>"


def own_id(value: str, address: str) -> bool:
    """Whether a Message-ID is one, and under the domain of this address: then nobody else may make the same."""
    return bool(HEADER_ID.fullmatch(value)) and domain_of(value[:-1]) == domain_of(check_address(address))


def _header(message: Message, date: datetime, reply_to: str) -> list[str]:
    """What each letter has, thread included."""
    lines = [
        f"Date: {_date(date)}",
        mailbox("From", message.from_name, message.from_address),
        mailbox("To", message.to_name, message.to_address),
    ]
    if reply_to:
        lines.append(mailbox("Reply-To", "", reply_to))
    lines.append(words("Subject", message.subject))
    lines.append(f"Message-ID: {_own_id(message.header_id, message.from_address)}")
    if HEADER_ID.fullmatch(message.in_reply_to):
        lines.append(f"In-Reply-To: {message.in_reply_to}")
    if references := _references(message):
        lines.append("References: " + "\r\n ".join(references))
    return lines


def _own_id(value: str, address: str) -> str:
    if not own_id(value, address):
        raise UserError("{id} is not a Message-ID of {domain}", id=repr(value), domain=domain_of(address))
    return value


def _references(message: Message) -> list[str]:
    """The thread, oldest first, shortened in its middle; ids that are none are left out: they are not ours."""
    ids = [one for one in dict.fromkeys(message.references) if HEADER_ID.fullmatch(one)]
    if not ids and HEADER_ID.fullmatch(message.in_reply_to):
        ids = [message.in_reply_to]
    return ids if len(ids) <= MAX_REFERENCES else [ids[0], *ids[1 - MAX_REFERENCES :]]


def _unsubscribe(url: str | None, mail: str) -> Iterable[str]:
    """RFC 2369, section 3.2, and RFC 8058; the latter only for https."""
    places = []
    one_click = url is not None and url.startswith("https://")
    if url is not None and one_click:
        if not URL.fullmatch(url):
            raise UserError("{url} cannot stand in a mail header", url=repr(url))
        places.append(f"<{url}>")
    if mail:
        places.append(f"<mailto:{_in_mailto(check_address(mail))}?subject=unsubscribe>")
    if places:
        yield "List-Unsubscribe: " + ",\r\n ".join(places)
    if one_click:
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"


def _in_mailto(address: str) -> str:
    """The characters that mean something else in a URI, escaped (RFC 6068, section 2)."""
    return "".join(c if c not in "%/?#[]&;=`{|}^" else f"%{ord(c):02X}" for c in address)


@lru_cache(maxsize=64)  # letters that leave together have one
def _date(date: datetime) -> str:
    offset = date.utcoffset()
    if offset is None:
        raise ValueError("a letter's date must be aware")
    minutes = round(offset.total_seconds() / 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return (
        f"{DAYS[date.weekday()]}, {date.day:02} {MONTHS[date.month - 1]} {date.year:04} "
        f"{date.hour:02}:{date.minute:02}:{date.second:02} {sign}{minutes // 60:02}{minutes % 60:02}"
    )


def _letter(
    lines: list[str], body: str, seed: str, *, html: bool = False, attachments: Sequence[Attachment] = ()
) -> bytes:
    """Header, MIME header, empty line, body; ``seed`` names the boundaries."""
    text = unix(body)
    part = text_part(text)
    if html and text:
        part = multipart("alternative", (part, text_part(page(text), "html")), seed)
    if attachments:
        part = multipart("mixed", (part, *map(file_part, attachments)), seed)
    lines.append("MIME-Version: 1.0")
    return "\r\n".join((*lines, *part[0])).encode("ascii") + b"\r\n\r\n" + part[1]
