"""Plain text for mail: how wide it is, where its lines may break, and where the legal footer begins.

Theory of operation
===================
A line of the source is a line of the mail; only a line wider than ``HARD`` columns is broken, at about
``SOFT`` columns (35 full-width characters, facts on Japanese business mail). Three kinds of places matter:

* *wished* breaks: the ends of phrases (handed in: a model of Japanese phrases is not ours to know), spaces,
  and both ends of an address;
* *forbidden* breaks: before closing punctuation and after opening punctuation (kinsoku, JIS X 4051), and
  inside a date, a number with its unit, a short 「quotation」, or an ASCII word;
* addresses (URL, mail) are never broken, not even where they are wider than the line.

Wished breaks that are not forbidden cut the line into pieces that are filled in. A line that is full ends
after its last sentence or comma, where that leaves it long enough, as a person would break it; else after its
last piece. A piece that is too wide by itself is cut between characters, where kinsoku still holds. A list
item hangs: what follows its first line stands under its text. Nothing but white space at a break is ever taken
away.

The footer begins at the *last* line that is exactly ``FOOTER_RULE``. The system writes the footer last and
never writes that line inside it, so no text before it can move the place where it begins.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Phrases = Callable[[str], Sequence[str]]

SOFT: Final = 70
HARD: Final = 76
AFTER_SENTENCE: Final = 44
AFTER_COMMA: Final = 54
"""A full line ends after a 。 or a 、 that stands at least so many columns in."""
FOOTER_RULE: Final = "-" * 72
SIGNATURE_RULE: Final = "-- "
"""RFC 3676 section 4.3: mail programs leave out what follows when they quote (and with it our 配信停止)."""

NO_START: Final = frozenset(
    "、。，．・：；？！」』】〕）］｝〉》”’ー〜～…‥々ゝゞヽヾ゛゜％℃"
    "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)]}%｡､｣"
)
NO_END: Final = frozenset("「『【〔（［｛〈《“‘￥〒([{｢＃№")

_ADDRESS = re.compile(r"https?://[!-~]+|[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]+")
_TOGETHER = re.compile(
    r"(?:\d{4}年)?\d{1,2}月\d{1,2}日(?:[(（][月火水木金土日][)）])?"
    r"|「[^「」\s]{1,12}」"
    r"|[0-9][0-9.,:/-]*(?:ページ|時間|か月|[分秒時日月年名件回点割倍床社院人台])?"
    r"|[!-~]+"
)
_MARK = re.compile(
    r"[ \t　]*(?:(?:[・•●○■□◆◇▼※→]|[①-⑳]|[-*](?= )|\d{1,2}[.)．](?= ?\D)|[（(]\d{1,2}[)）])[ 　]*)?"
)
_UNSEEN = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")


def width(text: str) -> int:
    """Columns on a Japanese screen: wide, full-width and ambiguous characters are two, combining ones none."""
    return sum(map(_columns, text))


@lru_cache(maxsize=8192)
def _columns(char: str) -> int:
    if _joins(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WFA" else 1


def clean(text: str) -> str:
    """The text without control characters and direction overrides; line ends as ``LF``, tabs as a space."""
    text = re.sub("\r\n|[\r\v\f\x85\u2028\u2029]", "\n", text).replace("\t", " ")
    text = _UNSEEN.sub("", text)
    return "".join(char for char in text if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"})


def tidy(text: str) -> str:
    """The text without white space at line ends, with at most one blank line in a row, and none at its ends."""
    lines = [line if line == SIGNATURE_RULE else line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def one_line(text: str) -> str:
    """The text on one line, each run of white space as one space: what may stand in a header."""
    return re.sub(r"\s+", " ", clean(text)).strip()


def wrap(text: str, phrases: Phrases | None = None) -> str:
    """Break lines wider than ``HARD`` columns.

    Args:
        text: lines; blank ones are kept.
        phrases: cuts a line into phrases that are better not broken (their concatenation is the line).
            Without it a line may break between any two characters that kinsoku lets part.
    """
    return "\n".join(piece for line in text.split("\n") for piece in _wrap_line(line, phrases))


def split_footer(body: str) -> tuple[str, str]:
    """The text that people write, and the legal footer with its rule; the footer is empty if there is none."""
    lines = body.split("\n")
    for place in range(len(lines) - 1, -1, -1):
        if lines[place] == FOOTER_RULE:
            return "\n".join(lines[:place]).rstrip("\n"), "\n".join(lines[place:]).rstrip("\n") + "\n"
    return body.rstrip("\n"), ""


def with_footer(text: str, footer: str) -> str:
    """The text, a blank line, the footer."""
    return f"{text.rstrip()}\n\n{footer}" if footer else f"{text.rstrip()}\n"


def refooter(old_body: str, new_text: str) -> str:
    """What a person wrote in place of the text, with the footer of the old body as it was.

    A footer that was pasted along is dropped first, so that it never stands there twice.
    """
    footer = split_footer(old_body)[1]
    text = tidy(clean(new_text))
    while footer and text.endswith(footer.rstrip("\n")):
        text = text.removesuffix(footer.rstrip("\n")).rstrip("\n")
    return with_footer(wrap(text), footer)


def _wrap_line(line: str, phrases: Phrases | None) -> Iterator[str]:
    line = line if line == SIGNATURE_RULE else line.rstrip()
    if width(line) <= HARD:
        yield line
        return
    mark = _mark(line)
    columns = width(mark)
    hang = "".join("　" if width(char) == 2 else " " for char in mark)
    started, filled = mark, list[str]()
    pieces = [cut for piece in _pieces(line[len(mark) :], phrases) for cut in _cut(piece, SOFT - columns)]
    rest = sum(width(piece) for piece in pieces)
    for piece in pieces:
        while filled:
            used = columns + width("".join(filled))
            if used + width(piece.rstrip()) <= SOFT or used + rest <= HARD:
                break
            end = _end(filled, columns)
            yield (started + "".join(filled[:end])).rstrip()
            started, filled = hang, filled[end:]
        rest -= width(piece)
        filled.append(piece if filled else piece.lstrip(" 　"))
    if filled:
        yield (started + "".join(filled)).rstrip()


def _end(filled: list[str], columns: int) -> int:
    """How many pieces of a full line stay on it: up to its last sentence or comma, if that is far enough in."""
    used = columns + width("".join(filled))
    for end in range(len(filled), 0, -1):
        last = filled[end - 1].rstrip()[-1:]
        if (last in "。！？" and used >= AFTER_SENTENCE) or (last == "、" and used >= AFTER_COMMA):
            return end
        used -= width(filled[end - 1])
    return len(filled)


def _mark(line: str) -> str:
    """The indent and list mark with which a line begins; one that leaves too little room is none."""
    found = _MARK.match(line)
    mark = found.group() if found else ""
    return mark if width(mark) <= SOFT // 2 else ""


def _pieces(text: str, phrases: Phrases | None) -> list[str]:
    """Cut where a break is wished and not forbidden."""
    wished = set(_ends(phrases(text))) if phrases else set(range(len(text)))
    wished |= {found.end() for found in re.finditer(r"[ 　]+", text)}
    forbidden: set[int] = set()
    for found in _TOGETHER.finditer(text):
        forbidden |= set(range(found.start() + 1, found.end()))
    for found in _ADDRESS.finditer(text):
        wished |= {found.start(), found.end()}
        forbidden -= {found.start(), found.end()}
        forbidden |= set(range(found.start() + 1, found.end()))
    places = [p for p in sorted(wished - forbidden) if 0 < p < len(text) and _may_part(text[p - 1], text[p])]
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True) if a < b]


def _ends(parts: Sequence[str]) -> Iterator[int]:
    end = 0
    for part in parts:
        end += len(part)
        yield end


def _may_part(before: str, after: str) -> bool:
    return after not in NO_START and before not in NO_END and after not in " 　" and not _joins(after)


def _joins(char: str) -> bool:
    """Whether a character belongs to the one before it: combining marks, joiners, variation selectors."""
    return unicodedata.category(char) in {"Mn", "Me", "Cf"}


def _cut(piece: str, room: int) -> Iterator[str]:
    """A piece that fits as it is; a wider one between characters, but never inside an address."""
    if width(piece.rstrip()) <= room:
        yield piece
        return
    current = ""
    for unit in _units(piece, room):
        if current and width(current) + width(unit.rstrip()) > room:
            yield current
            current = ""
        current += unit
    if current:
        yield current


def _units(piece: str, room: int) -> Iterator[str]:
    """Characters and addresses, with those that kinsoku binds to them (as far as a line can hold them)."""
    unit, before = "", ""
    atoms = re.findall(f"{_ADDRESS.pattern}|.", piece)
    for atom in atoms:
        bound = bool(unit) and not _may_part(before, atom[0])
        if unit and (not bound or (width(unit) + width(atom) > room and not _joins(atom[0]))):
            yield unit
            unit = ""
        unit += atom
        before = atom[-1]
    if unit:
        yield unit
