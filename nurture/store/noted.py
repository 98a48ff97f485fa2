"""Which enrollments this process has written lately, so that a letter of one that has is not begun unseen.

A letter leaves on what was known when it was claimed. What is committed here between then and its turn may have
called its approval back: an answer of a colleague, say, that is read while the letter waits behind others of its
batch. To ask the database once more for each letter would cost what a claim costs; this is one look into a
dictionary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core.messages import Enrollment

if TYPE_CHECKING:
    from nurture.core.change import Change
    from nurture.core.ids import EnrollmentId

MOST: Final = 20_000
"""Enrollments that are remembered; of what was written before them it is said that it may have been touched."""


class Noted:
    """Of one store of one process. ``count`` grows with each commit that touches an enrollment."""

    def __init__(self, most: int = MOST) -> None:
        self.count = 0
        self._last: dict[EnrollmentId, int] = {}
        self._most = most
        self._forgotten = 0  # the count up to which nothing is known any more

    def note(self, change: Change) -> None:
        """It was committed, or may have been."""
        touched = [put.id for put in change.puts if isinstance(put, Enrollment)]
        if not touched:
            return
        self.count += 1
        for key in touched:
            self._last.pop(key, None)  # the order is that of writing
            self._last[key] = self.count
        while len(self._last) > self._most:
            self._forgotten = self._last.pop(next(iter(self._last)))

    def touched(self, key: EnrollmentId, since: int) -> bool:
        """Whether it was written after ``count`` was ``since``; also when that is not known any more."""
        return self.count > since and (since < self._forgotten or self._last.get(key, 0) > since)
