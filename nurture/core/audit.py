"""Seals over the journal: what was written down cannot be changed afterwards without it being seen.

A seal covers a run of lines and names the digest of the seal before it, so that the last digest stands for
everything. Whoever noted a digest somewhere else (it is in the log, on paper, in a mail) can say later whether
the journal is still the one of that day; without such a note, somebody who rewrites lines *and* all seals behind
them is not found out. Each line is digested by itself first, so that a line that must be erased can leave its
digest behind.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from nurture.core.messages import Entry

NOTHING: Final = hashlib.sha256(b"nurture journal").hexdigest()
"""What the first seal names as the one before it."""


@dataclass(frozen=True, slots=True)
class Seal:
    """One run of the journal's lines. ``id`` is the number of its first line, so that no two begin alike."""

    id: str
    first: int
    last: int
    lines: int
    previous: str  # digest of the seal before: SHA-256, as hexadecimal digits
    digest: str
    made_at: datetime
    version: int = 0


def leaf(entry: Entry) -> bytes:
    """The digest of one line: 32 bytes, the same on every database."""
    line = [
        entry.seq,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.kind,
        entry.actor,
        entry.data,
        entry.person_id,
        entry.organisation_id,
        entry.deal_id,
        entry.enrollment_id,
        entry.message_id,
    ]
    said = json.dumps(line, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=dict)
    return hashlib.sha256(said.encode("ascii")).digest()


def digest(previous: str, leaves: Iterable[bytes]) -> str:
    """The digest of a seal over lines whose digests these are."""
    found = hashlib.sha256(bytes.fromhex(previous))
    for each in leaves:
        found.update(each)
    return found.hexdigest()


def seal(before: Seal | None, lines: Sequence[Entry], now: datetime) -> Seal:
    """The next seal, over all these lines (at least one, in order, the first behind the seal before)."""
    first = before.last + 1 if before else 1
    previous = before.digest if before else NOTHING
    found = digest(previous, map(leaf, lines))
    return Seal(f"{first:020}", first, lines[-1].seq, len(lines), previous, found, now)


def fault(made: Seal, before: Seal | None, lines: Sequence[Entry]) -> str:
    """What is wrong with a seal whose lines now read so, as a stable word; empty: nothing.

    ``chain``: it does not follow the one before. ``added``, ``removed``: not as many lines as it covers.
    ``changed``: a line says something else, or the seal does.
    """
    if (made.first, made.previous) != ((before.last + 1, before.digest) if before else (1, NOTHING)):
        return "chain"
    if made.id != f"{made.first:020}":
        return "changed"
    if len(lines) != made.lines:
        return "added" if len(lines) > made.lines else "removed"
    return "" if digest(made.previous, map(leaf, lines)) == made.digest else "changed"
