"""What if there were a congress: which planned mails would move, and the lines for a calendar file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from nurture import explain
from nurture.core.calendar import AppliesTo, Calendar, CalendarEntry, Certainty, Effect, shifted
from nurture.core.people import ROLES
from nurture.flows import foresight
from nurture.reports import days, year
from nurture.web.calendar import LEAST, MOST, shelf
from nurture.web.moved import outcome
from nurture.web.whose import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from nurture.core.books import Book
    from nurture.web.visit import Visit

EFFECTS: Final = (Effect.BLACKOUT, Effect.NO_APPOINTMENT, Effect.REDUCE)
LONGEST: Final = timedelta(days=92)
WIDEST: Final = 14
"""Days before and after that a form may ask for."""
CHOSEN: Final = 60
"""So many roles or specialties an address may name."""


@dataclass(slots=True)
class Asked:
    """The form as it was sent. ``wrong``: what cannot be, in words; ``entry``: what it comes to."""

    name: str = ""
    start: str = ""
    end: str = ""
    effect: Effect = Effect.BLACKOUT
    roles: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    before: int = 1
    after: int = 1
    calendar: str = ""
    wrong: list[str] = field(default_factory=list)
    entry: CalendarEntry | None = None


async def show(visit: Visit) -> Response:
    """GET /calendar/what-if: the form, and when it was filled in what would follow. Nothing is changed."""
    books, problems = shelf(visit)
    writable = [book for book in books if book.file.endswith((".yaml", ".yml")) and book.subscription is None]
    asked = _asked(visit, writable)
    book = next((one for one in writable if one.calendar.id == asked.calendar), None)
    found, lines = None, ""
    if asked.entry is not None and book is not None:
        lines = visit.doors.shelf.lines(asked.entry)
        found = outcome(visit, await _supposed(visit, asked.entry, book))
    w = visit.w
    listed = [one.calendar for one in books]
    fields = [(one, explain.specialty(w, one)) for one in year.specialties(listed)]
    return visit.page(
        "what_if.html",
        asked=asked,
        problems=problems,
        book=book,
        books=writable,
        found=found,
        lines=lines,
        effects=[(effect, w(days.MEANINGS[effect])) for effect in EFFECTS],
        roles=[(role, explain.role(w, role)) for role in year.roles(listed, ROLES)],
        specialties=sorted(fields, key=lambda pair: pair[1]),
        widest=WIDEST,
    )


async def _supposed(visit: Visit, entry: CalendarEntry, book: Book) -> foresight.Supposed:
    assert entry.start is not None, "the form asks for it"
    span = (shifted(entry.start, -entry.before), shifted(entry.end or entry.start, entry.after))

    def with_it(calendar: Calendar) -> Calendar:
        """The calendar with the entry; one of that id gives way."""
        kept = tuple(one for one in calendar.entries if one.id != entry.id)
        return Calendar(calendar.id, (*kept, entry), calendar.name)

    mine = {} if visit.reader.counts_all else visit.reader.where
    return await foresight.suppose(visit.doors, mine, span, book.calendar.id, with_it, entry.applies_to)


# --- the form ----------------------------------------------------------------------------------------


def _asked(visit: Visit, books: Sequence[Book]) -> Asked:
    """What the address says, as far as it can be understood."""
    known = [book.calendar.id for book in books]
    said = word(visit, "calendar")
    effect = word(visit, "effect")
    asked = Asked(
        name=word(visit, "name"),
        start=word(visit, "from"),
        end=word(visit, "to"),
        effect=Effect(effect) if effect in set(EFFECTS) else Effect.BLACKOUT,
        roles=_several(visit, "role"),
        specialties=_several(visit, "specialty"),
        before=_days(visit, "before"),
        after=_days(visit, "after"),
        calendar=said if said in known else next((one for one in ("company", *known) if one in known), ""),
    )
    if asked.name or asked.start or asked.end:
        asked.entry = _entry(visit, asked)
    return asked


def _several(visit: Visit, name: str) -> tuple[str, ...]:
    said = (" ".join(one[:60].split()) for one in visit.request.query_params.getlist(name)[:CHOSEN])
    return tuple(dict.fromkeys(one for one in said if one and one.isprintable()))


def _days(visit: Visit, name: str) -> int:
    said = word(visit, name)
    return min(int(said), WIDEST) if re.fullmatch("[0-9]{1,2}", said) else 1


def _entry(visit: Visit, asked: Asked) -> CalendarEntry | None:
    w = visit.w
    start, end = day(asked.start), day(asked.end or asked.start)
    if not asked.name:
        asked.wrong.append(w("A name is needed, as people will read it."))
    if start is None or end is None:
        asked.wrong.append(w("The first day is needed, such as 2027-04-08."))
    elif end < start:
        asked.wrong.append(w("the last day lies before the first"))
    elif end - start > LONGEST:
        asked.wrong.append(w("That is longer than three months."))
    if asked.wrong or start is None or end is None:
        return None
    return CalendarEntry(
        id=_id(asked.name, start),
        effect=asked.effect,
        name={"ja": asked.name, "en": asked.name},
        start=start,
        end=end,
        applies_to=AppliesTo(roles=asked.roles or None, specialties=asked.specialties or None),
        certainty=Certainty.ANNOUNCED,
        before=asked.before,
        after=asked.after,
    )


def _id(name: str, start: date) -> str:
    """A name for machines: the letters and digits of the title, and the month."""
    plain = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:30].strip("-")
    return f"{plain if plain[:1].isalpha() else 'congress'}-{start:%Y-%m}"


def day(said: str) -> date | None:
    """A date of an address, within the years that calendars have."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", said, re.ASCII):
        return None
    try:
        found = date.fromisoformat(said)
    except ValueError:
        return None
    return found if LEAST <= found <= MOST else None
