"""Letters out, mails in, and what was on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Collection, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from nurture.config import MailboxSettings
    from nurture.core.change import Cursor
    from nurture.core.ids import MailboxId
    from nurture.core.sending import Letter, NoLine, Outcome


class Trace(Protocol):
    """What was on the wire, known even if this process is killed."""

    def begin(self, by: str) -> None:
        """Start anew, as the daemon of that name."""
        ...

    def leaving(self, header_ids: Iterable[str]) -> None:
        """Note letters before a server could deliver them.

        Raises:
            OSError: it cannot be noted; then they must not leave.
        """
        ...

    def accepted(self, header_id: str) -> None:
        """Note that a server took this letter: its answer to the final dot was yes. Never raises."""
        ...

    def settled(self) -> None:
        """Nothing is on the wire, and every outcome is written: what was noted may be forgotten."""
        ...

    def left(self, by: str) -> frozenset[str] | None:
        """The letters that the daemon of that name noted; None: nobody knows."""
        ...

    def taken(self, by: str) -> frozenset[str]:
        """Those of them that a server took for certain."""
        ...


class Sender(Protocol):
    """Letters out. Never raises for what a server says or does: that is the Outcome."""

    async def send(self, letter: Letter) -> Outcome:
        """Hand one letter to the server of its mailbox and wait for the answer to the final dot."""
        ...

    async def send_all(
        self,
        letters: Sequence[Letter],
        *,
        leaving: Callable[[Sequence[Letter]], None],
        done: Callable[[Letter, Outcome], None],
        stop: asyncio.Event | None = None,
        holds: Callable[[Letter], bool] | None = None,
    ) -> None:
        """Hand over letters of one mailbox, in order, over as many connections as are worth it.

        Args:
            letters: all of the same mailbox.
            leaving: called before the first byte is written after which a server could deliver one of those
                it is given. Must not raise.
            done: called exactly once for each letter, as its answer is known. A letter for which there was no
                line at all, or that was not begun when ``stop`` was set or the line went away, is
                ``UNTOUCHED``: its attempt does not count. Must not raise.
            stop: when set, the letters on the wire get their answers and no more is begun.
            holds: asked of each letter when its turn comes; where what was known of it does not hold any more,
                it is not begun, and ``UNTOUCHED``. Must not raise.
        """
        ...

    def no_line(self, mailbox_id: MailboxId) -> NoLine | None:
        """Why there is no connection for a mailbox, and when one is tried again; None when all seems well.

        Ask before claiming: until ``seconds`` are over, ``send_all`` answers ``UNTOUCHED`` to everything.
        """
        ...

    async def close(self) -> None:
        """Say goodbye on every connection."""
        ...


class Access(Protocol):
    """Access tokens for mail servers that take no password."""

    async def access(self, box: MailboxSettings) -> str:
        """A token that holds now.

        Raises:
            UserError: nobody has consented yet.
            PermanentFailure: there are no more; somebody must consent again.
            TemporaryFailure: the provider cannot be reached.
        """
        ...

    def refused(self, token: str) -> None:
        """A server did not take this one: give another the next time."""
        ...


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail as the server holds it."""

    folder: str
    uid: int
    raw: bytes
    received_at: datetime  # INTERNALDATE, UTC
    cut: bool = False  # longer than the cap: only its beginning is here
    junk: bool = False  # it lies among the spam


@dataclass(frozen=True, slots=True)
class Fetched:
    """Mails after a cursor, ascending by uid within a folder, and the cursors that stand after them."""

    mails: tuple[RawMail, ...]
    cursors: tuple[Cursor, ...]
    more: bool = False  # the limit was reached: fetch again before calling the mailbox read


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail lies; the uid counts only as long as the folder has this ``uidvalidity``."""

    folder: str
    uidvalidity: int
    uid: int


class Mailbox(Protocol):
    """One mailbox on an IMAP server. Nothing in it is deleted, moved or marked read, but by ``put_away``."""

    async def fetch(self, cursors: Sequence[Cursor], limit: int) -> Fetched:
        """New mails of all folders. Without a cursor for a folder, reading starts from now, or some days back.

        Raises:
            TemporaryFailure: no connection, or it broke; calling again connects anew.
            PermanentFailure: the server refuses the login or does not have the folder.
        """
        ...

    def listening(self) -> AbstractAsyncContextManager[asyncio.Event]:
        """While open, the event is set when the server says that something is new, or the line breaks."""
        ...

    async def put_away(self, places: Sequence[Place]) -> None:
        """Mark as read, or move, mails that are recorded, if that is configured; and what could not be before.

        Raises:
            TemporaryFailure, PermanentFailure: as ``fetch``; the rest is done with the next call.
        """
        ...

    async def keep_sent(self, data: bytes, at: datetime) -> None:
        """Append a copy to the Sent folder, if one is configured.

        Raises:
            TemporaryFailure, PermanentFailure: as ``fetch``.
        """
        ...

    async def sent(self, header_ids: Collection[str]) -> frozenset[str]:
        """Which of these Message-IDs lie in the Sent folder; none where the account has no such folder.

        Raises:
            TemporaryFailure, PermanentFailure: as ``fetch``.
        """
        ...

    async def close(self) -> None:
        """Log out."""
        ...
