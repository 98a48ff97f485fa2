"""Silence: whom a suppression covers, and how one is put in force and lifted.

Theory of operation
-------------------
A suppression covers an address, a domain with all domains below it, an organisation, or one topic for one
address. It holds for ever. Only a documented consent lifts it: who gave it, on which day, in which words, and
what proves it (特定電子メール法: the records of consent); a consent older than the refusal is none. A refusal
that comes after a consent counts anew, in the same row: its id is derived from what it covers.

When unsure, silence: a refusal read from a list without a date is of now, and is in force again even where a
consent had lifted it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final

from nurture.core import often
from nurture.core.ids import SuppressionId, derived
from nurture.core.messages import Entry, Suppression
from nurture.core.messages import SuppressionScope as Scope
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo

    from nurture.core.people import Organisation, Person

LONGEST: Final = 2_000
"""Characters of evidence that are kept."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What lifts a suppression: all four, or none of it counts."""

    who: str  # who gave it
    on: date  # local date
    wording: str  # what was said or ticked
    evidence: str  # what proves it, and where that is kept


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is to be silent, why, and how we know. ``value`` is in the form that is kept."""

    scope: Scope
    value: str
    reason: str  # unsubscribe | complaint | bounce | moved | person | import
    evidence: str = ""
    on: date | None = None  # the local date on which it was said; None: now


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a list, as words. Without a scope it is what it looks like: an address, a topic, a domain."""

    line: int
    said: str
    scope: Scope | None = None
    topic: str = ""
    reason: str = "import"
    on: date | None = None
    evidence: str = ""


def key(scope: Scope, value: str) -> SuppressionId:
    """The one id that a suppression of this can have."""
    return SuppressionId(derived("suppression", value if scope is Scope.ADDRESS else f"{scope.value}:{value}"))


def domains_over(address: str) -> Iterator[str]:
    """The domain of an address and those above it that have a dot: ``med.aoba.example``, ``aoba.example``."""
    labels = address.rpartition("@")[2].split(".")
    for at in range(len(labels) - 1):
        yield ".".join(labels[at:])
    if len(labels) == 1:
        yield labels[0]


def covering(address: str, organisations: Iterable[str | None]) -> frozenset[tuple[Scope, str]]:
    """The suppressions that would silence somebody in these organisations; topics apart.

    ``address`` is in lower case, however the caller makes it so.
    """
    keys = {(Scope.ADDRESS, address)}
    keys |= {(Scope.DOMAIN, domain) for domain in domains_over(address)}
    for organisation in organisations:
        if organisation:
            keys |= {(Scope.ORGANISATION, organisation), (Scope.ORGANISATION, organisation.lower())}
    return frozenset(keys)


def topics(suppressions: Iterable[Suppression]) -> frozenset[str]:
    """The topics, or kinds of content, that those in force refuse; how often mail is welcome apart."""
    return frozenset(
        s.value.rpartition("#")[2]
        for s in suppressions
        if s.scope is Scope.TOPIC and s.lifted_at is None and often.days_of(s) is None
    )


def refuse(
    wanted: Refusal, known: Suppression | None, source: str, now: datetime, zone: ZoneInfo
) -> Suppression | None:
    """The row that puts a refusal in force; None where it is in force, or was settled by a later consent."""
    if known is not None and known.lifted_at is None:
        return None
    if known is not None and wanted.on is not None and wanted.on <= consented_on(known, zone):
        return None
    at = datetime.combine(wanted.on, time(0), zone).astimezone(UTC) if wanted.on else now
    return Suppression(
        id=known.id if known else key(wanted.scope, wanted.value),
        scope=wanted.scope,
        value=wanted.value,
        reason=wanted.reason,
        source=source,
        at=min(at, now),
        evidence=wanted.evidence[:LONGEST],
        version=known.version if known else 0,
    )


def consented_on(row: Suppression, zone: ZoneInfo) -> date:
    """The day of the consent that lifted this row: its evidence begins with it."""
    assert row.lifted_at is not None
    try:
        return date.fromisoformat(row.lifted_evidence[:10])
    except ValueError:
        return row.lifted_at.astimezone(zone).date()


def lift(known: Suppression, consent: Consent, now: datetime, zone: ZoneInfo) -> Suppression:
    """The row after a consent.

    Args:
        known: the suppression in force.
        consent: what was said since.
        now: UTC.
        zone: ours, in which days are counted.

    Raises:
        UserError: it is lifted already, the consent is not documented, or it is older than the refusal.
    """
    if known.lifted_at is not None:
        raise UserError("{value} is not suppressed any more", value=known.value)
    refused_on = known.at.astimezone(zone).date()
    if not consent.who.strip():
        raise UserError("the consent names nobody who gave it")
    if not consent.wording.strip():
        raise UserError("the consent has no wording")
    if not consent.evidence.strip():
        raise UserError("the consent has no evidence")
    if consent.on > now.astimezone(zone).date():
        raise UserError("a consent cannot be of a day to come: {on}", on=consent.on)
    if consent.on < refused_on:
        raise UserError(
            "this consent of {on} is older than the refusal of {refused}",
            hint="only a consent that was given afterwards lifts it",
            on=consent.on,
            refused=refused_on,
        )
    said = f"{consent.on.isoformat()} {consent.who}: {consent.wording} ({consent.evidence})"
    return replace(known, lifted_at=now, lifted_evidence=" ".join(said.split())[:LONGEST])


def refused(row: Suppression, now: datetime, by: str, person: Person | None) -> Entry:
    """The journal's line of a row put in force."""
    about = {"scope": row.scope.value, "value": row.value, "reason": row.reason, "source": row.source}
    kind = "person.suppressed" if person is not None and row.scope is Scope.ADDRESS else "suppression.added"
    return _entry(kind, about, now, by, person)


def lifted(
    row: Suppression, consent: Consent, now: datetime, by: str, person: Person | None, where: Organisation | None
) -> Entry:
    """The journal's line of a lifted one: who consented to what, when, and who of us says so."""
    about = {
        "scope": row.scope.value,
        "value": row.value if where is None else where.name,
        "who": consent.who,
        "on": consent.on.isoformat(),
        "wording": consent.wording,
        "evidence": consent.evidence,
    }
    return _entry("suppression.lifted", about, now, by, person)


def _entry(kind: str, data: dict[str, str], now: datetime, by: str, person: Person | None) -> Entry:
    return Entry(
        at=now,
        kind=kind,
        actor=by,
        data=data,
        person_id=person.id if person else None,
        organisation_id=person.organisation_id if person else None,
    )
