"""Signed tokens for plus and VERP addresses: ``rep+token@vendor.example``.

A bounce or an answer that reaches such an address names the mail it belongs to, whatever the other
side did to the headers. The token is the id and the first 64 bits of an HMAC-SHA256 over it, in base32,
lower case: servers may change the case of a local part, and base32 does not mind. An id of 32 hex digits
makes a token of 40 characters, so that a name of up to 23 fits before the ``+`` (RFC 5321, 4.5.3.1.1).
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


def untag(token: str, key: bytes) -> str | None:
    """The id in a token that we signed with this key; None for anything else."""
    token = token.lower()
    if not TOKEN.fullmatch(token):
        return None
    try:
        data = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except binascii.Error:
        return None
    payload, mac = data[:-MAC], data[-MAC:]
    if len(payload) < 2 or not hmac.compare_digest(mac, _mac(payload, key)):
        return None
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
    """What follows the last plus of an address and looks like a token, in lower case."""
    local, at, _ = address.rpartition("@")
    token = local.rpartition("+")[2].lower()
    return token if at and "+" in local and TOKEN.fullmatch(token) else None
