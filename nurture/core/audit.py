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


ERASED: Final = "erased"
"""In the data of a line out of which a person was erased: the digest that the line had."""
REDACTION: Final = "person.erased"
"""The line that tells of it; ``lines`` of its data names the lines that were changed: 12-14,20."""


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
    """The digest of one line: 32 bytes, the same on every database; of an erased one, that of what it said.

    Whether a line may call itself erased is asked of the lines that tell of it (``named``).
    """
    if (before := entry.data.get(ERASED)) is not None:
        return bytes.fromhex(str(before))
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


def spans(seqs: Iterable[int]) -> str:
    """Numbers of lines as the line that tells of an erasure names them: 12-14,20."""
    found: list[tuple[int, int]] = []
    for seq in sorted(seqs):
        if found and found[-1][1] == seq - 1:
            found[-1] = (found[-1][0], seq)
        else:
            found.append((seq, seq))
    return ",".join(f"{low}-{high}" if high > low else f"{low}" for low, high in found)


def named(told: Iterable[Entry]) -> list[tuple[int, int]]:
    """The lines that erasures name, as pairs of first and last.

    Raises:
        ValueError: one of them does not read so.
    """
    parts = [part for line in told for part in str(line.data.get("lines", "")).split(",") if part]
    return [(int(low), int(high or low)) for low, _, high in (part.partition("-") for part in parts)]
