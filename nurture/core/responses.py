"""What a scenario's own rules (``on``) make of what happens: (scenario, what happened, now) → change.

Theory of operation
-------------------
``reactions`` decides what an arrival does by default to each running enrollment of the person, and asks an
``Answers`` whether the enrollment's scenario wants it otherwise. Each enrollment follows the rules of the text
with which it began, the first that fits; what a rule does not mention stays as it is by default.

What no rule can weaken never gets here as a question: opt-outs and complaints silence the address before anybody
asks, and where somebody moved or the address is no good, a rule may only add a task. Wording that can be read in
two ways is left to a person too. A reply that agrees on an appointment is answered only by a rule that names it.

``overdue`` is for silence, which no mail announces: the beat asks it. A rule of silence fires once for each
enrollment (``Enrollment.fired``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Final

from nurture.core import cases, progress, states, turns
from nurture.core.anchors import Facts, day_one_of
from nurture.core.beginning import begin
from nurture.core.calendar import shifted
from nurture.core.change import Change, ScenarioText
from nurture.core.deals import Task, TaskState
from nurture.core.ids import EnrollmentId, TaskId, derived
from nurture.core.messages import EnrollmentState, MessageState
from nurture.core.reactions import AFTER_THEIRS
from nurture.core.reading import Intent, Kind
from nurture.core.rules import ENDING, Happening
from nurture.core.scenario import AHEAD
from nurture.core.windows import ANY_TIME, instant
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from nurture.core.arrival import Arrival
    from nurture.core.dossier import Dossier
    from nurture.core.ids import ScenarioHash
    from nurture.core.messages import Message
    from nurture.core.rules import Action, Rule, Trigger
    from nurture.core.scenario import Scenario

REASONS: Final[Mapping[Happening, str]] = {
    Happening.REPLY: "reply",
    Happening.ABSENCE: "absence",
    Happening.BOUNCE: "bounce",
    Happening.SILENCE: "no_reply",
}
"""Why an enrollment paused or stopped, by what happened."""
BY_ARRIVAL: Final = frozenset({*REASONS.values(), cases.CONSIDERATION.reason, cases.THIRD_BOUNCE.reason})
"""Reasons of a pause that a rule may end or prolong; what a person paused, only a person resumes."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one enrollment, as rules ask for it."""

    what: Happening
    intents: frozenset[Intent] = frozenset()
    permanent: bool = False
    days: int = 0  # of an absence
    step: str | None = None  # whose mail was answered, or came back


@dataclass(frozen=True, slots=True)
class Openings:
    """Scenarios that rules may enroll in, as their files say now; ``busy``: those the person is in already."""

    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    kept: frozenset[ScenarioHash] = frozenset()  # whose texts the store has already
    busy: frozenset[str] = frozenset()


NOWHERE: Final = Openings()


def fits(when: Trigger, event: Event) -> bool:
    """Whether a rule waits for this."""
    if when.what is not event.what or (when.step is not None and not _is_step(event.step, when.step)):
        return False
    if when.what is Happening.REPLY:
        return not when.intents or bool(when.intents & event.intents)
    if when.what is Happening.BOUNCE:
        return when.bounce in {"any", "permanent" if event.permanent else "temporary"}
    return event.days >= when.days


def _is_step(step: str | None, named: str) -> bool:
    """Whether a step is the named one, in whatever round."""
    return step is not None and step.partition("~")[0] == named


def rule_for(scenario: Scenario, event: Event) -> Rule | None:
    """The first rule that fits. For silence see ``overdue``."""
    if Intent.AMBIGUOUS in event.intents:
        return None
    found = (rule for rule in scenario.rules if fits(rule.when, event))
    if Intent.APPOINTMENT in event.intents:
        found = (rule for rule in found if Intent.APPOINTMENT in rule.when.intents)
    return next(found, None)


def targets(scenario: Scenario) -> frozenset[str]:
    """The scenarios that the rules of one may enroll in."""
    return frozenset(rule.do.enroll for rule in scenario.rules if rule.do.enroll is not None)


# --- what arrives ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answers:
    """How scenarios answer an arrival: what ``reactions.react`` asks for each running enrollment.

    ``scripts`` are the scenarios of the person's enrollments, as they began with them.
    """

    scripts: Mapping[EnrollmentId, Scenario]
    zone: ZoneInfo
    openings: Openings = NOWHERE

    def __call__(self, a: Arrival, dossier: Dossier, default: Change) -> Change:
        """What becomes of one enrollment; ``default``: what would without rules."""
        scenario = self.scripts.get(dossier.id)
        event = _event(a, dossier)
        if scenario is None or event is None:
            return default
        rule = rule_for(scenario, event)
        if event.permanent or event.intents & ENDING:
            return default + (_only_task(a, dossier, rule) if rule is not None else Change())
        if rule is None:
            return _as_listed(a, dossier, scenario, event, default)
        scene = _Scene(dossier, scenario, a.now, a.person.email, self.zone, self.openings, a.reading.later)
        followed = scene.said(rule, a.inbound.id) + scene.moved(rule.do, event.what, default)
        if dossier.id == a.inbound.enrollment_id:  # one mail, one task, one new enrollment
            followed += scene.beyond(rule, a.inbound.id)
        return followed


def _event(a: Arrival, dossier: Dossier) -> Event | None:
    answered = a.answered
    step = answered.step_id if answered is not None and answered.enrollment_id == dossier.id else None
    kind = a.reading.kind
    if kind in {Kind.REPLY, Kind.AUTO_REPLY}:  # automatic: only where it says that somebody moved
        return Event(Happening.REPLY, a.reading.intents, step=step)
    if kind is Kind.BOUNCE:
        permanent = a.reading.bounce is not None and a.reading.bounce.permanent
        return Event(Happening.BOUNCE, permanent=permanent, step=step)
    if kind is Kind.OUT_OF_OFFICE:
        away = a.reading.away
        back = (away.back or (shifted(away.until, 1) if away.until else None)) if away else None
        return Event(Happening.ABSENCE, days=max((back - a.today).days, 0) if back else 0, step=step)
    return None


def _only_task(a: Arrival, dossier: Dossier, rule: Rule) -> Change:
    if rule.do.task is None or dossier.id != a.inbound.enrollment_id:
        return Change()
    return _task(dossier, rule, rule.do.task, a.inbound.id, a.now)


def _as_listed(a: Arrival, dossier: Dossier, scenario: Scenario, event: Event, default: Change) -> Change:
    """No rule: as ever, but for what ``stop_on`` leaves out."""
    if event.what is not Happening.REPLY or cases.of(a.reading) is cases.REFUSAL:
        return default
    if Intent.APPOINTMENT in event.intents:
        if "appointment" in scenario.stop_on:
            return default
        if dossier.enrollment.state is EnrollmentState.ACTIVE:
            default = turns.pause(dossier, "reply", a.now, a.person.email)
        else:
            default = Change()
    if "reply" in scenario.stop_on or Intent.AMBIGUOUS in event.intents:
        return default
    return turns.hold(dossier, "replied", a.now, a.person.email)


# --- silence -----------------------------------------------------------------------------------------


def overdue(dossier: Dossier, scenario: Scenario, now: datetime, zone: ZoneInfo) -> Rule | None:
    """The rule of silence whose time has come, the earliest first."""
    due = min(_silences(dossier, scenario, zone), key=lambda pair: pair[0], default=None)
    return due[1] if due is not None and due[0] <= now else None


def listening(dossier: Dossier, scenario: Scenario, zone: ZoneInfo) -> datetime | None:
    """When the next rule of silence may come true; None: there is none to wait for."""
    return min((at for at, _ in _silences(dossier, scenario, zone)), default=None)


def silent(
    dossier: Dossier, scenario: Scenario, rule: Rule, now: datetime, zone: ZoneInfo, openings: Openings = NOWHERE
) -> Change:
    """What a rule of silence changes. It does not fire again."""
    fired = replace(dossier.enrollment, fired=(*dossier.enrollment.fired, rule.key), wake_at=now)
    dossier = replace(dossier, enrollment=fired)
    scene = _Scene(dossier, scenario, now, "nurture", zone, openings)
    change = scene.said(rule, None) + scene.moved(rule.do, Happening.SILENCE, Change((fired,)))
    return change + scene.beyond(rule, rule.key)


def _silences(dossier: Dossier, scenario: Scenario, zone: ZoneInfo) -> Iterator[tuple[datetime, Rule]]:
    """Rules of silence that have not fired, with their time: in the morning, so many days after the mail left."""
    if dossier.replied:
        return
    for rule in scenario.rules:
        if rule.when.what is not Happening.SILENCE or rule.key in dossier.enrollment.fired:
            continue
        left = [m.sent_at for m in dossier.messages if m.sent_at and _asked(m, rule.when.step)]
        if left:
            day = shifted(max(left).astimezone(zone).date(), rule.when.days)
            yield instant(day, ANY_TIME.start, zone), rule


def _asked(message: Message, step: str | None) -> bool:
    return message.state is MessageState.SENT and (step is None or _is_step(message.step_id, step))


# --- doing it ----------------------------------------------------------------------------------------


def resume(dossier: Dossier, scenario: Scenario, now: datetime, zone: ZoneInfo, actor: str) -> Change:
    """Go on: the rest is planned from today with the original spacing (scheduling: stop, pause, resume)."""
    shift_days = _shift(dossier, scenario, now, zone)
    resumed = replace(
        dossier.enrollment,
        state=states.move(states.ENROLLMENTS, dossier.enrollment.state, "resume"),
        reason="",
        wake_at=now,
        shift_days=shift_days,
    )
    said = replace(progress.entry(dossier, "enrollment.resumed", now, shift=shift_days), actor=actor)
    return Change((resumed,), (said,))


def _shift(dossier: Dossier, scenario: Scenario, now: datetime, zone: ZoneInfo) -> int:
    """How far what is left moves: so that the next step is not before today, the spacing kept.

    What is counted from a date that lies ahead, an event or the end of a contract, stays where it is.
    """
    if scenario.is_event or scenario.anchor in AHEAD:
        return dossier.enrollment.shift_days
    over = {m.step_id for m in dossier.messages if m.state not in states.UNSENT}
    over |= {t.step_id for t in dossier.tasks if t.step_id and t.state is not TaskState.PLANNED}
    following = next((step for step in scenario.steps if step.id not in over), None)
    if following is None:
        return dossier.enrollment.shift_days
    start = following.start.after(dossier.enrollment.anchor_at.astimezone(zone).date())
    nominal = shifted(start, following.day - 1)
    return max(dossier.enrollment.shift_days, (now.astimezone(zone).date() - nominal).days)


def _task(dossier: Dossier, rule: Rule, kind: str, key: str, now: datetime) -> Change:
    made = Task(
        id=TaskId(derived(f"task:rule:{dossier.id}/{rule.key}", key)),
        kind=kind,
        rep_id=dossier.enrollment.rep_id,
        title=dossier.person.name,
        due_at=now,
        person_id=dossier.person.id,
        organisation_id=dossier.person.organisation_id,
        deal_id=dossier.enrollment.deal_id,
        enrollment_id=dossier.enrollment.id,
        created_at=now,
    )
    return Change((made,), (progress.entry(dossier, "task.opened", now, task=kind),))


@dataclass(frozen=True, slots=True)
class _Scene:
    """One enrollment at the moment at which a rule is followed."""

    dossier: Dossier
    scenario: Scenario
    now: datetime
    actor: str
    zone: ZoneInfo
    openings: Openings
    named: date | None = (
        None  # when they want to come back to it: nothing sooner, whatever the rule (practice F26)
    )

    @property
    def today(self) -> date:
        """The recipient's."""
        return self.now.astimezone(self.zone).date()

    def said(self, rule: Rule, inbound: str | None) -> Change:
        """The journal's line: which rule, and what it says is done."""
        entry = progress.entry(self.dossier, "rule.followed", self.now, rule=rule.key, do=list(actions(rule.do)))
        data = {**entry.data, "inbound": inbound} if inbound is not None else entry.data
        return Change((), (replace(entry, actor=self.actor, data=data),))

    def moved(self, do: Action, what: Happening, default: Change) -> Change:
        """What becomes of the enrollment itself."""
        enrollment, reason = self.dossier.enrollment, REASONS[what]
        if do.stop:
            return turns.stop(self.dossier, reason, self.now, self.actor)
        if not (do.pause or do.resume):
            return default
        if enrollment.state is EnrollmentState.PAUSED and enrollment.reason not in BY_ARRIVAL:
            return Change()  # a person, or the law, paused it
        if do.resume and enrollment.state is EnrollmentState.ACTIVE:
            return turns.hold(self.dossier, "replied", self.now, self.actor)
        if do.resume:
            return resume(self.dossier, self.scenario, self.now, self.zone, self.actor)
        if do.pause_days is None:
            return turns.pause(self.dossier, reason, self.now, self.actor)
        day = shifted(self.today, do.pause_days)
        day = self._not_before_theirs(day)
        return turns.rest(self.dossier, reason, day, self.zone, self.now, self.actor)

    def beyond(self, rule: Rule, key: str) -> Change:
        """What comes besides: a task, another scenario. ``key`` makes them the same when decided twice."""
        change = Change()
        if rule.do.task is not None:
            change += _task(self.dossier, rule, rule.do.task, key, self.now)
        if rule.do.enroll is not None:
            change += self._enrolled(rule, rule.do.enroll, key)
        return change

    def _enrolled(self, rule: Rule, target: str, key: str) -> Change:
        scenario = self.openings.scenarios.get(target)
        if target in self.openings.busy:
            return self._not_enrolled(rule, target, "already_enrolled", key, task=False)
        if scenario is None or scenario.hash is None:
            return self._not_enrolled(rule, target, "no_scenario", key)
        try:
            day_one = self._day_one(rule, scenario)
        except UserError:
            return self._not_enrolled(rule, target, "no_anchor", key)
        enrollment = self.dossier.enrollment
        started = begin(
            self.dossier.person,
            scenario,
            key=derived(f"enrolled:{self.dossier.id}/{rule.key}", key),
            anchor_at=day_one,
            now=self.now,
            by="nurture",
            rep_id=enrollment.rep_id,
            deal_id=enrollment.deal_id,
            meeting_id=enrollment.meeting_id,
        )
        if scenario.hash in self.openings.kept:
            return started
        return Change((ScenarioText(scenario.hash, scenario.id, scenario.text, self.now),)) + started

    def _day_one(self, rule: Rule, scenario: Scenario) -> datetime:
        """After so long, if the rule says so; else where the scenario's own anchor is, or today."""
        if rule.do.after:
            return instant(self._not_before_theirs(rule.do.after.after(self.today)), time(0), self.zone)
        if scenario.anchor == "enrolled_at":
            return self.now
        return day_one_of(scenario, facts(self.dossier, self.now), self.now, self.zone, self.dossier.person.name)

    def _not_before_theirs(self, day: date) -> date:
        """That day, or past the one that they named, where it is later."""
        return day if self.named is None or self.named < day else self.named + AFTER_THEIRS

    def _not_enrolled(self, rule: Rule, target: str, why: str, key: str, *, task: bool = True) -> Change:
        """Said in the journal, and told to the representative where a person can do something about it."""
        said = progress.entry(
            self.dossier, "rule.unfulfilled", self.now, rule=rule.key, scenario=target, reason=why
        )
        asked = _task(self.dossier, rule, "other", key, self.now) if task and rule.do.task is None else Change()
        return Change((), (said,)) + Change(asked.puts)


def actions(do: Action) -> Iterator[str]:
    """What a rule does, as codes: "pause 30d", "task call", "enroll after-loss"; in words: ``explain.actions``."""
    if do.pause:
        yield "pause" if do.pause_days is None else f"pause {do.pause_days}d"
    if do.resume:
        yield "resume"
    if do.stop:
        yield "stop"
    if do.task is not None:
        yield f"task {do.task}"
    if do.enroll is not None:
        yield f"enroll {do.enroll}"


def facts(dossier: Dossier, now: datetime) -> Facts:
    """What a dossier knows that another scenario can be anchored at."""
    meeting, deal = dossier.meeting, dossier.deal
    sent = [m.sent_at for m in dossier.messages if m.sent_at is not None]
    met = [meeting.ended_at] if meeting is not None else []
    return Facts(
        meeting_end=meeting.ended_at if meeting else None,
        proposal_sent_at=deal.proposal_sent_at if deal else None,
        lost_at=deal.lost_at if deal else None,
        contract_end=deal.contract_end if deal else None,
        last_contact=now if dossier.replied else max([*sent, *met], default=None),
        events=dict(meeting.dates) if meeting else {},
    )
