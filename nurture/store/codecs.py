"""How one field's value is written into a column and read back, chosen by the field's type.

A string, number, date or instant has a column of its own kind. Everything nested (tuples, mappings, frozen
dataclasses) is JSON text; a dataclass is an object whose missing keys take the field's default and whose
unknown keys are passed over, so a nested field can be added without a migration.

Text that no database can hold as UTF-8 is mended, not refused: NUL and lone surrogates become U+FFFD. They
come from hostile mail, and one such letter must not keep a mailbox from being read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, NamedTuple, NewType, Union, get_args, get_origin, get_type_hints

from nurture.errors import Impossible

Convert = Callable[[Any], Any]

_UNFIT: Final = re.compile("[\0\ud800-\udfff]")
_BITS: Final = 63  # what a signed column of 64 bits holds


class Codec(NamedTuple):
    """Both directions of one column. ``decode`` is None where the driver's value is the value."""

    encode: Convert
    decode: Convert | None = None
    nested: bool = False  # JSON text: carried, not asked for


def hints(cls: type) -> dict[str, Any]:
    """The types of a dataclass's fields, also where its module imports them for type checkers alone."""
    return get_type_hints(cls, localns={"datetime": datetime, "date": date, "Mapping": Mapping})


def column(hint: Any) -> Codec:
    """The codec of a column for values of this type; None is never handed to it."""
    hint = _plain(hint)
    if isinstance(hint, type) and hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        member = _member(hint)
        return Codec(lambda value: member(value).value, member)
    encode, decode = _nested(hint)
    return Codec(lambda value: _dump(encode(value)), _loader(decode), nested=True)


def clean(text: str) -> str:
    """The text as a database can hold it."""
    return _UNFIT.sub("\ufffd", text) if _UNFIT.search(text) else text


def fold(address: str) -> str:
    """A mail address as addresses are compared: A to Z in lower case, as SQL's ``lower`` does it."""
    return address.translate(_LOWER)


_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def _plain(hint: Any) -> Any:
    """The type without ``NewType`` and ``| None``."""
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    if get_origin(hint) in {Union, UnionType}:
        rest = [arg for arg in get_args(hint) if arg is not NoneType]
        if len(rest) == 1:
            return _plain(rest[0])
    return hint


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Impossible("{value} is not text", value=type(value).__name__)
    return clean(value if type(value) is str else str.__str__(value))


def _kept_text(value: Any) -> str:
    """Text that comes from a database, which holds only what is clean."""
    return value if type(value) is str else _text(value)


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**_BITS) <= value < 2**_BITS:
        raise Impossible("{value} is not a number of 64 bits", value=type(value).__name__)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Impossible("{value} is not true or false", value=type(value).__name__)
    return value


def _instant(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Impossible("{value} is not an aware instant", value=type(value).__name__)
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _day(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Impossible("{value} is not a date", value=type(value).__name__)
    return value


def _member(kind: type[StrEnum]) -> Convert:
    """Text, or the member itself, to the member."""
    members = {member.value: member for member in kind}

    def convert(value: Any) -> StrEnum:
        try:
            return members[value]
        except (KeyError, TypeError):
            raise Impossible("{value} is not a {kind}", value=type(value).__name__, kind=kind.__name__) from None

    return convert


_SCALARS: Final[Mapping[type, Codec]] = {
    str: Codec(_text),
    int: Codec(_number),
    bool: Codec(_flag),
    datetime: Codec(_instant),
    date: Codec(_day),
}


def _nested(hint: Any) -> tuple[Convert, Convert]:
    """Value → what JSON has, and back."""
    plain = _plain(hint)
    if plain is not hint and get_origin(hint) in {Union, UnionType}:
        encode, decode = _nested(plain)
        return _unless_none(encode), _unless_none(decode)
    origin = get_origin(plain)
    if origin is tuple:
        return _tuple(get_args(plain))
    if origin is not None and issubclass(origin, Mapping):
        return dict, dict
    if is_dataclass(plain):
        return _object(plain)
    if plain is datetime:
        return lambda value: _instant(value).isoformat(), lambda value: _instant(datetime.fromisoformat(value))
    if plain is date:
        return lambda value: _day(value).isoformat(), date.fromisoformat
    codec = column(plain)
    return codec.encode, _kept_text if plain is str else codec.decode or codec.encode


def _tuple(args: tuple[Any, ...]) -> tuple[Convert, Convert]:
    if len(args) == 2 and args[1] is ...:
        encode, decode = _nested(args[0])
        return lambda value: [encode(x) for x in value], lambda value: tuple(decode(x) for x in value)
    parts = [_nested(arg) for arg in args]
    return (
        lambda value: [part[0](x) for part, x in zip(parts, value, strict=True)],
        lambda value: tuple(part[1](x) for part, x in zip(parts, value, strict=True)),
    )


def _object(cls: Any) -> tuple[Convert, Convert]:
    types = hints(cls)
    parts = {f.name: _nested(types[f.name]) for f in fields(cls)}
    needed = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}

    def encode(value: Any) -> dict[str, Any]:
        return {name: part[0](getattr(value, name)) for name, part in parts.items()}

    order = [(name, part[1]) for name, part in parts.items()]

    def decode(value: Any) -> Any:
        if len(value) == len(order) and value.keys() == parts.keys():  # as it was written, nearly always
            return cls(*[read(value[name]) for name, read in order])
        if missing := needed - value.keys():
            raise Impossible("{kind} lacks {missing}", kind=cls.__name__, missing=", ".join(sorted(missing)))
        return cls(**{name: parts[name][1](x) for name, x in value.items() if name in parts})

    return encode, decode


def _unless_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _dump(value: Any) -> str:
    try:
        return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise Impossible("JSON cannot hold this: {problem}", problem=str(error)) from None


KEPT: Final = 4_096
"""Decoded values of one column that are kept, …"""
SHORT: Final = 400
"""… and the longest text that is worth keeping."""


def _loader(decode: Convert) -> Convert:
    """Text to value. What is decoded cannot be changed, so rows that say the same share one value."""
    kept: dict[str, Any] = {}

    def load(text: str) -> Any:
        if (found := kept.get(text, kept)) is not kept:
            return found
        value = decode(json.loads(text))
        if len(text) <= SHORT:
            if len(kept) >= KEPT:
                kept.clear()
            kept[text] = value
        return value

    return load
