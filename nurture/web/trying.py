"""A scenario tried out: its dates for some profile, and a step's text for somebody; nothing is kept."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture import explain
from nurture.core.people import Person
from nurture.core.plan import StepOutcome, zone_of
from nurture.errors import UserError
from nurture.flows import trying as flow
from nurture.i18n import mark
from nurture.mail import markup
from nurture.reports import simulation
from nurture.web import known, scenarios, whose
from nurture.web.calendar import shelf
from nurture.web.whatif import day
from nurture.web.whose import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from nurture.core.scenario import Scenario, Step
    from nurture.reports.simulation import Simulated, Simulation
    from nurture.web.visit import Visit
    from nurture.web.whose import Whose

BEGINS: Final = time(15)
"""When on its first day a simulated scenario begins: after a meeting in the afternoon."""
MOST: Final = 400
"""Steps that a page plans; a scenario with more rounds is simulated on the command line."""

SOURCES: Final[Mapping[str, str]] = {
    "person": mark("the person"),
    "organisation": mark("the organisation"),
    "rep": mark("config.toml, representatives"),
    "company": mark("config.toml, company"),
    "deal": mark("the deal"),
    "meeting": mark("the meeting's record"),
    "next_actions": mark("promises that are open"),
    "promises": mark("promises of the meeting"),
    "attendees": mark("the meeting's record"),
    "concern": mark("the meeting's record"),
    "concern_first": mark("the meeting's record"),
    "content": mark("the content library"),
    "proposed": mark("the calendars"),
    "send_on": mark("the plan"),
    "opening": mark("made by the program"),
    "predecessor": mark("who went before"),
    "successor": mark("who follows"),
    "extra": mark("the step"),
}
"""Where the fields of the vocabulary come from, by their first part."""


# --- dates -------------------------------------------------------------------------------------------


async def simulate(visit: Visit) -> Response:
    """GET /scenarios/{id}/simulate: when each step would come for this profile, and why then."""
    scenario = scenarios.found(visit)
    w = visit.w
    who = await whose.chosen(visit)
    books, problems = shelf(visit)
    start = day(word(visit, "start")) or visit.today
    found: Simulation | None = None
    if len(scenario.steps) > MOST:
        problems.append(w("This scenario has too many steps for a page; use: nurture simulate"))
    else:
        try:
            found = _planned(visit, scenario, who, datetime.combine(start, BEGINS, zone_of(scenario.timezone)))
        except UserError as error:
            problems.append(w.error(error))
    return visit.page(
        "simulate.html",
        script=scenario,
        called=scenarios.called(w, scenario),
        who=who,
        start=start.isoformat(),
        choices=whose.choices(visit, [book.calendar for book in books], who),
        problems=problems,
        warnings=[w.error(one) for one in found.warnings] if found else [],
        plans=[_rows(visit, found, one) for one in found.enrollments] if found else [],
    )


def _planned(visit: Visit, scenario: Scenario, who: Whose, anchor: datetime) -> Simulation:
    calendars = visit.doors.library.calendars(scenario, who.organisation)
    arms: list[str | None] = [arm.name for arm in scenario.variants] or [None]
    contact = simulation.Contact(who.profile)
    moment = simulation.first_moment(scenario, anchor)
    each = [
        simulation.simulate(scenario, calendars, [contact], anchor.astimezone(UTC), moment, variant=arm)
        for arm in arms
    ]
    return simulation.Simulation(
        scenario,
        anchor,
        moment,
        tuple(one for found in each for one in found.enrollments),
        each[0].calendars,
        each[0].warnings,
    )


def _rows(visit: Visit, found: Simulation, one: Simulated) -> dict[str, object]:
    w, names = visit.w, simulation.entry_names(found.calendars, visit.w)
    mails = {step.id for step in _mails(one.script)}
    return {
        "variant": one.variant,
        "steps": [
            {
                "id": step.step_id,
                "name": explain.step(w, step.step_id),
                "kind": w(simulation.OUTCOMES[step.outcome]),
                "lost": step.outcome in {StepOutcome.SKIPPED, StepOutcome.EXPIRED},
                "nominal": w.date(step.nominal),
                "when": w.instant(step.planned_at, one.plan.timezone) if step.planned_at else "",
                "moved": step.planned_on != step.nominal,
                "why": explain.moves(w, step.moves, names),
                "mail": step.step_id in mails,
            }
            for step in one.plan.steps
        ],
    }


# --- a text ------------------------------------------------------------------------------------------


async def preview(visit: Visit) -> Response:
    """GET /scenarios/{id}/preview?step=…&person=…: the text of a step for somebody whom the reader sees."""
    scenario = scenarios.found(visit)
    step = scenario.step(word(visit, "step"))
    if step is None or step.mail is None:
        return RedirectResponse(f"/scenarios/{scenario.id}", status_code=303)
    said, key = word(visit, "q"), word(visit, "person")
    person = await _person(visit, key) if key else None
    w = visit.w
    tried, problem = None, ""
    if person is not None:
        try:
            tried = await flow.attempt(visit.doors, scenario, step, person, visit.reader.where, visit.reader.rep)
        except UserError as error:
            problem = w.error(error)
    if tried is not None and tried.problem is not None:
        problem = w.error(tried.problem)
    body = tried.draft.body if tried is not None and tried.draft is not None else ""
    return visit.page(
        "preview.html",
        script=scenario,
        called=scenarios.called(w, scenario),
        step=step,
        step_name=explain.step(w, step.id),
        steps=[(one.id, explain.step(w, one.id)) for one in _mails(scenario)],
        said=said,
        people=await known.people(visit, said) if person is None else (),
        person=person,
        tried=tried,
        problem=problem,
        rich=Markup(markup.fragment(body)),  # noqa: S704 - made of escaped text only (mail.markup)
        body=body,
        address=lambda **more: f"/scenarios/{scenario.id}/preview?{urlencode({'step': step.id, **more})}",
        fields=[
            (one.path, one.value, one.required, w(SOURCES.get(one.path.partition(".")[0], one.path)))
            for one in (tried.filled if tried else ())
        ],
    )


def _mails(scenario: Scenario) -> list[Step]:
    return [step for step in scenario.steps if step.mail is not None and step.round == 1]


async def _person(visit: Visit, key: str) -> Person:
    found = await visit.doors.store.get(Person, key)
    if found is None or not visit.reader.sees(found.rep_id):
        raise HTTPException(404)
    return found
