"""``nurture record``: the five minutes after a meeting (practice A1 to A5).

Asked at a terminal, or taken from a file; either way the record goes through ``flows.record``, and the drafts
of the thank-you mails are shown at once. Answers that cannot be saved are kept as a file, to be mended.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nurture.cli.terminal import Terminal, by_option, shown_path, terminal
from nurture.errors import NurtureError, UserError, Where
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.cli.asking import Known
    from nurture.core.people import Representative
    from nurture.files.meeting import MeetingForm
    from nurture.flows.recorded import Recorded
    from nurture.ports import Doors


@click.command(
    help=mark(
        "Record a meeting: who was there and how they felt, what was agreed, what worries them, who does what "
        "by when, and the one question that confirms it. It takes five minutes; the drafts follow at once."
    )
)
@click.option("--file", "file", type=click.Path(path_type=Path), help=mark("Take the record from this YAML file."))
@click.option("--example", is_flag=True, help=mark("Print such a file, with every key explained."))
@click.option("--scenario", help=mark("The scenario to start; else what the file says, or warm-lead-30d."))
@by_option
def record(file: Path | None, example: bool, scenario: str | None, by: str | None) -> None:
    """Ask or read, write down, show."""
    t = terminal()
    if example:
        from nurture.files.meeting import EXAMPLE  # noqa: PLC0415

        t.echo(EXAMPLE.rstrip("\n"))
    elif file is not None:
        form = _read(file)
        _write(t, form, t.reader(by or form.rep), scenario)
    else:
        _ask(t, t.reader(by), scenario)


def _read(file: Path) -> MeetingForm:
    from nurture.files import meeting, yaml  # noqa: PLC0415

    name = shown_path(file)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UserError(
            "the file cannot be read: {reason}", where=Where(name), reason=error.strerror or str(error)
        ) from None
    return meeting.parse(yaml.decode(raw, file=name), name)


def _ask(t: Terminal, reader: Representative, scenario: str | None) -> None:
    from nurture.cli import asking  # noqa: PLC0415
    from nurture.files import meeting  # noqa: PLC0415

    known: Known = t.run(asking.known)
    answers = asking.ask(t, known, reader.timezone)
    try:
        _write(t, meeting.parse(json.dumps(answers, ensure_ascii=False), "meeting"), reader, scenario)
    except NurtureError:
        kept = _keep(answers)
        click.echo(
            t.w("Your answers are kept. Mend them, then: nurture record --file {file}", file=kept), err=True
        )
        raise


def _keep(answers: dict[str, Any]) -> Path:
    handle, name = tempfile.mkstemp(prefix="meeting-", suffix=".yaml")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(answers, file, ensure_ascii=False, indent=2)  # JSON is YAML
    return Path(name)


def _write(t: Terminal, form: MeetingForm, reader: Representative, scenario: str | None) -> None:
    from nurture.flows import minutes  # noqa: PLC0415

    asked = minutes.of(form, reader, scenario)

    async def _act(doors: Doors) -> Recorded:
        from nurture.flows import record as flow  # noqa: PLC0415

        return await flow.record(doors, asked)

    _show(t, t.run(_act))


def _show(t: Terminal, done: Recorded) -> None:
    """What came of it: warnings, drafts, and how to let them go."""
    from nurture.cli.find import short  # noqa: PLC0415
    from nurture.cli.tables import one_line, plain  # noqa: PLC0415

    w = t.w
    for warning in done.warnings:
        click.echo(w("note: {text}", text=w.error(warning)), err=True)
    t.say(mark("Recorded. People on the scenario from here on: {count}."), count=len(done.enrollments))
    ready = [m for m in done.messages if m.body]
    urgent = [m for m in ready if m.deadline] or ready
    for m in urgent:
        t.echo()
        t.echo("─" * 72)
        t.echo(
            one_line(
                w("To {name} <{address}>: {subject}", name=m.to_name, address=m.to_address, subject=m.subject)
            )
        )
        t.echo()
        t.echo(plain(m.body).rstrip())
    t.echo()
    if not ready:
        t.say(mark("No draft yet: see what the journal says with: nurture log"))
        return
    deadline = min((m.deadline for m in urgent if m.deadline), default=None)
    t.echo("─" * 72)
    t.say(mark("To be sent by {at}:"), at=t.instant(deadline)) if deadline else t.say(
        mark("Waiting for approval:")
    )
    for m in urgent:
        t.echo(f"  nurture queue approve {short(m.id)}   # {one_line(m.to_name)}")
    if len(ready) > len(urgent):
        t.say(mark("{count} more drafts wait for later days: nurture queue"), count=len(ready) - len(urgent))
