"""The working folder as those see it who keep it (``ports.Shelf``): which file says what. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nurture.core.books import Book
from nurture.files.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nurture.core.feeds import FeedState, Subscription
    from nurture.files.calendar import Found
    from nurture.files.library import FileLibrary


@dataclass(frozen=True, slots=True)
class FileShelf:
    """The files behind a library.

    Args:
        library: reads them.
        folder: the working folder; paths are said from here.
        country: whose public holidays count where no file says so.
        state: how the last look at a subscription went.
    """

    library: FileLibrary
    folder: Path
    country: str
    state: Callable[[Subscription], FeedState | None]

    def books(self) -> tuple[Book, ...]:
        """See ``ports.Shelf``."""
        found = [self._book(one) for one in self.library.every_calendar()]
        holidays = f"{self.country.lower()}-holidays"
        if any(book.calendar.id == holidays for book in found):
            return tuple(found)
        return (Book(self.library.calendar(holidays)), *found)

    def _book(self, found: Found) -> Book:
        return Book(
            calendar=found.calendar,
            file=self._said(found.path) if found.path is not None else "",
            ships=found.path is not None and found.path.is_relative_to(shipped()) and not self._own(found.path),
            problems=found.problems,
            subscription=found.subscription,
            state=self.state(found.subscription) if found.subscription is not None else None,
        )

    def _own(self, path: Path) -> bool:
        return path.is_relative_to(self.folder)

    def _said(self, path: Path) -> str:
        """A path from the working folder on; of a file that ships, where its copy would lie."""
        for start in (self.folder, shipped()):
            if path.is_relative_to(start):
                return str(path.relative_to(start))
        return path.name
