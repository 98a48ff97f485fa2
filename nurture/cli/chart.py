"""A simulation as a chart for the terminal: people down, days across, signs that are one cell wide anywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.cli.tables import one_line, pad, width
from nurture.core.plan import StepOutcome
from nurture.reports.field import CLOSED, KINDS
from nurture.reports.simulation import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from nurture.i18n import Words
    from nurture.reports.field import Field, Row

LABEL: Final = 28
"""Cells for a name, at most."""
LEAST: Final = 20
"""Cells for the days, at least."""

SHADES: Final = {
    "blackout": ("#", "red"), "holiday": ("=", "magenta"), "no_appointment": ("+", "yellow"),
    "reduce": ("~", "cyan"), CLOSED: (".", "bright_black"),
}  # fmt: skip
"""Sign and colour of each reason."""
MARKS: Final = {
    StepOutcome.SEND: ("M", "bold white on blue"), StepOutcome.TASK: ("T", "bold white on green"),
    StepOutcome.EXPIRED: ("e", "bold"), StepOutcome.SKIPPED: ("x", "bold"),
}  # fmt: skip
"""Sign and colour of each outcome, the one that hides others first."""

Cell = tuple[str, str]
"""A sign and its colour."""


def chart(field: Field, w: Words, cells: int, *, coloured: bool) -> str:
    """The chart as text.

    Args:
        field: what is to be seen.
        w: the reader's language.
        cells: how wide the terminal is. A cell is a day, or several where they would not fit.
        coloured: with colours, for a person at a terminal.
    """
    label = min(max([width(one_line(row.label)) for row in field.rows], default=0), LABEL, cells // 3)
    room = max(cells - label - 2, LEAST)
    step = -(-field.days // room)
    lines: list[list[Cell]] = [[(one_line(field.title), "bold")], *_axis(field, w, label, step)]
    lines += [[(_cut(row.label, label) + "  ", ""), *_cells(field, row, step)] for row in field.rows]
    if field.hidden:
        lines.append([(w("and {count} more, for whom there is no room here", count=field.hidden), "dim")])
    lines += [[], *_legend(field, w, step, cells)]
    return _painted(lines, coloured=coloured)


def _cut(text: str, cells: int) -> str:
    """A text in exactly so many cells."""
    text = one_line(text)
    if width(text) > cells:
        while text and width(text) > cells - 2:
            text = text[:-1]
        text += ".."
    return pad(text, cells)


def _axis(field: Field, w: Words, label: int, step: int) -> Iterator[list[Cell]]:
    """The names of the months, and under them the days of Mondays, or firsts where a cell is several days."""
    months, days = "", ""
    for at in range(-(-field.days // step)):
        held = [field.first + timedelta(days=at * step + k) for k in range(step)]
        first = next((d for d in held if d.day == 1), None)
        if (first or at == 0) and (at == 0 or width(months) < at):
            months = pad(months, at) + w.month(first or held[0], year=False)
        monday = next((d for d in held if d.weekday() == 0), None)
        if monday and (not days or width(days) < at):
            days = pad(days, at) + (str(monday.day) if step <= 2 else "|" if monday.day <= 7 else "")
    yield [(" " * (label + 2) + months, "dim")]
    yield [(" " * (label + 2) + days.rstrip(), "dim")]


def _cells(field: Field, row: Row, step: int) -> Iterator[Cell]:
    """One row of days: marks hide shades, the stronger shade hides the weaker."""
    count = -(-field.days // step)
    found: list[Cell] = [(" ", "")] * count

    def at(day: date) -> int:
        return min(max((day - field.first).days, 0) // step, count - 1)

    for kind in reversed(tuple(KINDS)):
        for shade in (s for s in row.shades if s.kind == kind):
            for place in range(at(shade.first), at(shade.last) + 1):
                if kind != CLOSED or step < 3:  # every week has a Sunday
                    found[place] = SHADES[kind]
    for outcome in reversed(MARKS):
        for spot in (s for s in row.spots if s.outcome is outcome):
            found[at(spot.on)] = MARKS[outcome]
    yield from found


def _legend(field: Field, w: Words, step: int, cells: int) -> Iterator[list[Cell]]:
    outcomes = {spot.outcome for row in field.rows for spot in row.spots}
    kinds = {shade.kind for row in field.rows for shade in row.shades}
    parts = [(MARKS[o], w(OUTCOMES[o])) for o in MARKS if o in outcomes]
    parts += [(SHADES[k], w(said)) for k, said in KINDS.items() if k in kinds and (k != CLOSED or step < 3)]
    line: list[Cell] = []
    for cell, said in parts:
        if line and sum(width(text) for text, _ in line) + width(said) + 5 > cells:
            yield line
            line = []
        line += [cell, (f" {said}   ", "")]
    yield line
    if step > 1:
        yield [(w("one column is {count} days", count=step), "dim")]


def _painted(lines: Sequence[Sequence[Cell]], *, coloured: bool) -> str:
    if not coloured:
        return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)
    import io  # noqa: PLC0415 - only where a person looks on

    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=io.StringIO(), force_terminal=True, highlight=False, width=10_000, legacy_windows=False)
    with console.capture() as captured:
        for line in lines:
            console.print(Text.assemble(*line), end="\n", no_wrap=True, crop=False)
    return "\n".join(part.rstrip(" ") for part in captured.get().splitlines())
