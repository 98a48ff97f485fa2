"""What every line to a mail server has in common: who may go without encryption, and words made safe."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

from nurture.errors import UserError

SECURITIES = ("tls", "starttls", "none")
LONGEST_ANSWER = 300
"""Characters of a server's answer that are kept: enough for the code, the reason and a link."""

_SPACES = re.compile(r"\s+")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_security(security: str, host: str) -> None:
    """See to it that no password and no letter crosses a network in the clear.

    Raises:
        UserError: the word is unknown, or ``none`` is asked for a host that is not this machine.
    """
    if security not in SECURITIES:
        raise UserError(
            "{security} is not a kind of security",
            hint="Use tls, starttls, or none (this machine only).",
            security=security,
        )
    if security == "none" and not is_loopback(host):
        raise UserError(
            "without encryption only this machine may be spoken to, not {host}",
            hint="Set security to tls or starttls.",
            host=host,
        )


def one_line(text: str, limit: int = LONGEST_ANSWER) -> str:
    """Foreign words as one line: no control, format or lone surrogate characters, bounded in length."""
    head = text[: limit * 8]
    spaced = _SPACES.sub(" ", head)
    clean = "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"}).strip()
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"
