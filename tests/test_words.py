"""Every text that a person can see has its Japanese, with the same places; none is left over.

The failure of a test prints what is missing in the form of the catalogue, ready to be translated there.
"""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

import nurture
from nurture.errors import UserError, Where
from nurture.i18n import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(nurture.__file__).parent
CATALOGUE = PACKAGE / "locale" / "ja" / "LC_MESSAGES" / "nurture.po"

FIRST = {"w", "mark", "say", "UserError", "TemporaryFailure", "PermanentFailure", "NurtureError"}
"""Calls whose first argument is a text."""
SECOND = {"wrong", "refused"}
"""Calls whose second argument is one."""
NAMED = {"hint", "help", "epilog"}
"""Named arguments that are texts."""
INSIDE = {"errors.py"}
"""Where ``super().__init__`` is given a text."""


def _texts(value: ast.expr | None) -> Iterator[str]:
    """The literal texts that an expression can be: one, or either of two."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _of_code(path: Path) -> Iterator[tuple[str, str]]:
    """Texts in a module with their place."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name, place = _name(call), f"{path.relative_to(PACKAGE.parent)}:{call.lineno}"
        wanted: list[ast.expr] = []
        if (name in FIRST or (name == "__init__" and path.name in INSIDE)) and call.args:
            wanted.append(call.args[0])
        if name in SECOND and len(call.args) > 1:
            wanted.append(call.args[1])
        named = NAMED if "cli" in path.parts else {"hint"}
        wanted += [keyword.value for keyword in call.keywords if keyword.arg in named]
        for value in wanted:
            for text in _texts(value):
                yield text, place


def _of_page(path: Path) -> Iterator[tuple[str, str]]:
    """Texts in a page with their place."""
    tree = Environment(autoescape=True, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(
        path.read_text(encoding="utf-8")
    )
    for call in tree.find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else getattr(call.node, "attr", "")
        if name in {"w", "words"} and call.args:
            for found in [call.args[0], *call.args[0].find_all(nodes.Const)]:
                if isinstance(found, nodes.Const) and isinstance(found.value, str):
                    yield found.value, f"{path.relative_to(PACKAGE.parent)}:{call.lineno}"


def _used() -> dict[str, str]:
    """All texts with the first place where each stands."""
    used: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            for text, place in _of_code(path):
                used.setdefault(text, place)
    for path in sorted((PACKAGE / "web").rglob("*.html")):
        for text, place in _of_page(path):
            used.setdefault(text, place)
    used.pop("", None)
    return used


def _japanese() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="ja", abort_invalid=True)
    return {str(m.id): str(m.string) for m in catalogue if m.id and not m.fuzzy}


def _places(text: str) -> set[str]:
    """The names of a text's places."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_text_is_found() -> None:
    """The search sees calls, choices, named texts and pages."""
    used = _used()
    for text in ("unknown key {key}", "did you mean {guess}?", "Sign out", "{key} is missing", "Print JSON."):
        assert text in used, text
    assert len(used) > 300


def test_every_text_has_its_japanese() -> None:
    """Nobody who reads Japanese meets an English sentence."""
    japanese = _japanese()
    missing = {text: place for text, place in _used().items() if not japanese.get(text)}
    entries = "\n".join(f'#: {place}\nmsgid {_quoted(text)}\nmsgstr ""\n' for text, place in missing.items())
    assert not missing, f"{len(missing)} texts without Japanese:\n{entries}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def test_translations_keep_their_places() -> None:
    """What is filled in in English is filled in in Japanese, and nothing else."""
    wrong = {text: said for text, said in _japanese().items() if _places(text) != _places(said)}
    assert not wrong


def test_nothing_is_left_over() -> None:
    """A text that is gone takes its translation along."""
    left = set(_japanese()) - set(_used())
    assert not left


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_texts_are_filled_with_what_they_name(path: Path) -> None:
    """Each error names a value for every place of its text and hint, so that showing it cannot fail."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call) or _name(call) not in FIRST - {"mark", "w", "say"}:
            continue
        if any(keyword.arg is None for keyword in call.keywords):
            continue  # values are handed on
        given = {keyword.arg for keyword in call.keywords} - {"where", "hint"}
        texts = [*_texts(call.args[0] if call.args else None)]
        texts += [t for k in call.keywords if k.arg == "hint" for t in _texts(k.value)]
        for text in texts:
            place = f"{path.name}:{call.lineno}: {text}"
            if given:
                assert _places(text) <= given, place
            else:
                assert not re.search(r"\{\w+\}", text), place
                assert "{{" not in text, f"{place} (nothing is filled in, so braces stand for themselves)"


def test_words_fill_places_in_the_readers_language() -> None:
    """An error is told with place, text and hint in either language."""
    error = UserError(
        "unknown key {key}",
        where=Where("config.toml", 3, 1, "x"),
        hint="did you mean {guess}?",
        key="x",
        guess="y",
    )
    assert Words("en").error(error) == "config.toml:3:1: x: unknown key x\n  → did you mean y?"
    assert Words("ja").error(error) != Words("en").error(error)
