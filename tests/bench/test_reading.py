"""``nurture bench read``: what is measured is the reading of each mail, beside the standard library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from nurture.bench.reading import measure
from nurture.cli.main import program
from nurture.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

MAIL = b"From: sato@hospital.example\nSubject: Re: x\nContent-Type: text/plain; charset=utf-8\n\n%d\n"


def test_all_mails_are_read_in_each_round() -> None:
    """Two rounds at least, over all mails of the place; both clocks ran."""
    found = measure("x", ((f"{n}.eml", MAIL % n) for n in range(30)), seconds=0.01)

    assert (30, len(MAIL % 1) * 10 + len(MAIL % 10) * 20) == (found.mails, found.bytes)
    assert found.rounds >= 2
    assert found.seconds > 0
    assert found.baseline > 0
    assert found.factor == pytest.approx(found.baseline_per_second / found.per_second)
    assert not found.shortened


def test_no_mail() -> None:
    """A place without a mail is the user's mistake, said in words."""
    with pytest.raises(UserError, match="there is no mail"):
        measure("x", [], seconds=0.01)


def test_command(tmp_path: Path) -> None:
    """A folder's mails are counted and nothing else in it; the table and the JSON say the same."""
    for n in range(3):
        (tmp_path / f"{n}.eml").write_bytes(MAIL % n)
    (tmp_path / "labels.json").write_text("{}")
    runner = CliRunner()
    told = runner.invoke(program, ["bench", "read", str(tmp_path), "--seconds", "0.1"])
    (line,) = json.loads(
        runner.invoke(program, ["bench", "read", str(tmp_path), "--seconds", "0.1", "--json"]).stdout
    )

    assert 0 == told.exit_code
    assert tmp_path.name in told.stdout
    assert 3 == line["mails"]
    assert line["factor"] > 0


def test_golden_collection() -> None:
    """Without a place the collection of the source tree is measured."""
    (line,) = json.loads(CliRunner().invoke(program, ["bench", "read", "--seconds", "0.1", "--json"]).stdout)

    assert line["mails"] >= 150
