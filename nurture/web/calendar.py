"""The calendar: twelve months of weeks by role or specialty, and one month day by day, with reasons in words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from nurture import explain
from nurture.core import states
from nurture.core.calendar import SOMETHING_ELSE, Certainty, Effect, Profile
from nurture.core.messages import Message
from nurture.core.people import ROLES
from nurture.errors import UserError, UserErrors
from nurture.i18n import mark
from nurture.ports import Span
from nurture.reports import days, year
from nurture.reports.simulation import entry_names
from nurture.web import whose
from nurture.web.cards import addressee, around

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.responses import Response

    from nurture.core.books import Book
    from nurture.core.calendar import Calendar
    from nurture.reports.year import Cell, Month
    from nurture.web.visit import Visit
    from nurture.web.whose import Whose

LEAST: Final = date(2000, 1, 1)
MOST: Final = date(2098, 12, 1)
"""Months that are shown; beyond them holidays are not known."""
MAILS: Final = 200
"""So many planned mails of a month are listed."""

SIGNS: Final[Mapping[year.Level, str]] = {
    year.Level.FREE: "",
    year.Level.REDUCE: "·",
    year.Level.NO_APPOINTMENT: "△",
    year.Level.SOME: "◦",
}
"""What a week shows that is not closed; a closed one shows the number of its days."""
LEGEND: Final = (
    ("k5", "5", mark("closed for five days of the week")),
    ("k2", "2", mark("closed for so many days")),
    ("some", "◦", mark("closed for some specialties")),
    ("no_appointment", "△", mark("no proposals to meet")),
    ("reduce", "·", mark("fewer mails")),
)
LETTERS: Final[Mapping[Effect, str]] = {
    Effect.HOLIDAY: "H",
    Effect.BLACKOUT: "×",
    Effect.QUIET: "Q",
    Effect.NO_APPOINTMENT: "△",
    Effect.REDUCE: "·",
}


Drawn = tuple[str, "tuple[tuple[Cell, ...], ...]"]
"""A line's name, and its weeks month by month."""


WORDS: Final = {"roles": explain.role, "specialties": explain.specialty, "regions": explain.region}
"""What calls the values of ``applies_to`` by name."""


@dataclass(frozen=True, slots=True)
class Square:
    """A week as it is drawn: its class, its sign, and the reason in words."""

    tone: str
    sign: str
    why: str


@dataclass(frozen=True, slots=True)
class Stand:
    """What stands on some days, in words."""

    sign: str
    effect: str  # a value of Effect
    means: str
    span: str
    name: str
    whom: str
    certainty: str  # "" where it is sure
    source: str
    id: str
    file: str


# --- the year ----------------------------------------------------------------------------------------


async def show(visit: Visit) -> Response:
    """GET /calendar: twelve months."""
    today = visit.today
    start = min(max(_month(whose.word(visit, "from")) or today.replace(day=1), LEAST), MOST - timedelta(days=365))
    who = await whose.chosen(visit)
    books, problems = shelf(visit)
    listed = [*(book.calendar for book in books), *whose.closed(who.organisation)]
    over = year.months(start)
    counts = await visit.doors.store.planned(
        over[0].weeks[0],
        over[-1].weeks[-1] + timedelta(days=6),
        reps=visit.reader.counted,
        organisation=who.organisation.id if who.organisation else None,
    )
    names = entry_names(listed, visit.w)
    lines = _lines(visit, who, listed)
    drawn = _telling([(label, year.line(listed, profile, over)) for label, profile in lines], who)
    stands = _by_month(visit, books, days.sheet(listed, _reader(who), over[0].first, _end(over[-1].first)))
    return visit.page(
        "calendar.html",
        who=who,
        problems=problems,
        choices=whose.choices(visit, listed, who),
        months=[_month_drawn(visit, n, month, drawn, counts, names, stands) for n, month in enumerate(over)],
        weeks_of={month.first: len(month.weeks) for month in over},
        by=_by(who),
        total=sum(counts.values()),
        earlier=who.address("/calendar", **{"from": _said(_add(start, -6))}),
        later=who.address("/calendar", **{"from": _said(_add(start, 6))}),
        now=who.address("/calendar"),
        here=start == today.replace(day=1),
        legend=LEGEND,
        first=over[0].first,
        last=over[-1].first,
    )


def shelf(visit: Visit) -> tuple[tuple[Book, ...], list[str]]:
    """The calendars there are, or what is wrong with their files."""
    try:
        return visit.doors.shelf.books(), []
    except UserError as error:
        said = error.errors if isinstance(error, UserErrors) else (error,)
        return (), [visit.w.error(one) for one in said]


def _reader(who: Whose) -> Profile | None:
    return None if who.anybody else who.profile


def _by(who: Whose) -> str:
    return mark("Specialty") if who.profile.role and not who.profile.specialty else mark("Role")


def _lines(visit: Visit, who: Whose, calendars: Sequence[Calendar]) -> list[tuple[str, Profile]]:
    """Whom the lines of the year are about: the roles; of one role its specialties; or the one reader."""
    w, profile = visit.w, who.profile
    if profile.role is None:
        return [(explain.role(w, r), replace(profile, role=r)) for r in year.roles(calendars, ROLES)]
    if profile.specialty is not None:
        return [(explain.role(w, profile.role), profile)]
    fields = [(explain.specialty(w, one), one) for one in year.specialties(calendars, profile.role)]
    lines = [(label, replace(profile, specialty=one)) for label, one in sorted(fields)]
    return [*lines, (w("other specialties"), replace(profile, specialty=SOMETHING_ELSE))]


def _telling(drawn: list[Drawn], who: Whose) -> list[Drawn]:
    """Of the specialties of a role those that have weeks of their own; the last line is all the others'."""
    if who.profile.role is None or who.profile.specialty is not None:
        return drawn
    *lines, others = drawn
    return [*(one for one in lines if one[1] != others[1]), others]


def _month_drawn(
    visit: Visit,
    number: int,
    month: Month,
    drawn: Sequence[Drawn],
    counts: Mapping[date, int],
    names: Mapping[str, str],
    stands: Mapping[date, list[Stand]],
) -> dict[str, object]:
    today = visit.today
    return {
        "first": month.first,
        "name": visit.w.month(month.first, year=False),
        "full": visit.w.month(month.first),
        "key": _said(month.first),
        "weeks": [(monday, monday <= today <= monday + timedelta(days=6)) for monday in month.weeks],
        "lines": [(label, [_square(visit, cell, names) for cell in cells[number]]) for label, cells in drawn],
        "mails": [sum(counts.get(monday + timedelta(days=n), 0) for n in range(7)) for monday in month.weeks],
        "stands": stands.get(month.first, []),
        "open": month.first == today.replace(day=1),
    }


def _square(visit: Visit, cell: Cell, names: Mapping[str, str]) -> Square:
    w = visit.w
    if cell.closed:
        tone, sign = f"k{cell.closed}", str(cell.closed)
    else:
        tone, sign = cell.level.value, SIGNS[cell.level]
    said = [f"{names.get(entry, entry)}: {w(days.MEANINGS[effect])}" for entry, effect in cell.entries]
    said += [
        w("{name}: {means}, some specialties", name=names.get(entry, entry), means=w(days.MEANINGS[effect]))
        for entry, effect in cell.some
    ]
    week = w("week of {day}", day=w.day(cell.monday))
    return Square(tone, sign, f"{week} – {w('; ').join(said)}" if said else "")


def _by_month(visit: Visit, books: Iterable[Book], sheet: days.Sheet) -> dict[date, list[Stand]]:
    files = {book.calendar.id: book.file for book in books}
    found: dict[date, list[Stand]] = defaultdict(list)
    for stretch in sheet.stretches:
        found[stretch.first.replace(day=1)].append(stand(visit, stretch, files))
    return found


def stand(visit: Visit, stretch: days.Stretch, files: Mapping[str, str]) -> Stand:
    """One entry on its days, in words."""
    w, entry = visit.w, stretch.entry
    means = w(days.MEANINGS[stretch.effect])
    if stretch.effect is Effect.REDUCE:
        means = w("one mail in {days} days", days=entry.reduce_days)
    span = w.day(stretch.first)
    if stretch.last != stretch.first:
        span += f" – {w.day(stretch.last)}"
    certain = {Certainty.ESTIMATED: w("estimated"), Certainty.ANNOUNCED: w("announced")}
    return Stand(
        sign=LETTERS[stretch.effect],
        effect=stretch.effect.value,
        means=means,
        span=span,
        name=stretch.name(w.language),
        whom=whom(visit, entry.applies_to),
        certainty=certain.get(entry.certainty, ""),
        source=entry.source,
        id=stretch.id,
        file=files.get(stretch.calendar.id, ""),
    )


def whom(visit: Visit, to: object) -> str:
    """Whom an entry concerns, in words; empty for everybody."""
    w = visit.w
    said = []
    for key, values in days.whom(to).items():  # type: ignore[arg-type]
        told = WORDS.get(key)
        said.append("/".join(told(w, one) if told and one != "all" else one for one in values if one != "all"))
    return " + ".join(part for part in said if part)


# --- one month ---------------------------------------------------------------------------------------


async def month(visit: Visit) -> Response:
    """GET /calendar/{month}: its days, what stands on them, and the mails that are to leave."""
    first = _month(visit.key("month"))
    if first is None or not LEAST <= first <= MOST:
        raise HTTPException(404)
    w, store = visit.w, visit.doors.store
    last = _end(first)
    who = await whose.chosen(visit)
    books, problems = shelf(visit)
    listed = [*(book.calendar for book in books), *whose.closed(who.organisation)]
    sheet = days.sheet(listed, _reader(who), first, last)
    where: dict[str, object] = {
        **visit.reader.where,
        "state": states.UNSENT,
        "planned_on": Span(first, last + timedelta(days=1)),
    }
    if who.organisation is not None:
        where["organisation_id"] = who.organisation.id
    found = await store.find(Message, where, order=("planned_at",), limit=MAILS + 1)
    known = await around(store, found)
    mails = [(mail, known.person(mail), known.organisation(mail)) for mail in found[:MAILS]]
    profile = who.profile
    mails = [
        (mail, who_, where_)
        for mail, who_, where_ in mails
        if (profile.role is None or (who_ is not None and who_.role == profile.role))
        and (profile.specialty is None or (who_ is not None and who_.specialty == profile.specialty))
    ]
    files = {book.calendar.id: book.file for book in books}
    stands = [stand(visit, stretch, files) for stretch in sheet.stretches]
    count = Counter(mail.planned_on for mail, *_ in mails)
    return visit.page(
        "calendar_month.html",
        who=who,
        problems=problems,
        choices=whose.choices(visit, listed, who),
        first=first,
        title=w.month(first),
        key=_said(first),
        weekdays=[w.weekday(date(2027, 3, 1) + timedelta(days=n)) for n in range(7)],
        weeks=_weeks(visit, sheet, _for_all(listed, who, sheet), count),
        stands=stands,
        mails=[
            (mail, addressee(person, mail), person.role if person else None, where_.name if where_ else "",
             explain.state(w, mail.state), explain.moves(w, mail.moves, visit.names) if mail.moves else "")
            for mail, person, where_ in mails
        ],
        more=len(found) > MAILS,
        before=who.address(f"/calendar/{_said(_add(first, -1))}") if first > LEAST else "",
        after=who.address(f"/calendar/{_said(_add(first, 1))}") if first < MOST else "",
        back=who.address("/calendar"),
    )  # fmt: skip


def _for_all(calendars: Sequence[Calendar], who: Whose, sheet: days.Sheet) -> Mapping[date, Effect]:
    """What each day comes to for the reader; where none was chosen, for everybody."""
    if not who.anybody:
        return sheet.effects
    nobody_in_particular = Profile(*(SOMETHING_ELSE for _ in days.KEYS))
    return days.sheet(calendars, nobody_in_particular, sheet.first, sheet.last).effects


def _weeks(
    visit: Visit, sheet: days.Sheet, effects: Mapping[date, Effect], count: Mapping[date | None, int]
) -> list[list[dict[str, object] | None]]:
    """The days in rows of seven from Monday on; None where the row belongs to another month."""
    w = visit.w
    standing: dict[date, list[tuple[str, bool]]] = defaultdict(list)
    for stretch in sheet.stretches:
        for n in range((stretch.last - stretch.first).days + 1):
            day = stretch.first + timedelta(days=n)
            standing[day].append((stretch.name(w.language), n == 0 or day.weekday() == 0))
    cells: list[dict[str, object] | None] = [None] * sheet.first.weekday()
    for day in sheet.every():
        effect = effects.get(day)
        some = effect is None and day in sheet.effects
        cells.append(
            {
                "day": day,
                "tone": effect.value
                if effect
                else "some"
                if some
                else "weekend"
                if day.weekday() >= 5
                else "free",
                "sign": LETTERS[effect] if effect else "◦" if some else "",
                "means": w(days.MEANINGS[effect]) if effect else w("concerns some") if some else "",
                "all": list(dict.fromkeys(name for name, _ in standing[day])),
                "names": list(dict.fromkeys(name for name, begins in standing[day] if begins)),
                "mails": count.get(day, 0),
                "today": day == visit.today,
            }
        )
    cells += [None] * (-len(cells) % 7)
    return [cells[n : n + 7] for n in range(0, len(cells), 7)]


# --- months ------------------------------------------------------------------------------------------


def _month(said: str) -> date | None:
    found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", said)
    return date(int(found[1]), int(found[2]), 1) if found else None


def _said(first: date) -> str:
    return f"{first:%Y-%m}"


def _add(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _end(first: date) -> date:
    return _add(first, 1) - timedelta(days=1)
