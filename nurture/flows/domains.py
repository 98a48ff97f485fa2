"""What the DNS says of our mail domains and mail servers, gathered within bounds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nurture.core.health import DomainFacts, NameFacts, SpfFacts
from nurture.core.suppressions import domains_over
from nurture.errors import TemporaryFailure, UserError
from nurture.mail import policies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.errors import NurtureError
    from nurture.ports import Resolver

SELECTORS: Final = (
    "default", "dkim", "mail", "google", "selector1", "selector2", "s1", "s2", "k1", "k2", "key1", "sig1", "smtp",
    "20230601", "rs20240101",
)  # fmt: skip
"""Names under which providers and mail servers commonly publish DKIM keys; nobody can ask for a list of them."""
MOST_EXCHANGERS: Final = 10
MOST_ADDRESSES: Final = 4


async def exchangers(resolver: Resolver, name: str) -> DomainFacts:
    """Where mail to a domain goes.

    Raises:
        TemporaryFailure: the DNS does not answer.
    """
    found = (await resolver.exchangers(name))[:MOST_EXCHANGERS]
    reachable = {host: await resolver.addresses(host) for _, host in found if host}
    own = () if found else await resolver.addresses(name)
    return DomainFacts(name, exchangers=found, reachable=reachable, own=own)


async def key(resolver: Resolver, name: str, selector: str) -> tuple[str, ...]:
    """What a selector publishes (RFC 6376, 3.6.2.1).

    Raises:
        TemporaryFailure: the DNS does not answer.
    """
    return await resolver.texts(f"{selector}._domainkey.{name}")


async def keys(resolver: Resolver, name: str) -> DomainFacts:
    """A domain's DKIM keys under the usual names.

    Raises:
        TemporaryFailure: the DNS does not answer.
    """
    texts = await asyncio.gather(*(key(resolver, name, selector) for selector in SELECTORS))
    found = {
        selector: text
        for selector, listed in zip(SELECTORS, texts, strict=True)
        for text in listed
        if "p" in policies.tags(text)
    }
    return DomainFacts(name, keys=found)


async def dmarc(resolver: Resolver, name: str, known: Mapping[str, str] | None = None) -> DomainFacts:
    """The policy that counts for a domain, and the organisational domain: the tree walk of RFC 9989.

    Args:
        resolver: the DNS.
        name: the domain in From.
        known: its DKIM keys, where they were looked for.

    Raises:
        TemporaryFailure: the DNS does not answer.
    """
    found: dict[str, tuple[str, ...]] = {}
    for above in domains_over(f"@{name}"):
        if texts := policies.dmarc_texts(await resolver.texts(f"_dmarc.{above}")):
            found[above] = texts
    at, top = (next(iter(found)), list(found)[-1]) if found else ("", "")
    return DomainFacts(name, dmarc_at=at, organisational=top, dmarc=found.get(at, ()), keys=known or {})


@dataclass(slots=True)
class _Walk:
    """An SPF record with all that it leads to, ten lookups at most, and one more to know that there are more."""

    resolver: Resolver
    records: dict[str, tuple[str, ...]] = field(default_factory=dict)
    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lookups: int = 0

    async def walk(self, name: str) -> None:
        """One domain's record, and those that it includes."""
        if name in self.records:
            return
        self.records[name] = policies.spf_texts(await self.resolver.texts(name))
        if len(self.records[name]) != 1:
            return
        try:
            record = policies.parse_spf(self.records[name][0])
        except UserError:
            return
        for term in record.terms:
            if term.name not in {"include", "a", "mx", "exists", "ptr"}:
                continue
            self.lookups += 1
            if self.lookups > policies.MOST_LOOKUPS:
                return
            if term.depends:
                continue
            if term.name == "include":
                await self.walk(term.value)
            else:
                await self._addresses(term, term.value or name)
        if record.redirect and record.default is None:
            self.lookups += 1
            if self.lookups <= policies.MOST_LOOKUPS and "%" not in record.redirect:
                await self.walk(record.redirect)

    async def _addresses(self, term: policies.Term, name: str) -> None:
        key = f"{term.name}:{name}"
        if key in self.addresses:
            return
        hosts = [name]
        if term.name == "mx":
            hosts = [host for _, host in (await self.resolver.exchangers(name))[:MOST_EXCHANGERS] if host]
        self.addresses[key] = tuple([ip for host in hosts for ip in await self.resolver.addresses(host)])


async def spf(resolver: Resolver, name: str) -> SpfFacts:
    """All that one domain's SPF policy leads to; what was not answered is said among the facts."""
    walk = _Walk(resolver)
    problem: NurtureError | str = ""
    try:
        await walk.walk(name)
    except TemporaryFailure as error:
        problem = error
    return SpfFacts(name, walk.records, walk.addresses, walk.lookups, problem)


async def host(resolver: Resolver, name: str) -> NameFacts:
    """The addresses of a mail server, their names, and whether those lead back (forward-confirmed reverse DNS).

    Raises:
        TemporaryFailure: the DNS does not answer.
    """
    addresses = (await resolver.addresses(name))[:MOST_ADDRESSES]
    names = {address: await resolver.names(address) for address in addresses}
    back = {one: await resolver.addresses(one) for found in names.values() for one in found[:MOST_ADDRESSES]}
    return NameFacts(name, addresses, names, back)
