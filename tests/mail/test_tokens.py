"""Signed tokens and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.errors import UserError
from nurture.mail.address import addresses_in, check_address
from nurture.mail.tokens import named, tag, tagged, token_in, untag

KEY = b"k" * 32
IDS = st.one_of(
    st.text("0123456789abcdef", min_size=32, max_size=32),
    st.uuids().map(str),
    st.text("0123456789abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=40),
)


@given(IDS)
def test_round_trip(message_id: str) -> None:
    """A token names its message, in any case, and fits an address behind a plus."""
    token = tag(message_id, KEY)
    assert untag(token, KEY) == message_id
    assert untag(token.upper(), KEY) == message_id
    assert untag(token, b"another key") is None
    assert named(token) == message_id
    if len(token) <= 40:
        assert token_in(tagged("tanaka@vendor.example", token)) == token


@given(st.text(max_size=100))
def test_strangers_have_no_token(text: str) -> None:
    """Whatever else stands behind a plus names nothing."""
    assert untag(text, KEY) is None


@given(IDS, st.integers(0, 39), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_changed_tokens_name_nothing(message_id: str, place: int, letter: str) -> None:
    """One changed letter is enough to be refused."""
    token = tag(message_id, KEY)
    changed = token[: place % len(token)] + letter + token[place % len(token) + 1 :]
    assert untag(changed, KEY) in ({message_id} if changed == token else {None, message_id})
    if untag(changed, KEY) == message_id:  # only the bits of padding may differ
        assert changed[:-1] == token[:-1]


@pytest.mark.parametrize("before", ["bounce+", "bounce-", "b=", "b.", "b_", "", "a.b+c-"])
def test_where_tokens_are_found(before: str) -> None:
    """At the end of a name, behind any sign that servers part names at, or as the whole name."""
    token = tag("0" * 32, KEY)

    assert token == token_in(f"{before}{token}@vendor.example")
    assert token == token_in(f"{before}{token}@vendor.example".upper())


@pytest.mark.parametrize(
    "address",
    [
        *(
            "tanaka@vendor.example",
            "seikeigeka-administration@h.example",
            "a+tag@h.example",
            "aaaaaaaaaaaaaaaaaaaaaaa",
        ),
        "rep+" + "a" * 40 + "x1@h.example",
    ],
)
def test_names_are_no_tokens(address: str) -> None:
    """Names of people and departments are not taken for tokens."""
    assert token_in(address) is None


def test_long_names_go_without_token() -> None:
    """A local part with no room for a token stays as it is."""
    address = "a-very-long-name-of-a-department@vendor.example"
    assert tagged(address, tag("0" * 32, KEY)) == address


def test_check_address() -> None:
    """Good addresses come back with their domain in lower case, an international one as A-labels."""
    assert check_address("Sato.Ichiro+x@Hospital.Example") == "Sato.Ichiro+x@hospital.example"
    assert check_address("a@病院.example") == "a@xn--" + "病院".encode("idna").decode()[4:] + ".example"


@pytest.mark.parametrize(
    "bad",
    [
        *("", "a", "@b.example", "a@", "a@b", "a..b@c.example", ".a@c.example", "a@-c.example", "a@c..example"),
        *("a@c.example ,x", "a\n@c.example", "a@c.example\r\n", "ａ@c.example", "a@b_c.example"),
        *("a@1.2.3.4", "a@[1.2.3.4]", "a@b.c", "a@hospital.local", "a@ad.hospital.internal", "a@b.invalid"),
        *("a" * 65 + "@c.example", "a@" + "b." * 130 + "example"),
    ],
)
def test_bad_addresses(bad: str) -> None:
    """What no server would take is refused before it gets anywhere."""
    with pytest.raises(UserError):
        check_address(bad)


def test_addresses_in_text() -> None:
    """Addresses are found in running text, between brackets and Japanese letters."""
    text = "後任は田中(tanaka@hospital.example)です。連絡先：suzuki.j@med.example.jp、または <X@Y.example>."
    assert addresses_in(text) == ("tanaka@hospital.example", "suzuki.j@med.example.jp", "x@y.example")
