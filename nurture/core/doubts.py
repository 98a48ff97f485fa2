"""Doubts: mails of which nobody knows whether they left, and what settles them.

Never a guess. A copy under the same Message-ID in the Sent folder or in an archive proves that it left; a bounce
or an answer that cites it does too (``core.reactions``); else a person says so. A copy that is not found proves
nothing, so it stays in doubt, and is never repeated by itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core import approval, states
from nurture.core.change import Change
from nurture.core.messages import Entry, Message, MessageState
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from nurture.core.people import Representative

GIVE_UP: Final = timedelta(days=14)
"""After so long no copy is looked for any more; a person must say."""
SOON: Final = timedelta(minutes=1)
LATER: Final = timedelta(minutes=5)
FRESH: Final = timedelta(hours=1)


def is_ripe(message: Message, read_at: datetime | None, now: datetime) -> bool:
    """Whether a copy is looked for now: its mailbox was read after it was sent, so an answer would be known."""
    if message.state is not MessageState.IN_DOUBT or not message.header_id or message.claimed_at is None:
        return False
    return read_at is not None and read_at > message.claimed_at and now - message.claimed_at < GIVE_UP


def look_again(doubts: Iterable[Message], now: datetime) -> timedelta:
    """How soon to look again: servers file copies within seconds or minutes, and hardly ever later."""
    ages = [now - m.claimed_at for m in doubts if m.claimed_at is not None]
    return SOON if any(age < FRESH for age in ages) else LATER


def found(message: Message, where: str, now: datetime) -> Change:
    """A copy lies where only what has left can lie.

    Raises:
        Impossible: the mail is not in doubt.
    """
    done = replace(
        message,
        state=states.move(states.MESSAGES, message.state, "settle_sent"),
        sent_at=message.claimed_at or now,
        reason="settled_by_copy",
    )
    said = _entry(message, "nurture", now, sent=True, by="copy", reason="settled_by_copy", where=where)
    return Change((done,), (said,))


def settle(
    message: Message, *, owner: Representative, by: Representative, sent: bool, why: str, now: datetime
) -> Change:
    """A person settles a doubt: it left, or it is sent again under the same Message-ID.

    Args:
        message: in doubt; or failed, to be sent again.
        owner: whose mail it is.
        by: who says so.
        sent: whether it left.
        why: how this person knows; a doubt is not settled without.
        now: UTC.

    Raises:
        UserError: this person may not, or says nothing.
        Impossible: the mail is not in doubt (nor failed, for sending again).
    """
    if not approval.may_see(owner, by):
        raise UserError("{by} may not act on mails of {owner}", by=by.name, owner=owner.name)
    state = states.move(states.MESSAGES, message.state, "settle_sent" if sent else "resend")
    if message.state is MessageState.IN_DOUBT and not why.strip():
        raise UserError(
            "Say how you know", hint="seen in the Sent folder, asked the addressee, the server's log …"
        )
    if sent:
        done = replace(message, state=state, sent_at=message.claimed_at or now, reason="settled_by_person")
    else:
        done = replace(
            message, state=state, reason="resend", not_before=None, attempts=0, claimed_by="", claimed_at=None
        )
    return Change(
        (done,), (_entry(message, by.id, now, sent=sent, by="person", reason=" ".join(why.split())[:500]),)
    )


def _entry(message: Message, actor: str, now: datetime, **data: object) -> Entry:
    return Entry(
        at=now,
        kind="message.settled",
        actor=actor,
        data={"step": message.step_id, **data},
        person_id=message.person_id,
        organisation_id=message.organisation_id,
        deal_id=message.deal_id,
        enrollment_id=message.enrollment_id,
        message_id=message.id,
    )
