"""Calendars that answer: accepted is agreed, everything else about a meeting goes to a person."""

from __future__ import annotations

from datetime import date

import pytest

from nurture.core.reading import Intent, Kind
from nurture.mail.reading import read

MAIL = """From: kurihara@minato-hp.example
Subject: x
Date: Tue, 24 Nov 2026 09:12:00 +0900
Content-Type: text/calendar; charset=utf-8{params}

BEGIN:VCALENDAR
{lines}
END:VCALENDAR
"""


@pytest.mark.parametrize(
    ("params", "lines", "intents"),
    [
        (
            "; method=REPLY",
            "ATTENDEE;PARTSTAT=ACCEPTED:mailto:x@y.example",
            {Intent.AGREEMENT, Intent.APPOINTMENT},
        ),
        (
            "; method=REPLY",
            "ATTENDEE;PARTSTAT=DECLINED:mailto:x@y.example",
            {Intent.AMBIGUOUS, Intent.APPOINTMENT},
        ),
        (
            "",
            "METHOD:REPLY\nATTENDEE;PARTSTAT=TENTATIVE:mailto:x@y.example",
            {Intent.AMBIGUOUS, Intent.APPOINTMENT},
        ),
        ("", "METHOD:COUNTER", {Intent.AMBIGUOUS, Intent.APPOINTMENT}),
        ("", "METHOD:CANCEL", {Intent.AMBIGUOUS, Intent.APPOINTMENT}),
        ("", "METHOD:REQUEST", {Intent.APPOINTMENT}),
        ("", "METHOD:PUBLISH", set()),
    ],
)
def test_methods(params: str, lines: str, intents: set[Intent]) -> None:
    """The method and the answer of the attendee say what is meant (RFC 5546)."""
    reading = read(MAIL.format(params=params, lines=lines).encode())

    assert (Kind.REPLY, frozenset(intents)) == (reading.kind, reading.intents)


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("DTSTART;TZID=Asia/Tokyo:20261210T130000", date(2026, 12, 10)),
        ("DTSTART:20261210T160000Z", date(2026, 12, 11)),
        ("DTSTART;VALUE=DATE:20261217", date(2026, 12, 17)),
    ],
)
def test_days(start: str, day: date) -> None:
    """The day of the meeting is that of Japan."""
    reading = read(MAIL.format(params="", lines=f"METHOD:REQUEST\nBEGIN:VEVENT\n{start}\nEND:VEVENT").encode())

    assert (day,) == reading.dates


def test_a_day_that_does_not_exist() -> None:
    """A date that is none is left out."""
    assert (
        read(
            MAIL.format(
                params="", lines="METHOD:REQUEST\nBEGIN:VEVENT\nDTSTART:20261399T130000\nEND:VEVENT"
            ).encode()
        ).dates
        == ()
    )
