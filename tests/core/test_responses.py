"""What a scenario's own rules make of replies, absences, bounces and silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core import reactions, responses, turns
from nurture.core.arrival import Arrival
from nurture.core.change import Change, ScenarioText
from nurture.core.deals import Task, TaskState
from nurture.core.following import NOWHERE, Openings
from nurture.core.ids import EnrollmentId, MessageId, ScenarioHash, TaskId
from nurture.core.messages import Enrollment, EnrollmentState, Message, MessageState, Suppression
from nurture.core.reading import AwayInfo, BounceInfo, Found, Intent, Kind, Reading
from nurture.core.responses import Answers, Event
from nurture.core.rules import INTENTS, Action, Happening, Rule, Trigger
from nurture.core.scenario import Scenario, Step
from nurture.core.span import Span
from tests.samples import DOCTOR, ENROLLMENT, NOW, TODAY, dossier, inbound, mail, reading

T = TypeVar("T")
TOKYO = ZoneInfo("Asia/Tokyo")
SCRIPT = Scenario(
    "short",
    {},
    "meeting_end",
    "Asia/Tokyo",
    (Step("thanks", 1, mail="m"), Step("case", 4, mail="m"), Step("column", 12, mail="m")),
    hash=ScenarioHash("0" * 64),
)
REST = replace(SCRIPT, id="after-loss", anchor="enrolled_at", hash=ScenarioHash("1" * 64), text="id: after-loss\n")
SENT = mail(MessageState.SENT, id=MessageId("0000-thanks"), step_id="thanks")
QUEUED = mail(MessageState.APPROVED)


def on(trigger: Trigger, **do: object) -> Scenario:
    """The script with one rule."""
    return replace(SCRIPT, rules=(Rule(trigger, Action(**do), 10),))  # type: ignore[arg-type]


def reply(*intents: Intent) -> Reading:
    """A reply that says this."""
    return reading(found=tuple(Found(i, "test", "…") for i in intents))


def trigger(*intents: Intent, step: str | None = None) -> Trigger:
    """A rule's condition: a reply that says one of these."""
    return Trigger(Happening.REPLY, frozenset(intents), step=step)


def reacted(read: Reading, script: Scenario, *, openings: Openings = NOWHERE, **fields: object) -> Change:
    """What this mail changes for the doctor, whose one enrollment runs with this script."""
    found = replace(dossier(SENT, QUEUED), **fields)  # type: ignore[arg-type]
    arrival = Arrival(inbound(read), read, DOCTOR, SENT, TODAY, NOW, TODAY + timedelta(days=40))
    return reactions.react(arrival, [found], [], "hold", (), Answers({found.id: script}, TOKYO, openings))


def of(change: Change, kind: type[T]) -> list[T]:
    """The values of one kind that a change puts."""
    return [put for put in change.puts if isinstance(put, kind)]


def enrollment(change: Change) -> Enrollment:
    """The doctor's enrollment as the change leaves it."""
    return next(e for e in of(change, Enrollment)[::-1] if e.id == ENROLLMENT.id)


def test_a_rest_lasts_so_many_calendar_days_and_then_ends_by_itself() -> None:
    """Paused until the morning of that day; queued mails lose date and approval; the rule is named."""
    change = reacted(reply(Intent.CONSIDERATION), on(trigger(Intent.CONSIDERATION), pause=True, pause_days=30))

    rests = enrollment(change)
    assert (EnrollmentState.PAUSED, "reply") == (rests.state, rests.reason)
    assert datetime(2027, 5, 5, 9, 0, tzinfo=TOKYO) == rests.wake_at
    (held,) = of(change, Message)
    assert (MessageState.WAITING, None, ()) == (held.state, held.planned_at, held.approvals)
    said = next(e for e in change.entries if e.kind == "rule.followed")
    assert {"rule": "reply/consideration", "do": ["pause 30d"], "inbound": "i-1"} == {
        **said.data,
        "inbound": "i-1",
    }
    assert "2027-05-05" == next(e.data["until"] for e in change.entries if e.kind == "enrollment.paused")


def test_the_representative_is_asked_whatever_a_rule_does() -> None:
    """A person wrote: that is a task, besides the one that the rule adds."""
    change = reacted(reply(Intent.QUESTION), on(trigger(), task="call"))

    assert ["reply", "call"] == [t.kind for t in of(change, Task)]
    assert EnrollmentState.PAUSED is enrollment(change).state


def test_what_no_rule_fits_stays_as_it_is() -> None:
    """Another intent, another step: paused until a person resumes."""
    for script in (on(trigger(Intent.REFUSAL), stop=True), on(trigger(step="case"), stop=True), SCRIPT):
        found = enrollment(reacted(reply(Intent.QUESTION), script))
        assert (EnrollmentState.PAUSED, None) == (found.state, found.wake_at)


def test_the_first_rule_that_fits_is_followed() -> None:
    """In the order of the file."""
    script = replace(
        SCRIPT,
        rules=(Rule(trigger(Intent.REFUSAL), Action(stop=True)), Rule(trigger(), Action(resume=True))),
    )

    assert EnrollmentState.STOPPED is enrollment(reacted(reply(Intent.REFUSAL), script)).state
    assert EnrollmentState.ACTIVE is enrollment(reacted(reply(Intent.QUESTION), script)).state


def test_going_on_calls_approvals_back() -> None:
    """No mail that was approved before the reply leaves after it."""
    change = reacted(reply(Intent.AGREEMENT), on(trigger(Intent.AGREEMENT), resume=True))

    assert (EnrollmentState.ACTIVE, 1, NOW) == (
        enrollment(change).state,
        enrollment(change).holds,
        enrollment(change).wake_at,
    )
    assert [(MessageState.WAITING, "replied", ())] == [
        (m.state, m.reason, m.approvals) for m in of(change, Message)
    ]


def test_refusal_may_lead_to_another_scenario_later() -> None:
    """The old one stops; the new one begins on its day with its exact text, once."""
    script = on(trigger(Intent.REFUSAL), stop=True, enroll="after-loss", after=Span(3, 0))
    change = reacted(reply(Intent.REFUSAL), script, openings=Openings({"after-loss": REST}))
    again = reacted(reply(Intent.REFUSAL), script, openings=Openings({"after-loss": REST}))

    old, new = of(change, Enrollment)
    assert EnrollmentState.STOPPED is old.state
    assert ("after-loss", REST.hash, DOCTOR.id) == (new.scenario_id, new.scenario_hash, new.person_id)
    assert datetime(2027, 7, 5, 0, 0, tzinfo=TOKYO) == new.anchor_at
    assert [(REST.hash, REST.text)] == [(row.id, row.text) for row in of(change, ScenarioText)]
    assert [new.id] == [e.id for e in of(again, Enrollment)][1:]


@pytest.mark.parametrize(
    ("openings", "reason", "tasks"),
    [
        (NOWHERE, "no_scenario", 2),
        (Openings({"after-loss": REST}, busy=frozenset({"after-loss"})), "already_enrolled", 1),
        (Openings({"after-loss": replace(REST, anchor="contract_end")}), "no_anchor", 2),
    ],
)
def test_a_scenario_that_cannot_begin_is_said(openings: Openings, reason: str, tasks: int) -> None:
    """In the journal, and as a task where a person can mend it."""
    change = reacted(reply(Intent.REFUSAL), on(trigger(), stop=True, enroll="after-loss"), openings=openings)

    assert 1 == len(of(change, Enrollment))
    assert [reason] == [e.data["reason"] for e in change.entries if e.kind == "rule.unfulfilled"]
    assert tasks == len(of(change, Task))


WEAK = [
    Action(resume=True),
    Action(pause=True, pause_days=1),
    Action(enroll="after-loss"),
    Action(task="call"),
]


@given(
    st.sampled_from(WEAK),
    st.sampled_from([Intent.UNSUBSCRIBE, Intent.COMPLAINT]),
    st.sets(st.sampled_from(INTENTS), max_size=4),
)
def test_nothing_weakens_an_opt_out(do: Action, out: Intent, besides: set[Intent]) -> None:
    """Whatever else the mail says and whatever the rules are: silenced, stopped, nothing new begins."""
    script = replace(SCRIPT, rules=(Rule(Trigger(Happening.REPLY), do),))
    change = reacted(reply(out, *besides), script, openings=Openings({"after-loss": REST}))

    assert 1 == len(of(change, Suppression))
    assert [EnrollmentState.STOPPED] == [e.state for e in of(change, Enrollment)]
    assert all(m.state is MessageState.CANCELLED for m in of(change, Message))


@given(st.sampled_from(WEAK), st.booleans())
def test_nothing_weakens_a_dead_address_or_a_move(do: Action, moved: bool) -> None:
    """Stopped, and no other scenario; a task of the rule is added."""
    dead = reading(Kind.BOUNCE, bounces=(BounceInfo(True, "user_unknown", "5.1.1"),))
    rules = (Rule(Trigger(Happening.REPLY), do), Rule(Trigger(Happening.BOUNCE), do))
    change = reacted(
        reply(Intent.MOVED) if moved else dead,
        replace(SCRIPT, rules=rules),
        openings=Openings({"after-loss": REST}),
    )

    assert [EnrollmentState.STOPPED] == [e.state for e in of(change, Enrollment)]
    assert (do.task is not None) == any(t.kind == "call" for t in of(change, Task))


def test_wording_that_can_be_read_in_two_ways_is_left_to_a_person() -> None:
    """No rule is followed: paused until a person resumes."""
    change = reacted(reply(Intent.CONSIDERATION, Intent.AMBIGUOUS), on(trigger(), resume=True))

    assert (EnrollmentState.PAUSED, None) == (enrollment(change).state, enrollment(change).wake_at)


def test_an_appointment_is_answered_only_by_a_rule_that_names_it() -> None:
    """It ends the enrollment else, whatever a rule for any reply says."""
    said = reply(Intent.APPOINTMENT, Intent.CONSIDERATION)

    assert EnrollmentState.STOPPED is enrollment(reacted(said, on(trigger(), resume=True))).state
    named = on(trigger(Intent.APPOINTMENT), pause=True)
    assert EnrollmentState.PAUSED is enrollment(reacted(said, named)).state


def test_what_stop_on_leaves_out_does_not_stop() -> None:
    """Without reply it goes on after a look, without appointment that is a reply like another."""
    patient = replace(SCRIPT, stop_on=("bounce", "unsubscribe"))

    assert EnrollmentState.ACTIVE is enrollment(reacted(reply(), patient)).state
    assert EnrollmentState.ACTIVE is enrollment(reacted(reply(Intent.APPOINTMENT), patient)).state
    paused = replace(SCRIPT, stop_on=("reply",))
    assert EnrollmentState.PAUSED is enrollment(reacted(reply(Intent.APPOINTMENT), paused)).state


def test_what_a_person_paused_only_a_person_resumes() -> None:
    """A rule that goes on, or rests, leaves it alone."""
    frozen = replace(ENROLLMENT, state=EnrollmentState.PAUSED, reason="person")
    for do in (Action(resume=True), Action(pause=True, pause_days=3)):
        change = reacted(reply(), replace(SCRIPT, rules=(Rule(trigger(), do),)), enrollment=frozen)
        assert [] == of(change, Enrollment)


def test_a_rest_that_a_person_ordered_is_not_cut_short() -> None:
    """No rule and no 検討します makes it shorter; what lasts longer, or waits for a person, takes over."""
    until = NOW + timedelta(days=56)
    ordered = replace(ENROLLMENT, state=EnrollmentState.PAUSED, reason=turns.RESTED, wake_at=until)
    weaker = (on(trigger(), resume=True), on(trigger(), pause=True, pause_days=30), SCRIPT)
    for script in weaker:
        assert [] == of(reacted(reply(Intent.CONSIDERATION), script, enrollment=ordered), Enrollment)

    later = enrollment(reacted(reply(), on(trigger(), pause=True, pause_days=90), enrollment=ordered))
    asked = enrollment(reacted(reply(Intent.QUESTION), SCRIPT, enrollment=ordered))
    ruled = enrollment(reacted(reply(), on(trigger(), pause=True), enrollment=ordered))
    assert later.wake_at is not None
    assert until < later.wake_at
    assert [("reply", None)] * 2 == [(one.reason, one.wake_at) for one in (asked, ruled)]


def test_times_that_are_proposed_end_a_rest() -> None:
    """Also where a scenario does not stop for them: somebody must answer first."""
    paused = replace(SCRIPT, stop_on=("reply",))
    resting = replace(ENROLLMENT, state=EnrollmentState.PAUSED, reason=turns.RESTED, wake_at=NOW)

    assert enrollment(reacted(reply(Intent.APPOINTMENT), paused, enrollment=resting)).wake_at is None


def test_a_second_reply_ends_a_rest() -> None:
    """Nothing resumes by itself while a new answer waits to be read; a rule may let it rest anew."""
    resting = replace(ENROLLMENT, state=EnrollmentState.PAUSED, reason="reply", wake_at=NOW + timedelta(days=9))

    assert enrollment(reacted(reply(), SCRIPT, enrollment=resting)).wake_at is None
    again = on(trigger(), pause=True, pause_days=30)
    assert (
        datetime(2027, 5, 5, tzinfo=TOKYO).date()
        == (enrollment(reacted(reply(), again, enrollment=resting)).wake_at or NOW).astimezone(TOKYO).date()
    )


def test_the_other_enrollments_of_the_person_follow_their_own_rules() -> None:
    """Their state does; the task and the next scenario come once, from the one that was answered."""
    script = on(trigger(Intent.REFUSAL), stop=True, task="call", enroll="after-loss")
    other = dossier(enrollment=replace(ENROLLMENT, id=EnrollmentId("e-other")))
    read = reply(Intent.REFUSAL)
    arrival = Arrival(inbound(read), read, DOCTOR, SENT, TODAY, NOW, TODAY + timedelta(days=40))
    answers = Answers({ENROLLMENT.id: script, other.id: script}, TOKYO, Openings({"after-loss": REST}))
    change = reactions.react(arrival, [dossier(SENT), other], [], "hold", (), answers)

    assert [EnrollmentState.STOPPED] * 2 == [e.state for e in of(change, Enrollment) if e.scenario_id == "short"]
    assert 1 == len([e for e in of(change, Enrollment) if e.scenario_id == "after-loss"])
    assert 1 == len([t for t in of(change, Task) if t.kind == "call"])


@pytest.mark.parametrize(
    ("away", "days", "follows"),
    [
        (AwayInfo(until=date(2027, 5, 20), back=date(2027, 5, 21)), 30, True),
        (AwayInfo(until=date(2027, 4, 9)), 30, False),
        (None, 30, False),
        (None, 0, True),
    ],
)
def test_a_long_absence(away: AwayInfo | None, days: int, follows: bool) -> None:
    """Counted from today to the return; an absence whose end nobody knows is of no length."""
    read = reading(Kind.OUT_OF_OFFICE, away=away)
    change = reacted(read, on(Trigger(Happening.ABSENCE, days=days), pause=True, task="call"))

    assert follows == (EnrollmentState.PAUSED is enrollment(change).state)
    assert follows == bool(of(change, Task))


def test_a_temporary_bounce_may_be_told() -> None:
    """By default it only stands in the journal."""
    full = reading(Kind.BOUNCE, bounces=(BounceInfo(False, "mailbox_full", "4.2.2"),))

    assert [] == of(reacted(full, SCRIPT), Task)
    told = reacted(full, on(Trigger(Happening.BOUNCE, bounce="temporary"), task="call"))
    assert (["call"], []) == ([t.kind for t in of(told, Task)], of(told, Enrollment))
    assert [] == of(reacted(full, on(Trigger(Happening.BOUNCE, bounce="permanent"), task="call")), Task)


# --- silence -----------------------------------------------------------------------------------------


def silence(days: int = 14, step: str | None = None, **do: object) -> Scenario:
    """The script with one rule of silence."""
    return on(Trigger(Happening.SILENCE, days=days, step=step), **do)


def test_silence_is_counted_in_calendar_days_from_the_mail() -> None:
    """It comes true on the morning of the day, in the reader's zone, and not before."""
    sent = replace(SENT, sent_at=datetime(2027, 4, 5, 10, 0, tzinfo=UTC))  # 19:00 in Tokyo
    script, found = silence(task="call"), dossier(sent)
    morning = datetime(2027, 4, 19, 9, 0, tzinfo=TOKYO)

    assert morning == responses.listening(found, script, TOKYO)
    assert responses.overdue(found, script, morning - timedelta(seconds=1), TOKYO) is None
    assert script.rules[0] is responses.overdue(found, script, morning, TOKYO)


def test_silence_counts_from_the_named_step_in_every_round() -> None:
    """Else from the last mail that left; what bounced or never left asks nothing."""
    early = replace(SENT, sent_at=NOW)
    late = mail(MessageState.SENT, id=MessageId("0002"), step_id="case~2", sent_at=NOW + timedelta(days=5))
    back = mail(MessageState.BOUNCED, id=MessageId("0003"), step_id="column", sent_at=NOW + timedelta(days=9))
    found = dossier(early, late, back)

    assert date(2027, 4, 6) == (responses.listening(found, silence(1, "thanks"), TOKYO) or NOW).date()
    assert date(2027, 4, 11) == (responses.listening(found, silence(1, "case"), TOKYO) or NOW).date()
    assert date(2027, 4, 11) == (responses.listening(found, silence(1), TOKYO) or NOW).date()
    assert responses.listening(found, silence(1, "column"), TOKYO) is None


def test_silence_comes_true_once_and_never_after_a_reply() -> None:
    """Afterwards the enrollment remembers it."""
    found = dossier(replace(SENT, sent_at=NOW))
    script = silence(task="call")
    change = responses.silent(found, script, script.rules[0], NOW, TOKYO)

    after = enrollment(change)
    assert (EnrollmentState.ACTIVE, ("no_reply_after/14d",), NOW) == (after.state, after.fired, after.wake_at)
    assert [("call", TaskState.OPEN)] == [(t.kind, t.state) for t in of(change, Task)]
    assert responses.listening(replace(found, enrollment=after), script, TOKYO) is None
    assert responses.listening(replace(found, replied=True), script, TOKYO) is None


def test_silence_may_rest_or_end() -> None:
    """With the reason that nobody answered."""
    found = dossier(replace(SENT, sent_at=NOW), QUEUED)
    for do, state in (
        ({"stop": True}, EnrollmentState.STOPPED),
        ({"pause": True, "pause_days": 90}, EnrollmentState.PAUSED),
    ):
        script = silence(**do)
        ended = enrollment(responses.silent(found, script, script.rules[0], NOW, TOKYO))
        assert (state, "no_reply", ("no_reply_after/14d",)) == (ended.state, ended.reason, ended.fired)


def test_a_rest_that_is_over_keeps_the_spacing() -> None:
    """The next step is planned for the day on which it goes on, the others as far behind it as before."""
    resting = replace(ENROLLMENT, state=EnrollmentState.PAUSED, reason="reply", wake_at=NOW)
    found = replace(dossier(SENT), enrollment=resting)
    later = NOW + timedelta(days=40)
    resumed = enrollment(turns.resume(found, SCRIPT, later, TOKYO, "nurture"))

    assert (EnrollmentState.ACTIVE, "", later, 37) == (
        resumed.state,
        resumed.reason,
        resumed.wake_at,
        resumed.shift_days,
    )
    event = replace(SCRIPT, anchor="seminar_date", anchor_is_event=True)
    assert 0 == enrollment(turns.resume(found, event, later, TOKYO, "nurture")).shift_days


@given(
    st.lists(
        st.builds(
            Rule,
            st.builds(
                Trigger,
                st.sampled_from(Happening),
                st.frozensets(st.sampled_from(INTENTS), max_size=2),
                st.sampled_from(("any", "permanent", "temporary")),
                st.integers(0, 40),
                st.sampled_from((None, "thanks", "case")),
            ),
            st.sampled_from([*WEAK, Action(stop=True), Action(pause=True)]),
        ),
        max_size=6,
    ),
    st.frozensets(st.sampled_from(list(Intent)), max_size=4),
    st.sampled_from(EnrollmentState),
)
def test_whatever_the_rules_a_reply_lets_nothing_leave_that_was_approved(
    rules: list[Rule], intents: frozenset[Intent], state: EnrollmentState
) -> None:
    """After any reply no mail stays approved, and each row is put at most once with one outcome."""
    script = replace(SCRIPT, rules=tuple(rules))
    change = reacted(
        reply(*intents),
        script,
        openings=Openings({"after-loss": REST}),
        enrollment=replace(ENROLLMENT, state=state),
    )

    assert not [m for m in of(change, Message) if m.state is MessageState.APPROVED]
    if state is EnrollmentState.ACTIVE:
        assert [QUEUED.id] == [m.id for m in of(change, Message)]
    ids = [put.id for put in change.puts]
    assert len(ids) == len(set(ids))


def test_an_event_fits_or_not() -> None:
    """Each condition by itself."""
    assert responses.fits(Trigger(Happening.BOUNCE), Event(Happening.BOUNCE, permanent=True))
    assert not responses.fits(Trigger(Happening.BOUNCE), Event(Happening.REPLY))
    assert responses.fits(trigger(step="case"), Event(Happening.REPLY, step="case~3"))
    assert not responses.fits(trigger(step="case"), Event(Happening.REPLY))
    assert not responses.fits(Trigger(Happening.ABSENCE, days=30), Event(Happening.ABSENCE, days=29))


def test_a_task_of_one_rule_is_one_task() -> None:
    """Decided twice for the same mail, it has the same name."""
    script = on(trigger(), task="call")
    ids = {next(t.id for t in of(reacted(reply(), script), Task) if t.kind == "call") for _ in range(2)}

    assert 1 == len(ids)
    assert isinstance(next(iter(ids)), str)
    assert TaskId("") not in ids
