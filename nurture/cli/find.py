"""What a person names on the command line: a mail by the beginning of its id, somebody by address or name."""

from __future__ import annotations

import asyncio
import unicodedata
from typing import TYPE_CHECKING, TypeVar

from nurture.core.messages import Enrollment, EnrollmentState, Message
from nurture.core.people import Organisation, Person
from nurture.errors import UserError
from nurture.i18n import mark
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from nurture.core.ids import OrganisationId, PersonId
    from nurture.core.scenario import Scenario
    from nurture.ports import Doors

V = TypeVar("V", Message, Enrollment, Person, Organisation)

SHORT = 8
"""Characters of an id that tables show."""
SHORTEST = 4
"""Characters of an id that are looked up."""
MOST = 200_000
"""People who are gone through to find a name."""


def short(key: str) -> str:
    """An id as tables show it; any part of it that begins it and is unique will be understood."""
    return key[:SHORT]


async def by_id(doors: Doors, kind: type[V], key: str) -> tuple[V, ...]:
    """Values whose id is, or begins with, ``key``; at most ten."""
    if len(key) < SHORTEST or not key.isascii() or not key.replace("-", "").isalnum():
        return ()
    beyond = key[:-1] + chr(ord(key[-1]) + 1)
    return await doors.store.find(kind, {"id": Span(key, beyond)}, limit=10)


async def message(doors: Doors, key: str) -> Message:
    """The one mail that is meant.

    Raises:
        UserError: none, or several.
    """
    found = await by_id(doors, Message, key.lower())
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            "several mails begin with {key}",
            hint="give more of it: {known}",
            key=key,
            known=", ".join(m.id for m in found),
        )
    raise UserError("there is no mail {key}", hint="nurture queue shows the mails with their ids", key=key)


async def people(doors: Doors, said: str) -> tuple[Person, ...]:
    """Everybody who could be meant: by address, by id, else by name."""
    if "@" in said:
        return await doors.store.find(Person, {"email": said.strip().lower()})
    if found := await by_id(doors, Person, said):
        return found
    plain = _folded(said)
    everybody = await doors.store.find(Person, limit=MOST)
    exact = tuple(p for p in everybody if plain in {_folded(p.name), _folded(p.family_name), _folded(p.kana)})
    return exact or tuple(p for p in everybody if plain and plain in _folded(f"{p.name} {p.kana}"))


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


async def person(doors: Doors, said: str) -> Person:
    """The one person who is meant.

    Raises:
        UserError: nobody, or several.
    """
    found = await people(doors, said)
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            "several people are called {name}",
            hint="give the address: {known}",
            name=said,
            known=", ".join(p.email for p in found),
        )
    raise UserError("nobody is known as {name}", hint="nurture people lists everybody", name=said)


async def enrollment(doors: Doors, said: str, states: Collection[EnrollmentState]) -> Enrollment:
    """The one enrollment that is meant: by its id, or a person's only one in one of these states.

    Raises:
        UserError: none, or several.
    """
    found: Sequence[Enrollment] = () if "@" in said else await by_id(doors, Enrollment, said)
    if not found:
        who = await person(doors, said)
        found = await doors.store.find(Enrollment, {"person_id": who.id, "state": tuple(states)})
    if len(found) == 1:
        return found[0]
    if found:
        known = ", ".join(f"{e.id} ({e.scenario_id})" for e in found)
        raise UserError("{name} is enrolled several times", hint="give one: {known}", name=said, known=known)
    raise UserError("{name} has no such enrollment", hint="see: nurture why {name}", name=said)


async def about(
    doors: Doors, messages: Iterable[Message]
) -> tuple[Mapping[PersonId, Person], Mapping[OrganisationId, Organisation]]:
    """The people and organisations of some mails, in two queries."""
    listed = list(messages)
    who = {m.person_id for m in listed}
    where = {m.organisation_id for m in listed if m.organisation_id}
    people_, organisations = await asyncio.gather(
        doors.store.find(Person, {"id": tuple(who)}), doors.store.find(Organisation, {"id": tuple(where)})
    )
    return {p.id: p for p in people_}, {o.id: o for o in organisations}


def entry_names(
    doors: Doors, language: str, cases: Iterable[tuple[Scenario, Organisation | None]]
) -> Mapping[str, str]:
    """Names of calendar entries for the reasons: "jp-medical/jrc-2027" to its title.

    A calendar that cannot be read is left out: the entry's id must do then.
    """
    names: dict[str, str] = {}
    for scenario, organisation in cases:
        try:
            calendars = doors.library.calendars(scenario, organisation)
        except UserError:
            continue
        for calendar in calendars:
            for entry in calendar.entries:
                name = entry.name.get(language) or entry.name.get("ja")
                if name:
                    names[f"{calendar.id}/{entry.id}"] = name
    return names


def all_entry_names(doors: Doors, language: str) -> Mapping[str, str]:
    """The names of the entries of every scenario's calendars."""
    try:
        scenarios = doors.library.scenarios()
    except UserError:
        return {}
    return entry_names(doors, language, ((scenario, None) for scenario in scenarios))


NOBODY = mark("(erased)")
"""Shown where a person is not in the database any more."""
