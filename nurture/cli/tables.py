"""Tables whose columns stay in line when letters are two cells wide."""

from __future__ import annotations

import io
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def width(text: str) -> int:
    """How many cells of a terminal a text takes: two for wide and full-width letters (UAX #11), none for marks."""
    return sum(
        0
        if unicodedata.combining(sign) or unicodedata.category(sign) in {"Cf", "Cc"}
        else 2
        if unicodedata.east_asian_width(sign) in {"W", "F"}
        else 1
        for sign in text
    )


def pad(text: str, cells: int) -> str:
    """The text, filled with blanks to that many cells."""
    return text + " " * max(0, cells - width(text))


def one_line(text: str) -> str:
    """A text that cannot move the cursor: control characters, overrides and line ends become blanks."""
    return " ".join("".join(" " if _moves(sign) else sign for sign in text).split())


def plain(text: str) -> str:
    """A text of several lines without anything that could move the cursor or paint."""
    return "".join("" if sign != "\n" and _moves(sign) else sign for sign in text.replace("\t", "    "))


def _moves(sign: str) -> bool:
    return (
        unicodedata.category(sign) in {"Cc", "Cs"}
        or sign in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def fold(text: str, cells: int) -> list[str]:
    """Lines of at most that many cells; broken at blanks, or between any two wide letters."""
    lines: list[str] = []
    line = ""
    for word in _words(text):
        if line and width(line + word.rstrip()) > cells:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


_NEVER_LAST = "（「『【《〈([{"
_NEVER_FIRST = "、。，．）」』】・！？ー々ゃゅょっァィゥェォャュョッ：；,.)]}!?:;"


def _words(text: str) -> list[str]:
    """What a line may be divided between: blanks stay with the word before, wide letters stand alone."""
    words: list[str] = []
    for sign in text:
        joins = words and (
            (sign.isspace() and not words[-1][-1:].isspace())
            or sign in _NEVER_FIRST
            or words[-1][-1:] in _NEVER_LAST
            or (width(sign) == 1 and width(words[-1][-1:]) == 1 and not words[-1][-1:].isspace())
        )
        if joins:
            words[-1] += sign
        else:
            words.append(sign)
    return words


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, wide: bool) -> str:
    """A table as text.

    Args:
        headers: of the columns.
        rows: cells, line ends in them become blanks.
        wide: for a person at a terminal: ruled, cut to its width; else plain columns, nothing cut.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    if not wide:
        widths = [max(width(row[at]) for row in [list(headers), *cells]) for at in range(len(headers))]
        lines = [
            "  ".join(pad(cell, widths[at]) for at, cell in enumerate(row)).rstrip()
            for row in [list(headers), *cells]
        ]
        return "\n".join(lines)
    from rich import box  # noqa: PLC0415 - only where a person looks on
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, header in enumerate(headers):
        drawn.add_column(header, no_wrap=at < len(headers) - 1, overflow="ellipsis")
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    console = Console(file=io.StringIO(), force_terminal=True, highlight=False)
    with console.capture() as captured:
        console.print(drawn)
    return captured.get().rstrip("\n")
