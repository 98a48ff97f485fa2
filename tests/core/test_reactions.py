"""What changes when something arrives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from nurture.core import reactions
from nurture.core.arrival import Arrival
from nurture.core.change import Change
from nurture.core.deals import Task, TaskState
from nurture.core.ids import EnrollmentId, MessageId, TaskId
from nurture.core.messages import Enrollment, EnrollmentState, Message, MessageState, Suppression
from nurture.core.people import Person
from nurture.core.reading import AwayInfo, BounceInfo, Found, Intent, Kind, Reading
from tests.samples import DOCTOR, ENROLLMENT, NOW, NURSE, REP, TODAY, dossier, inbound, mail, reading

COLLEAGUE = replace(ENROLLMENT, id=EnrollmentId("e-suzuki"), person_id=NURSE.id)


def arrival(read: Reading, answered: Message | None = None, after: date = TODAY) -> Arrival:
    """That mail, matched to the doctor."""
    return Arrival(inbound(read), read, DOCTOR, answered, TODAY, NOW, after)


def of(change: Change, kind: type[object]) -> list[object]:
    """The values of one kind that a change puts."""
    return [put for put in change.puts if isinstance(put, kind)]


def enrollment(change: Change) -> Enrollment:
    """The one enrollment that a change puts."""
    (found,) = of(change, Enrollment)
    assert isinstance(found, Enrollment)
    return found


def states_of(change: Change) -> dict[str, MessageState]:
    """The states of the messages that a change puts, by id."""
    return {m.id: m.state for m in change.puts if isinstance(m, Message)}


def said(intent: Intent) -> tuple[Found, ...]:
    """One intent, found by a test."""
    return (Found(intent, "test", "…"),)


SENT = mail(MessageState.SENT, id=MessageId("0000-thanks"), step_id="thanks")


def test_a_reply_pauses_and_takes_back_what_is_queued() -> None:
    """A human reply pauses the enrollment, holds queued mails, and asks the representative."""
    approved = mail(MessageState.APPROVED)
    planned = mail(MessageState.PLANNED, id=MessageId("0002-column"), step_id="column")

    change = reactions.react(arrival(reading(), SENT), [dossier(SENT, approved, planned)], [], "hold")

    assert EnrollmentState.PAUSED is enrollment(change).state
    assert "reply" == enrollment(change).reason
    assert {approved.id: MessageState.WAITING, planned.id: MessageState.PLANNED} == states_of(change)
    assert all(not m.approvals and m.planned_at is None for m in change.puts if isinstance(m, Message))
    (task,) = of(change, Task)
    assert isinstance(task, Task)
    assert ("reply", REP.id, TaskState.OPEN) == (task.kind, task.rep_id, task.state)


def test_a_letter_on_the_wire_is_left_alone() -> None:
    """A reply that arrives while a letter is being sent never touches that row (law 5)."""
    on_the_wire = mail(MessageState.SENDING)

    change = reactions.react(arrival(reading(), SENT), [dossier(SENT, on_the_wire)], [], "hold")

    assert {} == states_of(change)
    assert EnrollmentState.PAUSED is enrollment(change).state


def test_the_colleagues_queued_mails_need_a_fresh_approval() -> None:
    """Policy hold: queued mails of others in the organisation go back to the desk, their plan goes on."""
    other = mail(MessageState.APPROVED, id=MessageId("0003-nurse"), enrollment_id=COLLEAGUE.id, person_id=NURSE.id)
    theirs = dossier(other, enrollment=COLLEAGUE, person=NURSE)

    change = reactions.react(arrival(reading(), SENT), [dossier(SENT)], [theirs], "hold")

    assert {other.id: MessageState.WAITING} == states_of(change)
    running = {e.id: (e.state, e.holds) for e in change.puts if isinstance(e, Enrollment)}
    assert {ENROLLMENT.id: (EnrollmentState.PAUSED, 1), COLLEAGUE.id: (EnrollmentState.ACTIVE, 1)} == running
    held = next(e for e in change.entries if e.kind == "message.held")
    assert "colleague_replied" == held.data["reason"]


def test_policy_pause_pauses_the_colleagues() -> None:
    """Policy pause: everybody in the organisation waits."""
    theirs = dossier(enrollment=COLLEAGUE, person=NURSE)

    change = reactions.react(arrival(reading(), SENT), [dossier(SENT)], [theirs], "pause")

    assert {ENROLLMENT.id, COLLEAGUE.id} == {e.id for e in change.puts if isinstance(e, Enrollment)}


def test_policy_continue_leaves_the_colleagues_alone() -> None:
    """Policy continue: nothing of theirs is written."""
    other = mail(MessageState.APPROVED, id=MessageId("0003-nurse"), enrollment_id=COLLEAGUE.id, person_id=NURSE.id)
    theirs = dossier(other, enrollment=COLLEAGUE, person=NURSE)

    change = reactions.react(arrival(reading(), SENT), [dossier(SENT)], [theirs], "continue")

    assert {} == states_of(change)


@pytest.mark.parametrize(
    ("intent", "reason", "task"),
    [
        (Intent.APPOINTMENT, "appointment", "appointment"),
        (Intent.MOVED, "moved", "moved"),
        (Intent.LEFT, "moved", "moved"),
    ],
)
def test_some_intents_end_the_enrollment(intent: Intent, reason: str, task: str) -> None:
    """An agreed appointment or a move stops, and the representative has something to do."""
    queued = mail(MessageState.APPROVED)

    change = reactions.react(arrival(reading(found=said(intent)), SENT), [dossier(SENT, queued)], [], "hold")

    assert (EnrollmentState.STOPPED, reason) == (enrollment(change).state, enrollment(change).reason)
    assert {queued.id: MessageState.CANCELLED} == states_of(change)
    assert [task] == [t.kind for t in change.puts if isinstance(t, Task)]


@pytest.mark.parametrize("kind", [Kind.REPLY, Kind.UNSUBSCRIBE])
def test_an_opt_out_is_silence(kind: Kind) -> None:
    """An opt-out in any form suppresses the address and stops (特定電子メール法: no grace period)."""
    read = reading(kind, found=said(Intent.UNSUBSCRIBE), text="配信停止してください")

    change = reactions.react(arrival(read, SENT), [dossier(SENT, mail(MessageState.APPROVED))], [], "hold")

    (row,) = of(change, Suppression)
    assert isinstance(row, Suppression)
    assert (DOCTOR.email, "unsubscribe", None) == (row.value, row.reason, row.lifted_at)
    assert EnrollmentState.STOPPED is enrollment(change).state


def test_an_opt_out_wins_over_an_appointment() -> None:
    """A mail that says both is read as the opt-out: the reverse would be a legal risk."""
    found = (*said(Intent.APPOINTMENT), *said(Intent.UNSUBSCRIBE))

    change = reactions.react(arrival(reading(found=found), SENT), [dossier(SENT)], [], "hold")

    assert "unsubscribe" == enrollment(change).reason


def test_a_second_opt_out_changes_nothing() -> None:
    """The row is derived from the address: it exists once."""
    read = reading(Kind.UNSUBSCRIBE)
    first = reactions.react(arrival(read), [], [], "hold")
    (row,) = of(first, Suppression)
    assert isinstance(row, Suppression)

    second = reactions.react(arrival(read), [], [], "hold", [replace(row, version=1)])

    assert [] == of(second, Suppression)


def test_an_absence_postpones_past_the_return() -> None:
    """No mail before the first business day after the return; the enrollment goes on."""
    back = date(2027, 4, 12)
    read = reading(Kind.OUT_OF_OFFICE, automatic=True, away=AwayInfo(back=back))

    change = reactions.react(arrival(read, SENT, after=date(2027, 4, 13)), [dossier(SENT)], [], "hold")

    (person,) = of(change, Person)
    assert isinstance(person, Person)
    assert person.away is not None
    assert (date(2027, 4, 13), back) == (person.away.resume_on, person.away.back)
    assert (EnrollmentState.ACTIVE, NOW) == (enrollment(change).state, enrollment(change).wake_at)
    assert [] == of(change, Task)


def test_an_absence_without_a_date_is_two_weeks() -> None:
    """Default 14 days when no date can be read."""
    change = reactions.react(arrival(reading(Kind.OUT_OF_OFFICE)), [dossier()], [], "hold")

    (person,) = of(change, Person)
    assert isinstance(person, Person)
    assert person.away is not None
    assert TODAY + timedelta(days=14) == person.away.resume_on


def test_an_absence_is_never_longer_than_100_days() -> None:
    """A year abroad is a hundred days here: then a person looks."""
    read = reading(Kind.OUT_OF_OFFICE, away=AwayInfo(back=date(2028, 4, 1)))

    change = reactions.react(arrival(read, after=date(2028, 4, 3)), [dossier()], [], "hold")

    (person,) = of(change, Person)
    assert isinstance(person, Person)
    assert person.away is not None
    assert TODAY + timedelta(days=100) == person.away.resume_on


def test_a_permanent_bounce_suppresses_and_stops() -> None:
    """The address is no good: silence, stop, and a task."""
    read = reading(Kind.BOUNCE, bounces=(BounceInfo(permanent=True, reason="user_unknown", status="5.1.1"),))

    change = reactions.react(arrival(read, SENT), [dossier(SENT)], [], "hold")

    assert {SENT.id: MessageState.BOUNCED} == states_of(change)
    assert "bounce" == enrollment(change).reason
    assert 1 == len(of(change, Suppression))
    assert ["bounce"] == [t.kind for t in change.puts if isinstance(t, Task)]


def test_a_full_mailbox_is_not_the_addresss_fault() -> None:
    """A soft bounce is noted; the address stays good."""
    read = reading(Kind.BOUNCE, bounces=(BounceInfo(permanent=False, reason="mailbox_full", status="5.2.2"),))

    change = reactions.react(arrival(read, SENT), [dossier(SENT)], [], "hold")

    assert [] == of(change, Suppression)
    assert [] == of(change, Enrollment)


def test_a_reply_proves_that_a_doubtful_mail_left() -> None:
    """A reply that cites a mail in doubt settles it."""
    doubtful = mail(MessageState.IN_DOUBT, claimed_at=NOW)

    change = reactions.react(arrival(reading(), doubtful), [dossier(doubtful)], [], "hold")

    assert MessageState.SENT is states_of(change)[doubtful.id]


@pytest.mark.parametrize("kind", [Kind.AUTO_REPLY, Kind.RECEIPT, Kind.DELAY, Kind.OTHER])
def test_what_a_machine_says_stops_nothing(kind: Kind) -> None:
    """Receipts and the like leave a line in the journal only."""
    change = reactions.react(
        arrival(reading(kind), SENT), [dossier(SENT, mail(MessageState.APPROVED))], [], "hold"
    )

    assert () == change.puts
    assert [f"inbound.{kind.value}"] == [e.kind for e in change.entries]


def test_a_challenge_is_a_task_and_stops_nothing() -> None:
    """Our letter lies with a filter until somebody answers it: the representative is told, the rest goes on."""
    change = reactions.react(
        arrival(reading(Kind.CHALLENGE), SENT), [dossier(SENT, mail(MessageState.APPROVED))], [], "hold"
    )

    assert ["challenge"] == [put.kind for put in change.puts if isinstance(put, Task)]
    assert 1 == len(change.puts)
    assert "inbound.challenge" in [e.kind for e in change.entries]


def test_each_reaction_says_why() -> None:
    """Every change of an enrollment has its line in the journal, with the recipient as the actor."""
    change = reactions.react(arrival(reading(), SENT), [dossier(SENT)], [], "hold")

    kinds = {e.kind: e.actor for e in change.entries}
    assert DOCTOR.email == kinds["enrollment.paused"]
    assert DOCTOR.email == kinds["inbound.reply"]
    assert TaskId("") not in [t.id for t in change.puts if isinstance(t, Task)]
