"""IMAP's way of writing things (RFC 3501): folder names, uid sets, dates, answers. Pure."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_RECORD = re.compile(rb"\d+ FETCH \(", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,19})\b", re.IGNORECASE)
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{20,30})"', re.IGNORECASE)
_DATE_PARTS = re.compile(r"\s?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_QUOTED_BODY = re.compile(rb'\bBODY\[\](?:<\d+>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE | re.DOTALL)


def folder_name(name: str) -> str:
    """A folder's name in modified UTF-7 (RFC 3501, 5.1.3): ``送信済み`` → ``&kAFP4W4IMH8-``."""
    out: list[str] = []
    held: list[str] = []

    def flush() -> None:
        if held:
            code = base64.b64encode("".join(held).encode("utf-16-be")).decode("ascii")
            out.append("&" + code.rstrip("=").replace("/", ",") + "-")
            held.clear()

    for char in name:
        if " " <= char <= "~":
            flush()
            out.append("&-" if char == "&" else char)
        else:
            held.append(char)
    flush()
    return "".join(out)


def quoted(text: str) -> str:
    """A quoted string (RFC 3501, 4.3). The client library refuses control characters in it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def uid_set(uids: Sequence[int]) -> str:
    """Ascending uids, neighbours as ranges: ``1:3,7``."""
    runs: list[list[int]] = []
    for uid in uids:
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)


def search_date(day: date) -> str:
    """A date as SEARCH takes it: ``9-Nov-2026``."""
    return f"{day.day}-{MONTHS[day.month - 1]}-{day.year:04d}"


def internal_date(text: str) -> datetime | None:
    """An INTERNALDATE, UTC: ``" 9-Nov-2026 09:00:00 +0900"``. None for what is none."""
    parts = _DATE_PARTS.fullmatch(text)
    if not parts or parts[2].title() not in MONTHS:
        return None
    sign = 1 if parts[7] == "+" else -1
    offset = timedelta(hours=int(parts[8]), minutes=int(parts[9])) * sign
    try:
        return datetime(
            int(parts[3]),
            MONTHS.index(parts[2].title()) + 1,
            int(parts[1]),
            int(parts[4]),
            int(parts[5]),
            int(parts[6]),
            tzinfo=timezone(offset),
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Record:
    """One message of a FETCH answer: what of it was told."""

    uid: int
    size: int | None = None
    received_at: datetime | None = None
    body: bytes | None = None
    whole: bool = True  # False: the server gives no more of it than this


def records(lines: Iterable[bytes | bytearray]) -> list[Record]:
    """The messages of a FETCH answer. The client library gives literals as ``bytearray``, all else as ``bytes``.

    Parts may come in any order, unasked flag updates may stand between (RFC 3501, 7): a message
    without a uid is none of ours.
    """
    found: list[Record] = []
    text = b""
    literal: bytes | None = None

    def finish() -> None:
        uid = _UID.search(text)
        if not uid:
            return
        size, when, body = _SIZE.search(text), _DATE.search(text), _QUOTED_BODY.search(text)
        found.append(
            Record(
                uid=int(uid[1]),
                size=int(size[1]) if size else None,
                received_at=internal_date(when[1].decode("ascii", "replace")) if when else None,
                body=literal if literal is not None else re.sub(rb"\\(.)", rb"\1", body[1]) if body else None,
            )
        )

    for line in lines:
        if isinstance(line, bytearray):
            literal = bytes(line)
        elif _RECORD.match(line):
            finish()
            text, literal = bytes(line), None
        else:
            text += b" " + line
    finish()
    return found
