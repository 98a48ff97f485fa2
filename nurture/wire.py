"""What lines to servers have in common: who may go without encryption, where to, and words made safe."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
import unicodedata
from datetime import UTC, datetime
from typing import Final

import certifi

from nurture.errors import UserError

SECURITIES = ("tls", "starttls", "none")
LONGEST_ANSWER = 300
"""Characters of a server's answer that are kept: enough for the code, the reason and a link."""

_SPACES = re.compile(r"\s+")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


ADDRESSES: Final = 4
"""Addresses of one name that are tried."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Whether an address can only lie in the open internet, also if it is wrapped in another one."""
    address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inner or address
    return address.is_global and not address.is_multicast and not address.is_reserved


async def addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, the preferred first.

    Raises:
        OSError: there is no such name, or nobody answers.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))[:ADDRESSES]


def trust() -> ssl.SSLContext:
    """Certificates that are believed: those of the system, and the usual public ones."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context


def check_security(security: str, host: str) -> None:
    """See to it that no password and no letter crosses a network in the clear.

    Raises:
        UserError: the word is unknown, or ``none`` is asked for a host that is not this machine.
    """
    if security not in SECURITIES:
        raise UserError(
            "{security} is not a kind of security",
            hint="Use tls, starttls, or none (this machine only).",
            security=security,
        )
    if security == "none" and not is_loopback(host):
        raise UserError(
            "without encryption only this machine may be spoken to, not {host}",
            hint="Set security to tls or starttls.",
            host=host,
        )


def one_line(text: str, limit: int = LONGEST_ANSWER) -> str:
    """Foreign words as one line: no control, format or lone surrogate characters, bounded in length."""
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()  # nearly always
    head = text[: limit * 8]
    spaced = _SPACES.sub(" ", head)
    clean = "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"}).strip()
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"


def shown_tls(connection: object) -> tuple[str, datetime | None]:
    """The version of TLS that a connection speaks, and when the other side's certificate ends.

    Args:
        connection: what a transport knows as its ``ssl_object``; None for a line in the clear.
    """
    if not isinstance(connection, ssl.SSLObject | ssl.SSLSocket):
        return "", None
    shown = connection.getpeercert() or {}
    ends = shown.get("notAfter")
    when = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None
    return connection.version() or "", when
