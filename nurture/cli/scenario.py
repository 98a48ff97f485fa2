"""``nurture scenario``: what there is, what has changed since people were enrolled, and moving them on."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import click

from nurture.cli.steering import resume_scenario, stop_scenario
from nurture.cli.terminal import Terminal, by_option, json_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from nurture.core.change import ScenarioText
    from nurture.core.ids import EnrollmentId, PersonId
    from nurture.core.messages import Enrollment
    from nurture.core.migration import StepShift
    from nurture.core.scenario import Scenario, Step
    from nurture.flows.migrate import Migrated, Shift
    from nurture.ports import Doors

DIFFERENCES = {
    "same": mark("stays"),
    "done": mark("over"),
    "new": mark("new"),
    "gone": mark("is cancelled"),
    "moved": mark("another date"),
    "rewritten": mark("is written anew"),
}
SHOWN = 8
"""Characters of a text's hash that are shown."""


@click.group(help=mark("The scenarios: list, show, compare with what people began with, move running ones on."))
def scenario() -> None:
    """The group."""


scenario.add_command(stop_scenario)
scenario.add_command(resume_scenario)


# --- list ------------------------------------------------------------------------------------------------


@scenario.command("list", help=mark("All scenarios, and who is on the way in them with which text."))
@json_option
def list_(as_json: bool) -> None:
    """All of them."""
    t = terminal()
    found = t.run(_all)
    if as_json:
        t.json([_listed(t, script, running) for script, running in found])
        return
    rows = []
    for script, running in found:
        old = sum(e.scenario_hash != script.hash for e in running)
        rows.append(
            (
                script.id,
                script.name.get(t.language) or script.name.get("ja") or "–",
                anchor(t, script),
                str(sum(step.round == 1 for step in script.steps)),
                str(len(running)),
                str(old) if old else "–",
            )
        )
    w = t.w
    t.table((w("scenario"), w("name"), w("day 1"), w("steps"), w("running"), w("with an older text")), rows)
    if any(row[5] != "–" for row in rows):
        t.say(mark("What has changed for them: nurture scenario diff SCENARIO"))


async def _all(doors: Doors) -> list[tuple[Scenario, tuple[Enrollment, ...]]]:
    from nurture.core.messages import Enrollment  # noqa: PLC0415 - commands load what they need when called
    from nurture.flows.migrate import RUNNING  # noqa: PLC0415

    running = await doors.store.find(Enrollment, {"state": RUNNING})
    return [
        (script, tuple(e for e in running if e.scenario_id == script.id)) for script in doors.library.scenarios()
    ]


def _listed(t: Terminal, script: Scenario, running: Sequence[Enrollment]) -> dict[str, Any]:
    return {
        "id": script.id,
        "name": script.name.get(t.language) or script.name.get("ja"),
        "anchor": script.anchor,
        "steps": [step.id for step in script.steps],
        "variants": [variant.name for variant in script.variants],
        "text": script.hash,
        "running": len(running),
        "outdated": sum(e.scenario_hash != script.hash for e in running),
    }


def anchor(t: Terminal, script: Scenario) -> str:
    """Where day 1 is, in a few words."""
    said = script.anchor
    if script.offset:
        said += f" {span(t, script.offset)}"
    if script.repeat is not None:
        said += t.w(", every {span}, {times} times", span=span(t, script.repeat), times=script.times)
    return said


def span(t: Terminal, found: Any) -> str:
    """A span of the calendar: "-6 months"."""
    parts = []
    if found.months:
        parts.append(t.w("{count} months", count=f"{found.months:+d}" if found.months < 0 else found.months))
    if found.days:
        parts.append(t.w("{count} days", count=f"{found.days:+d}" if found.days < 0 else found.days))
    return " ".join(parts)


# --- show ------------------------------------------------------------------------------------------------


@scenario.command(help=mark("One scenario: its steps, its reactions, its variants, its texts that are in use."))
@click.argument("name", metavar="SCENARIO")
@click.option("--text", metavar="HASH", help=mark("The text that people began with: the beginning of its hash."))
def show(name: str, text: str | None) -> None:
    """One of them."""
    t = terminal()
    script, texts = t.run(lambda doors: _one(doors, name))
    if text is not None:
        click.echo(_chosen(texts, text).text, nl=False)
        return
    w = t.w
    t.facts(
        (
            (w("scenario"), script.id),
            (w("name"), script.name.get(t.language) or script.name.get("ja") or "–"),
            (w("day 1"), anchor(t, script)),
            (w("calendars"), ", ".join(script.calendars) or "–"),
            (w("file"), script.file or "–"),
        )
    )
    t.echo()
    headers = (w("step"), w("day"), w("what"), w("content"), w("approved by"), w("only if"))
    t.table(headers, [_row(step) for step in script.steps if step.round == 1])
    for variant in script.variants:
        base = {step.id: step for step in script.steps}
        other = [s.id for s in variant.steps if s.round == 1 and s != base.get(s.id)]
        gone = sorted(set(base) - {s.id for s in variant.steps})
        t.say(
            mark("variant {variant}, weight {weight}: {steps}"),
            variant=variant.name,
            weight=variant.weight,
            steps=", ".join([*other, *(f"-{step}" for step in gone)]) or w("as it stands"),
        )
    if script.rules:
        from nurture import explain  # noqa: PLC0415
        from nurture.core.following import actions  # noqa: PLC0415

        t.echo()
        rules = [(rule.key, explain.actions(w, list(actions(rule.do)))) for rule in script.rules]
        t.table((w("when"), w("do")), rules)
    _in_use(t, script, texts)


def _row(step: Step) -> tuple[str, ...]:
    when = step.when
    conditions = [
        *(["no_reply" if when.no_reply else "reply"] if when.no_reply is not None else []),
        *(when.roles or ()),
        *(when.specialties or ()),
        *(when.stances or ()),
        *(when.competitors or ()),
        *([f"phase>={when.deal_phase_at_least}"] if when.deal_phase_at_least is not None else []),
    ]
    return (
        step.id,
        str(step.day),
        step.mail or step.task or "",
        step.content.kind if step.content else "–",
        step.approve if step.mail else "–",
        ", ".join(conditions) or "–",
    )


def _in_use(t: Terminal, script: Scenario, texts: Sequence[tuple[ScenarioText, int]]) -> None:
    if texts:
        t.echo()
        w = t.w
        rows = [
            (
                row.id[:SHOWN],
                t.instant(row.first_used_at),
                str(count),
                w("this text") if row.id == script.hash else w("an older text"),
            )
            for row, count in texts
        ]
        t.table((w("text"), w("first used"), w("running"), ""), rows)


async def _one(doors: Doors, name: str) -> tuple[Scenario, list[tuple[ScenarioText, int]]]:
    from nurture.core.change import ScenarioText  # noqa: PLC0415
    from nurture.core.messages import Enrollment  # noqa: PLC0415
    from nurture.flows.migrate import RUNNING  # noqa: PLC0415

    script = doors.library.scenario(name)
    running = await doors.store.find(Enrollment, {"scenario_id": script.id, "state": RUNNING})
    texts = await doors.store.find(ScenarioText, {"scenario_id": script.id}, order=("first_used_at",))
    return script, [(row, sum(e.scenario_hash == row.id for e in running)) for row in texts]


def _chosen(texts: Sequence[tuple[ScenarioText, int]], said: str) -> ScenarioText:
    from nurture.errors import UserError  # noqa: PLC0415

    found = [row for row, _ in texts if row.id.startswith(said.lower())]
    if len(found) != 1:
        raise UserError(
            "there is no such text: {found}",
            hint="known are: {known}",
            found=said,
            known=", ".join(row.id[:SHOWN] for row, _ in texts),
        )
    return found[0]


# --- diff and migrate ------------------------------------------------------------------------------------


@scenario.command(
    help=mark(
        "What has changed since people were enrolled: the lines of the file, and for each person the dates before "
        "and after, steps that are new and steps that are gone. Nothing is written."
    )
)
@click.argument("name", metavar="SCENARIO")
@click.option("--person", "people", multiple=True, help=mark("Only this person (address, name or id)."))
@json_option
def diff(name: str, people: tuple[str, ...], as_json: bool) -> None:
    """Compare."""
    t = terminal()
    script, texts, shifts = t.run(lambda doors: _compared(doors, name, people))
    if as_json:
        t.json({"scenario": script.id, "text": script.hash, "enrollments": [_data(shift) for shift in shifts]})
        return
    for row, count in texts:
        if row.id != script.hash and count:
            lines = difflib.unified_diff(
                row.text.splitlines(), script.text.splitlines(), row.id[:SHOWN], script.file or "", lineterm=""
            )
            t.echo("\n".join(lines))
            t.echo()
    _shown(t, shifts)


@scenario.command(
    help=mark(
        "Move running enrollments on to the present text of their scenario. What would change is shown first. "
        "What has left stays; approved mails whose date or text changes need a fresh approval."
    )
)
@click.argument("name", metavar="SCENARIO")
@click.option("--person", "people", multiple=True, help=mark("Only this person (address, name or id)."))
@click.option("--yes", is_flag=True, help=mark("Do not ask."))
@by_option
def migrate(name: str, people: tuple[str, ...], yes: bool, by: str | None) -> None:
    """Show, ask, do."""
    t = terminal()
    rep = t.reader(by)
    script, _, shifts = t.run(lambda doors: _compared(doors, name, people))
    _shown(t, shifts)
    keys = [shift.dossier.id for shift in shifts if shift.problem is None]
    if not keys:
        return
    if not yes:
        click.confirm(t.w("Move {count} enrollments on?", count=len(keys)), abort=True)

    async def _do(doors: Doors) -> Migrated:
        from nurture.flows import migrate as flow  # noqa: PLC0415

        if doors.library.scenario(name).hash != script.hash:
            from nurture.errors import UserError  # noqa: PLC0415

            raise UserError(
                "the file was changed meanwhile: look again", hint="nurture scenario diff {name}", name=name
            )
        return await flow.migrate(doors, script, keys, by=rep.id)

    report = t.run(_do)
    for problem in report.problems:
        t.error(problem)
    if report.stale:
        t.say(
            mark("{count} were changed by somebody else at this moment: call it again."), count=len(report.stale)
        )
    t.say(mark("{count} enrollments go on with the present text."), count=len(report.done))


async def _compared(
    doors: Doors, name: str, said: Sequence[str]
) -> tuple[Scenario, list[tuple[ScenarioText, int]], list[Shift]]:
    from nurture.cli import find  # noqa: PLC0415
    from nurture.flows import migrate as flow  # noqa: PLC0415

    people: list[PersonId] = [(await find.person(doors, one)).id for one in said]
    script, texts = await _one(doors, name)
    return script, texts, [shift async for shift in flow.preview(doors, script, people)]


def _shown(t: Terminal, shifts: Sequence[Shift]) -> None:
    """One table for each person, those for whom nothing changes in one line."""
    if not shifts:
        t.say(mark("Everybody who is on the way in it began with the present text."))
        return
    w, same = t.w, []
    for shift in shifts:
        if shift.problem is not None:
            t.error(shift.problem)
            continue
        if not shift.changes:
            same.append(shift.dossier.person.name)
            continue
        t.echo(f"{shift.dossier.person.name} · {shift.dossier.person.email}")
        if shift.other_anchor:
            t.say(mark("The new text counts from something else; day 1 stays what it was."))
        headers = (w("step"), w("now"), w("then"), w("what happens"))
        t.table(headers, [_shift_row(t, step) for step in shift.steps if step.difference.value != "done"])
        t.echo()
    if same:
        t.say(mark("No step changes for: {names}"), names=", ".join(same))


def _shift_row(t: Terminal, step: StepShift) -> tuple[str, ...]:
    w = t.w
    what = w(DIFFERENCES[step.difference.value])
    if step.approved and step.difference.value in {"moved", "rewritten"}:
        what = w("{what}; needs a fresh approval", what=what)
    return step.step_id, _day(t, step.before), _day(t, step.after), what


def _day(t: Terminal, day: date | None) -> str:
    return t.w.day(day) if day else "–"


def _data(shift: Shift) -> dict[str, Any]:
    key: EnrollmentId = shift.dossier.id
    return {
        "enrollment": key,
        "person": shift.dossier.person.email,
        "from": shift.dossier.enrollment.scenario_hash,
        "other_anchor": shift.other_anchor,
        "problem": str(shift.problem) if shift.problem else None,
        "steps": [
            {
                "id": step.step_id,
                "difference": step.difference.value,
                "before": step.before,
                "after": step.after,
                "approved": step.approved,
            }
            for step in shift.steps
        ],
    }
