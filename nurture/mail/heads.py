"""What stands in a header: addresses, message ids, tokens, moments. Total: a field that is none says nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import TYPE_CHECKING, Final

from nurture.mail.address import addresses_in
from nurture.mail.tokens import token_in

if TYPE_CHECKING:
    from nurture.mail.parse import Part

MAX_ADDRESSES: Final = 100
ADDRESS: Final = re.compile(
    r'(?:"((?:[^"\\]|\\.){0,300})"[ \t]{0,20}|([^<>,"]{0,300}))?<[ \t]{0,20}([^<>\s]{1,320})[ \t]{0,20}>'
)
IDS: Final = re.compile(r"<[^<>\s]{1,900}>")


def addresses(root: Part, name: str) -> tuple[str, tuple[str, ...]]:
    """The first display name and the addresses, lower case, of a field."""
    value = ", ".join(root.all(name))[:20_000]
    if not value:
        return "", ()
    display = ""
    if found := ADDRESS.search(value):
        display = re.sub(r"\\(.)", r"\1", found[1] or found[2] or "").strip(" \t\"',")
    elif comment := re.search(r"\(([^()]{1,200})\)", value):
        display = comment[1].strip()
    addresses = [m[3].lower() for m in ADDRESS.finditer(value) if "@" in m[3]][:MAX_ADDRESSES]
    return display[:300], tuple(dict.fromkeys(addresses or addresses_in(value, MAX_ADDRESSES)))


def ids(value: str) -> tuple[str, ...]:
    """The message ids of a field, each once, in order."""
    return tuple(dict.fromkeys(IDS.findall(value[:20_000])))[:200]


def tokens(root: Part) -> tuple[str, ...]:
    """What may be tokens of ours in the addresses that a mail came to."""
    found: dict[str, None] = {}
    for field in ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to"):
        for address in addresses(root, field)[1]:
            if token := token_in(address):
                found[token] = None
    return tuple(found)


def when(value: str) -> datetime | None:
    """A Date field as an aware instant in its own offset; in UTC where it names none."""
    try:
        parsed = parsedate_tz(value[:200])
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if parsed is None:
        return None
    try:
        offset = timezone(timedelta(seconds=parsed[9] or 0))
        return datetime(*parsed[:6], tzinfo=offset if parsed[9] is not None else UTC)
    except (ValueError, OverflowError):
        return None


def received(root: Part) -> datetime | None:
    """When the last server took the mail in."""
    for value in root.all("received")[:1]:
        return when(value.rpartition(";")[2].strip())
    return None
