"""How fast mails are read, beside what the standard library takes to part the same bytes.

Rounds over all mails alternate between the two, so that both have the same company on the machine; each mail is
read anew in each round, nothing is remembered between them. The factor compares the processor's time of the two.
"""

from __future__ import annotations

import email
import email.policy
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture.errors import UserError
from nurture.mail.reading import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_BYTES: Final = 512 * 1024 * 1024
"""Of the mails of a place that are held in memory; what is beyond it is left out."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What it took. Times are those of the processor, in seconds."""

    what: str
    mails: int
    bytes: int
    rounds: int
    seconds: float  # over all rounds
    baseline: float  # of the standard library's parser, over as many
    slowest: str  # the mail that took longest in the first round
    slowest_seconds: float
    shortened: bool = False  # not all mails of the place were held

    @property
    def per_second(self) -> float:
        """Mails read in a second."""
        return self.mails * self.rounds / self.seconds if self.seconds else 0.0

    @property
    def baseline_per_second(self) -> float:
        """Mails parted by the standard library in a second."""
        return self.mails * self.rounds / self.baseline if self.baseline else 0.0

    @property
    def factor(self) -> float:
        """Our time in times of the baseline."""
        return self.seconds / self.baseline if self.baseline else 0.0


def measure(what: str, mails: Iterable[tuple[str, bytes]], *, seconds: float) -> Measured:
    """Read all mails of a place in rounds until the time given is used up; at least two rounds.

    Raises:
        UserError: there is no mail.
    """
    held: list[tuple[str, bytes]] = []
    size, shortened = 0, False
    for path, raw in mails:
        if held and size + len(raw) > MOST_BYTES:
            shortened = True
            break
        held.append((path, raw))
        size += len(raw)
    if not held:
        raise UserError("there is no mail in {path}", path=what)
    slowest = max(((_one(raw), path) for path, raw in held), default=(0.0, ""))
    letters = [raw for _, raw in held]
    _parted(letters)
    rounds, ours, theirs = 0, 0.0, 0.0
    while rounds < 2 or ours + theirs < seconds:
        ours += _read(letters)
        theirs += _parted(letters)
        rounds += 1
    return Measured(what, len(held), size, rounds, ours, theirs, slowest[1], slowest[0], shortened)


def _one(raw: bytes) -> float:
    began = time.process_time()
    read(raw)
    return time.process_time() - began


def _read(letters: Sequence[bytes]) -> float:
    began = time.process_time()
    for raw in letters:
        read(raw)
    return time.process_time() - began


def _parted(letters: Sequence[bytes]) -> float:
    began = time.process_time()
    for raw in letters:
        email.message_from_bytes(raw, policy=email.policy.default)
    return time.process_time() - began
