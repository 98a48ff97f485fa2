"""What a line of letters takes from, and the letter that is next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nurture.core.sending import Letter, Outcome
    from nurture.smtp.envelope import Envelope


@dataclass(slots=True)
class Hand:
    """The letters that are still to go, shared by the lines of a mailbox, and whom to tell."""

    take: Callable[[], Letter | None]
    give_back: Callable[[Letter], None]
    leaving: Callable[[Sequence[Letter]], None]
    done: Callable[[Letter, Outcome], None]


@dataclass(slots=True)
class Ahead:
    """A letter whose envelope is written and whose text is not."""

    letter: Letter
    said: Envelope
    behind: bool  # written behind another letter's dot, or over a kept line: it may be given back
    refusal: Outcome | None = None
    refused_at: str = ""
    even: bool = False  # nothing that may still come can change the refusal
