"""Scenario and calendar files at their worst: whatever stands there, clear errors, quickly, and nothing else."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from nurture.cli.main import program
from nurture.errors import UserError, UserErrors
from nurture.files.calendar import parse_calendar
from nurture.files.scenario import parse_scenario
from nurture.i18n import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EN, JA = Words("en"), Words("ja")
SCENARIO: dict[str, Any] = {
    "id": "trial",
    "name": {"ja": "試し", "en": "Trial"},
    "description": "a note",
    "anchor": "meeting_end",
    "timezone": "Asia/Tokyo",
    "calendars": ["jp-holidays"],
    "count": "calendar",
    "stop_on": ["reply", "bounce"],
    "on_colleague_reply": "hold",
    "pace": {"min_gap": "2d", "per_organisation": "3 per 7d"},
    "windows": {"default": {"days": ["mon-fri", "sat"], "hours": ["09:30-11:30"]}},
    "steps": [
        {
            "id": "thanks",
            "day": 1,
            "within": "3h",
            "mail": "thanks-minutes",
            "requires": ["agreements"],
            "approve": "rep",
            "on_blocked": "ignore",
            "windows": "any",
        },
        {
            "id": "case",
            "day": 4,
            "count": "business",
            "mail": "case-study",
            "content": {"kind": "case_study", "match": ["role"]},
            "expires": {"before": "seminar_date", "margin": "3d"},
            "purpose": "value",
            "thread": "thanks",
            "when": {"no_reply": True, "role": ["clinician"], "deal_phase_at_least": 3},
        },
        {"id": "call", "day": 33, "task": "call", "expires": {"after": "5d"}},
    ],
}
CALENDAR: dict[str, Any] = {
    "id": "ours",
    "name": "Ours",
    "entries": [
        {
            "id": "jrc",
            "name": {"ja": "学会"},
            "start": "2027-04-08",
            "end": "2027-04-11",
            "effect": "blackout",
            "applies_to": {"roles": ["clinician"], "specialties": "all", "organisations": ["青葉中央病院"]},
            "certainty": "confirmed",
            "source": "https://congress.example",
            "before": "1d",
            "after": "1d",
        },
        {"id": "year", "every": {"from": "12-28", "to": "01-04"}, "effect": "holiday"},
        {"id": "month", "every": {"monthly": {"from": 1, "to": 10}}, "reduce": "10d"},
        {"id": "rule", "start": "2027-04-10", "every": {"rrule": "FREQ=MONTHLY;BYDAY=2SA"}, "effect": "reduce"},
    ],
}
WRONG: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1.5, float("inf"), "", " ", "x", "\u202e", "ｘ" * 3000, "2027-02-30", "99:99-99:99",
    "-1d", "0d", "999999999999d", [], [None], [[]], [1, [2]], {}, {"x": 1}, {"": None}, {"default": None},
)  # fmt: skip
FILES: dict[str, tuple[dict[str, Any], Callable[..., object]]] = {
    "scenario": (SCENARIO, parse_scenario),
    "calendar": (CALENDAR, parse_calendar),
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a value, its own first."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in pairs:
        yield from places(below, (*path, key))


def changed(value: Any, path: tuple[str | int, ...], put: Any) -> Any:
    """A copy with something else at a place."""
    found = copy.deepcopy(value)
    if not path:
        return put
    here = found
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = put
    return found


def check(parse: Callable[..., object], text: str, where: str) -> list[UserError]:
    """The errors of a text: each with file, line and words in both languages, none of them a novel."""
    try:
        parse(text, file="x.yaml")
    except UserError as error:
        found = list(error.errors) if isinstance(error, UserErrors) else [error]
        for single in found:
            assert single.where is not None, where
            assert ("x.yaml", True) == (single.where.file, (single.where.line or 0) > 0), where
            assert all(0 < len(w.error(single)) < 1000 for w in (EN, JA)), where
        return found
    return []


@pytest.mark.parametrize("which", FILES)
def test_the_samples_are_sound(which: str) -> None:
    """Else the tests below would prove nothing."""
    sample, parse = FILES[which]

    assert [] == check(parse, json.dumps(sample), which)


@pytest.mark.parametrize("which", FILES)
def test_any_value_in_any_place_is_read_or_refused_in_words(which: str) -> None:
    """No kind of value leads to another exception, whatever key it stands at."""
    sample, parse = FILES[which]
    refused = 0
    for number, path in enumerate(places(sample)):
        for wrong in WRONG[number % 5 :: 5]:
            text = json.dumps(changed(sample, path, wrong), ensure_ascii=False, indent=1)
            text = text.replace("Infinity", ".inf")
            refused += bool(check(parse, text, f"{path}: {wrong!r:.60}"))

    assert refused > 150


@pytest.mark.parametrize("which", FILES)
def test_every_key_that_is_misspelt_is_named(which: str) -> None:
    """With the key that was meant, where the key is one of ours."""
    sample, parse = FILES[which]
    for path in places(sample):
        if not path or not isinstance(path[-1], str) or {"name", "windows"} & set(path[:-1]):
            continue
        *above, key = path
        holder: Any = sample
        for part in above:
            holder = holder[part]
        put = {(f"{k}_x" if k == key else k): v for k, v in holder.items()}
        errors = check(parse, json.dumps(changed(sample, tuple(above), put), indent=1), str(path))
        said = [EN.error(error) for error in errors]
        assert any(f"{key}_x" in line for line in said), path


@pytest.mark.parametrize("which", FILES)
def test_every_key_that_stands_twice_is_named(which: str) -> None:
    """The second does not silently win."""
    sample, parse = FILES[which]
    for path in places(sample):
        if path and isinstance(path[-1], str):
            marked = json.dumps(changed(sample, path, "@@"), indent=1)
            twice = marked.replace(f'"{path[-1]}": "@@"', f'"{path[-1]}": 1, "{path[-1]}": 1')
            errors = check(parse, twice, str(path))
            assert any("stands here twice" in EN.error(error) for error in errors), path


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "anchors"),
        ("id: &x trial\nname: *x\n", "anchors"),
        ("id: trial\n<<: {anchor: meeting_end}\n", "<<"),
        ("id: trial\nsteps:\n\t- id: a\n", "tab"),
        ("id: trial\nid: other\n", "stands here twice"),
        ("id: !!python/object/new:os.system [ls]\n", "tags"),
        ("id: trial\n---\nid: other\n", "second document"),
        ("[" * 5000, "nested"),
        ("steps: " + "[{a: " * 3000, "nested"),
        ("id: trial\n" + "# x\n" * 3_000_000, "longer than"),
        ("id: '" + "x" * 10_000_000 + "'\n", "longer than"),
        ("steps:\n" + "  - {id: a, day: 1, mail: b}\n" * 400_000, "longer than"),
        ("steps:\n" + "  - {id: a, day: 1, mail: b}\n" * 1_500, "steps"),
        ("id: tri\x07al\n", "control character"),
        ("\x00" * 1000, "control character"),
        ("- id: trial\n", "expected"),
        ("trial\n", "expected"),
        ("", "expected keys"),
        ("id: trial\nanchor: [\n", "not YAML"),
    ],
    ids=lambda text: text[:20] if len(text) < 30 else f"{text[:12]}…{len(text)}",
)
def test_hostile_files_end_in_words_and_quickly(tmp_path: Path, text: str, said: str) -> None:
    """As a scenario, through the program: exit code 1, place and reason, no traceback."""
    path = tmp_path / "trial.yaml"
    path.write_text(text, encoding="utf-8")
    started = time.process_time()
    call = ["simulate", str(path), "--anchor", "2027-04-05T15:00"]
    found = CliRunner(env={"NURTURE_LANG": "en"}).invoke(program, call)

    assert 1 == found.exit_code, found.output[:500]
    assert "trial.yaml" in found.stderr
    assert said in found.stderr
    assert "Traceback" not in found.output
    assert len(found.stderr) < 20_000
    assert time.process_time() - started < 10


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Pictures, UTF-16, folders, nothing at all."""
    for name, data in (
        ("a.yaml", b"\x89PNG\r\n\x1a\n\x00"),
        ("b.yaml", "id: x".encode("utf-16")),
        ("c.yaml", None),
    ):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        call = ["simulate", str(tmp_path / name), "--anchor", "2027-04-05T15:00"]
        found = CliRunner(env={"NURTURE_LANG": "en"}).invoke(program, call)
        assert (1, True) == (found.exit_code, name in found.stderr), found.output
        assert "Traceback" not in found.output
