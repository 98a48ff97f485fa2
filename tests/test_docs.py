"""What the documents say is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from nurture.cli.graph import graph
from nurture.cli.main import program

ROOT = Path(__file__).parent.parent
ARCHITECTURE = ROOT / "docs" / "architecture.md"
REACTIONS = ROOT / "docs" / "reactions.md"


def drawn(kind: str) -> str:
    """A diagram as ``nurture graph`` draws it."""
    return CliRunner().invoke(graph, [kind], catch_exceptions=False).output.strip()


def with_graphs(text: str) -> str:
    """The document with its diagrams drawn anew."""

    def put(match: re.Match[str]) -> str:
        return f"<!-- graph:{match[1]} -->\n\n```mermaid\n{drawn(match[1])}\n```\n\n<!-- /graph -->"

    return re.sub(r"<!-- graph:(\w+) -->.*?<!-- /graph -->", put, text, flags=re.DOTALL)


def test_the_diagrams_are_the_tables() -> None:
    """The pictures of docs/architecture.md are drawn from core/states.py (``python -m tests.test_docs``)."""
    text = ARCHITECTURE.read_text(encoding="utf-8")

    assert with_graphs(text) == text


def with_reactions(text: str) -> str:
    """docs/reactions.md with its tables drawn anew."""

    def put(match: re.Match[str]) -> str:
        arguments = ["--lang", match[1], "reactions", "--markdown"]
        table = CliRunner().invoke(program, arguments, catch_exceptions=False).output.strip()
        return f"<!-- reactions:{match[1]} -->\n\n{table}\n\n<!-- /reactions -->"

    return re.sub(r"<!-- reactions:(\w+) -->.*?<!-- /reactions -->", put, text, flags=re.DOTALL)


def test_the_reactions_are_the_table() -> None:
    """The tables of docs/reactions.md are drawn from core/cases.py (``python -m tests.test_docs``)."""
    text = REACTIONS.read_text(encoding="utf-8")

    assert with_reactions(text) == text


def test_every_room_stands_in_the_architecture() -> None:
    """Each module and package of nurture/ is named in docs/architecture.md."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    rooms = [p for p in (ROOT / "nurture").iterdir() if p.name not in {"__pycache__", "__init__.py", "py.typed"}]
    names = {p.stem if p.suffix == ".py" else p.name for p in rooms} - {"locale", "shipped"}

    assert [] == sorted(name for name in names if name not in text)


def test_every_door_stands_in_the_drawing() -> None:
    """Each Protocol of ports/ is named in the drawing of docs/architecture.md."""
    drawing = ARCHITECTURE.read_text(encoding="utf-8").split("```")[1]
    modules = sorted((ROOT / "nurture" / "ports").glob("*.py"))
    doors = [
        door
        for module in modules
        for door in re.findall(r"^class (\w+)\(Protocol", module.read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert [] == [door for door in doors if not re.search(rf"\b{door}\b", drawing)]


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")), ids=lambda p: p.name
)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    """A relative link names a file that exists."""
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8"))

    assert [] == [link for link in links if not (path.parent / link).exists()]


if __name__ == "__main__":
    ARCHITECTURE.write_text(with_graphs(ARCHITECTURE.read_text(encoding="utf-8")), encoding="utf-8")
    REACTIONS.write_text(with_reactions(REACTIONS.read_text(encoding="utf-8")), encoding="utf-8")


INSTALLS = re.compile(r"^\t@\$\(PIP_INSTALL\) (.+)$", re.MULTILINE)


def test_nothing_is_installed_unchecked() -> None:
    """Each installation checks hashes or takes nothing from outside, and pip fetches nothing to build with."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = INSTALLS.findall(makefile)

    assert len(found) == makefile.count("$(PIP_INSTALL)")
    assert all("--require-hashes" in line or "--no-deps -e ." in line for line in found)
    assert [
        line for line in makefile.splitlines() if "pip install" in line and "--no-build-isolation" not in line
    ] == []


def test_what_builds_is_locked() -> None:
    """What ``pyproject.toml`` builds with, and what it names for building, stands in the lock that comes first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = (ROOT / "requirements-build.lock").read_text(encoding="utf-8")
    wanted = {*project["build-system"]["requires"], *project["dependency-groups"]["build"]}
    names = {re.split(r"[<>=~! ]", one)[0] for one in wanted}

    assert names <= set(re.findall(r"^([\w-]+)==", lock, re.MULTILINE))
