"""``nurture audit``: whether the journal still says what was written down."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from nurture.cli.terminal import json_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.cli.terminal import Terminal
    from nurture.flows.audit import Fault, Report
    from nurture.ports import Doors

PROBLEMS: Final[Mapping[str, str]] = {
    "chain": mark("does not follow the seal before it"),
    "added": mark("has lines that were not there"),
    "removed": mark("lacks lines that were there"),
    "changed": mark("does not say what it said"),
    "unreadable": mark("cannot be read"),
}
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@click.group(help=mark("Prove that the journal was not changed: it is sealed as it grows."))
def audit() -> None:
    """Subcommands below."""


@audit.command(
    help=mark(
        "Read the whole journal through and compare it with its seals. Ends with 1 where something was changed, "
        "added or removed, or where the digest that you noted is not known."
    )
)
@click.option("--noted", metavar="DIGEST", help=mark("A digest that nurture audit head printed once."))
@json_option
def verify(noted: str | None, *, as_json: bool) -> None:
    """Check, and say it."""
    if noted is not None and not _DIGEST.fullmatch(noted):
        raise UserError("{digest} is not a digest", hint="64 digits and letters a to f", digest=repr(noted[:80]))
    t = terminal()
    report = t.run(lambda doors: _verified(t, doors, noted, quiet=as_json))
    good = not report.faults and report.known is not False
    if as_json:
        t.json(_data(report))
    else:
        _print(t, report, noted)
    if not good:
        sys.exit(1)


@audit.command(
    help=mark("The digest that stands for the whole journal up to now. Note it where nobody can change it.")
)
@json_option
def head(*, as_json: bool) -> None:
    """The last seal."""
    t = terminal()
    made = t.run(_head)
    if as_json:
        t.json({"digest": made.digest, "last": made.last, "made_at": made.made_at.isoformat()} if made else None)
    elif made is None:
        t.say(mark("Nothing is sealed yet. The daemon seals the journal while it runs."))
    else:
        t.echo(made.digest)
        t.say(mark("{count} lines, sealed {at}"), count=f"{made.last:,}", at=t.instant(made.made_at))


async def _head(doors: Doors) -> Any:
    from nurture.core.audit import Seal  # noqa: PLC0415

    found = await doors.store.find(Seal, order=("-id",), limit=1)
    return found[0] if found else None


async def _verified(t: Terminal, doors: Doors, noted: str | None, *, quiet: bool) -> Report:
    from nurture.flows import audit as flow  # noqa: PLC0415

    shown = not quiet and sys.stderr.isatty()

    def tell(lines: int) -> None:
        if shown:
            click.echo("\r" + t.w("{count} lines read", count=f"{lines:,}"), nl=False, err=True)

    report = await flow.verify(doors, noted=noted, tell=tell)
    if shown:
        click.echo("\r\x1b[K", nl=False, err=True)
    return report


def _print(t: Terminal, report: Report, noted: str | None) -> None:
    w = t.w
    t.facts(
        [
            (w("Sealed"), w("{lines} lines under {seals} seals", lines=f"{report.lines:,}", seals=report.seals)),
            (w("Not sealed yet"), w("{count} lines", count=f"{report.unsealed:,}")),
            (w("Last seal"), report.head.digest if report.head else w("none")),
        ]
    )
    t.echo()
    if report.faults:
        t.table(
            (w("Lines"), w("Sealed"), w("Problem")),
            [(_run(fault), t.instant(fault.seal.made_at), w(PROBLEMS[fault.problem])) for fault in report.faults],
        )
        t.echo()
        t.say(mark("The journal is NOT what was written down."))
    elif report.redacted:
        t.say(
            mark(
                "Every sealed line says what was written down, but for {count} out of which people were erased; "
                "the journal tells of each."
            ),
            count=f"{report.redacted:,}",
        )
    elif report.seals:
        t.say(mark("Every sealed line says what was written down."))
    else:
        t.say(mark("Nothing is sealed yet. The daemon seals the journal while it runs."))
    if noted is not None:
        t.say(
            mark("The digest that you noted is one of its seals.")
            if report.known
            else mark(
                "The digest that you noted is NOT one of its seals: it was rewritten, or is another journal."
            )
        )


def _run(fault: Fault) -> str:
    return f"{fault.seal.first:,}–{fault.seal.last:,}"


def _data(report: Report) -> dict[str, object]:
    return {
        "good": not report.faults and report.known is not False,
        "seals": report.seals,
        "lines": report.lines,
        "redacted": report.redacted,
        "unsealed": report.unsealed,
        "head": report.head.digest if report.head else None,
        "noted": report.known,
        "faults": [
            {"first": fault.seal.first, "last": fault.seal.last, "problem": fault.problem}
            for fault in report.faults
        ],
    }
