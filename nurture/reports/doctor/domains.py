"""Judging what the DNS says of servers: may ours send, do answers find their way back, do names lead back?

SPF and reverse DNS are among what the big providers ask for; keys, policies and alignment are in ``identities``.
From which addresses mail leaves in the end is known to the mail server alone; where this machine hands its mail to
another, that is said, and ``nurture mailbox test`` shows what a receiver sees.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from nurture.core.findings import bad, doubtful, good
from nurture.errors import UserError
from nurture.i18n import mark
from nurture.mail import policies
from nurture.wire import is_loopback, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nurture.core.findings import Finding
    from nurture.core.health import DomainFacts, NameFacts, SpfFacts

RELAYS: Final[Mapping[str, str]] = {
    "smtp.gmail.com": "_spf.google.com",
    "smtp-relay.gmail.com": "_spf.google.com",
    "smtp.office365.com": "spf.protection.outlook.com",
    "smtp.sendgrid.net": "sendgrid.net",
    "smtp.mailgun.org": "mailgun.org",
}
"""Servers that take mail in at one address and send it from others, with the include that names those."""

TEST: Final = mark("nurture mailbox test shows what a receiver sees")


def exchangers(facts: DomainFacts) -> Iterator[Finding]:
    """MX: answers and bounces must find their way back, to From and to the envelope sender (RFC 5321, 4.4)."""
    check, domain = "mx", facts.domain
    if any(host == "" for _, host in facts.exchangers):
        yield bad(
            check,
            domain,
            mark("takes no mail (null MX)"),
            hint=mark("answers and bounces cannot arrive: set an MX record"),
        )
        return
    if not facts.exchangers:
        if facts.own:
            yield doubtful(
                check,
                domain,
                mark("no MX record; mail goes to the address of the domain itself"),
                hint=mark("set an MX record: some servers refuse mail from domains without one"),
            )
        else:
            yield bad(
                check,
                domain,
                mark("no MX record and no address: answers and bounces cannot arrive"),
                hint=mark("is the domain spelled right in config.toml? Else set an MX record"),
            )
        return
    dead = [host for _, host in facts.exchangers if not facts.reachable.get(host)]
    listed = ", ".join(one_line(host, 80) for _, host in facts.exchangers)
    if len(dead) == len(facts.exchangers):
        yield bad(check, domain, mark("no mail server has an address: {hosts}"), hosts=listed)
    elif dead:
        yield doubtful(check, domain, mark("these mail servers have no address: {hosts}"), hosts=", ".join(dead))
    else:
        yield good(check, domain, listed)


def spf(facts: SpfFacts, relay: NameFacts | None) -> Iterator[Finding]:
    """The SPF record, and whether it lets our mail server send.

    Args:
        facts: of the domain of the envelope sender.
        relay: the server that takes our mail; None where its addresses are not known.
    """
    check, domain = "spf", facts.domain
    if facts.problem:
        yield doubtful(check, domain, mark("not all of it could be looked up: {problem}"), problem=facts.problem)
        return
    records = facts.records.get(domain, ())
    if not records:
        yield bad(
            check, domain, mark("no SPF record"), hint=mark('publish a TXT record such as "v=spf1 include:… -all"')
        )
        return
    if len(records) > 1:
        yield bad(
            check,
            domain,
            mark("{count} SPF records: receivers treat that as an error"),
            hint=mark("put all terms into one record"),
            count=len(records),
        )
        return
    if (problem := _broken(facts)) is not None:
        yield bad(check, domain, problem.text, hint=mark("receivers treat that as an error"), **problem.values)
        return
    if facts.lookups > policies.MOST_LOOKUPS:
        yield bad(
            check,
            domain,
            mark("more than {most} lookups: receivers treat that as an error"),
            hint=mark("take out includes that are not used any more"),
            most=policies.MOST_LOOKUPS,
        )
        return
    default = policies.parse_spf(records[0])
    if default.default == "+":
        yield bad(
            check, domain, mark("+all lets everybody send in your name"), hint=mark("end the record with -all")
        )
    elif default.default in {None, "?"} and not default.redirect:
        yield doubtful(
            check, domain, mark("the record does not end with -all or ~all"), hint=mark("end the record with -all")
        )
    yield _lets_send(facts, relay)


def _broken(facts: SpfFacts) -> UserError | None:
    """A record that cannot be read, or an include that leads to none."""
    for name, records in facts.records.items():
        if len(records) != 1:
            return UserError("{name} is included and has {count} SPF records", name=name, count=len(records))
        try:
            policies.parse_spf(records[0])
        except UserError as error:
            return error
    return None


def _lets_send(facts: SpfFacts, relay: NameFacts | None) -> Finding:
    check, domain = "spf", facts.domain
    if relay is None or not relay.addresses or all(is_loopback(one) for one in relay.addresses):
        return doubtful(
            check,
            domain,
            mark("the record is sound; from which addresses your mail server sends is not known here"),
            hint=TEST,
        )
    wanted = RELAYS.get(relay.host.lower())
    if wanted is not None:
        if wanted in facts.records:
            return good(
                check, domain, mark("includes {include}, from which {host} sends"), include=wanted, host=relay.host
            )
        return bad(
            check,
            domain,
            mark("does not include {include}, from which {host} sends"),
            hint=mark("add include:{include}"),
            include=wanted,
            host=relay.host,
        )
    results = {one: policies.spf_result(facts, one) for one in relay.addresses}
    values: dict[str, object] = {"host": relay.host, "addresses": ", ".join(results)}
    if set(results.values()) == {"pass"}:
        return good(check, domain, mark("lets {host} send ({addresses})"), **values)
    values["addresses"] = ", ".join(f"{one} ({result})" for one, result in results.items() if result != "pass")
    return doubtful(
        check,
        domain,
        mark("does not name the addresses of {host}: {addresses}"),
        hint=mark(
            "right, if mail leaves from others; else add them. nurture mailbox test shows what a receiver sees"
        ),
        **values,
    )


def reverse(facts: NameFacts, security: str) -> Iterator[Finding]:
    """Reverse DNS of the sending host, where that can be known."""
    check, host = "ptr", facts.host
    public = [one for one in facts.addresses if ipaddress.ip_address(one).is_global]
    if not public:
        if security == "none" or any(is_loopback(one) for one in facts.addresses):
            yield doubtful(
                check,
                host,
                mark("a server on this machine or network; from which address it sends is not known here"),
                hint=TEST,
            )
        elif not facts.addresses:
            yield bad(
                check, host, mark("this name has no address"), hint=mark("is it spelled right in config.toml?")
            )
        else:
            yield doubtful(check, host, mark("no public address"), hint=TEST)
        return
    nameless = [one for one in public if not facts.names.get(one)]
    astray = [
        one
        for one in public
        if facts.names.get(one) and not any(one in facts.back.get(name, ()) for name in facts.names[one])
    ]
    if nameless or astray:
        yield doubtful(
            check,
            host,
            mark("without a name that leads back: {addresses}"),
            hint=mark("whoever runs the server sets it; receivers refuse mail from such addresses"),
            addresses=", ".join((*nameless, *astray)),
        )
    else:
        yield good(check, host, mark("{count} addresses with names that lead back"), count=len(public))
