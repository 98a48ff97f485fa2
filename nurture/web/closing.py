"""Days on which one hospital is not written to: listed, put in, ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core.calendar import Effect
from nurture.core.deals import Deal, Meeting
from nurture.core.messages import Entry
from nurture.core.people import Closure, Organisation, Person
from nurture.errors import UserError
from nurture.flows import closures as flow
from nurture.reports.days import MEANINGS
from nurture.web.calendar import LETTERS
from nurture.web.whatif import day
from nurture.web.whose import hospitals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from nurture.core.ids import OrganisationId
    from nurture.web.visit import Visit

KINDS: Final = ("organisation.closed", "organisation.quiet")
LINES: Final = 1000
"""So many of the last closures that were put in are looked at."""


@dataclass(frozen=True, slots=True)
class Row:
    """A closure as it is listed. ``key`` names it in its form."""

    where: Organisation
    closure: Closure
    sign: str
    means: str
    key: str
    now: bool


@dataclass(slots=True)
class Typed:
    """What a form said, and what is wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""
    found: tuple[Organisation, ...] = ()


async def show(visit: Visit) -> Response:
    """GET /calendar/closures."""
    return await _page(visit, Typed())


async def _page(visit: Visit, typed: Typed) -> Response:
    w = visit.w
    listed = [
        Row(where, one, LETTERS[Effect(one.effect)], w(MEANINGS[Effect(one.effect)]), _key(one),
            one.start <= visit.today)
        for where in await _with_closures(visit)
        for one in where.closures
        if not one.is_over and one.end >= visit.today
    ]  # fmt: skip
    listed.sort(key=lambda row: (row.closure.start, row.where.name))
    return visit.page(
        "closures.html",
        status=400 if typed.wrong else 200,
        rows=listed,
        typed=typed,
        effects=[(effect, w(MEANINGS[Effect(effect)])) for effect in flow.EFFECTS],
    )


def _key(one: Closure) -> str:
    return f"{one.start}|{one.end}|{one.effect}|{one.message_id or ''}|{one.name}"


async def _with_closures(visit: Visit) -> Sequence[Organisation]:
    """Hospitals of the reader into which a closure was put lately. Five queries at most."""
    store = visit.doors.store
    told = await store.find(Entry, {"kind": KINDS}, order=("-seq",), limit=LINES)
    keys = tuple({entry.organisation_id for entry in told if entry.organisation_id})
    found = await store.find(Organisation, {"id": keys}, order=("name",)) if keys else ()
    return await _seen(visit, [one for one in found if one.closures])


async def _seen(visit: Visit, listed: Sequence[Organisation]) -> Sequence[Organisation]:
    """Those at which the reader sees somebody; all of them for who keeps the calendars."""
    if visit.reader.counts_all or not listed:
        return listed
    mine = {**visit.reader.where, "organisation_id": tuple(one.id for one in listed)}
    seen: set[OrganisationId | None] = {p.organisation_id for p in await visit.doors.store.find(Person, mine)}
    seen |= {d.organisation_id for d in await visit.doors.store.find(Deal, mine)}
    seen |= {m.organisation_id for m in await visit.doors.store.find(Meeting, mine)}
    return [one for one in listed if one.id in seen]


async def act(visit: Visit) -> Response:
    """POST /calendar/closures: put one in, or end one."""
    return await (_end(visit) if visit.form.get("do") == "end" else _add(visit))


async def _add(visit: Visit) -> Response:
    w = visit.w
    typed = Typed({name: visit.form.get(name, "") for name in ("organisation", "from", "to", "name", "effect")})
    said = " ".join(typed.values["organisation"].split())
    fitting = tuple(await hospitals(visit, said)) if said else ()
    exact = [one for one in fitting if one.name == said]
    start, end = day(typed.values["from"]), day(typed.values["to"] or typed.values["from"])
    if not exact and len(fitting) != 1:
        typed.found = fitting
        typed.wrong = w("Which one?") if fitting else w("No organisation of yours is called {name}.", name=said)
    elif start is None or end is None:
        typed.wrong = w("The first day is needed, such as 2027-04-08.")
    else:
        name = " ".join(typed.values["name"].split())
        try:
            closure = Closure(start, end, name, typed.values["effect"])
            await flow.add(visit.doors, (exact or fitting)[0].id, closure, by=visit.reader.rep.id)
        except UserError as error:
            typed.wrong = w.error(error)
    return await _page(visit, typed) if typed.wrong else RedirectResponse("/calendar/closures", status_code=303)


async def _end(visit: Visit) -> Response:
    where = await visit.doors.store.get(Organisation, visit.form.get("organisation", ""))
    if where is None or not await _seen(visit, [where]):
        raise HTTPException(404)
    meant = next((one for one in where.closures if _key(one) == visit.form.get("closure")), None)
    if meant is not None:  # else somebody ended it before
        await flow.remove(visit.doors, where.id, meant, by=visit.reader.rep.id)
    return RedirectResponse("/calendar/closures", status_code=303)
