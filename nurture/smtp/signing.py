"""DKIM signatures (RFC 6376) for mailboxes whose provider does not sign: dkimpy's form, OpenSSL's arithmetic.

One signature covers what readers see and what machines act on, List-Unsubscribe and List-Unsubscribe-Post too
(RFC 8058, 4 wants them signed). From and Subject are named once more than they are there, so that nobody can add
another one below the signature (RFC 6376, 8.15). Signing takes about a millisecond: it belongs into a thread.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from dkim.canonicalization import CanonicalizationPolicy

from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nurture.config import Dkim, Secret

SIGNED: Final = (
    b"from",
    b"sender",
    b"reply-to",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"message-id",
    b"in-reply-to",
    b"references",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
    b"list-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
)
ONCE_MORE: Final = (b"from", b"subject")


LEAST_BITS: Final = 1024
"""Of a key (RFC 8301, 3.2, which recommends 2048)."""


class Signer:
    """Signs for one domain with RSA and SHA-256, header and body in the relaxed form.

    Args:
        settings: domain, selector, and where the key is.
        resolve_secret: gives the key; asked for each letter, so that a new key is used without a restart.
    """

    def __init__(self, settings: Dkim, resolve_secret: Callable[[Secret], str]) -> None:
        self._settings = settings
        self._resolve = resolve_secret
        self._known: tuple[str, _Key] | None = None

    def sign(self, data: bytes) -> bytes:
        """The letter with its signature in front.

        Raises:
            UserError: the key is not to be had, or is none.
        """
        key = self._key(self._resolve(self._settings.key))
        policy = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
        letter = dkim.DKIM(data, linesep=b"\r\n")
        there = [name.lower() for name, _ in letter.headers]
        names = [name for name in SIGNED for _ in range(there.count(name))]
        names += [name for name in ONCE_MORE if name in there]
        body = hashlib.sha256(policy.canonicalize_body(letter.body)).digest()
        fields = [
            (b"v", b"1"),
            (b"a", b"rsa-sha256"),
            (b"c", policy.to_c_value()),
            (b"d", self._settings.domain.encode("ascii")),
            (b"s", self._settings.selector.encode("ascii")),
            (b"h", b" : ".join(names)),
            (b"bh", base64.b64encode(body)),
            (b"b", b"0" * 60),  # dkimpy folds the field with something in its place
        ]
        letter.hasher = hashlib.sha256
        letter.signature_algorithm = b"ed25519-sha256"  # dkimpy's word for: let the key itself sign
        return b"DKIM-Signature: " + bytes(letter.gen_header(fields, names, policy, b"DKIM-Signature", key)) + data

    def _key(self, pem: str) -> _Key:
        """Read once as long as it is the same."""
        if self._known is None or self._known[0] != pem:
            try:
                found = serialization.load_pem_private_key(pem.encode(), password=None)
            except (ValueError, TypeError, UnsupportedAlgorithm):
                found = None
            if not isinstance(found, rsa.RSAPrivateKey) or found.key_size < LEAST_BITS:
                raise UserError(
                    "the key with which {domain} signs is no RSA key in PEM of at least {bits} bits",
                    hint="Make one: openssl genrsa 2048",
                    domain=self._settings.domain,
                    bits=LEAST_BITS,
                )
            self._known = pem, _Key(found)
        return self._known[1]


@dataclass(frozen=True, slots=True)
class _Signature:
    signature: bytes


@dataclass(frozen=True, slots=True)
class _Key:
    """A key that signs by OpenSSL: ten times faster than dkimpy's arithmetic, and other threads run meanwhile."""

    private: rsa.RSAPrivateKey

    def sign(self, digest: bytes) -> _Signature:
        """Of the SHA-256 of what is to be signed (RFC 8017, 8.2)."""
        return _Signature(self.private.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256())))
