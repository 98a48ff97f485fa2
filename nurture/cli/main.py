"""The program: its commands by name, loaded when called; errors as words; exit codes 0, 1 and 2."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from nurture import __version__
from nurture.cli.speech import Context, localized, usage
from nurture.cli.terminal import Terminal, language_of
from nurture.errors import Impossible, NurtureError, UserError, UserErrors
from nurture.i18n import LANGUAGES, mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OK: Final = 0
PROBLEMS: Final = 1
USAGE: Final = 2
STOPPED: Final = 130  # by Ctrl-C, as shells count it


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that is not loaded yet: its module under ``nurture.cli``, and one line on what it does."""

    module: str
    help: str
    group: str


SETUP: Final = mark("Set up")
DAILY: Final = mark("Every day")
ASK: Final = mark("Ask")
TOOLS: Final = mark("Tools")

COMMANDS: Final[Mapping[str, Entry]] = {
    "demo": Entry("demo", mark("See it work: an invented world with real mail servers, no set-up."), SETUP),
    "init": Entry("init", mark("Make a working folder: configuration, scenarios, templates, calendars."), SETUP),
    "check": Entry("check", mark("Check everything in a working folder; all problems at once."), SETUP),
    "doctor": Entry("doctor", mark("Examine domains, mail servers, machine and files: pass, warn, fail."), SETUP),
    "mailbox": Entry("mailbox", mark("Let a mailbox be used, try it, stop it, let it send again."), SETUP),
    "token": Entry("token", mark("Give other programs access to the API, and take it away."), SETUP),
    "webhook": Entry(
        "webhook", mark("Other programs that are told what happens: how they stand, try, resume."), SETUP
    ),
    "chat": Entry("chat", mark("Send a test message to a chat that is told what waits."), SETUP),
    "run": Entry("run", mark("Run the daemon: plan, draft, send, read replies, serve the desk."), SETUP),
    "upgrade": Entry("upgrade", mark("Bring the database to this version's schema."), SETUP),
    "import": Entry("importing", mark("Import people from a CSV file."), SETUP),
    "record": Entry("record", mark("Record a meeting; the drafts of the thank-you mails follow at once."), DAILY),
    "queue": Entry("queue", mark("Look at what waits for approval; approve, edit, reject, settle."), DAILY),
    "people": Entry("people", mark("List the people who are known."), DAILY),
    "enroll": Entry("enroll", mark("Start a person on a scenario."), DAILY),
    "pause": Entry("enrollments", mark("Pause an enrollment: nothing is sent until it is resumed."), DAILY),
    "resume": Entry("enrollments", mark("Resume a paused enrollment; the rest keeps its spacing."), DAILY),
    "stop": Entry("enrollments", mark("Stop an enrollment for good."), DAILY),
    "reopen": Entry("enrollments", mark("Take back that an enrollment ended."), DAILY),
    "back": Entry("enrollments", mark("Somebody is back: mail need not wait any longer."), DAILY),
    "pace": Entry("pace", mark("Somebody wants less mail: at most one in so many days."), DAILY),
    "moved": Entry("moved", mark("Somebody moves or leaves: stop, draft thanks, name the successor."), DAILY),
    "basis": Entry("moved", mark("Record why mail to somebody is allowed."), DAILY),
    "suppression": Entry("suppression", mark("Who is never written to: list, add, lift, import, export."), DAILY),
    "scenario": Entry(
        "scenario", mark("List and show scenarios; move running enrollments on to their text."), DAILY
    ),
    "closure": Entry("closure", mark("Keep days on which one hospital is not to be written to."), DAILY),
    "calendar": Entry("calendar", mark("Draw months with reasons; confirm dates; fetch subscriptions."), ASK),
    "status": Entry("status", mark("How things stand: daemon, mailboxes, queue, what is due."), ASK),
    "why": Entry("why", mark("Explain every date, hold and state of a person or a mail."), ASK),
    "log": Entry("log", mark("Read the journal: what happened, to whom, by whom, and why."), ASK),
    "report": Entry("report", mark("How well meetings are followed up: the KPIs, from the journal."), ASK),
    "audit": Entry("audit", mark("Prove that the journal was not changed: it is sealed as it grows."), ASK),
    "reactions": Entry("reactions", mark("What each kind of incoming mail does, and how it is undone."), ASK),
    "preview": Entry("preview", mark("Show a mail as it will look, or as the raw message."), ASK),
    "simulate": Entry("simulate", mark("Compute the dates of a scenario without sending anything."), TOOLS),
    "read": Entry("read", mark("Show what is understood of a mail (.eml), as data."), TOOLS),
    "schema": Entry("schema", mark("Print the JSON Schema of a file format, for editors."), TOOLS),
    "bench": Entry("bench", mark("Measure how fast this machine is, in numbers that can be compared."), TOOLS),
    "graph": Entry("graph", mark("Draw the state diagrams as Mermaid."), TOOLS),
}
"""In the order in which they are met; what has no module is not shown."""


def _exists(entry: Entry) -> bool:
    return importlib.util.find_spec(f"nurture.cli.{entry.module}") is not None


def _load(name: str) -> click.Command:
    """The command object of a module: by the command's name, else the one that the module defines."""
    module = importlib.import_module(f"nurture.cli.{COMMANDS[name].module}")
    found = getattr(module, name, None) or getattr(module, "command", None)
    if isinstance(found, click.Command):
        return found
    own = [value for value in vars(module).values() if isinstance(value, click.Command)]
    if not own:
        raise Impossible("the module {module} has no command", module=module.__name__)
    return own[0]


class Program(click.Group):
    """The group of all commands."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, in the order of the table."""
        return [name for name, entry in COMMANDS.items() if _exists(entry)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command and let it speak the reader's language."""
        if cmd_name not in COMMANDS or not _exists(COMMANDS[cmd_name]):
            return None
        said = localized(_load(cmd_name), ctx.ensure_object(Terminal).w)
        said.name = cmd_name
        return said

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by use, from the table alone: no module is loaded."""
        w = ctx.ensure_object(Terminal).w
        names = self.list_commands(ctx)
        for group in (SETUP, DAILY, ASK, TOOLS):
            rows = [(name, w(COMMANDS[name].help)) for name in names if COMMANDS[name].group == group]
            with formatter.section(w(group)):
                formatter.write_dl(rows)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the program is for."""
        w = ctx.ensure_object(Terminal).w
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(
                w("Follow up after meetings with hospitals, by mail, the way good representatives do.")
            )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The language must be known before the first text is written, ``--help`` among them."""
        ctx.obj = Terminal(_asked_language(args) or language_of(os.environ))
        for param in self.params:
            if isinstance(param, click.Option) and param.help:
                param.help = ctx.obj.w(HELP.get(param.name or "", param.help))
        return super().parse_args(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = "nurture",
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """As click's own; every error comes out as words and an exit code."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        asked = _asked_language(list(args) if args is not None else sys.argv[1:])
        terminal = Terminal(asked or language_of(os.environ))
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except (click.ClickException, click.Abort, NurtureError, OSError) as error:
            code = _failed(terminal, error)
        sys.exit(code if isinstance(code, int) and not isinstance(code, bool) else OK)


def _failed(terminal: Terminal, error: Exception) -> int:
    """Say what went wrong; the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        return USAGE
    if isinstance(error, click.ClickException):
        click.echo(usage(error, terminal.w), err=True)
        return USAGE if isinstance(error, click.UsageError) else PROBLEMS
    if isinstance(error, NurtureError):
        _explain(terminal, error)
    elif isinstance(error, OSError):
        place = error.filename or ""
        terminal.error(UserError("{place}: {reason}", place=place, reason=error.strerror or str(error)))
    else:
        click.echo("\n" + terminal.w("Stopped; nothing more was done."), err=True)
        return STOPPED
    return PROBLEMS


def _explain(terminal: Terminal, error: NurtureError) -> None:
    """Errors by who must act: words for people, and where a fault is ours, saying so."""
    terminal.error(error)
    if isinstance(error, Impossible):
        click.echo(terminal.w("This is a fault of the program, not yours: please report it."), err=True)
    elif isinstance(error, UserErrors) and len(error.errors) > 1:
        click.echo(terminal.w("{count} problems", count=len(error.errors)), err=True)


def _asked_language(args: Sequence[str]) -> str | None:
    """What ``--lang`` says before the command's name."""
    words = iter(args)
    for word in words:
        if word == "--lang":
            return found if (found := next(words, None)) in LANGUAGES else None
        if word.startswith("--lang="):
            return found if (found := word.removeprefix("--lang=")) in LANGUAGES else None
        if word == "--config":
            next(words, None)
        elif not word.startswith("-"):
            return None
    return None


@click.group(cls=Program, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="The language of messages.")
@click.version_option(__version__, prog_name="nurture", message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context, config: Path | None, lang: str | None) -> None:  # noqa: ARG001 - read earlier
    """The command line of nurture."""
    terminal = ctx.ensure_object(Terminal)
    ctx.obj = replace(terminal, config=config)


HELP: Final = {
    "config": mark("config.toml or its folder; else $NURTURE_CONFIG, else the current folder."),
    "lang": mark("Language of messages: ja or en; else from the locale."),
    "version": mark("Show the version and exit."),
}
"""What the options of the program itself do."""
