"""Silence by hand or from a list, and its end by a documented consent.

A row in force is what keeps mail in: every beat and the last check before a letter leaves ask for it. So the row
is committed first, alone; then the enrollments that it covers are stopped and their queued mails cancelled, at
once and also where an enrollment is paused. What is on the wire at that moment gets its answer; nothing follows.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core import progress, states, suppressions, turns
from nurture.core.change import Change
from nurture.core.messages import Enrollment, EnrollmentState, Message, Suppression
from nurture.core.messages import SuppressionScope as Scope
from nurture.core.people import Organisation, Person
from nurture.core.suppressions import Refusal
from nurture.errors import StaleVersion, TemporaryFailure, UserError, Where
from nurture.mail.address import check_address
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from nurture.core.dossier import Dossier
    from nurture.core.ids import OrganisationId
    from nurture.core.messages import Entry
    from nurture.core.suppressions import Consent, Listed
    from nurture.ports import Doors

BATCH: Final = 500
"""Rows written in one commit."""
TRIES: Final = 5
RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)
REGISTRIES: Final = frozenset("ac.jp ad.jp co.jp ed.jp go.jp gr.jp lg.jp ne.jp or.jp".split())  # noqa: SIM905
"""Under these everybody's domains lie (JPRS: 属性型 JP ドメイン名); none of them is anybody's."""


@dataclass(slots=True)
class Silenced:
    """What was done, or with a dry run would be."""

    added: list[Suppression] = field(default_factory=list)
    known: list[str] = field(default_factory=list)  # values in force already, or settled by a later consent
    stopped: int = 0  # enrollments
    cancelled: int = 0  # mails that had not left
    errors: list[UserError] = field(default_factory=list)


def value_of(scope: Scope, said: str, topic: str = "") -> str:
    """What is kept of an address, domain or topic as people write them.

    Raises:
        UserError: it is no address, no domain, no topic.
    """
    plain = unicodedata.normalize("NFKC", said).strip()
    if scope is Scope.DOMAIN:
        domain = check_address(f"nobody@{plain.removeprefix('@')}").rpartition("@")[2]
        if domain in REGISTRIES:
            raise UserError("{domain} is not the domain of one organisation", domain=domain)
        return domain
    if scope is Scope.TOPIC and not topic:
        plain, _, topic = plain.rpartition("#")
    address = check_address(plain.removeprefix("mailto:")).lower()
    if scope is not Scope.TOPIC:
        return address
    topic = unicodedata.normalize("NFKC", topic).strip().lower()
    if not topic or not topic.replace("_", "").replace("-", "").isalnum():
        raise UserError(
            "{topic} is not a topic",
            hint="a topic is one of those that content names, or a kind of content such as seminar",
            topic=topic or said,
        )
    return f"{address}#{topic}"


async def organisation(doors: Doors, said: str) -> Organisation:
    """The organisation with this name or id.

    Raises:
        UserError: none, or several.
    """
    plain = unicodedata.normalize("NFKC", said).strip()
    by_id = await doors.store.get(Organisation, said)
    found = (by_id,) if by_id else await doors.store.find(Organisation, {"name": tuple({said, plain})})
    if len(found) != 1:
        raise UserError(
            "several organisations are called {name}" if found else "no organisation is known as {name}",
            hint="give its id: {known}" if found else "nurture people shows the organisations of all people",
            name=said,
            known=", ".join(one.id for one in found),
        )
    return found[0]


def scope_of(said: str, topic: str = "") -> Scope:
    """What somebody means who names an address, a topic of an address, or a domain."""
    plain = unicodedata.normalize("NFKC", said).strip()
    if topic or ("#" in plain and "@" in plain):
        return Scope.TOPIC
    return Scope.ADDRESS if "@" in plain[1:] else Scope.DOMAIN


async def add_rows(
    doors: Doors, rows: Sequence[Listed], *, by: str, source: str = "import", dry_run: bool = False
) -> Silenced:
    """Put a list in force. Rows that cannot be understood are reported with their line; the others count.

    Raises:
        TemporaryFailure: as ``add``.
    """
    refusals: list[Refusal] = []
    errors: list[UserError] = []
    for row in rows:
        scope = row.scope or scope_of(row.said, row.topic)
        try:
            if scope is Scope.ORGANISATION:
                value: str = (await organisation(doors, row.said)).id
            else:
                value = value_of(scope, row.said, row.topic)
        except UserError as error:
            where = Where(line=row.line, key="value")
            errors.append(UserError(error.text, where=where, hint=error.hint, **error.values))
            continue
        refusals.append(Refusal(scope, value, row.reason, row.evidence, row.on))
    report = await add(doors, refusals, by=by, source=source, dry_run=dry_run)
    report.errors = errors
    return report


async def add(doors: Doors, wanted: Sequence[Refusal], *, by: str, source: str, dry_run: bool = False) -> Silenced:
    """Put refusals in force; those that are already change nothing.

    Args:
        doors: the world.
        wanted: what is to be silent; what is named twice counts once.
        by: who says so.
        source: cli | web | api | import.
        dry_run: only say what would be done.

    Raises:
        TemporaryFailure: somebody else kept writing to the same rows. What was written is in force.
    """
    report = Silenced()
    once = list({(refusal.scope, refusal.value): refusal for refusal in reversed(wanted)}.values())[::-1]
    for start in range(0, len(once), BATCH):
        await _add(doors, once[start : start + BATCH], by, source, report, dry_run=dry_run)
    return report


async def _add(
    doors: Doors, batch: Sequence[Refusal], by: str, source: str, report: Silenced, *, dry_run: bool
) -> None:
    zone = ZoneInfo(doors.settings.timezone)
    for _ in range(TRIES):
        now = doors.clock.now()
        rows = await doors.store.find(Suppression, {"value": tuple({r.value for r in batch})})
        known = {(row.scope, row.value): row for row in rows}
        made = [(r, suppressions.refuse(r, known.get((r.scope, r.value)), source, now, zone)) for r in batch]
        fresh = [row for _, row in made if row is not None]
        whom = await _people(doors, fresh)
        by_email = {p.email.lower(): p for p in whom}
        said = tuple(suppressions.refused(row, now, by, by_email.get(row.value)) for row in fresh)
        if fresh and not dry_run:
            try:
                await doors.store.commit(Change(tuple(fresh), said))
            except StaleVersion:
                continue
        report.added += fresh
        report.known += [refusal.value for refusal, row in made if row is None]
        if fresh:
            where = {row.value for row in fresh if row.scope is Scope.ORGANISATION}
            await _end(doors, fresh, whom, where, by, report, dry_run=dry_run)
        return
    raise TemporaryFailure("Others keep writing to the same rows; please try again")


async def _people(doors: Doors, rows: Sequence[Suppression]) -> list[Person]:
    """Everybody whom these rows cover, organisations apart."""
    emails = {row.value.rpartition("#")[0] if row.scope is Scope.TOPIC else row.value for row in rows}
    found = list(await doors.store.find(Person, {"email": tuple(emails)})) if emails else []
    domains = {row.value for row in rows if row.scope is Scope.DOMAIN}
    if not domains:
        return found
    last = ""
    while page := await doors.store.find(Person, {"id": Span(last, None)}, order=("id",), limit=5_000):
        page = tuple(p for p in page if p.id != last)
        if not page:
            break
        found += [p for p in page if domains & set(suppressions.domains_over(p.email.lower()))]
        last = page[-1].id
    return list({p.id: p for p in found}.values())


async def _end(
    doors: Doors,
    fresh: Sequence[Suppression],
    whom: Iterable[Person],
    where: Collection[str],
    by: str,
    report: Silenced,
    *,
    dry_run: bool,
) -> None:
    """Stop what these rows cover; who refuses a topic only is planned anew."""
    people = {p.id for p in whom}
    running: dict[str, Enrollment] = {}
    if where:
        people |= {p.id for p in await doors.store.find(Person, {"organisation_id": tuple(where)})}
        of_them = {"organisation_id": tuple(where), "state": RUNNING}
        running |= {e.id: e for e in await doors.store.find(Enrollment, of_them)}
    if people:
        theirs = {"person_id": tuple(people), "state": RUNNING}
        running |= {e.id: e for e in await doors.store.find(Enrollment, theirs)}
    keys = [e.id for e in running.values()]
    for start in range(0, len(keys), BATCH):
        for dossier in await doors.store.dossiers(keys[start : start + BATCH], doors.clock.now()):
            seen = (
                replace(dossier, suppressions=(*dossier.suppressions, *_of(dossier, fresh)))
                if dry_run
                else dossier
            )
            await _end_one(doors, seen, fresh, by, report, dry_run=dry_run)


def _of(dossier: Dossier, rows: Iterable[Suppression]) -> tuple[Suppression, ...]:
    """Those of these rows that cover this person: what a dry run has not written."""
    organisations = (dossier.enrollment.organisation_id, dossier.person.organisation_id)
    keys = suppressions.covering(dossier.person.email.lower(), organisations)
    return tuple(row for row in rows if (row.scope, row.value) in keys)


async def _end_one(
    doors: Doors, dossier: Dossier, fresh: Sequence[Suppression], by: str, report: Silenced, *, dry_run: bool
) -> None:
    """One enrollment: stopped, or woken where only a topic is refused; the beat ends what keeps changing here."""
    new = {row.id for row in fresh}
    for _ in range(TRIES):
        now = doors.clock.now()
        ends = [s for s in dossier.suppressions if s.scope is not Scope.TOPIC]
        if not ends and not (progress.is_running(dossier) and dossier.suppressions):
            return
        reason = next((s.reason for s in ends if s.id in new), ends[0].reason if ends else "")
        woken = Change((replace(dossier.enrollment, wake_at=now),))
        try:
            if not dry_run:
                await doors.store.commit(turns.stop(dossier, reason, now, by) if ends else woken)
        except StaleVersion:
            again = await doors.store.dossiers((dossier.id,), now)
            if not again or again[0].enrollment.state not in RUNNING:
                return
            dossier = again[0]
            continue
        if ends:
            report.stopped += 1
            report.cancelled += sum(1 for m in dossier.messages if m.state in states.UNSENT)
        return


async def lift(doors: Doors, scope: Scope, value: str, consent: Consent, *, by: str) -> Suppression:
    """End a silence because of a consent that was given since. What it stopped stays stopped.

    Raises:
        UserError: it is not suppressed, or the consent is not documented.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    found = await doors.store.find(Suppression, {"value": value, "scope": scope})
    if not found:
        raise UserError("{value} is not suppressed", hint="see: nurture suppression list", value=value)
    now, zone = doors.clock.now(), ZoneInfo(doors.settings.timezone)
    row = suppressions.lift(found[0], consent, now, zone)
    address = value.rpartition("#")[0] if scope is Scope.TOPIC else value
    people = await doors.store.find(Person, {"email": address}) if "@" in address else ()
    where = await doors.store.get(Organisation, value) if scope is Scope.ORGANISATION else None
    person = people[0] if len(people) == 1 else None
    said: Entry = suppressions.lifted(row, consent, now, by, person, where)
    if where is not None:
        said = replace(said, organisation_id=where.id)
    await doors.store.commit(Change((row,), (said,)))
    return row


async def in_force(
    doors: Doors, address: str, organisations: Iterable[OrganisationId | None]
) -> tuple[Suppression, ...]:
    """What keeps mail from an address, the earliest first: nothing may be sent there. Topics apart."""
    keys = suppressions.covering(address.lower(), organisations)
    rows = await doors.store.find(Suppression, {"value": tuple({v for _, v in keys}), "lifted_at": None})
    return tuple(sorted((r for r in rows if (r.scope, r.value) in keys), key=lambda r: (r.at, r.id)))


async def forbid(doors: Doors, person: Person, *organisations: OrganisationId | None) -> None:
    """See to it that nothing is begun for somebody who wants silence.

    Raises:
        UserError: a suppression is in force.
    """
    for row in await in_force(doors, person.email, (person.organisation_id, *organisations)):
        raise UserError(
            "{name} wants no more mail: {value} is suppressed since {at}",
            hint="only a documented consent changes that: nurture suppression lift",
            name=person.name,
            value=row.value,
            at=local_day(doors, row.at),
        )


def local_day(doors: Doors, at: datetime) -> date:
    """Our local date of an instant."""
    return at.astimezone(ZoneInfo(doors.settings.timezone)).date()


async def covered(doors: Doors, whom: Mapping[str, Collection[OrganisationId | None]]) -> frozenset[str]:
    """Which of these addresses, in lower case, are silenced: themselves, their domains, their organisations."""
    keys = {address: suppressions.covering(address, where) for address, where in whom.items()}
    values = {value for found in keys.values() for _, value in found}
    rows = await doors.store.find(Suppression, {"value": tuple(values), "lifted_at": None}) if values else ()
    silent = {(row.scope, row.value) for row in rows}
    return frozenset(address for address, found in keys.items() if found & silent)


async def of_message(doors: Doors, message: Message) -> tuple[Suppression, ...]:
    """What keeps a mail from leaving: of its address, and of the one that its addressee has now."""
    person = await doors.store.get(Person, message.person_id)
    found = await in_force(doors, message.to_address, (message.organisation_id,)) if message.to_address else ()
    if person is not None:
        found += await in_force(doors, person.email, (person.organisation_id,))
    return tuple({row.id: row for row in found}.values())
