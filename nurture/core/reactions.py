"""What changes when something arrives: (what we know, what arrived, now) → change.

Theory of operation
-------------------
``react`` is given the dossiers of the person's running enrollments and of the colleagues', and the
reading. It answers with one change that the flow commits together with the inbound mail and the cursor.
Rows that are on the wire (SENDING) are never touched: their outcome belongs to the sender; the pause or
stop of the enrollment is what keeps the next mail in.

When unsure, stop sending and ask a person (facts on Japanese mail): an opt-out read as a refusal is a
legal risk, the reverse is not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core import progress, states, suppressions
from nurture.core.change import Change
from nurture.core.deals import Task
from nurture.core.ids import RepId, TaskId, derived
from nurture.core.messages import (
    EnrollmentState,
    Entry,
    Inbound,
    Message,
    MessageState,
    Suppression,
    SuppressionScope,
)
from nurture.core.people import Away
from nurture.core.reading import Intent, Kind, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nurture.core.dossier import Dossier
    from nurture.core.people import Person

AWAY_DEFAULT: Final = timedelta(days=14)
"""An absence without a readable return."""
AWAY_LONGEST: Final = timedelta(days=100)

STOPS: Final = (
    (Intent.UNSUBSCRIBE, "unsubscribe"),
    (Intent.COMPLAINT, "complaint"),
    (Intent.MOVED, "moved"),
    (Intent.LEFT, "moved"),
    (Intent.APPOINTMENT, "appointment"),
)
"""Intents that end an enrollment, the strongest first, with the reason they give."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that came in, matched."""

    inbound: Inbound
    reading: Reading
    person: Person
    answered: Message | None  # ours
    today: date  # the recipient's
    now: datetime
    business_day_after: date  # the first business day after the return, when the reading tells one
    reader: RepId | None = None  # who reads the mailbox, where nobody else is responsible for the person


def as_ever(a: Arrival, dossier: Dossier, default: Change) -> Change:  # noqa: ARG001 - as all answers
    """Answer without rules of a scenario: what always happens."""
    return default


def _entry(a: Arrival, kind: str, **data: object) -> Entry:
    return Entry(
        at=a.now,
        kind=kind,
        actor=a.person.email,
        data={"inbound": a.inbound.id, **data},
        person_id=a.person.id,
        organisation_id=a.person.organisation_id,
        deal_id=a.answered.deal_id if a.answered else None,
        enrollment_id=a.inbound.enrollment_id,
        message_id=a.answered.id if a.answered else None,
    )


def _held(messages: Iterable[Message], reason: str) -> tuple[Message, ...]:
    """Queued mails taken back to the desk for a fresh approval."""
    return tuple(
        replace(m, state=states.move(states.MESSAGES, m.state, "hold"), reason=reason, approvals=())
        for m in messages
        if m.state in states.QUEUED
    )


def pause(dossier: Dossier, reason: str, now: datetime, actor: str = "nurture") -> Change:
    """Pause an enrollment; its queued mails go back to the desk, its planned ones lose their dates."""
    paused = replace(
        dossier.enrollment,
        state=states.move(states.ENROLLMENTS, dossier.enrollment.state, "pause"),
        reason=reason,
        wake_at=None,
        holds=dossier.enrollment.holds + 1,
    )
    undated = tuple(
        replace(
            m,
            state=states.move(states.MESSAGES, m.state, "replan"),
            planned_on=None,
            planned_at=None,
            reason=reason,
        )
        for m in dossier.messages
        if m.state is MessageState.PLANNED
    )
    queued = tuple(replace(m, planned_on=None, planned_at=None) for m in _held(dossier.messages, reason))
    said = replace(progress.entry(dossier, "enrollment.paused", now, reason=reason), actor=actor)
    return Change((paused, *undated, *queued), (said,))


def stop(dossier: Dossier, reason: str, now: datetime, actor: str = "nurture") -> Change:
    """Stop an enrollment for good."""
    change = progress.end(dossier, "stop", reason, now)
    return Change(change.puts, tuple(replace(e, actor=actor) for e in change.entries))


def suppression(address: str, reason: str, source: str, now: datetime, evidence: str) -> Suppression:
    """Silence for one address. The id is derived: a second opt-out of the same address is the same row."""
    value = address.lower()
    return Suppression(
        id=suppressions.key(SuppressionScope.ADDRESS, value),
        scope=SuppressionScope.ADDRESS,
        value=value,
        reason=reason,
        source=source,
        at=now,
        evidence=evidence[:500],
    )


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
    """
    kind = a.reading.kind
    total = _evidence(a)
    if kind is Kind.OUT_OF_OFFICE:
        return total + _away(a, own, answer)
    if kind is Kind.BOUNCE:
        return total + _bounced(a, own, known, answer)
    if kind in {Kind.UNSUBSCRIBE, Kind.COMPLAINT}:
        reason = "unsubscribe" if kind is Kind.UNSUBSCRIBE else "complaint"
        return total + _silence(a, own, known, reason)
    if kind is Kind.REPLY:
        return total + _replied(a, own, known, answer) + _colleagues(a, colleagues, policy)
    return total + Change((), (_entry(a, f"inbound.{kind.value}", subject=a.reading.subject[:200]),))


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
    return Change((settled,), (_entry(a, "message.settled", sent=True, by="answer", reason="settled_by_answer"),))


def _rep(a: Arrival, own: Sequence[Dossier]) -> RepId | None:
    if a.answered is not None:
        return a.answered.rep_id
    return own[0].enrollment.rep_id if own else a.person.rep_id or a.reader


def _away(a: Arrival, own: Sequence[Dossier], answer: Callable[[Arrival, Dossier, Change], Change]) -> Change:
    said = a.reading.away
    back = said.back if said else None
    resume = a.business_day_after if back else a.today + AWAY_DEFAULT
    resume = min(resume, a.today + AWAY_LONGEST)
    if resume <= a.today:
        return Change((), (_entry(a, "person.away_over", back=str(back)),))
    away = Away(noted_on=a.today, resume_on=resume, back=back, evidence=a.reading.text[:300])
    person = replace(a.person, away=away)
    entry = _entry(a, "person.away", back=str(back) if back else None, resume=str(resume))
    return Change((person,), (entry,)) + _all(answer(a, d, _woken(a, d)) for d in _running(own))


def _woken(a: Arrival, dossier: Dossier) -> Change:
    if dossier.enrollment.state is not EnrollmentState.ACTIVE:
        return Change()
    return Change((replace(dossier.enrollment, wake_at=a.now),))


def _bounced(
    a: Arrival,
    own: Sequence[Dossier],
    known: Sequence[Suppression],
    answer: Callable[[Arrival, Dossier, Change], Change],
) -> Change:
    bounce = a.reading.bounce
    puts: tuple[Message, ...] = ()
    if a.answered is not None and a.answered.state in {MessageState.SENT, MessageState.IN_DOUBT}:
        puts = (
            replace(a.answered, state=states.move(states.MESSAGES, a.answered.state, "bounce"), reason="bounce"),
        )
    reason, status = (bounce.reason, bounce.status) if bounce else ("unknown", None)
    permanent = bool(bounce and bounce.permanent)
    entry = _entry(a, "message.bounced", permanent=permanent, reason=reason, status=status)
    change = Change(puts, (entry,))
    if not permanent:
        return change + _all(answer(a, d, Change()) for d in _running(own))
    address = a.answered.to_address.lower() if a.answered else a.person.email.lower()
    change += _suppress(a, known, "bounce", "bounce", address)
    if address != a.person.email.lower():
        return change  # it has been mended already: the one that bounced is no good, the person is
    note = task(a, "bounce", _rep(a, own), a.person.name, f"{address}: {reason} {status or ''}".strip())
    stopped = (answer(a, d, stop(d, "bounce", a.now, a.person.email)) for d in _running(own))
    return change + _all(stopped) + Change(note)


def _suppress(a: Arrival, known: Sequence[Suppression], reason: str, source: str, address: str = "") -> Change:
    fresh = suppression(
        address or a.person.email, reason, source, a.now, f"{a.inbound.key} {a.reading.text[:300]}"
    )
    before = next((s for s in known if s.id == fresh.id), None)
    if before is not None and before.lifted_at is None:
        return Change()
    row = replace(fresh, version=before.version) if before else fresh
    return Change((row,), (_entry(a, "person.suppressed", reason=reason, source=source),))


def _stop_all(a: Arrival, own: Sequence[Dossier], reason: str) -> Change:
    return _all(stop(d, reason, a.now, a.person.email) for d in _running(own))


def _silence(a: Arrival, own: Sequence[Dossier], known: Sequence[Suppression], reason: str) -> Change:
    """Silence for the person's address, the one that was written to, and the one that asks for it."""
    addresses = [a.person.email, a.answered.to_address if a.answered else ""]
    if a.reading.kind is not Kind.COMPLAINT:  # which a provider sends
        addresses.append(a.inbound.from_address)
    source = "mailto" if a.reading.kind is Kind.UNSUBSCRIBE else "reply"
    change = Change()
    for address in dict.fromkeys(address.lower() for address in addresses if address):
        change += _suppress(a, known, reason, source, address)
    change += _stop_all(a, own, reason)
    if reason == "complaint":
        change += Change(task(a, "complaint", _rep(a, own), a.person.name, a.reading.text))
    return change


def _replied(
    a: Arrival,
    own: Sequence[Dossier],
    known: Sequence[Suppression],
    answer: Callable[[Arrival, Dossier, Change], Change],
) -> Change:
    intents = a.reading.intents
    said = _entry(
        a,
        "inbound.reply",
        subject=a.reading.subject[:200],
        intents=sorted(i.value for i in intents),
        step=a.answered.step_id if a.answered else None,
    )
    reason = next((why for intent, why in STOPS if intent in intents), "reply")
    change = Change((), (said,))
    if reason in {"unsubscribe", "complaint"}:
        return change + _silence(a, own, known, reason)
    kind = {"appointment": "appointment", "moved": "moved"}.get(reason, "reply")
    change += Change(task(a, kind, _rep(a, own), a.person.name, a.reading.text))
    if Intent.AGREEMENT in intents:
        change += Change((), (_entry(a, "inbound.agreed", step=a.answered.step_id if a.answered else None),))
    return change + _all(answer(a, d, _ended_or_paused(a, d, reason)) for d in _running(own))


def _ended_or_paused(a: Arrival, dossier: Dossier, reason: str) -> Change:
    """What a reply does to one enrollment. One that rests for a while does so no longer: the person is here."""
    if reason in {"appointment", "moved"}:
        return stop(dossier, reason, a.now, a.person.email)
    if dossier.enrollment.state is EnrollmentState.ACTIVE or dossier.enrollment.wake_at is not None:
        return pause(dossier, "reply", a.now, a.person.email)
    return Change()


def _colleagues(a: Arrival, colleagues: Sequence[Dossier], policy: str) -> Change:
    """What a reply does to the others of the organisation: continue | hold | pause."""
    total = Change()
    for dossier in colleagues:
        if dossier.enrollment.state is not EnrollmentState.ACTIVE or policy == "continue":
            continue
        if policy == "pause":
            total += pause(dossier, "colleague_replied", a.now, a.person.email)
            continue
        held = _held(dossier.messages, "colleague_replied")
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
