"""Subscriptions: calendars that others publish at an address, and how the last look at each went."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

BACK_OFF: Final = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""How long to wait after the first failures in a row; then the usual rhythm."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A calendar that is fetched from an address."""

    calendar_id: str
    url: str
    file: str = ""  # the file that says so

    @property
    def stored(self) -> str:
        """The name under which its copy lies: the address itself may hold a secret, and any character."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:32]

    @property
    def said(self) -> str:
        """The address for people and logs: host and last part. What stands between, or after, may be a secret."""
        head, question, _ = self.url.partition("?")
        scheme, _, rest = head.partition("://")
        host, *path = rest.split("/")
        between = "…/" if len(path) > 1 else ""
        return f"{scheme}://{host}/{between}{path[-1] if path else ''}{'?…' if question else ''}"


@dataclass(frozen=True, slots=True)
class FeedState:
    """How the last look at a subscription went. Times are UTC."""

    tried_at: datetime | None = None
    good_at: datetime | None = None  # when the copy was last known to be what the address says
    changed_at: datetime | None = None  # when the copy last became another
    etag: str = ""
    modified: str = ""  # Last-Modified, as the server wrote it
    error: str = ""  # of the last attempt, a message id; "" when it went well
    values: Mapping[str, str] = field(default_factory=dict)  # what fills its places
    failures: int = 0  # in a row


def due(state: FeedState | None, every: timedelta) -> datetime | None:
    """When to look next; None: now."""
    if state is None or state.tried_at is None:
        return None
    wait = every
    if state.failures:
        wait = min(every, BACK_OFF[state.failures - 1] if state.failures <= len(BACK_OFF) else every)
    return state.tried_at + wait
