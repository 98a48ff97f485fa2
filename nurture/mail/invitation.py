"""A proposed time as a calendar file (iCalendar, RFC 5545), for one's own calendar or to go with an answer.

Published, not requested (RFC 5546, 3.2.1): whoever opens it may take it over, nobody is asked to answer, and it is
marked as tentative. Times are in UTC, so that no program has to know our zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from nurture.core.slots import Slot

TYPE: Final = "text/calendar"
OCTETS: Final = 75
"""Of a line, without its end (RFC 5545, 3.1)."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a calendar shows. ``uid``: the same for the same time, so that taking it over twice is once."""

    uid: str
    slot: Slot
    zone: ZoneInfo  # in which the slot's hours are meant
    summary: str
    place: str = ""
    organiser: str = ""  # an address
    organiser_name: str = ""


def calendar(meeting: Meeting, now: datetime) -> bytes:
    """The file.

    Args:
        meeting: what it shows.
        now: when it was made, UTC.
    """
    span = meeting.slot.span(meeting.zone)
    if span is None:
        day = meeting.slot.day
        when = [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"]
    else:
        when = [f"DTSTART:{_utc(span[0])}", f"DTEND:{_utc(span[1])}"]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//nurture//nurture//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_text(meeting.uid)}",
        f"DTSTAMP:{_utc(now)}",
        *when,
        f"SUMMARY:{_text(meeting.summary)}",
        *([f"LOCATION:{_text(meeting.place)}"] if meeting.place else []),
        *(
            [f"ORGANIZER;CN={_parameter(meeting.organiser_name)}:mailto:{meeting.organiser}"]
            if meeting.organiser
            else []
        ),
        "STATUS:TENTATIVE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """A TEXT value (3.3.11): no control characters, and its separators escaped."""
    plain = "".join(sign for sign in value.replace("\r\n", "\n") if sign == "\n" or sign >= " ")
    for sign in ("\\", ";", ","):
        plain = plain.replace(sign, f"\\{sign}")
    return plain.replace("\n", "\\n")


def _parameter(value: str) -> str:
    """A parameter's value in quotes, which may hold no quote of its own (3.2)."""
    return '"' + "".join(sign for sign in value if sign >= " " and sign != '"') + '"'


def _folded(line: str) -> bytes:
    """In lines of at most 75 octets, never within a character."""
    out, piece = b"", b""
    for sign in line:
        octets = sign.encode("utf-8", "replace")
        if len(piece) + len(octets) > OCTETS:
            out, piece = out + piece + b"\r\n", b" "
        piece += octets
    return out + piece + b"\r\n"
