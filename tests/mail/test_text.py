"""Width, line breaks and the footer's place."""

from __future__ import annotations

import re

import budoux
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail.text import (
    FOOTER_RULE,
    HARD,
    NO_START,
    clean,
    one_line,
    refooter,
    split_footer,
    tidy,
    width,
    with_footer,
    wrap,
)

PARSER = budoux.load_default_japanese_parser()
LETTERS = st.text(
    alphabet=st.sampled_from("病棟の情報を共有するシステム、。「」（）ー・…aB3-./:@ 　e\u0301ｱ①"), max_size=400
)
FOOTER = f"{FOOTER_RULE}\n送信者：株式会社ミナト医療システム\n配信停止：本メールへの返信\n"


def squeezed(text: str) -> str:
    """The text without white space."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("病院", 4), ("ｱｲ", 2), ("…", 2), ("e\u0301", 1), ("①", 2), ("", 0)]
)
def test_width(text: str, columns: int) -> None:
    """Wide and ambiguous characters take two columns, half-width kana one, combining marks none."""
    assert width(text) == columns


@given(st.one_of(LETTERS, st.text(max_size=300)), st.booleans())
def test_no_line_is_too_wide(text: str, with_phrases: bool) -> None:
    """No line is wider than 76 columns, but for one that is an address."""
    wrapped = wrap(clean(text), PARSER.parse if with_phrases else None)
    for line in wrapped.split("\n"):
        assert width(line) <= HARD or "://" in line or "@" in line


@given(st.one_of(LETTERS, st.text(max_size=300)), st.booleans())
def test_nothing_but_white_space_is_lost(text: str, with_phrases: bool) -> None:
    """Wrapping keeps every character that is not white space, in order."""
    text = clean(text)
    assert squeezed(wrap(text, PARSER.parse if with_phrases else None)) == squeezed(text)


@given(LETTERS)
def test_wrapping_twice_is_wrapping_once(text: str) -> None:
    """What was wrapped stays as it is: a person who saves an unchanged text changes nothing."""
    once = wrap(clean(text))
    assert wrap(once) == once


@given(st.text(alphabet="病棟の記録、を。書くー", min_size=60, max_size=300))
def test_kinsoku(text: str) -> None:
    """A continuation line does not begin with closing punctuation while the line can hold it."""
    lines = wrap(text, PARSER.parse).split("\n")
    for line in lines[1:]:
        run = len(line) - len(line.lstrip("".join(NO_START)))
        assert run == 0 or re.search(r"[、。ー]{20,}", text)


def test_short_lines_and_blank_lines_are_kept() -> None:
    """Lines that fit and blank lines stand as the author wrote them."""
    text = "一行目\n\n  二行目\n三行目"
    assert wrap(text) == text


def test_phrases_are_kept_whole() -> None:
    """With phrases at hand a word is not cut in two."""
    text = "先日ご相談のありました夜間の運用と休日の体制の件につきましてあらためてご説明申し上げます。"
    assert "あらためて\nご説明" in wrap(text, PARSER.parse)


def test_a_full_line_ends_with_its_sentence() -> None:
    """A sentence or a clause that ends far enough in is where the line ends; one near its start is not."""
    text = "本日はご多忙のところ、病棟の情報共有についてお時間を頂戴し、誠にありがとうございました。感謝します。"
    assert "頂戴し、\n誠にありがとうございました" in wrap(text, PARSER.parse)
    text = "看護の現場でそのままお使いいただける話題をまとめました。病棟の会議の資料としてもお使いいただけます。"
    assert "まとめました。\n病棟の" in wrap(text, PARSER.parse)
    text = "まとめました。看護の現場でそのままお使いいただける話題ですので病棟の会議の資料としてもお役に立ちます。"
    assert "まとめました。\n" not in wrap(text, PARSER.parse)


def test_a_short_quotation_is_kept_whole() -> None:
    """What stands in 「」 and is short is not parted."""
    for shift in range(12):
        assert "「業務の流れ」" in wrap("あ" * (25 + shift) + "「業務の流れ」についてまとめた箇所でございます。")


def test_addresses_are_never_broken() -> None:
    """A URL and a mail address stand on one line, however long they are."""
    url = "https://www.minato.example/" + "cases/" * 15
    mail = "a" * 50 + "@" + "b" * 40 + ".example"
    wrapped = wrap(
        f"詳しい資料は次のページにございますのでどうぞご覧ください{url}また{mail}までご連絡を", PARSER.parse
    )
    assert url in wrapped.split("\n")
    assert any(mail in line for line in wrapped.split("\n"))


def test_dates_are_kept_whole() -> None:
    """A date is not parted from its weekday."""
    for shift in range(12):
        wrapped = wrap("あ" * (25 + shift) + "2027年12月15日(水)18:00から開催する予定でございます。")
        assert "2027年12月15日(水)" in wrapped


def test_lists_hang() -> None:
    """What follows the first line of a list item stands under its text."""
    lines = wrap("・" + "項目" * 40).split("\n")
    assert lines[0].startswith("・項")
    assert all(line.startswith("　項") for line in lines[1:])
    assert wrap("- " + "word " * 30).split("\n")[1].startswith("  word")
    assert wrap("(1) " + "項目" * 40).split("\n")[1].startswith("   ")


def test_clean() -> None:
    """Control characters, direction overrides and foreign line ends do not reach a mail."""
    assert clean("a\r\nb\x00\x1b[1m\u202ec\u2028d\te") == "a\nb[1mc\nd e"
    assert one_line("件名\r\nBcc: x@y.example") == "件名 Bcc: x@y.example"


def test_tidy() -> None:
    """Runs of blank lines shrink to one; the signature's rule keeps its space."""
    assert tidy("\n\na  \n\n\n\nb\n-- \nc\n\n") == "a\n\nb\n-- \nc"


def test_footer_is_put_back_after_an_edit() -> None:
    """An edited text gets the footer that stood there before, to the letter."""
    edited = refooter(with_footer("元の本文", FOOTER), "新しい本文\r\n二行目")
    assert split_footer(edited) == ("新しい本文\n二行目", FOOTER)


def test_a_pasted_footer_does_not_stand_twice() -> None:
    """Whoever pastes the whole mail back gets one footer."""
    old = with_footer("本文", FOOTER)
    assert refooter(old, old) == old
    assert refooter(old, old + "\n" + FOOTER) == old


@given(st.lists(st.sampled_from(["本文", FOOTER_RULE, "偽の配信停止", "", "-- "]), max_size=12))
def test_no_text_can_touch_the_footer(lines: list[str]) -> None:
    """Whatever a person writes, rules included, the footer at the end is the system's."""
    edited = refooter(with_footer("本文", FOOTER), "\n".join(lines))
    assert split_footer(edited)[1] == FOOTER


def test_a_body_without_a_footer() -> None:
    """Where there was no footer none is made up."""
    assert split_footer("a\nb\n") == ("a\nb", "")
    assert refooter("a\n", "b") == "b\n"


def test_work_is_bounded() -> None:
    """Thirty thousand characters on one line are wrapped within moments, whatever they are."""
    for piece in ("a", "（", "。", "e\u0301", "a@", "https://x ", "\u0301"):
        assert wrap(piece * (30_000 // len(piece)))
