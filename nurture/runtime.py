"""The event loop and the collector of garbage, as the daemon runs them."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

ALLOCATIONS: Final = 50_000
"""New objects between two looks for garbage. Values here are frozen and hold no cycles: nearly all of them go when
they are not used any more, and every look goes through all that are young, in vain. Measured: two fifths of the
time of a claim."""


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop, where this machine has it; None for asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - it is not there on every machine
    except ImportError:
        return None
    return uvloop.new_event_loop


def settle() -> None:
    """Leave what has been loaded out of every later look for garbage, and look less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, 10, 10)
