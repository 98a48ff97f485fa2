"""How good the reader is: measured over a labelled collection of real reports, as ``docs/reading.md`` says.

    python -m tests.mail.measure FOLDER [--errors] [--half first|second]
    python -m tests.mail.measure FOLDER --mutations 20000 [--seed 1]

FOLDER holds ``labels.json`` (file name → kind, and for each recipient status, reason, permanent) and ``mails``.
The halves are drawn by the writer of a report (``lhost-exim-06`` → ``lhost-exim``): what was learnt from one
server's words is measured on another's. With ``--mutations`` the mails of any folder are torn and filled with
rubbish, and only faults and time are counted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nurture.core.reading import Kind
from nurture.mail.reading import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nurture.core.reading import Reading

REPORTS = frozenset({Kind.BOUNCE, Kind.DELAY})
ABSENT = frozenset({"suspend"})
"""What others call soft and ``nurture`` may not: the address of a disabled account is no good."""


@dataclass
class Score:
    """Counts, and the files that were read wrongly."""

    bounces: int = 0
    known: int = 0
    others: int = 0
    taken: list[str] = field(default_factory=list)  # what is no bounce and was called one
    missed: list[str] = field(default_factory=list)
    judged: int = 0
    softened: list[str] = field(default_factory=list)  # permanent, and was called temporary
    hardened: list[str] = field(default_factory=list)  # not permanent, and was called so
    disputed: list[str] = field(default_factory=list)  # the same, of a disabled account
    faults: list[str] = field(default_factory=list)
    rows: int = 0
    rows_found: int = 0

    @property
    def recognised(self) -> float:
        """The share of bounces that were seen to be such."""
        return self.known / max(1, self.bounces)

    @property
    def right(self) -> float:
        """Hard told from soft, by file; disabled accounts left out."""
        wrong = len(self.softened) + len(self.hardened)
        return 1 - wrong / max(1, self.judged)

    @property
    def right_strictly(self) -> float:
        """The same, with disabled accounts called soft as some do."""
        wrong = len(self.softened) + len(self.hardened) + len(self.disputed)
        return 1 - wrong / max(1, self.judged + len(self.disputed))

    @property
    def false_permanents(self) -> float:
        """Good addresses that would have been given up, by file; disabled accounts left out."""
        return len(self.hardened) / max(1, self.judged)

    @property
    def false_permanents_strictly(self) -> float:
        """The same, with disabled accounts called soft as some do."""
        return (len(self.hardened) + len(self.disputed)) / max(1, self.judged + len(self.disputed))


def half(name: str) -> str:
    """Which half a file belongs to, by who wrote it."""
    family = name.rpartition("-")[0] or name
    return "first" if hashlib.sha256(family.encode()).digest()[0] % 2 else "second"


def add(score: Score, name: str, label: Mapping[str, Any], reading: Reading) -> None:
    """Count one mail."""
    if "unreadable" in reading.defects:
        score.faults.append(name)
    seen = reading.kind in REPORTS
    if label["kind"] != "bounce":
        score.others += 1
        if seen:
            score.taken.append(name)
        return
    score.bounces += 1
    score.known += seen
    if not seen or reading.bounce is None:
        score.missed.append(name)
        return
    rows = label["rows"]
    score.rows += len(rows)
    score.rows_found += min(len(rows), sum(max(1, len(fate.recipients)) for fate in reading.bounces))
    hard = any(row["permanent"] for row in rows)
    ours = reading.bounce.permanent
    if not hard and any(row["reason"] in ABSENT for row in rows):
        if ours:
            score.disputed.append(name)
        return
    score.judged += 1
    if ours and not hard:
        score.hardened.append(name)
    if hard and not ours:
        score.softened.append(name)


def measure(folder: Path, part: str = "") -> Score:
    """The score over a folder, or over one half of it."""
    score = Score()
    for name, label in sorted(json.loads((folder / "labels.json").read_text()).items()):
        if part in {"", half(name)}:
            add(score, name, label, read((folder / "mails" / name).read_bytes()))
    return score


def lines(title: str, score: Score) -> Iterable[str]:
    """The figures in words."""
    yield (
        f"{title}: {score.known}/{score.bounces} recognised ({score.recognised:.1%}), "
        f"hard or soft {score.right:.1%} of {score.judged}, false permanents {score.false_permanents:.1%}, "
        f"false temporaries {len(score.softened) / max(1, score.judged):.1%}; with disabled accounts as soft "
        f"{score.right_strictly:.1%} and {score.false_permanents_strictly:.1%}; "
        f"recipients {score.rows_found}/{score.rows}; called a bounce {len(score.taken)} of {score.others}; "
        f"faults {len(score.faults)}"
    )


PIECES = (
    *(b"\r\n\r\n", b"\x1b$B", b"\x1b(B", b"=?utf-8?B?", b"?=", b"--", b"> ", b"\x00", b"\xff\xfe", b"=3D="),
    *(b"Content-Type: ", b"message/rfc822\n\n", b"multipart/mixed; boundary=x\n\n--x\n", b"base64"),
    *(b"550 5.1.1 ", b"<a@b.example>", b"On x wrote:\n", b"charset=utf-7", b"&#x;", b"<blockquote>", b"12/5-"),
    *("結構です。".encode(), "お急ぎの場合は".encode("cp932")),
)


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """A mail with pieces torn out, doubled, moved, flipped, or rubbish put in."""
    out = bytearray(raw)
    for _ in range(chance.randint(1, 12)):
        at, length = chance.randrange(len(out) + 1), min(chance.randint(0, 400), 1 + len(out) // 4)
        way = chance.randrange(6)
        if way == 0:
            del out[at : at + length]
        elif way == 1:
            out[at:at] = chance.choice(PIECES) * chance.choice((1, 1, 2, 40))
        elif way == 2:
            out[at:at] = out[at : at + length]
        elif way == 3:
            out[at:at] = chance.randbytes(length % 40)
        elif way == 4:
            piece = out[at : at + length]
            del out[at : at + length]
            to = chance.randrange(len(out) + 1)
            out[to:to] = piece
        elif out:
            out[at % len(out)] = chance.randrange(256)
    return bytes(out)


def torture(folder: Path, count: int, seed: int) -> tuple[int, float, str]:
    """How many mutations of a folder's mails could not be read, the longest time for one, and whose it was."""
    chance = random.Random(seed)
    mails = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in {".eml", ".txt", ""}]
    held = {path: path.read_bytes() for path in mails}
    faults, longest, whose = 0, 0.0, ""
    for _ in range(count):
        path = chance.choice(mails)
        raw = mutated(held[path], chance)
        began = time.process_time()
        reading = read(raw)
        took = time.process_time() - began
        faults += "unreadable" in reading.defects
        if took > longest:
            longest, whose = took, path.name
    return faults, longest, whose


def main() -> None:
    """Print the figures of a folder, and on request the files that were read wrongly."""
    parser = argparse.ArgumentParser(description="measure the reader over labelled reports")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--errors", action="store_true", help="name the files that were read wrongly")
    parser.add_argument("--half", choices=["first", "second"], default="", help="only one half, by writer")
    parser.add_argument("--mutations", type=int, default=0, help="read so many torn mails of the folder instead")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.mutations:
        faults, longest, whose = torture(args.folder, args.mutations, args.seed)
        print(f"{args.mutations} mutations, seed {args.seed}: {faults} faults, longest {longest:.3f} s ({whose})")
        return
    score = measure(args.folder, args.half)
    for line in lines(args.half or "all", score):
        print(line)
    if args.errors:
        for what in ("missed", "taken", "softened", "hardened", "disputed", "faults"):
            print(f"{what}: {' '.join(getattr(score, what))}")


if __name__ == "__main__":
    main()
