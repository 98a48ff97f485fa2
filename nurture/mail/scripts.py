"""Patterns of two scripts: what only Japanese can fulfil is not asked of English, nor the other way round.

A rule has a hundred alternatives, and each costs at every place of a sentence. Most sentences are of one script.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

WIDE: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\u3005]")
LATIN: Final = re.compile(r"[A-Za-z]")
WORD: Final = re.compile(r"[A-Za-z]{2,}")
ESCAPE: Final = re.compile(r"\\.")


@dataclass(frozen=True, slots=True)
class TwoScripts:
    """One pattern, in two halves; an alternative that needs neither script stands in both."""

    japanese: re.Pattern[str] | None
    latin: re.Pattern[str] | None

    def found(self, text: str, *, japanese: bool, latin: bool) -> bool:
        """Whether it is in the text; the caller says which scripts the text has (``scripts``)."""
        if japanese and self.japanese is not None and self.japanese.search(text):
            return True
        return (latin or not japanese) and self.latin is not None and self.latin.search(text) is not None


def scripts(text: str) -> tuple[bool, bool]:
    """Whether a text has Japanese characters, and Latin letters."""
    return WIDE.search(text) is not None, LATIN.search(text) is not None


def two_scripts(pattern: str) -> TwoScripts:
    """A pattern's alternatives by what they need; case counts for nothing."""
    japanese: list[str] = []
    latin: list[str] = []
    for one in alternatives(pattern):
        bare = ESCAPE.sub("", one)
        wide, word = WIDE.search(bare) is not None, WORD.search(bare) is not None
        if wide or not word:
            japanese.append(one)
        if not wide or word:
            latin.append(one)
    return TwoScripts(_compiled(japanese), _compiled(latin))


def _compiled(found: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def alternatives(pattern: str) -> list[str]:
    """The alternatives of a pattern that stand outside of all brackets."""
    found: list[str] = []
    start = depth = at = 0
    in_class = False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 2
            continue
        if in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
            at += pattern[at + 1 : at + 2] == "^"
            at += pattern[at + 1 : at + 2] == "]"
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "|" and not depth:
            found.append(pattern[start:at])
            start = at + 1
        at += 1
    return [*found, pattern[start:]]
