"""A table (CSV) as spreadsheets write it: bytes to records, cells to words.

The encoding is found: a byte order mark, else UTF-8 where the bytes allow no other reading, else cp932. The
separator is the one that makes most headers known. A cell that a spreadsheet would run as a formula is refused:
such text has no place in a list that will be exported again some day.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from nurture.errors import UserError, Where
from nurture.files import spellings
from nurture.files.yaml import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LARGEST: Final = 50_000_000  # bytes
MOST: Final = 100_000  # rows
SEPARATORS: Final = (",", ";", "\t")

FORMULA: Final = re.compile(r"[=+@\-\uff1d\uff0b\uff20].*", re.DOTALL)
"""What a spreadsheet would run; a quote in front keeps it from doing so."""

_UNSEEN = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]")
_ZERO_WIDTH = re.compile(r"[\u200b-\u200d\u2060\ufeff]")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?")
_ERA_DATE = re.compile(r"(?:令和|R)\s*(\d{1,2}|元)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was opened: its first record, and the others with the line on which each begins."""

    encoding: str
    separator: str
    line: int
    header: list[str]
    records: Iterator[tuple[int, list[str]]]


def raw(path: Path, name: str) -> bytes:
    """The bytes of a file, a little more than ``LARGEST`` at most.

    Raises:
        UserError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise UserError(
            "the file cannot be read: {reason}", where=Where(name), reason=error.strerror or str(error)
        ) from None


def open_sheet(data: bytes, name: str, columns: Mapping[str, str]) -> Sheet:
    """Find encoding and separator, and read the first record.

    Args:
        data: the file.
        name: what to call it in messages.
        columns: folded spellings of headers to the names of columns.

    Raises:
        UserError: too long, no text, empty.
    """
    if len(data) > LARGEST:
        raise UserError("the file is longer than {limit} bytes", where=Where(name), limit=LARGEST)
    text, encoding = decode(data, name)
    head = re.match(r"\s*sep=(.)\r?\n", text)  # Excel's own way to say it
    skipped = text.count("\n", 0, head.end()) if head else 0
    text = text[head.end() :] if head else text
    separator = head[1] if head and head[1] in SEPARATORS else _separator(text, columns)
    found = records(text, separator, name, skipped)
    try:
        line, header = next(found)
    except StopIteration:
        raise UserError("the file is empty", where=Where(name)) from None
    return Sheet(encoding, separator, line, header, found)


def decode(raw: bytes, name: str) -> tuple[str, str]:
    """The text of a file and its encoding.

    Raises:
        UserError: none of the encodings that spreadsheets write fits.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = ["utf-16"]
    elif raw[:2000].count(b"\0") > len(raw[:2000]) // 4:  # Latin letters in UTF-16 have a zero byte each
        tries = ["utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"]
    else:
        tries = ["utf-8-sig", "cp932"]
    at = 0
    for encoding in tries:
        try:
            return raw.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError as error:
            at = max(at, error.start)
    raise UserError(
        "the encoding of the file is not known",
        where=Where(name, raw.count(b"\n", 0, at) + 1),
        hint="save it as CSV with the encoding UTF-8 (in Excel: CSV UTF-8)",
    )


def _separator(text: str, columns: Mapping[str, str]) -> str:
    """The separator that makes most headers known; among equals the one that is there most often."""
    first = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0][:10_000]

    def rank(separator: str) -> tuple[int, int]:
        found = columns_of(next(csv.reader([first], delimiter=separator), []), columns)
        return len(found), first.count(separator)

    return max(SEPARATORS, key=rank)


def columns_of(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Our names of the columns in a header row, and where each stands; the first of two wins."""
    found: dict[str, int] = {}
    for at, said in enumerate(header):
        column = columns.get(spellings.folded(said))
        if column:
            found.setdefault(column, at)
    return found


def records(text: str, separator: str, name: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Records with the line on which each begins; blank ones are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    count, line = 0, 1
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                "the row that begins here cannot be read: {reason}",
                where=Where(name, line + skipped),
                hint="a text in quotes must end with a quote, and a quote inside it is written twice",
                reason=str(error),
            ) from None
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MOST + 1:
                raise UserError(
                    "there are more than {limit} rows", where=Where(name), hint="divide the file", limit=MOST
                )
            yield line + skipped, cells


def cell(said: str, longest: int, *, quoted: bool = False) -> str | None:
    """The text of a cell, its blanks made one; None for nothing.

    Args:
        said: as it stands there.
        longest: characters that are allowed.
        quoted: a formula that was made harmless by a quote in front of it is taken for the text that it is.

    Raises:
        UserError: it is a formula, has a control character, or is too long.
    """
    plain = " ".join(_ZERO_WIDTH.sub("", unicodedata.normalize("NFC", said)).split())
    if plain.startswith("'") and FORMULA.fullmatch(plain[1:]):  # how exports make formulas harmless
        plain = plain[1:]
        if quoted:
            return plain[:longest]
    if spellings.folded(plain) in spellings.EMPTY or plain.casefold() in spellings.EMPTY:
        return None
    if FORMULA.fullmatch(plain):
        raise UserError(
            "{found} begins like a formula",
            hint="put the text there without the sign in front",
            found=shown(plain),
        )
    if _UNSEEN.search(_ZERO_WIDTH.sub("", said)):
        raise UserError("there is a control character in {found}", found=shown(ascii(plain)))
    if len(plain) > longest:
        raise UserError("found {found} characters, expected at most {limit}", limit=longest, found=len(plain))
    return plain


def day(said: str) -> date | None:
    """A date as people and spreadsheets write it; None for anything else."""
    plain = unicodedata.normalize("NFKC", said)
    try:
        if found := _DATE.fullmatch(plain):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _ERA_DATE.fullmatch(plain):
            return date(2018 + (1 if found[1] == "元" else int(found[1])), int(found[2]), int(found[3]))
    except ValueError:
        pass
    return None
