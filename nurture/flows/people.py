"""People from a list: new ones are added, known ones completed, nobody twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nurture.core.change import Change
from nurture.core.ids import OrganisationId, PersonId, RepId
from nurture.core.messages import Enrollment, EnrollmentState, Entry
from nurture.core.people import LegalBasis, Organisation, Person, Profession, Representative, described
from nurture.errors import UserError, Where
from nurture.flows import acting, erasing, suppressions
from nurture.mail.address import check_address
from nurture.mail.header import refuse_control

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from nurture.ports import Doors

BATCH = 500
"""People written in one commit."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row of a list. Empty fields change nothing in a person who is known already."""

    line: int
    email: str
    family_name: str = ""
    given_name: str = ""
    kana: str = ""
    organisation: str = ""
    organisation_kind: str = ""
    role: str = ""
    specialty: str = ""
    department: str = ""
    title: str = ""
    profession: Profession | None = None
    region: str = ""
    timezone: str = ""
    language: str = ""
    rep: str = ""
    topics: tuple[str, ...] = ()
    legal_basis: LegalBasis | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was done, or with a dry run: what would be."""

    created: tuple[str, ...] = ()  # addresses
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    errors: tuple[UserError, ...] = ()
    suppressed: tuple[str, ...] = ()  # addresses of those who want no mail: they are known now, and get none


async def import_people(doors: Doors, rows: Sequence[PersonRow], *, by: RepId, dry_run: bool) -> ImportReport:
    """Bring people in; rows with errors are reported and left out, the rest is written.

    A second import of the same list changes nothing.
    """
    now = doors.clock.now()
    reps = {r.id: r for r in await doors.store.find(Representative)}
    created: list[str] = []
    updated: list[str] = []
    unchanged: list[str] = []
    errors: list[UserError] = []
    silent: list[str] = []
    seen: dict[str, int] = {}
    organisations: dict[str, Organisation] = {}
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        names = {r.organisation for r in batch if r.organisation} - set(organisations)
        for found in await doors.store.find(Organisation, {"name": tuple(names)}) if names else ():
            organisations[found.name] = found
        emails = tuple(r.email.strip().lower() for r in batch)
        known = {p.email: p for p in await doors.store.find(Person, {"email": emails})}
        where = {r.email.strip().lower(): organisations.get(r.organisation) for r in batch}
        whom = {
            key: {p.organisation_id for p in (known.get(key),) if p} | {o.id for o in (where[key],) if o}
            for key in where
        }
        silence = await suppressions.covered(doors, whom)
        erased = await erasing.erased(doors, emails)
        change = Change()
        for row in batch:
            try:
                email = _checked(row, seen, reps, erased)
                organisation, fresh = _organisation(doors, row, organisations, now)
            except UserError as error:
                errors.append(error)
                continue
            if fresh is not None:
                change += Change((fresh,))
            silent += [email] if email in silence else []
            before = known.get(email)
            after = _merged(row, before, email, organisation, doors.chance.new_id(), now)
            if after == before:
                unchanged.append(email)
                continue
            (updated if before else created).append(email)
            change += Change((after,), (_said(after, before, by, now),))
        if change and not dry_run:
            await doors.store.commit(change)
    return ImportReport(tuple(created), tuple(updated), tuple(unchanged), tuple(errors), tuple(silent))


async def back(doors: Doors, person_id: PersonId, *, by: RepId) -> Person:
    """Somebody is here again, or was never away: what waits for the return is planned from now.

    Raises:
        UserError: no such person, nobody known as away, or this person may not.
        StaleVersion: somebody else was faster.
    """
    person = await acting.person(doors, person_id, by)
    if person.away is None:
        raise UserError("{name} is not known to be away", name=person.name)
    now = doors.clock.now()
    running = await doors.store.find(Enrollment, {"person_id": person.id, "state": EnrollmentState.ACTIVE})
    said = Entry(
        at=now,
        kind="person.back",
        actor=by,
        data={"resume": str(person.away.resume_on)},
        person_id=person.id,
        organisation_id=person.organisation_id,
    )
    woken = tuple(replace(e, wake_at=now) for e in running)
    await doors.store.commit(Change((replace(person, away=None), *woken), (said,)))
    return replace(person, away=None, version=person.version + 1)


def _checked(
    row: PersonRow, seen: dict[str, int], reps: dict[RepId, Representative], erased: frozenset[str]
) -> str:
    where = Where(line=row.line, key="email")
    try:
        email = check_address(row.email.strip()).lower()
    except UserError as error:
        raise UserError(error.text, where=where, hint=error.hint, **error.values) from None
    for name in ("family_name", "given_name", "kana", "organisation", "department", "title"):
        try:
            refuse_control(name, getattr(row, name).strip())
        except UserError as error:
            place = Where(line=row.line, key=name)
            raise UserError(error.text, where=place, hint=error.hint, **error.values) from None
    if email in erased:
        refused = erasing.refusal(email)
        raise UserError(refused.text, where=where, hint=refused.hint, **refused.values)
    if email in seen:
        raise UserError("{email} stands in line {first} already", where=where, email=email, first=seen[email])
    seen[email] = row.line
    if row.rep and RepId(row.rep) not in reps:
        raise UserError(
            "Nobody is known as {by}",
            where=Where(line=row.line, key="rep"),
            hint="Representatives are listed in config.toml: {known}",
            by=row.rep,
            known=sorted(reps),
        )
    return email


def _organisation(
    doors: Doors, row: PersonRow, known: dict[str, Organisation], now: datetime
) -> tuple[Organisation | None, Organisation | None]:
    """The row's organisation, and once more if it is new."""
    if not row.organisation:
        return None, None
    if row.organisation in known:
        return known[row.organisation], None
    fresh = Organisation(
        id=OrganisationId(doors.chance.new_id()),
        name=row.organisation,
        kind=row.organisation_kind or "hospital",
        region=row.region or None,
        created_at=now,
    )
    known[row.organisation] = fresh
    return fresh, fresh


def _merged(
    row: PersonRow, before: Person | None, email: str, organisation: Organisation | None, key: str, now: datetime
) -> Person:
    base = before or Person(PersonId(key), email, row.family_name or email.partition("@")[0], created_at=now)
    placed = described(base, role=row.role, title=row.title, profession=row.profession)
    return replace(
        placed,
        family_name=row.family_name or base.family_name,
        given_name=row.given_name or base.given_name,
        kana=row.kana or base.kana,
        organisation_id=organisation.id if organisation else base.organisation_id,
        specialty=row.specialty or base.specialty,
        department=row.department or base.department,
        region=row.region or base.region,
        timezone=row.timezone or base.timezone,
        language=row.language or base.language,
        rep_id=RepId(row.rep) if row.rep else base.rep_id,
        topics=row.topics or base.topics,
        legal_basis=row.legal_basis or base.legal_basis,
    )


def _said(after: Person, before: Person | None, by: RepId, now: datetime) -> Entry:
    return Entry(
        at=now,
        kind="person.updated" if before else "person.created",
        actor=by,
        data={"source": "import"},
        person_id=after.id,
        organisation_id=after.organisation_id,
    )
