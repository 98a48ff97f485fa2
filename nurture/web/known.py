"""What is known when a meeting is recorded: hospitals and people whom the reader sees, and the last meeting."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nurture.core.deals import Deal, DealStatus, Meeting, Promise
from nurture.core.people import Organisation, Person
from nurture.errors import NurtureError
from nurture.flows.minutes import rivals

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from nurture.core.deals import Stance
    from nurture.core.ids import OrganisationId, PersonId, RepId
    from nurture.core.scenario import Scenario
    from nurture.web.visit import Visit

RECENT: Final = 8
"""So many hospitals are offered before anybody searches."""
FOUND: Final = 20
CANDIDATES: Final = 200
"""So many names are looked at for those that the reader sees."""
COLLEAGUES: Final = 100
ANCHORS: Final = frozenset({"meeting_end", "last_contact", "enrolled_at"})
"""Where a scenario may begin that a record starts; besides dates of events, for which the form asks."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form offers for one hospital; all of it the reader's to see."""

    organisation: Organisation | None = None
    people: tuple[Person, ...] = ()  # who was there last time first
    deals: tuple[Deal, ...] = ()
    last: Meeting | None = None
    open: tuple[Promise, ...] = ()  # what was promised then and is not done
    felt: Mapping[PersonId, Stance] = field(default_factory=dict)
    rivals: tuple[str, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    chosen: Mapping[str, Person] = field(default_factory=dict)  # of the form's rows, by id


async def offered(visit: Visit, name: str, chosen: Collection[str]) -> Offered:
    """What is known about a hospital by its name, and the people of these ids: in six queries at most."""
    store, mine = visit.doors.store, visit.reader.where
    found = await store.find(Organisation, {"name": name.strip()}, limit=1) if name.strip() else ()
    people: tuple[Person, ...] = ()
    deals: tuple[Deal, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    if found:
        here = {**mine, "organisation_id": found[0].id}
        people = await store.find(Person, here, order=("family_name", "given_name"), limit=COLLEAGUES)
        deals = await store.find(Deal, {**here, "status": DealStatus.OPEN}, order=("-created_at",), limit=FOUND)
        meetings = await store.find(Meeting, here, order=("-ended_at",), limit=1)
    last = meetings[0] if meetings else None
    felt = {a.person_id: a.stance for a in last.attendees} if last else {}
    promised = await store.find(Promise, {"meeting_id": last.id, "done_at": None}) if last else ()
    rows = await store.find(Person, {**mine, "id": tuple(chosen)}) if chosen else ()
    return Offered(
        organisation=found[0] if found and (people or deals or last or visit.reader.sees_all) else None,
        people=tuple(sorted(people, key=lambda p: p.id not in felt)),
        deals=deals,
        last=last,
        open=promised,
        felt=felt,
        rivals=rivals(visit.doors.library, deals),
        scenarios=scenarios(visit),
        chosen={str(p.id): p for p in rows},
    )


def scenarios(visit: Visit) -> tuple[Scenario, ...]:
    """Those that a record can start."""
    return tuple(s for s in visit.doors.library.scenarios() if s.anchor in ANCHORS or s.is_event)


def scenarios_by_name(visit: Visit) -> list[tuple[str, str]]:
    """All scenarios that a person can be started on, id and name; none while their files cannot be read."""
    language = visit.w.language
    try:
        found = visit.doors.library.scenarios()
    except NurtureError:
        return []
    return [(s.id, s.name.get(language) or next(iter(s.name.values()), s.id)) for s in found]


async def recent(visit: Visit) -> tuple[Organisation, ...]:
    """Where the reader was lately; before the first meeting, where the reader knows people."""
    store, mine = visit.doors.store, {"rep_id": visit.reader.rep.id}
    met = await store.find(Meeting, mine, order=("-ended_at",), limit=5 * RECENT)
    keys = [m.organisation_id for m in met]
    if len(set(keys)) < RECENT:
        mine_ = await store.find(Person, mine, limit=CANDIDATES)
        keys += [p.organisation_id for p in mine_ if p.organisation_id]
    wanted = tuple(dict.fromkeys(keys))[:RECENT]
    found = {o.id: o for o in await store.find(Organisation, {"id": wanted})} if wanted else {}
    return tuple(found[key] for key in wanted if key in found)


def reps(visit: Visit) -> tuple[RepId, ...] | None:
    """Whose people, deals and meetings the reader sees; None: everybody's."""
    reader = visit.reader
    return None if reader.sees_all else tuple(key for key in reader.colleagues if reader.sees(key))


async def organisations(visit: Visit, said: str) -> tuple[Organisation, ...]:
    """Hospitals by a part of their name: those at which the reader sees somebody, a deal or a meeting."""
    if not said.strip():
        return ()
    return await visit.doors.store.search(Organisation, said, reps=reps(visit), limit=FOUND)


async def people(visit: Visit, said: str) -> tuple[tuple[Person, str], ...]:
    """People whom the reader sees, by parts of name, reading, address or hospital, with where they work."""
    if not said.strip():
        return ()
    found = await visit.doors.store.search(Person, said, reps=reps(visit), limit=FOUND)
    names = await names_of(visit, (p.organisation_id for p in found))
    return tuple((p, names.get(p.organisation_id, "")) for p in found)


async def names_of(visit: Visit, keys: Iterable[OrganisationId | None]) -> Mapping[OrganisationId | None, str]:
    """What these organisations are called; a query at most."""
    wanted = tuple({key for key in keys if key})
    return {o.id: o.name for o in await visit.doors.store.find(Organisation, {"id": wanted})} if wanted else {}
