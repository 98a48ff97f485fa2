"""The machine and its surroundings: time, chance, names, other web servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime

    from nurture.core.health import Arrived


class Clock(Protocol):
    """Time. The only way to know it and to wait for it."""

    def now(self) -> datetime:
        """The instant, aware, UTC."""
        ...

    async def sleep_until(self, instant: datetime, *wakes: asyncio.Event) -> None:
        """Return at ``instant`` or as soon as one of ``wakes`` is set (they are not cleared here)."""
        ...


class Chance(Protocol):
    """Names and secrets that nobody can guess. The only source of them."""

    def new_id(self) -> str:
        """A new opaque id, unique for ever (at most 40 characters of ``[0-9a-z-]``)."""
        ...

    def secret(self) -> str:
        """A URL-safe secret of at least 160 bits."""
        ...


class Resolver(Protocol):
    """The domain name system. An empty answer is an answer: there is no such record, or no such name."""

    async def texts(self, name: str) -> tuple[str, ...]:
        """TXT records, the pieces of each put together.

        Raises:
            TemporaryFailure: no server answers, or it says that it cannot.
        """
        ...

    async def addresses(self, name: str) -> tuple[str, ...]:
        """A and AAAA records.

        Raises:
            TemporaryFailure: as ``texts``.
        """
        ...

    async def exchangers(self, name: str) -> tuple[tuple[int, str], ...]:
        """MX records, the most preferred first; ``.`` is written as an empty name (RFC 7505).

        Raises:
            TemporaryFailure: as ``texts``.
        """
        ...

    async def names(self, address: str) -> tuple[str, ...]:
        """The names of an address (PTR).

        Raises:
            TemporaryFailure: as ``texts``.
        """
        ...


class Seeker(Protocol):
    """Looks for one mail in an account."""

    async def look(self, header_id: str) -> Arrived | None:
        """Where it lies; None as long as it lies nowhere.

        Raises:
            TemporaryFailure, PermanentFailure: the account cannot be looked into.
        """
        ...

    async def close(self) -> None:
        """Log out."""
        ...
