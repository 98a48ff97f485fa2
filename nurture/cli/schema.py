"""``nurture schema``: JSON Schemas for editors."""

from __future__ import annotations

import json
from typing import Any

import click

from nurture.cli.terminal import terminal
from nurture.i18n import mark


@click.command(
    help=mark("Print the JSON Schema of a file format, for editors that check and complete YAML while you write.")
)
@click.argument("which", type=click.Choice(("scenario", "calendar", "contacts")))
def schema(which: str) -> None:
    """Print one schema."""
    terminal().echo(json.dumps(_schema(which), ensure_ascii=False, indent=2))


def _schema(which: str) -> dict[str, Any]:
    from nurture.files import calendar, roster, scenario  # noqa: PLC0415 - commands load what they need when called

    if which == "scenario":
        return scenario.scenario_schema()
    if which == "calendar":
        return calendar.calendar_schema()
    return roster.roster_schema()
