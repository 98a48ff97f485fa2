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

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from nurture.core import cases, often, turns
from nurture.core.calendar import shifted
from nurture.core.change import Change
from nurture.core.following import NOWHERE, Openings, Scene, open_task
from nurture.core.ids import EnrollmentId
from nurture.core.messages import EnrollmentState, MessageState
from nurture.core.reading import Intent, Kind
from nurture.core.rules import ENDING, Happening
from nurture.core.windows import ANY_TIME, instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from nurture.core.arrival import Arrival
    from nurture.core.dossier import Dossier
    from nurture.core.messages import Message
    from nurture.core.rules import Rule, Trigger
    from nurture.core.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one enrollment, as rules ask for it."""

    what: Happening
    intents: frozenset[Intent] = frozenset()
    permanent: bool = False
    days: int = 0  # of an absence
    step: str | None = None  # whose mail was answered, or came back


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


def usual(scenario: Scenario | None) -> int:
    """Days from one mail to the next for who wants less mail and names no time: as the first rule says."""
    rules = scenario.rules if scenario is not None else ()
    said = (r.do.every for r in rules if r.do.every is not None and Intent.LESS_OFTEN in r.when.intents)
    return next(said, often.USUAL)


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
        scene = Scene(dossier, scenario, a.now, a.person.email, self.zone, self.openings, a.reading.later)
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
    return open_task(dossier, rule, rule.do.task, a.inbound.id, a.now)


def _as_listed(a: Arrival, dossier: Dossier, scenario: Scenario, event: Event, default: Change) -> Change:
    """No rule: as ever, but for what ``stop_on`` leaves out."""
    if event.what is not Happening.REPLY or cases.of(a.reading) is cases.REFUSAL:
        return default
    if Intent.APPOINTMENT in event.intents:
        if "appointment" in scenario.stop_on:
            return default
        if dossier.enrollment.state is EnrollmentState.ACTIVE or turns.is_resting(dossier.enrollment):
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
    scene = Scene(dossier, scenario, now, "nurture", zone, openings)
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
