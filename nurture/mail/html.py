"""HTML to the text that a person sees. One pass, linear; quotes become ``> ``."""

from __future__ import annotations

import html
import re
from typing import Final

TAG: Final = re.compile(r"<(?:(!--)|(/?)([a-zA-Z][a-zA-Z0-9:]*)([^<>]*)>|[!?/][^<>]*>)")
BLOCK: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
HIDDEN: Final = frozenset({"script", "style", "head", "template", "title"})
UNSHOWN: Final = re.compile(r"""style\s*=\s*(?:"[^"]*|'[^']*|[^\s"'>]*)display\s*:\s*none""", re.IGNORECASE)
"""What newsletters say to the list of mails only; in an answer it is our own."""
INLINE: Final = frozenset({"a", "b", "em", "font", "i", "small", "span", "strong", "td", "th", "u"})
HIDEABLE: Final = (BLOCK | INLINE) - {"br", "hr"}
MAX_ATTRIBUTES: Final = 2000
RULE: Final = "_" * 32


def to_text(source: str) -> str:
    """The text of a page: blocks as lines, ``<hr>`` as a rule, ``<blockquote>`` as lines with ``> ``."""
    out: list[str] = []  # finished lines
    line: list[str] = []
    depth = 0
    at = 0
    open_ended: set[str] = set()  # names of elements of which one was found to have no end

    def end_line() -> None:
        text = re.sub(r"[ \t\r\n\f]+", " ", html.unescape("".join(line))).replace("\xa0", " ").strip(" ")
        line.clear()
        out.append("> " * depth + text)

    while at < len(source):
        match = TAG.search(source, at)
        if match is None:
            line.append(source[at:])
            break
        if (piece := source[at : match.start()]) and (line or not piece.isspace()):
            line.append(piece)  # blanks begin no line: a page of tags would be looked through for each of them
        at = match.end()
        if match[1]:  # a comment
            end = source.find("-->", at)
            if end < 0:
                break
            at = end + 3
            continue
        name = (match[3] or "").lower()
        closing = bool(match[2])
        if name in HIDDEN and not closing and not match[4].endswith("/"):
            end = _end_of(name, source, at)
            if end < 0:
                break
            at = end
        elif name in HIDEABLE - open_ended and not closing and UNSHOWN.search(match[4][:MAX_ATTRIBUTES]):
            end = _end_of_element(name, source, at)
            if end < 0:
                open_ended.add(name)
            at = max(at, end)
        elif name in {"td", "th"} and line:
            line.append(" ")
        elif name == "blockquote":
            end_line()
            depth = max(0, min(depth + (-1 if closing else 1), 20))
        elif name in BLOCK:
            if name in {"br", "hr"} or line:
                end_line()
            if name == "hr":
                out.append(RULE)
            elif name == "p" and closing:
                out.append("> " * depth)
    end_line()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(text.rstrip() for text in out)).strip("\n")


def _end_of(name: str, source: str, at: int) -> int:
    """Where what nobody sees ends: at its end tag; a head also where the body begins."""
    pattern = r"</head|<body" if name == "head" else f"</{name}"
    found = re.compile(pattern, re.IGNORECASE | re.ASCII).search(source, at)
    return found.start() if found else -1


def _end_of_element(name: str, source: str, at: int) -> int:
    """Where an element ends in which others of its name may stand; -1 where it does not."""
    depth = 1
    for match in re.compile(rf"<(/?){name}\b", re.IGNORECASE | re.ASCII).finditer(source, at):
        depth += -1 if match[1] else 1
        if depth == 0:
            return match.start()
    return -1
