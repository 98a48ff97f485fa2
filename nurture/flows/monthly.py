"""The month's numbers by mail, for those who lead or count: how well its meetings were followed up (practice I).

It comes at the time that ``[work] report`` says, on the clock of whoever reads it, once a month, about the month
before, and only if anything happened in it. The page that it leads to has the rest.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core import cron
from nurture.core.change import Change, Dispatch
from nurture.core.figures import By, Figures, Months, figures
from nurture.core.people import AccessRole, Representative
from nurture.core.rates import percent
from nurture.core.sight import Sight
from nurture.errors import StaleVersion
from nurture.flows import dispatches, kpi
from nurture.i18n import words
from nurture.ports import Notice

if TYPE_CHECKING:
    from datetime import date, datetime

    from nurture.core.kpi import Facts
    from nurture.core.rates import Rate
    from nurture.i18n import Words
    from nurture.ports import Doors

KIND: Final = "report"
LATE: Final = timedelta(days=2)
"""A report that could not be written by then (the daemon stood still) is left out; the page is there."""
READERS: Final = frozenset({AccessRole.MANAGER, AccessRole.OPERATIONS, AccessRole.ADMINISTRATOR})


async def look(doors: Doors) -> int:
    """Write the reports whose time has come; how many.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    if not (expression := doors.settings.work.report):
        return 0
    now = doors.clock.now()
    ours = {rep.id: rep for rep in await doors.store.find(Representative)}
    due: dict[str, tuple[Representative, date]] = {}
    for rep in ours.values():
        at = cron.latest(expression, now, ZoneInfo(rep.timezone))
        if rep.active and READERS & set(rep.access) and now - at <= LATE:
            last = at.astimezone(ZoneInfo(rep.timezone)).date().replace(day=1) - timedelta(days=1)
            due[dispatches.named(KIND, rep, f"{last:%Y-%m}")] = (rep, last.replace(day=1))
    known = {row.id for row in await doors.store.find(Dispatch, {"id": tuple(due)})} if due else set()
    read: dict[Months, Facts] = {}
    written = 0
    for key, (rep, month) in due.items():
        if key in known:
            continue
        months = Months(month, month, rep.timezone)
        if months not in read:
            read[months] = await kpi.facts(doors, months)
        written += await _write(doors, Sight(rep, ours), months, read[months], now)
    return written


async def _write(doors: Doors, sight: Sight, months: Months, facts: Facts, now: datetime) -> bool:
    counted = sight.counted

    def sees(rep: str) -> bool:
        return counted is None or rep in counted

    whole = figures(facts, months, sees=sees)[""]
    if not whole.meetings and not whole.channels:
        return False
    rows = figures(facts, months, By.REP, sees=sees)
    notice = _notice(sight, months, whole, rows)
    try:
        made = dispatches.told(f"{months.first:%Y-%m}", [(sight.rep, notice)], now)
        await doors.store.commit(Change(made))
    except StaleVersion:
        return False  # another daemon has written it
    return True


def _notice(sight: Sight, months: Months, whole: Figures, rows: dict[str, Figures]) -> Notice:
    w = words(sight.rep.language)
    month = f"{months.first:%Y-%m}"
    names = {rep.id: rep.name for rep in sight.colleagues.values()}
    parts = [_part(w, w("All together"), whole)]
    if len(rows) > 1:
        parts += [_part(w, names.get(key, key), found) for key, found in rows.items()]  # type: ignore[call-overload]
    parts.append(
        w("What can be told only later (answers within 14 days, appointments within 30) is not counted yet.")
    )
    return Notice(
        KIND,
        w("The numbers of {month}", month=w.month(months.first)),
        "\n\n".join(parts),
        f"/reports?by=rep&from={month}&to={month}",
    )


def _part(w: Words, title: str, found: Figures) -> str:
    median = found.thanks_hours.median
    days = found.reply_days.median
    lines = [
        w("Meetings: {count}", count=found.meetings),
        w("Thank-yous within 3 hours: {rate}", rate=_rate(found.thanks))
        + (w(", median {hours} h", hours=f"{median:.1f}") if median is not None else ""),
        w("Answers to the minutes: {rate}", rate=_rate(found.replied))
        + (w(", median {days} days", days=f"{days:.1f}") if days is not None else ""),
        w("Next appointment within 30 days: {rate}", rate=_rate(found.next)),
        w("Touches: {count}, pilots: {pilots}", count=sum(found.channels.values()), pilots=found.pilots),
        w("Meetings with a record: {rate}", rate=_rate(found.entered)),
    ]
    return "\n".join([f"■ {title}", *(f"- {line}" for line in lines)])


def _rate(rate: Rate) -> str:
    return f"{percent(rate.share)} ({rate.hits}/{rate.of})" if rate.of else "–"
