"""A server's answers out of a stream of bytes (RFC 5321, 4.2), however they were cut into pieces. Pure."""

from __future__ import annotations

from typing import Final

NONSENSE: Final = -1
"""The code of what is no answer: nothing that follows it can be trusted."""

LONGEST_LINE: Final = 8192
LONGEST_ANSWER: Final = 4 * LONGEST_LINE
"""Bytes. A server that says more in one answer is not to be listened to."""


class Answers:
    """Bytes in, (code, text) out, in order."""

    __slots__ = ("_at", "_bytes")

    def __init__(self) -> None:
        self._bytes = b""
        self._at = 0  # where the next answer begins

    @property
    def pending(self) -> bool:
        """Whether there are bytes that belong to no answer taken so far."""
        return self._at < len(self._bytes)

    def feed(self, data: bytes) -> None:
        """What the server said next."""
        self._bytes = self._bytes[self._at :] + data if self.pending else data
        self._at = 0

    def take(self) -> tuple[int, str] | None:
        """The next answer, the lines of its text joined by line feeds; None until its end has come."""
        data, start = self._bytes, self._at
        end = data.find(b"\n", start)
        if end >= 0 and data[start + 3 : start + 4] == b" " and end - start <= LONGEST_LINE:  # nearly always
            code = data[start : start + 3]
            if code.isdigit():
                self._at = end + 1
                return int(code), data[start + 4 : end].decode("utf-8", "replace").strip()
        return self._take_slowly()

    def _take_slowly(self) -> tuple[int, str] | None:
        data, start = self._bytes, self._at
        lines: list[str] = []
        while (end := data.find(b"\n", start)) >= 0:
            line = data[start:end]
            start = end + 1
            if not line[:3].isdigit() or len(line) > LONGEST_LINE or start - self._at > LONGEST_ANSWER:
                return NONSENSE, line[:LONGEST_LINE].decode("utf-8", "replace")
            lines.append(line[4:].decode("utf-8", "replace").strip())
            if line[3:4] != b"-":
                self._at = start
                return int(line[:3]), "\n".join(lines)
        if len(data) - start > LONGEST_LINE or len(data) - self._at > LONGEST_ANSWER:
            return NONSENSE, "the answer is too long"
        return None
