"""What is measured is the real thing: every letter leaves once, and is written down."""

from __future__ import annotations

import json
import subprocess
import sys
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from nurture.bench import queue, sending
from nurture.bench.work import LIBRARY, PIPELINE
from nurture.files.scenario import read_scenario
from nurture.files.shipped import shipped
from nurture.mail.compose import compose

if TYPE_CHECKING:
    from pathlib import Path

    from nurture.bench.sending import Line


@pytest.mark.parametrize("size", [2_000, 10_000])
def test_a_letter_has_the_size_that_was_asked_for(size: int) -> None:
    """Within a fifth; and it is a letter that a reader understands."""
    letter = queue.Queue(read_scenario(shipped() / "scenarios" / "warm-lead-30d.yaml"), size).letter()
    data = compose(letter, date=queue.NOW, unsubscribe_mail=queue.ADDRESS)

    assert abs(len(data) - size) < size / 5
    read = message_from_bytes(data, policy=policy.default)
    assert letter.body.strip() == read.get_content().replace("\r\n", "\n").strip()


def test_a_run_sends_all_and_measures(tmp_path: Path) -> None:
    """The pipeline and the baselines, each in its own process: all letters accepted and recorded (or it is an
    error), with time, processor and memory.
    """
    lines: list[Line] = []

    sending.measure(
        tmp_path,
        letters=60,
        sizes=(2_000,),
        connections=(2,),
        url=None,
        own_sink=True,
        show=lines.append,
        say=lambda _: None,
    )

    kinds = [line.what for line in lines]
    assert {LIBRARY, PIPELINE} <= set(kinds)
    ours = lines[kinds.index(PIPELINE)].measured
    assert 60 == ours.letters
    assert 0 < ours.first <= ours.seconds
    assert ours.cpu > 0
    assert ours.peak_mb > 1


def test_the_command_prints_what_it_measured() -> None:
    """As JSON, one object for each run; nothing is left behind."""
    command = [sys.executable, "-m", "nurture", "bench", "send", "--letters", "20", "--size", "2000"]
    command += ["--connections", "1", "--own-sink", "--json"]

    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)

    found = {line["what"]: line for line in json.loads(done.stdout)}
    assert 20 == found[PIPELINE]["letters"]
    assert found[PIPELINE]["mails_per_second"] > 0
    assert "sqlite" == found[PIPELINE]["database"]
