"""What an answer of the server means for the row of a claimed mail, and a line of the journal (law 5).

An ``Upshot`` holds what an outcome may change and nothing else. It is small, as it is made for each letter; a
change of the whole row is only made of it where it is written alone (``change``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from nurture.core import states
from nurture.core.change import Change
from nurture.core.messages import Entry, Message
from nurture.core.sending import Outcome, Verdict
from nurture.core.windows import fraction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nurture.core.ids import MessageId
    from nurture.core.limits import Wait
    from nurture.core.messages import MessageState

RETRIES_FOR: Final = timedelta(days=2)
"""A letter that a server keeps putting off is tried this long; then a person decides (RFC 5321, 4.5.4.1
asks for four to five days of a relay; a mail that answers a meeting is stale by then)."""

GONE: Final = Outcome(Verdict.UNKNOWN, "the daemon stopped while it was sending")
"""Of a claim that nobody has in hand any more, when the letter may have been on the wire."""

TAKEN: Final = Outcome(Verdict.ACCEPTED, "taken by the server just before the daemon stopped")
"""Of such a claim, when the server's answer was noted and not written down any more."""

PAUSE: Final = timedelta(seconds=5)
"""A letter that found no line is not claimed again before this."""


class Upshot(NamedTuple):
    """The fields of a claimed message that an outcome may change, as it leaves them."""

    id: MessageId
    version: int  # of the row, as it was claimed
    state: MessageState
    reason: str
    not_before: datetime | None
    attempts: int
    claimed_by: str
    claimed_at: datetime | None
    sent_at: datetime | None
    answer: str
    entry: Entry

    def row(self, message: Message) -> Message:
        """The message as this leaves it; ``version`` stays the row's own."""
        return replace(message, **{name: getattr(self, name) for name in FIELDS})

    def change(self, message: Message) -> Change:
        """The same as a change of its own."""
        return Change((self.row(message),), (self.entry,))


FIELDS: Final = Upshot._fields[2:-1]
"""The fields of a message that can be other than at its claim when its outcome is written."""


def upshot(message: Message, found: Outcome, now: datetime) -> Upshot:
    """The row after the server's answer."""
    verdict, answer = found.verdict, found.answer
    if verdict is Verdict.ACCEPTED:  # nearly always
        data = {"step": message.step_id, "header_id": message.header_id, "answer": answer}
        return Upshot(
            message.id,
            message.version,
            _moved(message, "sent"),
            "",
            message.not_before,
            message.attempts,
            message.claimed_by,
            message.claimed_at,
            now,
            answer,
            _line(message, "message.sent", now, data),
        )
    if verdict is Verdict.UNTOUCHED:
        return back(message, "no_line", now, now + PAUSE, answer=answer)
    if verdict is Verdict.LATER and (again := retry_at(message, now)) is not None:
        data = {"step": message.step_id, "answer": answer, "again": again.isoformat()}
        return Upshot(
            message.id,
            message.version,
            _moved(message, "retry"),
            "later",
            again,
            message.attempts + 1,
            "",
            None,
            message.sent_at,
            answer,
            _line(message, "message.deferred", now, data),
        )
    if verdict is Verdict.UNKNOWN:
        return _ended(message, "doubt", "line_lost", "message.in_doubt", found, now)
    reasons = {Verdict.REFUSED_RECIPIENT: "refused_recipient", Verdict.LATER: "put_off_too_long"}
    reason = reasons.get(verdict, "refused")
    return _ended(message, "fail", reason, "message.failed", found, now)


def back(message: Message, reason: str, now: datetime, again: datetime | None = None, **data: object) -> Upshot:
    """A claim undone before anything reached the wire: it stays approved, and is not claimed before ``again``."""
    said = {"step": message.step_id, "reason": reason, **data}
    return _unclaimed(message, reason, again, _line(message, "message.put_back", now, said))


def put_off(message: Message, wait: Wait, now: datetime) -> Upshot:
    """A claim undone that a limit forbids for now: it stays approved, and comes again when there is room."""
    said = {
        "step": message.step_id,
        "reason": wait.reason,
        "until": wait.until.isoformat() if wait.until else None,
        "what": wait.what,
        "limit": wait.limit,
        "span": wait.span,
    }
    return _unclaimed(message, wait.reason, wait.until, _line(message, "message.put_off", now, said))


def retry_at(message: Message, now: datetime) -> datetime | None:
    """When to try again after the n-th 'later': 5, 10, 20 … minutes, at most 4 hours; None after two days.

    The jitter is a hash of the id, so that a re-run decides the same (law 2).
    """
    first = message.planned_at or now
    if now - first > RETRIES_FOR:
        return None
    minutes = min(5 * 2 ** min(message.attempts, 6), 240)
    return now + timedelta(minutes=minutes, seconds=int(fraction(message.id) * 60))


def _ended(message: Message, event: str, reason: str, kind: str, found: Outcome, now: datetime) -> Upshot:
    """It failed, or nobody knows: the claim stands as it was, for whoever looks into it."""
    return Upshot(
        message.id,
        message.version,
        _moved(message, event),
        reason,
        message.not_before,
        message.attempts,
        message.claimed_by,
        message.claimed_at,
        message.sent_at,
        found.answer,
        _line(message, kind, now, {"step": message.step_id, "reason": reason, "answer": found.answer}),
    )


def _unclaimed(message: Message, reason: str, again: datetime | None, entry: Entry) -> Upshot:
    return Upshot(
        message.id,
        message.version,
        _moved(message, "put_back"),
        reason,
        again or message.not_before,
        message.attempts,
        "",
        None,
        message.sent_at,
        message.answer,
        entry,
    )


def _moved(message: Message, event: str) -> MessageState:
    return states.move(states.MESSAGES, message.state, event)


def _line(message: Message, kind: str, now: datetime, data: Mapping[str, object]) -> Entry:
    return Entry(
        now,
        kind,
        "nurture",
        data,
        message.person_id,
        message.organisation_id,
        message.deal_id,
        message.enrollment_id,
        message.id,
    )
