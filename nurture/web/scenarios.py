"""Scenarios: each drawn on its days, how its steps do, what is wrong with its file, who runs on which text."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from nurture import explain
from nurture.core.change import ScenarioText
from nurture.core.following import actions
from nurture.core.messages import MessageState
from nurture.core.problem import Severity
from nurture.core.rates import Rate
from nurture.errors import UserError, UserErrors
from nurture.i18n import mark
from nurture.reports import strips

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from starlette.responses import Response

    from nurture.core.books import Script
    from nurture.core.scenario import Scenario, Step
    from nurture.core.standing import Running, Standing, StepCount
    from nurture.i18n import Words
    from nurture.reports.strips import Strip
    from nurture.web.visit import Visit

FEW: Final = 20
"""With fewer mails a rate says nothing: its interval is wider than 40 points."""
M: Final = MessageState
GROUPS: Final[Mapping[str, frozenset[MessageState]]] = {
    "planned": frozenset({M.PLANNED, M.APPROVED}),
    "waiting": frozenset({M.WAITING}),
    "sent": frozenset({M.SENDING, M.SENT, M.IN_DOUBT}),
    "bounced": frozenset({M.BOUNCED}),
    "ended": frozenset({M.SKIPPED, M.EXPIRED, M.CANCELLED, M.REJECTED, M.FAILED}),
}
"""What the states of mails come to in a row of numbers."""
SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.REFUSED: mark("cannot be used"),
    Severity.FAILED: mark("error"),
    Severity.WARNING: mark("warning"),
}
ANCHORS: Final[Mapping[str, str]] = {
    "meeting_end": mark("the meeting"),
    "enrolled_at": mark("the enrollment"),
    "proposal_sent_at": mark("the proposal"),
    "lost_at": mark("the loss"),
    "contract_end": mark("the end of the contract"),
    "last_contact": mark("the last contact"),
}
GONE: Final = 12
"""So many steps that only earlier texts had are named."""
NEAR: Final = 8.0
"""Percent of the line's width between two marks below which their days stand on two levels."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How one step does. ``strip``: the rate drawn; None while there are too few to say."""

    planned: int
    waiting: int
    sent: int
    bounced: int
    ended: int
    rate: Rate
    strip: Strip | None


@dataclass(frozen=True, slots=True)
class Spot:
    """A step on the line: how far from its left end, on which level its day stands."""

    x: str
    day: int
    name: str
    kind: str  # mail | task
    low: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A step and its numbers."""

    step: Step
    name: str
    what: str
    approve: str
    content: str
    asks: tuple[str, ...]
    numbers: Numbers | None  # None for a task


async def show(visit: Visit) -> Response:
    """GET /scenarios: all of them."""
    scenarios, problems = known(visit)
    files = {script.scenario.id: script for script in visit.doors.shelf.scripts() if script.scenario is not None}
    broken = [s for s in visit.doors.shelf.scripts() if s.scenario is None]
    at, standing = await numbers(visit)
    counts = _by_step(standing.steps)
    running = Counter[str]()
    for one in standing.running:
        running[one.scenario_id] += one.count
    return visit.page(
        "scenarios.html",
        problems=[*problems, *(visit.w.error(p.error) for script in broken for p in script.problems)],
        rows=[
            {
                "script": scenario,
                "name": called(visit.w, scenario),
                "file": files[scenario.id].file if scenario.id in files else "",
                "spots": spots(visit.w, scenario.steps),
                "running": running[scenario.id],
                "total": _counted(_all_of(counts, scenario.id)),
                "troubles": Counter(p.severity for p in files[scenario.id].problems)
                if scenario.id in files
                else {},
            }
            for scenario in scenarios
        ],
        severities={severity: visit.w(words) for severity, words in SEVERITIES.items()},
        at=at,
        few=FEW,
    )


async def one(visit: Visit) -> Response:
    """GET /scenarios/{id}: its line, its steps with numbers, its file's problems, its texts in use."""
    scenario = found(visit)
    w = visit.w
    at, standing = await numbers(visit)
    counts = _by_step(standing.steps)
    running = [text for text in standing.running if text.scenario_id == scenario.id]
    kept = await _texts(visit, running)
    script = next((s for s in visit.doors.shelf.scripts() if s.scenario and s.scenario.id == scenario.id), None)
    shown = [step for step in scenario.steps if step.round == 1]
    gone = sorted({step for name, step in counts if name == scenario.id} - {step.id for step in scenario.steps})
    return visit.page(
        "scenario.html",
        script=scenario,
        called=called(w, scenario),
        file=script.file if script else scenario.file or "",
        ships=script.ships if script else False,
        spots=spots(w, scenario.steps),
        rows=[_row(visit, step, counts.get((scenario.id, step.id), ())) for step in shown],
        gone=[(explain.step(w, step), n) for step in gone if (n := _counted(counts[scenario.id, step])).sent][
            :GONE
        ],
        anchor=w(ANCHORS.get(scenario.anchor, scenario.anchor)),
        rules=[(explain.rule(w, rule.key), explain.actions(w, actions(rule.do))) for rule in scenario.rules],
        troubles=_troubles(visit, script),
        running=sorted(
            (
                (
                    text.count,
                    text.scenario_hash == scenario.hash,
                    text.scenario_hash[:8],
                    kept[text.scenario_hash].first_used_at if text.scenario_hash in kept else None,
                )
                for text in running
            ),
            key=lambda row: (not row[1], -row[0]),
        ),
        at=at,
        few=FEW,
    )


def known(visit: Visit) -> tuple[Sequence[Scenario], list[str]]:
    """The scenarios that can be read, and what is wrong with the files of others."""
    try:
        return visit.doors.library.scenarios(), []
    except UserError as error:
        readable = [s.scenario for s in visit.doors.shelf.scripts() if s.scenario is not None]
        said = error.errors if isinstance(error, UserErrors) else (error,)
        return sorted(readable, key=lambda one_: one_.id), [visit.w.error(one_) for one_ in said]


def found(visit: Visit) -> Scenario:
    """The scenario that the address names.

    Raises:
        HTTPException: 404, there is none.
    """
    scenario = next((one_ for one_ in known(visit)[0] if one_.id == visit.key()), None)
    if scenario is None:
        raise HTTPException(404)
    return scenario


def called(w: Words, scenario: Scenario) -> str:
    """What people call it."""
    return scenario.name.get(w.language) or next(iter(scenario.name.values()), "") or scenario.id


async def numbers(visit: Visit) -> tuple[datetime, Standing]:
    """How scenarios do for the mail that the reader's numbers are about; counted once a minute at most."""
    counted, now = visit.reader.counted, visit.doors.clock.now()
    key = None if counted is None else frozenset(counted)
    return await visit.desk.standing.of(key, now, lambda: visit.doors.store.standing(counted))


async def _texts(visit: Visit, running: Iterable[Running]) -> Mapping[str, ScenarioText]:
    keys = tuple({text.scenario_hash for text in running})
    rows = await visit.doors.store.find(ScenarioText, {"id": keys}) if keys else ()
    return {str(row.id): row for row in rows}


# --- steps -------------------------------------------------------------------------------------------


def spots(w: Words, steps: Iterable[Step]) -> list[Spot]:
    """Steps on a line from the first day to the last, as far as the first round goes."""
    shown = sorted((step for step in steps if step.round == 1), key=lambda step: step.day)
    if not shown:
        return []
    first, last = shown[0].day, shown[-1].day
    placed: list[Spot] = []
    before, low = -100.0, False
    for step in shown:
        x = 4 + 92 * (step.day - first) / max(last - first, 1)
        low = x - before < NEAR and not low
        before = x
        kind = "mail" if step.mail else "task"
        placed.append(Spot(f"{x:.2f}%", step.day, explain.step(w, step.id), kind, low))
    return placed


def _row(visit: Visit, step: Step, counts: Sequence[StepCount]) -> Row:
    w = visit.w
    return Row(
        step=step,
        name=explain.step(w, step.id),
        what=step.mail or explain.task(w, step.task or ""),
        approve=w(APPROVES[step.approve]) if step.mail else "",
        content=step.content.kind if step.content else "",
        asks=tuple(_asks(visit, step)),
        numbers=_counted(counts) if step.mail else None,
    )


APPROVES: Final[Mapping[str, str]] = {
    "none": mark("leaves without approval"),
    "rep": mark("the representative approves"),
    "manager": mark("the manager approves"),
    "two_people": mark("two people approve"),
}


def _asks(visit: Visit, step: Step) -> Iterable[str]:
    """Under what conditions a step happens, and how it gives way."""
    w, when = visit.w, step.when
    if when.no_reply is not None:
        yield w("only without a reply") if when.no_reply else w("only after a reply")
    if when.roles:
        yield "/".join(explain.role(w, role) for role in when.roles)
    if when.specialties:
        yield "/".join(explain.specialty(w, one_) for one_ in when.specialties)
    if when.stances:
        yield "/".join(explain.stance(w, one_) for one_ in when.stances)
    if when.deal_phase_at_least:
        yield w("from phase {n} on", n=when.deal_phase_at_least)
    if when.competitors:
        yield w("competitor: {names}", names=", ".join(when.competitors))
    if step.within_seconds:
        yield w("within {hours} hours", hours=f"{step.within_seconds / 3600:g}")
    if step.quiet_days:
        yield w("then {days} quiet days", days=step.quiet_days)


def _by_step(counts: Iterable[StepCount]) -> Mapping[tuple[str, str], Sequence[StepCount]]:
    found_: dict[tuple[str, str], list[StepCount]] = defaultdict(list)
    for one_ in counts:
        found_[one_.scenario_id, one_.step_id].append(one_)
    return dict(found_)


def _all_of(counts: Mapping[tuple[str, str], Sequence[StepCount]], scenario: str) -> list[StepCount]:
    return [one_ for (name, _), listed in counts.items() if name == scenario for one_ in listed]


def _counted(counts: Iterable[StepCount]) -> Numbers:
    listed = list(counts)
    totals = {name: sum(c.mails for c in listed if c.state in states) for name, states in GROUPS.items()}
    rate = Rate(sum(c.answered for c in listed if c.state in GROUPS["sent"]), totals["sent"])
    return Numbers(**totals, rate=rate, strip=strips.rate(rate) if rate.of >= FEW else None)


def _troubles(visit: Visit, script: Script | None) -> list[tuple[str, str, str]]:
    """What is wrong with the file: how bad, what it comes to, the place and the words."""
    w = visit.w
    return (
        [(p.severity.value, w(SEVERITIES[p.severity]), w.error(p.error)) for p in script.problems]
        if script
        else []
    )
