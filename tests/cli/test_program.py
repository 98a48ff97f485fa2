"""The program itself: help, languages, mistakes, exit codes."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import click
import pytest

from nurture.cli import main, terminal
from nurture.cli.tables import width
from nurture.errors import Impossible, StaleVersion

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


def test_help_lists_every_command_that_is_there(shell: Shell) -> None:
    """Each command stands in the help with one line."""
    text = shell.ok("--help")
    context = click.Context(main.program)
    for name in main.program.list_commands(context):
        assert f"\n  {name} " in text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_command_explains_itself(shell: Shell, language: str) -> None:
    """Help of each command, in both languages, within the width of the terminal."""
    context = click.Context(main.program)
    for name in main.program.list_commands(context):
        text = shell.ok("--lang", language, name, "--help")
        assert all(width(line) <= 80 for line in text.splitlines() if "http" not in line), name


def test_help_is_quick() -> None:
    """Nothing heavy is loaded to show the help: no database, no mail, no web."""
    heavy = "sqlalchemy,sqlmodel,pydantic,starlette,uvicorn,jinja2,ruamel.yaml,holidays,asyncio,rich"
    code = (
        "import sys\nfrom nurture.cli.main import program\n"
        "try: program(['--help'])\nexcept SystemExit: pass\n"
        f"print([m for m in '{heavy}'.split(',') if m in sys.modules], file=sys.stderr)"
    )
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.strip() == "[]"
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "ja_JP"}, "ja"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "ja_JP", "NURTURE_LANG": "en"}, "en"),
        ({"LANG": "", "LC_ALL": "", "NURTURE_LANG": "ja"}, "ja"),
    ],
)
def test_the_language_follows_the_locale(environ: dict[str, str], language: str) -> None:
    """NURTURE_LANG first, then the locale in POSIX order."""
    assert terminal.language_of(environ) == language


def test_the_option_decides_the_language(shell: Shell) -> None:
    """Also of help and of usage errors."""
    assert "使い方" in shell.ok("--lang", "ja", "--help")
    assert "使い方" in shell.ok("--lang=ja", "queue", "--help")
    assert "ありません" in shell.run("--lang", "ja", "quee").stderr


@pytest.mark.parametrize(
    "args",
    [
        ("queu",),
        ("--confg",),
        ("queue", "approve"),
        ("queue", "list", "--limit", "many"),
        ("graph", "nothing"),
        ("queue", "settle", "abcd1234"),
        ("queue", "settle", "abcd1234", "--perhaps"),
        ("queue", "settle", "abcd1234", "--sent", "--again"),
        (),
    ],
)
def test_mistakes_on_the_command_line_end_with_2(shell: Shell, args: tuple[str, ...]) -> None:
    """A usage error says what is wrong and where the help is; no traceback."""
    result = shell.run(*args)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert "--help" in result.output


def test_user_errors_are_words(shell: Shell) -> None:
    """Place, text and hint, exit code 1."""
    shell.write("config.toml", "x = 1\n[company]\nname = 3\n")
    result = shell.run("people")
    assert result.exit_code == 1
    assert "config.toml:1:1: x: unknown key x" in result.stderr
    assert "config.toml:3:1: company.name: found 3, expected a text in quotes" in result.stderr
    assert "Traceback" not in result.output


def test_without_a_configuration_the_way_to_one_is_shown(shell: Shell) -> None:
    """The hint names init."""
    (shell.folder / "config.toml").unlink()
    result = shell.run("status")
    assert result.exit_code == 1
    assert "nurture init" in result.stderr


def test_faults_of_the_program_say_so(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """An impossible move is reported as ours; a stale version as what it is."""

    def broken(*_: object) -> None:
        raise Impossible("no move {event} from {state}", event="x", state="y")

    def stale(*_: object) -> None:
        raise StaleVersion("message", "abc")

    monkeypatch.setattr(terminal.Terminal, "run", broken)
    assert "fault of the program" in shell.run("people").stderr
    monkeypatch.setattr(terminal.Terminal, "run", stale)
    assert "changed by somebody else" in shell.run("people").stderr


def test_files_that_cannot_be_written_are_words(shell: Shell) -> None:
    """An error of the system becomes place and reason."""
    (shell.folder / "file").touch()
    result = shell.run("init", "file/below")
    assert result.exit_code == 1
    assert "file" in result.stderr
    assert "Traceback" not in result.output


def test_the_module_runs() -> None:
    """``python -m nurture`` is the program."""
    done = subprocess.run(
        [sys.executable, "-m", "nurture", "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("nurture ")


def test_a_terminal_that_is_not_utf_8_is_no_reason_to_fail() -> None:
    """Japanese on an ASCII terminal may look odd, and ends well."""
    done = subprocess.run(
        [sys.executable, "-m", "nurture", "--lang", "ja", "--help"],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii"},
        timeout=60,
        check=True,
    )
    assert b"nurture" in done.stdout
    assert not done.stderr
