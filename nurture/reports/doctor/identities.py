"""Judging who a letter says it is from: DKIM keys, the DMARC policy, and what of it is aligned with From.

DMARC wants one of two to be of the house that From names (RFC 7489, 3.1; RFC 9989, 4.4): the envelope sender for
which SPF passes, or the domain of a signature. One is enough, two are better: forwarding breaks SPF, and a letter
that is changed on the way breaks its signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core.findings import bad, doubtful, good
from nurture.errors import UserError
from nurture.i18n import mark
from nurture.mail import policies
from nurture.reports.doctor.domains import TEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nurture.core.findings import Finding
    from nurture.core.health import DomainFacts, Identity

KEY_PROBLEMS: Final[Mapping[str, str]] = {
    "revoked": mark("the key {selector} is revoked"),
    "unreadable": mark("the key {selector} cannot be read"),
    "short": mark("the key {selector} is shorter than 2048 bits"),
}

PUBLISH: Final = mark("publish at {name}, as one TXT record: {record}")
AGAIN: Final = mark("put in its place, as one TXT record: {record}")

RECORD_PROBLEMS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": (mark("nothing is published there: our signatures cannot be checked"), PUBLISH),
    "several": (mark("more than one key is published there: receivers may take the wrong one"), AGAIN),
    "revoked": (mark("the key there is revoked (empty p=): our signatures fail"), AGAIN),
    "other": (mark("another key is published there than the one we sign with: our signatures fail"), AGAIN),
    "narrowed": (mark("the record does not allow mail with rsa-sha256 (k=, h=, s=): our signatures fail"), AGAIN),
}
"""What is wrong with the record of a key that we sign with, and what to do."""


def dkim(facts: DomainFacts) -> Iterator[Finding]:
    """DKIM keys of a provider, as far as anybody can find them without a mail."""
    check, domain = "dkim", facts.domain
    sound = _sound(facts)
    if sound:
        yield good(check, domain, mark("keys: {selectors}"), selectors=", ".join(sound))
        return
    for selector, text in facts.keys.items():
        yield doubtful(
            check,
            domain,
            KEY_PROBLEMS[policies.key_problem(text)],
            hint=mark("make a new key where your mail is signed, and publish it"),
            selector=selector,
        )
    if not facts.keys:
        yield doubtful(
            check,
            domain,
            mark("no key under the usual names; keys under other names cannot be found without a mail"),
            hint=TEST,
        )


def _sound(facts: DomainFacts) -> list[str]:
    return [selector for selector, text in facts.keys.items() if not policies.key_problem(text)]


def own_key(name: str, texts: Sequence[str], keys: Sequence[bytes]) -> Finding:
    """The key that a mailbox of ours signs with, beside the record that receivers will look up.

    Args:
        name: ``selector._domainkey.domain``.
        texts: the TXT records there.
        keys: our public key as it may stand there, the form to publish first.
    """
    check, record = "dkim", policies.record_of(keys[0])
    problem = policies.record_problem(texts, keys)
    if problem in RECORD_PROBLEMS:
        text, hint = RECORD_PROBLEMS[problem]
        return bad(check, name, text, hint=hint, name=name, record=record)
    if problem == "testing":
        return doubtful(
            check,
            name,
            mark("the key is ours, but marked as a test (t=y): receivers treat our mail as unsigned"),
            hint=mark("take t=y out of the record"),
        )
    if problem == "short":
        return doubtful(
            check,
            name,
            mark("the key is ours, and shorter than 2048 bits"),
            hint=mark("make a new one under another selector: openssl genrsa 2048"),
        )
    return good(check, name, mark("the key is the one we sign with"))


def dmarc(facts: DomainFacts, identities: Sequence[Identity]) -> Iterator[Finding]:
    """The DMARC policy, and for each mailbox what is aligned with From.

    Args:
        facts: of the domain in From, its keys among them.
        identities: of the mailboxes whose From is of that domain.
    """
    check, domain = "dmarc", facts.domain
    policy: policies.Dmarc | None = None
    if not facts.dmarc:
        yield bad(
            check,
            domain,
            mark("no DMARC policy"),
            hint=mark('publish at _dmarc.{name}: "v=DMARC1; p=none; rua=mailto:…", and tighten it later'),
            name=domain,
        )
    elif len(facts.dmarc) > 1:
        yield bad(
            check, domain, mark("{count} DMARC policies: receivers heed none of them"), count=len(facts.dmarc)
        )
    else:
        try:
            policy = policies.parse_dmarc(facts.dmarc[0], inherited=facts.dmarc_at != domain)
        except UserError as error:
            yield bad(check, domain, error.text, hint="", **error.values)
    for identity in identities:
        yield from _alignment(facts, policy or policies.Dmarc("none"), identity)
    if policy is None:
        return
    if policy.reports:
        yield good(check, domain, mark("p={policy}, with reports"), policy=policy.policy)
    else:
        yield doubtful(
            check,
            domain,
            mark("p={policy}; nobody hears of failures"),
            hint=mark("add rua=mailto:… to see who sends in your name"),
            policy=policy.policy,
        )


def _alignment(facts: DomainFacts, policy: policies.Dmarc, identity: Identity) -> Iterator[Finding]:
    """What of one mailbox's letters is aligned with From; nothing where there is nothing to tell."""
    check, domain = "dmarc", facts.domain
    spf = _aligned(facts, identity.envelope, policy.aspf)
    ours = bool(identity.signs) and _aligned(facts, identity.signs, policy.adkim)
    values = {"mailbox": identity.mailbox, "envelope": identity.envelope, "signs": identity.signs, "name": domain}
    if spf and identity.signs and not ours:
        yield doubtful(
            check,
            domain,
            mark("mailbox {mailbox} signs for {signs}, not aligned: only SPF counts, which forwarding breaks"),
            hint=mark("under [mailboxes.dkim], let domain be {name}"),
            **values,
        )
    elif spf and ours:
        yield good(
            check,
            domain,
            mark("mailbox {mailbox}: envelope sender ({envelope}) and signature ({signs}) are aligned"),
            **values,
        )
    elif spf and identity.envelope != domain:
        yield good(check, domain, mark("mailbox {mailbox}: the envelope sender ({envelope}) is aligned"), **values)
    elif not spf and (ours or (not identity.signs and _sound(facts))):
        yield doubtful(
            check,
            domain,
            mark(
                "mailbox {mailbox}: the envelope sender is of {envelope}, which is not aligned: only DKIM counts"
            ),
            hint=mark(
                "let verp use the domain of the address; until then a letter without a valid signature fails"
            ),
            **values,
        )
    elif not spf:
        yield bad(
            check,
            domain,
            mark("mailbox {mailbox}: neither the envelope sender ({envelope}) nor a known signature is aligned"),
            hint=mark("let verp use the domain of the address, or sign for {name} ([mailboxes.dkim])"),
            **values,
        )


def _aligned(facts: DomainFacts, other: str, mode: str) -> bool:
    """With From; where nobody published a policy, one of the two domains must be at or below the other."""
    top = facts.organisational or min((facts.domain, other), key=len)
    return policies.aligned(facts.domain, other, mode, top)
