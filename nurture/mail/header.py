"""Header fields as lines (RFC 5322, 2047, 2231): put together by hand, folded, ASCII.

Words that are not plain ASCII become encoded words of at most 75 characters, cut between characters, one to a
line, so no line is longer than 76. Nothing with a control character gets past ``refuse_control``: that is what
keeps a pasted line break from becoming a header.
"""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from typing import Final

from nurture.errors import UserError
from nurture.mail.address import check_address

LINE: Final = 76
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
PLAIN_PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
PLAIN_WORDS: Final = re.compile(r"[!-~]+(?: [!-~]+)*")
PLAIN_NAME: Final = re.compile(r"[ !#-\[\]-~]{1,50}")
"""A file name that stands between quotes as it is, and leaves its line short enough."""
ATTRIBUTE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~")
"""What needs no escape in an extended parameter (RFC 2231, section 7)."""


def utf8(text: str) -> bytes:
    """The bytes of a text.

    Raises:
        UserError: half of a surrogate pair.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UserError(
            "a character at position {position} is only half there",
            position=error.start + 1,
            hint="type the text again instead of pasting it",
        ) from None


def refuse_control(name: str, value: str) -> None:
    """No control character, and nothing that a program might take for a line end, in a field.

    Raises:
        UserError: there is one; names the field and the place.
    """
    if found := CONTROL.search(value):
        raise UserError(
            "{field} has a control character ({code}) at position {position}",
            field=name,
            code=f"U+{ord(found[0]):04X}",
            position=found.start() + 1,
            hint="remove line breaks and tabs",
        )


@lru_cache(maxsize=512)  # a subject is its template's: it stands in many letters
def words(name: str, text: str) -> str:
    """An unstructured field, folded.

    Raises:
        UserError: a control character.
    """
    refuse_control(name, text)
    if PLAIN_WORDS.fullmatch(text) and "=?" not in text:
        line = f"{name}: {text}"
        if len(line) <= LINE:
            return line
        if max(map(len, text.split(" "))) < LINE - len(name) - 2:
            return _fold(name, text.split(" "))
    return f"{name}: " + "\r\n ".join(encoded(text, LINE - len(name) - 2)) if text else f"{name}: "


def _fold(name: str, said: list[str]) -> str:
    lines, line = [], f"{name}:"
    for word in said:
        if len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line])


def encoded(text: str, room: int, most: int = 75) -> list[str]:
    """Encoded words (RFC 2047): the first at most ``room`` long, the rest ``most``, cut between characters."""
    data = utf8(text)
    found, start = [], 0
    size = min(room, most)
    while start < len(data):
        end = start + (size - 12) // 4 * 3
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        found.append(f"=?utf-8?b?{binascii.b2a_base64(data[start:end], newline=False).decode('ascii')}?=")
        start, size = end, most
    return found


@lru_cache(maxsize=512)  # the same few senders stand in every letter
def mailbox(field: str, name: str, address: str) -> str:
    """``From: name <address>``: RFC 5322, section 3.4.

    Raises:
        UserError: a control character, or an address that is none.
    """
    checked = check_address(address)
    if not name:
        return f"{field}: {checked}"
    refuse_control(field, name)
    if not name.isascii() or "=?" in name or len(name) > 60:
        said = encoded(name, LINE - len(field) - 2)
    elif PLAIN_PHRASE.fullmatch(name):
        said = [name]
    else:
        said = ['"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"']
    last = said[-1] if len(said) > 1 else f"{field}: {said[-1]}"
    between = " " if len(last) + len(checked) + 4 <= LINE else "\r\n "
    return f"{field}: " + "\r\n ".join(said) + f"{between}<{checked}>"


def file_name(name: str) -> tuple[str, str]:
    """The parameters of Content-Type and of Content-Disposition that name a file, for every program.

    What is plain ASCII stands between quotes in both. Else Content-Disposition has it as RFC 2231 wants
    (``filename*``, in pieces where it is long), which programs of today read; Content-Type has it as encoded
    words, which the standard does not foresee and old Outlook and Japanese webmail read.

    Returns:
        Each with its leading ``;`` and line end.

    Raises:
        UserError: a control character, or half of one.
    """
    refuse_control("filename", name)
    if PLAIN_NAME.fullmatch(name) and "=?" not in name:
        return f';\r\n name="{name}"', f';\r\n filename="{name}"'
    fallback = "\r\n ".join(encoded(name, LINE - len(' name=""'), 74))
    return f';\r\n name="{fallback}"', _extended("filename", name)


def _extended(attribute: str, value: str) -> str:
    """An extended parameter (RFC 2231, sections 3 and 4), cut between characters."""
    pieces, piece = [], "utf-8''"
    room = LINE - len(f" {attribute}*00*=;")
    for char in value:
        escaped = "".join(chr(byte) if byte in ATTRIBUTE else f"%{byte:02X}" for byte in utf8(char))
        if len(piece) + len(escaped) > room:
            pieces.append(piece)
            piece = ""
        piece += escaped
    if not pieces:
        return f";\r\n {attribute}*={piece}"
    return "".join(f";\r\n {attribute}*{at}*={said}" for at, said in enumerate((*pieces, piece)))
