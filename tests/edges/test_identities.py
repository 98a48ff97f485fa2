"""The key that a mailbox signs with beside the one that is published, and what is aligned with From: real DNS."""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from nurture.cli import sender_domains
from nurture.config import Dkim, Secret
from nurture.core.findings import Grade, worst
from nurture.core.health import Identity
from nurture.dns import DnsResolver
from nurture.errors import TemporaryFailure
from nurture.flows import domains as gather
from nurture.reports.doctor import identities
from tests.servers.names import BROKEN, Names, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nurture.core.findings import Finding

DKIM = Dkim("v.example", "s1", Secret(env="X"))
PLACE = "s1._domainkey.v.example"


@pytest.fixture
async def names() -> AsyncIterator[Names]:
    """A server that publishes nothing yet but a policy."""
    async with serving() as made:
        made.add("_dmarc.v.example", "TXT", "v=DMARC1; p=quarantine; rua=mailto:d@v.example")
        yield made


@pytest.fixture
def resolver(names: Names) -> DnsResolver:
    """Asks that server."""
    return DnsResolver(1.0, ["127.0.0.1"], names.port)


@cache
def pem(bits: int, number: int) -> str:
    """A private key of this run; another one for another number."""
    return (
        rsa.generate_private_key(65537, bits)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def public(bits: int = 2048, number: int = 0) -> tuple[str, str]:
    """Its public part, as a signer shows it: the usual form and the bare one, in base64."""
    usual, bare = sender_domains.public(DKIM, lambda _: pem(bits, number))
    return base64.b64encode(usual).decode(), base64.b64encode(bare).decode()


async def judged(resolver: DnsResolver, bits: int = 2048) -> Finding:
    """What is said of the key that we sign with."""
    keys = sender_domains.public(DKIM, lambda _: pem(bits, 0))
    return identities.own_key(PLACE, await gather.key(resolver, "v.example", "s1"), keys)


async def test_the_key_that_is_published_is_the_one_we_sign_with(names: Names, resolver: DnsResolver) -> None:
    """In either form, in pieces, with blanks, with what may stand beside it."""
    usual, bare = public()
    for record in (
        f"v=DKIM1; k=rsa; p={usual}",
        f"p={usual}",
        f"v=DKIM1; p={bare}",
        f"v=DKIM1; h=sha1:sha256; s=email; t=s; n=ours; p={usual[:200]} {usual[200:]}",
    ):
        names.add(PLACE, "TXT", record, "some other text")
        found = await judged(resolver)

        assert Grade.PASS is found.grade, (record, found.text)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("", "nothing is published"),
        ("some=thing", "nothing is published"),
        ("v=DKIM1; p=", "revoked"),
        ("v=DKIM1; k=rsa; p={other}", "another key"),
        ("v=DKIM1; k=rsa; p=not base64!", "another key"),
        ("v=DKIM2; k=rsa; p={ours}", "another key"),
        ("v=DKIM1; k=ed25519; p={ours}", "does not allow"),
        ("v=DKIM1; h=sha1; p={ours}", "does not allow"),
        ("v=DKIM1; s=tlsrpt; p={ours}", "does not allow"),
    ],
)
async def test_a_record_with_which_our_signatures_fail(
    names: Names, resolver: DnsResolver, record: str, says: str
) -> None:
    """A failure, with the record to publish, whole and right: published so, it passes."""
    if record:
        names.add(PLACE, "TXT", record.format(ours=public()[0], other=public(number=1)[0]))
    found = await judged(resolver)

    assert Grade.FAIL is found.grade
    assert says in found.text
    assert "{record}" in found.hint
    names.add(PLACE, "TXT", str(found.values["record"]))
    assert Grade.PASS is (await judged(resolver)).grade


async def test_two_keys_under_one_selector(names: Names, resolver: DnsResolver) -> None:
    """Receivers may take either: a failure, though one of them is ours."""
    names.add(PLACE, "TXT", *(f"v=DKIM1; p={public(number=n)[0]}" for n in (0, 1)))
    found = await judged(resolver)

    assert (Grade.FAIL, True) == (found.grade, "more than one" in found.text)


async def test_keys_that_work_and_are_not_as_they_should_be(names: Names, resolver: DnsResolver) -> None:
    """One that is marked as a test, one that is short: warnings."""
    names.add(PLACE, "TXT", f"v=DKIM1; t=s:y; p={public()[0]}")
    testing = await judged(resolver)
    names.add(PLACE, "TXT", f"v=DKIM1; p={public(1024)[0]}")
    short = await judged(resolver, 1024)
    names.add(PLACE, "TXT", f"v=DKIM1; p={public(1024)[1]}")
    bare = await judged(resolver, 1024)

    assert [Grade.WARN] * 3 == [f.grade for f in (testing, short, bare)]
    assert "t=y" in testing.text
    assert short.text == bare.text != testing.text


async def test_a_dns_that_does_not_answer_is_no_missing_key(names: Names, resolver: DnsResolver) -> None:
    """It is said as what it is."""
    names.records[PLACE, "TXT"] = BROKEN
    with pytest.raises(TemporaryFailure, match="s1"):
        await judged(resolver)


@pytest.mark.parametrize(
    ("envelope", "signs", "provider", "policy", "grade", "says"),
    [
        ("v.example", "", False, "r", Grade.PASS, "with reports"),
        ("bounce.v.example", "", False, "r", Grade.PASS, "is aligned"),
        ("bounce.v.example", "v.example", False, "r", Grade.PASS, "are aligned"),
        ("v.example", "news.v.example", False, "r", Grade.PASS, "are aligned"),
        ("v.example", "provider.example", False, "r", Grade.WARN, "only SPF counts"),
        ("v.example", "news.v.example", False, "s", Grade.WARN, "only SPF counts"),
        ("bounces.provider.example", "v.example", False, "r", Grade.WARN, "only DKIM counts"),
        ("bounces.provider.example", "", True, "r", Grade.WARN, "only DKIM counts"),
        ("bounce.v.example", "v.example", False, "s", Grade.WARN, "only DKIM counts"),
        ("bounces.provider.example", "provider.example", True, "r", Grade.FAIL, "neither"),
        ("bounces.provider.example", "", False, "r", Grade.FAIL, "neither"),
        ("bounce.v.example", "news.v.example", False, "s", Grade.FAIL, "neither"),
        ("notv.example", "", False, "none", Grade.FAIL, "neither"),
        ("bounce.v.example", "v.example", False, "none", Grade.FAIL, "are aligned"),  # the policy is what fails
    ],
)
async def test_what_is_aligned_with_from(
    names: Names,
    resolver: DnsResolver,
    envelope: str,
    signs: str,
    provider: bool,
    policy: str,
    grade: Grade,
    says: str,
) -> None:
    """Both pass; one of the two is a warning that says which; none is a failure; also without a policy."""
    if policy == "none":
        names.records.clear()
    elif policy == "s":
        names.add("_dmarc.v.example", "TXT", "v=DMARC1; p=reject; aspf=s; adkim=s; rua=mailto:d@v.example")
    if provider:
        names.add("selector1._domainkey.v.example", "TXT", f"v=DKIM1; p={public()[0]}")
    facts = await gather.dmarc(resolver, "v.example", (await gather.keys(resolver, "v.example")).keys)
    found = list(identities.dmarc(facts, [Identity("sales", envelope, signs)]))

    assert grade is worst(found), [(f.grade, f.text) for f in found]
    assert any(says in f.text for f in found)
