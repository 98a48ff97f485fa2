"""What a scenario says under ``on``: when this happens, do that. The vocabulary is closed.

These are the values; ``core.responses`` turns them into changes. What nobody can write here: that mail goes on
after an opt-out, a complaint, a permanent bounce or a move. Those are decided before any rule is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from nurture.core.reading import Intent
from nurture.core.span import NO_SPAN, Span


class Happening(StrEnum):
    """What a rule waits for."""

    REPLY = "reply"
    ABSENCE = "absence"
    BOUNCE = "bounce"
    SILENCE = "no_reply_after"


UNTOUCHABLE: Final = frozenset({Intent.UNSUBSCRIBE, Intent.UNSUBSCRIBE_TOPIC, Intent.COMPLAINT})
"""Intents that no rule may name: they silence an address, whatever a scenario says."""
ENDING: Final = frozenset({Intent.MOVED, Intent.LEFT})
"""Intents that always end an enrollment: a rule may only add a task."""
INTENTS: Final = tuple(i for i in Intent if i not in UNTOUCHABLE and i is not Intent.AMBIGUOUS)
"""Intents that a rule may name. Wording that can be read in two ways is left to a person."""
BOUNCES: Final = ("any", "permanent", "temporary")


@dataclass(frozen=True, slots=True)
class Trigger:
    """What must have happened.

    ``intents`` of a reply: one of them, or, if empty, whatever it says. ``days``: of an absence, at least so long;
    of silence, so many calendar days after the mail left. ``step``: only an answer to that step's mail, or, of
    silence, counted from that step's mail instead of the last that left.
    """

    what: Happening
    intents: frozenset[Intent] = frozenset()
    bounce: str = "any"
    days: int = 0
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What is done then. At most one of pause, resume and stop; what is not said stays as it always is."""

    pause: bool = False
    pause_days: int | None = None  # None: until a person resumes
    resume: bool = False  # do not pause: go on, queued mails need a fresh approval
    stop: bool = False
    task: str | None = None
    enroll: str | None = None
    every: int | None = None  # days from one mail to the next, of who wants less mail and does not say how often
    after: Span = NO_SPAN  # day 1 of what is enrolled in lies so far ahead


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of ``on``."""

    when: Trigger
    do: Action
    line: int | None = None  # in the file, for messages

    @property
    def key(self) -> str:
        """What a rule is known by in the journal, and by which it fires only once where it fires by itself."""
        when = self.when
        parts = [when.what.value]
        if when.what is Happening.SILENCE:
            parts.append(f"{when.days}d")
        elif when.what is Happening.REPLY:
            parts.append("+".join(sorted(i.value for i in when.intents)) or "any")
        elif when.what is Happening.BOUNCE:
            parts.append(when.bounce)
        elif when.days:
            parts.append(f"{when.days}d")
        return "/".join([*parts, *([when.step] if when.step else [])])
