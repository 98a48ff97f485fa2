"""``nurture reactions``: what each kind of incoming mail does, drawn from the table that the program obeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import json_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nurture.i18n import Words


@click.command(
    help=mark(
        "What each kind of incoming mail does, who is told, how a person takes it back, and what a scenario's "
        "rules (on:) may change. The gravest comes first: a mail is exactly one of them."
    )
)
@click.option("--markdown", is_flag=True, help=mark("As Markdown, for a document."))
@json_option
def reactions(as_json: bool, *, markdown: bool) -> None:
    """Print the table."""
    from nurture import advice  # noqa: PLC0415
    from nurture.core.cases import CASES  # noqa: PLC0415

    t = terminal()
    heads, *rows = advice.table(t.w, CASES)
    if as_json:
        t.json(
            [
                {
                    "case": case.id,
                    "enrollments": case.becomes.value,
                    "reason": case.reason or None,
                    "task": case.task,
                    "told": case.told.value if case.told else None,
                    "silence": case.silence.value if case.silence else None,
                    "colleagues": case.colleagues,
                    "rules": case.rules.value,
                    "read": row[0],
                    "steps": list(advice.steps(t.w, case)),
                }
                for case, row in zip(CASES, rows, strict=True)
            ]
        )
    elif markdown:
        t.echo(_markdown([heads, *rows]))
        t.echo()
        t.echo(_markdown([(heads[0], t.w("What you may do next:")), *_steps(t.w)]))
    else:
        t.table(heads, rows)


def _steps(w: Words) -> Iterator[tuple[str, str]]:
    from nurture import advice  # noqa: PLC0415
    from nurture.core.cases import CASES  # noqa: PLC0415

    for case in CASES:
        if listed := advice.steps(w, case):
            yield advice.read(w, case), " ".join(listed) if w.language == "en" else "".join(listed)


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    head, *rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([head, "|" + "---|" * len(lines[0]), *rows])
