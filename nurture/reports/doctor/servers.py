"""Judging the connections to mail servers, and the desk's public address."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.findings import bad, doubtful, good
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from nurture.core.findings import Finding
    from nurture.core.health import LineFacts, WebFacts

NEAR: Final = timedelta(days=14)
"""A certificate that ends within this was not renewed in time: usual is a month before its end."""
OLD_TLS: Final = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
"""RFC 8996: not to be used any more."""


def line(check: str, mailbox: str, facts: LineFacts, now: datetime) -> Iterator[Finding]:
    """One connection: reached, encrypted, logged in.

    Args:
        check: smtp | imap | archive.
        mailbox: its id.
        facts: what became of it.
        now: UTC.
    """
    place = f"{facts.host}:{facts.port}"
    if not facts.tried:
        yield bad(check, mailbox, mark("not tried: {problem}"), problem=facts.problem)
        return
    if not facts.reached:
        yield bad(
            check,
            mailbox,
            mark("no connection to {place}: {problem}"),
            hint=mark("host, port and security in config.toml; a firewall on the way"),
            place=place,
            problem=facts.problem,
        )
        return
    yield from encryption(check, mailbox, facts, now)
    if not facts.logged_in:
        yield bad(
            check,
            mailbox,
            mark("{place} does not let us in: {problem}"),
            hint=mark("username and password; some providers want a password for programs, or OAuth"),
            place=place,
            problem=facts.problem,
        )
    elif facts.missing:
        yield bad(
            check,
            mailbox,
            mark("logged in, but these folders cannot be read: {folders}"),
            hint=mark("their names are in config.toml; this account has: {known}"),
            folders=", ".join(facts.missing),
            known=", ".join(facts.folders) or "–",
        )
    else:
        yield good(check, mailbox, mark("logged in at {place} ({tls})"), place=place, tls=facts.tls or "–")


def encryption(check: str, mailbox: str, facts: LineFacts, now: datetime) -> Iterator[Finding]:
    """TLS and the certificate's dates."""
    if facts.tls in OLD_TLS:
        yield doubtful(
            check,
            mailbox,
            mark("{place} speaks {tls} only"),
            hint=mark("ask who runs the server for TLS 1.2 or newer"),
            place=f"{facts.host}:{facts.port}",
            tls=facts.tls,
        )
    if facts.expires_at is not None:
        yield from certificate(check, mailbox, facts.host, facts.expires_at, now)


def certificate(check: str, subject: str, host: str, expires_at: datetime, now: datetime) -> Iterator[Finding]:
    """A certificate that is near its end: a pass says nothing."""
    days = (expires_at - now).days
    if expires_at <= now:
        yield bad(check, subject, mark("the certificate of {host} has expired"), host=host)
    elif expires_at - now < NEAR:
        yield doubtful(
            check,
            subject,
            mark("the certificate of {host} ends in {days} days"),
            hint=mark("it should have been renewed by now: see to it, or tell who runs the server"),
            host=host,
            days=days,
        )


def sent_folder(mailbox: str, facts: LineFacts, *, archive: bool, configured: str | None) -> Finding:
    """Where copies of sent mail lie, which is what settles doubts."""
    check = "sent"
    if configured and configured in facts.missing and facts.sent:
        return bad(
            check,
            mailbox,
            mark("the Sent folder {folder} is not there; the account's own is {sent}"),
            hint=mark("is sent_folder in config.toml spelled right? This account has: {known}"),
            folder=configured,
            sent=facts.sent,
            known=", ".join(facts.folders) or "–",
        )
    if configured and configured in facts.missing:
        return doubtful(
            check,
            mailbox,
            mark("there is no folder {folder} yet: it is made with the first copy"),
            hint=mark("is sent_folder in config.toml spelled right? This account has: {known}"),
            folder=configured,
            known=", ".join(facts.folders) or "–",
        )
    if facts.sent:
        return good(check, mailbox, mark("copies of sent mail lie in {folder}"), folder=facts.sent)
    if archive:
        return good(check, mailbox, mark("copies of sent mail lie in the archive"))
    return doubtful(
        check,
        mailbox,
        mark("no Sent folder is known: a mail in doubt must be settled by a person"),
        hint=mark("name sent_folder, or an archive ([mailboxes.archive])"),
    )


def web(facts: WebFacts, now: datetime) -> Iterator[Finding]:
    """The desk's public address, which one-click unsubscribe needs (RFC 8058: no redirect, no login)."""
    check, url = "public_url", facts.url
    if facts.status is None:
        yield bad(
            check,
            url,
            mark("not reached from here: {problem}"),
            hint=mark("is the web server running, and does the name lead to it? Seen from outside it may differ"),
            problem=facts.problem,
        )
        return
    if facts.expires_at is not None:
        yield from certificate(check, url, url, facts.expires_at, now)
    if facts.location:
        yield bad(
            check,
            url,
            mark("redirects to {location}: one-click unsubscribe does not follow"),
            hint=mark("set public_url to where it leads, or have the web server answer there"),
            location=facts.location,
        )
    elif facts.status in {502, 503, 504}:
        yield doubtful(
            check,
            url,
            mark("the web server answers, the desk does not ({status})"),
            hint=mark("is the daemon running? nurture status"),
            status=facts.status,
        )
    elif not facts.ours:
        yield bad(
            check,
            url,
            mark("something else answers there ({status})"),
            hint=mark("have the web server pass /u/ to the desk, without a login"),
            status=facts.status,
        )
    else:
        yield good(check, url, mark("the unsubscribe page answers"))


def no_web() -> Finding:
    """No public address: mails carry the mailto form alone."""
    return doubtful(
        "public_url",
        "–",
        mark("none is set: mails offer to unsubscribe by mail alone"),
        hint=mark("big providers ask for one click: see docs/operations.md"),
    )
