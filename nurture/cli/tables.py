"""Tables whose columns stay in line when letters are two cells wide."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@lru_cache(maxsize=4096)
def width(text: str) -> int:
    """How many cells of a terminal a text takes: two for wide and full-width letters (UAX #11), none for marks."""
    if text.isascii() and text.isprintable():
        return len(text)
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
    if text.isprintable():  # neither control characters nor overrides are
        return " ".join(text.split())
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
    """Lines of at most that many cells; broken at blanks, or between any two wide letters.

    An arrow keeps what stands on both its sides; a word that is longer than a line is broken anywhere.
    """
    lines: list[str] = []
    line = ""
    for word in (part for whole in _words(text) for part in _pieces(whole, cells)):
        if line and width(line + word.rstrip()) > cells:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(word: str, cells: int) -> Iterator[str]:
    """A word, or what fits of it on lines of its own."""
    piece = ""
    for sign in word if width(word.rstrip()) > cells else ():
        if piece and width(piece + sign) > cells:
            yield piece
            piece = ""
        piece += sign
    yield piece or word


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
            or sign == "→"
            or words[-1].endswith("→ ")
            or (width(sign) == 1 and width(words[-1][-1:]) == 1 and not words[-1][-1:].isspace())
        )
        if joins:
            words[-1] += sign
        else:
            words.append(sign)
    return words


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, wide: int | None) -> str:
    """A table as text.

    At a terminal it is ruled and no wider than that. What stands in the last column (reasons, subjects) is never
    cut: it is folded within its column, or beneath its row where that column would be too narrow to be read. Of
    the others the widest ones are cut, and only if they must be.

    Args:
        headers: of the columns.
        rows: cells, line ends in them become blanks.
        wide: for a person at a terminal of so many cells; None: plain columns, nothing cut, nothing folded.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(width(row[at]) for row in [list(headers), *cells]) for at in range(len(headers))]
    if wide is None:
        lines = [
            "  ".join(pad(cell, widths[at]) for at, cell in enumerate(row)).rstrip()
            for row in [list(headers), *cells]
        ]
        return "\n".join(lines)
    return "\n".join(_ruled(cells, headers, widths, wide))


GAP: Final = 2
INDENT: Final = 4
READABLE: Final = 24
"""So many cells a folded column has at least; else its text stands beneath the row. Columns of texts give way to
it, down to as many; dates and ids do not."""
FEWEST: Final = 6
"""No column is cut to less."""


def _ruled(
    rows: Sequence[Sequence[str]], headers: Sequence[str], widths: Sequence[int], wide: int
) -> Iterator[str]:
    """The lines of a table for a person: the header, a rule, the rows."""
    least = min(widths[-1], READABLE)
    gaps = GAP * (len(widths) - 1)
    front = _squeezed(widths[:-1], wide - gaps - least, READABLE)
    beneath = bool(front) and sum(front) + gaps + least > wide
    if beneath:
        front = _squeezed(widths[:-1], wide - gaps + GAP, FEWEST)
    start = sum(front) + GAP * len(front)
    room = wide - INDENT if beneath else max(least, wide - start)
    yield _front(headers if not beneath else headers[:-1], front, headers[-1] if not beneath else "")
    yield "─" * (wide if beneath else start + min(widths[-1], room))
    for row in rows:
        first, *more = fold(row[-1], room)
        yield _front(row, front, "" if beneath else first)
        for line in [first, *more] if beneath and first else more:
            yield f"{'':{INDENT if beneath else start}}{line}"


def _front(row: Sequence[str], widths: Sequence[int], last: str) -> str:
    ahead = [pad(cut(cell, cells), cells) for cell, cells in zip(row, widths, strict=False)]
    return (" " * GAP).join([*ahead, last]).rstrip()


def _squeezed(widths: Sequence[int], room: int, least: int) -> list[int]:
    """Widths that fit, if they can: the widest columns give way, cell by cell, down to ``least``."""
    found = list(widths)
    while found and sum(found) > room and max(found) > least:
        found[found.index(max(found))] -= 1
    return found


def cut(text: str, cells: int) -> str:
    """The text, or as much of it as fits, with an ellipsis."""
    if width(text) <= cells:
        return text
    kept = ""
    for sign in text:
        if width(kept + sign) > cells - 1:
            break
        kept += sign
    return f"{kept.rstrip()}…"
