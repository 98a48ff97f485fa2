"""YAML read strictly: hostile texts end in one clear error, and every complaint names its place."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from nurture.errors import UserError, UserErrors
from nurture.files import yaml
from nurture.i18n import Words

EN = Words("en")


class Step(BaseModel):
    """A model for the tests."""

    model_config = ConfigDict(extra="forbid", strict=True)
    mail: str = Field(description="the template")
    day: int = Field(1, ge=1)
    kind: Literal["call", "visit"] | None = None


class Script(BaseModel):
    """A list of them."""

    model_config = ConfigDict(extra="forbid", strict=True)
    steps: list[Step]


def test_plain_values_follow_yaml_1_2() -> None:
    """on, no, dates and times are text; numbers, booleans and null are what they are."""
    found = yaml.parse("a: [on, no, yes, 2027-04-08, 09:30, 1_000, 0o17, 0x1f, -3, 1.5e3, true, ~, '1']").value

    assert ["on", "no", "yes", "2027-04-08", "09:30", "1_000", 15, 31, -3, 1500.0, True, None, "1"] == found["a"]


def test_keys_are_always_text() -> None:
    """Also on, true and numbers."""
    assert {"on": 1, "true": 2, "3": 3} == yaml.parse("on: 1\ntrue: 2\n3: 3").value


def test_an_empty_text_is_nothing() -> None:
    """So is one of comments only."""
    assert yaml.parse("").value is None
    assert yaml.parse("# nothing\n").value is None


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\na: 2", 2, "stands here twice; first in line 1"),
        ("a:\n\t- b", 2, "tab"),
        ("a: &x 1\nb: *x", 1, "anchors"),
        ("b: *x", 1, "aliases"),
        ("a: !!python/object/apply:os.system [x]", 1, "tags"),
        ("a: !x 1", 1, "tags"),
        ("%YAML 1.1\n---\na: 1", 2, "directives"),
        ("a: 1\n---\nb: 2", 2, "second document"),
        ("[" * 100, 1, "nested"),
        ("- " * 100 + "a", 1, "nested"),
        ("{a: " * 100, 1, "nested"),
        ("a: x\x00y", 1, "control character (U+0000)"),
        ("a: 1\nb: \x1b[31m", 2, "control character (U+001B)"),
        ('a: "\\0"', 1, "control character (U+0000)"),
        ('a: "\\ud800"', 1, "control character (U+D800)"),
        ('"\\e": 1', 1, "control character (U+001B)"),
        ("a: \ud800", 1, "control character (U+D800)"),
        ("? [a]\n: b", 1, "plain word"),
        ("a: 'x", 1, "not YAML"),
        ("a: b: c", 1, "not YAML"),
        ("a: [1,\nb: 2", 3, "not YAML"),
        ("a: @x", 1, "not YAML"),
        ("a: |x\n  b", 1, "not YAML"),
    ],
)
def test_hostile_and_broken_texts_are_refused_in_one_sentence(text: str, line: int, said: str) -> None:
    """With file and line."""
    with pytest.raises(UserError) as caught:
        yaml.parse(text, file="x.yaml")

    assert said in str(caught.value)
    assert caught.value.where is not None
    assert "x.yaml" == caught.value.where.file
    assert abs((caught.value.where.line or 0) - line) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "[" + "a," * 400_000 + "]",
        "- a\n" * 240_000,
        "".join(f"k{n}: v\n" for n in range(90_000)),
        "#\n" * 490_000,
        "a: '" + "''" * 480_000 + "'",
        "a: " + "9" * 900_000,
        "a: " + " " * 900_000 + "b",
        "\n" * 900_000,
        "[" * 900_000,
        "&a " * 300_000,
        '"' + "\\u0041" * 160_000 + '"',
    ],
    ids=[
        "flow",
        "block",
        "keys",
        "comments",
        "quotes",
        "digits",
        "blanks",
        "lines",
        "brackets",
        "anchors",
        "escapes",
    ],
)
def test_a_megabyte_of_anything_is_read_or_refused_in_bounded_time(text: str) -> None:
    """No shape of text makes the reader work without end."""
    started = time.process_time()
    with contextlib.suppress(UserError):
        yaml.parse(text)

    assert time.process_time() - started < 60  # of this process: seconds of work, whatever else the machine does


def test_a_text_that_is_too_long_is_not_parsed() -> None:
    """Bytes are counted, not characters."""
    with pytest.raises(UserError, match="longer than 10 bytes"):
        yaml.parse("a: 日本語", max_bytes=10)


def test_a_number_of_many_digits_stays_text() -> None:
    """Nobody counts that far, and making a number of it would take long."""
    assert isinstance(yaml.parse("a: " + "9" * 5000).value["a"], str)


def test_files_that_cannot_be_read_are_user_errors(tmp_path: Path) -> None:
    """Not there, a folder, not UTF-8."""
    with pytest.raises(UserError, match="no file"):
        yaml.read(tmp_path / "none.yaml")
    with pytest.raises(UserError, match="no file"):
        yaml.read(tmp_path)
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"a: 1\nb: \x83\x65\n")
    with pytest.raises(UserError, match="UTF-8") as caught:
        yaml.read(bad)
    assert caught.value.where is not None
    assert 2 == caught.value.where.line


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    """Windows editors write one."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")

    assert {"a": 1, "b": 2} == yaml.read(path).value


def test_every_value_knows_its_place() -> None:
    """Line and column from 1, positions from 0; for what is missing the place of what should hold it."""
    document = yaml.parse("steps:\n  - id: a\n  - id: b\n    mail: x\n", file="s.yaml")

    assert "s.yaml:4:11: steps[1].mail" == str(document.where(("steps", 1, "mail")))
    assert "s.yaml:4:5: steps[1].mail" == str(document.where(("steps", 1, "mail"), key=True))
    assert "s.yaml:2:5: steps[0].mail" == str(document.where(("steps", 0, "mail")))


def test_a_text_that_is_known_is_not_parsed_again() -> None:
    """Its values are there at once, under whichever name it stands; so are its faults, each in its own file."""
    text = "steps:\n  - {mail: known-before, day: 4}\n"
    first, again = (yaml.parse(text, file=name) for name in ("a.yaml", "b.yaml"))
    faults = []
    for name in ("a.yaml", "b.yaml"):
        with pytest.raises(UserError) as caught:
            yaml.parse("a: 1\na: 2\n", file=name)
        faults.append(str(caught.value.where))

    assert first.value is again.value
    assert [("a.yaml", 2), ("b.yaml", 2)] == [
        (p.file, p.line) for p in (d.where(("steps", 0)) for d in (first, again))
    ]
    assert ["a.yaml:2:1: a", "b.yaml:2:1: a"] == faults


def test_all_complaints_come_at_once_with_place_found_expected_and_guess() -> None:
    """In the order of the text."""
    text = "steps:\n  - mail: x\n    day: 0\n    knid: call\n  - day: two\n    kind: cal\n"
    with pytest.raises(UserErrors) as caught:
        yaml.validate(Script, yaml.parse(text, file="s.yaml"))

    assert [
        "s.yaml:3:10: steps[0].day: found 0, expected 1 or more",
        "s.yaml:4:5: steps[0].knid: unknown key knid\n  → did you mean kind?",
        "s.yaml:5:5: steps[1].mail: mail is missing\n  → add it: the template",
        "s.yaml:5:10: steps[1].day: found two, expected a whole number",
        "s.yaml:6:11: steps[1].kind: found cal, expected one of call, visit\n  → did you mean call?",
    ] == [EN.error(error) for error in caught.value.errors]


@pytest.mark.parametrize("text", ["", "- 1", "steps: 3", "steps: [3]", "3", "steps:", "steps: [{mail: 1}]"])
def test_values_of_another_kind_are_user_errors(text: str) -> None:
    """Nothing, a list, a number in the place of keys."""
    with pytest.raises(UserError):
        yaml.validate(Script, yaml.parse(text))


def test_a_thousand_complaints_are_not_all_told() -> None:
    """Fifty are enough to begin with."""
    with pytest.raises(UserErrors) as caught:
        yaml.validate(Script, yaml.parse("steps:\n" + "  - mail: 1\n" * 1000))

    assert yaml.MAX_ERRORS == len(caught.value.errors)


def test_long_values_are_cut_in_messages() -> None:
    """One line of a message is enough."""
    with pytest.raises(UserError) as caught:
        yaml.validate(Script, yaml.parse("steps: " + "x" * 5000))

    assert len(str(caught.value)) < 120


def said(text: str) -> str:
    """The error of a text as words; nothing for a sound one."""
    try:
        yaml.parse(text)
    except UserError as error:
        return EN.error(error)
    return ""


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No other exception gets out."""
    assert isinstance(said(text), str)


@settings(deadline=None)
@given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@` \n\t?,", max_size=60))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    """Where YAML means something by it, too."""
    assert isinstance(said(text), str)
