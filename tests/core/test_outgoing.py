"""The last check before a letter leaves, and what a server's answer means for the row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from nurture.core import outgoing
from nurture.core.change import Change
from nurture.core.ids import SuppressionId
from nurture.core.messages import EnrollmentState, Message, MessageState, Suppression, SuppressionScope
from nurture.core.people import LegalBasis
from nurture.core.sending import Outcome, Verdict
from nurture.core.upshot import PAUSE
from tests.samples import DOCTOR, ENROLLMENT, NOW, dossier, mail

CLAIMED = mail(MessageState.SENDING)


def row(change: Change | None) -> Message:
    """The one message of a change."""
    assert change is not None
    (found,) = (put for put in change.puts if isinstance(put, Message))
    return found


def suppressed(scope: SuppressionScope) -> Suppression:
    """A suppression in force."""
    return Suppression(SuppressionId("s"), scope, DOCTOR.email, "unsubscribe", "reply", NOW)


def test_what_was_approved_may_leave() -> None:
    """Nothing stands against it: no change."""
    assert outgoing.check(CLAIMED, dossier(CLAIMED), None, NOW) is None


@pytest.mark.parametrize(
    "scope", [SuppressionScope.ADDRESS, SuppressionScope.DOMAIN, SuppressionScope.ORGANISATION], ids=str
)
def test_a_suppression_cancels(scope: SuppressionScope) -> None:
    """Suppressed between approval and sending: it never leaves."""
    change = outgoing.check(CLAIMED, dossier(CLAIMED, suppressions=(suppressed(scope),)), None, NOW)

    assert (MessageState.CANCELLED, "suppressed") == (row(change).state, row(change).reason)


def test_without_a_legal_basis_it_waits() -> None:
    """No basis, no mail (特定電子メール法)."""
    person = replace(DOCTOR, legal_basis=LegalBasis())

    change = outgoing.check(CLAIMED, dossier(CLAIMED, person=person), None, NOW)

    assert (MessageState.WAITING, "no_legal_basis", ()) == (
        row(change).state,
        row(change).reason,
        row(change).approvals,
    )


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (EnrollmentState.PAUSED, MessageState.WAITING),
        (EnrollmentState.STOPPED, MessageState.CANCELLED),
        (EnrollmentState.COMPLETED, MessageState.CANCELLED),
    ],
)
def test_an_enrollment_that_does_not_run_sends_nothing(state: EnrollmentState, after: MessageState) -> None:
    """No mail leaves after a reply has arrived, even one that was claimed before."""
    enrollment = replace(ENROLLMENT, state=state)

    change = outgoing.check(CLAIMED, dossier(CLAIMED, enrollment=enrollment), None, NOW)

    assert after is row(change).state


@pytest.mark.parametrize(
    "fields", [{"body": "x"}, {"subject": "x"}, {"to_address": "x@y.example"}, {"planned_on": None}]
)
def test_what_was_not_approved_so_does_not_leave(fields: dict[str, object]) -> None:
    """The fingerprint of the approval must be that of the row."""
    other = replace(CLAIMED, **fields)  # type: ignore[arg-type]

    change = outgoing.check(other, dossier(other), None, NOW)

    assert (MessageState.WAITING, "not_approved_so") == (row(change).state, row(change).reason)


def test_one_of_two_is_not_enough() -> None:
    """B12: two people must have approved."""
    other = replace(CLAIMED, approve="two_people")

    assert "not_approved_so" == row(outgoing.check(other, dossier(other), None, NOW)).reason


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.ACCEPTED, MessageState.SENT),
        (Verdict.LATER, MessageState.APPROVED),
        (Verdict.REFUSED, MessageState.FAILED),
        (Verdict.REFUSED_RECIPIENT, MessageState.FAILED),
        (Verdict.UNKNOWN, MessageState.IN_DOUBT),
    ],
)
def test_each_answer_has_its_state(verdict: Verdict, state: MessageState) -> None:
    """Accepted, later, refused, unknown: four fates, each with the server's words."""
    change = outgoing.outcome(CLAIMED, Outcome(verdict, "250 2.0.0 ok"), NOW)

    assert state is row(change).state
    assert "250 2.0.0 ok" == row(change).answer


def test_what_found_no_line_does_not_count() -> None:
    """A letter that was never offered stays approved, counts no attempt, and waits; the journal says why."""
    change = outgoing.outcome(CLAIMED, Outcome(Verdict.UNTOUCHED, "no connection"), NOW)

    after = row(change)
    assert (MessageState.APPROVED, "no_line", CLAIMED.attempts) == (after.state, after.reason, after.attempts)
    assert ("", NOW + PAUSE) == (after.claimed_by, after.not_before)
    assert "no connection" == change.entries[0].data["answer"]


@pytest.mark.parametrize("verdict", list(Verdict), ids=str)
def test_the_outcome_writes_the_message_alone(verdict: Verdict) -> None:
    """Law 5: one row and one line of the journal, nothing that somebody else could refuse."""
    change = outgoing.outcome(CLAIMED, Outcome(verdict), NOW)

    assert [Message] == [type(put) for put in change.puts]
    assert 1 == len(change.entries)


def test_retries_grow_and_end_with_a_person() -> None:
    """4xx: the pauses grow to four hours; after two days a person decides (RFC 5321, 4.5.4.1)."""
    message, now, pauses = CLAIMED, NOW, []
    while True:
        after = row(outgoing.outcome(message, Outcome(Verdict.LATER, "451 greylisted"), now))
        if after.state is MessageState.FAILED:
            break
        assert after.not_before is not None
        pauses.append((after.not_before - now).total_seconds())
        now = after.not_before
        message = replace(after, state=MessageState.SENDING)

    assert 300 <= pauses[0] < 360
    assert all(a <= b for a, b in pairwise(pauses[:7]))
    assert max(pauses) < 4 * 3600 + 60
    assert timedelta(days=2) < now - NOW < timedelta(days=2, hours=5)
    assert "put_off_too_long" == after.reason


def test_a_dead_daemons_claim_is_a_doubt() -> None:
    """After a crash nobody knows: in doubt, shown, never repeated by itself."""
    change = outgoing.doubt(CLAIMED, NOW)

    assert MessageState.IN_DOUBT is row(change).state
    assert "message.in_doubt" == change.entries[0].kind


def test_put_back_keeps_the_approval() -> None:
    """A claim undone before anything reached the wire is as if it had never been."""
    back = row(outgoing.put_back(CLAIMED, "stopping", NOW))

    assert (MessageState.APPROVED, CLAIMED.approvals, "") == (back.state, back.approvals, back.claimed_by)
