"""MIME as it arrives: damaged, deep, huge."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail.body import body
from nurture.mail.html import to_text
from nurture.mail.parse import MAX_DEPTH, MAX_PARTS, parameters, parse


def test_multipart() -> None:
    """Parts are cut at the boundary, without the line end before it."""
    root = parse(
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\npre\r\n--x\r\n\r\none\r\n--x\r\nContent-Ty'
        b"pe: text/html\r\n\r\ntwo\r\n--x--\r\nend"
    )
    assert [part.type for part in root.parts] == ["text/plain", "text/html"]
    assert [part.data for part in root.parts] == [b"one", b"two"]
    assert root.defects == ()


def test_unclosed_and_missing_boundaries() -> None:
    """A boundary that is never closed, or never declared, still gives its parts, and a defect."""
    unclosed = parse(b'Content-Type: multipart/mixed; boundary="x"\n\n--x\n\none\n--x\n\ntwo')
    assert [part.data for part in unclosed.parts] == [b"one", b"two"]
    assert "unclosed_multipart" in unclosed.defects
    missing = parse(
        b"Content-Type: multipart/mixed\n\n--=_abcdef\nContent-Type: text/plain\n\none\n--=_abcdef--\n"
    )
    assert [part.data for part in missing.parts] == [b"one"]
    assert "wrong_boundary" in missing.defects


def test_deep_nesting_is_bounded() -> None:
    """A thousand nested multiparts end at the limit, named, without recursion."""
    raw = (
        b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(1000))
        + b"\nx"
    )
    root = parse(raw)
    assert "too_deep" in root.defects
    assert sum(1 for _ in root.walk()) <= MAX_DEPTH + 2


def test_many_parts_are_bounded() -> None:
    """A hundred thousand parts end at the limit."""
    raw = b'Content-Type: multipart/mixed; boundary="x"\n\n' + b"--x\n\na\n" * 100_000
    root = parse(raw)
    assert "too_many_parts" in root.defects
    assert len(root.parts) <= MAX_PARTS


def test_huge_headers_are_bounded() -> None:
    """A header without end is cut, named, and the text behind it is still found."""
    root = parse(b"X-A: b\n" * 200_000 + b"\ntext")
    assert "header_too_big" in root.defects
    assert root.data == b"text"


def test_header_damage() -> None:
    """A line without a colon inside the header is passed over; a mailbox line on top too."""
    root = parse(b"From a@b.example Fri Nov 20\nSubject: x\nnonsense line\nTo: a@b.example\n\ntext")
    assert root.get("to") == "a@b.example"
    assert "header_line" in root.defects
    assert root.data == b"text"


def test_parameters() -> None:
    """RFC 2231 pieces are put together, quotes and escapes are taken off."""
    kind, found = parameters(
        'Text/Plain; charset="utf-8"; name*0*=utf-8\'\'%E8%B3%87; name*1*=%E6%96%99.pdf; a="b\\"c"'
    )
    assert kind == "text/plain"
    assert found == {"charset": "utf-8", "name": "資料.pdf", "a": 'b"c'}


def test_flowed() -> None:
    """format=flowed lines are put together again, with DelSp also Japanese ones."""
    raw = (
        "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\n内容に \n相違ありません。\n-- \n佐藤"
    )
    assert body(parse(raw.encode()))[0] == "内容に相違ありません。\n-- \n佐藤"


def test_html() -> None:
    """Blocks become lines, quotes ``>``; what nobody sees is left out."""
    seen = "<body><p>a&nbsp;b<br>c</p><blockquote>q</blockquote>d"
    source = f"<head><title>t</title></head>{seen}<script>x</script><!-- c -->"
    assert to_text(source) == "a b\nc\n\n> q\nd"


@given(st.text(alphabet="<>!-/ abpqscript=\"'&;#x\n", max_size=400))
def test_html_is_total(source: str) -> None:
    """Any HTML gives text."""
    to_text(source)


def test_html_is_linear() -> None:
    """Ill-willed HTML of the largest size that is looked at takes no time to speak of."""
    hidden = ("<div style=display:none>", "<i style=", "<a style='x", "<span style=display:none>x</span>")
    blank = (" <div>", "<div>", "<td><div>", "\xa0<p>", "<td> ")
    for piece in ("<!--", "<script>", "<blockquote>", "<a ", "<", "&#x", "<head>", *hidden, *blank):
        began = time.perf_counter()
        to_text(piece * (256 * 1024 // len(piece)))
        assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "before",
    [b"\n\n", b"\r\n", b"  \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", b"\nFrom a@b Thu Nov 26 10:15:00 2026\n"],
)
def test_what_stands_before_the_header(before: bytes) -> None:
    """Empty lines and a mark of UTF-8, as programs that keep mails as files leave them, hide no header."""
    root = parse(before + b"From: a@b.example\nSubject: x\n\nhello\n")

    assert ("a@b.example", "x", b"hello\n") == (root.get("from"), root.get("subject"), root.data)


def test_doubled_returns() -> None:
    """A file whose line ends were made twice is still a mail."""
    root = parse(b"From: a@b.example\r\r\nSubject: x\r\r\n\r\r\nhello\r\r\n")

    assert ("a@b.example", "x", b"hello\r\n") == (root.get("from"), root.get("subject"), root.data)


def test_empty_lines_before_what_is_no_header() -> None:
    """They are the text's."""
    root = parse(b"\n\nhello you\n")

    assert ((), b"hello you") == (root.fields, root.data.strip())


def test_what_nobody_is_shown_is_not_read() -> None:
    """Text that is not displayed is ours, or a newsletter's word to lists of mails."""
    page = (
        '<div style="color:red;display: none"><div>停止</div>してください</div><p>はい</p>'
        '<span style=\'display:none\'>x</span><img style="display:none">次<b style="display:none">最後'
    )

    assert "はい\n\n次最後" == to_text(page)
