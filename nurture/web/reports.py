"""The KPIs of practice I as a page: each chart a table, all of it as CSV. One sees the own, a manager the team's.

Computed anew for each look, from the journal: nothing is kept that could be out of date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.responses import Response

from nurture.core.figures import LONG_AGO, REPLY_GOAL, By, Figures, span
from nurture.core.rates import percent
from nurture.errors import NurtureError
from nurture.flows import kpi as flow
from nurture.reports import kpi, strips

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.figures import Months
    from nurture.web.visit import Visit

LEADS: Final = (By.MONTH, By.REP, By.TEAM, By.SCENARIO)
ALONE: Final = (By.MONTH, By.SCENARIO)
"""What whoever sees only their own numbers can put side by side."""
CSV: Final = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; what it says wrongly is as if it said nothing."""

    by: By
    months: Months
    as_of: date | None
    rep: str
    scenario: str

    def link(self, **other: str) -> str:
        """The same, but for something."""
        said = {
            "by": self.by.value,
            "from": f"{self.months.first:%Y-%m}",
            "to": f"{self.months.last:%Y-%m}",
            "as_of": self.as_of.isoformat() if self.as_of else "",
            "rep": self.rep,
            "scenario": self.scenario,
        }
        return "?" + urlencode({name: value for name, value in (said | other).items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    """One group, with what is drawn of it."""

    key: str
    name: str
    found: Figures
    thanks: strips.Strip
    hours: strips.Strip
    replied: strips.Strip
    agreed: strips.Strip
    next: strips.Strip
    entered: strips.Strip
    channels: tuple[strips.Part, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that a page or a file shows."""

    asked: Asked
    whole: Figures
    groups: Mapping[str, Figures]
    names: Mapping[str, str]
    known_at: datetime


async def show(visit: Visit) -> Response:
    """GET /reports."""
    report = await _report(visit)
    asked, w, reader = report.asked, visit.w, visit.reader
    everybody = reader.counted is None
    reps = [c for c in reader.colleagues.values() if everybody or c.id in (reader.counted or ())]
    most = strips.widest(row.channels for row in report.groups.values())
    longest = max([3.0, *(row.thanks_hours.third or 0.0 for row in report.groups.values())])
    return visit.page(
        "reports.html",
        asked=asked,
        csv=f"/reports.csv{asked.link()}",
        choices=[(by.value, w(kpi.GROUPS[by.value]), asked.link(by=by.value)) for by in _choices(visit)],
        reps=sorted(reps, key=lambda c: c.kana or c.name) if reader.leads or everybody else [],
        scenarios=_scenarios(visit),
        whole=_row("", "", report.whole, most, longest),
        rows=[_row(key, report.names.get(key, key), found, most, longest) for key, found in report.groups.items()],
        group=w(kpi.GROUPS[asked.by.value]),
        slices=[
            (w(kpi.SLICES[at]), count, strips.stack([("", count)], max(report.whole.slices)))
            for at, count in enumerate(report.whole.slices)
        ],
        channels={name: w(says) for name, says in kpi.CHANNELS.items()},
        percent=percent,
        known_at=report.known_at,
        longest=longest,
        trends=asked.by is By.MONTH and len(report.groups) > 1,
        empty=not (report.whole.meetings or report.whole.channels),
    )


async def download(visit: Visit) -> Response:
    """GET /reports.csv: the same numbers, and some more, for spreadsheets."""
    report = await _report(visit)
    text = kpi.as_csv(visit.w, report.asked.by.value, report.groups, report.names)
    name = f"kpi-{report.asked.by.value}-{report.asked.months.first:%Y-%m}-{report.asked.months.last:%Y-%m}.csv"
    return Response(text, media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def _report(visit: Visit) -> Report:
    reader, asked = visit.reader, _asked(visit)
    if asked.rep and not reader.counts(asked.rep):
        raise HTTPException(404)
    found = await flow.numbers(
        visit.doors,
        asked.months,
        reader,
        (None, asked.by),
        rep=asked.rep,
        scenario=asked.scenario,
        as_of=flow.evening(asked.as_of, reader.rep.timezone) if asked.as_of else None,
    )
    whole, groups = found.by
    return Report(asked, whole[""], groups, _names(visit, asked.by, groups), found.known_at)


def _asked(visit: Visit) -> Asked:
    query, zone = visit.request.query_params, visit.reader.rep.timezone
    choices = _choices(visit)
    by = next((choice for choice in choices if choice.value == query.get("by")), By.MONTH)
    as_of = _day(query.get("as_of", ""))
    now = visit.doors.clock.now()
    if as_of is not None and not LONG_AGO < as_of < now.astimezone(ZoneInfo(zone)).date():
        as_of = None
    known = min(datetime.combine(as_of, time(12), ZoneInfo(zone)), now) if as_of else now
    months = span(_month(query.get("from", "")), _month(query.get("to", "")), known, zone)
    return Asked(by, months, as_of, query.get("rep", "")[:64], query.get("scenario", "")[:64])


def _choices(visit: Visit) -> tuple[By, ...]:
    return LEADS if visit.reader.leads or visit.reader.counted is None else ALONE


def _row(key: str, name: str, found: Figures, most: int, longest: float) -> Row:
    return Row(
        key,
        name,
        found,
        strips.rate(found.thanks, 1.0),
        strips.spread(found.thanks_hours, longest, 3.0),
        strips.rate(found.replied, REPLY_GOAL),
        strips.rate(found.agreed),
        strips.rate(found.next),
        strips.rate(found.entered, 1.0),
        strips.stack(found.channels.items(), most),
    )


def _names(visit: Visit, by: By, groups: Mapping[str, Figures]) -> dict[str, str]:
    w = visit.w
    match by:
        case By.MONTH:
            return {key: w.month(date.fromisoformat(f"{key}-01")) for key in groups}
        case By.SCENARIO:
            return {"": w("Outside scenarios")} | _scenarios(visit)
        case By.TEAM:
            said = {key: w("Team of {name}", name=visit.reader.name_of(key)) for key in _managers(visit)}  # type: ignore[arg-type]
            return {c.id: c.name for c in visit.reader.colleagues.values()} | said
        case By.REP:
            return {c.id: c.name for c in visit.reader.colleagues.values()}


def _managers(visit: Visit) -> set[str]:
    return {c.manager_id for c in visit.reader.colleagues.values() if c.manager_id}


def _scenarios(visit: Visit) -> dict[str, str]:
    """What scenarios are called; nothing where one of the files is broken: then ids are shown."""
    try:
        listed = visit.doors.library.scenarios()
    except NurtureError:
        return {}
    language = visit.w.language
    return {one.id: one.name.get(language) or next(iter(one.name.values()), one.id) for one in listed}


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return None


def _month(said: str) -> date | None:
    return _day(f"{said}-01") if len(said) == len("2026-11") else None
