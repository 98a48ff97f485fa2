"""The HTML alternative of a letter, made of its text and of nothing else (``multipart/alternative``).

It shows what the text shows: paragraphs, line breaks, and as links the addresses that stand there, under their own
words. No images, nothing fetched, no style sheet; no colours either, so that a reader's dark mode stays readable.
``lang`` makes programs choose Japanese shapes for characters that Chinese writes in another way.

What stands here goes through a filter that knows only the text; ``tests/mail/test_markup.py`` reads the text back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from nurture.mail.text import FOOTER_RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

FONT: Final = "'Hiragino Sans','Yu Gothic UI',Meiryo,sans-serif"
"""Mail programs on Windows fall back to a serif face when nothing is said."""
HEAD: Final = (
    '<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width">\n'
    '<meta name="color-scheme" content="light dark">\n</head>\n<body>\n'
    '<div style="max-width:44em;font-family:{font};font-size:15px;line-height:1.7">\n'
)
HEADS: Final = {language: HEAD.format(language=language, font=FONT) for language in ("ja", "en")}
PARAGRAPH: Final = '<p style="margin:0 0 1em">'
RULE: Final = '<hr style="border:0;border-top:1px solid;margin:0 0 1em">'
FOOT: Final = "</div>\n</body>\n</html>\n"

JAPANESE: Final = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
ADDRESS: Final = re.compile(
    r"(https?://[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+)"
    r"|(?<![A-Za-z0-9.!#$%&'*+/=?^_`{|}~-])[A-Za-z0-9][A-Za-z0-9._+-]{0,63}"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?)+"
)
BLANKS: Final = re.compile(r"\A |  +")
SENTENCE: Final = ".,:;!?'"
"""Signs that end a sentence, not the address before them."""
PAIRS: Final = {")": "(", "]": "["}


def html(text: str) -> str:
    """The text as a page; its line ends are ``LF``."""
    head = HEADS["ja" if JAPANESE.search(text) else "en"]
    return head + "\n".join(_blocks(text.rstrip("\n"))) + "\n" + FOOT


def fragment(text: str) -> str:
    """The same paragraphs without the page around them and without any style, to be shown within another page."""
    blocks = "\n".join(_blocks(text.rstrip("\n")))
    return blocks.replace(PARAGRAPH, "<p>").replace(RULE, "<hr>")


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs between empty lines; the footer's line as a rule."""
    for block in text.split("\n\n"):
        lines: list[str] = []
        for line in block.split("\n"):
            if line == FOOTER_RULE:
                if lines:
                    yield PARAGRAPH + "<br>\n".join(lines) + "</p>"
                lines = []
                yield RULE
            elif "@" in line or "://" in line:
                lines.append("".join(_linked(line)))
            else:
                lines.append(_shown(line))
        if lines:
            yield PARAGRAPH + "<br>\n".join(lines) + "</p>"


def _linked(line: str) -> Iterator[str]:
    at = 0
    for found in ADDRESS.finditer(line):
        said = _without_sentence(found[0]) if found[1] else found[0]
        if said.endswith("//"):
            continue
        yield _shown(line[at : found.start()])
        shown = _shown(said)
        yield f'<a href="{"" if found[1] else "mailto:"}{shown}">{shown}</a>'
        at = found.start() + len(said)
    yield _shown(line[at:])


def _without_sentence(url: str) -> str:
    """An address without the signs of the sentence around it, and without a bracket that was opened before it."""
    while url[-1] in SENTENCE or (url[-1] in PAIRS and url.count(url[-1]) > url.count(PAIRS[url[-1]])):
        url = url[:-1]
    return url


def _shown(text: str) -> str:
    """Text for a page: markup escaped, blanks that a page would swallow kept."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text or ">" in text:
        text = text.replace("<", "&lt;").replace(">", "&gt;")
    if "\t" in text:
        text = text.replace("\t", "    ")
    if "  " in text or text[:1] == " ":
        text = BLANKS.sub(lambda run: "&nbsp;" * max(len(run[0]) - 1, 1) + " " * (len(run[0]) > 1), text)
    return text
