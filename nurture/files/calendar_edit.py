"""An entry of a calendar file confirmed in place: its lines change, everything else stays as people wrote it.

The file is the source, comments and all; so no YAML library writes it anew. The values of the few keys are
replaced where they stand, missing keys are put beneath the first; then the new text is read, and must say exactly
what was meant, or nothing is done.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nurture.core.calendar import ASKED, Certainty, Effect
from nurture.errors import Impossible, UserError
from nurture.files.calendar import ALONE, read_text

if TYPE_CHECKING:
    from datetime import date

    from nurture.core.calendar import Calendar, CalendarEntry
    from nurture.files.yaml import Document

VALUE: Final = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'{\[&*!|>%@`][^#]*?)(\s+#.*|\s*)""")
PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:/._~?&=%+-]*")


NOT_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""What YAML reads as something else than a text."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What is known of an entry now."""

    start: date
    end: date
    source: str = ""  # "" leaves what stands there


def confirmed_text(document: Document, entry_id: str, known: Confirmed, folder: Path) -> str:
    """The text of a calendar file in which one entry is confirmed.

    Raises:
        UserError: the entry recurs, or is written in a way that cannot be changed in place.
    """
    before = read_text(document.text, document.file, ALONE, folder)
    at = next((n for n, entry in enumerate(document.at(("entries",)) or []) if entry.get("id") == entry_id), None)
    own = next((entry for entry in before.entries if entry.id == entry_id), None)
    if at is None or own is None:
        raise UserError(
            "{entry} is not written in this file",
            where=document.where(),
            hint="put an entry of that id beneath entries: it replaces the other",
            entry=entry_id,
        )
    if own.every is not None:
        raise UserError(
            "{entry} is a habit of each year; a habit is not confirmed",
            where=document.where(("entries", at)),
            hint="write a second entry with the dates of that year",
            entry=entry_id,
        )
    values = {
        "start": known.start.isoformat(),
        "end": known.end.isoformat(),
        "certainty": "confirmed",
        "source": _quoted(known.source),
    }
    lines = document.text.splitlines(keepends=True)
    stands = [key for key in values if document.has(("entries", at, key))]
    wanted = [key for key in values if values[key] and not (key == "end" and known.end == known.start)]
    for key in stands:
        if values[key]:
            _put(lines, document, at, key, values[key])
    for key in reversed([key for key in wanted if key not in stands]):  # last: they move the lines below
        _put(lines, document, at, key, values[key])
    text = "".join(lines)
    meant = replace(
        own,
        start=known.start,
        end=known.end if document.has(("entries", at, "end")) or known.end != known.start else None,
        certainty=Certainty.CONFIRMED,
        source=known.source or own.source,
    )
    if not _says(text, document, before, entry_id, meant, folder):
        raise _by_hand(document, at)
    return text


def _says(text: str, document: Document, before: Calendar, entry_id: str, meant: object, folder: Path) -> bool:
    try:
        after = read_text(text, document.file, ALONE, folder)
    except UserError:
        return False
    wanted = tuple(meant if entry.id == entry_id else entry for entry in before.entries)
    return after.entries == wanted and after.id == before.id


def _put(lines: list[str], document: Document, at: int, key: str, value: str) -> None:
    """Write a value where the key's stands, or a new line for it beneath the entry's id."""
    path = ("entries", at, key)
    there = document.has(path)
    where = document.where(path if there else ("entries", at, "id"), key=not there)
    assert where.line is not None and where.column is not None, "a document knows its places"  # noqa: PT018
    line = lines[where.line - 1]
    ending = line[len(line.rstrip("\r\n")) :]
    if not re.fullmatch(r"[ ]*(?:- +)?(?:[a-z_]+: *)?", line[: where.column - 1]):
        raise _by_hand(document, at)
    if there:
        found = VALUE.fullmatch(line[where.column - 1 :].rstrip("\r\n"))
        if found is None:
            raise _by_hand(document, at)
        lines[where.line - 1] = f"{line[: where.column - 1]}{value}{found[2]}{ending}"
    else:
        lines.insert(where.line, f"{' ' * (where.column - 1)}{key}: {value}{ending or chr(10)}")


def _by_hand(document: Document, at: int) -> UserError:
    return UserError(
        "this entry is written in a way that is only changed by hand",
        where=document.where(("entries", at)),
        hint="write one key to a line: start, end, certainty: confirmed, source",
    )


def _quoted(text: str) -> str:
    if not text or (PLAIN.fullmatch(text) and text[0].isalpha() and text.lower() not in NOT_WORDS):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def entry_lines(entry: CalendarEntry) -> str:
    """The lines of a dated entry, as they would stand beneath ``entries:``.

    Raises:
        Impossible: they do not say what was meant.
    """
    readers = ", ".join(
        f"{key}: [{', '.join(_quoted(word) for word in words)}]"
        for key, _ in ASKED
        if (words := getattr(entry.applies_to, key)) is not None
    )
    said = {
        "id": entry.id,
        "name": _quoted(next(iter(entry.name.values()), "")),
        "start": entry.start,
        "end": entry.end if entry.end != entry.start else None,
        "effect": entry.effect.value,
        "reduce": f"{entry.reduce_days}d" if entry.effect is Effect.REDUCE else None,
        "applies_to": f"{{{readers}}}",
        "certainty": entry.certainty.value,
        "before": f"{entry.before}d" if entry.before else None,
        "after": f"{entry.after}d" if entry.after else None,
        "source": _quoted(entry.source),
    }
    lines = [f"{key}: {value}" for key, value in said.items() if value not in {None, ""}]
    text = "  - " + "\n    ".join(lines) + "\n"
    (read,) = read_text(f"id: x\nentries:\n{text}", None, ALONE, Path()).entries
    if replace(read, name=entry.name, end=read.end or read.start) != replace(entry, end=entry.end or entry.start):
        raise Impossible("the lines of an entry do not say what was meant: {lines}", lines=text)
    return text


def put_in_place(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new one; its mode stays."""
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    half.write_text(text, encoding="utf-8", newline="")
    if path.exists():
        half.chmod(path.stat().st_mode & 0o777)
    half.replace(path)
