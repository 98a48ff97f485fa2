"""Bodies as MIME parts (RFC 2045, 2046): a part is its header lines and its bytes, CRLF line ends.

No line is longer than 76: what does not fit as it is gets the shorter of the two encodings.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Final

from nurture.errors import UserError
from nurture.mail.header import LINE, file_name, utf8

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.core.attachments import Attachment

    Part = tuple[list[str], bytes]

CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
CONTROL_BYTES: Final = bytes(byte for byte in (*range(32), 127) if byte not in b"\t\n")
PIECE: Final = 256 * LINE
"""Bytes of base64 that are cut into lines in one go."""
PLAIN_BYTES: Final = bytes((9, 10, *range(32, 127)))


def unix(text: str) -> str:
    """A body with ``LF`` as line end, also behind its last line."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text + "\n" if text and not text.endswith("\n") else text


def text_part(text: str, subtype: str = "plain") -> Part:
    """A text whose line ends are ``LF``: 7bit where it is that, else quoted-printable or base64.

    Raises:
        UserError: a control character, which no reader would see and some programs act on.
    """
    data = utf8(text)
    if len(data.translate(None, CONTROL_BYTES)) != len(data) or b"\xc2" in data:  # those above 127 begin so
        _refuse_control(text)
    if _plain(data):
        encoding, body = "7bit", data.replace(b"\n", b"\r\n")
    elif len(data) - len(text) < len(data) // 8:
        encoding, body = "quoted-printable", _quoted(data)
    else:
        encoding, body = "base64", base64(data.replace(b"\n", b"\r\n"))
    return [f"Content-Type: text/{subtype}; charset=utf-8", f"Content-Transfer-Encoding: {encoding}"], body


def _quoted(data: bytes) -> bytes:
    """Quoted-printable. No line begins with ``From``, which some servers change and break the signature by; it is
    broken behind it, as it gets longer.
    """
    lines = b"\n" + binascii.b2a_qp(data, istext=True)
    return lines.replace(b"\nFrom ", b"\n=46rom=\n ")[1:].replace(b"\n", b"\r\n")


def _refuse_control(text: str) -> None:
    found = CONTROL.search(text)
    if found is None:
        return
    if found[0] == "\x00":
        raise UserError("the text has a NUL character", hint="remove the character U+0000")
    raise UserError(
        "the text has a control character ({code}) on line {line}",
        hint="type the line again instead of pasting it",
        code=f"U+{ord(found[0]):04X}",
        line=text.count("\n", 0, found.start()) + 1,
    )


def file_part(file: Attachment) -> Part:
    """A PDF under its name."""
    typed, disposed = file_name(file.name)
    lines = [
        f"Content-Type: application/pdf{typed}",
        f"Content-Disposition: attachment{disposed}",
        "Content-Transfer-Encoding: base64",
    ]
    return lines, base64(file.data)


def multipart(subtype: str, parts: Sequence[Part], seed: str) -> Part:
    """Parts in one, in their order. The same seed gives the same boundary, unless a part has it inside.

    An encoded part cannot have it (``=_`` stands in neither encoding); one in 7bit could.
    """
    salt = 0
    while True:
        name = hashlib.sha256(f"{subtype}:{salt}:{seed}".encode()).hexdigest()[:32]
        boundary = f"=_{name}"
        if not any(boundary.encode() in body for _, body in parts):
            break
        salt += 1
    between = f"--{boundary}\r\n".encode()
    pieces: list[bytes] = []
    for lines, body in parts:
        pieces += (between, "\r\n".join(lines).encode("ascii"), b"\r\n\r\n", body, b"\r\n")
    pieces.append(f"--{boundary}--\r\n".encode())
    return [f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"'], b"".join(pieces)


def base64(data: bytes) -> bytes:
    """Lines of 76 (RFC 2045, section 6.8)."""
    packed = binascii.b2a_base64(data, newline=False)
    pieces: list[bytes] = []
    for start in range(0, len(packed), PIECE):
        whole, rest = divmod(min(len(packed) - start, PIECE), LINE)
        pieces += _lines(whole).unpack_from(packed, start)
        if rest:
            pieces.append(packed[-rest:])
    return b"\r\n".join(pieces) + b"\r\n"


@lru_cache(maxsize=256)
def _lines(count: int) -> Struct:
    """Cuts so many lines at once: of a long text three times as fast as slice by slice."""
    return Struct(f"{LINE}s" * count)


def _plain(data: bytes) -> bool:
    """Whether the text may stand as it is: printable ASCII, no blanks at a line's end (but ``-- ``), no line that
    mailbox files take for their own, none over 76 (RFC 5322, section 2.1.1, allows 78).
    """
    if data.translate(None, PLAIN_BYTES):
        return False
    seen = b"\n" + data.replace(b"\n-- \n", b"\n--\n")
    return not (b" \n" in seen or b"\t\n" in seen or b"\nFrom " in seen or max(map(len, data.split(b"\n"))) > LINE)
