"""One question at a time: asked again until its answer can be used."""

from __future__ import annotations

import re
import shutil
import unicodedata
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import click

from nurture.cli.tables import width
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nurture.cli.terminal import Terminal

T = TypeVar("T")
YES, NO = frozenset({"y", "yes", "はい"}), frozenset({"n", "no", "いいえ"})


def heading(t: Terminal, text: str) -> None:
    """A blank line and what the next questions are about."""
    t.echo()
    t.echo(text)


def line(text: str, default: str = "") -> str:
    """A line, or nothing; Enter is the default, which is shown."""
    shown = bool(default)
    said: str = click.prompt(text, default=default, show_default=shown, prompt_suffix=_suffix(text, shown=shown))
    return said.strip()


def _suffix(text: str, *, shown: bool = False) -> str:
    """What stands between question and answer: a question mark needs no colon after it."""
    return " " if text.endswith(("?", "？")) and not shown else ": "


def until(t: Terminal, text: str, parse: Callable[[str], T], default: str | None = None) -> T:
    """Ask until the answer can be used; what is wrong with it is said."""
    while True:
        shown = default is not None
        said = click.prompt(
            text, default=default or "", show_default=shown, prompt_suffix=_suffix(text, shown=shown)
        )
        try:
            return parse(str(said).strip())
        except UserError as error:
            t.error(error)


def something(said: str) -> str:
    """What may not be left out.

    Raises:
        UserError: nothing was said.
    """
    if not said:
        raise UserError(
            "this is needed",
            hint="The thank-you is also the minutes: agreed points, next actions, one yes/no question",
        )
    return said


def yes(t: Terminal, text: str, *, default: bool = True) -> bool:
    """Yes or no; Enter is the default."""

    def _said(said: str) -> bool:
        folded = unicodedata.normalize("NFKC", said).casefold()
        if not folded or folded in YES | NO:
            return default if not folded else folded in YES
        raise UserError("found {found}, expected y or n", found=said)

    return until(t, f"{text} [{'Y/n' if default else 'y/N'}]", _said)


def number(t: Terminal, text: str, low: int, high: int, default: int) -> int:
    """A number within limits; Enter is the default."""

    def _said(said: str) -> int:
        plain = unicodedata.normalize("NFKC", said)
        if not plain:
            return default
        if plain.isdecimal() and low <= int(plain) <= high:
            return int(plain)
        raise UserError("found {found}, expected a number from {low} to {high}", found=said, low=low, high=high)

    return until(t, text, _said)


def choices(t: Terminal, names: Sequence[str]) -> None:
    """Numbered choices in lines of the terminal's width; none of them is broken."""
    room, line = min(shutil.get_terminal_size().columns, 100) - 1, "   "
    for number, name in enumerate(names, 1):
        said = f" {number} {name} "
        if width(line + said) > room:
            t.echo(line.rstrip())
            line = "   "
        line += said
    t.echo(line.rstrip())


def lines(t: Terminal, *, least: int) -> list[str]:
    """Lines until an empty one."""
    lines: list[str] = []
    while True:
        said = line(f"  {len(lines) + 1}")
        if said:
            lines.append(said)
        elif len(lines) >= least:
            return lines
        else:
            t.say(mark("  at least {count} is needed"), count=least)


def ended(said: str, here: datetime) -> str:
    """When a meeting ended, as a meeting file says it; a time alone is today's.

    Raises:
        UserError: it is no time, or has not come yet.
    """
    plain = unicodedata.normalize("NFKC", said).replace("/", "-").strip()
    if found := re.fullmatch(r"(\d{1,2})[:時](\d{2})分?", plain):
        plain = f"{here:%Y-%m-%d} {int(found[1]):02d}:{found[2]}"
    try:
        at = datetime.fromisoformat(plain)
    except ValueError:
        raise UserError("found {found}, expected a time such as 15:00 or 2026-11-05 15:00", found=said) from None
    aware = at if at.tzinfo else at.replace(tzinfo=here.tzinfo)
    if aware > here + timedelta(minutes=5):
        raise UserError("{at} has not come yet", at=plain)
    return plain


def day(said: str, today: date, *, past: bool = False) -> str | None:
    """A date, a day without its year, or in how many days; None for nothing.

    The year is that of the next such day, or with ``past`` of the last one.

    Raises:
        UserError: it is none of these.
    """
    plain = unicodedata.normalize("NFKC", said).replace("/", "-").strip()
    if not plain:
        return None
    try:
        if found := re.fullmatch(r"\+(\d{1,3})", plain):
            return str(today + timedelta(days=int(found[1])))
        if found := re.fullmatch(r"(\d{1,2})-(\d{1,2})", plain):
            month, of_month = int(found[1]), int(found[2])
            this = date(today.year, month, of_month)
            if past:
                return str(this if this <= today else date(today.year - 1, month, of_month))
            return str(this if this >= today else date(today.year + 1, month, of_month))
        return str(date.fromisoformat(plain))
    except ValueError:
        raise UserError("found {found}, expected a date such as 2026-11-05, 11/5 or +7", found=said) from None
