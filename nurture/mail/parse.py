"""Bytes to a tree of parts. Total, and linear in the size of the mail.

The standard library's parser recurses without a bound and keeps every attachment; this one reads what
mail in the wild looks like and stops at fixed limits: ``MAX_BYTES`` of the mail, ``MAX_FIELDS`` header fields
a part, ``MAX_PARTS`` parts in all, ``MAX_DEPTH`` levels. What is beyond a limit is left out and named in
``defects``. RFC 2045 and 2046, with what senders get wrong: a missing or unclosed boundary, a header
line without a colon, a mailbox file's ``From`` line on top, encodings that are none.
"""

from __future__ import annotations

import binascii
import itertools
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from nurture.mail import charset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BYTES: Final = 24 * 1024 * 1024
MAX_FIELDS: Final = 1000
MAX_HEADER: Final = 256 * 1024  # octets of one part's header
MAX_VALUE: Final = 32 * 1024  # octets of one field
MAX_PARTS: Final = 200
MAX_DEPTH: Final = 12
MAX_TEXT: Final = 256 * 1024  # octets of one text that are looked at

FIELD: Final = re.compile(rb"([!-9;-~]{1,76})[ \t]*:")
LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
PARAM: Final = re.compile(
    r""";\s*([^\s=;]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.){0,1000})"?|([^;\s]{0,1000}))""",
    re.DOTALL,
)


@dataclass(frozen=True)
class Part:
    """One part. ``fields`` are names in lower case with raw values; ``raw`` is the body as it was sent."""

    fields: tuple[tuple[str, bytes], ...] = ()
    raw: bytes = b""
    parts: tuple[Part, ...] = ()
    defects: tuple[str, ...] = field(default=(), compare=False)

    @cached_property
    def _named(self) -> Mapping[str, list[bytes]]:
        """The raw values of each name; a header is asked many times."""
        named: dict[str, list[bytes]] = {}
        for name, value in self.fields:
            named.setdefault(name, []).append(value)
        return named

    def get(self, name: str) -> str:
        """The first field of that name as text, empty if there is none."""
        values = self._named.get(name)
        return charset.header(values[0]).text if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        """All fields of that name as text."""
        return tuple(charset.header(value).text for value in self._named.get(name, ()))

    def has(self, name: str) -> bool:
        """Whether there is such a field."""
        return name in self._named

    @cached_property
    def content(self) -> tuple[str, Mapping[str, str]]:
        """Media type in lower case, and its parameters."""
        return parameters(self.get("content-type"))

    @property
    def type(self) -> str:
        """The media type in lower case; ``text/plain`` where none is given (RFC 2045, section 5.2)."""
        kind = self.content[0]
        return kind if "/" in kind else "text/plain"

    @cached_property
    def data(self) -> bytes:
        """The body without its transfer encoding."""
        return untransfer(self.raw, self.get("content-transfer-encoding"))

    @cached_property
    def decoded(self) -> charset.Decoded:
        """The body as text, at most ``MAX_TEXT`` octets of it, line ends as plain newlines."""
        text, lossy = charset.decode(self.data[:MAX_TEXT], self.content[1].get("charset"))
        return charset.Decoded(text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", ""), lossy)

    @property
    def filename(self) -> str:
        """The name of an attachment, empty if it has none."""
        return parameters(self.get("content-disposition"))[1].get("filename") or self.content[1].get("name", "")

    @property
    def attached(self) -> bool:
        """Whether the part is meant to be a file rather than to be read."""
        return self.get("content-disposition").lower().lstrip().startswith("attachment")

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in order; what is inside an enclosed mail too."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def own(self) -> Iterator[Part]:
        """As ``walk``, but not what is inside an enclosed mail."""
        yield self
        if not self.type.startswith("message/"):
            for part in self.parts:
                yield from part.own()


def parameters(value: str) -> tuple[str, Mapping[str, str]]:
    """A structured value such as ``text/plain; charset=utf-8``, with RFC 2231's pieces put together."""
    kind, _, _ = value.partition(";")
    found: dict[str, str] = {}
    for match in PARAM.finditer(value[:8000]):
        name = match[1].lower()
        text = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        base, _, rest = name.partition("*")
        if rest or name.endswith("*"):
            text = _extended(text) if name.endswith("*") else text
            found[base] = found.get(base, "") + text
        else:
            found.setdefault(base, text)
    return kind.strip().lower(), found


def _extended(text: str) -> str:
    name, quote, rest = text.partition("'")
    if quote and "'" in rest:
        text = rest.partition("'")[2]
    else:
        name = ""
    data = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), text.encode("utf-8", "replace"))
    return charset.decode(data, name or None).text


def untransfer(data: bytes, encoding: str) -> bytes:
    """A body without its transfer encoding; one that is unknown or a lie leaves it as it is."""
    name = encoding.strip().lower()
    if name.startswith("base64"):
        return charset.unbase64(data)
    if name.startswith("quoted"):
        return binascii.a2b_qp(data)
    if "uue" in name:
        return _uudecode(data)
    return data


def _uudecode(data: bytes) -> bytes:
    out = bytearray()
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")):
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            continue
    return bytes(out)


class _Budget:
    """How many parts may still be made, and what went wrong on the way."""

    def __init__(self) -> None:
        self.left = MAX_PARTS
        self.defects: dict[str, None] = {}


def parse(raw: bytes) -> Part:
    """A mail as a tree. Never raises; ``defects`` of the root name what was left out or mended."""
    budget = _Budget()
    if len(raw) > MAX_BYTES:
        raw = raw[:MAX_BYTES]
        budget.defects["too_big"] = None
    root = _part(_mended(raw, budget.defects), budget, 0)
    return Part(root.fields, root.raw, root.parts, tuple(budget.defects))


BEFORE: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]{0,80}\r?\n){0,20}")
"""What programs that keep mails as files put before the header: a mark of UTF-8, empty lines."""


def _mended(raw: bytes, defects: dict[str, None]) -> bytes:
    """The mail without what a program that kept it as a file did to its lines."""
    if b"\r\r\n" in raw[:2000]:
        defects["line_ends"] = None
        raw = raw.replace(b"\r\r\n", b"\r\n")
    before = BEFORE.match(raw)
    end = before.end() if before else 0
    if end and (line := LINE.match(raw, end)) and (FIELD.match(line[0]) or line[0].startswith(b"From ")):
        defects["before_header"] = None
        raw = raw[end:]
    return raw


def _part(raw: bytes, budget: _Budget, depth: int) -> Part:
    budget.left -= 1
    fields, body = header_and_body(raw, budget.defects)
    part = Part(fields, body)
    kind = part.type
    if not (kind.startswith("multipart/") or kind in ENCLOSED):
        return part
    if depth >= MAX_DEPTH:
        budget.defects["too_deep"] = None
        return part
    if kind in ENCLOSED:
        return Part(fields, body, (_part(part.data.lstrip(b"\r\n"), budget, depth + 1),)) if body.strip() else part
    pieces = _pieces(body, part.content[1].get("boundary", ""), budget)
    parts = []
    for piece in pieces:
        if budget.left <= 0:
            budget.defects["too_many_parts"] = None
            break
        parts.append(_part(piece, budget, depth + 1))
    return Part(fields, body, tuple(parts))


ENCLOSED: Final = frozenset({"message/rfc822", "message/global", "message/news"})


def header_and_body(
    raw: bytes, defects: dict[str, None] | None = None
) -> tuple[tuple[tuple[str, bytes], ...], bytes]:
    """Fields (names in lower case, values still folded and encoded) and what follows the empty line."""
    defects = {} if defects is None else defects
    fields: list[tuple[str, list[bytes]]] = []
    at = 0
    if raw.startswith((b"From ", b">From ")):
        at = LINE.match(raw).end()  # type: ignore[union-attr]  # the pattern matches anything
    while at < len(raw):
        line = LINE.match(raw, at)
        assert line is not None
        text, end = line[0], line.end()
        if text in {b"\r\n", b"\n", b"\r"}:
            at = end
            break
        if text[:1] in b" \t":
            if fields:
                fields[-1][1].append(text)
            elif not text.strip():
                at = end
                break
        elif found := FIELD.match(text):
            fields.append((found[1].decode("ascii").lower(), [text[found.end() :]]))
        elif (next_line := LINE.match(raw, end)) and FIELD.match(next_line[0]) and fields:
            defects["header_line"] = None
        else:
            defects["no_end_of_header"] = None
            break
        at = end
        if len(fields) > MAX_FIELDS or at > MAX_HEADER:
            defects["header_too_big"] = None
            at = _after_header(raw, at)
            break
    return tuple((name, b"".join(value)[:MAX_VALUE].strip(b" \t\r\n")) for name, value in fields), raw[at:]


def _after_header(raw: bytes, at: int) -> int:
    found = re.compile(rb"\n\r?\n").search(raw, at)
    return found.end() if found else len(raw)


def _pieces(body: bytes, boundary: str, budget: _Budget) -> list[bytes]:
    """A multipart body cut at its boundary, at one that is seen where none was given or the given one neve"
    "r comes.
    """
    marks: list[re.Match[bytes]] = []
    if boundary:
        marks = _marks(body, boundary.rstrip(" ").encode("latin-1", "replace"))
    if not marks:
        seen = re.compile(rb"^--([!-~]{6,70}?)[ \t]*\r?\n(?:[Cc]ontent-|\r?\n)", re.MULTILINE).search(body)
        if seen is None:
            budget.defects["no_boundary"] = None
            return [b"\r\n" + body] if body.strip() else []
        budget.defects["wrong_boundary"] = None
        marks = _marks(body, seen[1])
    pieces = []
    for index, mark in enumerate(marks):
        if mark[1]:
            break
        end = marks[index + 1].start() if index + 1 < len(marks) else len(body)
        if index + 1 == len(marks):
            budget.defects["unclosed_multipart"] = None
        piece = body[mark.end() : end]
        pieces.append(piece.removesuffix(b"\n").removesuffix(b"\r"))
        if len(pieces) > MAX_PARTS:
            break
    return pieces


def _marks(body: bytes, boundary: bytes) -> list[re.Match[bytes]]:
    """The boundary's places; no more than parts may be made."""
    line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r\n|\n|\r|\Z)", re.MULTILINE)
    return list(itertools.islice(line.finditer(body), MAX_PARTS + 2))
