"""What calendars ask of those who keep them: estimates to confirm, entries that run out, subscriptions that fail.

The files stay the source. A page shows which lines would change, what that would move, and the command that writes
them; it writes nothing.
"""

from __future__ import annotations

import difflib
import re
import shlex
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core import upkeep
from nurture.core.calendar import Calendar, CalendarEntry, Certainty, shifted
from nurture.errors import UserError
from nurture.flows import foresight
from nurture.web.calendar import shelf, whom
from nurture.web.moved import outcome
from nurture.web.whatif import day
from nurture.web.whose import word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from starlette.responses import Response

    from nurture.core.books import Book, Rewritten
    from nurture.core.feeds import FeedState
    from nurture.flows.foresight import Supposed
    from nurture.web.visit import Visit

AHEAD: Final = 365
"""Days that are looked ahead; those within ``upkeep.AHEAD`` are near."""
URL: Final = re.compile(r"https://[^\s;]{1,500}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A calendar: where it stands, how far it reaches, how it is."""

    id: str
    name: str
    file: str
    ships: bool
    entries: int
    last: date | None
    address: str  # of a subscription, without what may be secret
    good_at: datetime | None
    age: str
    error: str
    problems: tuple[str, ...]


async def show(visit: Visit) -> Response:
    """GET /calendar/upkeep."""
    w = visit.w
    books, problems = shelf(visit)
    listed = [book.calendar for book in books]
    files = {book.calendar.id: book.file for book in books}
    near = visit.today + timedelta(days=upkeep.AHEAD)
    return visit.page(
        "upkeep.html",
        problems=problems,
        unconfirmed=[
            {
                "id": f"{one.calendar.id}/{one.entry.id}",
                "name": named(one.entry, w.language),
                "start": one.start,
                "end": one.entry.end or one.start,
                "near": one.start <= near,
                "whom": whom(visit, one.entry.applies_to),
                "source": one.entry.source,
                "file": files[one.calendar.id],
            }
            for one in upkeep.unconfirmed(listed, visit.today, AHEAD)
        ],
        ending=[(one.calendar.id, one.last, files[one.calendar.id]) for one in upkeep.ending(listed, visit.today)],
        kept=[_kept(visit, book) for book in books],
    )


def named(entry: CalendarEntry, language: str) -> str:
    """What people call an entry; its id where nobody said."""
    return entry.name.get(language) or next(iter(entry.name.values()), "") or entry.id


def _kept(visit: Visit, book: Book) -> Kept:
    w, calendar, state = visit.w, book.calendar, book.state
    return Kept(
        id=calendar.id,
        name=calendar.name.get(w.language) or next(iter(calendar.name.values()), calendar.id),
        file=book.file,
        ships=book.ships,
        entries=len(calendar.entries),
        last=upkeep.last_day(calendar),
        address=book.subscription.said if book.subscription else "",
        good_at=state.good_at if state else None,
        age=_age(visit, state) if book.subscription else "",
        error=w(state.error, **state.values) if state is not None and state.error else "",
        problems=tuple(w.error(error) for error in book.problems),
    )


def _age(visit: Visit, state: FeedState | None) -> str:
    """How old the last good copy is."""
    if state is None or state.good_at is None:
        return visit.w("never fetched: it has no events yet")
    hours = max(int((visit.doors.clock.now() - state.good_at).total_seconds() // 3600), 0)
    if hours < 48:
        return visit.w("{hours} hours old", hours=hours)
    return visit.w("{days} days old", days=hours // 24)


# --- confirming one ----------------------------------------------------------------------------------


async def confirm(visit: Visit) -> Response:
    """GET /calendar/confirm?entry=…: what would stand in the file, and what it would move. Nothing is written."""
    books, problems = shelf(visit)
    name = word(visit, "entry")
    if not name:
        return RedirectResponse("/calendar/upkeep", status_code=303)
    book_id, _, entry_id = name.partition("/")
    book = next((one for one in books if one.calendar.id == book_id), None)
    entry = next((one for one in book.calendar.entries if one.id == entry_id), None) if book else None
    if book is None or entry is None:
        raise HTTPException(404)
    said = {key: word(visit, key) for key in ("start", "end")}
    source = word(visit, "source", 500)
    wrong = [visit.w("That is no date: {text}", text=text) for text in said.values() if text and not day(text)]
    new: Rewritten | None = None
    found = None
    if any(said.values()) and not wrong:
        try:
            new = visit.doors.shelf.confirmed(name, day(said["start"]), day(said["end"]), source)
        except UserError as error:
            wrong.append(visit.w.error(error))
        else:
            found = outcome(visit, await _supposed(visit, book_id, entry, day(said["start"]), day(said["end"])))
    return visit.page(
        "confirm.html",
        problems=problems,
        id=name,
        entry=entry,
        called=named(entry, visit.w.language),
        whom=whom(visit, entry.applies_to),
        links=URL.findall(entry.source),
        start=said["start"] or (entry.start.isoformat() if entry.start else ""),
        end=said["end"] or (entry.end.isoformat() if entry.end else ""),
        source=source,
        wrong=wrong,
        file=book.file,
        ships=book.ships,
        lines=list(_difference(new)) if new else [],
        command=_command(name, said["start"], said["end"], source) if new else "",
        found=found,
    )


async def _supposed(
    visit: Visit, book_id: str, entry: CalendarEntry, start: date | None, end: date | None
) -> Supposed:
    first = start or entry.start or visit.today
    last = end or (entry.end if not start else None) or first
    fixed = replace(entry, start=first, end=last, certainty=Certainty.CONFIRMED)
    ends = [day_ for day_ in (entry.start, entry.end, first, last) if day_]
    span = (shifted(min(ends), -entry.before), shifted(max(ends), entry.after))

    def with_it(calendar: Calendar) -> Calendar:
        """The calendar in which the entry is confirmed."""
        entries = tuple(fixed if one.id == entry.id else one for one in calendar.entries)
        return Calendar(calendar.id, entries, calendar.name)

    mine = {} if visit.reader.counts_all else visit.reader.where
    return await foresight.suppose(visit.doors, mine, span, book_id, with_it, entry.applies_to)


def _difference(new: Rewritten) -> Iterator[tuple[str, str]]:
    """The lines that change, with those around: tag and text."""
    tags = {"+": "ins", "-": "del"}
    lines = difflib.unified_diff(new.before.splitlines(), new.after.splitlines(), lineterm="", n=3)
    for number, line in enumerate(lines):
        if number >= 2:  # the first two name files
            yield ("span", line) if line.startswith("@@") else (tags.get(line[:1], "span"), line)


def _command(name: str, start: str, end: str, source: str) -> str:
    words = ["nurture", "calendar", "confirm", name]
    for option, value in (("--start", start), ("--end", end), ("--source", source)):
        words += [option, value] if value else []
    return shlex.join([*words, "--write"])
