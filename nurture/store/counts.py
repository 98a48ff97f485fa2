"""What ``store.traffic`` asks of tables, counted from values: for the store in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from nurture.core.limits import DOMAIN_LIMIT, Left, Pending, PutOff, Refused, Taken, Traffic
from nurture.core.messages import MessageState
from nurture.store.traffic import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from nurture.core.ids import MailboxId
    from nurture.core.limits import Asked
    from nurture.core.messages import Entry, Message


def traffic(
    asked: Asked,
    messages: Collection[Message],
    due: Collection[Message],
    journal: Collection[Entry],
    scenarios: Mapping[str, str],
) -> Traffic:
    """The answers to the questions of one beat.

    Args:
        asked: the questions.
        messages: all.
        due: those that may be claimed.
        journal: all of it.
        scenarios: of each enrollment.
    """
    return Traffic(
        left=_left(asked, messages) if asked.left_since is not None else (),
        promised=_promised(messages) if asked.promised else (),
        refused=_refused(asked.refused_since, messages, journal, scenarios) if asked.refused_since else (),
        pending=_pending(asked, due),
    )


def _left(asked: Asked, messages: Collection[Message]) -> tuple[Left, ...]:
    since = asked.left_since
    assert since is not None
    sent = [Left(m.mailbox_id, m.to_address, m.sent_at) for m in messages if m.sent_at and m.sent_at > since]
    under_way = [
        Left(m.mailbox_id, m.to_address, asked.now if m.state is MessageState.SENDING else m.claimed_at)
        for m in messages
        if m.state in {MessageState.SENDING, MessageState.IN_DOUBT} and m.claimed_at and m.claimed_at > since
    ]
    return (*sent, *under_way)


def _promised(messages: Collection[Message]) -> tuple[PutOff, ...]:
    return tuple(
        PutOff(m.to_address, m.not_before)
        for m in messages
        if m.state is MessageState.APPROVED and m.not_before is not None and m.reason == DOMAIN_LIMIT
    )


def _refused(
    since: datetime, messages: Collection[Message], journal: Collection[Entry], scenarios: Mapping[str, str]
) -> tuple[Refused, ...]:
    known = {m.id: m for m in messages}
    return tuple(
        Refused(entry.at, found.mailbox_id, scenarios.get(found.enrollment_id or ""))
        for entry in journal
        if entry.kind in REFUSALS and entry.at > since and entry.message_id in known
        for found in (known[entry.message_id],)
    )


def _pending(asked: Asked, due: Collection[Message]) -> tuple[Pending, ...]:
    by_mailbox: defaultdict[MailboxId, list[Message]] = defaultdict(list)
    for message in due:
        if message.mailbox_id is not None:
            by_mailbox[message.mailbox_id].append(message)
    return tuple(
        Pending(
            key,
            len(found),
            min(m.planned_at for m in found if m.planned_at),
            sum(
                m.planned_on is not None
                and m.planned_on >= asked.today
                and (
                    asked.counted_after is None
                    or (m.planned_at is not None and m.planned_at > asked.counted_after)
                )
                for m in found
            ),
        )
        for key, found in sorted(by_mailbox.items())
    )


def taken(since: datetime, messages: Collection[Message], scenarios: Mapping[str, str]) -> tuple[Taken, ...]:
    """Letters that servers took, by mailbox and scenario."""
    found = Counter(
        (m.mailbox_id, scenarios.get(m.enrollment_id or "")) for m in messages if m.sent_at and m.sent_at > since
    )
    return tuple(Taken(mailbox, scenario, count) for (mailbox, scenario), count in found.items())
