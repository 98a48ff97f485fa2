"""What is read from one folder: where reading begins and goes on, and the mails themselves, within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core.change import Again, Cursor
from nurture.imap.splice import spliced
from nurture.imap.syntax import Record, search_date, uid_set
from nurture.ports import RawMail

if TYPE_CHECKING:
    from datetime import datetime

    from nurture.imap.line import Folder, Line

LARGEST_MAIL = 1024 * 1024
"""Bytes of a mail that are read from its beginning; what is longer has a gap before its end (see ``splice``)."""

LONGEST_END = 256 * 1024
"""Bytes that are read from the end of such a mail."""

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes asked for with one FETCH."""

LARGEST_BATCH = 32 * 1024 * 1024
"""Bytes of one ``fetch``, so that a hundred big mails do not fill the memory at once."""

MOST_AT_ONCE = 50
"""Mails asked for with one FETCH."""

RECOVERED = timedelta(days=14)
"""How far back is read again when a folder's uids were renewed, from the day on which it was last read."""

SKEW = timedelta(minutes=10)
"""How far the server's clock may be behind ours."""

DAY = timedelta(days=1)
"""Servers search by their own days: one more is asked for."""


@dataclass(slots=True)
class Batch:
    """What one ``fetch`` has gathered so far."""

    left: int
    bytes_left: int = LARGEST_BATCH
    mails: list[RawMail] = field(default_factory=list)
    cursors: list[Cursor] = field(default_factory=list)
    more: bool = False

    @property
    def full(self) -> bool:
        """Whether no more may be read now."""
        return self.left <= 0 or self.bytes_left <= 0


def first(name: str, folder: Folder, now: datetime, days: int) -> Cursor:
    """Where reading begins: now, or with the mails of some days."""
    begun = now - timedelta(days=days) - SKEW
    if not days:
        return Cursor(name, folder.uidvalidity, folder.uidnext - 1, begun)
    return Cursor(name, folder.uidvalidity, 0, begun, Again(folder.uidnext - 1, begun.date() - DAY))


def renewed(cursor: Cursor, folder: Folder, now: datetime) -> Cursor:
    """Where reading goes on in a folder whose uids are others than before."""
    since = min(cursor.read_on or now.date(), now.date()) - RECOVERED
    if cursor.begun is not None:
        since = max(since, cursor.begun.date() - DAY)
    return Cursor(
        cursor.folder, folder.uidvalidity, 0, cursor.begun, Again(folder.uidnext - 1, since), cursor.read_on
    )


async def unread(line: Line, cursor: Cursor, folder: Folder) -> list[int]:
    """The uids that stand after the cursor, ascending; of those that are read again, the ones of the last days."""
    found: list[int] = []
    low, again = cursor.uid + 1, cursor.again
    if again is not None and low <= again.to:
        found = await line.search("UID", f"{low}:{again.to}", "SINCE", search_date(again.since))
        low = again.to + 1
    if low < folder.uidnext:
        # "n:*" always matches the last mail, even when its uid is below n (RFC 3501, 6.4.8)
        found += [uid for uid in await line.search("UID", f"{low}:*") if uid >= low]
    return found


async def take(line: Line, cursor: Cursor, uids: list[int], batch: Batch, now: datetime, *, junk: bool) -> int:
    """Read mails into the batch until it is full; returns the last uid that was dealt with, 0 for none."""
    done = 0
    wanted = uids[: batch.left]
    for low in range(0, len(wanted), MOST_AT_ONCE):
        part = wanted[low : low + MOST_AT_ONCE]
        heads = {record.uid: record for record in await line.fetch(part, "(UID RFC822.SIZE)") or ()}
        for group in _groups(part, heads):
            if batch.full:
                return done
            for record in await _bodies(line, group):
                if _is_before(record, cursor):
                    continue
                body, whole = record.body or b"", record.whole
                if len(body) >= LARGEST_MAIL:
                    head = heads.get(record.uid)
                    body, whole = await _with_its_end(line, record.uid, body, head.size if head else None)
                batch.mails.append(
                    RawMail(
                        folder=cursor.folder,
                        uid=record.uid,
                        raw=body,
                        received_at=record.received_at or now,
                        cut=not whole,
                        junk=junk,
                    )
                )
                batch.left -= 1
                batch.bytes_left -= len(body)
            done = group[-1]
    return done


def _is_before(record: Record, cursor: Cursor) -> bool:
    """Whether a mail that is read again came before we began: a day is as exact as a search can be."""
    again, begun = cursor.again, cursor.begun
    return (
        again is not None
        and record.uid <= again.to
        and begun is not None
        and record.received_at is not None
        and record.received_at < begun
    )


def _groups(uids: list[int], heads: dict[int, Record]) -> list[list[int]]:
    """Mails that fit into one answer together. An unknown size counts as the largest."""
    groups: list[list[int]] = []
    room = 0
    for uid in uids:
        head = heads.get(uid)
        size = min(head.size, LARGEST_MAIL) if head and head.size is not None else LARGEST_MAIL
        if not groups or size > room:
            groups.append([])
            room = LARGEST_ANSWER
        groups[-1].append(uid)
        room -= size
    return groups


async def _bodies(line: Line, uids: list[int]) -> list[Record]:
    """The mails themselves, ascending. What was expunged meanwhile is missing; nothing else is."""
    found = await line.fetch(uids, f"(UID INTERNALDATE BODY.PEEK[]<0.{LARGEST_MAIL}>)")
    given = [record for record in found or () if record.body is not None]
    missing = sorted({*uids} - {record.uid for record in given})
    if missing and found is not None:
        missing = sorted({*missing} & {*await line.search("UID", uid_set(missing))})
    if len(uids) == 1:
        given += [await _what_there_is(line, uid) for uid in missing]
    else:
        given += [record for uid in missing for record in await _bodies(line, [uid])]
    return sorted(given, key=lambda record: record.uid)


async def _with_its_end(line: Line, uid: int, start: bytes, size: int | None) -> tuple[bytes, bool]:
    """A long mail with its end, and whether that is all of it. ``size``: as the server tells it, which may err."""
    start = start[:LARGEST_MAIL]
    if size is None or size <= LARGEST_MAIL:
        return start, size is not None and size == len(start)
    at = max(LARGEST_MAIL, size - LONGEST_END)
    for record in await line.fetch([uid], f"(UID BODY.PEEK[]<{at}.{LONGEST_END}>)") or ():
        end = (record.body or b"")[:LONGEST_END]
        if at == LARGEST_MAIL and len(end) < LONGEST_END:
            return start + end, True
        return spliced(start, end), False
    return start, False


async def _what_there_is(line: Line, uid: int) -> Record:
    """Of a mail whose text is not to be had: its header and when it came, or one of the two, or neither."""
    for items in (f"(UID INTERNALDATE BODY.PEEK[HEADER]<0.{LARGEST_MAIL}>)", "(UID INTERNALDATE)"):
        for record in await line.fetch([uid], items) or ():
            return replace(record, whole=False)
    return Record(uid, whole=False)
