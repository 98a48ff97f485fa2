"""A DNS server on loopback: a real port, answers that a test says."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SILENT = "silent"
"""An answer that never comes."""
BROKEN = "broken"
"""SERVFAIL."""


@dataclass
class Names:
    """A running server. ``records``: by name and type, as they stand in a zone file; or ``SILENT``, ``BROKEN``."""

    port: int = 0
    records: dict[tuple[str, str], list[str] | str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, kind: str, *texts: str) -> None:
        """Records of one name and type."""
        self.records[name, kind] = [_pieces(text) if kind == "TXT" and '"' not in text else text for text in texts]

    def answer(self, data: bytes) -> bytes | None:
        """The answer to one question."""
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = str(question.name).rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        found = self.records.get((name, kind), [])
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        if found == SILENT:
            return None
        if found == BROKEN:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif found:
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire(max_size=4096)


def _pieces(text: str) -> str:
    """A text as a zone file has it: in pieces of at most 255 octets (RFC 1035, 3.3)."""
    return " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, names: Names) -> None:
        self.names = names

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if (answer := self.names.answer(data)) is not None:
            self.transport.sendto(answer, addr)


@asynccontextmanager
async def serving() -> AsyncIterator[Names]:
    """A server on a free UDP port, for as long as the block lasts."""
    names = Names()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Protocol(names), local_addr=("127.0.0.1", 0))
    try:
        names.port = transport.get_extra_info("sockname")[1]
        yield names
    finally:
        transport.close()
