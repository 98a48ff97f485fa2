"""The DNS edge and what is gathered with it, against a server on a real port."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from nurture.core.findings import Grade, worst
from nurture.core.health import Identity
from nurture.dns import DnsResolver
from nurture.errors import TemporaryFailure
from nurture.flows import domains as gather
from nurture.reports.doctor import domains as judge
from nurture.reports.doctor import identities
from tests.servers.names import BROKEN, SILENT, Names, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from nurture.core.findings import Finding


@pytest.fixture
async def names() -> AsyncIterator[Names]:
    """The server, with a domain as it should be."""
    async with serving() as made:
        made.add("v.example", "MX", "10 mx1.v.example.", "20 mx2.v.example.")
        made.add("mx1.v.example", "A", "192.0.2.11")
        made.add("mx2.v.example", "AAAA", "2001:db8::12")
        made.add("v.example", "TXT", "v=spf1 mx include:_spf.v.example -all", "other=thing")
        made.add("_spf.v.example", "TXT", '"v=spf1 ip4:8.8.4" ".0/24 -all"')
        made.add("_dmarc.v.example", "TXT", "v=DMARC1; p=quarantine; rua=mailto:d@v.example")
        made.add("selector1._domainkey.v.example", "TXT", "v=DKIM1; k=ed25519; p=" + "A" * 43 + "=")
        made.add("smtp.v.example", "A", "8.8.4.5")
        made.add("5.4.8.8.in-addr.arpa", "PTR", "smtp.v.example.")
        yield made


@pytest.fixture
def resolver(names: Names) -> DnsResolver:
    """Asks that server."""
    return DnsResolver(1.0, ["127.0.0.1"], names.port)


def grades(found: Iterable[Finding]) -> list[tuple[str, str]]:
    """What each finding says."""
    return [(f.grade.value, f.text) for f in found]


async def test_records_as_they_stand(resolver: DnsResolver) -> None:
    """Texts in pieces are put together; names are plain; what is not there is an empty answer."""
    assert ("v=spf1 ip4:8.8.4.0/24 -all",) == await resolver.texts("_spf.v.example")
    assert ((10, "mx1.v.example"), (20, "mx2.v.example")) == await resolver.exchangers("v.example")
    assert ("2001:db8::12",) == await resolver.addresses("mx2.v.example")
    assert ("smtp.v.example",) == await resolver.names("8.8.4.5")
    for nothing in ("nowhere.example", "", "a..b", "x" * 300, "é" * 80, "."):
        assert () == await resolver.texts(nothing)
    assert () == await resolver.names("no address")


@pytest.mark.parametrize("fault", [SILENT, BROKEN])
async def test_a_server_that_does_not_answer_is_no_empty_answer(
    names: Names, resolver: DnsResolver, fault: str
) -> None:
    """Within its time: a temporary failure that names what was asked."""
    names.records["v.example", "TXT"] = fault
    started = time.monotonic()
    with pytest.raises(TemporaryFailure, match=r"v\.example"):
        await resolver.texts("v.example")
    assert time.monotonic() - started < 5


async def test_a_domain_as_it_should_be(resolver: DnsResolver) -> None:
    """Everything passes."""
    relay = await gather.host(resolver, "smtp.v.example")
    found = [
        *judge.exchangers(await gather.exchangers(resolver, "v.example")),
        *judge.spf(await gather.spf(resolver, "v.example"), relay),
        *identities.dkim(await gather.keys(resolver, "v.example")),
        *identities.dmarc(await gather.dmarc(resolver, "v.example"), [Identity("sales", "v.example")]),
        *judge.reverse(relay, "tls"),
    ]
    assert Grade.PASS is worst(found), grades(found)
    assert {"mx", "spf", "dkim", "dmarc", "ptr"} == {f.check for f in found}


async def test_nothing_published(names: Names, resolver: DnsResolver) -> None:
    """Each missing thing is said, with what to do."""
    names.records.clear()
    found = [
        *judge.exchangers(await gather.exchangers(resolver, "v.example")),
        *judge.spf(await gather.spf(resolver, "v.example"), None),
        *identities.dkim(await gather.keys(resolver, "v.example")),
        *identities.dmarc(await gather.dmarc(resolver, "v.example"), [Identity("sales", "v.example")]),
        *judge.reverse(await gather.host(resolver, "smtp.v.example"), "tls"),
    ]
    assert ["fail", "fail", "warn", "fail", "fail"] == [f.grade.value for f in found]
    assert all(f.hint for f in found)


@pytest.mark.parametrize(
    ("record", "grade", "says"),
    [
        ("v=spf1 +all", Grade.FAIL, "+all"),
        ("v=spf1 ip4:8.8.4.5", Grade.WARN, "does not end"),
        ("v=spf1 nonsense -all", Grade.FAIL, "no term"),
        ("v=spf1 include:gone.example -all", Grade.FAIL, "is included"),
        ("v=spf1 ip4:1.1.1.1 -all", Grade.WARN, "does not name"),
        ("v=spf1 ip4:8.8.4.5 ~all", Grade.PASS, "lets"),
        ("v=spf1 redirect=_spf.v.example", Grade.PASS, "lets"),
        ("v=spf1 " + " ".join(f"a:h{n}.v.example" for n in range(11)) + " -all", Grade.FAIL, "lookups"),
    ],
)
async def test_spf_records_that_are_wrong(
    names: Names, resolver: DnsResolver, record: str, grade: Grade, says: str
) -> None:
    """What a receiver would take for an error is one; what cannot be known from here is a warning."""
    names.add("v.example", "TXT", record)
    relay = await gather.host(resolver, "smtp.v.example")
    found = list(judge.spf(await gather.spf(resolver, "v.example"), relay))

    assert grade is worst(found), grades(found)
    assert any(says in f.text for f in found)


async def test_two_spf_records_are_an_error(names: Names, resolver: DnsResolver) -> None:
    """However good each is."""
    names.add("v.example", "TXT", "v=spf1 ip4:8.8.4.5 -all", "v=spf1 mx -all")
    (found,) = judge.spf(await gather.spf(resolver, "v.example"), None)
    assert Grade.FAIL is found.grade


async def test_lookups_are_bounded(names: Names, resolver: DnsResolver) -> None:
    """Records that lead to each other, or to hundreds, are left after ten."""
    names.add("v.example", "TXT", "v=spf1 include:a.example include:v.example -all")
    names.add("a.example", "TXT", "v=spf1 " + " ".join(f"include:b{n}.example" for n in range(100)) + " -all")
    facts = await gather.spf(resolver, "v.example")

    assert 10 < facts.lookups <= 12
    assert len(names.asked) < 20


async def test_a_relay_that_sends_from_elsewhere(names: Names, resolver: DnsResolver) -> None:
    """For well-known providers the include is what counts, not the address that takes our mail."""
    names.add("smtp.gmail.com", "A", "8.8.4.99")
    names.add("v.example", "TXT", "v=spf1 include:_spf.google.com -all")
    names.add("_spf.google.com", "TXT", "v=spf1 ip4:1.2.3.0/24 ~all")
    relay = await gather.host(resolver, "smtp.gmail.com")
    (found,) = judge.spf(await gather.spf(resolver, "v.example"), relay)
    assert Grade.PASS is found.grade

    names.add("v.example", "TXT", "v=spf1 ip4:8.8.4.5 -all")
    (found,) = judge.spf(await gather.spf(resolver, "v.example"), relay)
    assert (Grade.FAIL, "_spf.google.com") == (found.grade, found.values["include"])


async def test_a_policy_above_and_an_envelope_elsewhere(names: Names, resolver: DnsResolver) -> None:
    """The tree walk finds the policy of a parent; an envelope sender of another house is not aligned."""
    facts = await gather.dmarc(resolver, "news.v.example")
    assert ("v.example", "v.example") == (facts.dmarc_at, facts.organisational)
    good = list(identities.dmarc(facts, [Identity("a", "bounce.v.example")]))
    bad = list(identities.dmarc(facts, [Identity("a", "bounces.provider.example")]))
    assert (Grade.PASS, Grade.FAIL) == (worst(good), worst(bad))

    names.add("_dmarc.v.example", "TXT", "v=DMARC1; p=reject; aspf=s")
    strict = await gather.dmarc(resolver, "v.example")
    assert Grade.FAIL is worst(identities.dmarc(strict, [Identity("a", "bounce.v.example")]))
    assert Grade.WARN is worst(identities.dmarc(strict, [Identity("a", "v.example")]))  # nobody hears of failures


@pytest.mark.parametrize(
    ("mx", "grade"),
    [("0 .", Grade.FAIL), ("10 gone.v.example.", Grade.FAIL)],
)
async def test_mail_that_cannot_come_back(names: Names, resolver: DnsResolver, mx: str, grade: Grade) -> None:
    """A null MX, and servers that do not exist."""
    names.add("v.example", "MX", mx)
    (found,) = judge.exchangers(await gather.exchangers(resolver, "v.example"))
    assert grade is found.grade


async def test_addresses_without_names(names: Names, resolver: DnsResolver) -> None:
    """No name, or one that leads elsewhere; a server on this machine is not knowable."""
    names.add("5.4.8.8.in-addr.arpa", "PTR", "other.example.")
    (found,) = judge.reverse(await gather.host(resolver, "smtp.v.example"), "tls")
    assert (Grade.WARN, "8.8.4.5") == (found.grade, found.values["addresses"])
    names.add("local.example", "A", "127.0.0.1")
    (found,) = judge.reverse(await gather.host(resolver, "local.example"), "none")
    assert Grade.WARN is found.grade


async def test_many_questions_at_once(resolver: DnsResolver) -> None:
    """One resolver for all of them."""
    found = await asyncio.gather(*(resolver.addresses("mx1.v.example") for _ in range(50)))
    assert {("192.0.2.11",)} == set(found)
