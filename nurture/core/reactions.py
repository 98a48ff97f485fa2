"""What changes when something arrives: (what we know, what arrived, now) → change.

Theory of operation
-------------------
``react`` is given the dossiers of the person's running enrollments and of the colleagues', and the
reading. It answers with one change that the flow commits together with the inbound mail and the cursor.
What a mail is taken for, and what that does, stands in ``core.cases``; ``core.turns`` does it to one enrollment.

When unsure, stop sending and ask a person (facts on Japanese mail): an opt-out read as a refusal is a
legal risk, the reverse is not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core import cases, often, progress, silencing, states, turns
from nurture.core.arrival import entry
from nurture.core.cases import (
    ALONE,
    AMBIGUOUS,
    APPOINTMENT,
    AWAY_AND_MOVED,
    BOUNCE,
    MOVED,
    REFERRAL,
    SOFT_BOUNCE,
    THIRD_BOUNCE,
    Becomes,
    Case,
    Rules,
    Silence,
)
from nurture.core.change import Change
from nurture.core.deals import Task
from nurture.core.ids import RepId, TaskId, derived
from nurture.core.messages import (
    EnrollmentState,
    Message,
    MessageState,
    Suppression,
)
from nurture.core.people import Away
from nurture.core.reading import Intent, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nurture.core.arrival import Arrival
    from nurture.core.dossier import Dossier

AWAY_DEFAULT: Final = timedelta(days=14)
"""An absence without a readable return."""
AWAY_LONGEST: Final = timedelta(days=100)

RESTS: Final = timedelta(days=35)
"""検討します is often a polite no: nothing sooner than four to six weeks (facts on Japanese mail)."""
AFTER_THEIRS: Final = timedelta(days=3)
"""Past the time that they named: they may come back by themselves first (practice F26)."""
RESTS_LONGEST: Final = timedelta(days=400)
"""Who names a time further ahead is left to a person."""
IN_A_ROW: Final = 3
"""So many mails that came back one after the other, and nothing more is sent before a person has looked."""
ON_THE_WAY: Final = frozenset({MessageState.SENT, MessageState.BOUNCED})


def as_ever(a: Arrival, dossier: Dossier, default: Change) -> Change:  # noqa: ARG001 - as all answers
    """Answer without rules of a scenario: what always happens."""
    return default


def task(a: Arrival, kind: str, rep: RepId | None, title: str, detail: str = "") -> tuple[Task, ...]:
    """Something for the representative to do about this mail, if there is one; one per mail and kind."""
    if rep is None:
        return ()
    made = Task(
        id=TaskId(derived(f"task:{kind}", a.inbound.id)),
        kind=kind,
        rep_id=rep,
        title=title,
        due_at=a.now,
        detail=detail[:2000],
        person_id=a.person.id,
        organisation_id=a.person.organisation_id,
        enrollment_id=a.inbound.enrollment_id,
        message_id=a.answered.id if a.answered else None,
        created_at=a.now,
    )
    return (made,)


def _all(changes: Iterable[Change]) -> Change:
    total = Change()
    for change in changes:
        total += change
    return total


def _running(dossiers: Iterable[Dossier]) -> list[Dossier]:
    return [d for d in dossiers if d.enrollment.state in {EnrollmentState.ACTIVE, EnrollmentState.PAUSED}]


def react(
    a: Arrival,
    own: Sequence[Dossier],
    colleagues: Sequence[Dossier],
    policy: str,
    known: Sequence[Suppression] = (),
    answer: Callable[[Arrival, Dossier, Change], Change] = as_ever,
    usual: int = often.USUAL,
) -> Change:
    """What this mail changes.

    Args:
        a: the mail, matched to a person.
        own: dossiers of the person's enrollments that are active or paused.
        colleagues: dossiers of the organisation's other active enrollments.
        policy: ``on_colleague_reply`` of the scenario that was answered: continue | hold | pause.
        known: suppressions of this address, in force or lifted.
        answer: asked for each running enrollment of the person what becomes of it, given what would by default
            (the rules of its scenario, ``core.responses``). Never asked where an address is silenced.
        usual: days from one mail to the next for who wants less mail and does not say how often.
    """
    case = case_of(a, own)
    change = _evidence(a) + _said(a, case)
    if a.reading.kind is Kind.OUT_OF_OFFICE:
        change += _away(a)
    if case.silence is Silence.ADDRESS:
        change += silencing.silence(a, known, case)
    elif case.silence is Silence.TOPIC:
        change += silencing.without_topic(a, known)
    elif case.silence is Silence.PACE:
        change += silencing.slower(a, known, usual)
    change += _asked(a, own, case)
    if case is not BOUNCE or a.bounced_at == a.person.email.lower():  # else mended: the person is well
        became = [(d, _become(a, d, case)) for d in _running(own)]
        change += _all(default if case.rules is Rules.NONE else answer(a, d, default) for d, default in became)
    if case.colleagues and a.reading.kind is Kind.REPLY:
        change += _colleagues(a, colleagues, policy)
    return change


def case_of(a: Arrival, own: Sequence[Dossier]) -> Case:
    """What this mail is taken for; a mail that came back may be one of several in a row."""
    case = cases.of(a.reading)
    return THIRD_BOUNCE if case is SOFT_BOUNCE and _in_a_row(a, own) >= IN_A_ROW else case


def _in_a_row(a: Arrival, own: Sequence[Dossier]) -> int:
    """How many mails to this address came back one after the other, this one included; 0: it is known already."""
    ours = a.answered
    if ours is None or ours.sent_at is None or ours.state is MessageState.BOUNCED:
        return 0
    before = [
        m
        for d in own
        for m in d.messages
        if m.state in ON_THE_WAY
        and m.sent_at is not None
        and m.sent_at < ours.sent_at
        and m.to_address.lower() == ours.to_address.lower()
    ]
    count = 1
    for message in sorted(before, key=lambda m: (m.sent_at, m.id), reverse=True):
        if message.state is not MessageState.BOUNCED:
            break
        count += 1
    return count


def _become(a: Arrival, dossier: Dossier, case: Case) -> Change:
    """What becomes of one running enrollment by itself."""
    actor, state = a.person.email, dossier.enrollment.state
    resting = turns.is_resting(dossier.enrollment)
    match case.becomes:
        case Becomes.STOPS:
            return turns.stop(dossier, case.reason, a.now, actor)
        case Becomes.SLOWS if state is EnrollmentState.ACTIVE and a.reading.intents <= ALONE:
            return turns.hold(dossier, "less_often", a.now, actor)
        case Becomes.POSTPONED if state is EnrollmentState.ACTIVE:
            return Change((replace(dossier.enrollment, wake_at=a.now),))
        case Becomes.RESTS if (state is EnrollmentState.ACTIVE or resting) and (day := rests_until(a)) is not None:
            if turns.outlasts(dossier.enrollment, day, a.zone):
                return Change()
            return turns.rest(dossier, case.reason, day, a.zone, a.now, actor)
        case Becomes.PAUSES | Becomes.RESTS | Becomes.SLOWS if state is EnrollmentState.ACTIVE or resting:
            return turns.pause(dossier, case.reason, a.now, actor)  # one that rests does so no longer
    return Change()


def rests_until(a: Arrival) -> date | None:
    """When an enrollment goes on by itself after 検討します; None: so late that a person decides."""
    if a.reading.later is None:
        return a.today + RESTS
    day = a.reading.later + AFTER_THEIRS
    return day if a.today < day <= a.today + RESTS_LONGEST else None


def _evidence(a: Arrival) -> Change:
    """A reply or bounce that cites a mail in doubt proves that it left."""
    ours = a.answered
    if ours is None or ours.state is not MessageState.IN_DOUBT or a.reading.kind is Kind.BOUNCE:
        return Change()
    settled = replace(
        ours,
        state=states.move(states.MESSAGES, ours.state, "settle_sent"),
        sent_at=ours.claimed_at or a.now,
        reason="settled_by_answer",
    )
    return Change((settled,), (entry(a, "message.settled", sent=True, by="answer", reason="settled_by_answer"),))


def _rep(a: Arrival, own: Sequence[Dossier]) -> RepId | None:
    if a.answered is not None:
        return a.answered.rep_id
    return own[0].enrollment.rep_id if own else a.person.rep_id or a.reader


def _away(a: Arrival) -> Change:
    said = a.reading.away
    back = said.back if said else None
    resume = a.business_day_after if back else a.today + AWAY_DEFAULT
    resume = min(resume, a.today + AWAY_LONGEST)
    if resume <= a.today:
        return Change((), (entry(a, "person.away_over", back=str(back)),))
    away = Away(noted_on=a.today, resume_on=resume, back=back, evidence=a.reading.text[:300])
    said_so = entry(a, "person.away", back=str(back) if back else None, resume=str(resume))
    return Change((replace(a.person, away=away),), (said_so,))


def _said(a: Arrival, case: Case) -> Change:
    """The journal's line about the mail itself, and what it says of the mail that it answers."""
    kind = a.reading.kind
    step = a.answered.step_id if a.answered else None
    if kind is Kind.BOUNCE:
        return _came_back(a)
    if kind in {Kind.OUT_OF_OFFICE, Kind.UNSUBSCRIBE, Kind.COMPLAINT}:
        return Change()
    said = {"subject": a.reading.subject[:200]}
    if kind is not Kind.REPLY:
        return Change((), (entry(a, f"inbound.{kind.value}", **said),))
    intents = sorted(i.value for i in a.reading.intents)
    change = Change((), (entry(a, "inbound.reply", **said, intents=intents, step=step, case=case.id),))
    if Intent.AGREEMENT in a.reading.intents and case.silence is not Silence.ADDRESS:
        change += Change((), (entry(a, "inbound.agreed", step=step),))
    return change


def _came_back(a: Arrival) -> Change:
    bounce = a.reading.bounce
    puts: tuple[Message, ...] = ()
    if a.answered is not None and a.answered.state in {MessageState.SENT, MessageState.IN_DOUBT}:
        puts = (
            replace(a.answered, state=states.move(states.MESSAGES, a.answered.state, "bounce"), reason="bounce"),
        )
    reason, status = (bounce.reason, bounce.status) if bounce else ("unknown", None)
    permanent = bool(bounce and bounce.permanent)
    return Change(puts, (entry(a, "message.bounced", permanent=permanent, reason=reason, status=status),))


def _asked(a: Arrival, own: Sequence[Dossier], case: Case) -> Change:
    """The representative's task about this mail, if the case is one."""
    if case.task is None or (case is BOUNCE and a.bounced_at != a.person.email.lower()):
        return Change()
    return Change(task(a, case.task, _rep(a, own), a.person.name, detail(a, case)))


def detail(a: Arrival, case: Case) -> str:
    """What the task says: what was read out of the mail, in no language, then the mail's own words."""
    if case in {BOUNCE, THIRD_BOUNCE}:
        bounce = a.reading.bounce
        return f"{a.bounced_at}: {bounce.reason if bounce else ''} {(bounce and bounce.status) or ''}".strip()
    lines = [str(slot) for slot in a.reading.times] if case in {APPOINTMENT, AMBIGUOUS} else []
    who = a.reading.successor
    if case in {MOVED, AWAY_AND_MOVED, REFERRAL} and who is not None and (who.name or who.email):
        lines.append("→ " + " ".join(part for part in (who.name, who.email and f"<{who.email}>") if part))
    return "\n".join([*lines, a.reading.text]).strip()


def _colleagues(a: Arrival, colleagues: Sequence[Dossier], policy: str) -> Change:
    """What a reply does to the others of the organisation: continue | hold | pause."""
    total = Change()
    for dossier in colleagues:
        if dossier.enrollment.state is not EnrollmentState.ACTIVE or policy == "continue":
            continue
        if policy == "pause":
            total += turns.pause(dossier, "colleague_replied", a.now, a.person.email)
            continue
        held = turns.held(dossier.messages, "colleague_replied")
        entries = tuple(
            replace(
                progress.entry(dossier, "message.held", a.now, m, reason="colleague_replied", who=a.person.name),
                actor=a.person.email,
            )
            for m in held
        )
        # What is on the wire, in doubt or failed cannot be taken back. Should it be put off, or sent again, its
        # approval is of before the hold.
        called_back = replace(dossier.enrollment, holds=dossier.enrollment.holds + 1)
        total += Change((called_back, *held), entries)
    return total
