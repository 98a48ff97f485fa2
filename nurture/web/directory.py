"""Everybody who is known, by any part of name, reading, address or hospital; a page at a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from nurture import explain
from nurture.core.messages import Enrollment, EnrollmentState
from nurture.core.people import Person
from nurture.web import known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from nurture.core.ids import PersonId
    from nurture.web.visit import Visit

ROWS: Final = 50
DEEP: Final = 10_000
"""So many rows are passed over at most: whoever looks further back searches."""
RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list was asked for: a search, and how many rows are passed over."""

    said: str
    skip: int

    @classmethod
    def of(cls, visit: Visit) -> Asked:
        """As the address says it; what is no number is none."""
        query = visit.request.query_params
        skip = query.get("from", "")
        return cls(query.get("q", "")[:200], min(int(skip), DEEP) if skip.isdecimal() and len(skip) < 6 else 0)

    def at(self, skip: int, **more: str) -> str:
        """The address of another page of the same list."""
        asked = {"q": self.said} | more | {"from": str(skip) if skip else ""}
        return "?" + urlencode({name: x for name, x in asked.items() if x})


@dataclass(frozen=True, slots=True)
class Pages:
    """The way to what stands before and after; empty where there is nothing."""

    before: str
    after: str

    @classmethod
    def around(cls, asked: Asked, found: int, rows: int = ROWS, **more: str) -> Pages:
        """``found``: one row more than is shown tells that there are more."""
        before = asked.at(max(asked.skip - rows, 0), **more) if asked.skip else ""
        return cls(before, asked.at(asked.skip + rows, **more) if found > rows and asked.skip < DEEP else "")


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the list."""

    person: Person
    organisation: str
    owner: str  # whose contact it is, when it is not the reader's
    states: tuple[tuple[str, str], ...]  # of running enrollments: value and words


async def show(visit: Visit) -> Response:
    """GET /people: the reader's people, all of them or those that a search finds."""
    asked, reader = Asked.of(visit), visit.reader
    found = await visit.doors.store.search(
        Person, asked.said, reps=known.reps(visit), limit=ROWS + 1, skip=asked.skip
    )
    shown = found[:ROWS]
    names = await known.names_of(visit, (p.organisation_id for p in shown))
    states = await _states(visit, tuple(p.id for p in shown))
    rows = [
        Row(
            p,
            names.get(p.organisation_id, ""),
            reader.name_of(p.rep_id) if reader.leads else "",
            states.get(p.id, ()),
        )
        for p in shown
    ]
    done = visit.request.query_params.get("done", "")
    pages = Pages.around(asked, len(found))
    return visit.page("directory.html", rows=rows, said=asked.said, pages=pages, done=done)


async def _states(visit: Visit, ids: tuple[PersonId, ...]) -> Mapping[PersonId, tuple[tuple[str, str], ...]]:
    """How the running enrollments of these people stand, as far as the reader sees them."""
    wanted = {**visit.reader.where, "person_id": ids, "state": RUNNING}
    found: defaultdict[PersonId, set[EnrollmentState]] = defaultdict(set)
    for each in await visit.doors.store.find(Enrollment, wanted) if ids else ():
        found[each.person_id].add(each.state)
    return {
        key: tuple((state.value, explain.state(visit.w, state)) for state in sorted(states))
        for key, states in found.items()
    }
