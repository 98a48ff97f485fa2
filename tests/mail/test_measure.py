"""What measures the reader counts rightly."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from tests.mail.measure import half, lines, measure, mutated, torture

if TYPE_CHECKING:
    from pathlib import Path

BOUNCE = """Return-Path: <>
From: MAILER-DAEMON@mx.example
Subject: Undelivered Mail Returned to Sender

<sato@hospital.example>: {}
"""
HARD = "host mx said: 550 5.1.1 <sato@hospital.example>: User unknown (in reply to RCPT TO command)"
SOFT = "host mx said: 552 5.2.2 Mailbox full"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four reports, one of them labelled against what it says, and a reply."""
    (tmp_path / "mails").mkdir()
    labels = {}
    for name, words, permanent, reason in (
        ("a-1.eml", HARD, True, "userunknown"),
        ("a-2.eml", SOFT, False, "mailboxfull"),
        ("b-1.eml", HARD, False, "filtered"),
        ("b-2.eml", "550 5.2.1 The account is disabled", False, "suspend"),
    ):
        (tmp_path / "mails" / name).write_text(BOUNCE.format(words))
        labels[name] = {"kind": "bounce", "rows": [{"status": "", "reason": reason, "permanent": permanent}]}
    (tmp_path / "mails" / "c-1.eml").write_text("From: a@b.example\nSubject: Re: x\n\nhello\n")
    labels["c-1.eml"] = {"kind": "reply", "rows": []}
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    return tmp_path


def test_score(folder: Path) -> None:
    """Recognised, hard or soft, false permanents; disabled accounts are counted apart."""
    score = measure(folder)

    assert (4, 4, 1, []) == (score.bounces, score.known, score.others, score.taken)
    assert (3, ["b-1.eml"], ["b-2.eml"]) == (score.judged, score.hardened, score.disputed)
    assert (2 / 3, 1 / 3) == pytest.approx((score.right, score.false_permanents))
    assert (2 / 4, 2 / 4) == pytest.approx((score.right_strictly, score.false_permanents_strictly))
    assert "4/4 recognised (100.0%)" in next(iter(lines("all", score)))


def test_halves_share_no_writer(folder: Path) -> None:
    """Reports of one writer are on one side, and both sides together are everything."""
    assert half("lhost-exim-06.eml") == half("lhost-exim-41.eml")
    assert measure(folder).bounces == sum(measure(folder, part).bounces for part in ("first", "second"))


def test_torture_is_the_same_each_time(folder: Path) -> None:
    """The same seed tears the same mails; nothing of them is unreadable."""
    raw = (folder / "mails" / "a-1.eml").read_bytes()

    assert mutated(raw, random.Random(7)) == mutated(raw, random.Random(7))
    assert 0 == torture(folder / "mails", 50, 1)[0]
