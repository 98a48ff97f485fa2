"""``nurture simulate`` against a planner that reads the same files and shares no code with it (``plainly``)."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from nurture.cli.main import program
from nurture.files import library
from nurture.files.calendar import Around, Found, look
from nurture.files.shipped import shipped
from tests.reports.plainly import Expected, simulate
from tests.reports.worlds import World, world

DAY = timedelta(days=1)
WORLDS = 300
CALENDARS = Path(__file__).parents[2] / "calendars"


@pytest.fixture
def kept_calendars(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calendars that ship are read once for all worlds."""
    monkeypatch.setattr(library, "look", _look)


_kept: dict[Path, Found] = {}


def _look(path: Path, around: Around) -> Found:
    if not path.is_relative_to(shipped()):
        return look(path, around)
    if path not in _kept:
        _kept[path] = look(path, around)
    return _kept[path]


def asked(of: World) -> Any:
    """What the program says, in process."""
    found = CliRunner(env={"NURTURE_LANG": "en"}).invoke(program, ["simulate", *of.options, "--format", "json"])
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def expected(of: World) -> list[list[Expected]]:
    """What it should say."""
    return simulate(of.scenario, [of.calendars, CALENDARS], of.contacts, of.anchor, of.now, of.dates, of.flags)


def compare(of: World, said: Any) -> None:
    """Every step of every enrollment: outcome, dates, moment, reasons."""
    wanted = expected(of)
    assert len(wanted) == len(said["enrollments"])
    for place, (steps, enrollment) in enumerate(zip(wanted, said["enrollments"], strict=True)):
        for should, is_ in zip(steps, enrollment["steps"], strict=True):
            where = f"enrollment {place}, step {should.id}"
            assert should.outcome == is_["outcome"], where
            assert should.nominal.isoformat() == is_["nominal"], where
            if should.endless:
                continue
            assert (should.last.isoformat() if should.last else None) == is_["expires"], where
            _moment(should, is_, ZoneInfo(enrollment["timezone"]), datetime.fromisoformat(said["now"]), where)
            _reasons(should, is_, where)


def _moment(should: Expected, is_: Any, zone: ZoneInfo, now: datetime, where: str) -> None:
    """The instant lies on its date, where it must, in the offset of the place."""
    if should.on is None:
        assert is_["planned"] is None, where
        return
    at = datetime.fromisoformat(is_["planned"])
    local = at.astimezone(zone)
    assert (at.utcoffset(), should.on) == (local.utcoffset(), local.date()), where
    if should.exact is not None:
        assert should.exact == at.astimezone(UTC), where
    elif should.hours is not None:
        minute = local.hour * 60 + local.minute
        changed = (local + DAY).utcoffset() != (local - DAY).utcoffset()
        assert should.hours[0] <= minute < should.hours[1] or changed, where
        assert at >= now, where


def _reasons(should: Expected, is_: Any, where: str) -> None:
    """The moves are a chain from the nominal date to the planned one, and each is true of each of its days."""
    here = should.nominal
    moves = is_["moves"]
    for move in moves:
        assert date.fromisoformat(move["from"]) == here or is_["planned"] is None, where
        to = date.fromisoformat(move["to"]) if move["to"] else None
        if to is None:
            continue
        day = here
        while day < to or (to < here and day == here):
            entry = move["entry"] if "/" in (move["entry"] or "") else None
            assert (move["rule"], entry) in should.why[day], f"{where}: {move} is not true on {day}"
            day += DAY
        here = to
    if should.on is not None:
        assert here == should.on, where
    else:
        assert moves, where
        assert moves[-1]["to"] is None, where
        assert moves[-1]["rule"] == is_["reason"], where


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.usefixtures("kept_calendars")
def test_the_program_and_the_letter_agree(tenth: int, tmp_path: Path) -> None:
    """On the same files both come to the same outcomes, dates, moments and reasons."""
    for seed in range(tenth, WORLDS, 10):
        folder = tmp_path / str(seed)
        folder.mkdir()
        of = world(seed, folder)
        try:
            compare(of, asked(of))
        except AssertionError as error:
            raise AssertionError(f"world {seed}: {' '.join(of.options)}") from error


@pytest.mark.parametrize("seed", [1, 22, 333])
def test_the_program_as_people_call_it_agrees_too(seed: int, tmp_path: Path) -> None:
    """In a process of its own, through its entry point."""
    of = world(seed, tmp_path)
    command = [sys.executable, "-m", "nurture", "simulate", *of.options, "--format", "json"]
    found = subprocess.run(command, capture_output=True, check=True, timeout=60)

    compare(of, json.loads(found.stdout))
