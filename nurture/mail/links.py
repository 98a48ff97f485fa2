"""What the unsubscribe link of a mail carries: the address that the mail went to, closed and signed.

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
    said = hashlib.sha256(salt.encode()).digest()[:SALT] + address.encode()
    return _text(_cipher(key).encrypt(said, [PURPOSE]))


def opened(key: bytes, token: str) -> str | None:
    """The address in a token that was made with this key; None for anything else."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - 10 MB that few commands need

    if not TOKEN.fullmatch(token):
        return None
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        said = _cipher(key).decrypt(data, [PURPOSE]) if _text(data) == token else b""
        return said[SALT:].decode() or None
    except (binascii.Error, InvalidTag, UnicodeDecodeError):
        return None


@lru_cache(maxsize=4)
def _cipher(key: bytes) -> AESSIV:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415

    return AESSIV(hashlib.sha512(PURPOSE + b"\x00" + key).digest())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
