"""What every command is handed: words in the reader's language, the settings, and a way to print.

Nothing heavy is imported before it is used: ``nurture --help`` must not wait for a database library.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from nurture.config import Settings
    from nurture.core.people import Representative
    from nurture.errors import NurtureError, UserError
    from nurture.i18n import Words
    from nurture.ports import Doors

T = TypeVar("T")

MIN_WIDTH: Final = 40
"""Lines are not folded to less, however narrow the window."""


def language_of(environ: Mapping[str, str]) -> str:
    """Ja or en, from NURTURE_LANG, else from the locale in POSIX order; English where none says Japanese."""
    for name in ("NURTURE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "ja" if environ[name].lower().startswith("ja") else "en"
    return "en"


@dataclass(slots=True)
class Terminal:
    """One call of the program: who reads, in which language, which configuration."""

    language: str = "en"
    config: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _settings: Settings | None = None

    @property
    def w(self) -> Words:
        """The words of the reader's language."""
        from nurture.i18n import words  # noqa: PLC0415 - Babel takes a moment to load

        return words(self.language)

    # --- the configuration -----------------------------------------------------------------------

    def settings(self) -> Settings:
        """The settings; read once.

        Raises:
            UserError: there are none, or they are wrong.
        """
        if self._settings is None:
            from nurture.files import config  # noqa: PLC0415

            path = config.find(self.config, self.environ, Path.cwd())
            self._settings = config.load(path, shown_path(path))
        return self._settings

    def reader(self, by: str | None = None) -> Representative:
        """Who acts: ``--by``, else $NURTURE_BY, else the only active representative.

        Raises:
            UserError: nobody is known by that name, or several could be meant.
        """
        from nurture.errors import UserError  # noqa: PLC0415

        active = [rep for rep in self.settings().representatives if rep.active]
        named = by or self.environ.get("NURTURE_BY")
        found = [rep for rep in active if named in {None, rep.id, rep.email}]
        if len(found) == 1:
            return found[0]
        known = ", ".join(rep.id for rep in active)
        if named:
            raise UserError("nobody is known as {by}", hint="known are: {known}", by=named, known=known)
        raise UserError("who are you?", hint="say it with --by or NURTURE_BY: {known}", known=known)

    def zone(self) -> str:
        """The reader's time zone: of $NURTURE_BY, else of the configuration."""
        settings = self.settings()
        named = self.environ.get("NURTURE_BY")
        return next((r.timezone for r in settings.representatives if r.id == named), settings.timezone)

    def run(self, work: Callable[[Doors], Awaitable[T]]) -> T:
        """Open the doors, do the work, close them."""
        import asyncio  # noqa: PLC0415

        from nurture import wiring  # noqa: PLC0415

        async def _inside() -> T:
            async with wiring.open_doors(self.settings()) as doors:
                return await work(doors)

        return asyncio.run(_inside())

    # --- printing --------------------------------------------------------------------------------

    def say(self, text: str = "", /, **values: object) -> None:
        """Print a text of ours (a message id that is marked where it stands)."""
        click.echo(self.w(text, **values) if text else "")

    def echo(self, text: str = "") -> None:
        """Print a text as it is."""
        click.echo(text)

    def error(self, error: NurtureError) -> None:
        """Print an error as words, each of several on lines of its own, to the error stream."""
        from nurture.errors import UserErrors  # noqa: PLC0415

        for single in error.errors if isinstance(error, UserErrors) else (error,):
            click.echo(self.w.error(single), err=True)

    def data(self, error: UserError) -> dict[str, object]:
        """An error as plain values, its texts in the reader's language."""
        where = error.where
        values = error.values
        return {
            "file": where.file if where else None,
            "line": where.line if where else None,
            "column": where.column if where else None,
            "key": where.key if where else None,
            "text": self.w(error.text, **values),
            "hint": self.w(error.hint, **values) if error.hint else None,
        }

    def instant(self, at: datetime | None) -> str:
        """An instant in the reader's zone with its weekday; a dash for none."""
        return self.w.instant(at, self.zone()) if at else "–"

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table: ruled and folded to the terminal's width, or plain columns where no person looks on."""
        from nurture.cli import tables  # noqa: PLC0415

        click.echo(tables.table(headers, list(rows), wide=self.width()))

    def width(self) -> int | None:
        """How many cells a line of this terminal has; None where no person looks on."""
        import shutil  # noqa: PLC0415

        return max(MIN_WIDTH, shutil.get_terminal_size((80, 24)).columns) if sys.stdout.isatty() else None

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print names and values in two columns."""
        from nurture.cli.tables import pad, width  # noqa: PLC0415

        listed = list(pairs)
        cells = max(width(name) for name, _ in listed)
        for name, value in listed:
            click.echo(f"{pad(name, cells)}  {value}".rstrip())

    def json(self, value: Any) -> None:
        """Print plain values as JSON; instants and dates in ISO 8601."""
        import json  # noqa: PLC0415

        click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def shown_path(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def terminal() -> Terminal:
    """The terminal of the running command."""
    found = click.get_current_context().find_object(Terminal)
    if found is None:  # a command that is called by itself, as tests do
        return Terminal(language_of(os.environ))
    return found


def json_option(command: Callable[..., T]) -> Callable[..., T]:
    """``--json``: the same as data."""
    return click.option("--json", "as_json", is_flag=True, help=mark("Print JSON."))(command)


def by_option(command: Callable[..., T]) -> Callable[..., T]:
    """``--by``: who acts."""
    return click.option("--by", metavar="REP", help=mark("Who you are: an id of config.toml (or NURTURE_BY)."))(
        command
    )
