"""iCalendar text as components: lines unfolded, nesting followed, and no more of it understood than is wanted.

Theory of operation
-------------------
A calendar of years is megabytes of descriptions, attendees and alarms, of which a planner needs a few lines an
event. So the bytes are walked once: lines are unfolded as bytes (RFC 5545, 3.1, folds anywhere, also inside a
letter), ``BEGIN`` and ``END`` are followed with a stack of our own, and only the properties that are asked for
are handed to the icalendar library, line by line. What a hostile file can cost is bounded before it costs it:
bytes, depth, components, the length of a line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nurture.errors import UserError, Where

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MAX_BYTES: Final = 10_000_000
MAX_DEPTH: Final = 8
MAX_COMPONENTS: Final = 20_000
MAX_LINE: Final = 100_000
"""Bytes of an unfolded line; a longer one is no property that a planner needs."""


@dataclass(frozen=True, slots=True)
class Property:
    """One line: ``DTSTART;TZID=Asia/Tokyo:20270408T090000``. Names are upper case."""

    name: str
    params: Mapping[str, str]
    value: str  # as it stands, not unescaped
    line: int


@dataclass(slots=True)
class Component:
    """``BEGIN`` to ``END``: its wanted properties, and the components inside it."""

    name: str
    line: int
    properties: list[Property] = field(default_factory=list)
    inside: list[Component] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)  # lines of wanted properties that cannot be understood

    def first(self, name: str) -> Property | None:
        """The first property of that name."""
        return next((p for p in self.properties if p.name == name), None)

    def every(self, name: str) -> Iterator[Property]:
        """All properties of that name, in order."""
        return (p for p in self.properties if p.name == name)


def components(
    data: bytes, properties: Collection[str], names: Collection[str], *, file: str | None = None
) -> Component:
    """The one VCALENDAR of a file, with what is wanted of it.

    Args:
        data: the bytes, UTF-8.
        properties: names of the properties that are kept.
        names: components that are kept; others are passed over with all that is inside them.
        file: how messages name it.

    Raises:
        UserError: it is too long, too deep, has too many components, is not UTF-8, or is no iCalendar text.
    """
    if len(data) > MAX_BYTES:
        raise UserError("the file is longer than {limit} bytes", where=Where(file), limit=MAX_BYTES)
    root = Component("", 1)
    stack: list[Component | None] = [root]  # None: inside something that is passed over
    open_: list[bytes] = []
    wanted = {name.encode() for name in properties}
    count = 0
    for line, raw in _unfolded(data):
        name = raw[: min((at for at in (raw.find(b":"), raw.find(b";")) if at >= 0), default=0)].strip().upper()
        if name == b"BEGIN":
            open_.append(raw[6:].strip().upper())
            count += 1
            if len(open_) > MAX_DEPTH or count > MAX_COMPONENTS:
                raise _too_much(file, line, deep=len(open_) > MAX_DEPTH)
            stack.append(_opened(stack[-1], open_[-1], line, names))
        elif name == b"END":
            if not open_ or open_.pop() != raw[4:].strip().upper():
                raise UserError("END does not fit the last BEGIN", where=Where(file, line))
            stack.pop()
        elif name in wanted and (here := stack[-1]) is not None:
            _take(here, raw, line, file)
    if open_:
        raise UserError(
            "the file ends in the middle: {name} is not closed", where=Where(file), name=_said(open_[-1])
        )
    found = next((c for c in root.inside if c.name == "VCALENDAR"), None)
    if found is None:
        raise UserError(
            "this is no iCalendar text", where=Where(file, 1), hint="it begins with a line BEGIN:VCALENDAR"
        )
    return found


def _unfolded(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The logical lines with the number of the first physical one; over-long ones are cut."""
    number, parts, length = 0, list[bytes](), 0
    for at, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if line[:1] in {b" ", b"\t"} and parts:
            length += len(line)
            if length <= MAX_LINE:
                parts.append(line[1:])
            continue
        if parts:
            yield number, b"".join(parts)
        number, parts, length = at, [line[: MAX_LINE + 1]], len(line)
    if parts:
        yield number, b"".join(parts)


def _opened(parent: Component | None, name: bytes, line: int, names: Collection[str]) -> Component | None:
    if parent is None or _said(name) not in names:
        return None
    fresh = Component(_said(name), line)
    parent.inside.append(fresh)
    return fresh


def _take(here: Component, raw: bytes, line: int, file: str | None) -> None:
    from icalendar.parser import Contentline  # noqa: PLC0415 - only where there is such a file

    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise UserError(
            "the file is not UTF-8", where=Where(file, line), hint="save it again with the encoding UTF-8"
        ) from None
    if len(raw) > MAX_LINE:
        here.broken.append(line)
        return
    try:
        name, params, value = Contentline(text).raw_parts()  # type: ignore[no-untyped-call]
    except ValueError:
        here.broken.append(line)
        return
    said = {str(key).upper(): item if isinstance(item, str) else ",".join(item) for key, item in params.items()}
    here.properties.append(Property(str(name).strip().upper(), said, str(value), line))


def _too_much(file: str | None, line: int, *, deep: bool) -> UserError:
    if deep:
        return UserError("more than {limit} levels of BEGIN", where=Where(file, line), limit=MAX_DEPTH)
    return UserError("more than {limit} components", where=Where(file, line), limit=MAX_COMPONENTS)


def _said(name: bytes) -> str:
    return name[:60].decode("utf-8", "replace")
