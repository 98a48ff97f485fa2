"""The tables of moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nurture.core import states
from nurture.core.messages import EnrollmentState, MessageState
from nurture.errors import Impossible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

TABLES: list[Mapping[StrEnum, Mapping[str, StrEnum]]] = [states.ENROLLMENTS, states.MESSAGES, states.TASKS]  # type: ignore[list-item]
EVENTS = sorted({event for table in TABLES for moves in table.values() for event in moves})


@pytest.mark.parametrize("table", TABLES, ids=["enrollment", "message", "task"])
def test_every_state_has_a_row(table: Mapping[StrEnum, Mapping[str, StrEnum]]) -> None:
    """A state without a row could be entered and never asked about."""
    kind = type(next(iter(table)))

    assert set(kind) == set(table)


@pytest.mark.parametrize("table", TABLES, ids=["enrollment", "message", "task"])
def test_every_state_can_be_reached(table: Mapping[StrEnum, Mapping[str, StrEnum]]) -> None:
    """From the first state each other one can be reached."""
    first = next(iter(table))
    reached, todo = {first}, [first]
    while todo:
        for after in table[todo.pop()].values():
            if after not in reached:
                reached.add(after)
                todo.append(after)

    assert set(table) == reached


@pytest.mark.parametrize("event", EVENTS)
def test_a_move_that_is_not_in_the_table_is_impossible(event: str) -> None:
    """What is not in the table cannot happen (law 3)."""
    for state, moves in states.MESSAGES.items():
        if event in moves:
            assert moves[event] == states.move(states.MESSAGES, state, event)
        else:
            with pytest.raises(Impossible):
                states.move(states.MESSAGES, state, event)


def test_only_outcomes_leave_sending() -> None:
    """While a letter may be on the wire, nobody but the sender can move the row (law 5)."""
    outcomes = {"sent", "put_back", "hold", "retry", "fail", "doubt", "cancel"}

    assert outcomes == set(states.MESSAGES[MessageState.SENDING])
    assert {"approve", "edit", "replan", "reject"} & set(states.MESSAGES[MessageState.SENDING]) == set()


def test_a_doubt_is_never_repeated_by_itself() -> None:
    """From IN_DOUBT no event leads to SENDING, and only a person's order makes it leave again."""
    moves = states.MESSAGES[MessageState.IN_DOUBT]

    assert MessageState.SENDING not in moves.values()
    assert [event for event, after in moves.items() if after is MessageState.APPROVED] == ["resend"]


def test_sent_and_bounced_are_final() -> None:
    """What has left cannot be made unsent."""
    assert {"bounce": MessageState.BOUNCED} == states.MESSAGES[MessageState.SENT]
    assert {} == states.MESSAGES[MessageState.BOUNCED]


def test_a_stopped_enrollment_runs_again_only_through_a_pause() -> None:
    """Undoing a stop leads to a pause first: a person decides about going on."""
    assert EnrollmentState.ACTIVE not in states.ENROLLMENTS[EnrollmentState.STOPPED].values()
    assert EnrollmentState.ACTIVE not in states.ENROLLMENTS[EnrollmentState.COMPLETED].values()
