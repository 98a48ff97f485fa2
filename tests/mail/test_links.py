"""What unsubscribe links carry: made by us alone, good for ever, and readable by nobody else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail.links import opened, sealed

KEY = b"a key of ours"
ADDRESS = "sato@aoba-hp.example"
TOKEN = sealed(KEY, ADDRESS, "one")


@given(
    st.binary(max_size=100),
    st.text(st.characters(codec="ascii"), min_size=1, max_size=254),
    st.text(st.characters(codec="utf-8"), max_size=50),
)
def test_what_was_sealed_is_opened(key: bytes, address: str, salt: str) -> None:
    """Any address comes out as it went in."""
    assert address == opened(key, sealed(key, address, salt))


def test_a_token_says_nothing_of_its_own() -> None:
    """The address stands in it in no form that could be read, and two mails to it have nothing in common."""
    other = sealed(KEY, ADDRESS, "two")
    data = base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4))

    assert b"sato" not in data
    assert b"aoba" not in data
    assert TOKEN != other
    assert TOKEN[:8] != other[:8]
    assert TOKEN == sealed(KEY, ADDRESS, "one")


def test_a_token_is_short_and_plain() -> None:
    """It fits on one line of a mail with the address of a desk, and no program breaks it at a sign."""
    assert 59 == len(TOKEN)
    assert TOKEN.replace("-", "").replace("_", "").isalnum()


def test_another_key_opens_nothing() -> None:
    """Another house's link, or one of before the key was lost."""
    assert opened(b"another key", TOKEN) is None
    assert opened(b"", TOKEN) is None


@pytest.mark.parametrize("position", range(len(TOKEN)))
def test_each_bit_counts(position: int) -> None:
    """One sign that is another, missing, or one too many: nothing. The bits that base64 leaves over count too."""
    for bit in (1, 2, 4, 8):
        sign = chr(ord(TOKEN[position]) ^ bit)
        changed = TOKEN[:position] + sign + TOKEN[position + 1 :]

        assert opened(KEY, changed) is None
    assert opened(KEY, TOKEN[:position]) is None
    assert opened(KEY, TOKEN[:position] + "A" + TOKEN[position:]) is None


@given(st.text(max_size=500))
def test_nothing_else_is_a_token(said: str) -> None:
    """Whatever stands in an address: None, and no error."""
    assert opened(KEY, said) is None


def test_a_token_without_an_address_is_none() -> None:
    """Nobody is silenced by nothing."""
    assert opened(KEY, sealed(KEY, "", "one")) is None
