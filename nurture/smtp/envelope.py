"""What a letter looks like on the wire: its commands and its text. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nurture.core.sending import Verdict
from nurture.smtp.line import Ending

if TYPE_CHECKING:
    import aiosmtplib

    from nurture.core.sending import Letter

_LINE_END = re.compile(rb"\r\n|\n|\r")
_IS_LF = bytes(byte == 0x0A for byte in range(256))
_IS_CR = bytes(byte == 0x0D for byte in range(256))
_UNFIT = re.compile(r"[\x00-\x20\x7f<>]")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The commands of one letter without their line ends, and its text but for the final dot."""

    mail: bytes
    rcpt: bytes
    text: bytes


def envelope(client: aiosmtplib.SMTP, letter: Letter) -> Envelope:
    """What to say to this server for this letter.

    Raises:
        Ending: an address is none, or the server has said that it cannot take such a letter.
    """
    text = payload(letter.data)
    try:
        sender = ascii_domain(letter.sender)
    except ValueError:
        raise Ending(Verdict.REFUSED, "the sender is not a mail address", usable=True) from None
    try:
        recipient = ascii_domain(letter.recipient)
    except ValueError:
        raise Ending(Verdict.REFUSED_RECIPIENT, "the recipient is not a mail address", usable=True) from None
    options = ""
    if not (sender.isascii() and recipient.isascii()):  # RFC 6531
        if not client.supports_extension("smtputf8"):
            raise Ending(Verdict.REFUSED, "the server cannot do international addresses (SMTPUTF8)", usable=True)
        options = " SMTPUTF8"
    if not text.isascii():  # RFC 6152
        if not client.supports_extension("8bitmime"):
            raise Ending(Verdict.REFUSED, "the server takes 7-bit mail only (no 8BITMIME)", usable=True)
        options += " BODY=8BITMIME"
    if client.supports_extension("size"):  # RFC 1870
        most = client.esmtp_extensions.get("size", "")
        if most.isdecimal() and 0 < int(most) < len(text):
            raise Ending(
                Verdict.REFUSED, f"the letter has {len(text)} bytes, the server takes {most}", usable=True
            )
        options += f" SIZE={len(text)}"
    return Envelope(f"MAIL FROM:<{sender}>{options}".encode(), f"RCPT TO:<{recipient}>".encode(), text)


def ascii_domain(address: str) -> str:
    """The address with its domain as the wire wants it (RFC 5890); the local part is left as it is.

    Raises:
        ValueError: it is no address.
    """
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or _UNFIT.search(address):
        raise ValueError("not an address")
    if domain.isascii():
        return address
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def payload(data: bytes) -> bytes:
    """The text as it crosses the wire but for the final dot: CRLF only, dots doubled (RFC 5321, 4.5.2)."""
    # Each LF behind a CR, each CR before an LF: two tables and a comparison, faster than any search.
    if data[:1] == b"\n" or data[-1:] == b"\r" or data.translate(_IS_LF)[1:] != data.translate(_IS_CR)[:-1]:
        data = _LINE_END.sub(b"\r\n", data)
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    if data.startswith(b"."):
        data = b"." + data
    return data.replace(b"\r\n.", b"\r\n..")
