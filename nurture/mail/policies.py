"""What a domain publishes about its mail: SPF (RFC 7208), DKIM keys (RFC 6376, 3.6.1), DMARC (RFC 7489). Pure.

The evaluation of SPF is bounded and honest: macros, ``exists`` and ``ptr`` depend on the single mail, so an
address that only they could let through is *unknown*, not refused. What includes and names lead to was looked up
before (``core.health.SpfFacts``).
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from nurture.core.health import SpfFacts

MOST_LOOKUPS: Final = 10
"""RFC 7208, 4.6.4: more, and receivers treat the record as an error."""
RESULTS: Final = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}

_TERM = re.compile(r"([+?~-]?)([A-Za-z0-9]+)(?:([:/])(.*))?", re.DOTALL)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*)=(.*)", re.DOTALL)
_CIDR = re.compile(r"([^/]*)(?:/(\d{1,2}))?(?://(\d{1,3}))?")


@dataclass(frozen=True, slots=True)
class Term:
    """One mechanism: ``~include:_spf.example``."""

    qualifier: str
    name: str
    value: str = ""  # a domain, or a network
    cidr4: int = 32
    cidr6: int = 128

    @property
    def depends(self) -> bool:
        """Whether it depends on the single mail, so that nothing can be said beforehand."""
        return self.name in {"exists", "ptr"} or "%" in self.value


@dataclass(frozen=True, slots=True)
class Spf:
    """One record."""

    terms: tuple[Term, ...]
    redirect: str = ""

    @property
    def default(self) -> str | None:
        """The qualifier of ``all``; None where the record has none."""
        return next((term.qualifier for term in self.terms if term.name == "all"), None)


def spf_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """Those of a domain's TXT records that are SPF records."""
    return tuple(text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 "))


def parse_spf(text: str) -> Spf:
    """Read a record.

    Raises:
        UserError: a term that no receiver understands; the whole record then counts as an error.
    """
    terms: list[Term] = []
    redirect = ""
    for word in text.split()[1:]:
        if modifier := _MODIFIER.fullmatch(word):
            redirect = modifier[2].lower().rstrip(".") if modifier[1].lower() == "redirect" else redirect
            continue
        terms.append(_term(word))
    return Spf(tuple(terms), redirect)


def _term(word: str) -> Term:
    found = _TERM.fullmatch(word)
    name = found[2].lower() if found else ""
    if found is None or name not in {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"}:
        raise UserError("{term} is no term of an SPF record", term=word)
    qualifier, sign, rest = found[1] or "+", found[3], found[4] or ""
    if name in {"ip4", "ip6"}:
        try:
            network = ipaddress.ip_network(rest, strict=False)
        except ValueError:
            network = None
        if sign != ":" or network is None or network.version != int(name[2]):
            raise UserError("{term} is no term of an SPF record", term=word)
        return Term(qualifier, name, str(network))
    cidr = _CIDR.fullmatch(rest if sign == ":" else f"/{rest}" if sign else "")
    if cidr is None or (name in {"include", "exists"} and not cidr[1]):
        raise UserError("{term} is no term of an SPF record", term=word)
    value = cidr[1].lower().rstrip(".")
    return Term(qualifier, name, value, int(cidr[2] or 32), int(cidr[3] or 128))


def spf_result(facts: SpfFacts, address: str, domain: str | None = None, depth: int = 0) -> str:
    """What a receiver makes of a mail from this address: pass, fail, softfail, neutral, none, error, unknown."""
    at = domain or facts.domain
    records = facts.records.get(at, ())
    if not records:
        return "none"
    if len(records) > 1 or depth > MOST_LOOKUPS:
        return "error"
    try:
        record, ip = parse_spf(records[0]), ipaddress.ip_address(address)
    except (UserError, ValueError):
        return "error"
    unsure = False
    for term in record.terms:
        if term.depends:
            unsure = True
            continue
        matches = _matches(facts, term, ip, at, depth)
        if matches is None:
            return "error"
        if matches == "unknown":
            unsure = True
        elif matches:
            return RESULTS[term.qualifier] if not unsure or term.qualifier == "+" else "unknown"
    if record.redirect and "%" not in record.redirect:
        found = spf_result(facts, address, record.redirect, depth + 1)
        found = "error" if found == "none" else found
        return "unknown" if unsure and found != "pass" else found
    return "unknown" if unsure or record.redirect else "neutral"


def _matches(
    facts: SpfFacts, term: Term, ip: ipaddress.IPv4Address | ipaddress.IPv6Address, at: str, depth: int
) -> bool | str | None:
    """Whether a mechanism fits; ``unknown``, or None for an error."""
    if term.name == "all":
        return True
    if term.name in {"ip4", "ip6"}:
        return ip in ipaddress.ip_network(term.value)
    if term.name == "include":
        inner = spf_result(facts, str(ip), term.value, depth + 1)
        if inner in {"none", "error"}:
            return None
        return inner if inner == "unknown" else inner == "pass"
    bits = term.cidr4 if ip.version == 4 else term.cidr6
    for found in facts.addresses.get(f"{term.name}:{term.value or at}", ()):
        try:
            if ip in ipaddress.ip_network(f"{found}/{bits}", strict=False):
                return True
        except ValueError:
            continue  # of the other version
    return False


@dataclass(frozen=True, slots=True)
class Dmarc:
    """A policy: what receivers should do with mail whose From is not aligned."""

    policy: str  # none | quarantine | reject
    aspf: str = "r"  # r: the organisational domain is enough; s: the very same
    adkim: str = "r"
    reports: bool = False  # whether anybody hears of failures


def tags(text: str) -> Mapping[str, str]:
    """``tag=value; tag=value``; the first of two counts."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, sign, value = part.partition("=")
        if sign:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def dmarc_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """Those TXT records that are DMARC policies."""
    return tuple(text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(;|$)", text))


def parse_dmarc(text: str, *, inherited: bool = False) -> Dmarc:
    """Read a policy; ``inherited``: it stands at a domain above, so ``sp`` counts before ``p``.

    Raises:
        UserError: it names no policy.
    """
    found = tags(text)
    policy = (found.get("sp") if inherited else None) or found.get("p", "")
    if policy.lower() not in {"none", "quarantine", "reject"}:
        raise UserError("{record} names no policy (p=)", record=text[:200])
    return Dmarc(
        policy.lower(),
        "s" if found.get("aspf", "").lower() == "s" else "r",
        "s" if found.get("adkim", "").lower() == "s" else "r",
        "mailto:" in found.get("rua", ""),
    )


def aligned(author: str, other: str, mode: str, organisational: str) -> bool:
    """Whether two domains are aligned: the same, or both at or under the organisational one when relaxed.

    That is the uppermost domain with a policy (RFC 9989, 4.10): nobody needs a list of public suffixes for it.
    """
    if author == other or mode == "s":
        return author == other
    return bool(organisational) and all(
        name == organisational or name.endswith(f".{organisational}") for name in (author, other)
    )


def key_problem(text: str) -> str:
    """What is wrong with a DKIM key record: revoked | unreadable | short; nothing for a good one."""
    found = tags(text)
    key = re.sub(r"\s+", "", found.get("p", ""))
    if not key:
        return "revoked"
    try:
        data = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return "unreadable"
    if found.get("k", "rsa").lower() == "rsa" and len(data) < SHORT_KEY:
        return "short"
    return ""


SHORT_KEY: Final = 270
"""Bytes. An RSA key of 2048 bits has 294 with its wrapping, one of 1024 bits 162 (RFC 8301 asks for 1024)."""


def record_of(key: bytes) -> str:
    """The record to publish for a public RSA key (DER of its SubjectPublicKeyInfo), as one text."""
    return f"v=DKIM1; k=rsa; p={base64.b64encode(key).decode('ascii')}"


def record_problem(texts: Sequence[str], keys: Collection[bytes]) -> str:
    """What keeps receivers from checking our RSA-SHA256 signatures with what a selector publishes.

    Args:
        texts: the TXT records at ``selector._domainkey.domain``.
        keys: our public key in each of the forms in which it may stand there.

    Returns:
        missing | several (RFC 6376, 3.6.2.2: results are undefined) | revoked | other, the key is another one |
        narrowed, for another algorithm, hash or service | testing, receivers treat the mail as unsigned |
        short; empty where all is well. The gravest first.
    """
    records = [text for text in texts if "p" in tags(text)]
    if len(records) != 1:
        return "several" if records else "missing"
    found = tags(records[0])
    key = re.sub(r"\s+", "", found["p"])
    if not key:
        return "revoked"
    try:
        data = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return "other"
    if found.get("v", "DKIM1") != "DKIM1" or data not in keys:
        return "other"
    hashes, services = _listed(found, "h", "sha256"), _listed(found, "s", "*")
    if found.get("k", "rsa").lower() != "rsa" or "sha256" not in hashes or not services & {"*", "email"}:
        return "narrowed"
    if "y" in _listed(found, "t", ""):
        return "testing"
    return "short" if len(data) < SHORT_KEY - FRAME else ""


def _listed(found: Mapping[str, str], name: str, usual: str) -> set[str]:
    """A tag whose value is a list with colons (RFC 6376, 3.6.1)."""
    return {part.strip().lower() for part in found.get(name, usual).split(":")}


FRAME: Final = 24
"""Bytes that SubjectPublicKeyInfo puts around the bare key, which may stand in a record too."""
