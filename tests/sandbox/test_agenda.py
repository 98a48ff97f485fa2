"""The world's agenda."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from nurture.sandbox.agenda import Agenda

NOON = datetime(2027, 3, 23, 3, 0, tzinfo=UTC)


async def _nothing() -> None:
    """Do nothing."""


def test_acts_come_in_the_order_of_time_and_then_of_planning() -> None:
    """Two acts of one instant happen in the order in which they were planned."""
    agenda = Agenda()
    for who, hours in (("late", 2), ("first", 1), ("second", 1)):
        agenda.plan(NOON + timedelta(hours=hours), who, "", _nothing)
    taken = []
    while (act := agenda.take(NOON + timedelta(hours=3))) is not None:
        taken.append(act.who)
    assert taken == ["first", "second", "late"]


def test_nothing_happens_before_its_time() -> None:
    """An act is handed out when its instant has come, not before."""
    agenda = Agenda()
    agenda.plan(NOON, "somebody", "", _nothing)
    assert agenda.next_at() == NOON
    assert agenda.take(NOON - timedelta(seconds=1)) is None
    assert agenda.take(NOON) is not None
    assert agenda.next_at() is None
