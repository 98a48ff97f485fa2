"""What settles a doubt, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nurture.core import doubts
from nurture.core.messages import MessageState
from nurture.errors import Impossible, UserError
from tests.core.test_outgoing import CLAIMED
from tests.samples import NOW, REP

DOUBT = replace(CLAIMED, state=MessageState.IN_DOUBT, claimed_at=NOW, header_id="<1@vendor.example>")


@pytest.mark.parametrize(
    ("read", "later", "ripe"),
    [
        (None, timedelta(minutes=2), False),
        (timedelta(0), timedelta(minutes=2), False),
        (timedelta(seconds=1), timedelta(minutes=2), True),
        (timedelta(days=13), timedelta(days=13), True),
        (timedelta(days=14), timedelta(days=14), False),
    ],
)
def test_it_is_looked_for_once_its_mailbox_was_read(
    read: timedelta | None, later: timedelta, *, ripe: bool
) -> None:
    """An answer or a bounce would be known then; after two weeks nobody looks any more."""
    assert ripe is doubts.is_ripe(DOUBT, NOW + read if read is not None else None, NOW + later)


@pytest.mark.parametrize("state", [s for s in MessageState if s is not MessageState.IN_DOUBT])
def test_nothing_else_is_in_doubt(state: MessageState) -> None:
    """A mail on the wire least of all: its outcome belongs to the sender."""
    other = replace(DOUBT, state=state)
    assert not doubts.is_ripe(other, NOW + timedelta(minutes=1), NOW + timedelta(minutes=1))
    with pytest.raises(Impossible):
        doubts.found(other, "sent", NOW)


def test_a_young_doubt_is_looked_for_every_minute() -> None:
    """An old one every five."""
    old = replace(DOUBT, claimed_at=NOW - timedelta(hours=2))

    assert timedelta(minutes=1) == doubts.look_again([old, DOUBT], NOW)
    assert timedelta(minutes=5) == doubts.look_again([old], NOW)


@pytest.mark.parametrize("why", ["", "  \n"])
@pytest.mark.parametrize("sent", [True, False])
def test_a_person_says_how(why: str, *, sent: bool) -> None:
    """Who settles a doubt says how he knows."""
    with pytest.raises(UserError, match="how you know"):
        doubts.settle(DOUBT, owner=REP, by=REP, sent=sent, why=why, now=NOW)


def test_who_and_why_are_kept() -> None:
    """In the journal, on one line."""
    change = doubts.settle(DOUBT, owner=REP, by=REP, sent=True, why="電話で\n確認", now=NOW)

    (said,) = change.entries
    assert (REP.id, "message.settled", "電話で 確認", True) == (
        said.actor,
        said.kind,
        said.data["reason"],
        said.data["sent"],
    )


def test_a_stranger_settles_nothing() -> None:
    """Only who may act on the mail."""
    other = replace(REP, id="other", manager_id=None)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="may not act"):
        doubts.settle(DOUBT, owner=REP, by=other, sent=True, why="x", now=NOW)
