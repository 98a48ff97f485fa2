"""What a person wrote now: without the mail that is quoted, the signature and the disclaimer.

Theory of operation
===================
Quoted text is found by its marks: lines that begin with ``>``; the line above it that says who wrote when
("On … wrote:", "2026年11月20日(金) 10:00 田中 <…>:", "…のメール:", "…さんは書きました:"); the bar
("-----Original Message-----", "----- 元のメッセージ -----"); the header block that Outlook, Notes, Garoon
and Cybozu put above it ("差出人: / 送信日時: / 宛先: / 件名:").

Who wrote when is known by its parts rather than by each program's form: one to three lines that end in a colon and
have two of a time, an address, and a verb such as *wrote*, *schrieb*, *のメール*.

After a bar or a header block everything is quoted. After a line that says who wrote, either ``>`` lines
follow, and what stands between and below them is new (an answer between the lines), or no mark follows and
everything is quoted. Our own footer has 配信停止 in it, so in doubt a line counts as quoted.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from nurture.mail.quote_words import (
    BANNER,
    BAR,
    COLON,
    FIELD,
    NAMED,
    OPENS,
    QUOTE,
    SHARED,
    STACKED_SUBJECT,
    STACKED_TO,
    VERB,
    WHEN,
    WHO,
)
from nurture.mail.signatures import is_rule, split_signature

BARE: Final = re.compile(
    r"[ \t]*(?:on )?\d{2,4}[/.-]\d{1,2}[/.-]\d{1,4}[^\n]{0,80}<[^<>\s]{3,160}@[^<>\s]{3,160}>\Z"
)
"""A date, a name and an address without a colon: only above marked lines."""
ABOVE: Final = re.compile(
    r"[ \t　]*(?:\S[^\n。]{0,80}?)?(?:さんの?(?:メッセージ|メール|発言|コメント|投稿|返信)|\b(?:wrote|"
    r"writes)\b|書き(?:まし|込みまし)た|\b(?:message|mail) from [^\n。]{1,60})[^\n。]{0,12}"
    r"[:：][ \t　]*\Z|"
    r"[^\n]{0,80}<[^<>\s@]{3,160}@[^<>\s]{3,120}>[ 　]*(?:から|より|にて|の記事(?:において|にて)?)[:：]?[ 　]*\Z",
    re.IGNORECASE,
)
"""Who wrote, without when and without an address: only above marked lines."""
MAX_LINES: Final = 4000
MAX_LINE: Final = 250  # characters of a line that says who wrote


class Split(NamedTuple):
    """The new text, the signature (with disclaimers), and whether something was quoted."""

    text: str
    signature: str
    quoted: bool


def split(text: str) -> Split:
    """New text and signature of a mail's text. Whatever the input, the pieces are pieces of it."""
    text = text.replace("\u200b", "").replace("\ufeff", "")
    lines = [line.rstrip() if line != "-- " else line for line in text.split("\n")[:MAX_LINES]]
    kept, quoted = _without_quotes(lines)
    body, signature = split_signature(kept)
    while quoted and body and (not body[-1].strip() or is_rule(body[-1])):
        body = body[:-1]  # the top of a frame, say, whose sides look like marks of a quote
    new = re.sub(r"\n{3,}", "\n\n", "\n".join(body))
    return Split(new.strip("\n 　\t"), "\n".join(signature).strip("\n"), quoted)


def _without_quotes(lines: list[str]) -> tuple[list[str], bool]:
    lines = _without_banner(lines)
    end = min(_bar(lines), _block(lines), _stacked(lines))
    quoted = end < len(lines)
    lines = lines[:end]
    kept: list[str] = []
    at = 0
    for first, last, before in _attributions(lines):
        if first < at:
            continue
        kept.extend(lines[at:first])
        if before:
            kept.append(before)
        rest = next((line for line in lines[last + 1 :] if line.strip()), "")
        quoted = True
        if not QUOTE.match(rest):  # nothing below is marked: all of it is the quoted mail
            return _without_marked(kept)[0], True
        at = last + 1
    kept.extend(lines[at:])
    new, marked = _without_marked(kept)
    return new, quoted or marked


def _without_marked(lines: list[str]) -> tuple[list[str], bool]:
    new = [line for line in lines if not QUOTE.match(line)]
    return new, len(new) < len(lines)


def _attributions(lines: list[str]) -> list[tuple[int, int, str]]:
    """The places that say who wrote: first and last line, and what of the first belongs to the answer."""
    found: list[tuple[int, int, str]] = []
    for index, line in enumerate(lines):
        if not line.strip() or len(line) > 4 * MAX_LINE or QUOTE.match(line):
            continue
        if shared := SHARED.search(line):
            found.append((index, index, line[: shared.start()]))
        elif BARE.match(line) and _marked_below(lines, index):
            found.append((index, index, ""))
        elif (COLON.search(line) or VERB.search(line[-40:])) and (first := _attribution(lines, index)) is not None:
            found.append((first, index, ""))
        elif ABOVE.match(line[:MAX_LINE]) and _marked_below(lines, index):
            found.append((index, index, ""))
    text = "\n".join(lines)
    for match in NAMED.finditer(text):
        if not QUOTE.match(match[0].lstrip("\n")):
            first = text.count("\n", 0, match.start() + (match[0][:1] == "\n"))
            found.append((first, first + match[0].strip("\n").count("\n"), ""))
    return sorted(found)


def _marked_below(lines: list[str], index: int) -> bool:
    return QUOTE.match(next((line for line in lines[index + 1 :] if line.strip()), "")) is not None


def _attribution(lines: list[str], last: int) -> int | None:
    """The first line of what says who wrote and ends with the line ``last``; None if it says no such thing."""
    window = ""
    for first in range(last, max(-1, last - 4), -1):
        line = lines[first]
        if not line.strip() or QUOTE.match(line):
            return None
        window = f"{line.strip()} {window}".strip()
        if len(window) > MAX_LINE + 60:
            return None
        when, who, verb = WHEN.search(window), WHO.search(window), VERB.search(window[-160:])
        if not COLON.search(window) and not (when and who and verb):
            return None
        if (when and (who or verb)) or (verb and who and not _goes_on(lines, first)):
            return first
        if verb and who:
            continue
    return None


def _goes_on(lines: list[str], first: int) -> bool:
    """Whether the line above begins the sentence: it says when, and opens as programs do."""
    above = lines[first - 1] if first else ""
    return bool(above.strip()) and OPENS.match(above) is not None and WHEN.search(above) is not None


def _bar(lines: list[str]) -> int:
    """The first line that says that the rest is another mail."""
    for index, line in enumerate(lines):
        if 4 <= len(line) <= 200 and BAR.match(line):
            return index
    return len(lines)


def _block(lines: list[str]) -> int:
    """The first line of a header block; the rule that Outlook draws above it belongs to it.

    At least three fields within seven lines, the sender's among them; or who and when alone, one below the other.
    """
    for index, line in enumerate(lines):
        match = FIELD.match(line)
        if match is None:
            continue
        near = [FIELD.match(other) for other in lines[index : index + 7]]
        names = {m[_kind(m)].lower() for m in near if m}
        kinds = {_kind(m) for m in near if m}
        told = "sender" in kinds or {"to", "other"} <= kinds
        together = any(near[1:3])  # a line "From: here on …" and a block far below are two things
        if (len(names) >= 3 and told and together) or _pair(match, near[1] if len(near) > 1 else None):
            return _above(lines, index)
    return len(lines)


def _stacked(lines: list[str]) -> int:
    """The first line of a header without colons, as Notes has it: who, when, "To" and "Subject" by themselves."""
    for index, line in enumerate(lines):
        if len(line) > 200 or not WHO.search(line) or WHO.sub("", line).strip().count(" ") > 6:
            continue
        near = [other.strip() for other in lines[index + 1 : index + 14] if other.strip()]
        names = {other.lower().rstrip(":：") for other in near if len(other) < 12}
        if near and len(near[0]) < 60 and WHEN.match(near[0]) and names & STACKED_TO and names & STACKED_SUBJECT:
            return index
    return len(lines)


def _without_banner(lines: list[str]) -> list[str]:
    """Without the warning that a mail gateway, theirs or ours, put above the text."""
    start = next((n for n, line in enumerate(lines) if line.strip()), 0)
    end = next((n for n in range(start, min(len(lines), start + 5)) if not lines[n].strip()), None)
    if end is None or not BANNER.match(" ".join(line.strip() for line in lines[start:end])):
        return lines
    return lines[end:]


def _above(lines: list[str], start: int) -> int:
    index = start
    while start > 0 and (not lines[start - 1].strip() or is_rule(lines[start - 1])) and index - start < 3:
        start -= 1
    return start


def _kind(match: re.Match[str]) -> str:
    return next(kind for kind in ("sender", "when", "to", "other") if match[kind])


def _pair(one: re.Match[str], other: re.Match[str] | None) -> bool:
    """From with Date, or Date with To, in two lines that follow each other, with a time and an address in them."""
    if other is None:
        return False
    values = f"{one['value']} {other['value']}"
    known = (_kind(one), _kind(other)) in {("sender", "when"), ("when", "to"), ("when", "sender")}
    return known and WHEN.search(values) is not None and WHO.search(values) is not None
