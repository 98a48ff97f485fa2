"""What links in mails carry, closed and signed; first of all the unsubscribe link: the address of its mail.

The link must do its work for as long as the mail lies in a mailbox, whatever has become of our rows: a database
that was restored from a backup knows nothing of the mails that left after it was made. So the token says by itself
whom it silences, and can be checked without a row. It is authenticated encryption (AES-SIV, RFC 5297): nobody but
the holder of the key can make one, and whoever sees the link, a proxy's log for instance, reads no address in it.
Some bytes of chance keep the tokens of two mails to one address apart.

An address of 25 characters makes a token of 66.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

TOKEN: Final = re.compile(r"[0-9A-Za-z_-]{34,400}")
PURPOSE: Final = b"nurture unsubscribe link 1"
SALT: Final = 8  # bytes


def sealed(key: bytes, address: str, salt: str) -> str:
    """The token for a mail to this address: URL-safe base64 without padding.

    Args:
        key: of any length; kept in the database (``flows.optout.key``).
        address: whom it silences.
        salt: another one for each mail.
    """
    return closed(key, PURPOSE, hashlib.sha256(salt.encode()).digest()[:SALT] + address.encode())


def opened(key: bytes, token: str) -> str | None:
    """The address in a token that was made with this key; None for anything else."""
    said = read(key, PURPOSE, token)
    try:
        return said[SALT:].decode() or None if said is not None else None
    except UnicodeDecodeError:
        return None


def closed(key: bytes, purpose: bytes, said: bytes) -> str:
    """A token that says this to the holder of the key, and is made for this purpose only."""
    return _text(_cipher(key, purpose).encrypt(said, [purpose]))


def read(key: bytes, purpose: bytes, token: str) -> bytes | None:
    """What a token says that was made with this key for this purpose; None for anything else."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - 10 MB that few commands need

    if not TOKEN.fullmatch(token):
        return None
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return _cipher(key, purpose).decrypt(data, [purpose]) if _text(data) == token else None
    except (binascii.Error, InvalidTag):
        return None


@lru_cache(maxsize=8)
def _cipher(key: bytes, purpose: bytes) -> AESSIV:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415

    return AESSIV(hashlib.sha512(purpose + b"\x00" + key).digest())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
