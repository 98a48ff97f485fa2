"""For whom a calendar is looked at: role, specialty and organisation, as the address of a page says them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from nurture import explain
from nurture.core.calendar import Calendar, CalendarEntry, Effect, Profile
from nurture.core.people import ROLES, Organisation
from nurture.ports import Holding
from nurture.reports import year
from nurture.web import known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.web.visit import Visit

LONGEST = 120
"""Characters of a name in an address."""
FOUND = 20


@dataclass(frozen=True, slots=True)
class Whose:
    """What was chosen. ``found``: hospitals that the words fit, where they fit more than one."""

    profile: Profile
    said: str = ""  # of the organisation, as typed
    organisation: Organisation | None = None
    found: tuple[Organisation, ...] = ()

    @property
    def anybody(self) -> bool:
        """Whether nothing was chosen."""
        return self.profile == Profile()

    def address(self, path: str, **more: str) -> str:
        """A page for the same reader."""
        said = {
            "role": self.profile.role,
            "specialty": self.profile.specialty,
            "organisation": self.organisation.name if self.organisation else self.said,
        }
        asked = {key: value for key, value in (said | more).items() if value}
        return f"{path}?{urlencode(asked)}" if asked else path


def word(visit: Visit, name: str, most: int = LONGEST) -> str:
    """A word of the address, in one line; nothing where it is none."""
    said = " ".join(visit.request.query_params.get(name, "")[:most].split())
    return said if said.isprintable() else ""


async def chosen(visit: Visit) -> Whose:
    """Who is meant. Four queries at most."""
    profile = Profile(role=word(visit, "role") or None, specialty=word(visit, "specialty") or None)
    said = word(visit, "organisation")
    if not said:
        return Whose(profile)
    fitting = await hospitals(visit, said)
    exact = [one for one in fitting if one.name == said]
    if len(exact) == 1 or len(fitting) == 1:
        where = (exact or fitting)[0]
        full = replace(profile, organisation=where.name, organisation_kind=where.kind, region=where.region)
        return Whose(full, said, where)
    return Whose(profile, said, None, tuple(fitting))


async def hospitals(visit: Visit, said: str) -> Sequence[Organisation]:
    """Hospitals by a part of their name: those of the reader; all of them for who keeps the calendars."""
    if visit.reader.counts_all:
        return await visit.doors.store.find(Organisation, {"name": Holding(said)}, order=("name",), limit=FOUND)
    return await known.organisations(visit, said)


def closed(where: Organisation | None) -> list[Calendar]:
    """The closures of an organisation as a calendar, where it has any."""
    if where is None or not (kept := [one for one in where.closures if not one.is_over]):
        return []
    entries = (
        CalendarEntry(
            f"{one.start.isoformat()}-{at}",
            Effect(one.effect),
            {"ja": one.name, "en": one.name},
            one.start,
            one.end,
        )
        for at, one in enumerate(kept)
    )
    return [Calendar("closures", tuple(entries), {"ja": where.name, "en": where.name})]


def choices(visit: Visit, calendars: Sequence[Calendar], whose: Whose) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen: roles and specialties, each with its name; what the address says is among them."""
    w = visit.w
    roles = dict.fromkeys((*year.roles(calendars, ROLES), *filter(None, (whose.profile.role,))))
    fields = dict.fromkeys((*year.specialties(calendars), *filter(None, (whose.profile.specialty,))))
    return {
        "roles": [(role, explain.role(w, role)) for role in roles],
        "specialties": sorted(((one, explain.specialty(w, one)) for one in fields), key=lambda pair: pair[1]),
    }
