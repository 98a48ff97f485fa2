"""One person's data: everything that is held, handed over; and erased (個人情報保護法 33, 35 条).

Who asks is a manager who sees the person, or an administrator. Before anything is erased the digest of the address
is kept, so that a crash in between leaves somebody who is not written to, never somebody who is taken in again.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from nurture.core import approval, audit
from nurture.core.change import Change, Dispatch, Setting
from nurture.core.deals import Meeting, Task
from nurture.core.erasure import Subject, digest_of, names_of
from nurture.core.messages import Enrollment, Entry, Inbound, Message, MessageState, Suppression
from nurture.core.people import AccessRole, Organisation, Person, Representative
from nurture.errors import UserError
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from nurture.core.ids import PersonId, RepId
    from nurture.ports import Doors

MEETINGS: Final = 5_000
"""Meetings of the person's houses that are looked through."""


def may(rep: Representative, owner: Representative | None) -> bool:
    """Whether somebody of ours may hand over and erase a person's data: administrators, and those who lead."""
    if AccessRole.ADMINISTRATOR in rep.access:
        return True
    return AccessRole.MANAGER in rep.access and owner is not None and approval.may_see(owner, rep)


async def person_of(doors: Doors, person_id: PersonId, by: RepId) -> Person:
    """The person, for whoever may.

    Raises:
        UserError: no such person, or this one may not.
    """
    person = await doors.store.get(Person, person_id)
    if person is None:
        raise UserError("There is no person {id}", id=person_id)
    actor = await doors.store.get(Representative, by)
    owner = await doors.store.get(Representative, person.rep_id) if person.rep_id else None
    if actor is None or not may(actor, owner):
        raise UserError(
            "{by} may not act for {name}", hint="managers and administrators may", by=by, name=person.name
        )
    return person


async def held(doors: Doors, person: Person) -> dict[str, Any]:
    """Everything that is held about somebody, as plain data."""
    store, mine = doors.store, {"person_id": person.id}
    house = await store.get(Organisation, person.organisation_id) if person.organisation_id else None
    runs = await store.find(Enrollment, mine)
    address = person.email.lower()
    values = {"value": Span(f"{address}#", f"{address}$")}
    silences = [*await store.find(Suppression, {"value": address}), *await store.find(Suppression, values)]
    houses = {e.organisation_id for e in runs} | {person.organisation_id}
    there = {"organisation_id": tuple(h for h in houses if h)}
    meetings = await store.find(Meeting, there, order=("-ended_at",), limit=MEETINGS) if house or runs else ()
    return {
        "person": _plain(person),
        "organisation": house.name if house else None,
        "enrollments": [_plain(e) for e in runs],
        "mails_to": [_plain(m) for m in await store.find(Message, mine, order=("planned_at",))],
        "mails_from": [_plain(i) for i in await store.find(Inbound, mine, order=("received_at",))],
        "tasks": [_plain(t) for t in await store.find(Task, mine)],
        "meetings": [
            {"on": m.ended_at.isoformat(), "subject": m.subject, "attended_as": _plain(a)}
            for m in meetings
            for a in m.attendees
            if a.person_id == person.id
        ],
        "refusals": [_plain(s) for s in silences],
        "notices": [_plain(d) for d in await store.find(Dispatch, mine)],
        "journal": [_plain(e) for e in await store.find(Entry, mine, order=("seq",))],
    }


async def export(doors: Doors, person_id: PersonId, *, by: RepId) -> bytes:
    """Everything that is held about somebody as a ZIP: one JSON, each mail as text, the files that went along.

    Raises:
        UserError: as ``person_of``.
    """
    person = await person_of(doors, person_id, by)
    data = await held(doors, person)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("person.json", json.dumps(data, ensure_ascii=False, indent=2))
        for n, mail in enumerate(data["mails_to"], 1):
            if mail["body"]:
                zipped.writestr(f"to/{n:04}.txt", f"{mail['subject']}\n\n{mail['body']}")
        for n, mail in enumerate(data["mails_from"], 1):
            zipped.writestr(f"from/{n:04}.txt", f"{mail['subject']}\n\n{mail['text']}")
        for key in sorted({key for mail in data["mails_to"] for key in mail["attachments"]}):
            if doors.attachments.look(key):
                file = doors.attachments.get(key)
                zipped.writestr(f"files/{key[:12]}-{file.name}", file.data)
    await doors.store.commit(Change((), (_entry(doors, "person.exported", person, by),)))
    return packed.getvalue()


async def erase(doors: Doors, person_id: PersonId, *, by: RepId) -> None:
    """Erase somebody, for good: rows, texts, files, and the name in what belongs to others.

    Raises:
        UserError: as ``person_of``; or a letter is on the wire just now.
        TemporaryFailure: one began to leave at this very moment.
    """
    person = await person_of(doors, person_id, by)
    if await doors.store.count(Message, {"person_id": person.id, "state": MessageState.SENDING}):
        raise UserError("A letter to this person is just leaving; try again in a minute")
    key = digest_of(doors.link_key, person.email)
    known = await doors.store.get(Setting, key) or Setting(key, "")
    await doors.store.commit(Change((replace(known, value=doors.clock.now().date().isoformat()),)))
    files = await doors.store.erase(await _subject(doors, person), _told(doors, person, by))
    for file in files:
        doors.attachments.drop(file)


async def erased(doors: Doors, emails: Collection[str]) -> frozenset[str]:
    """Those of these addresses whose owners were erased; lower case. A query at most."""
    keys = {digest_of(doors.link_key, email): email.strip().lower() for email in emails if email}
    found = await doors.store.find(Setting, {"id": tuple(keys)}) if keys else ()
    return frozenset(keys[row.id] for row in found if row.value)


async def refuse(doors: Doors, email: str) -> None:
    """See to it that nobody who was erased is taken in again.

    Raises:
        UserError: somebody was erased under this address.
    """
    if await erased(doors, (email,)):
        raise refusal(email)


def refusal(email: str) -> UserError:
    """Why an address is not taken in."""
    return UserError(
        "The data of {email} were erased on request",
        hint="If the person wishes mail again: nurture people readmit ADDRESS --evidence …",
        email=email,
    )


async def readmit(doors: Doors, email: str, *, by: RepId, evidence: str) -> None:
    """Take an address in again: its owner asked for it.

    Raises:
        UserError: nobody was erased under it, nothing is said of how it was told, or this one may not.
        StaleVersion: somebody else wrote first.
    """
    actor = await doors.store.get(Representative, by)
    if actor is None or not {AccessRole.ADMINISTRATOR, AccessRole.MANAGER} & set(actor.access):
        raise UserError("{by} may not decide this", hint="managers and administrators may", by=by)
    if not evidence.strip():
        raise UserError("say how and when it was told", hint="it is kept as what proves it")
    found = await doors.store.get(Setting, digest_of(doors.link_key, email))
    if found is None or not found.value:
        raise UserError("Nobody was erased under {email}", email=email)
    said = Entry(doors.clock.now(), "address.readmitted", by, {"evidence": evidence.strip()[:500]})
    await doors.store.commit(Change((replace(found, value=""),), (said,)))


async def _subject(doors: Doors, person: Person) -> Subject:
    runs = await doors.store.find(Enrollment, {"person_id": person.id})
    houses = {e.organisation_id for e in runs} | {person.organisation_id}
    reps = {e.rep_id for e in runs} | {person.rep_id}
    there = {"family_name": person.family_name, "organisation_id": tuple(h for h in houses if h)}
    alike = [p for p in await doors.store.find(Person, there) if p.id != person.id]
    names = names_of(person)
    if alike:  # the family name with a title may be another's; and in full where that is the same too
        names = tuple(n for n in names if person.given_name and person.given_name in n)
        names = () if any(p.given_name == person.given_name for p in alike) else names
    return Subject(
        person.id,
        person.email.lower(),
        names,
        frozenset(str(h) for h in houses if h),
        frozenset(str(r) for r in reps if r),
    )


def _told(doors: Doors, person: Person, by: RepId) -> Entry:
    return Entry(doors.clock.now(), audit.REDACTION, by, {}, person.id)


def _entry(doors: Doors, kind: str, person: Person, by: RepId) -> Entry:
    return Entry(doors.clock.now(), kind, by, {}, person.id, person.organisation_id)


def _plain(value: Any) -> dict[str, Any]:
    """A value as JSON has it."""
    found: dict[str, Any] = _simple(asdict(value))
    return found


def _simple(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _simple(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_simple(each) for each in _in_order(value)]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


def _in_order(values: Iterable[Any]) -> Iterable[Any]:
    return sorted(values) if isinstance(values, set | frozenset) else values
