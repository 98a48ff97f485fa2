"""The HTML alternative: the text, the whole text and nothing but the text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given

from nurture.mail.markup import html
from nurture.mail.text import FOOTER_RULE
from tests.mail.letters import BODIES


class Reader(HTMLParser):
    """What a mail program shows of a page, and what it would do."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Paragraphs, breaks and links."""
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        if tag == "p":
            self.blocks.append("")
            self.inside = True
        elif tag == "hr":
            self.blocks.append(FOOTER_RULE)
        elif tag == "br":
            self.blocks[-1] += "\n"
        elif tag == "a":
            self.links.append((dict(attrs)["href"] or "", ""))

    def handle_endtag(self, tag: str) -> None:
        """Between paragraphs nothing is shown."""
        if tag == "p":
            self.inside = False

    def handle_data(self, data: str) -> None:
        """A page shows line ends as blanks, and runs of blanks as one."""
        if not self.inside:
            assert not data.strip("\n"), data
            return
        data = data.replace("\n", "")
        assert "  " not in data
        self.blocks[-1] += data.replace("\xa0", " ")
        if self.links and self.lasttag == "a" and not self.links[-1][1]:
            self.links[-1] = (self.links[-1][0], data)


@given(BODIES)
def test_the_text_comes_back(text: str) -> None:
    """A reader sees each line of the text, and no other."""
    text = text.replace("\xa0", " ").replace("\t", "    ")
    shown = Reader(html(text))
    lines = [line for line in text.split("\n") if line]

    assert lines == [line for block in shown.blocks for line in block.split("\n") if line]


@given(BODIES)
def test_nothing_is_fetched_or_run(text: str) -> None:
    """Whatever the text, a page has only these marks: nothing that loads, styles from outside, or runs."""
    shown = Reader(html(text))

    assert shown.tags <= {"html", "head", "meta", "body", "div", "p", "br", "a", "hr"}
    assert {name for _, name in shown.attributes} <= {"lang", "charset", "name", "content", "style", "href"}
    assert not re.search(r"(?i)url\(|<style|javascript:|color:|background", re.sub(r">[^<]*<", "><", html(text)))


@given(BODIES)
def test_links_say_where_they_lead(text: str) -> None:
    """A link leads to the address that it shows, and that address stands in the text."""
    for target, words in Reader(html(text)).links:
        assert words == target.removeprefix("mailto:")
        assert words in text
        assert target.startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("詳しくはhttps://v.example/a?b=1&c=2をご覧ください。", ["https://v.example/a?b=1&c=2"]),
        ("(https://v.example/x_(y)).", ["https://v.example/x_(y)"]),
        ("（https://v.example/）", ["https://v.example/"]),
        ("see https://v.example/, or https://w.example.", ["https://v.example/", "https://w.example"]),
        ("ご連絡は tanaka@v.example まで", ["mailto:tanaka@v.example"]),
        ("<tanaka@v.example>", ["mailto:tanaka@v.example"]),
        ("https:// だけ", []),
        ("javascript:alert(1) ftp://v.example data:text/html,x", []),
        ('https://v.example/"onmouseover="x', ["https://v.example/"]),
        ("価格 @100 a@b x@", []),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    """Addresses of pages and of people become links, without the signs around them."""
    assert links == [target for target, _ in Reader(html(text)).links]


def test_language() -> None:
    """Japanese letters get Japanese shapes; English ones do not claim to be Japanese."""
    assert '<html lang="ja">' in html("佐藤先生")
    assert '<html lang="en">' in html("Dear Dr. Sato")


def test_paragraphs_and_footer() -> None:
    """Empty lines part paragraphs; the footer's line is a rule, its words are as large as the others."""
    page = html(f"佐藤先生\n\n一行目\n二行目\n\n{FOOTER_RULE}\n本メールは…\n")

    assert ["佐藤先生", "一行目\n二行目", FOOTER_RULE, "本メールは…"] == Reader(page).blocks
    assert 1 == page.count("font-size")
