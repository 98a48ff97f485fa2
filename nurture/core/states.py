"""Every move that an enrollment, a message or a task can make. What is not here cannot happen (law 3).

Theory of operation
-------------------
A row changes its state only through ``move``; an event that the table does not list for the state at
hand raises ``Impossible`` and changes nothing. The diagrams of ``docs/architecture.md`` are drawn from
these tables (``nurture graph``).

Two things to see in MESSAGES. SENDING has only outcomes: while a letter may be on the wire, no reply,
edit or stop can take the row away from the sender, so the outcome can always be recorded (law 5); a
stop that arrives meanwhile acts on the enrollment and on the other messages. IN_DOUBT has no road back
to SENDING by itself: only ``resend``, which a person orders, or evidence.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from nurture.core.deals import TaskState as T
from nurture.core.messages import EnrollmentState as E
from nurture.core.messages import MessageState as M
from nurture.errors import Impossible

if TYPE_CHECKING:
    from collections.abc import Mapping

ENROLLMENTS: Final[Mapping[E, Mapping[str, E]]] = {
    E.ACTIVE: {"pause": E.PAUSED, "stop": E.STOPPED, "complete": E.COMPLETED},
    E.PAUSED: {"resume": E.ACTIVE, "stop": E.STOPPED, "pause": E.PAUSED},
    E.STOPPED: {"reopen": E.PAUSED, "stop": E.STOPPED},
    E.COMPLETED: {"reopen": E.PAUSED},
}

MESSAGES: Final[Mapping[M, Mapping[str, M]]] = {
    M.PLANNED: {
        "replan": M.PLANNED,
        "draft": M.WAITING,
        "release": M.APPROVED,  # approve: none
        "skip": M.SKIPPED,
        "expire": M.EXPIRED,
        "cancel": M.CANCELLED,
    },
    M.WAITING: {
        "replan": M.WAITING,
        "edit": M.WAITING,
        "second": M.WAITING,  # the first of two approvals
        "hold": M.WAITING,
        "approve": M.APPROVED,
        "release": M.APPROVED,
        "reject": M.REJECTED,
        "redraft": M.PLANNED,
        "skip": M.SKIPPED,
        "expire": M.EXPIRED,
        "cancel": M.CANCELLED,
    },
    M.APPROVED: {
        "replan": M.APPROVED,  # within the same day: the approval holds
        "hold": M.WAITING,  # needs a fresh approval: moved to another day, colleague replied, edited
        "edit": M.WAITING,
        "reject": M.REJECTED,
        "claim": M.SENDING,
        "skip": M.SKIPPED,
        "expire": M.EXPIRED,
        "cancel": M.CANCELLED,
    },
    M.SENDING: {
        "sent": M.SENT,
        "put_back": M.APPROVED,  # checked and not allowed now, or never reached the server's DATA
        "hold": M.WAITING,
        "retry": M.APPROVED,  # the server said: later
        "fail": M.FAILED,
        "doubt": M.IN_DOUBT,
        "cancel": M.CANCELLED,
    },
    M.SENT: {"bounce": M.BOUNCED},
    M.IN_DOUBT: {"settle_sent": M.SENT, "resend": M.APPROVED, "bounce": M.BOUNCED, "cancel": M.CANCELLED},
    M.FAILED: {"redraft": M.PLANNED, "resend": M.APPROVED, "cancel": M.CANCELLED},
    M.BOUNCED: {},
    M.REJECTED: {"redraft": M.PLANNED},
    M.SKIPPED: {"replan": M.PLANNED},
    M.EXPIRED: {"replan": M.PLANNED},
    M.CANCELLED: {"replan": M.PLANNED},
}

TASKS: Final[Mapping[T, Mapping[str, T]]] = {
    T.PLANNED: {"replan": T.PLANNED, "open": T.OPEN, "drop": T.DROPPED},
    T.OPEN: {"do": T.DONE, "drop": T.DROPPED},
    T.DONE: {"reopen": T.OPEN},
    T.DROPPED: {"replan": T.PLANNED, "reopen": T.OPEN},
}

UNSENT: Final = frozenset({M.PLANNED, M.WAITING, M.APPROVED})
"""Messages that can still be moved, changed or cancelled."""

QUEUED: Final = frozenset({M.WAITING, M.APPROVED})
"""Messages that have a text and have not left."""

LEFT: Final = frozenset({M.SENT, M.BOUNCED, M.IN_DOUBT, M.SENDING})
"""Messages that have reached, or may have reached, the recipient: they count for pace."""


S = TypeVar("S", bound=StrEnum)


def move(table: Mapping[S, Mapping[str, S]], state: S, event: str) -> S:
    """The state after ``event``.

    Raises:
        Impossible: the table has no such move; nothing has changed.
    """
    try:
        return table[state][event]
    except KeyError:
        raise Impossible("no move {event} from {state}", event=event, state=state) from None
