"""What a report says in fields: delivery status (RFC 3464), also in damaged MIME, and the JSON of services."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nurture.mail.bounce_words import FIELDS, GROUPED
from nurture.mail.parse import Part, header_and_body
from nurture.mail.verdicts import ENHANCED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_RECIPIENTS: Final = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient as a report has it. ``action`` is that of RFC 3464, section 2.3.3."""

    address: str
    action: str
    status: str | None = None
    words: str = ""


STATUS_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})

# --- RFC 3464 ---------------------------------------------------------------------------------------------


def fields(root: Part, text: str, *, deep: bool) -> list[Row]:
    """Recipients from the delivery-status fields, of the part that has them or of the text.

    ``deep``: also inside an enclosed mail, which from a person would be a report that was passed on.
    """
    rows: list[Row] = []
    for parts in (root.own(), root.walk() if deep else ()):
        if not rows:
            rows = [row for part in parts if part.type in STATUS_TYPES for row in _groups(part.data)]
    if not rows and FIELDS.search(text):
        start = GROUPED.search(text)
        if start:
            rows.extend(_groups(text[start.start() :].encode()))
    if not rows:  # the part that should have them is labelled wrong
        for part in root.own():
            if (
                part.type not in {"text/plain", "text/html"}
                and not part.parts
                and FIELDS.search(part.decoded.text)
            ):
                rows.extend(_groups(part.data))
    return rows[:MAX_RECIPIENTS]


def _groups(data: bytes) -> Iterator[Row]:
    data = re.sub(rb"\r\n?", b"\n", data[:200_000]).strip(b"\n")
    for group in re.split(rb"\n[ \t]*\n", data, maxsplit=4 * MAX_RECIPIENTS)[: 4 * MAX_RECIPIENTS]:
        yield from _recipients(group)


def _recipients(group: bytes) -> Iterator[Row]:
    """The recipients of one block: one, or several where the empty lines between them are missing."""
    starts = [m.start() for m in re.finditer(rb"^final-recipient:", group, re.IGNORECASE | re.MULTILINE)]
    cuts = [0, *starts[1 : 2 * MAX_RECIPIENTS], len(group)]
    for begin, end in itertools.pairwise(cuts):
        block = Part(header_and_body(group[begin:end])[0])
        recipient = block.get("final-recipient") or block.get("original-recipient")
        if not recipient and not block.has("action"):
            continue
        address = _typed(recipient)
        if "@" not in address and "@" in (other := _typed(block.get("original-recipient"))):
            address = other
        found = ENHANCED.search(block.get("status"))
        status = found[0] if found else None
        words = _typed(block.get("diagnostic-code"))
        action = (block.get("action").lower().split() or [""])[0].strip("-,;")
        if action not in {"failed", "delayed", "delivered", "relayed", "expanded"}:
            action = "delivered" if status and status.startswith("2") else "failed"
        elif action == "delivered" and status and status.startswith(("4", "5")):
            action = "failed"
        comment = block.get("status").partition("(")[2].rstrip(")")
        yield Row(address, action, status, words or comment)


def _typed(value: str) -> str:
    """``rfc822; <a@b>`` without type and brackets; of words the whole."""
    kind, semicolon, rest = value.partition(";")
    text = rest if semicolon and len(kind) < 40 and " " not in kind.strip() else value
    text = text.strip()
    if "@" in text and " " not in text:
        return text.strip("<>()\"' ").lower()
    return text


# --- services ---------------------------------------------------------------------------------


def service(text: str) -> list[Row]:
    """The JSON with which a mail service reports (Amazon SES)."""
    start = text.find("{")
    if start < 0 or text[:start].strip() or "bouncedRecipients" not in text:
        return []
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text[start : start + 200_000].replace("\n", ""))
    except (ValueError, RecursionError):
        return []
    report = _inner(value)
    if report is None:
        return []
    rows = []
    for one in list(report.get("bouncedRecipients") or ())[:MAX_RECIPIENTS]:
        if isinstance(one, dict):
            status = ENHANCED.search(str(one.get("status", "")))
            words = str(one.get("diagnosticCode", ""))
            transient = str(report.get("bounceType", "")).lower() == "transient" and not words
            action = "delayed" if str(one.get("action", "")).lower() == "delayed" or transient else "failed"
            rows.append(
                Row(str(one.get("emailAddress", "")).lower(), action, status[0] if status else None, words)
            )
    return rows


def _inner(value: Any) -> Mapping[str, Any] | None:
    for _ in range(3):
        if not isinstance(value, dict):
            return None
        if isinstance(value.get("bounce"), dict):
            bounce: Mapping[str, Any] = value["bounce"]
            return bounce
        inner = value.get("Message")
        try:
            value = json.loads(inner) if isinstance(inner, str) else None
        except (ValueError, RecursionError):
            return None
    return None
