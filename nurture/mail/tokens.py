"""Signed tokens for plus and VERP addresses: ``rep+token@vendor.example``.

A bounce or an answer that reaches such an address names the mail it belongs to, whatever the other
side did to the headers. The token is the id and the first 64 bits of an HMAC-SHA256 over it, in base32,
lower case: servers may change the case of a local part, and base32 does not mind. An id of 32 hex digits
makes a token of 40 characters, so that a name of up to 23 fits before the ``+`` (RFC 5321, 4.5.3.1.1).

The key is the mail's own secret, so reading takes two steps: ``named`` says which mail a token claims to be of,
and ``untag`` with the secret of that mail whether it is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import Final

MAC: Final = 8  # bytes
HEX: Final = re.compile(r"[0-9a-f]{32}")
UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
TOKEN: Final = re.compile(r"[a-z2-7]{16,90}")
AFTER_PLUS: Final = re.compile(r"\+([a-z2-7]{16,90})")
AT_THE_END: Final = re.compile(r"(?:\A|[=._-])([a-z2-7]{38,64})")
"""Behind other signs than a plus, and alone, only what is as long as the token of a real id: names are shorter."""


def _mac(payload: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"nurture mail tag\x00" + payload, hashlib.sha256).digest()[:MAC]


def tag(message_id: str, key: bytes) -> str:
    """The token of a message: lower-case base32, no padding."""
    if HEX.fullmatch(message_id):
        payload = b"\x00" + bytes.fromhex(message_id)
    elif UUID.fullmatch(message_id):
        payload = b"\x01" + bytes.fromhex(message_id.replace("-", ""))
    else:
        payload = b"\x02" + message_id.encode()
    return base64.b32encode(payload + _mac(payload, key)).decode("ascii").rstrip("=").lower()


def named(token: str) -> str | None:
    """The id that a token claims to be of, whoever made it; None for what has not the form of a token."""
    found = _opened(token)
    return found and _id(found[0])


def untag(token: str, key: bytes) -> str | None:
    """The id in a token that we signed with this key; None for anything else."""
    found = _opened(token)
    if found is None or not hmac.compare_digest(found[1], _mac(found[0], key)):
        return None
    return _id(found[0])


def _opened(token: str) -> tuple[bytes, bytes] | None:
    """Payload and signature."""
    token = token.lower()
    if not TOKEN.fullmatch(token):
        return None
    try:
        data = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except binascii.Error:
        return None
    return (data[:-MAC], data[-MAC:]) if len(data) >= MAC + 2 else None


def _id(payload: bytes) -> str | None:
    kind, rest = payload[0], payload[1:]
    if kind == 0:
        return rest.hex()
    if kind == 1:
        digits = rest.hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    try:
        return rest.decode()
    except UnicodeDecodeError:
        return None


def tagged(address: str, token: str) -> str:
    """``name@domain`` with the token after a plus; the address itself where the name leaves no room for it."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}" if len(local) + 1 + len(token) <= 64 else address


def token_in(address: str) -> str | None:
    """What stands at the end of a local part and looks like a token, in lower case."""
    local, at, _ = address.lower().rpartition("@")
    if not at:
        return None
    sign = max(local.rfind(sign) for sign in "+=._-")
    found = AFTER_PLUS.fullmatch(local, max(sign, 0)) or AT_THE_END.fullmatch(local, max(sign, 0))
    return found[1] if found else None
