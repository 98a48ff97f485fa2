"""TOML with places."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.errors import UserError, UserErrors
from nurture.files import toml

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# a comment with key = "value" and [brackets
top = 1   # [not a table]
'quoted key' = "a # no comment ] }"
long = \"\"\"
inside = "not a key"
[not.a.table]
\"\"\"
list = [
  "a", # ]
  { x = 1 },
]
dotted.inner = true

[first]
  indented = 2

[[many]]
id = "a"
[many.inner]
deep = 1
[[many]]
id = "b"
[many.inner]
deep = 2
[[many.inner2]]
z = 1
"""


def _keys(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found: list[tuple[str | int, ...]] = []
    if isinstance(value, dict):
        for name, inner in value.items():
            found += [(*path, name), *_keys(inner, (*path, name))]
    elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
        for at, item in enumerate(value):
            found += _keys(item, (*path, at))
    return found


def test_places_are_those_of_the_text() -> None:
    """Each key's place is the line and column where it stands."""
    found = toml.places(TEXT)
    assert found["top",] == (2, 1)
    assert found["quoted key",] == (3, 1)
    assert found["long",] == (4, 1)
    assert found["list",] == (8, 1)
    assert found["dotted", "inner"] == (12, 1)
    assert found["first", "indented"] == (15, 3)
    assert found["many", 0, "inner", "deep"] == (20, 1)
    assert found["many", 1, "id"] == (22, 1)
    assert found["many", 1, "inner2", 0, "z"] == (26, 1)
    assert ("inside",) not in found
    assert ("not", "a", "table") not in found


@given(
    st.dictionaries(
        st.text("abcdefgh_-1", min_size=1, max_size=5),
        st.one_of(st.integers(), st.booleans(), st.text("ab #'=[]{}\n", max_size=10)),
        max_size=6,
    )
)
def test_every_key_of_a_valid_text_has_a_place(values: dict[str, Any]) -> None:
    """Whatever the values hold, the scan finds each key on the line where it was written."""
    lines: list[str] = []
    expected: dict[str, int] = {}
    for name, value in values.items():
        expected[name] = sum(line.count("\n") + 1 for line in lines) + 1
        if isinstance(value, bool):
            said = str(value).lower()
        elif isinstance(value, int):
            said = str(value)
        elif "'''" in value or value.endswith("'") or value.startswith("\n"):
            said = '"' + value.replace("\n", "\\n") + '"'
        else:
            said = f"'''{value}'''"
        lines.append(f"{name} = {said}")
    text = "\n".join(lines)
    tomllib.loads(text)
    found = toml.places(text)
    assert {name: found[name,][0] for name in values} == expected


def test_what_is_not_toml_names_its_line(tmp_path: Path) -> None:
    """A broken file is one error with line and hint, never a traceback."""
    file = tmp_path / "x.toml"
    file.write_text('a = 1\nb = "open\n', encoding="utf-8")
    with pytest.raises(UserError) as caught:
        toml.read(file, "x.toml")
    assert caught.value.where is not None
    assert (caught.value.where.file, caught.value.where.line) == ("x.toml", 2)
    assert caught.value.hint


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("a = 1\nb = 'あ'\n".encode("cp932"), id="another encoding"),
        pytest.param(b"a = " + b"[" * 5000, id="nested too deeply"),
        pytest.param(b"#" * (toml.LARGEST + 1), id="too long"),
    ],
)
def test_hostile_files_are_refused(tmp_path: Path, raw: bytes) -> None:
    """Neither bytes nor nesting nor length can do more than raise a UserError."""
    file = tmp_path / "x.toml"
    file.write_bytes(raw)
    with pytest.raises(UserError):
        toml.read(file)


def test_a_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    """What editors on Windows write is read, and lines count the same."""
    file = tmp_path / "x.toml"
    file.write_bytes("\ufeffa = 1\r\nb = 2\r\n".encode())
    table = toml.read(file)
    assert table.whole("b", low=0, high=9) == 2
    assert table.where("b").line == 2


def test_all_problems_are_raised_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """One run shows everything, from top to bottom."""
    file = tmp_path / "x.toml"
    file.write_text('zz = 1\nword = 3\nnumber = "x"\nflag = "no"\nlist = [1]\nt = {colour = "rde"}\n', "utf-8")
    table = toml.read(file, "x.toml")
    inner = table.table("t")
    inner.choice("colour", ("red", "blue"), "red")
    table.texts("list")
    table.boolean("flag", default=True)
    table.whole("number", 1, low=0, high=9)
    table.text("word", "")
    table.done()
    inner.done()
    with pytest.raises(UserErrors) as caught:
        table.document.check()
    places = [(e.where.line, e.where.key) for e in caught.value.errors if e.where]
    assert places == [(1, "zz"), (2, "word"), (3, "number"), (4, "flag"), (5, "list"), (6, "t.colour")]
    assert caught.value.errors[-1].values["guess"] == "red"
