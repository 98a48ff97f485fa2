"""A proposed time as a calendar file, read by another library."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.slots import Slot
from nurture.mail.invitation import Meeting, calendar

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


def read(meeting: Meeting) -> icalendar.Event:
    """The one event, as icalendar reads it."""
    data = calendar(meeting, NOW)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    (event,) = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    return event


def test_a_time_with_its_hours() -> None:
    """In UTC, tentative, with who invites."""
    slot = Slot(date(2026, 12, 10), time(13), time(14))
    event = read(
        Meeting("t-0@nurture", slot, TOKYO, "面談：青葉中央病院 佐藤 花子", "青葉中央病院", "t@m.example", "田中")
    )

    assert datetime(2026, 12, 10, 4, 0, tzinfo=UTC) == event.decoded("DTSTART")
    assert datetime(2026, 12, 10, 5, 0, tzinfo=UTC) == event.decoded("DTEND")
    assert ("TENTATIVE", "t-0@nurture", "青葉中央病院") == (event["STATUS"], event["UID"], event["LOCATION"])
    assert ("mailto:t@m.example", "田中") == (event["ORGANIZER"], event["ORGANIZER"].params["CN"])


def test_a_whole_day() -> None:
    """A date without hours; its end is the next day (RFC 5545, 3.6.1)."""
    event = read(Meeting("t-0@nurture", Slot(date(2026, 12, 31)), TOKYO, "面談"))

    assert (date(2026, 12, 31), date(2027, 1, 1)) == (event.decoded("DTSTART"), event.decoded("DTEND"))


@given(st.text(max_size=200), st.text(max_size=100))
def test_no_name_breaks_out_of_its_line(summary: str, name: str) -> None:
    """Separators, line ends, quotes and control characters: one event, the summary as it was."""
    text = "".join(sign for sign in summary if sign >= " " and sign.isprintable())
    event = read(Meeting("u", Slot(date(2026, 12, 10)), TOKYO, text, name, "t@m.example", name))

    assert text == str(event["SUMMARY"])
    assert 1 == str(calendar(Meeting("u", Slot(date(2026, 12, 10)), TOKYO, summary, name), NOW)).count(
        "BEGIN:VEVENT\\r"
    )
