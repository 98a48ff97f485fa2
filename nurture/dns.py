"""The domain name system (``ports.Resolver``), over dnspython.

Names and texts come from strangers: they are bounded, and shown only through ``wire.one_line``.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename

from nurture.errors import TemporaryFailure
from nurture.wire import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST: Final = 50
"""Records of one answer that are looked at."""
LONGEST: Final = 4_000
"""Characters of a text that are looked at."""


class DnsResolver:
    """Asks the servers that the system asks.

    Args:
        seconds: for one question, all tries together.
        servers: addresses to ask instead.
        port: theirs.
    """

    def __init__(self, seconds: float = 5.0, servers: Sequence[str] = (), port: int = 53) -> None:
        self._configured = bool(servers)
        self._servers, self._port, self._seconds = list(servers), port, seconds
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def texts(self, name: str) -> tuple[str, ...]:
        """See ``ports.Resolver``."""
        found = await self._ask(name, "TXT")
        return tuple(b"".join(record.strings).decode("utf-8", "replace")[:LONGEST] for record in found)

    async def addresses(self, name: str) -> tuple[str, ...]:
        """See ``ports.Resolver``."""
        found = [*await self._ask(name, "A"), *await self._ask(name, "AAAA")]
        return tuple(str(record.address) for record in found)

    async def exchangers(self, name: str) -> tuple[tuple[int, str], ...]:
        """See ``ports.Resolver``."""
        found = await self._ask(name, "MX")
        return tuple(sorted((int(record.preference), _plain(record.exchange)) for record in found))

    async def names(self, address: str) -> tuple[str, ...]:
        """See ``ports.Resolver``."""
        try:
            reverse = dns.reversename.from_address(str(ipaddress.ip_address(address)))
        except ValueError:
            return ()
        return tuple(_plain(record.target) for record in await self._ask(str(reverse), "PTR"))

    async def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            answer = await self._open().resolve(name, kind, lifetime=self._seconds, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (
            dns.name.NameTooLong,
            dns.name.LabelTooLong,
            dns.name.EmptyLabel,
            dns.name.BadEscape,
            UnicodeError,
        ):
            return []  # no such name can exist
        except (dns.exception.DNSException, OSError) as problem:
            raise TemporaryFailure(
                "the DNS does not answer for {name} ({kind}): {problem}",
                name=one_line(name, 100),
                kind=kind,
                problem=_words(problem),
            ) from None
        return list(answer)[:MOST]

    def _open(self) -> dns.asyncresolver.Resolver:
        if self._resolver is None:
            made = dns.asyncresolver.Resolver(configure=not self._configured)  # reads /etc/resolv.conf
            if self._configured:
                made.nameservers, made.port = self._servers, self._port
            self._resolver = made
        return self._resolver


def _plain(name: dns.name.Name) -> str:
    return str(name).rstrip(".").lower()[:255]


def _words(problem: Exception) -> str:
    if isinstance(problem, dns.resolver.NoNameservers):
        return "no server gave an answer"
    if isinstance(problem, dns.exception.Timeout):
        return "time-out"
    return type(problem).__name__
