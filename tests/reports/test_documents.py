"""The reference is executed: YAML blocks are read, calls run, tables of dates come out as they say."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nurture.cli.main import program
from nurture.files.calendar import parse_calendar
from nurture.files.scenario import parse_scenario
from nurture.files.shipped import write
from nurture.i18n import Words

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("scenarios.md", "calendars.md")
EN = Words("en")
YEAR = 2027
GROUPS = {"scenario", "calendar", "closure"}
"""Commands with commands of their own."""


def blocks(page: str, kind: str) -> list[str]:
    """The fenced blocks of a kind in a page, or in a part of one."""
    text = (DOCS / page).read_text(encoding="utf-8") if page.endswith(".md") else page
    return re.findall(rf"^```{kind}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def calls(page: str) -> list[list[str]]:
    """What the shell blocks call: words after ``nurture``."""
    text = "\n".join(blocks(page, "sh")).replace("\\\n", " ")
    return [shlex.split(line, comments=True)[1:] for line in text.splitlines() if line.startswith("nurture ")]


def examples() -> list[str]:
    """The worked examples of the page on scenarios that end in a table of dates."""
    text = (DOCS / "scenarios.md").read_text(encoding="utf-8")
    return [part for part in re.split(r"^#{2,} ", text, flags=re.MULTILINE) if part.startswith("Worked example")]


def put(folder: Path, text: str) -> None:
    """A YAML block as the file that it stands for."""
    where = "calendars" if "\nentries:" in text else "scenarios"
    found = re.search(r"^id: (\S+)", text, flags=re.MULTILINE)
    assert found, text
    (folder / where / f"{found[1]}.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder as ``nurture init`` makes it."""
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str) -> str:
    """The program, which must succeed."""
    found = CliRunner(env={"NURTURE_LANG": "en"}).invoke(program, list(args))
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.mark.parametrize("page", PAGES)
def test_every_yaml_block_can_be_read(page: str) -> None:
    """Whole files, and entries or steps that stand for themselves."""
    found = blocks(page, "yaml")

    assert found
    for text in found:
        if text.lstrip().startswith("- "):
            parse_calendar(f"id: c\nentries:\n{text}")
        elif re.search(r"^entries:", text, re.MULTILINE):
            parse_calendar(text)
        else:
            parse_scenario(text)


@pytest.mark.parametrize("example", examples(), ids=lambda part: part.splitlines()[0])
def test_every_table_of_dates_is_what_the_program_says(example: str, folder: Path) -> None:
    """Nominal dates with their weekdays, planned dates, moments where one stands, what is not sent."""
    for text in blocks(example, "yaml"):
        put(folder, text)
    (call,) = calls(example)
    said = json.loads(run(*call, "--format", "json"))["enrollments"][0]["steps"]
    table = re.findall(r"^\| ([\w~]+) \| (\w+ \d+ \w+) \| ([^|]+?) \|", example, flags=re.MULTILINE)

    assert table == [
        (step["id"], EN.day(_day(step["nominal"])), _shown(step, planned))
        for step, (*_, planned) in zip(said, table, strict=True)
    ]


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _shown(step: Any, like: str) -> str:
    """A step as the table has it: with its moment if the table has one."""
    if step["planned"] is None:
        return str(step["outcome"])
    at = datetime.fromisoformat(step["planned"])
    return EN.day(at.date()) + (f" {at:%H:%M}" if ":" in like else "")


def test_there_are_worked_examples() -> None:
    """A change of headings must not leave them untested."""
    assert len(examples()) >= 2


@pytest.mark.parametrize("call", [c for p in PAGES for c in calls(p)], ids=" ".join)
def test_every_call_of_the_reference_runs(call: list[str], folder: Path) -> None:
    """In a fresh working folder; what needs a database is at least understood."""
    for text in blocks("scenarios.md", "yaml"):
        if "steps:" in text and "id: warm-lead-30d" not in text:
            put(folder, text)
    looks = call[0] == "calendar" and call[1] in {"show", "due", "list"} and "--person" not in call
    plans = call[0] in {"simulate", "schema"} and "--enrollment" not in call
    if plans or looks:
        run(*(part for part in call if part != ">" and not part.endswith(".json")))
    else:
        assert "--help" not in call
        options = [part for part in call if part.startswith("--")]
        said = run(*call[: 2 if call[0] in GROUPS else 1], "--help")
        assert all(option in said for option in options)


def test_the_json_of_the_reference_has_the_keys_of_the_program(folder: Path) -> None:
    """Everything that the example shows is there, in its form."""
    example = json.loads(blocks("scenarios.md", "json")[0])
    said = json.loads(
        run("simulate", "scenarios/warm-lead-30d.yaml", "--anchor", example["anchor"], "--format", "json")
    )
    step, shown = said["enrollments"][0]["steps"][1], example["enrollments"][0]["steps"][0]

    assert example.keys() <= said.keys()
    assert (example["scenario"], example["anchor"]) == (said["scenario"], said["anchor"])
    assert example["enrollments"][0].keys() <= said["enrollments"][0].keys()
    assert example["enrollments"][0]["contact"].keys() <= said["enrollments"][0]["contact"].keys()
    assert shown.keys() <= step.keys()
    assert (shown["id"], shown["day"], shown["nominal"]) == (step["id"], step["day"], step["nominal"])
    assert shown["moves"][0].keys() == step["moves"][0].keys()
