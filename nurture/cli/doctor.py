"""``nurture doctor``: will our mail arrive, and does everything here work? Each with what to do."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nurture.cli.terminal import Terminal, json_option, shown_path, terminal
from nurture.errors import NurtureError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.cli.examining import Check
    from nurture.core.findings import Finding

NAMES = {
    "mx": mark("MX"),
    "spf": mark("SPF"),
    "dkim": mark("DKIM"),
    "dmarc": mark("DMARC"),
    "ptr": mark("reverse DNS"),
    "smtp": mark("SMTP"),
    "imap": mark("IMAP"),
    "archive": mark("archive"),
    "sent": mark("Sent folder"),
    "public_url": mark("public address"),
    "clock": mark("clock"),
    "disk": mark("disk"),
    "database": mark("database"),
    "secret": mark("secrets"),
    "config": mark("config.toml"),
    "scenarios": mark("scenarios"),
    "templates": mark("templates"),
    "calendars": mark("calendars"),
    "files": mark("files"),
}
CHECKS = (
    *("mx", "spf", "dkim", "dmarc", "ptr", "smtp", "imap", "archive", "public_url"),
    *("clock", "disk", "database", "secret", "files"),
)
SIGNS = {"pass": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red")}
"""With a shape each: not everybody sees colours, and logs have none."""


@click.command(
    help=mark(
        "Examine everything that mail depends on: SPF, DKIM, DMARC, MX and reverse DNS of your domains, the mail "
        "servers and their certificates, the logins, the Sent folder, the desk's public address, clock, disk, "
        "database, secrets, scenarios and calendars. Exit code 1 when something fails. Nothing is sent or changed."
    )
)
@click.option(
    "--timeout",
    type=click.FloatRange(1, 300),
    default=10.0,
    show_default=True,
    help=mark("Seconds for each check; all run at the same time."),
)
@click.option(
    "--only",
    type=click.Choice(CHECKS),
    metavar="CHECK",
    multiple=True,
    help=mark(
        "Only this, more than once for several: mx, spf, dkim, dmarc, ptr, smtp, imap, archive, public_url, "
        "clock, disk, database, secret, files."
    ),
)
@json_option
def doctor(timeout: float, only: tuple[str, ...], as_json: bool) -> None:
    """Examine, report; exit code 1 when something fails."""
    from nurture.core.findings import Grade, worst  # noqa: PLC0415

    t = terminal()
    found = asyncio.run(_look(t, timeout, frozenset(only)))
    if as_json:
        t.json([_data(t, check, finding) for check, findings in found for finding in findings])
    else:
        _page(t, found)
    sys.exit(1 if worst([f for _, findings in found for f in findings]) is Grade.FAIL else 0)


async def _look(t: Terminal, seconds: float, only: frozenset[str]) -> list[tuple[Check, list[Finding]]]:
    from nurture import wiring  # noqa: PLC0415
    from nurture.cli import doctoring, examining  # noqa: PLC0415
    from nurture.clock import SystemClock  # noqa: PLC0415
    from nurture.files import config  # noqa: PLC0415

    settings = t.settings()
    surgery = doctoring.Surgery(
        settings,
        config.find(t.config, t.environ, Path.cwd()),
        shown_path,
        t.environ,
        doctoring.resolver(t.environ, seconds),
        access=wiring.access_tokens(settings, SystemClock()),
        seconds=seconds,
    )
    wanted = [check for check in surgery.checks() if not only or check.name in only]
    if "public_url" not in {check.name for check in wanted}:
        surgery.web = None  # nobody would tell the clock of it
    return await examining.examine(wanted, seconds)


def _page(t: Terminal, found: list[tuple[Check, list[Finding]]]) -> None:
    from nurture.cli.doctoring import GROUPS  # noqa: PLC0415
    from nurture.cli.tables import fold, one_line, pad, width  # noqa: PLC0415

    w = t.w
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    rows = [(check, finding) for check, findings in found for finding in findings]
    names = max((width(w(NAMES[f.check])) for _, f in rows), default=0)
    subjects = min(max((width(f.subject) for _, f in rows), default=0), 36)
    group = ""
    for check, finding in rows:
        if check.group != group:
            click.echo(nl=bool(group))
            click.secho(w(GROUPS[check.group]), bold=True)
            group = check.group
        sign, colour = SIGNS[finding.grade.value]
        told = one_line(_words(t, finding.text, finding))
        name, whose = pad(w(NAMES[finding.check]), names), pad(one_line(finding.subject), subjects)
        margin = " " * (8 + names + subjects)
        first, *rest = fold(told, max(wide - len(margin), 30))
        if finding.hint and finding.grade != "pass":
            rest += fold(f"→ {one_line(_words(t, finding.hint, finding))}", max(wide - len(margin), 30))
        click.echo(f"  {click.style(sign, fg=colour)} {name}  {whose}  {first}".rstrip())
        for line in rest:
            click.echo(f"{margin}{line}")
    grades = [finding.grade.value for _, finding in rows]
    click.echo()
    t.say(
        mark("{good} right, {doubtful} to look at, {bad} wrong."),
        good=grades.count("pass"),
        doubtful=grades.count("warn"),
        bad=grades.count("fail"),
    )


def _words(t: Terminal, text: str, finding: Finding) -> str:
    """A text of a finding; what it cites of an error is in the reader's language too."""
    values = {
        name: t.w(value.text, **value.values) if isinstance(value, NurtureError) else value
        for name, value in finding.values.items()
    }
    return t.w(text, **values)


def _data(t: Terminal, check: Check, finding: Finding) -> dict[str, Any]:
    return {
        "group": check.group,
        "check": finding.check,
        "subject": finding.subject,
        "result": finding.grade.value,
        "text": _words(t, finding.text, finding),
        "hint": _words(t, finding.hint, finding) if finding.hint and finding.grade != "pass" else None,
    }
