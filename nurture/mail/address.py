"""Mail addresses: checking ours, finding theirs in text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from nurture.errors import UserError

ATEXT: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
"""What a local part is made of without quotes (RFC 5322, 3.2.3)."""

LOCAL: Final = re.compile(rf"{ATEXT}+(?:\.{ATEXT}+)*")
NOWHERE: Final = frozenset("alt arpa corp home internal invalid local localhost mail onion".split())  # noqa: SIM905
"""Last labels that no public server has, by reservation (RFC 2606, 6761, 6762, 7686, 9476) or decision (ICANN
2018, 2024): what stands in a house's own directory, and gets into lists from there."""

LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")

IN_TEXT: Final = re.compile(
    rf"(?<![\w.+-]){ATEXT}(?:[.]?{ATEXT}){{0,63}}\.?@[A-Za-z0-9](?:[A-Za-z0-9-]{{0,62}})(?:\.[A-Za-z0-9-]{{"
    rf"1,63}}){{1,8}}",
    re.ASCII,
)
"""An address as it stands in running text; lenient (``a..b@`` and ``a.@`` are real at old Japanese carriers)."""


@lru_cache(maxsize=1024)  # the same few senders stand in every letter
def check_address(address: str) -> str:
    """An address fit for the wire: ASCII, domain in lower case, an international domain as its A-labels.

    Raises:
        UserError: it has no ``@``, a control or other forbidden character, a local part over 64 or a
            total over 254 octets (RFC 5321, 4.5.3.1), a domain without a dot, or one that cannot be public.
    """
    local, at, domain = address.strip(" ").rpartition("@")
    if not at or not LOCAL.fullmatch(local):
        raise UserError(
            "{address} is not a mail address",
            address=repr(address),
            hint="write it as name@hospital.example, without name or brackets around it",
        )
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            domain = ""
    labels = domain.split(".")
    if len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels):
        raise UserError(
            "the domain of {address} cannot exist",
            address=repr(address),
            hint="check the part after @ for blanks, missing dots and full-width characters",
        )
    last = labels[-1].lower()
    if last in NOWHERE or last.isdigit() or len(last) < 2:
        raise UserError(
            "no mail server outside can be reached under the domain of {address}",
            address=repr(address),
            hint="names such as .local are a house's own; ask for the address that stands on the business card",
        )
    checked = f"{local}@{domain.lower()}"
    if len(local) > 64 or len(checked) > 254:
        raise UserError("{address} is longer than mail servers allow", address=repr(address))
    return checked


def addresses_in(text: str, limit: int = 50) -> tuple[str, ...]:
    """The addresses in a text, lower case, in order, each once."""
    found: dict[str, None] = {}
    for match in IN_TEXT.finditer(text):
        found.setdefault(match[0].lower(), None)
        if len(found) >= limit:
            break
    return tuple(found)


def domain_of(address: str) -> str:
    """What follows the last ``@``, in lower case."""
    return address.rpartition("@")[2].lower()
