"""Idempotency keys: what was asked under a key, and what was answered.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.ids import derived

if TYPE_CHECKING:
    from datetime import datetime

KEPT: Final = timedelta(hours=72)
"""So long a key is remembered: over a weekend."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One request that changed something. Written with the change; ``body`` is added once it is known."""

    id: str  # derived from the token and its key
    at: datetime
    asked: str  # sha256 of method, path and content
    made: str  # the id of what came of it
    status: int = 0  # 0: the answer is not known, only that the change is written
    body: str = ""
    version: int = 0


def key_id(token: str, key: str) -> str:
    """The one row that a key of this token can have."""
    return derived(f"idempotency:{token}", key)
