"""What was on the wire is known after a kill, and only then."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from nurture.trace import FileTrace

if TYPE_CHECKING:
    from pathlib import Path


def test_what_left_is_known_to_the_next_daemon(tmp_path: Path) -> None:
    """The letters that were noted, and no others, for the daemon that noted them."""
    trace = FileTrace(tmp_path / "data" / "wire", "boot")
    trace.begin("host:1")
    trace.leaving(["<a@x.example>", "<b@x.example>"])
    trace.leaving(["<c@x.example>"])
    trace.close()

    again = FileTrace(tmp_path / "data" / "wire", "boot")

    assert frozenset({"<a@x.example>", "<b@x.example>", "<c@x.example>"}) == again.left("host:1")
    assert again.left("host:2") is None
    assert 0o600 == (tmp_path / "data" / "wire").stat().st_mode & 0o777


def test_another_boot_knows_nothing(tmp_path: Path) -> None:
    """A file that may have lost its last lines with the power is not believed."""
    trace = FileTrace(tmp_path / "wire", "boot")
    trace.begin("host:1")
    trace.leaving(["<a@x.example>"])

    assert FileTrace(tmp_path / "wire", "other").left("host:1") is None
    assert FileTrace(tmp_path / "wire", "").left("host:1") is None
    assert FileTrace(tmp_path / "gone", "boot").left("host:1") is None


def test_what_is_settled_is_forgotten(tmp_path: Path) -> None:
    """When every outcome is written the notes are of no use: the file does not grow for ever."""
    trace = FileTrace(tmp_path / "wire", "boot")
    trace.begin("host:1")
    trace.leaving(f"<{n}@x.example>" for n in range(1000))

    trace.settled()

    assert frozenset() == trace.left("host:1")
    trace.leaving(["<z@x.example>"])
    assert frozenset({"<z@x.example>"}) == trace.left("host:1")


def test_a_broken_last_line_still_counts(tmp_path: Path) -> None:
    """A line without its end names a letter that may have begun to leave."""
    (tmp_path / "wire").write_text("boot host:1\n<a@x.example>\n<b@x.example>")

    found = FileTrace(tmp_path / "wire", "boot").left("host:1")

    assert frozenset({"<a@x.example>", "<b@x.example>"}) == found


def test_a_line_that_the_disk_took_in_part_takes_no_other_with_it(tmp_path: Path) -> None:
    """The disk is full in the middle of a line: that letter must not leave, and the next one is noted whole."""
    trace = FileTrace(tmp_path / "wire", "boot")
    trace.begin("host:1")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len("boot host:1\n<aaa"), hard))
    try:
        with pytest.raises(OSError, match="too large"):
            trace.leaving(["<aaaaaaaaaa@x.example>"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    trace.leaving(["<b@x.example>"])

    assert "<b@x.example>" in (trace.left("host:1") or ())


def test_what_is_forgotten_needs_no_new_file(tmp_path: Path) -> None:
    """No file can be opened any more, and the daemon works on: what it notes then is noted, or does not leave."""
    trace = FileTrace(tmp_path / "wire", "boot")
    trace.begin("host:1")
    trace.leaving(["<a@x.example>"])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        trace.settled()
        trace.leaving(["<b@x.example>"])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert frozenset({"<b@x.example>"}) == trace.left("host:1")


def test_what_cannot_be_noted_does_not_leave(tmp_path: Path) -> None:
    """A trace that was not begun, or was let go of, does not pretend to have noted anything."""
    trace = FileTrace(tmp_path / "wire", "boot")
    with pytest.raises(OSError, match="not begun"):
        trace.leaving(["<a@x.example>"])
    trace.begin("host:1")
    trace.close()
    with pytest.raises(OSError, match="not begun"):
        trace.leaving(["<a@x.example>"])


def test_a_kill_takes_nothing_away(tmp_path: Path) -> None:
    """A process that notes a letter and is killed the moment after has noted it."""
    program = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from nurture.trace import FileTrace
        trace = FileTrace(Path(sys.argv[1]))
        trace.begin("it")
        for n in range(100):
            trace.leaving([f"<{n}@x.example>"])
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "wire")], check=False, env=dict(os.environ)
    )

    assert -signal.SIGKILL == ended.returncode
    left = FileTrace(tmp_path / "wire").left("it")
    assert left is not None
    assert 100 == len(left)


def test_what_a_server_took_is_known(tmp_path: Path) -> None:
    """Of three letters on the wire one was taken, and one was taken and then offered again: one is certain."""
    trace = FileTrace(tmp_path / "wire", "boot")
    trace.begin("host:1")
    trace.leaving(["<a@x.example>", "<b@x.example>", "<c@x.example>"])
    trace.accepted("<a@x.example>")
    trace.accepted("<b@x.example>")
    trace.leaving(["<b@x.example>"])
    trace.close()

    again = FileTrace(tmp_path / "wire", "boot")

    assert frozenset({"<a@x.example>"}) == again.taken("host:1")
    assert frozenset({"<a@x.example>", "<b@x.example>", "<c@x.example>"}) == again.left("host:1")
    assert frozenset() == again.taken("host:2")


def test_half_a_note_says_nothing(tmp_path: Path) -> None:
    """The process died, or the disk was full, in the middle of the note: that letter is in doubt."""
    (tmp_path / "wire").write_text("boot host:1\n<a@x.example>\n+<a@x.exa")

    assert "<a@x.example>" not in FileTrace(tmp_path / "wire", "boot").taken("host:1")


def test_a_note_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    """The letter has left; that it was taken is only not known."""
    trace = FileTrace(tmp_path / "wire", "boot")

    trace.accepted("<a@x.example>")

    assert not (tmp_path / "wire").exists()
