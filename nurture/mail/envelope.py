"""Who a letter is from for the servers, and where its answers go: addresses that carry a signed token.

Two settings of a mailbox, each an address with ``{token}`` in its name, each optional:

* ``verp``: the envelope sender (RFC 5321, section 4.4: where reports go). A bounce that comes back to it names
  its letter, however little it says. The name is from the practice of variable envelope return paths.
* ``reply_to``: the Reply-To field, for mailboxes whose server does not let the envelope sender be another address
  than the account's: answers, and the automatic ones of servers that heed it, name the letter.

The token is signed with the letter's own secret (``Message.unsubscribe_token``): whoever has the database can
check it, nobody else can make one, and no key must be kept anywhere. A letter without a secret, and a name with no
room for a token, go without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from nurture.errors import UserError
from nurture.mail.address import check_address
from nurture.mail.tokens import tag, token_in

if TYPE_CHECKING:
    from nurture.core.messages import Message

PLACE: Final = "{token}"
LONGEST: Final = tag("0" * 32, b"")
"""A token as long as those of real messages (whose ids are UUIDs): 40 characters."""


class Tagged(Protocol):
    """What of a mailbox's settings matters here; either pattern may be empty."""

    @property
    def verp(self) -> str:
        """An address with ``{token}``: the envelope sender."""

    @property
    def reply_to(self) -> str:
        """An address with ``{token}``: where answers go."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a letter says to servers and mail programs. ``reply_to`` is empty where it is the sender's address."""

    sender: str
    reply_to: str = ""


def envelope(message: Message, mailbox: Tagged | None) -> Envelope:
    """The addresses of one letter: the plain one of its sender where the mailbox has no patterns."""
    secret = message.unsubscribe_token
    if mailbox is None or not secret or not (mailbox.verp or mailbox.reply_to):
        return Envelope(message.from_address)
    return _tagged(mailbox, message.from_address, tag(message.id, secret.encode()))


def trial(address: str, mailbox: Tagged, name: str) -> Envelope:
    """The addresses of a letter that tries a mailbox out: its token is as long as any, and no letter's.

    Args:
        address: of the mailbox.
        mailbox: its patterns.
        name: an id that no letter has.
    """
    return _tagged(mailbox, address, tag(name, b""))


def _tagged(mailbox: Tagged, address: str, token: str) -> Envelope:
    return Envelope(
        (mailbox.verp and _filled(mailbox.verp, token)) or address,
        mailbox.reply_to and _filled(mailbox.reply_to, token),
    )


def check_pattern(pattern: str) -> str:
    """A pattern fit for use: one ``{token}``, in the name, where the reader finds it again.

    Raises:
        UserError: no token or two, none that would be found, no valid address, or a name with no room for it.
    """
    local, _, domain = pattern.strip().rpartition("@")
    if local.count(PLACE) != 1 or PLACE in domain:
        raise UserError(
            "{found} must have {place} once, before the @",
            hint="write it as bounce+{place}@your-company.example",
            found=pattern,
            place=PLACE,
        )
    head, _, tail = local.partition(PLACE)
    if tail or (head and head[-1] not in "+-=._"):
        raise UserError(
            "{place} must stand right before the @, after one of + - = . _ or nothing",
            hint="write it as bounce+{place}@your-company.example",
            place=PLACE,
        )
    filled = check_address(pattern.strip().replace(PLACE, LONGEST))
    assert token_in(filled) == LONGEST
    return filled.replace(LONGEST, PLACE)


def _filled(pattern: str, token: str) -> str:
    """The address, or nothing where its name leaves no room (RFC 5321, 4.5.3.1.1)."""
    address = pattern.replace(PLACE, token)
    return address if len(address.rpartition("@")[0]) <= 64 else ""
