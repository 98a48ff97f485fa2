"""The script as data: what happens on which day after the anchor.

The file format and its meaning are public (``docs/scenarios.md``); ``files/scenario.py`` reads it, and
``problems`` finds what a reader of single keys cannot see: steps that do not fit together.
"""

from __future__ import annotations

import difflib
import itertools
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from nurture.core.content import Wanted
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nurture.core.ids import ScenarioHash

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ANCHORS: Final = ("meeting_end", "enrolled_at", "proposal_sent_at", "lost_at", "contract_end")
STOP_EVENTS: Final = ("reply", "bounce", "unsubscribe", "appointment", "moved", "complaint")
ON_BLOCKED: Final = ("postpone", "advance", "skip", "ignore")
APPROVALS: Final = ("none", "rep", "manager", "two_people")
PURPOSES: Final = ("value", "appointment", "notice")
TASK_KINDS: Final = ("call", "visit", "linkedin", "congress", "other")
COLLEAGUE_REPLY: Final = ("continue", "hold", "pause")
MATCHES: Final = ("role", "specialty", "concern", "competitor")

END_OF_DAY: Final = time.max
"""``24:00`` as the end of hours."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of local time on one day; ``end`` is exclusive and after ``start``."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Windows:
    """When mail may leave: weekdays (0 = Monday) and hours, ascending by their start."""

    days: frozenset[int]
    hours: tuple[Hours, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """Gaps and caps. None: no such rule."""

    min_gap: int | None = None  # days, counted in local dates
    cap: int | None = None  # mails to one organisation …
    cap_days: int | None = None  # … within this many consecutive local dates


@dataclass(frozen=True, slots=True)
class Expiry:
    """A step's last permitted date: ``after`` days past the nominal date, or ``margin`` days before an event."""

    after: int | None = None
    before_date: date | None = None
    before_event: str | None = None
    margin: int = 0


@dataclass(frozen=True, slots=True)
class When:
    """Conditions of a step, and-ed. None: not asked. Lists are or-ed."""

    no_reply: bool | None = None
    roles: tuple[str, ...] | None = None
    specialties: tuple[str, ...] | None = None
    stances: tuple[str, ...] | None = None
    deal_phase_at_least: int | None = None
    competitors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One mail or one task."""

    id: str
    day: int  # 1 is the anchor's local date
    mail: str | None = None  # a template; exactly one of mail and task is set
    task: str | None = None
    business_days: bool = False
    within_seconds: int | None = None  # an SLA from the anchor
    requires: tuple[str, ...] = ()
    content: Wanted | None = None
    approve: str = "rep"
    on_blocked: str = "postpone"
    any_window: bool = False
    windows: Mapping[str, Windows] | None = None  # the step's own, by role or "default"
    expires: Expiry | None = None
    purpose: str = "value"
    thread: str | None = None
    when: When = When()
    line: int | None = None  # in the file, for messages


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole script."""

    id: str
    name: Mapping[str, str]  # by language
    anchor: str
    timezone: str
    steps: tuple[Step, ...]
    calendars: tuple[str, ...] = ()
    stop_on: tuple[str, ...] = STOP_EVENTS
    pace: Pace = Pace()
    windows: Mapping[str, Windows] = field(default_factory=dict)  # by role, and "default"
    on_colleague_reply: str = "hold"  # continue | hold | pause
    hash: ScenarioHash | None = None
    text: str = ""  # the file as it was read
    file: str | None = None

    def step(self, step_id: str) -> Step | None:
        """The step of that id, if there is one."""
        return next((step for step in self.steps if step.id == step_id), None)

    def windows_for(self, step: Step, role: str | None) -> Windows | None:
        """When mail of a step may leave to that role: the step's own windows, else the scenario's.

        A role without an entry uses ``default``. None: there is no such entry either, so no window.
        """
        for windows in (step.windows, self.windows):
            for name in (role, "default"):
                if windows is not None and name is not None and name in windows:
                    return windows[name]
        return None


class Severity(StrEnum):
    """What a problem leads to."""

    REFUSED = "refused"  # the scenario cannot be used
    FAILED = "failed"  # it could be, but the scenario check fails
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person would only find later.

    ``path`` is where in the file: ``("steps", 2, "thread")``.
    """

    error: UserError
    path: tuple[str | int, ...] = ()
    severity: Severity = Severity.REFUSED


def problems(scenario: Scenario) -> tuple[Problem, ...]:
    """Everything in a scenario that does not fit together, in the order of its steps."""
    found = [problem for index, step in enumerate(scenario.steps) for problem in _of_step(scenario, index, step)]
    return (*found, *_of_whole(scenario))


def _of_whole(scenario: Scenario) -> Iterator[Problem]:
    if not scenario.steps:
        yield Problem(UserError("a scenario needs at least one step"), ("steps",))
    if scenario.anchor not in ANCHORS:
        yield Problem(
            UserError(
                "{anchor} is taken as the name of an event of yours",
                hint="the anchors that are known: {known}",
                anchor=scenario.anchor,
                known=list(ANCHORS),
            ),
            ("anchor",),
            severity=Severity.WARNING,
        )
    for role, windows in scenario.windows.items():
        if not windows.days or not windows.hours:
            yield Problem(
                UserError("nothing ever leaves to {role}: the window has no days or no hours", role=role),
                ("windows", role),
                severity=Severity.WARNING,
            )
        for at, (one, two) in enumerate(itertools.pairwise(windows.hours)):
            if two.start < one.end:
                yield Problem(
                    UserError("these hours overlap"), ("windows", role, "hours", at + 1), severity=Severity.WARNING
                )
    if "default" not in scenario.windows and any(not s.any_window and s.windows is None for s in scenario.steps):
        yield Problem(
            UserError(
                "there is no default send window: roles without a window of their own are never written to",
                hint='write windows: {default: {days: mon-fri, hours: ["09:30-11:30"]}}',
            ),
            ("windows",),
            severity=Severity.WARNING,
        )
    if scenario.pace.min_gap is None:
        yield Problem(
            UserError("without pace.min_gap mails may follow each other day by day"),
            ("pace",),
            severity=Severity.WARNING,
        )


def _of_step(scenario: Scenario, index: int, step: Step) -> Iterator[Problem]:
    ahead = scenario.steps[:index]
    ids = [s.id for s in ahead]
    place = ("steps", index)
    if step.id in ids:
        yield Problem(UserError("a second step has the id {step}", step=step.id), (*place, "id"))
    if (step.mail is None) == (step.task is None):
        yield Problem(
            UserError(
                "step {step} needs either mail or task", hint="mail: a-template, or task: call", step=step.id
            ),
            place,
        )
    if step.thread is not None:
        yield from _of_thread(scenario, step, ahead, (*place, "thread"))
    if step.task is not None:
        for key, is_set in (
            ("requires", bool(step.requires)),
            ("content", step.content is not None),
            ("thread", step.thread is not None),
        ):
            if is_set:
                yield Problem(UserError("{key} has no meaning for a task", key=key), (*place, key))
    yield from _unreachable(scenario, step, ahead, place)
    yield from _chasing(step, place)
    if step.expires is not None and step.expires.margin and step.expires.after is not None:
        yield Problem(
            UserError("margin belongs to before, not to after"),
            (*place, "expires", "margin"),
            severity=Severity.WARNING,
        )


def _of_thread(
    scenario: Scenario, step: Step, ahead: Sequence[Step], place: tuple[str | int, ...]
) -> Iterator[Problem]:
    named = next((s for s in ahead if s.id == step.thread), None)
    if named is None and scenario.step(step.thread or "") is not None:
        yield Problem(
            UserError("{thread} comes later than this step: nothing to answer yet", thread=step.thread), place
        )
    elif named is None:
        mails = [s.id for s in ahead if s.mail is not None]
        guess = difflib.get_close_matches(step.thread or "", mails, n=1)
        yield Problem(
            UserError(
                "there is no step {thread}",
                hint="did you mean {guess}?" if guess else "mails ahead of this step: {mails}",
                thread=step.thread,
                guess=guess[0] if guess else None,
                mails=", ".join(mails),
            ),
            place,
        )
    elif named.mail is None:
        yield Problem(UserError("{thread} is a task: it has no thread to answer in", thread=step.thread), place)


def _unreachable(
    scenario: Scenario, step: Step, ahead: Sequence[Step], place: tuple[str | int, ...]
) -> Iterator[Problem]:
    """Steps that nobody can come to, or only later than they say."""
    if step.when.no_reply is False and "reply" in scenario.stop_on:
        yield Problem(
            UserError(
                "step {step} is never reached: it waits for a reply, and a reply stops the scenario", step=step.id
            ),
            (*place, "when", "no_reply"),
            severity=Severity.WARNING,
        )
    earlier = next((s for s in ahead if s.day > step.day and s.business_days == step.business_days), None)
    if earlier is not None:
        yield Problem(
            UserError(
                "step {step} stands behind {earlier}, which comes on a later day: it will wait for it",
                hint="put the steps in the order of their days",
                step=step.id,
                earlier=earlier.id,
            ),
            (*place, "day"),
            severity=Severity.WARNING,
        )
    if step.within_seconds is not None and any(
        s.mail is not None and s.day == step.day and step.mail is not None for s in ahead
    ):
        yield Problem(
            UserError(
                "step {step} cannot keep its deadline: another mail goes out ahead of it on that day", step=step.id
            ),
            (*place, "within"),
            severity=Severity.WARNING,
        )


CHASING: Final = ("follow-up", "followup", "reminder", "chase", "checking-in", "check-in", "any-news", "nudge")
"""Names of templates that say what a mail must not be (practice C15)."""


def _chasing(step: Step, place: tuple[str | int, ...]) -> Iterator[Problem]:
    """A step that only asks "any news?" and gives nothing (practice C15)."""
    if step.mail is None or step.purpose != "value" or step.content is not None or step.requires:
        return
    said = step.mail.replace("_", "-").casefold()
    if any(word in said for word in CHASING) or any(word in step.id.replace("_", "-") for word in CHASING):
        yield Problem(
            UserError(
                "step {step} only chases: it asks for news and gives none",
                hint="give something: content: {{kind: case_study}}, or leave the step out",
                step=step.id,
            ),
            (*place, "mail"),
            severity=Severity.FAILED,
        )
