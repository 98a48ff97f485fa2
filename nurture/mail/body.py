"""The text of a mail: which of its parts a reader sees first, and flowed lines put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.mail import html
from nurture.mail.parse import MAX_TEXT

if TYPE_CHECKING:
    from nurture.mail.parse import Part


def body(root: Part) -> tuple[str, tuple[str, ...]]:
    """The text that a reader of the mail sees first, and what was wrong with it.

    The plain form of an alternative where it has any words, else its HTML; of a mixed mail the inline texts.
    """
    plain: list[str] = []
    rich: list[str] = []
    defects: list[str] = []
    size = 0
    for part in root.own():
        if part.parts or part.type.startswith(("multipart/", "message/")) or part.attached or size > MAX_TEXT:
            continue
        if part.type == "text/html":
            rich.append(html.to_text(part.decoded.text))
        elif part.type == "text/plain" or (
            part.type.startswith("text/") and part is root and part.type != "text/calendar"
        ):
            if part.filename and plain:
                continue
            plain.append(_flowed(part))
        else:
            continue
        size += len(part.decoded.text)
        if part.decoded.lossy:
            defects.append("charset")
    text = "\n".join(plain)
    if not text.strip():
        text = "\n".join(rich)
    return text.replace("\r\n", "\n").replace("\r", "\n")[:MAX_TEXT], tuple(defects)


def _flowed(part: Part) -> str:
    """RFC 3676: lines that end in a blank go on in the next one of the same depth."""
    text = part.decoded.text
    params = part.content[1]
    if params.get("format", "").lower() != "flowed":
        return text
    joined: list[str] = []
    delete = params.get("delsp", "").lower() == "yes"
    depth_before = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        if (
            joined
            and joined[-1].endswith(" ")
            and depth == depth_before
            and content != "-- "
            and not joined[-1].endswith("-- ")
        ):
            joined[-1] = (joined[-1][:-1] if delete else joined[-1]) + content
        else:
            joined.append((">" * depth + " " if depth else "") + content)
        depth_before = depth
    return "\n".join(joined)
