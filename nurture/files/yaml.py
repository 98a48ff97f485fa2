"""YAML files, read strictly: every value keeps its place, every fault is one clear sentence.

Theory of operation
-------------------
``parse`` walks the event stream of ruamel.yaml (YAML 1.2) with a stack of its own, so that neither a
deep nor a wide text can exhaust the interpreter, and builds plain values together with the line and
column of each. Plain scalars follow the core schema of YAML 1.2 (10.3.2) except that dates and times
stay text: ``on``, ``no`` and ``2027-04-08`` are strings. Anchors, aliases, explicit tags, directives and
several documents in one file are refused: nobody needs them here, and they are what hostile YAML is
made of.

The last texts that were parsed are kept: content is read again as a whole when one item of it has changed, and
most of it says what it said before.

``validate`` lets a pydantic model judge the values and turns each of its complaints into a ``UserError``
that says where it is, what was found, what is expected, and what may have been meant.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from nurture.errors import UserError, UserErrors, Where
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

MAX_DEPTH: Final = 20
MAX_VALUES: Final = 50_000
MAX_ERRORS: Final = 50
KEPT: Final = 64  # texts that are known when they come again
SHOWN: Final = 60  # characters of a found value that a message repeats

# What YAML 1.2 (5.1) does not count as printable, apart from the byte order mark at the start.
CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Document:
    """A text as plain values (dict, list, str, int, float, bool, None) that know where they stood.

    Documents of the same text share their values: nobody changes them.
    """

    value: Any
    file: str | None = None
    text: str = ""
    _values: Mapping[Path_, tuple[int, int]] = field(default_factory=dict, repr=False)
    _keys: Mapping[Path_, tuple[int, int]] = field(default_factory=dict, repr=False)

    def where(self, path: Path_ = (), *, key: bool = False) -> Where:
        """The place of a value (or of its key): file, 1-based line and column, and ``steps[2].mail``.

        List positions count from 0. For what is not there, the place of what should hold it.
        """
        here = path
        found = (self._keys if key else self._values).get(here)
        while found is None and here:
            found = self._values.get(here)
            here = here[:-1]
        line, column = found or self._values.get((), (1, 1))
        return Where(file=self.file, line=line, column=column, key=key_path(path) or None)

    def at(self, path: Path_) -> Any:
        """The value at a path; None where there is nothing."""
        value = self.value
        for part in path:
            inside = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
            if part not in inside:
                return None
            value = value[part]
        return value

    def has(self, path: Path_) -> bool:
        """Whether the text says anything there."""
        return path in self._values


def key_path(path: Path_) -> str:
    """``("steps", 2, "mail")`` as ``steps[2].mail``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


# --- reading -----------------------------------------------------------------------------------------


def read(path: Path, *, file: str | None = None, max_bytes: int = 1_000_000) -> Document:
    """Read and parse one file.

    Args:
        path: where it lies.
        file: how messages name it; else its path as given.
        max_bytes: a longer file is refused before it is parsed.

    Raises:
        UserError: the file cannot be read, is too long, is not UTF-8, or is not plain YAML.
    """
    name = file or str(path)
    try:
        if not path.is_file():
            raise UserError("there is no file {path}", path=name)
        with path.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("{path} cannot be read: {reason}", path=name, reason=reason) from error
    return parse(decode(data, file=name, max_bytes=max_bytes), file=name, max_bytes=max_bytes)


def decode(data: bytes, *, file: str | None = None, max_bytes: int = 1_000_000) -> str:
    """UTF-8 bytes as text, without a byte order mark.

    Raises:
        UserError: too long, or not UTF-8; names the line of the first byte that is none.
    """
    if len(data) > max_bytes:
        raise UserError("the file is longer than {limit} bytes", where=Where(file=file), limit=max_bytes)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            "the file is not UTF-8",
            where=Where(file=file, line=line),
            hint="save it again with the encoding UTF-8",
        ) from error


def parse(text: str, *, file: str | None = None, max_bytes: int = 1_000_000) -> Document:
    """A YAML text as a Document. An empty text has the value None.

    Raises:
        UserError: the first thing that is wrong, with its place.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > max_bytes or len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        raise UserError("the file is longer than {limit} bytes", where=Where(file=file), limit=max_bytes)
    if found := CONTROL.search(text):
        raise UserError(
            "there is a control character (U+{code})",
            where=_where(file, text, found.start()),
            hint="delete it; most editors do not show it",
            code=f"{ord(found[0]):04X}",
        )
    try:
        built = _built(text)
    except UserError as error:
        where = replace(error.where or Where(), file=file)
        raise UserError(error.text, where=where, hint=error.hint, **error.values) from error
    return Document(built.root, file, text, built.values, built.keys)


@lru_cache(KEPT)
def _built(text: str) -> _Builder:
    """What a text says, in whichever file it stands."""
    builder = _Builder()
    try:
        yaml = YAML(typ="safe", pure=True)
        for event in yaml.parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        raise _syntax(error, text) from error
    except (YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError("this is not YAML: {reason}", reason=reason) from error
    return builder


def _where(file: str | None, text: str, offset: int) -> Where:
    start = text.rfind("\n", 0, offset) + 1
    return Where(file=file, line=text.count("\n", 0, offset) + 1, column=offset - start + 1)


def _syntax(error: MarkedYAMLError, text: str) -> UserError:
    """A fault of the YAML itself, in one sentence."""
    place = error.problem_mark or error.context_mark
    line, column = (place.line + 1, place.column + 1) if place else (1, 1)
    where = Where(line=line, column=column)
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())] or (error.problem and "'\\t'" in error.problem):
        return UserError(
            "a tab stands where only spaces may indent", where=where, hint="use spaces instead of tabs"
        )
    reason = ", ".join(part for part in (error.context, error.problem) if part)
    return UserError(
        "this is not YAML: {reason}",
        where=where,
        hint="look at this line and the one before it: indentation, colons, quotes",
        reason=" ".join(reason.split())[:200],
    )


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come."""

    value: dict[str, Any] | list[Any]
    path: Path_
    key: str | None = None


class _Builder:
    """Events to values, with every bound that a hostile text could overstep."""

    def __init__(self) -> None:
        self.root: Any = None
        self.values: dict[Path_, tuple[int, int]] = {}
        self.keys: dict[Path_, tuple[int, int]] = {}
        self._stack: list[_Open] = []
        self._documents = 0

    def take(self, event: Any) -> None:
        """Handle the next event."""
        mark_ = event.start_mark
        where = Where(line=mark_.line + 1, column=mark_.column + 1, key=self._key())
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise UserError(
                    "a second document begins here; a file holds one", where=where, hint="delete the line ---"
                )
            if event.version or event.tags:
                raise UserError("YAML directives (%) are not allowed", where=where, hint="delete the line")
        elif isinstance(event, AliasEvent):
            raise UserError("aliases (*name) are not allowed", where=where, hint="write the value out")
        elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent):
            self._node(event, where)
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self._stack.pop()

    def _key(self) -> str | None:
        if not self._stack:
            return None
        top = self._stack[-1]
        return key_path((*top.path, top.key) if top.key is not None else top.path) or None

    def _node(self, event: Any, where: Where) -> None:
        if event.anchor is not None:
            raise UserError(
                "anchors (&name) are not allowed", where=where, hint="write the value out where it is used"
            )
        if event.tag is not None:
            raise UserError("tags (!name) are not allowed", where=where, hint="write the plain value")
        if len(self.values) >= MAX_VALUES:
            raise UserError("the file holds more than {limit} values", where=where, limit=MAX_VALUES)
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._take_key(event, top, where)
            return
        path = self._next(top)
        self.values[path] = (where.line or 1, where.column or 1)
        value: Any
        if isinstance(event, ScalarEvent):
            value = _scalar(event, where)
        else:
            if len(self._stack) >= MAX_DEPTH:
                raise UserError("values are nested more than {limit} deep", where=where, limit=MAX_DEPTH)
            value = {} if isinstance(event, MappingStartEvent) else []
        self._put(top, value)
        if not isinstance(event, ScalarEvent):
            self._stack.append(_Open(value, path))

    def _next(self, top: _Open | None) -> Path_:
        if top is None:
            return ()
        if isinstance(top.value, list):
            return (*top.path, len(top.value))
        return (*top.path, top.key or "")

    def _take_key(self, event: Any, top: _Open, where: Where) -> None:
        if not isinstance(event, ScalarEvent):
            raise UserError(
                "a key must be a plain word", where=where, hint="text with braces or brackets stands in quotes"
            )
        key = _clean(str(event.value), where)
        path = (*top.path, key)
        if path in self.keys:
            raise UserError(
                "the key {key} stands here twice; first in line {line}",
                where=Where(where.file, where.line, where.column, key_path(path)),
                hint="delete one of them",
                key=shown(key),
                line=self.keys[path][0],
            )
        self.keys[path] = (where.line or 1, where.column or 1)
        top.key = key

    def _put(self, top: _Open | None, value: Any) -> None:
        if top is None:
            self.root = value
        elif isinstance(top.value, list):
            top.value.append(value)
        else:
            top.value[top.key or ""] = value
            top.key = None


def _clean(text: str, where: Where) -> str:
    # An escape in double quotes can bring back what the text itself may not hold.
    if found := CONTROL.search(text):
        raise UserError(
            "there is a control character (U+{code})",
            where=where,
            hint="delete it; most editors do not show it",
            code=f"{ord(found[0]):04X}",
        )
    return text


def _scalar(event: Any, where: Where) -> Any:
    """A scalar by the core schema of YAML 1.2; quoted and block scalars are always text."""
    text = str(event.value)
    if event.style is not None:
        return _clean(text, where)
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    if len(text) <= SHOWN:
        if INTEGER.fullmatch(text):
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        if FLOAT.fullmatch(text):
            return float(text)
    return text


# --- judging -----------------------------------------------------------------------------------------


class Wrong(ValueError):
    """What a validator of a model raises: a UserError whose place is filled in later.

    Args:
        error: what is wrong and what to do.
        path: where, below the value that is validated.
    """

    def __init__(self, error: UserError, path: Path_ = ()) -> None:
        super().__init__(str(error))
        self.error = error
        self.path = path


TYPES: Final[Mapping[str, str]] = {
    "int_type": mark("found {found}, expected a whole number"),
    "int_from_float": mark("found {found}, expected a whole number"),
    "float_type": mark("found {found}, expected a number"),
    "bool_type": mark("found {found}, expected true or false"),
    "string_type": mark("found {found}, expected text"),
    "list_type": mark("found {found}, expected a list"),
    "tuple_type": mark("found {found}, expected a list"),
    "dict_type": mark("found {found}, expected keys with values"),
    "model_type": mark("found {found}, expected keys with values"),
    "model_attributes_type": mark("found {found}, expected keys with values"),
    "greater_than_equal": mark("found {found}, expected {ge} or more"),
    "greater_than": mark("found {found}, expected more than {gt}"),
    "less_than_equal": mark("found {found}, expected {le} or less"),
    "less_than": mark("found {found}, expected less than {lt}"),
    "string_too_short": mark("found {found}, expected at least {min_length} characters"),
    "string_too_long": mark("found {found}, expected at most {max_length} characters"),
    "too_short": mark("found {actual_length} values, expected at least {min_length}"),
    "too_long": mark("found {actual_length} values, expected at most {max_length}"),
    "string_pattern_mismatch": mark("found {found}, expected text of the form {pattern}"),
}


def validate(model: type[M], document: Document, path: Path_ = ()) -> M:
    """Judge the value at ``path`` by a model.

    Raises:
        UserError: one thing is wrong.
        UserErrors: several are; all of them, in the order of the text, at most ``MAX_ERRORS``.
    """
    try:
        return model.model_validate(document.at(path))
    except ValidationError as found:
        errors = [_error(model, document, path, details) for details in found.errors()[:MAX_ERRORS]]
    raise together(errors)


def together(errors: Iterable[UserError]) -> UserError:
    """One error for one or several, in the order of the text; the same complaint once."""
    listed = {(str(e.where), e.text, str(e.values)): e for e in errors}
    ordered = sorted(
        listed.values(),
        key=lambda e: (e.where.file or "", e.where.line or 0, e.where.column or 0) if e.where else ("", 0, 0),
    )
    return ordered[0] if len(ordered) == 1 else UserErrors(tuple(ordered[:MAX_ERRORS]))


def _error(model: type[BaseModel], document: Document, base: Path_, details: ErrorDetails) -> UserError:
    """One complaint of pydantic as a UserError."""
    kind, context = details["type"], details.get("ctx", {})
    path = _real(document, base, details["loc"])
    if kind == "missing":
        return UserError(
            "{key} is missing",
            where=document.where(path),
            hint="add it: {description}" if (about := _about(model, details["loc"])) else None,
            key=shown(str(path[-1])),
            description=about,
        )
    if kind == "extra_forbidden":
        known = _known(model, details["loc"][:-1])
        return unknown(str(path[-1]), known, document.where(path, key=True))
    if kind in {"literal_error", "enum"}:
        expected = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        return not_among(details["input"], expected, document.where(path))
    if kind == "value_error" and isinstance(wrong := context.get("error"), Wrong):
        place = document.where((*path, *wrong.path))
        return UserError(wrong.error.text, where=place, hint=wrong.error.hint, **wrong.error.values)
    values = {name: value for name, value in context.items() if name != "error"}
    if kind in TYPES:
        return UserError(TYPES[kind], where=document.where(path), **{**values, "found": shown(details["input"])})
    return UserError(
        "found {found}: {problem}",
        where=document.where(path),
        found=shown(details["input"]),
        problem=details["msg"],
    )


def unknown(key: str, known: Iterable[str], where: Where) -> UserError:
    """A key that nobody asked for, and which one may have been meant."""
    listed = sorted(known)
    near = nearest(key, listed)
    return UserError(
        "unknown key {key}",
        where=where,
        hint="did you mean {guess}?" if near else "keys known here: {keys}",
        key=shown(key),
        guess=near,
        keys=", ".join(listed),
    )


def not_among(found: object, expected: Iterable[str], where: Where | None) -> UserError:
    """A word that is not one of those expected, and which one may have been meant."""
    listed = list(expected)
    near = nearest(found, listed) if isinstance(found, str) else None
    return UserError(
        "found {found}, expected one of {expected}",
        where=where,
        hint="did you mean {guess}?" if near else None,
        found=shown(found),
        expected=", ".join(listed),
        guess=near,
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, if any is like it at all."""
    found = difflib.get_close_matches(word[:SHOWN].casefold(), {k.casefold(): k for k in known}, n=1, cutoff=0.6)
    return next((k for k in known if k.casefold() == found[0]), None) if found else None


def shown(value: object) -> str:
    """A found value as a message repeats it: short, in one line."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        text = " ".join(value.split()) or '""'
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _real(document: Document, base: Path_, location: Path_) -> Path_:
    """A location of pydantic without what stands in the model only (names of union members)."""
    path = base
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if document.has((*path, part)) or (last and isinstance(document.at(path), dict)):
            path = (*path, part)
    return path


def _models(annotation: object) -> list[type[BaseModel]]:
    """The models in an annotation, however it wraps them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _models(inner)]


def _reach(model: type[BaseModel], location: Path_) -> list[type[BaseModel]]:
    """The models that can stand at a location."""
    models = [model]
    for part in location:
        fields = [
            info.annotation
            for m in models
            for name, info in m.model_fields.items()
            if isinstance(part, str) and part in {info.alias, name}
        ]
        if fields:
            models = [found for annotation in fields for found in _models(annotation)]
    return models


def _known(model: type[BaseModel], location: Path_) -> set[str]:
    return {info.alias or name for m in _reach(model, location) for name, info in m.model_fields.items()}


def _about(model: type[BaseModel], location: Path_) -> str:
    for m in _reach(model, location[:-1]):
        for name, info in m.model_fields.items():
            if location[-1] in {info.alias, name}:
                return info.description or ""
    return ""
