"""What ``nurture doctor`` looks at in the DNS: the domains that our letters name, and the servers they leave by.

A letter names several: that of From, of the envelope sender (``verp``), of Reply-To, and of our own signature
(``[mailboxes.dkim]``). Each is asked for once, however many mailboxes share it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import serialization

from nurture.cli.examining import Check
from nurture.core.health import Identity
from nurture.flows import domains as gather
from nurture.mail.address import domain_of
from nurture.reports.doctor import domains, identities
from nurture.smtp.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nurture.config import Dkim, MailboxSettings, Secret
    from nurture.core.findings import Finding
    from nurture.core.health import DomainFacts, NameFacts
    from nurture.ports import Resolver

TRIAL: Final = b"From: nobody@example.invalid\r\n\r\n"
"""A letter that goes nowhere."""


@dataclass(slots=True)
class SenderDomains:
    """The checks of all domains.

    Args:
        mailboxes: as configured.
        resolver: the DNS.
        resolve: gives a secret's value.
    """

    mailboxes: Sequence[MailboxSettings]
    resolver: Resolver
    resolve: Callable[[Secret], str]
    relays: dict[str, asyncio.Task[NameFacts]] = field(default_factory=dict)
    found: dict[str, asyncio.Task[DomainFacts]] = field(default_factory=dict)

    def checks(self) -> Iterable[Check]:
        """One domain after the other; then the servers."""
        boxes: dict[str, list[MailboxSettings]] = {}
        for box in self.mailboxes:
            boxes.setdefault(domain_of(box.address), []).append(box)
        done: set[tuple[str, str]] = set()
        for domain, found in boxes.items():
            named = [domain, *(domain_of(a) for box in found for a in (box.verp, box.reply_to) if a)]
            for name in dict.fromkeys(named):
                if ("mx", name) not in done:
                    done.add(("mx", name))
                    yield Check("domain", "mx", name, partial(self._mx, name))
            for box in found:
                if (envelope(box), box.smtp.host) not in done:
                    done.add((envelope(box), box.smtp.host))
                    yield Check("domain", "spf", envelope(box), partial(self._spf, envelope(box), box))
            if any(box.dkim is None for box in found):
                yield Check("domain", "dkim", domain, partial(self._dkim, domain))
            yield Check("domain", "dmarc", domain, partial(self._dmarc, domain, found))
        for dkim in dict.fromkeys(box.dkim for box in self.mailboxes if box.dkim is not None):
            yield Check("domain", "dkim", place(dkim), partial(self._own_key, dkim))
        for box in {box.smtp.host: box for box in self.mailboxes}.values():
            yield Check("domain", "ptr", box.smtp.host, partial(self._ptr, box))

    async def _mx(self, domain: str) -> Iterable[Finding]:
        return domains.exchangers(await gather.exchangers(self.resolver, domain))

    async def _spf(self, domain: str, box: MailboxSettings) -> Iterable[Finding]:
        facts, relay = await asyncio.gather(gather.spf(self.resolver, domain), self._relay(box.smtp.host))
        return domains.spf(facts, relay)

    async def _dkim(self, domain: str) -> Iterable[Finding]:
        return identities.dkim(await self._keys(domain))

    async def _own_key(self, dkim: Dkim) -> Iterable[Finding]:
        keys = await asyncio.to_thread(public, dkim, self.resolve)
        texts = await gather.key(self.resolver, dkim.domain, dkim.selector)
        return [identities.own_key(place(dkim), texts, keys)]

    async def _dmarc(self, domain: str, found: list[MailboxSettings]) -> Iterable[Finding]:
        facts = await gather.dmarc(self.resolver, domain, (await self._keys(domain)).keys)
        shown = [Identity(b.id, envelope(b), b.dkim.domain if b.dkim else "") for b in found]
        return identities.dmarc(facts, shown)

    async def _ptr(self, box: MailboxSettings) -> Iterable[Finding]:
        return domains.reverse(await self._relay(box.smtp.host), box.smtp.security)

    async def _relay(self, host: str) -> NameFacts:
        """The addresses and names of a server, asked for once."""
        if host not in self.relays:
            self.relays[host] = asyncio.create_task(gather.host(self.resolver, host))
        return await asyncio.shield(self.relays[host])

    async def _keys(self, domain: str) -> DomainFacts:
        """The keys under the usual names, asked for once."""
        if domain not in self.found:
            self.found[domain] = asyncio.create_task(gather.keys(self.resolver, domain))
        return await asyncio.shield(self.found[domain])


def envelope(box: MailboxSettings) -> str:
    """The domain of the envelope sender, which SPF is about."""
    return domain_of(box.verp or box.address)


def place(dkim: Dkim) -> str:
    """Where a key is published."""
    return f"{dkim.selector}._domainkey.{dkim.domain}"


def public(dkim: Dkim, resolve: Callable[[Secret], str]) -> tuple[bytes, bytes]:
    """The public part of the key that a mailbox signs with, as the DNS may hold it. DER.

    SubjectPublicKeyInfo, which is usual, then the bare RSAPublicKey that RFC 6376, 3.6.1 names; most take both
    (erratum 3017).

    Raises:
        UserError: the key is not to be had, or none that letters can be signed with.
    """
    Signer(dkim, resolve).sign(TRIAL)  # says what is wrong with a key, as the daemon would
    key = serialization.load_pem_private_key(resolve(dkim.key).encode(), password=None).public_key()
    usual, bare = (
        key.public_bytes(serialization.Encoding.DER, form)
        for form in (serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1)
    )
    return usual, bare
