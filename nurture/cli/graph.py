"""``nurture graph``: the state diagrams, drawn from the tables that the program itself obeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import terminal
from nurture.core import states
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

TABLES: Mapping[str, Mapping[StrEnum, Mapping[str, StrEnum]]] = {
    "enrollment": states.ENROLLMENTS,  # type: ignore[dict-item]  # keys are enums of their own
    "message": states.MESSAGES,  # type: ignore[dict-item]
    "task": states.TASKS,  # type: ignore[dict-item]
}


def mermaid(table: Mapping[StrEnum, Mapping[str, StrEnum]]) -> str:
    """One table as a Mermaid state diagram; moves between the same two states share an arrow."""
    first = next(iter(table))
    lines = ["stateDiagram-v2", f"    [*] --> {first.value}"]
    for state, moves in table.items():
        arrows: dict[str, list[str]] = {}
        for event, after in moves.items():
            arrows.setdefault(after.value, []).append(event)
        lines += [f"    {state.value} --> {after}: {' / '.join(events)}" for after, events in arrows.items()]
        if all(after is state for after in moves.values()):
            lines.append(f"    {state.value} --> [*]")
    return "\n".join(lines)


@click.command(
    help=mark(
        "Draw every move that an enrollment, a message or a task can make, as Mermaid. What is not in the "
        "picture cannot happen."
    )
)
@click.argument("which", type=click.Choice(tuple(TABLES)), required=False)
def graph(which: str | None) -> None:
    """Print one diagram, or all of them as Markdown."""
    if which:
        terminal().echo(mermaid(TABLES[which]))
        return
    terminal().echo(
        "\n\n".join(f"## {name}\n\n```mermaid\n{mermaid(table)}\n```" for name, table in TABLES.items())
    )
