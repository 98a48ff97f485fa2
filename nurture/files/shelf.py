"""The working folder as those see it who keep it (``ports.Shelf``): which file says what. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nurture.core.books import Book, Rewritten, Script
from nurture.core.problem import Problem
from nurture.errors import UserError, UserErrors
from nurture.files import calendar_edit, yaml
from nurture.files.scenario import check_scenario
from nurture.files.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date
    from pathlib import Path

    from nurture.core.calendar import CalendarEntry
    from nurture.core.draft import Brief, Filled
    from nurture.core.feeds import FeedState, Subscription
    from nurture.core.scenario import Scenario
    from nurture.files.calendar import Found
    from nurture.files.library import FileLibrary
    from nurture.files.yaml import Document


@dataclass(frozen=True, slots=True)
class _Read:
    """What a scenario file said when it was as old as ``stamp``."""

    stamp: tuple[int, int]
    scenario: Scenario | None = None
    document: Document | None = None
    problems: tuple[Problem, ...] = ()


def _nothing(_scenario: Scenario, _document: Document) -> tuple[Problem, ...]:
    return ()


def _no_fields(_brief: Brief) -> tuple[Filled, ...]:
    return ()


def _look(path: Path, said: str, stamp: tuple[int, int]) -> _Read:
    try:
        scenario, problems = check_scenario(path, file=said)
        return _Read(stamp, scenario, yaml.read(path, file=said), problems)
    except UserError as error:
        each = error.errors if isinstance(error, UserErrors) else (error,)
        return _Read(stamp, problems=tuple(Problem(one) for one in each))


def _by_line(problem: Problem) -> tuple[int, int]:
    where = problem.error.where
    return (where.line or 0, where.column or 0) if where else (0, 0)


@dataclass(frozen=True, slots=True)
class FileShelf:
    """The files behind a library.

    Args:
        library: reads them.
        folder: the working folder; paths are said from here.
        country: whose public holidays count where no file says so.
        state: how the last look at a subscription went.
        checks: what a scenario says about other files, and is not so.
        fields: what a template reads, for one mail.
    """

    library: FileLibrary
    folder: Path
    country: str
    state: Callable[[Subscription], FeedState | None]
    checks: Callable[[Scenario, Document], Iterable[Problem]] = _nothing
    fields: Callable[[Brief], tuple[Filled, ...]] = _no_fields
    _read: dict[Path, _Read] = field(default_factory=dict, init=False, repr=False)

    def books(self) -> tuple[Book, ...]:
        """See ``ports.Shelf``."""
        found = [self._book(one) for one in self.library.every_calendar()]
        holidays = f"{self.country.lower()}-holidays"
        if any(book.calendar.id == holidays for book in found):
            return tuple(found)
        return (Book(self.library.calendar(holidays)), *found)

    def scripts(self) -> tuple[Script, ...]:
        """See ``ports.Shelf``. A file is read again when it has changed, what it says of others looked at anew."""
        return tuple(self._script(path) for path in self.library.scenario_files())

    def _script(self, path: Path) -> Script:
        stamp = path.stat().st_mtime_ns, path.stat().st_size
        known = self._read.get(path)
        if known is None or known.stamp != stamp:
            known = self._read[path] = _look(path, self._said(path), stamp)
        found = known.problems
        if known.scenario is not None and known.document is not None:
            found = (*found, *self.checks(known.scenario, known.document))
        return Script(self._said(path), known.scenario, tuple(sorted(found, key=_by_line)), self._ships(path))

    def filled(self, brief: Brief) -> tuple[Filled, ...]:
        """See ``ports.Shelf``."""
        return self.fields(brief)

    def lines(self, entry: CalendarEntry) -> str:
        """See ``ports.Shelf``."""
        return calendar_edit.entry_lines(entry)

    def confirmed(self, named: str, start: date | None, end: date | None, source: str) -> Rewritten:
        """See ``ports.Shelf``."""
        name, before, after = confirmation(self.library, named, start, end, source)
        return Rewritten(f"calendars/{name}", before, after)

    def _book(self, found: Found) -> Book:
        return Book(
            calendar=found.calendar,
            file=self._said(found.path) if found.path is not None else "",
            ships=found.path is not None and self._ships(found.path),
            problems=found.problems,
            subscription=found.subscription,
            state=self.state(found.subscription) if found.subscription is not None else None,
        )

    def _ships(self, path: Path) -> bool:
        return path.is_relative_to(shipped()) and not path.is_relative_to(self.folder)

    def _said(self, path: Path) -> str:
        """A path from the working folder on; of a file that ships, where its copy would lie."""
        for start in (self.folder, shipped()):
            if path.is_relative_to(start):
                return str(path.relative_to(start))
        return path.name


def confirmation(
    library: FileLibrary, named: str, start: date | None, end: date | None, source: str
) -> tuple[str, str, str]:
    """A calendar file's name, its text, and the text in which an entry is confirmed.

    Args:
        library: where the entry is looked for.
        named: ``jp-medical/jrc-2027``.
        start: the first day; None: as it stands.
        end: the last day; None: as it stands, or the first day where that was given.
        source: where it says so; "" leaves what stands there.

    Raises:
        UserError: there is no such entry, it is none that can be confirmed, or its days do not fit.
    """
    calendar_id, sign, entry_id = named.partition("/")
    if not sign:
        raise UserError("name the entry with its calendar: jp-medical/jrc-2028", hint="see: nurture calendar due")
    found = next((one for one in library.every_calendar() if one.calendar.id == calendar_id), None)
    if found is None:
        library.calendar(calendar_id)  # says what there is
        raise UserError("the public holidays are not a file; write a calendar that adds to them")
    known = next((one for one in found.calendar.entries if one.id == entry_id), None)
    if known is None:
        raise UserError(
            "there is no entry {entry}",
            hint="see: nurture calendar show --calendar {calendar}",
            entry=named,
            calendar=calendar_id,
        )
    if found.document is None or found.path is None or found.document.at(("entries",)) is None:
        raise UserError(
            "{entry} is an event of an iCalendar file, which others write",
            hint="write a calendar with ical: and beneath entries one of this id: it replaces the event",
            entry=named,
        )
    first = start or known.start
    last = end or (known.end if known.end and not start else None) or first
    if first is None or last is None:
        raise UserError(
            "{entry} is a habit of each year; a habit is not confirmed",
            hint="write a second entry with the dates of that year",
            entry=entry_id,
        )
    if last < first:
        raise UserError("the last day lies before the first")
    wanted = calendar_edit.Confirmed(first, last, source.strip())
    text = calendar_edit.confirmed_text(found.document, entry_id, wanted, found.path.parent)
    return found.path.name, found.document.text, text
