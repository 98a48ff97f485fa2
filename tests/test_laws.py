"""The laws of the house that a machine can keep (docs/architecture.md)."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent / "nurture"
CLOCK = ROOT / "clock.py"
FORBIDDEN_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("uuid", "uuid4"),
    ("uuid", "uuid1"),
    ("utils", "make_msgid"),
}
FORBIDDEN_MODULES = {"random", "secrets", "uuid"}


def modules() -> list[Path]:
    """Every module of the package but the clock's."""
    return [path for path in sorted(ROOT.rglob("*.py")) if path != CLOCK and "migrations" not in path.parts]


def reads(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where a module asks for time or chance by itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(a.name.split(".")[0] in FORBIDDEN_MODULES for a in node.names):
            yield node.lineno, "import"
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FORBIDDEN_MODULES:
            yield node.lineno, "import"
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = node.func.value
        name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        if (name, node.func.attr) in FORBIDDEN_CALLS:
            yield node.lineno, f"{name}.{node.func.attr}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_time_and_chance_come_in_through_the_door(path: Path) -> None:
    """No room but the clock asks the machine for time or chance (law 2)."""
    found = list(reads(ast.parse(path.read_text(encoding="utf-8"))))

    assert [] == found


def test_the_law_catches_offenders() -> None:
    """The check above can fail: it sees each way of asking."""
    bad = "import random\nfrom datetime import datetime\ndatetime.now()\nemail.utils.make_msgid()\n"

    assert [1, 3, 4] == [line for line, _ in reads(ast.parse(bad))]


CORE_AND_FLOWS = [p for p in modules() if {"core", "mail", "flows"} & set(p.relative_to(ROOT).parts)]


@pytest.mark.parametrize("path", CORE_AND_FLOWS, ids=lambda p: str(p.relative_to(ROOT)))
def test_core_and_flows_do_not_log(path: Path) -> None:
    """Reasons are data (law 6): what decides does not log, and does not print."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}

    assert not names & {"print", "logger", "getLogger"}
