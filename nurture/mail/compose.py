"""A message as the bytes that go over the wire (RFC 5322, 2045, 2047, 2369, 8058).

The header is put together by hand: everything in it is either one of our own fixed texts, an address or
a Message-ID that was checked, or words. Words that are not plain ASCII become encoded words of at most 75
characters, cut between characters, one to a line, so no line is longer than 76. Nothing with a control
character gets past ``_refuse_control``: that is what keeps a pasted line break from becoming a header.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Final

from nurture.errors import UserError
from nurture.mail.address import check_address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from nurture.core.messages import Message

LINE: Final = 76
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
PLAIN_PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
PLAIN_WORDS: Final = re.compile(r"[!-~]+(?: [!-~]+)*")
HEADER_ID: Final = re.compile(r"<[!-;=?-~]{1,900}>")  # printable ASCII without blanks and inner brackets
URL: Final = re.compile(r"https://[!-;=?-~]+")
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MAX_REFERENCES: Final = 20


def compose(
    message: Message,
    *,
    date: datetime,
    unsubscribe_url: str | None = None,
    unsubscribe_mail: str = "",
    reply_to: str = "",
    organization: str = "",
    auto: bool = False,
) -> bytes:
    """One letter: header and text, CRLF line ends.

    Args:
        message: recipient, sender, subject, body, Message-ID and thread are taken from it.
        date: aware; its own offset is shown.
        unsubscribe_url: the one-click target; only an https one is offered (RFC 8058).
        unsubscribe_mail: an address that takes opt-outs; offered in each letter that has one.
        reply_to: where answers should go, if not to the sender (for instance with a token, ``tokens.tagged``).
        organization: shown by some clients.
        auto: marks the letter as made by a machine (RFC 3834).

    The envelope sender is not part of the letter; the last server writes it down as Return-Path.

    Raises:
        UserError: an address is none, or a header field has a control character.
    """
    lines = [
        f"Date: {_date(date)}",
        _mailbox("From", message.from_name, message.from_address),
        _mailbox("To", message.to_name, message.to_address),
    ]
    if reply_to:
        lines.append(_mailbox("Reply-To", "", reply_to))
    lines.append(_words("Subject", message.subject))
    lines.append(f"Message-ID: {_own_id(message.header_id)}")
    if HEADER_ID.fullmatch(message.in_reply_to):
        lines.append(f"In-Reply-To: {message.in_reply_to}")
    if references := _references(message):
        lines.append("References: " + "\r\n ".join(references))
    if organization:
        lines.append(_words("Organization", organization))
    if auto:
        lines.append("Auto-Submitted: auto-generated")
    lines.extend(_unsubscribe(unsubscribe_url, unsubscribe_mail))
    return _letter(lines, message.body)


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
        f"Date: {_date(date)}",
        _mailbox("From", from_name, from_address),
        _mailbox("To", to_name, to_address),
        _words("Subject", subject),
        f"Message-ID: {_own_id(header_id)}",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",  # what Exchange asks for instead of RFC 3834
    ]
    return _letter(lines, text)


def header_id(seed: str, domain: str) -> str:
    """The Message-ID of whatever ``seed`` names, with angle brackets: the same seed, the same id.

    Raises:
        UserError: the domain cannot exist.
    """
    name = hashlib.sha256(seed.encode()).hexdigest()[:40]
    return f"<{check_address(f'{name}@{domain}')}>"


def _own_id(value: str) -> str:
    if not HEADER_ID.fullmatch(value) or "@" not in value:
        raise UserError("{id} is not a Message-ID", id=repr(value))
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


def _refuse_control(name: str, value: str) -> None:
    if found := CONTROL.search(value):
        raise UserError(
            "{field} has a control character ({code}) at position {position}",
            field=name,
            code=f"U+{ord(found[0]):04X}",
            position=found.start() + 1,
            hint="remove line breaks and tabs",
        )


def _words(name: str, text: str) -> str:
    """An unstructured field, folded."""
    _refuse_control(name, text)
    if PLAIN_WORDS.fullmatch(text) and "=?" not in text:
        line = f"{name}: {text}"
        if len(line) <= LINE:
            return line
        if max(map(len, text.split(" "))) < LINE - len(name) - 2:
            return _fold(name, text.split(" "))
    return f"{name}: " + "\r\n ".join(_encoded(text, LINE - len(name) - 2)) if text else f"{name}: "


def _fold(name: str, words: list[str]) -> str:
    lines, line = [], f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line])


def _encoded(text: str, room: int) -> list[str]:
    """Encoded words (RFC 2047): the first at most ``room`` long, the rest 75, cut between characters."""
    data = _utf8(text)
    words, start = [], 0
    size = min(room, 75)
    while start < len(data):
        end = start + (size - 12) // 4 * 3
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        words.append(f"=?utf-8?b?{binascii.b2a_base64(data[start:end], newline=False).decode('ascii')}?=")
        start, size = end, 75
    return words


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UserError(
            "a character at position {position} is only half there",
            position=error.start + 1,
            hint="type the text again instead of pasting it",
        ) from None


def _mailbox(field: str, name: str, address: str) -> str:
    """``From: name <address>``: RFC 5322, section 3.4."""
    checked = check_address(address)
    if not name:
        return f"{field}: {checked}"
    _refuse_control(field, name)
    if not name.isascii() or "=?" in name or len(name) > 60:
        words = _encoded(name, LINE - len(field) - 2)
    elif PLAIN_PHRASE.fullmatch(name):
        words = [name]
    else:
        words = ['"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"']
    last = words[-1] if len(words) > 1 else f"{field}: {words[-1]}"
    between = " " if len(last) + len(checked) + 4 <= LINE else "\r\n "
    return f"{field}: " + "\r\n ".join(words) + f"{between}<{checked}>"


def _letter(lines: list[str], text: str) -> bytes:
    """Header, MIME header, empty line, text: 7bit where it is that, else the shorter of the two encodings."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text and not text.endswith("\n"):
        text += "\n"
    data = _utf8(text)
    if b"\x00" in data:
        raise UserError("the text has a NUL character", hint="remove the character U+0000")
    if _plain(data):
        encoding, body = "7bit", data.replace(b"\n", b"\r\n")
    elif len(data) - len(text) < len(data) // 8:
        encoding, body = "quoted-printable", binascii.b2a_qp(data, istext=True).replace(b"\n", b"\r\n")
    else:
        crlf = data.replace(b"\n", b"\r\n")
        packed = binascii.b2a_base64(crlf, newline=False)
        encoding = "base64"
        body = b"\r\n".join([packed[at : at + LINE] for at in range(0, len(packed), LINE)]) + b"\r\n"
    lines.append("MIME-Version: 1.0")
    lines.append("Content-Type: text/plain; charset=utf-8")
    lines.append(f"Content-Transfer-Encoding: {encoding}")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


PLAIN_BYTES: Final = bytes((9, 10, *range(32, 127)))


def _plain(data: bytes) -> bool:
    """Whether the text may stand as it is: printable ASCII, no blanks at a line's end (but ``-- ``), no line that
    mailbox files take for their own, none over 78 (RFC 5322, section 2.1.1).
    """
    seen = b"\n" + data.replace(b"\n-- \n", b"\n--\n")
    return not (
        data.translate(None, PLAIN_BYTES)
        or b" \n" in seen
        or b"\t\n" in seen
        or b"\nFrom " in seen
        or max(map(len, data.split(b"\n"))) > 78
    )
