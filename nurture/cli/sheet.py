"""Months drawn for a terminal: a grid with a mark on each day that has one, the reasons beneath, a legend.

The marks are letters, not pictures: pictures are one cell wide here and two there. On a terminal they are coloured
as well.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import click

from nurture.cli.tables import one_line, pad, width
from nurture.core.calendar import Certainty, Effect
from nurture.reports.days import MEANINGS, STRENGTH, whom

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nurture.i18n import Words
    from nurture.reports.days import Sheet, Stretch

MARKS: Final[Mapping[Effect, str]] = {
    Effect.HOLIDAY: "H",
    Effect.BLACKOUT: "X",
    Effect.QUIET: "Q",
    Effect.NO_APPOINTMENT: "A",
    Effect.REDUCE: "r",
}
COLOURS: Final[Mapping[Effect, str]] = {
    Effect.HOLIDAY: "magenta",
    Effect.BLACKOUT: "red",
    Effect.QUIET: "blue",
    Effect.NO_APPOINTMENT: "yellow",
    Effect.REDUCE: "cyan",
}
MONDAY: Final = date(2027, 3, 1)
CELL: Final = 6


def month(found: Sheet, w: Words, today: date) -> Iterator[str]:
    """The lines of one month: title, grid."""
    yield click.style(w.month(found.first), bold=True)
    names = (w.weekday(MONDAY + timedelta(days=n)) for n in range(7))
    yield "".join(" " * (CELL - 2 - width(name)) + name + "  " for name in names).rstrip()
    line = " " * CELL * found.first.weekday()
    for day in found.every():
        line += _cell(found, day, today)
        if day.weekday() == 6:
            yield line.rstrip()
            line = ""
    if line:
        yield line.rstrip()


def _cell(found: Sheet, day: date, today: date) -> str:
    """``  31X ``: the number, its mark, and today in brackets."""
    effect = found.effects.get(day)
    number = f"[{day.day}]" if day == today else str(day.day)
    text = f"{number:>{CELL - 2}}{MARKS[effect] if effect else ' '}"
    return _painted(text, effect, day) + " "


def _painted(text: str, effect: Effect | None, day: date) -> str:
    if effect is not None:
        return click.style(text, fg=COLOURS[effect], bold=effect in {Effect.HOLIDAY, Effect.BLACKOUT})
    return click.style(text, dim=True) if day.weekday() >= 5 else text


def year(sheets: list[Sheet], w: Words) -> Iterator[str]:
    """A year as twelve lines of one letter a day: a dot for a free day, a dash for a weekend."""
    names = [w.month(found.first, year=False) for found in sheets]
    room = max(width(name) for name in names)
    yield click.style(str(sheets[0].first.year), bold=True)
    yield f"{'':{room + 2}}{_ruler()}"
    for name, found in zip(names, sheets, strict=True):
        days = "".join(_letter(found, day) for day in found.every())
        yield f"{pad(name, room)}  {days}"


def _ruler() -> str:
    line = [" "] * 31
    for day in (1, 5, 10, 15, 20, 25, 30):
        line[day - 1 : day - 1 + len(str(day))] = str(day)
    return "".join(line[:31]).rstrip()


def _letter(found: Sheet, day: date) -> str:
    effect = found.effects.get(day)
    return _painted(MARKS[effect] if effect else "-" if day.weekday() >= 5 else ".", effect, day)


def legend(sheets: list[Sheet], w: Words) -> str:
    """What the marks mean that were drawn."""
    drawn = {effect for found in sheets for effect in found.effects.values()}
    drawn |= {stretch.effect for found in sheets for stretch in found.stretches}
    listed = [effect for effect in STRENGTH if effect in drawn]
    return "   ".join(f"{click.style(MARKS[e], fg=COLOURS[e])} {w(MEANINGS[e])}" for e in listed)


def reasons(found: Sheet, w: Words, *, readers: bool) -> list[tuple[str, str, str, str]]:
    """A row for each stretch of days: mark, days, what it is, and how it is meant."""
    return [_reason(stretch, w, readers=readers) for stretch in found.stretches]


def _reason(stretch: Stretch, w: Words, *, readers: bool) -> tuple[str, str, str, str]:
    entry = stretch.entry
    days = w.day(stretch.first)
    if stretch.last != stretch.first:
        days += f" - {w.day(stretch.last)}"
    notes = []
    if stretch.effect is Effect.REDUCE:
        notes.append(w("one mail in {days} days", days=entry.reduce_days))
    if entry.certainty is Certainty.ESTIMATED:
        notes.append(w("estimated"))
    elif entry.certainty is Certainty.ANNOUNCED:
        notes.append(w("announced"))
    if readers and (to := whom(entry.applies_to)):
        notes.append(" + ".join("/".join(values) for values in to.values()))
    return MARKS[stretch.effect], days, f"{one_line(stretch.name(w.language))}  {stretch.id}", w(" · ").join(notes)
