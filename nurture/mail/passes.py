"""Links by which a representative approves one mail without signing in: for that person, that text, for a while.

The link is in a mail to the representative and nowhere else. It says by itself for whom, for which mail, for which
text and until when it is good (``links``: nobody else can make one, or read it). That it was used stands in the
journal (``flows.review``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from nurture.mail import links

if TYPE_CHECKING:
    from datetime import datetime

    from nurture.core.ids import MessageId, RepId

PURPOSE: Final = b"nurture approval link 1"


class Pass(NamedTuple):
    """What such a link says."""

    by: RepId
    message_id: MessageId
    seen: str  # the fingerprint of the text
    until: int  # seconds of the epoch


def issued(key: bytes, by: RepId, message_id: MessageId, seen: str, until: datetime) -> str:
    """The token of a link."""
    said = [by, message_id, seen, int(until.timestamp())]
    return links.closed(key, PURPOSE, json.dumps(said, separators=(",", ":")).encode())


def opened(key: bytes, token: str, now: datetime) -> Pass | None:
    """What a link says that is still good; None for anything else."""
    said = links.read(key, PURPOSE, token)
    if said is None:
        return None
    found = Pass(*json.loads(said))
    return found if now.timestamp() < found.until else None
