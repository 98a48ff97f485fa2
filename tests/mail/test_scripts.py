"""Patterns in two halves say what the whole says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail.scripts import alternatives, scripts, two_scripts

PATTERN = r"[?？|]|(?:a|b)c\||不要|mail(?:不要|less)|[^]|]x|\d{2}|通知[:：]"


def test_alternatives() -> None:
    """Bars in brackets, in classes and behind a backslash divide nothing."""
    assert ["[?？|]", r"(?:a|b)c\|", "不要", "mail(?:不要|less)", "[^]|]x", r"\d{2}", "通知[:：]"] == alternatives(
        PATTERN
    )


@pytest.mark.parametrize("text", ["", "?", "Ac|", "不要", "mailless", "mail不要", "ax", "|x", "通知:", "12", "ｘ"])
def test_the_halves_find_what_the_whole_finds(text: str) -> None:
    """In texts of one script, of the other, of both and of neither."""
    japanese, latin = scripts(text)

    whole = re.search(PATTERN, text, re.IGNORECASE) is not None
    assert whole == two_scripts(PATTERN).found(text, japanese=japanese, latin=latin)


@given(st.text(alphabet="?？|abcxmailess不要通知:：12 ", max_size=30))
def test_in_any_text(text: str) -> None:
    """The halves miss nothing and find nothing else."""
    japanese, latin = scripts(text)

    whole = re.search(PATTERN, text, re.IGNORECASE) is not None
    assert whole == two_scripts(PATTERN).found(text, japanese=japanese, latin=latin)
