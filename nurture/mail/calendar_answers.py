"""Answers of calendars: who accepts, declines, proposes another time or calls off (RFC 5546; in mail RFC 6047).

Somebody pressed a button, so the mail is a person's reply, often without a word of text. What is accepted is
agreed; what is declined, tentative, moved or called off is about that meeting alone and says nothing of the whole:
a person looks at it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from nurture.core.reading import Found, Intent

if TYPE_CHECKING:
    from nurture.mail.parse import Part

MAX_CALENDAR: Final = 64 * 1024  # characters that are looked at
LINE: Final = re.compile(
    r"^(?P<name>[A-Za-z-]{3,20})(?P<params>(?:;[^:\n\"]{0,400}(?:\"[^\"\n]{0,200}\")?){0,20}):(?P<value>.*)$", re.M
)
STAT: Final = re.compile(r";PARTSTAT=([A-Za-z-]{3,20})", re.IGNORECASE)
MOMENT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{2}(Z?))?")


class Answer(NamedTuple):
    """What a calendar says: intents, and the days that it is about."""

    found: tuple[Found, ...]
    days: tuple[date, ...]


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
            days = {day for name, _, value in lines if name == "DTSTART" and (day := _day(value))}
            return Answer(tuple(Found(intent, rule, rule) for intent, rule in said), tuple(sorted(days)))
    return None


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


def _day(value: str) -> date | None:
    """The day in Japan; a moment without zone is taken as it stands."""
    found = MOMENT.match(value)
    if found is None:
        return None
    try:
        moment = datetime(int(found[1]), int(found[2]), int(found[3]), int(found[4] or 0), int(found[5] or 0))  # noqa: DTZ001
        return (moment + timedelta(hours=9) if found[6] else moment).date()
    except (ValueError, OverflowError):
        return None
