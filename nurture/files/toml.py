"""TOML read strictly, with the place of every key.

``tomllib`` gives values without their lines, so a small scan of the same text finds where each key stands.
A ``Table`` hands out values by name and kind and notes what is wrong on the way; nothing is raised before
``Document.check``, so that a person sees all problems of a file at once.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nurture.errors import UserError, UserErrors, Where
from nurture.files.yaml import key_path, not_among, shown, unknown
from nurture.i18n import mark
from nurture.mail.header import CONTROL

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

LARGEST: Final = 1_000_000
"""Bytes; a configuration is a few kilobytes."""

Key = tuple[str | int, ...]

_NAME = r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'"""
_KEY = re.compile(rf"\s*((?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*)\s*=")
_HEADER = re.compile(rf"\s*(\[\[?)\s*((?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*)\s*\]")
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|'
    r"'''.*?'''|"
    r'"(?:[^"\\\n]|\\.)*"|'
    r"'[^'\n]*'|"
    r"\#[^\n]*|[\[\]{}\n]|[^\[\]{}\n\"'\#]+|.",
    re.DOTALL,
)


def places(text: str) -> dict[Key, tuple[int, int]]:
    """Line and column (from 1) of each key and table header of a TOML text that ``tomllib`` accepts."""
    found: dict[Key, tuple[int, int]] = {}
    counts: dict[Key, int] = {}
    table: Key = ()
    position, line = 0, 1
    while position < len(text):
        header = _HEADER.match(text, position)
        entry = None if header else _KEY.match(text, position)
        if header:
            line += text.count("\n", position, header.start(1))
            table = _table(_names(header[2]), counts, array=header[1] == "[[")
            found.setdefault(table, (line, header.start(1) - text.rfind("\n", 0, header.start(1))))
            position = header.end()
        elif entry:
            line += text.count("\n", position, entry.start(1))
            key: Key = (*table, *_names(entry[1]))
            found[key] = (line, entry.start(1) - text.rfind("\n", 0, entry.start(1)))
            position = entry.end()
        end = _value_end(text, position)
        line += text.count("\n", position, end)
        position = end
    return found


def _names(said: str) -> Key:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, said))


def _table(names: Key, counts: dict[Key, int], *, array: bool) -> Key:
    """The path of a header; names of arrays stand for their last element."""
    path: Key = ()
    for at, name in enumerate(names):
        path = (*path, name)
        if array and at == len(names) - 1:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, counts[path] - 1)
    return path


def _value_end(text: str, position: int) -> int:
    """Just after the line end that ends the value which begins here; brackets and strings may span lines."""
    depth = 0
    for token in _TOKEN.finditer(text, position):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        elif token[0] == "\n" and depth <= 0:
            return token.end()
    return len(text)


@dataclass(slots=True)
class Document:
    """One file: its places, and what was found wrong in it so far."""

    file: str
    text: str
    places: Mapping[Key, tuple[int, int]]
    errors: list[UserError] = field(default_factory=list)

    def where(self, key: Key) -> Where:
        """The place of a key, or of the nearest table around it."""
        known = key
        while known and known not in self.places:
            known = known[:-1]
        line, column = self.places.get(known, (None, None))
        if line is not None and known != key and isinstance(key[-1], str):  # in an inline table of that line
            found = re.compile(rf"\b{re.escape(key[-1])}\s*=").search(self.text.splitlines()[line - 1])
            column = found.start() + 1 if found else column
        return Where(file=self.file, line=line, column=column, key=key_path(key) or None)

    def check(self) -> None:
        """Raise what was found, in the order of the file.

        Raises:
            UserError: one problem.
            UserErrors: several.
        """
        errors = sorted(self.errors, key=lambda e: (e.where.line or 0, e.where.column or 0) if e.where else (0, 0))
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise UserErrors(tuple(errors))


def read(path: Path, name: str | None = None) -> Table:
    """The root table of a file.

    Args:
        path: the file, UTF-8 with or without a byte order mark.
        name: what to call it in messages; else its path.

    Raises:
        UserError: it is not there, too long, or not TOML.
    """
    said = name or str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(
            "the file cannot be read: {reason}", where=Where(said), reason=error.strerror or str(error)
        ) from None
    if len(raw) > LARGEST:
        raise UserError("the file is longer than {limit} bytes", where=Where(said), limit=LARGEST)
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UserError(
            "the file is not UTF-8",
            where=Where(said, line=raw.count(b"\n", 0, error.start) + 1),
            hint="save it again with the encoding UTF-8",
        ) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(said, text, str(error)) from None
    except RecursionError:
        raise UserError("the file is nested too deeply", where=Where(said)) from None
    return Table(data, (), Document(said, text, places(text)))


def _broken(file: str, text: str, said: str) -> UserError:
    at = re.search(r"\(at line (\d+), column (\d+)\)", said)
    line, column = (int(at[1]), int(at[2])) if at else (text.count("\n") + 1, None)
    return UserError(
        "this is not TOML: {reason}",
        where=Where(file, line, column),
        hint="texts stand in quotes, lists in [ ], tables under a [name] of their own",
        reason=re.sub(r"\s*\(at [^)]*\)", "", said),
    )


class Table:
    """One table of a document. Every value that is asked for counts as known; ``done`` complains of the rest."""

    def __init__(self, data: Mapping[str, object], path: Key, document: Document) -> None:
        self.data = data
        self.path = path
        self.document = document
        self.known: list[str] = []

    def where(self, *keys: str | int) -> Where:
        """The place of a key of this table, or of the table itself."""
        return self.document.where((*self.path, *keys))

    def wrong(self, key: str, text: str, /, *, hint: str | None = None, **values: object) -> None:
        """Note a problem with a key; ``text`` and ``hint`` are message ids that were marked where they stand."""
        self.document.errors.append(UserError(text, where=self.where(key), hint=hint, **values))

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self.data

    def _take(self, key: str, kind: type | tuple[type, ...], *, required: bool, text: str) -> object:
        """The value, or None when it is absent or of another kind (which is noted)."""
        self.known.append(key)
        if key not in self.data:
            if required:
                self.document.errors.append(
                    UserError("{key} is missing", where=self.where(), hint="add it to this table", key=key)
                )
            return None
        value = self.data[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.document.errors.append(UserError(text, where=self.where(key), found=shown(value)))
            return None
        return value

    def text(self, key: str, default: str | None = None, *, longest: int = 2000) -> str:
        """A text; required, and then not empty, when there is no default."""
        value = self._take(
            key, str, required=default is None, text=mark("found {found}, expected a text in quotes")
        )
        if not isinstance(value, str):
            return default or ""
        if default is None and not value.strip():
            self.document.errors.append(UserError("{key} is empty", where=self.where(key), key=key))
        if len(value) > longest or CONTROL.search(value):
            self.document.errors.append(
                UserError("expected one line of at most {limit} characters", where=self.where(key), limit=longest)
            )
            return default or ""
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when absent."""
        value = self._take(key, list, required=False, text=mark("found {found}, expected a list of texts in [ ]"))
        if not isinstance(value, list):
            return ()
        for item in value:
            if not isinstance(item, str):
                self.document.errors.append(
                    UserError(
                        "found {found}, expected a list of texts in [ ]",
                        where=self.where(key),
                        found=shown(item),
                    )
                )
                return ()
        return tuple(value)

    def whole(self, key: str, default: int | None = None, *, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``; required when there is no default."""
        value = self._take(
            key, int, required=default is None, text=mark("found {found}, expected a whole number without quotes")
        )
        return int(self._within(key, value, default or 0, low, high))

    def seconds(self, key: str, default: float, *, low: float, high: float) -> float:
        """A number of seconds."""
        value = self._take(
            key, (int, float), required=False, text=mark("found {found}, expected a number of seconds")
        )
        return float(self._within(key, value, default, low, high))

    def _within(self, key: str, value: object, default: float, low: float, high: float) -> float:
        if not isinstance(value, int | float):
            return default
        if not low <= value <= high:
            self.document.errors.append(
                UserError(
                    "found {found}, expected a number from {low} to {high}",
                    where=self.where(key),
                    low=low,
                    high=high,
                    found=value,
                )
            )
            return default
        return value

    def boolean(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._take(key, bool, required=False, text=mark("found {found}, expected true or false"))
        return value if isinstance(value, bool) else default

    def choice(self, key: str, options: Collection[str], default: str) -> str:
        """One of a few words."""
        value = self.text(key, default)
        if value not in options:
            self.document.errors.append(not_among(value, options, self.where(key)))
            return default
        return value

    def table(self, key: str, *, required: bool = False) -> Table:
        """A table; an empty one when absent."""
        value = self._take(key, dict, required=required, text=mark("found {found}, expected a table"))
        return Table(value if isinstance(value, dict) else {}, (*self.path, key), self.document)

    def tables(self, key: str) -> list[Table]:
        """The tables of an array ``[[key]]``."""
        value = self._take(key, list, required=False, text=mark("found {found}, expected tables under [[ ]]"))
        found = []
        for at, item in enumerate(value if isinstance(value, list) else []):
            if isinstance(item, dict):
                found.append(Table(item, (*self.path, key, at), self.document))
            else:
                self.wrong(key, "found {found}, expected tables under [[ ]]", found=shown(item))
        return found

    def done(self) -> None:
        """Complain of every key that nobody asked for."""
        for key in self.data:
            if key not in self.known:
                self.document.errors.append(unknown(key, self.known, self.where(key)))
