"""What the commands that act on a mail of the queue have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nurture.errors import StaleVersion, UserError

if TYPE_CHECKING:
    from nurture.cli.terminal import Terminal
    from nurture.core.messages import Message

FINGERPRINT = 12
"""Characters of a fingerprint that are shown, and at least wanted back."""


def acted(t: Terminal, act: Any) -> Message:
    """Run a verb of the desk; a mail that changed meanwhile is a matter for the person, not a fault."""
    try:
        done: Message = t.run(act)
    except StaleVersion:
        raise UserError(
            "this mail was changed by somebody else meanwhile; nothing was done",
            hint="look at it again: nurture queue show",
        ) from None
    return done
