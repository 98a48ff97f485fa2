"""What a scenario would do: dates and reasons, as data, as a table, as a calendar file. Nothing is sent or kept.

The dates come from ``core.plan``, the same function that the daemon calls. Enrollments are planned one after
the other, each with all its steps, and what is planned counts as history for the next.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from nurture import explain
from nurture.core import anchors
from nurture.core.calendar import Calendar, Profile, shifted
from nurture.core.plan import History, Plan, PlannedStep, Request, Situation, StepOutcome, plan, zone_of
from nurture.core.scenario import AHEAD
from nurture.core.windows import instant
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nurture.core.scenario import Scenario, Step
    from nurture.i18n import Words

OUTCOMES: Final[Mapping[StepOutcome, str]] = {
    StepOutcome.SEND: mark("mail"),
    StepOutcome.TASK: mark("task"),
    StepOutcome.SKIPPED: mark("skipped"),
    StepOutcome.EXPIRED: mark("expired"),
}


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to plan for: an address (None: anybody), a name, and what calendars ask for."""

    profile: Profile
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Simulated:
    """One enrollment that was planned."""

    contact: Contact
    plan: Plan
    script: Scenario  # as it is for this contact, in its arm of a comparison
    day_one: datetime  # the anchor with the scenario's offset
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Simulation:
    """A scenario, what it would do for each contact, and what the reader should know."""

    scenario: Scenario
    anchor: datetime
    now: datetime
    enrollments: tuple[Simulated, ...]
    calendars: tuple[Calendar, ...] = ()
    warnings: tuple[UserError, ...] = field(default=())


def simulate(
    scenario: Scenario,
    calendars: tuple[Calendar, ...],
    contacts: Sequence[Contact],
    anchor: datetime,
    now: datetime,
    *,
    events: Mapping[str, date] | None = None,
    situation: Situation | None = None,
    variant: str | None = None,
) -> Simulation:
    """Plan every contact in order.

    ``opened`` gives the same piece by piece, for files of any length.

    Args:
        scenario: as its file says.
        calendars: those that it lists.
        contacts: one enrollment each; two with the same address are the same person.
        anchor: aware; one instant for all.
        now: aware.
        events: dates of named events: ``seminar_date`` …
        situation: what the conditions of steps ask for; as if nobody had replied, else unknown.
        variant: the arm of a comparison that all belong to; None: each to that which a hash of the address gives.

    Raises:
        UserError: a contact's time zone does not exist; the scenario has no such variant.
    """
    found, planned = opened(
        scenario, calendars, contacts, anchor, now, events=events, situation=situation, variant=variant
    )
    return replace(found, enrollments=tuple(planned))


def opened(
    scenario: Scenario,
    calendars: tuple[Calendar, ...],
    contacts: Iterable[Contact],
    anchor: datetime,
    now: datetime,
    *,
    events: Mapping[str, date] | None = None,
    situation: Situation | None = None,
    variant: str | None = None,
) -> tuple[Simulation, Iterator[Simulated]]:
    """As ``simulate``: a simulation without enrollments yet, and the enrollments as they are planned.

    Raises:
        UserError: as ``simulate``.
    """
    if variant is not None and variant not in {arm.name for arm in scenario.variants}:
        raise UserError(
            "{scenario} has no variant {variant}",
            hint="there are: {known}" if scenario.variants else None,
            scenario=scenario.id,
            variant=variant,
            known=", ".join(arm.name for arm in scenario.variants),
        )
    given = dict(events or {})
    known = {**_anchored(scenario, anchor), **given}
    found = Simulation(scenario, anchor, now, (), calendars, tuple(_warnings(scenario, known, given)))
    return found, _planned(found, contacts, known, situation or Situation(), variant)


def _planned(
    found: Simulation,
    contacts: Iterable[Contact],
    events: Mapping[str, date],
    situation: Situation,
    variant: str | None,
) -> Iterator[Simulated]:
    """One contact after the other; what is planned for one is history for the next."""
    scenario = found.scenario
    people: dict[str, list[date]] = {}
    organisations: dict[str, list[date]] = {}
    quiet: dict[str, list[tuple[date, date]]] = {}
    for place, contact in enumerate(contacts):
        person = people.setdefault((contact.email or f"#{place}").strip().lower(), [])
        where = contact.profile.organisation or f"#{place}"
        organisation = organisations.setdefault(where, [])
        rests = quiet.setdefault(where, [])
        arm = variant or scenario.variant_of(contact.email or f"#{place}")
        script = scenario.as_variant(arm)
        zone = zone_of(contact.profile.timezone or scenario.timezone)
        day_one = anchors.day_one(scenario, found.anchor, found.now, zone)
        planned = plan(
            Request(
                scenario=script,
                profile=contact.profile,
                anchor=day_one,
                now=found.now,
                key=f"{scenario.id}/{contact.email or ''}/{place}",
                calendars=found.calendars,
                history=History(tuple(person), tuple(organisation)),
                situation=situation,
                events=events,
                quiet=tuple(rests),
            )
        )
        rests += quiet_days(script, planned)
        dates = [s.planned_on for s in planned.steps if s.outcome is StepOutcome.SEND and s.planned_on is not None]
        person += dates
        organisation += dates
        yield Simulated(contact, planned, script, day_one, arm)


def quiet_days(scenario: Scenario, planned: Plan) -> Iterator[tuple[date, date]]:
    """The quiet days that follow weighty mails of a plan: for everybody of the organisation."""
    for found in planned.steps:
        step = scenario.step(found.step_id)
        if step is not None and step.quiet_days and found.planned_on is not None:
            yield shifted(found.planned_on, 1), shifted(found.planned_on, step.quiet_days)


def _anchored(scenario: Scenario, anchor: datetime) -> dict[str, date]:
    """The event that the scenario is anchored at has a date: the anchor's."""
    if not (scenario.is_event or scenario.anchor in AHEAD):
        return {}
    return {scenario.anchor: anchor.astimezone(zone_of(scenario.timezone)).date()}


def first_moment(scenario: Scenario, anchor: datetime) -> datetime:
    """When somebody must be enrolled at the latest to get all of it: the anchor, or the first day before it."""
    zone = zone_of(scenario.timezone)
    day = anchor.astimezone(zone).date()
    start = scenario.offset.after(day)
    first = min([start, *(shifted(step.start.after(start), step.day - 1) for step in scenario.steps)])
    return anchor if first >= day else instant(first, time(0), zone)


def _warnings(scenario: Scenario, events: Mapping[str, date], given: Mapping[str, date]) -> Iterable[UserError]:
    asked = {s.expires.before_event: s.id for s in scenario.steps if s.expires and s.expires.before_event}
    for event, step in asked.items():
        if event not in events:
            yield UserError(
                "{event} has no date, so step {step} does not expire by it",
                hint="--date {event}=2027-05-10",
                event=event,
                step=step,
            )
    for event in given:
        if event not in asked:
            yield UserError(
                "no step asks for the date {event}",
                hint="asked for are: {known}" if asked else None,
                event=event,
                known=", ".join(asked),
            )


# --- JSON --------------------------------------------------------------------------------------------


def as_json(simulation: Simulation, enrollments: Iterable[Simulated], w: Words) -> Iterator[str]:
    """The public JSON form (``docs/scenarios.md``) in pieces. Keys may be added; these keep their meaning.

    Args:
        simulation: without its enrollments, or with them.
        enrollments: each is written as it comes and not kept.
        w: the language of the warnings.
    """
    zone = simulation.scenario.timezone
    head = {
        "scenario": simulation.scenario.id,
        "anchor": _local(simulation.anchor, zone),
        "now": _local(simulation.now, zone),
    }
    tail = {"warnings": [w.error(warning) for warning in simulation.warnings]}
    yield _written(head).removesuffix("\n}") + ',\n  "enrollments": ['
    between = "\n"
    for enrollment in enrollments:
        yield between + "    " + _written(_enrollment(enrollment)).replace("\n", "\n    ")
        between = ",\n"
    yield "\n  ],\n" + _written(tail).removeprefix("{\n") + "\n"


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _enrollment(enrollment: Simulated) -> dict[str, Any]:
    return {
        "contact": _contact(enrollment.contact),
        "timezone": enrollment.plan.timezone,
        "variant": enrollment.variant,
        "day_one": _local(enrollment.day_one, enrollment.plan.timezone),
        "steps": [_step(enrollment.script, planned) for planned in enrollment.plan.steps],
    }


def _local(at: datetime, zone: str) -> str:
    return at.astimezone(zone_of(zone)).isoformat()


def _contact(contact: Contact) -> dict[str, str | None]:
    profile = contact.profile
    always = {"email": contact.email, "role": profile.role, "specialty": profile.specialty}
    others = {
        "name": contact.name,
        "department": profile.department,
        "region": profile.region,
        "organisation": profile.organisation,
        "organisation_kind": profile.organisation_kind,
    }
    return always | {key: value for key, value in others.items() if value is not None}


def _step(scenario: Scenario, planned: PlannedStep) -> dict[str, Any]:
    step = _of(scenario, planned)
    return {
        "id": planned.step_id,
        "day": step.day,
        "nominal": planned.nominal.isoformat(),
        "planned": planned.planned_at.isoformat() if planned.planned_at else None,
        "outcome": planned.outcome.value,
        "reason": planned.moves[-1].rule if planned.planned_on is None and planned.moves else None,
        "deadline": planned.deadline.isoformat() if planned.deadline else None,
        "expires": planned.expires_on.isoformat() if planned.expires_on else None,
        "moves": [
            {
                "rule": move.rule,
                "entry": move.entry,
                "from": move.from_.isoformat() if move.from_ else None,
                "to": move.to.isoformat() if move.to else None,
            }
            for move in planned.moves
        ],
    }


def _of(scenario: Scenario, planned: PlannedStep) -> Step:
    step = scenario.step(planned.step_id)
    assert step is not None, "a plan speaks of its scenario's steps only"
    return step


# --- a table -----------------------------------------------------------------------------------------


def headers(w: Words) -> tuple[str, ...]:
    """The headings of ``rows``."""
    return w("step"), w("day"), w("day by the scenario"), w("what"), w("date"), w("why")


def rows(simulation: Simulation, enrollment: Simulated, w: Words) -> list[tuple[str, ...]]:
    """One line per step, in the reader's language."""
    names = entry_names(simulation.calendars, w)
    return [
        (
            planned.step_id,
            str(_of(enrollment.script, planned).day),
            w.day(planned.nominal),
            w(OUTCOMES[planned.outcome]),
            w.instant(planned.planned_at, enrollment.plan.timezone) if planned.planned_at else "–",
            explain.moves(w, planned.moves, names),
        )
        for planned in enrollment.plan.steps
    ]


def entry_names(calendars: Iterable[Calendar], w: Words) -> Mapping[str, str]:
    """Names of calendar entries for the reasons: "jp-medical/jrc-2027" to its title."""
    return {
        f"{calendar.id}/{entry.id}": name
        for calendar in calendars
        for entry in calendar.entries
        if (name := entry.name.get(w.language) or next(iter(entry.name.values()), ""))
    }


def title(contact: Contact, w: Words, variant: str | None = None) -> str:
    """Whom a table is about."""
    profile = contact.profile
    parts = (contact.name, contact.email, profile.role, profile.specialty, profile.organisation)
    said = " · ".join(part for part in parts if part) or w("anybody")
    return said if variant is None else w("{who} · variant {variant}", who=said, variant=variant)


# --- iCalendar ---------------------------------------------------------------------------------------


def as_ics(simulation: Simulation, w: Words) -> str:
    """All planned steps as an iCalendar file (RFC 5545): one event each, CRLF line ends, folded lines."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//nurture//simulate//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(simulation.scenario.name.get(w.language) or simulation.scenario.id)}",
    ]
    names = entry_names(simulation.calendars, w)
    for place, enrollment in enumerate(simulation.enrollments):
        for planned in enrollment.plan.steps:
            if planned.planned_at is not None:
                lines += _event(simulation, enrollment, planned, place, w, names)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(
    simulation: Simulation,
    enrollment: Simulated,
    planned: PlannedStep,
    place: int,
    w: Words,
    names: Mapping[str, str],
) -> list[str]:
    step = _of(enrollment.script, planned)
    start = planned.planned_at or simulation.anchor
    what = f"{w(OUTCOMES[planned.outcome])}: {step.id} ({step.mail or step.task})"
    why = explain.moves(w, planned.moves, names)
    return [
        "BEGIN:VEVENT",
        f"UID:{simulation.scenario.id}-{place}-{step.id}-{_utc(simulation.anchor)}@nurture.invalid",
        f"DTSTAMP:{_utc(simulation.now)}",
        f"DTSTART:{_utc(start)}",
        f"DTEND:{_utc(start + timedelta(minutes=15))}",
        f"SUMMARY:{_escaped(what)}",
        f"DESCRIPTION:{_escaped(' — '.join(part for part in (title(enrollment.contact, w), why) if part))}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """RFC 5545, 3.3.11."""
    text = "".join(sign for sign in text if sign >= " " or sign == "\n")
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """RFC 5545, 3.1: lines of at most 75 octets, never broken within a character."""
    parts, size = [""], 0
    for sign in line:
        octets = len(sign.encode())
        if size + octets > 75:
            parts.append(" ")
            size = 1
        parts[-1] += sign
        size += octets
    return "\r\n".join(parts)
