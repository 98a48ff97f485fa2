"""``nurture why``: why this date, why not yet, why not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nurture.cli.terminal import Terminal, json_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from nurture.core.dossier import Dossier
    from nurture.core.limits import Wait
    from nurture.core.messages import Entry, Message
    from nurture.core.people import Organisation, Person
    from nurture.flows.foresight import Assumption
    from nurture.i18n import Words
    from nurture.ports import Doors

HISTORY = 15
"""So many journal lines stand at the end."""
GONE = frozenset({"cancelled", "skipped", "expired", "rejected"})
"""States of mails that will not leave: their dates mean nothing any more."""


@click.command(help=mark("Explain every date, hold and state: of a person (address, name) or a mail (id)."))
@click.argument("who", metavar="PERSON|MESSAGE")
@click.option(
    "--if-entry",
    "entry",
    metavar="CALENDAR/ENTRY",
    help=mark("What would change if this calendar entry were confirmed: jp-medical/jrc-2027."),
)
@click.option("--start", help=mark("With --if-entry: if it began on this date."))
@click.option("--end", help=mark("With --if-entry: if it ended on this date."))
@click.option(
    "--certainty",
    type=click.Choice(("confirmed", "announced", "estimated")),
    help=mark("With --if-entry: if it were so sure; else confirmed."),
)
@click.option(
    "--effect",
    type=click.Choice(("blackout", "reduce", "no_appointment", "holiday")),
    help=mark("With --if-entry: if it did this; else what it does."),
)
@json_option
def why(who: str, entry: str | None, as_json: bool, **assumed: str | None) -> None:
    """A mail if the word begins the id of one, else a person."""
    t = terminal()
    if entry is None:
        if any(assumed.values()):
            raise click.UsageError(t.w("--start, --end, --certainty and --effect go with --if-entry"))
        t.run(lambda doors: _explain(t, doors, who, as_json=as_json))
    else:
        assumption = _assumption(entry, assumed)
        t.run(lambda doors: _foresee(t, doors, who, assumption, as_json=as_json))


def _assumption(entry: str, assumed: Mapping[str, str | None]) -> Assumption:
    from nurture.core.calendar import Certainty, Effect  # noqa: PLC0415
    from nurture.files.spans import day_of  # noqa: PLC0415
    from nurture.files.yaml import Wrong  # noqa: PLC0415
    from nurture.flows.foresight import Assumption  # noqa: PLC0415

    try:
        start, end = (day_of(text) if (text := assumed[name]) else None for name in ("start", "end"))
    except Wrong as wrong:
        raise wrong.error from wrong
    effect, certainty = assumed["effect"], assumed["certainty"]
    return Assumption(entry, start, end, Effect(effect) if effect else None, Certainty(certainty or "confirmed"))


async def _foresee(t: Terminal, doors: Doors, who: str, assumption: Assumption, *, as_json: bool) -> None:
    from nurture.cli import find, foresight  # noqa: PLC0415

    await foresight.tell(t, doors, await find.person(doors, who), assumption, as_json=as_json)


async def _explain(t: Terminal, doors: Doors, who: str, *, as_json: bool) -> None:
    from nurture.cli import find  # noqa: PLC0415
    from nurture.core.messages import Message  # noqa: PLC0415

    mails = () if "@" in who else await find.by_id(doors, Message, who.lower())
    if mails:
        await _mail(t, doors, await find.message(doors, who), as_json=as_json)
    else:
        await _person(t, doors, await find.person(doors, who), as_json=as_json)


def _names(t: Terminal, doors: Doors, dossiers: Sequence[Dossier]) -> Mapping[str, str]:
    """Names of calendar entries for the reasons, the organisation's own closures among them."""
    from nurture.cli import find  # noqa: PLC0415
    from nurture.errors import UserError  # noqa: PLC0415

    names = dict(find.all_entry_names(doors, t.language))
    for dossier in dossiers:
        try:
            scenario = doors.library.scenario(dossier.enrollment.scenario_id)
        except UserError:
            continue  # the file is gone or broken; the entry's id must do
        names |= find.entry_names(doors, t.language, [(scenario, dossier.organisation)])
    return names


async def _mail(t: Terminal, doors: Doors, message: Message, *, as_json: bool) -> None:
    from nurture import explain  # noqa: PLC0415
    from nurture.core.messages import Entry  # noqa: PLC0415
    from nurture.core.people import Person  # noqa: PLC0415

    w = t.w
    dossiers = (
        await doors.store.dossiers((message.enrollment_id,), doors.clock.now()) if message.enrollment_id else ()
    )
    history = await doors.store.find(Entry, {"message_id": message.id}, order=("-seq",), limit=HISTORY)
    waits = await _waits(doors, message, dossiers)
    if as_json:
        held = [
            {"reason": x.reason, "what": x.what, "until": x.until.isoformat() if x.until else None} for x in waits
        ]
        t.json({**_data(message), "held_back": held, "journal": [_line(e) for e in history[::-1]]})
        return
    person = await doors.store.get(Person, message.person_id)
    t.facts(
        (
            (w("mail"), f"{explain.step(w, message.step_id)} {message.subject}".strip()),
            (w("to"), person.name if person else message.to_name),
            (w("day by the scenario"), w.date(message.nominal) if message.nominal else "–"),
            (w("leaves"), t.instant(message.planned_at)),
            *(((w("deadline"), t.instant(message.deadline)),) if message.deadline else ()),
            (w("sent"), t.instant(message.sent_at)),
            (w("approved by"), ", ".join(f"{a.by} ({t.instant(a.at)})" for a in message.approvals) or "–"),
        )
    )
    names = _names(t, doors, dossiers)
    _reasons(t, message, names)
    for wait in waits:
        t.echo(explain.wait(w, wait, t.zone()))
    for dossier in dossiers:
        _obstacles(t, dossier, doors.clock.now())
    _history(t, history, names)


async def _waits(doors: Doors, message: Message, dossiers: Sequence[Dossier]) -> tuple[Wait, ...]:
    """What keeps a mail that is approved from leaving."""
    from nurture.flows import pacing  # noqa: PLC0415

    if message.state != "approved":
        return ()
    scenario = next((dossier.enrollment.scenario_id for dossier in dossiers), None)
    return await pacing.waits(doors, message, scenario)


def _reasons(t: Terminal, message: Message, names: Mapping[str, str]) -> None:
    from nurture import explain  # noqa: PLC0415

    w = t.w
    t.echo()
    state = explain.state(w, message.state)
    why_ = explain.held(w, message)
    t.echo(f"{state}{w(': ') if why_ else ''}{why_}")
    if message.answer:
        t.say(mark("the server said: {answer}"), answer=message.answer)
    if message.moves:
        t.say(mark("Why this date:"))
        for move in message.moves:
            t.echo(
                f"  ・{explain.move(w, move, names)}"
                if t.language == "ja"
                else f"  - {explain.move(w, move, names)}"
            )
    elif message.planned_on and message.planned_on == message.nominal:
        t.say(mark("It leaves on the day that the scenario names."))


def _obstacles(t: Terminal, dossier: Dossier, now: datetime) -> None:
    """What keeps everything of this person back."""
    from nurture import explain  # noqa: PLC0415
    from nurture.core import often  # noqa: PLC0415
    from nurture.core.messages import EnrollmentState  # noqa: PLC0415

    w = t.w
    if dossier.enrollment.state is not EnrollmentState.ACTIVE:
        state = explain.state(w, dossier.enrollment.state)
        t.say(
            mark("The enrollment is {state}: {reason}"),
            state=state,
            reason=explain.stop_reason(w, dossier.enrollment.reason) or "–",
        )
    for found in dossier.suppressions:
        if (days := often.days_of(found)) is not None:
            t.say(mark("At most one mail in {days} days since {at}."), days=days, at=t.instant(found.at))
            continue
        t.say(
            mark("No mail to {value} since {at}: {reason}"),
            value=found.value,
            at=t.instant(found.at),
            reason=explain.stop_reason(w, found.reason),
        )
    _basis(t, dossier.person)
    if dossier.person.away:
        t.say(mark("Away; no mail before {day}."), day=w.date(dossier.person.away.resume_on))
    for closure in dossier.organisation.closures if dossier.organisation else ():
        if closure.effect == "quiet" and closure.start <= now.date() <= closure.end:
            t.say(mark("Quiet period of the organisation until {day}."), day=w.date(closure.end))


def _basis(t: Terminal, person: Person) -> None:
    if not person.legal_basis.allows_mail:
        t.say(mark("There is no legal basis for mail to this person: nothing is sent."))


def _history(t: Terminal, history: Sequence[Entry], names: Mapping[str, str]) -> None:
    from nurture import explain  # noqa: PLC0415
    from nurture.cli.tables import fold, one_line, pad, width  # noqa: PLC0415

    if not history:
        return
    t.echo()
    t.say(mark("What happened:"))
    cells = max(width(t.instant(entry.at)) for entry in history)
    for entry in history[::-1]:
        said = one_line(explain.entry(t.w, entry, names))
        first, *more = fold(said, wide - cells - 4) if (wide := t.width()) else (said,)
        t.echo(f"  {pad(t.instant(entry.at), cells)}  {first}")
        for line in more:
            t.echo(f"{'':{cells + 4}}{line}")


async def _person(t: Terminal, doors: Doors, person: Person, *, as_json: bool) -> None:
    from nurture import explain  # noqa: PLC0415
    from nurture.core.messages import Enrollment, Entry, Suppression  # noqa: PLC0415
    from nurture.core.people import Organisation  # noqa: PLC0415

    now = doors.clock.now()
    enrollments = await doors.store.find(Enrollment, {"person_id": person.id}, order=("enrolled_at",))
    dossiers = await doors.store.dossiers([e.id for e in enrollments], now) if enrollments else ()
    history = await doors.store.find(Entry, {"person_id": person.id}, order=("-seq",), limit=HISTORY)
    if as_json:
        t.json(
            {
                "person": {"id": person.id, "name": person.name, "email": person.email},
                "enrollments": [_enrollment(d) for d in dossiers],
                "journal": [_line(e) for e in history[::-1]],
            }
        )
        return
    organisation = await doors.store.get(Organisation, person.organisation_id) if person.organisation_id else None
    t.facts(_facts(t, person, organisation))
    if not dossiers:
        found = await doors.store.find(Suppression, {"value": person.email, "lifted_at": None})
        for suppression in found:
            t.say(
                mark("No mail to {value} since {at}: {reason}"),
                value=suppression.value,
                at=t.instant(suppression.at),
                reason=explain.stop_reason(t.w, suppression.reason),
            )
        _basis(t, person)
        t.say(mark("Not enrolled in any scenario."))
    names = _names(t, doors, dossiers)
    for dossier in dossiers:
        t.echo()
        _plan(t, dossier, names)
        _obstacles(t, dossier, doors.clock.now())
    _history(t, history, names)


def _facts(t: Terminal, person: Person, organisation: Organisation | None) -> list[tuple[str, str]]:
    from nurture import explain  # noqa: PLC0415

    w = t.w
    basis = person.legal_basis
    proof = (explain.basis(w, basis.kind), w.date(basis.on) if basis.on else "", basis.evidence)
    role = explain.role(w, person.role) if person.role else ""
    specialty = explain.specialty(w, person.specialty) if person.specialty else ""
    return [
        (w("name"), f"{person.name} {person.honorific}" + (f" ({person.kana})" if person.kana else "")),
        (w("address"), person.email),
        (w("hospital"), organisation.name if organisation else "–"),
        (w("position"), " ".join(v for v in (person.department, person.title) if v) or "–"),
        (w("role"), w(", ").join(v for v in (role, specialty) if v) or "–"),
        (w("rep"), person.rep_id or "–"),
        (w("legal basis"), w(", ").join(v for v in proof if v)),
    ]


def _plan(t: Terminal, dossier: Dossier, names: Mapping[str, str]) -> None:
    """One enrollment: each step with its day by the scenario, its date, its state and the reasons."""
    from nurture import explain  # noqa: PLC0415
    from nurture.cli.find import short  # noqa: PLC0415

    w = t.w
    enrollment = dossier.enrollment
    t.say(
        mark("{scenario} since {at}: {state}"),
        scenario=enrollment.scenario_id,
        at=t.instant(enrollment.anchor_at),
        state=explain.state(w, enrollment.state),
    )
    if enrollment.variant is not None:
        t.say(mark("variant of the comparison: {variant}"), variant=enrollment.variant)
    rows = [
        (
            short(m.id),
            explain.step(w, m.step_id),
            w.day(m.nominal) if m.nominal else "–",
            t.instant(m.sent_at or (None if m.state in GONE else m.planned_at)),
            explain.state(w, m.state),
            w("; ").join(part for part in (explain.held(w, m), _moves(w, m, names)) if part),
        )
        for m in sorted(dossier.messages, key=lambda m: (m.planned_at is None, m.planned_at, m.nominal))
    ]
    rows += [
        (
            "",
            explain.step(w, task.step_id) if task.step_id else explain.task(w, task.kind),
            "",
            t.instant(task.due_at),
            explain.state(w, task.state),
            w("task") + (f"{w(': ')}{task.title}" if task.title not in {"", task.kind} else ""),
        )
        for task in dossier.tasks
    ]
    if rows:
        t.table((w("id"), w("step"), w("by scenario"), w("leaves"), w("state"), w("why")), rows)
    else:
        t.say(mark("Not planned yet: the daemon plans it with its next beat."))


def _moves(w: Words, m: Message, names: Mapping[str, str]) -> str:
    """Why its date is what it is; a mail that will not leave has none."""
    from nurture import explain  # noqa: PLC0415

    return "" if m.state in GONE else explain.moves(w, m.moves, names)


def _data(m: Message) -> dict[str, Any]:
    return {
        "id": m.id,
        "step": m.step_id,
        "state": m.state.value,
        "reason": m.reason,
        "nominal": m.nominal,
        "planned": m.planned_at.isoformat() if m.planned_at else None,
        "deadline": m.deadline.isoformat() if m.deadline else None,
        "sent": m.sent_at.isoformat() if m.sent_at else None,
        "moves": [{"rule": v.rule, "entry": v.entry, "from": v.from_, "to": v.to} for v in m.moves],
        "approvals": [{"by": a.by, "at": a.at.isoformat(), "via": a.via} for a in m.approvals],
        "answer": m.answer,
    }


def _enrollment(dossier: Dossier) -> dict[str, Any]:
    from nurture.core import often  # noqa: PLC0415

    e = dossier.enrollment
    return {
        "id": e.id,
        "scenario": e.scenario_id,
        "state": e.state.value,
        "reason": e.reason,
        "anchor": e.anchor_at.isoformat(),
        "variant": e.variant,
        "suppressed": any(often.days_of(row) is None for row in dossier.suppressions),
        "every_days": often.pace(dossier.suppressions),
        "messages": [_data(m) for m in dossier.messages],
    }


def _line(entry: Entry) -> dict[str, Any]:
    return {"at": entry.at.isoformat(), "kind": entry.kind, "actor": entry.actor, "data": dict(entry.data)}
