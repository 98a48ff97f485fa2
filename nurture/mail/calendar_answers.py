"""Answers of calendars: who accepts, declines, proposes another time or calls off (RFC 5546; in mail RFC 6047).

Somebody pressed a button, so the mail is a person's reply, often without a word of text. What is accepted is
agreed; what is declined, tentative, moved or called off is about that meeting alone and says nothing of the whole:
a person looks at it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from nurture.core.reading import Found, Intent
from nurture.core.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from nurture.mail.parse import Part

MAX_CALENDAR: Final = 64 * 1024  # characters that are looked at
LINE: Final = re.compile(
    r"^(?P<name>[A-Za-z-]{3,20})(?P<params>(?:;[^:;\n\"]{0,400}(?:\"[^\"\n]{0,200}\")?){0,20}):(?P<value>.*)$",
    re.M,
)
STAT: Final = re.compile(r";PARTSTAT=([A-Za-z-]{3,20})", re.IGNORECASE)
MOMENT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{2}(Z?))?")


class Answer(NamedTuple):
    """What a calendar says: intents, and the days that it is about."""

    found: tuple[Found, ...]
    days: tuple[date, ...]
    slots: tuple[Slot, ...] = ()  # that are proposed or agreed, as hours of Japan


def answer(root: Part) -> Answer | None:
    """The calendar's answer or invitation that a mail carries, or None."""
    for part in root.own():
        if part.type != "text/calendar":
            continue
        text = re.sub(r"\n[ \t]", "", part.decoded.text[:MAX_CALENDAR])
        lines = [(m["name"].upper(), m["params"], m["value"].strip()) for m in LINE.finditer(text)]
        method = part.content[1].get("method", "") or next(
            (value for name, _, value in lines if name == "METHOD"), ""
        )
        said = _said(method.strip().upper(), [params for name, params, _ in lines if name == "ATTENDEE"])
        if said:
            events = list(_events((name, value) for name, _, value in lines))
            days = {moment.date() for start, _ in events if (moment := _moment(start))}
            slots = () if said[0][1] in NO_PROPOSAL else tuple(filter(None, (_slot(*event) for event in events)))
            found = tuple(Found(intent, rule, rule) for intent, rule in said)
            return Answer(found, tuple(sorted(days)), slots)
    return None


NO_PROPOSAL: Final = frozenset({"calendar_declined", "calendar_cancels"})
MOST: Final = 12
"""Events of one file that are looked at."""


def _events(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Start and end of each event; a zone's rules have a DTSTART too, and are none."""
    count, start, end, inside = 0, "", "", False
    for name, value in lines:
        if name == "BEGIN":
            inside = inside or value.upper() == "VEVENT"
        elif name == "END" and value.upper() == "VEVENT":
            if start and count < MOST:
                yield start, end
            count, start, end, inside = count + 1, "", "", False
        elif inside and name == "DTSTART":
            start = start or value
        elif inside and name == "DTEND":
            end = end or value


def _slot(start: str, end: str) -> Slot | None:
    """The hours of one event; a whole day has none."""
    begins, ends = _moment(start), _moment(end)
    if begins is None:
        return None
    if "T" not in start:
        return Slot(begins.date())
    until = ends.time() if ends is not None and ends.date() == begins.date() and ends > begins else None
    return Slot(begins.date(), begins.time(), until)


def _said(method: str, attendees: list[str]) -> list[tuple[Intent, str]]:
    if method == "REPLY":
        stats = {found[1].upper() for params in attendees if (found := STAT.search(params))}
        if "ACCEPTED" in stats:
            return [(Intent.AGREEMENT, "calendar_accepted"), (Intent.APPOINTMENT, "calendar_accepted")]
        rule = "calendar_declined" if "DECLINED" in stats else "calendar_tentative"
        return [(Intent.APPOINTMENT, rule), (Intent.AMBIGUOUS, rule)]
    if method == "REQUEST":
        return [(Intent.APPOINTMENT, "calendar_invites")]
    if method in {"COUNTER", "CANCEL"}:
        rule = "calendar_proposes" if method == "COUNTER" else "calendar_cancels"
        return [(Intent.APPOINTMENT, rule), (Intent.AMBIGUOUS, rule)]
    return []


def _moment(value: str) -> datetime | None:
    """The moment in Japan, without a zone; one without zone is taken as it stands."""
    found = MOMENT.match(value)
    if found is None:
        return None
    try:
        moment = datetime(int(found[1]), int(found[2]), int(found[3]), int(found[4] or 0), int(found[5] or 0))  # noqa: DTZ001
        return moment + timedelta(hours=9) if found[6] else moment
    except (ValueError, OverflowError):
        return None
