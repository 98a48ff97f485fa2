"""Mails that are too long to be read whole: their beginning and their end as one mail. Pure.

What somebody wrote stands at the beginning as a rule, but not always: the report part of a bounce may stand behind
the mail that came back, an answer behind a large attachment. Beginning and end are put together at the first line
of the end that begins a part whose boundary the beginning declares (RFC 2046, 5.1.1); the part in which the gap is
stays torn, which a reader of damaged mails is used to. No server's description of the parts (BODYSTRUCTURE) is
asked for: those are where servers err most.
"""

from __future__ import annotations

import re
from typing import Final

DECLARED: Final = re.compile(rb'\bboundary[ \t]*=[ \t]*(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
MOST: Final = 100  # boundaries that are looked for
LINE: Final = re.compile(rb"^--([^\r\n]{1,72}?)[ \t]*\r?$", re.MULTILINE)


def spliced(start: bytes, end: bytes) -> bytes:
    """A mail's beginning, and of its end all parts that begin in it; the beginning alone where none does."""
    known: set[bytes] = set()
    for found in DECLARED.finditer(start):
        known.add(found[1] or found[2])
        if len(known) >= MOST:
            break
    for line in LINE.finditer(end):
        if line[1] in known:
            return start + b"\r\n" + end[line.start() :]
    return start
