"""Help and usage errors in the reader's language.

Commands are written with plain click and English message ids; ``localized`` makes a copy of a command with
its texts translated, so the same object can be shown in two languages in one process. Headings and the
errors of click itself are translated here by what they are.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

import click
from click.types import FloatParamType, IntParamType

from nurture.cli.tables import fold, pad, width
from nurture.cli.terminal import Terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nurture.i18n import Words

HEADINGS = (
    mark("Usage: "),
    mark("Options"),
    mark("Commands"),
    mark("Positional arguments"),
    mark("Show this message and exit."),
)
"""What click itself says in a help text."""
EXTRAS = (mark("default: "), mark("required"))
"""What it adds to an option's help, in brackets."""
_EXTRA = re.compile(r"(.*?) {2}\[([^\[\]]+)\]", re.DOTALL)
_RANGE = re.compile(r"(\S+)<=x<=(\S+)")


class Formatter(click.HelpFormatter):
    """Help texts whose columns and line ends count wide letters as two cells."""

    def _said(self, text: str) -> str:
        found = click.get_current_context(silent=True)
        terminal = found.find_object(Terminal) if found else None
        return terminal.w(text) if terminal and text else text

    def _extra(self, text: str) -> str:
        """What click adds in brackets: default, range, required."""
        found = _EXTRA.fullmatch(text)
        return f"{found[1]} [{self._said('; ').join(map(self._one, found[2].split('; ')))}]" if found else text

    def _one(self, text: str) -> str:
        if text.startswith("default: "):
            return self._said("default: ") + text.removeprefix("default: ")
        if found := _RANGE.fullmatch(text):
            return f"{found[1]}–{found[2]}"
        return self._said(text)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """``Usage: nurture …``."""
        super().write_usage(prog, args, self._said(prefix or "Usage: "))

    def write_heading(self, heading: str) -> None:
        """``Options:``."""
        super().write_heading(self._said(heading))

    def write_text(self, text: str) -> None:
        """A paragraph, or several with blank lines between."""
        blank = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            if number:
                self.write("\n")
            kept = paragraph.startswith("\b\n")
            lines = (
                paragraph.splitlines()[1:] if kept else fold(" ".join(paragraph.split()), self.width - len(blank))
            )
            self.write("".join(f"{blank}{line}\n" for line in lines))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options or commands with what they do."""
        rows = list(rows)
        first = min(max((width(name) for name, _ in rows), default=0), col_max) + col_spacing
        blank = " " * self.current_indent
        room = max(self.width - first - len(blank), 20)
        for name, said in rows:
            lines = fold(" ".join(self._extra(self._said(said)).split()), room)
            if width(name) > first - col_spacing:
                self.write(f"{blank}{name}\n")
                name = ""  # noqa: PLW2901 - it has its own line
            self.write(f"{blank}{pad(name, first)}{lines[0]}".rstrip() + "\n")
            for line in lines[1:]:
                self.write(f"{blank}{' ' * first}{line}\n")


class Context(click.Context):
    """A context that writes help with ``Formatter``."""

    formatter_class = Formatter


def localized(command: click.Command, w: Words) -> click.Command:
    """A copy of a command, and of what is below it, that speaks the reader's language."""
    said = copy.copy(command)
    said.context_class = Context
    said.help = w(" ".join(said.help.split())) if said.help and "\b" not in said.help else said.help
    said.short_help = w(said.short_help) if said.short_help else None
    said.epilog = w(said.epilog) if said.epilog else None
    said.params = [_localized_option(param, w) for param in command.params]
    if isinstance(said, click.Group) and isinstance(command, click.Group):
        said.commands = {name: localized(inner, w) for name, inner in command.commands.items()}
        for inner in said.commands.values():
            inner.short_help = inner.short_help or _first_sentence(inner.help or "")
    return said


def _first_sentence(text: str) -> str:
    """The whole of it: what click cuts off says the least."""
    return re.split(r"(?<=[.。])(?:\s|(?<=。))", text, maxsplit=1)[0].strip()


def _localized_option(param: click.Parameter, w: Words) -> click.Parameter:
    if isinstance(param, click.Option):
        param = copy.copy(param)
        param.help = w(param.help) if param.help else None
        if isinstance(param.prompt, str):
            param.prompt = w(param.prompt)
        if param.metavar is None and isinstance(param.type, (IntParamType, FloatParamType)):
            param.metavar = "N"
    return param


def usage(error: click.ClickException, w: Words) -> str:
    """A mistake on the command line, in words."""
    known = error.format_message()
    if isinstance(error, click.NoSuchOption):
        known = w("there is no option {name}", name=error.option_name) + _guess(error.possibilities, w)
    elif isinstance(error, click.exceptions.NoSuchCommand):
        known = w("there is no command {name}", name=error.command_name) + _guess(error.possibilities, w)
    elif isinstance(error, click.MissingParameter) and error.param is not None:
        known = w("{name} is missing", name=_name(error.param, error.ctx))
    elif isinstance(error, click.BadParameter) and error.param is not None:
        known = w("{name}: {problem}", name=_name(error.param, error.ctx), problem=_problem(error, w))
    lines = [known]
    if isinstance(error, click.UsageError) and error.ctx is not None:
        lines.append("  → " + w("see {command}", command=f"{error.ctx.command_path} --help"))
    return "\n".join(lines)


def _name(param: click.Parameter, ctx: click.Context | None) -> str:
    return param.get_error_hint(ctx).replace("'", "") if ctx else (param.name or "")


def _problem(error: click.BadParameter, w: Words) -> str:
    if error.param is not None and isinstance(error.param.type, click.Choice):
        return w("expected one of {options}", options=", ".join(str(c) for c in error.param.type.choices))
    if error.param is not None and isinstance(error.param.type, click.DateTime):
        return w("expected a date such as 2026-11-05 or 2026-11-05T15:00")
    return error.message


def _guess(possibilities: Sequence[str] | None, w: Words) -> str:
    return "\n  → " + w("did you mean {guess}?", guess=", ".join(possibilities)) if possibilities else ""
