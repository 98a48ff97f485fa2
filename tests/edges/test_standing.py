"""Which mailboxes cannot send, from one process to another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from nurture.clock import SimulatedClock
from nurture.core.ids import MailboxId
from nurture.core.sending import NoLine
from nurture.standing import Broken, Standing, read

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2027, 5, 10, 1, 0, tzinfo=UTC)
BOX = MailboxId("tanaka")


def test_what_the_daemon_hears_others_can_read(tmp_path: Path) -> None:
    """The first failure says since when; the last, why and until when; a line again ends it."""
    folder = tmp_path / "data" / "lines"
    clock = SimulatedClock(NOW)
    standing = Standing(folder, clock)
    before = read(folder)
    standing.told(BOX, NoLine("421 busy", 1, 5.0))
    clock.advance_to(NOW + timedelta(seconds=6))
    standing.told(BOX, NoLine("554 no", 2, 15.0))
    broken = read(folder)
    standing.told(BOX, None)

    assert {} == before == read(folder)
    assert {BOX: Broken("554 no", 2, NOW, clock.now() + timedelta(seconds=15))} == broken


def test_a_new_daemon_knows_nothing_yet(tmp_path: Path) -> None:
    """What an earlier one has left, and what is no note at all, counts for nothing."""
    (tmp_path / "old.json").write_text('{"answer": "x"}', encoding="utf-8")
    broken = read(tmp_path)
    Standing(tmp_path, SimulatedClock(NOW)).told(BOX, NoLine("421 busy", 1, 5.0))

    assert {} == broken
    assert [BOX] == list(read(tmp_path))


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    """The note is for people; letters do not wait for it."""
    (tmp_path / "lines").write_text("a file", encoding="utf-8")
    standing = Standing(tmp_path / "lines", SimulatedClock(NOW))

    standing.told(BOX, NoLine("421 busy", 1, 5.0))

    assert {} == read(tmp_path / "lines")
