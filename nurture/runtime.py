"""The event loop and the collector of garbage, as the daemon runs them."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

ALLOCATIONS: Final = 50_000
"""New objects between two looks for garbage. Values here are frozen and hold no cycles: nearly all of them go when
they are not used any more, and every look goes through all that are young, in vain. Measured: two fifths of the
time of a claim."""


SWITCH: Final = 0.0005
"""Seconds after which a thread that computes lets others have their turn. A statement of the database ends in
another thread, which then waits for its turn: ten times a batch, at Python's 5 ms, is longer than they take."""


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop, where this machine has it; None for asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - it is not there on every machine
    except ImportError:
        return None
    return uvloop.new_event_loop


def settle() -> None:
    """Leave what has been loaded out of every later look for garbage, look less often, and let threads in."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, 10, 10)
    sys.setswitchinterval(SWITCH)
