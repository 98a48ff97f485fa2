"""Worlds by number: a scenario, calendars and people as files, and how ``nurture simulate`` is asked of them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from dateutil.rrule import rrulestr
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pathlib import Path

ZONES = (
    "Asia/Tokyo", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC",
    "America/Sao_Paulo", "Pacific/Apia",
)  # fmt: skip
ATTRIBUTES = {
    "role": ("clinician", "nursing", "radiographer", "executive"),
    "specialty": ("radiology", "cardiology"),
    "department": ("医事課", "放射線科"),
    "region": ("kanto", "kansai"),
    "organisation": ("青葉中央病院", "Aoba, Central"),
    "organisation_kind": ("hospital", "clinic"),
}
LISTS = {
    "roles": "role", "specialties": "specialty", "departments": "department", "regions": "region",
    "organisations": "organisation", "organisation_kinds": "organisation_kind",
}  # fmt: skip
RULES = (
    "FREQ=MONTHLY;BYDAY=2SA",
    "FREQ=WEEKLY;BYDAY=WE",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU",
    "FREQ=WEEKLY;BYDAY=FR;UNTIL=20270531",
    "FREQ=DAILY;INTERVAL=9;COUNT=12",
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;INTERVAL=3",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY",
    "FREQ=YEARLY;BYMONTH=4,5;BYDAY=1MO",
    "FREQ=YEARLY;BYYEARDAY=100,130,-200",
)
FIRST = date(2027, 2, 1)


@dataclass(slots=True)
class World:
    """Files in a folder, and the options of one call."""

    scenario: Path
    calendars: Path
    contacts: Path | None
    anchor: str
    now: str | None = None
    dates: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)

    @property
    def options(self) -> list[str]:
        """As they stand on a command line."""
        said = [str(self.scenario), "--calendars", str(self.calendars), "--anchor", self.anchor]
        said += ["--now", self.now] if self.now else []
        said += ["--contacts", str(self.contacts)] if self.contacts else []
        for name, day in self.dates.items():
            said += ["--date", f"{name}={day}"]
        for name, value in self.flags.items():
            said += [f"--{name.replace('_', '-')}", value]
        return said


def _day(rnd: Random, span: int = 150) -> date:
    return FIRST + timedelta(days=rnd.randrange(span))


def _written(rnd: Random, value: Any) -> str:
    """YAML in one of its shapes."""
    if rnd.random() < 0.3:
        return json.dumps(value, ensure_ascii=False, indent=rnd.choice((None, 2)), default=str)
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = rnd.choice((None, False))
    writer.allow_unicode = True
    text = io.StringIO()
    writer.dump(value, text)
    return text.getvalue()


def _entry(rnd: Random, place: int) -> dict[str, Any]:
    """One calendar entry; every key now and then."""
    entry: dict[str, Any] = {"id": f"e{place}"}
    start, kind = _day(rnd), rnd.random()
    if kind < 0.12:
        first = rnd.randint(1, 31)
        entry["every"] = {"monthly": {"from": first, "to": rnd.choice((min(first + rnd.randint(0, 8), 31), 2))}}
    elif kind < 0.24:
        last = start + timedelta(days=rnd.randint(0, 15))
        first_text, last_text = f"{start:%m-%d}", f"{last:%m-%d}"
        if rnd.random() < 0.15:
            first_text, last_text = "02-27", "02-29"
        entry["every"] = {"from": first_text, "to": last_text}
    elif kind < 0.42:
        rule = rnd.choice(RULES)
        begin = datetime.combine(start, time(0))
        found = rrulestr(rule, dtstart=begin).after(begin, inc=True)
        entry["start"] = found.date() if found else start
        if found is None or next(iter(rrulestr(rule, dtstart=found)), None) != found:
            rule, entry["start"] = "FREQ=DAILY;INTERVAL=30", start
        entry["every"] = {"rrule": rule}
        if rnd.random() < 0.5:
            entry["end"] = entry["start"] + timedelta(days=rnd.randrange(4))
    else:
        entry["start"] = start
        if rnd.random() < 0.7:
            entry["end"] = start + timedelta(days=rnd.randrange(14))
    entry["effect"] = rnd.choice(("blackout", "blackout", "reduce", "no_appointment", "holiday"))
    if rnd.random() < 0.3:
        entry["reduce"] = rnd.choice(("3d", "10d", "2w", "0d"))
    if rnd.random() < 0.6:
        entry["applies_to"] = {
            key: rnd.sample([*ATTRIBUTES[of], "all"], rnd.choice((1, 1, 2)))
            for key, of in LISTS.items()
            if rnd.random() < 0.25
        }
    if rnd.random() < 0.5:
        entry["certainty"] = rnd.choice(("confirmed", "announced", "estimated"))
    for key in ("before", "after"):
        endless = "rrule" in entry.get("every", {}) and entry["effect"] == "holiday"  # no business day were left
        if rnd.random() < 0.25 and not endless:
            entry[key] = rnd.choice(("1d", "3d", "1w"))
    return entry


def _windows(rnd: Random) -> dict[str, Any]:
    if rnd.random() < 0.4:
        return {"days": "mon-fri", "hours": ["09:30-11:30", "13:30-16:30"]}
    clocks = sorted(rnd.sample(range(96), 2 * rnd.randint(1, 3)))
    hours = [
        f"{a // 4:02}:{a % 4 * 15:02}-{b // 4:02}:{b % 4 * 15:02}"
        for a, b in zip(clocks[::2], clocks[1::2], strict=True)
    ]
    if rnd.random() < 0.1:
        hours = ["22:00-24:00", "00:00-00:30"]
    rnd.shuffle(hours)
    named = rnd.choice(("mon-fri", "mon-fri", "mon-sun", "sat", ["mon", "wed-fri"], ["tue", "thu"], "fri-mon"))
    return {"days": named, "hours": hours}


def _step(rnd: Random, place: int) -> dict[str, Any]:
    """One step; days mostly ascend."""
    step: dict[str, Any] = {"id": f"s{place}", "day": max(1, 1 + place * rnd.randint(0, 8) + rnd.randint(-2, 2))}
    if rnd.random() < 0.2:
        step["task"] = rnd.choice(("call", "visit", "congress"))
    else:
        step["mail"] = "column"
        if rnd.random() < 0.25:
            step["within"] = rnd.choice(("3h", "90m", "2d"))
    if rnd.random() < 0.2:
        step["count"] = rnd.choice(("business", "calendar"))
    if rnd.random() < 0.6:
        step["on_blocked"] = rnd.choice(("postpone", "advance", "advance", "skip", "ignore"))
    if rnd.random() < 0.2:
        step["windows"] = "any"
    if rnd.random() < 0.3:
        step["expires"] = rnd.choice(
            (
                {"after": rnd.choice(("0d", "3d", "9d"))},
                {"before": "seminar_date", "margin": "3d"},
                {"before": "fair_date"},
                {"before": _day(rnd), "margin": "1d"},
            )
        )
    if rnd.random() < 0.4:
        step["purpose"] = rnd.choice(("value", "appointment", "appointment", "notice"))
    if rnd.random() < 0.15:
        step["when"] = rnd.choice(
            (
                {"no_reply": True},
                {"role": ["clinician", "nursing"]},
                {"specialty": "radiology", "no_reply": True},
                {"deal_phase_at_least": 3},
                {"stance": ["supportive"]},
                {"stance": "unknown"},
                {"competitor": "Aster"},
            )
        )
    return step


def _scenario(rnd: Random, books: list[str]) -> dict[str, Any]:
    script: dict[str, Any] = {
        "id": "trial",
        "anchor": "meeting_end",
        "calendars": books,
        "steps": [_step(rnd, place) for place in range(rnd.randint(1, 7))],
        "windows": {
            role: _windows(rnd)
            for role in ("default", *ATTRIBUTES["role"])
            if rnd.random() < (0.9, 0.3)[role != "default"]
        },
    }
    if rnd.random() < 0.8:
        script["timezone"] = rnd.choice(ZONES)
    if rnd.random() < 0.2:
        script["count"] = "business"
    if rnd.random() < 0.8:
        script["pace"] = {}
        if rnd.random() < 0.7:
            script["pace"]["min_gap"] = rnd.choice(("0d", "1d", "2d", "3d", "1w"))
        if rnd.random() < 0.6:
            script["pace"]["per_organisation"] = rnd.choice(
                ("1 per 1d", "1 per 3d", "2 per 5d", "3 per 7d", "1 per 7d")
            )
    return script


def _people(rnd: Random) -> str:
    columns = ["email", *(c for c in ("name", "timezone", *ATTRIBUTES) if rnd.random() < 0.8)]
    rnd.shuffle(columns)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=rnd.choice(("\n", "\r\n")))
    writer.writerow(columns)
    for _ in range(rnd.randint(1, 7)):
        row = {key: rnd.choice(("", *values)) for key, values in ATTRIBUTES.items()}
        row["email"] = rnd.choice(("a@aoba.example", "A@aoba.example", f"p{rnd.randrange(9)}@aoba.example"))
        row["name"] = rnd.choice(("", "青葉 太郎", 'Doe, "J."'))
        row["timezone"] = rnd.choice(("", "", *ZONES))
        writer.writerow([row[column] for column in columns])
    return text.getvalue()


def world(seed: int, folder: Path) -> World:
    """The world of that number, written into an empty folder."""
    rnd = Random(seed)
    (folder / "calendars").mkdir()
    books = [f"c{n}" for n in range(rnd.randrange(3))]
    if books and rnd.random() < 0.1:
        books[-1] = "jp-medical"  # one's own in the place of the one that ships
    for book in books:
        entries = [_entry(rnd, place) for place in range(rnd.randrange(8))]
        text = _written(rnd, {"id": book, "entries": entries})
        (folder / "calendars" / f"{book}.yaml").write_text(text, encoding="utf-8")
    books += [
        shipped
        for shipped in ("jp-holidays", "jp-medical", "de-holidays")
        if rnd.random() < 0.2 and shipped not in books
    ]
    scenario = folder / "trial.yaml"
    scenario.write_text(_written(rnd, _scenario(rnd, books)), encoding="utf-8")
    contacts = folder / "people.csv" if rnd.random() < 0.6 else None
    if contacts is not None:
        contacts.write_text(_people(rnd), encoding="utf-8")
    # The nights on which clocks change in Berlin, New York and Lord Howe are among the days of the scenarios.
    anchor = datetime.combine(_day(rnd, 100), time(rnd.randrange(24), rnd.choice((0, 0, 7, 30, 59))))
    now = anchor + timedelta(minutes=rnd.choice((0, 0, -3000, 45, 400, 1440, 9_000, 40_000)))
    return World(
        scenario,
        folder / "calendars",
        contacts,
        anchor.isoformat(timespec="minutes") + rnd.choice(("", "", "", "+09:00", "-05:00")),
        now.isoformat(timespec="minutes") if now != anchor else None,
        {"seminar_date": _day(rnd).isoformat()} if rnd.random() < 0.6 else {},
        {key: rnd.choice(values) for key, values in ATTRIBUTES.items() if rnd.random() < 0.3}
        | ({"timezone": rnd.choice(ZONES)} if rnd.random() < 0.2 else {})
        | ({"stance": "supportive"} if rnd.random() < 0.2 else {})
        | ({"deal_phase": "4"} if rnd.random() < 0.3 else {})
        | ({"competitor": "Aster"} if rnd.random() < 0.2 else {}),
    )
