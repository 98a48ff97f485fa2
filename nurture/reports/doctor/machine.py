"""Judging the machine: clock, disk, database, secrets; and the working folder's files."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.findings import bad, doubtful, good
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from nurture.core.findings import Finding
    from nurture.core.health import DatabaseFacts
    from nurture.errors import UserError

ASTRAY: Final = timedelta(minutes=1)
"""So far off, a clock spoils signatures, logins and the freshness of mailboxes."""
LITTLE: Final = 1_000_000_000  # bytes
NONE_LEFT: Final = 100_000_000


def clock(
    now: datetime, *, synchronized: bool | None, latest: datetime | None, others: datetime | None
) -> Finding:
    """The clock.

    Args:
        now: what it says.
        synchronized: what the kernel knows of it; None where it cannot be asked.
        latest: the newest line of the journal.
        others: what another machine's clock said at that moment.
    """
    check, subject = "clock", now.isoformat(timespec="seconds")
    hint = mark("run a time service (systemd-timesyncd, chrony)")
    if latest is not None and latest - now > ASTRAY:
        return bad(check, subject, mark("it was put back: the journal is ahead of it"), hint=hint)
    if others is not None and abs(others - now) > ASTRAY:
        return bad(
            check,
            subject,
            mark("it differs by {seconds} seconds from another machine's"),
            hint=hint,
            seconds=round(abs((others - now).total_seconds())),
        )
    if synchronized is False and others is None:
        return doubtful(
            check, subject, mark("no time service keeps it right, as far as the system knows"), hint=hint
        )
    return good(check, subject, mark("right") if synchronized or others else mark("nothing speaks against it"))


def disk(place: str, free: int, total: int) -> Finding:
    """Space where the database lies. Bytes."""
    values: dict[str, object] = {"free": f"{free / 1e9:.1f}", "total": f"{total / 1e9:.1f}"}
    text = mark("{free} GB of {total} GB are free")
    if free < NONE_LEFT:
        return bad("disk", place, text, hint=mark("make room: without it nothing can be written down"), **values)
    if free < LITTLE:
        return doubtful("disk", place, text, hint=mark("make room soon"), **values)
    return good("disk", place, text, **values)


def database(facts: DatabaseFacts) -> Iterator[Finding]:
    """The database: there, sound, of our version, to be written."""
    check, subject = "database", facts.said
    if not facts.there:
        yield doubtful(check, subject, mark("not there yet: it is made at the first start"))
        return
    if facts.problem:
        yield bad(check, subject, "{problem}", problem=facts.problem)
        return
    if facts.damage:
        yield bad(
            check,
            subject,
            mark("damaged: {damage}"),
            hint=mark("stop the daemon and go back to the last backup (docs/operations.md)"),
            damage="; ".join(facts.damage[:3]),
        )
    if facts.revision is None:
        yield doubtful(check, subject, mark("empty: it is filled at the first start"))
    elif facts.revision != facts.head:
        yield bad(
            check,
            subject,
            mark("of schema {revision}, this program needs {head}"),
            hint=mark("older: stop the daemon, copy the database, nurture upgrade. Newer: install that version"),
            revision=facts.revision,
            head=facts.head,
        )
    elif not facts.damage and facts.writable:
        yield good(check, subject, mark("sound, schema {revision}, can be written"), revision=facts.revision)
    if not facts.writable:
        yield bad(
            check, subject, mark("cannot be written"), hint=mark("whose file is it, and who runs the daemon?")
        )


def secret(name: str, problem: UserError | None) -> Finding:
    """A secret can be read, by us alone. Its value is nobody's business here."""
    if problem is None:
        return good("secret", name, mark("can be read"))
    return bad("secret", name, problem.text, hint=problem.hint or "", **problem.values)


def chat(name: str, host: str) -> Finding:
    """A chat's address is one that may be called. All of it but the host is a secret."""
    if host:
        return good("chat", name, mark("{host} is there; try it: nurture chat {name}"), host=host, name=name)
    return bad(
        "chat",
        name,
        mark("its address is none that begins with https://"),
        hint=mark("copy it from the chat anew"),
    )


def modes(check: str, place: str, mode: int, *, allowed: int = 0o700) -> Finding:
    """Who else may read a file or folder."""
    if mode & ~allowed & 0o777:
        return bad(
            check,
            place,
            mark("others may read it (mode {mode})"),
            hint=mark("chmod {allowed} {place}"),
            mode=f"{mode & 0o777:04o}",
            allowed=f"{allowed:o}",
            place=place,
        )
    return good(check, place, mark("yours alone (mode {mode})"), mode=f"{mode & 0o777:04o}")


def files(check: str, errors: Sequence[UserError], warnings: Sequence[UserError], counted: int) -> Finding:
    """Scenarios, templates or calendars: what ``nurture check`` finds in them."""
    hint = mark("nurture check shows all of it, with file and line")
    if errors:
        return bad(check, f"{counted}", mark("{count} problems"), hint=hint, count=len(errors))
    if warnings:
        return doubtful(check, f"{counted}", mark("{count} warnings"), hint=hint, count=len(warnings))
    return good(check, f"{counted}", mark("everything is right"))
