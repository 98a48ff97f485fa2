"""A rule of a scenario is followed: what becomes of one enrollment, what comes besides, and what the journal says.

``responses`` finds the rule. What a person paused, only a person resumes; what cannot begin is said, and nobody is
enrolled in it; nothing happens sooner than the time that the one who wrote has named.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Final

from nurture.core import cases, progress, turns
from nurture.core.anchors import Facts, day_one_of
from nurture.core.beginning import begin
from nurture.core.calendar import shifted
from nurture.core.change import Change, ScenarioText
from nurture.core.deals import Task
from nurture.core.ids import TaskId, derived
from nurture.core.messages import EnrollmentState
from nurture.core.reactions import AFTER_THEIRS
from nurture.core.rules import Happening
from nurture.core.windows import instant
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from nurture.core.dossier import Dossier
    from nurture.core.ids import ScenarioHash
    from nurture.core.rules import Action, Rule
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
class Openings:
    """Scenarios that rules may enroll in, as their files say now; ``busy``: those the person is in already."""

    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    kept: frozenset[ScenarioHash] = frozenset()  # whose texts the store has already
    busy: frozenset[str] = frozenset()


NOWHERE: Final = Openings()


def open_task(dossier: Dossier, rule: Rule, kind: str, key: str, now: datetime) -> Change:
    """A task that a rule adds, once for each ``key``; the journal says so."""
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
class Scene:
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
        rested = enrollment.reason == turns.RESTED  # by a person, until a day
        if enrollment.state is EnrollmentState.PAUSED and not (rested or enrollment.reason in BY_ARRIVAL):
            return Change()  # a person, or the law, paused it
        if enrollment.state is EnrollmentState.PAUSED and rested and do.resume:
            return Change()
        if do.resume and enrollment.state is EnrollmentState.ACTIVE:
            return turns.hold(self.dossier, "replied", self.now, self.actor)
        if do.resume:
            return turns.resume(self.dossier, self.scenario, self.now, self.zone, self.actor)
        if do.pause_days is None:
            return turns.pause(self.dossier, reason, self.now, self.actor)
        day = shifted(self.today, do.pause_days)
        day = self._not_before_theirs(day)
        if turns.outlasts(enrollment, day, self.zone):
            return Change()
        return turns.rest(self.dossier, reason, day, self.zone, self.now, self.actor)

    def beyond(self, rule: Rule, key: str) -> Change:
        """What comes besides: a task, another scenario. ``key`` makes them the same when decided twice."""
        change = Change()
        if rule.do.task is not None:
            change += open_task(self.dossier, rule, rule.do.task, key, self.now)
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
        asked = (
            open_task(self.dossier, rule, "other", key, self.now) if task and rule.do.task is None else Change()
        )
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
    if do.every is not None:
        yield f"every {do.every}d"


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
