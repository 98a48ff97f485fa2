"""Text to sentences, for the rules that look at what somebody says."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_SENTENCES: Final = 400
MAX_LENGTH: Final = 600

END: Final = re.compile(
    r"(?<=[。！？!?])[」）)]?|(?<=[a-z)][.])(?<![DM]r[.])(?<!Ms[.])(?<!Mrs[.])(?<!rof[.])\s+(?![0-9a-z])|"
    r"(?<=\b20\d\d[.])\s+(?=[A-Z])"
)
JOINS: Final = re.compile(
    r"[。！？!?：:）)」』】]\Z|[.]\Z|(?:です|ます|ました|ません|ください|下さい|願います|致します|ございます|でしょうか)\Z|\Z(?<=^)"
)
BULLET: Final = re.compile(r"[・･●○■□◆◇▼※*＊\-–—]|[(（]?[0-9０-９①-⑳][)）.．、]?[ 　]")


def normal(text: str) -> str:
    """Half-width kana and full-width letters as their usual forms (NFKC); the range signs stay."""
    kept = text.replace("～", "〜").replace("…", "。")
    return unicodedata.normalize("NFKC", kept)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text. A line that is wrapped in the middle of a sentence is put together again."""
    found: list[str] = []
    for paragraph in re.split(r"\n[ \t　]*\n", normal(text)):
        for line in _unwrapped(paragraph):
            for piece in END.split(line):
                said = (piece or "").strip(" \t　")
                if said:
                    found.append(said[:MAX_LENGTH])
                    if len(found) >= MAX_SENTENCES:
                        return tuple(found)
    return tuple(found)


def _unwrapped(paragraph: str) -> list[str]:
    lines: list[str] = []
    open_ = False
    for raw in paragraph.split("\n"):
        line = raw.strip(" \t　")
        if not line:
            continue
        if lines and open_ and not BULLET.match(line):
            between = " " if lines[-1][-1:].isascii() and line[:1].isascii() else ""
            if len(lines[-1]) < MAX_LENGTH:
                lines[-1] += between + line
            else:
                lines.append(line)
        else:
            lines.append(line)
        wide = sum(1 if c < "\u2e80" else 2 for c in line)
        # most people wrap at 30 to 38 full-width characters; a shorter line ends because its author ended it
        open_ = not JOINS.search(line) and (wide >= 44 or line.endswith(("、", ",")))
    return lines
