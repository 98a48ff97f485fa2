"""What is different between two texts, line by line, as a page shows it."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Final, NamedTuple

AROUND: Final = 1
"""Lines that are shown before and after a change, so that one sees where it is."""


class Line(NamedTuple):
    """``kind``: same | out | in | gap (lines that are the same and left out)."""

    kind: str
    text: str


def lines(before: str, after: str) -> list[Line]:
    """The changed lines with what is around them; empty where nothing is changed."""
    old, new = before.rstrip().splitlines(), after.rstrip().splitlines()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    found: list[Line] = []
    end = 0  # lines of the old text that were shown
    for group in matcher.get_grouped_opcodes(AROUND):
        if all(tag == "equal" for tag, *_ in group):
            continue
        if group[0][1] > end:
            found.append(Line("gap", ""))
        for tag, low, high, first, last in group:
            if tag == "equal":
                found += [Line("same", text) for text in old[low:high]]
                continue
            found += [Line("out", text) for text in old[low:high]]
            found += [Line("in", text) for text in new[first:last]]
        end = group[-1][2]
    if found and end < len(old):
        found.append(Line("gap", ""))
    return found
