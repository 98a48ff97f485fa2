"""The KPI report as values for pages, tables, CSV and JSON: which columns there are, and how each is said."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from nurture.core.rates import Rate, Spread, percent
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nurture.core.figures import Figures
    from nurture.i18n import Words

BOM: Final = "\ufeff"
"""Without it Excel in Japan takes UTF-8 for Shift_JIS."""
CHANNELS: Final[Mapping[str, str]] = {
    "mail": mark("mail"),
    "meeting": mark("meeting"),
    "call": mark("telephone call"),
    "visit": mark("visit"),
    "linkedin": mark("LinkedIn"),
    "congress": mark("congress booth"),
}
GROUPS: Final[Mapping[str, str]] = {
    "month": mark("Month"),
    "rep": mark("Representative"),
    "team": mark("Team"),
    "scenario": mark("Scenario"),
    "": mark("All"),
}
SLICES: Final = (
    mark("within 1 h"),
    mark("1–3 h"),
    mark("3–6 h"),
    mark("6–24 h"),
    mark("over 24 h"),
    mark("not sent"),
)
"""What the classes of ``Figures.slices`` are called."""

FORMULAS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What a formula begins with; Japanese Excel takes the wide signs too."""

Number = int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of table and CSV. ``kind``: count | percent | number."""

    title: str
    kind: str
    value: Callable[[Figures], Number]
    short: str = ""  # its title where there is little room; without it, it stands in CSV only


def _share(rate: Rate) -> Number:
    return rate.share


def _low(rate: Rate) -> Number:
    return rate.interval[0] if rate.interval else None


def _high(rate: Rate) -> Number:
    return rate.interval[1] if rate.interval else None


COLUMNS: Final = (
    Column(mark("Meetings"), "count", lambda f: f.meetings, mark("Meetings")),
    Column(mark("Thank-yous due"), "count", lambda f: f.thanks.of),
    Column(mark("Thank-yous within 3 h"), "count", lambda f: f.thanks.hits),
    Column(mark("Thank-yous within 3 h, share"), "percent", lambda f: _share(f.thanks), mark("≤ 3 h")),
    Column(mark("… at least (95 %)"), "percent", lambda f: _low(f.thanks)),
    Column(mark("… at most (95 %)"), "percent", lambda f: _high(f.thanks)),
    Column(mark("Hours to the thank-you, median"), "number", lambda f: f.thanks_hours.median, mark("h, median")),
    Column(mark("Hours to the thank-you, mean"), "number", lambda f: f.thanks_hours.mean, mark("h, mean")),
    Column(mark("Hours to the thank-you, nine of ten"), "number", lambda f: f.thanks_hours.ninth),
    Column(mark("Minutes that can be judged"), "count", lambda f: f.replied.of),
    Column(mark("Answers to the minutes"), "count", lambda f: f.replied.hits),
    Column(mark("Answers to the minutes, share"), "percent", lambda f: _share(f.replied), mark("Answered")),
    Column(mark("… at least (95 %)"), "percent", lambda f: _low(f.replied)),
    Column(mark("… at most (95 %)"), "percent", lambda f: _high(f.replied)),
    Column(
        mark("Days from the meeting to the answer, median"),
        "number",
        lambda f: f.reply_days.median,
        mark("days, median"),
    ),
    Column(mark("Days from the meeting to the answer, mean"), "number", lambda f: f.reply_days.mean),
    Column(mark("Answers that confirm the understanding"), "count", lambda f: f.agreed.hits),
    Column(
        mark("Answers that confirm the understanding, share"),
        "percent",
        lambda f: _share(f.agreed),
        mark("Confirmed"),
    ),
    Column(mark("… at least (95 %)"), "percent", lambda f: _low(f.agreed)),
    Column(mark("… at most (95 %)"), "percent", lambda f: _high(f.agreed)),
    Column(mark("Meetings whose 30 days are over"), "count", lambda f: f.next.of),
    Column(mark("Next appointment within 30 days"), "count", lambda f: f.next.hits),
    Column(
        mark("Next appointment within 30 days, share"),
        "percent",
        lambda f: _share(f.next),
        mark("Next appointment"),
    ),
    Column(mark("… at least (95 %)"), "percent", lambda f: _low(f.next)),
    Column(mark("… at most (95 %)"), "percent", lambda f: _high(f.next)),
    Column(mark("Deals that were touched"), "count", lambda f: f.touches.count),
    Column(mark("Touches per deal, median"), "number", lambda f: f.touches.median, mark("Touches, median")),
    Column(mark("Touches per deal, mean"), "number", lambda f: f.touches.mean, mark("Touches, mean")),
    Column(mark("Touches by mail"), "count", lambda f: f.channels.get("mail", 0)),
    Column(mark("Touches by meeting"), "count", lambda f: f.channels.get("meeting", 0)),
    Column(mark("Touches by telephone"), "count", lambda f: f.channels.get("call", 0)),
    Column(mark("Touches by visit"), "count", lambda f: f.channels.get("visit", 0)),
    Column(mark("Touches by LinkedIn"), "count", lambda f: f.channels.get("linkedin", 0)),
    Column(mark("Touches at congress booths"), "count", lambda f: f.channels.get("congress", 0)),
    Column(mark("Answers to any mail"), "count", lambda f: f.answers),
    Column(mark("Pilots started"), "count", lambda f: f.pilots, mark("Pilots")),
    Column(mark("Meetings that are known of"), "count", lambda f: f.entered.of),
    Column(mark("Meetings with a record, share"), "percent", lambda f: _share(f.entered), mark("Recorded")),
    Column(mark("Hours from the meeting to its record, median"), "number", lambda f: f.record_hours.median),
)
"""In this order."""


def said(column: Column, value: Number) -> str:
    """A value for people: 83 %, 2.4; a dash where there is none."""
    if value is None:
        return "–"
    if column.kind == "percent":
        return percent(value)
    return f"{value:.1f}" if column.kind == "number" else f"{value:,}"


def as_csv(w: Words, group: str, rows: Mapping[str, Figures], names: Mapping[str, str]) -> str:
    """All columns of all groups (RFC 4180), with the mark that spreadsheets know UTF-8 by.

    Shares are numbers between 0 and 1; what is not known is an empty cell.

    Args:
        w: the language of the headers.
        group: what the groups are, of ``GROUPS``.
        rows: the figures of each group.
        names: what the groups are called, where not by their keys.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([w(GROUPS[group]), *(w(column.title) for column in COLUMNS)])
    for key, found in rows.items():
        cells = [_cell(column, column.value(found)) for column in COLUMNS]
        writer.writerow([harmless(names.get(key, key)), *cells])
    return BOM + out.getvalue()


def _cell(column: Column, value: Number) -> str:
    if value is None:
        return ""
    return str(value) if column.kind == "count" else f"{value:.4f}"


def harmless(text: str) -> str:
    """A text that no spreadsheet runs as a formula (CWE-1236): one that could be one begins with an apostrophe."""
    return f"'{text}" if text.lstrip().startswith(FORMULAS) or text[:1] in {"\t", "\r", "\n"} else text


def as_data(found: Figures) -> dict[str, Any]:
    """One group as plain values, its names those of ``core.figures``; rates with their intervals."""
    data: dict[str, Any] = {}
    for name in found.__dataclass_fields__:
        value = getattr(found, name)
        if isinstance(value, Rate):
            data[name] = {
                "hits": value.hits,
                "of": value.of,
                "share": value.share,
                "interval": list(value.interval) if value.interval else None,
            }
        elif isinstance(value, Spread):
            data[name] = asdict(value)
        else:
            data[name] = dict(value) if name == "channels" else list(value) if name == "slices" else value
    return data
