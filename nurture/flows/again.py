"""Whoever writes second looks again: a lost race is no failure.

Several daemons and commands share a database, and each may come to write the same row at the same moment, also
one that nobody has written yet. The store lets one of them be first and tells the others with ``StaleVersion``.
What a daemon does by itself, at its start or now and then, is decided anew from what the other wrote; often
nothing is left to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from nurture.errors import StaleVersion, TemporaryFailure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")
TRIES: Final = 8
"""How often it is decided anew; each time somebody else got something done."""


async def decided(decide: Callable[[], Awaitable[T]]) -> T:
    """What ``decide`` answers when it was first; it reads, decides and commits from the beginning each time.

    Raises:
        TemporaryFailure: others were first each time; nothing has changed.
    """
    for _ in range(TRIES):
        try:
            return await decide()
        except StaleVersion:
            continue
    raise TemporaryFailure("Others keep writing to the same rows; please try again")
