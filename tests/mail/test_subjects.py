"""What programs put before a subject."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail.subjects import apart, bare, is_answer

ANSWERS = (
    "Re: a b",
    "RE：a  b",
    "re : a b",
    "Ｒｅ： a b",
    "返信: a b",
    "返信：a b",
    "回答: a b",
    "Re[2]: a b",
    "Re^3: a b",
    "Re(4): a b",
    "Re2: a b",
    "Re*2: a b",
    "AW: a b",
    "Antw: a b",
    "SV: a b",
    "VS: a b",
    "RIF: a b",
    "Odp: a b",
    "回复: a b",
    "答复：a b",
    "Re: Re: Fwd: A b",
    "[all] Re: a b",
)
HANDED_ON = (
    "Fw: a b",
    "FW: a b",
    "Fwd: a b",
    "Ｆｗ：a b",
    "転送: a b",
    "転送：a b",
    "WG: a b",
    "TR: a b",
    "RV: a b",
    "转发: a b",
)
PROGRAMS = (
    "自動返信: a b",
    "自動応答： a b",
    "Automatic reply: a b",
    "Automatische Antwort: a b",
    "Accepted: a b",
)


@pytest.mark.parametrize(
    "subject", [*(s for s in ANSWERS if s[0] != "["), *HANDED_ON, *PROGRAMS, "[list:00012] a b", "a b"]
)
def test_the_subject_of_a_thread(subject: str) -> None:
    """Marks of answers, of forwarded mail, of programs and the numbers of lists do not count."""
    assert "a b" == bare(subject)


@pytest.mark.parametrize("subject", [*ANSWERS, *HANDED_ON])
def test_an_answer_is_known_by_its_mark(subject: str) -> None:
    """In every language and width, counted or not, behind the name of a list too."""
    assert is_answer(subject)


@pytest.mark.parametrize(
    "subject",
    [
        "a b",
        "Remove me",
        "Reminder: a b",
        "Request: a b",
        "Forward looking: a b",
        "返信が遅れます",
        "転送設定の件",
        "[all] a b",
        "Undeliverable: a b",
        "",
        *PROGRAMS,
    ],
)
def test_what_only_begins_like_one_is_none(subject: str) -> None:
    """A word that begins with re, a sentence about answers and what a program says of itself are no marks."""
    assert not is_answer(subject)


@pytest.mark.parametrize(
    ("subject", "before", "after"),
    [
        ("自動返信: Re: 5月8日の件", "自動返信: Re:", " 5月8日の件"),
        ("【自動返信】5月8日の件", "【自動返信】", "5月8日の件"),
        ("Out of Office AutoReply: May 5", "Out of Office AutoReply:", " May 5"),
        ("不在のお知らせ", "", "不在のお知らせ"),
    ],
)
def test_a_programs_part_and_the_subject_that_it_answers(subject: str, before: str, after: str) -> None:
    """What a program wrote stands before the colon or in brackets; behind it stands ours."""
    assert (before, after) == apart(subject)


@given(st.text(alphabet="Re:：Fwd[]0123()返信転送自動 　【】^a", max_size=600))
def test_any_subject_can_be_asked(subject: str) -> None:
    """Nothing is lost of a subject that is taken apart, and a bare one stays bare."""
    assert subject == "".join(apart(subject))
    assert bare(bare(subject)) == bare(bare(bare(subject)))
    is_answer(subject)
