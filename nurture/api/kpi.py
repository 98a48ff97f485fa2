"""The KPIs of practice I, for programs: what ``nurture report --format json`` says, of those the caller sees."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from nurture.api.call import Answer
from nurture.api.figures import KpiOut
from nurture.api.problems import Fault, Problem
from nurture.core.figures import By, span
from nurture.flows import kpi as flow
from nurture.i18n import mark
from nurture.reports import kpi

if TYPE_CHECKING:
    from nurture.api.call import Call
    from nurture.core.figures import Months


async def show(call: Call) -> Answer:
    """GET /reports/kpi.

    Raises:
        Problem: the representative is none whose numbers the caller may see; whether there is one is not told.
    """
    asked = call.query
    if asked.rep is not None and not call.sight.counts(asked.rep):
        raise Problem("malformed", errors=(Fault("is not known here", parameter="rep"),))
    zone = call.sight.rep.timezone if call.token.rep_id else call.doors.settings.timezone
    as_of = asked.as_of
    if as_of is not None and not isinstance(as_of, datetime):
        as_of = flow.evening(as_of, zone)
    now = call.doors.clock.now()
    known_at = min(as_of, now) if as_of else now
    months = span(_month(asked.first), _month(asked.last), known_at, zone)
    found = await flow.numbers(
        call.doors,
        months,
        call.sight,
        (None if asked.by == "all" else By(asked.by),),
        rep=asked.rep or "",
        scenario=asked.scenario or "",
        as_of=known_at,
    )
    return Answer(_out(call, months, found))


def _out(call: Call, months: Months, found: flow.Numbers) -> KpiOut:
    w, by = call.w, call.query.by
    names: dict[str, str] = {c.id: c.name for c in call.sight.colleagues.values()}
    names[""] = w(mark("Outside scenarios")) if by == "scenario" else w("All")
    return KpiOut.model_validate(
        {
            "by": by,
            "from": f"{months.first:%Y-%m}",
            "to": f"{months.last:%Y-%m}",
            "as_of": found.known_at,
            "groups": [
                {"key": key, "name": names.get(key, key)} | kpi.as_data(row) for key, row in found.by[0].items()
            ],
        }
    )


def _month(said: str | None) -> date | None:
    return date.fromisoformat(f"{said}-01") if said else None
