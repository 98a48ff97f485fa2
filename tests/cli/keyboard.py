"""Somebody who types at a terminal: waits for each question, then answers it."""

from __future__ import annotations

import codecs
import os
import pty
import select
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cli.conftest import Shell

PATIENCE = 30.0
"""Seconds for one question to come."""


def converse(shell: Shell, command: Sequence[str], dialogue: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Run the program at a terminal of its own.

    Args:
        shell: where, and in which environment.
        command: its arguments.
        dialogue: what a question says, and the answer to it, in order.

    Returns:
        The exit status and all that stood on the screen.
    """
    ours, theirs = pty.openpty()
    screen = _Screen(ours)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "nurture", *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=shell.folder,
            env={**os.environ, "LC_ALL": "C.UTF-8", **shell.environ},
        )
        os.close(theirs)
        try:
            for question, answer in dialogue:
                screen.wait(question)
                os.write(ours, f"{answer}\n".encode())
            screen.wait(None)
            return process.wait(PATIENCE), screen.text
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    finally:
        os.close(ours)


class _Screen:
    """What stood on it so far, and how far it was read."""

    def __init__(self, line: int) -> None:
        self.line, self.text, self.seen = line, "", 0
        self.decoder = codecs.getincrementaldecoder("utf-8")()

    def wait(self, words: str | None) -> None:
        """Until the words stand on the screen, behind those of the last call; with None, until the end."""
        while words is None or (at := self.text.find(words, self.seen)) < 0:
            ready, _, _ = select.select([self.line], [], [], PATIENCE)
            assert ready, f"{words} does not come:\n{self.text}"
            try:
                got = os.read(self.line, 4096)
            except OSError:  # the other end is closed (EIO)
                got = b""
            if not got:
                assert words is None, f"{words} did not come:\n{self.text}"
                return
            self.text += self.decoder.decode(got)
        self.seen = at + len(words)
