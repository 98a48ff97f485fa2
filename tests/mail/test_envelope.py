"""The envelope sender and the Reply-To: with a token that names the letter, where the mailbox allows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.ids import MessageId, PersonId, RepId
from nurture.core.messages import Message
from nurture.errors import UserError
from nurture.mail.envelope import Envelope, check_pattern, envelope
from nurture.mail.tokens import token_in, untag

LETTER = Message(
    MessageId("01998877-6655-7443-8221-100ffeeddccb"),
    PersonId("p"),
    RepId("r"),
    from_address="tanaka@vendor.example",
    unsubscribe_token="s" * 43,
)


@dataclass(frozen=True)
class Box:
    """The patterns of a mailbox."""

    verp: str = ""
    reply_to: str = ""


def test_without_patterns() -> None:
    """A mailbox that allows neither sends under its plain address, and answers go there."""
    plain = Envelope("tanaka@vendor.example")

    assert plain == envelope(LETTER, Box())
    assert plain == envelope(LETTER, None)


@given(st.uuids().map(str), st.text("0123456789abcdef", min_size=43, max_size=43))
def test_tokens_name_their_letter(id_: str, secret: str) -> None:
    """Both addresses carry a token that only the letter's own secret opens."""
    letter = replace(LETTER, id=MessageId(id_), unsubscribe_token=secret)
    made = envelope(letter, Box("bounce+{token}@vendor.example", "tanaka+{token}@vendor.example"))
    for address in (made.sender, made.reply_to):
        token = token_in(address)

        assert token is not None
        assert id_ == untag(token, secret.encode())
        assert untag(token, b"x") is None


def test_each_pattern_for_itself() -> None:
    """The envelope sender may carry a token while answers go to the plain address, and the reverse."""
    bounces, answers = (
        envelope(LETTER, Box(verp="b-{token}@v.example")),
        envelope(LETTER, Box("", "t+{token}@v.example")),
    )

    assert (True, "") == (bounces.sender.startswith("b-"), bounces.reply_to)
    assert ("tanaka@vendor.example", True) == (answers.sender, answers.reply_to.startswith("t+"))


def test_no_secret_no_token() -> None:
    """A letter without a secret of its own cannot be signed for; it leaves under the plain address."""
    bare = replace(LETTER, unsubscribe_token="")

    assert Envelope("tanaka@vendor.example") == envelope(bare, Box("b+{token}@v.example", "t+{token}@v.example"))


def test_no_room_no_token() -> None:
    """An id that makes a token too long for the name is no reason not to send."""
    odd = replace(LETTER, id=MessageId("an-id-of-forty-characters-from-elsewhere"))

    assert Envelope("tanaka@vendor.example") == envelope(odd, Box("b+{token}@v.example", "t+{token}@v.example"))


@pytest.mark.parametrize("good", ["bounce+{token}@V.example", "b-{token}@v.example", "{token}@b.v.example"])
def test_good_patterns(good: str) -> None:
    """What the reader finds again is accepted; the domain comes back in lower case."""
    assert good.replace("V.", "v.") == check_pattern(good)


@pytest.mark.parametrize(
    "bad",
    [
        *(
            "bounce@v.example",
            "b+{token}",
            "b+{token}+{token}@v.example",
            "b@{token}.example",
            "b{token}@v.example",
        ),
        *(
            "{token}b@v.example",
            "b+{token}@v",
            "b +{token}@v.example",
            "a-very-long-name-for-bounces+{token}@v.example",
        ),
        "b+{token}@v.example\r\nBcc: x@y.example",
    ],
)
def test_bad_patterns(bad: str) -> None:
    """What would lose its bounces is refused in the configuration."""
    with pytest.raises(UserError):
        check_pattern(bad)
