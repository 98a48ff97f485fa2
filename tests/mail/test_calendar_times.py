"""The times in the answers of calendars: what is proposed or agreed can be taken over, what is off is none."""

from __future__ import annotations

import pytest

from nurture.core.cases import AMBIGUOUS, APPOINTMENT, of
from nurture.core.reading import Reading
from nurture.mail.reading import read

ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Tokyo\r\n"
    "BEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
HOUR = "DTSTART:20261210T040000Z\r\nDTEND:20261210T050000Z"
ZONED = "DTSTART;TZID=Tokyo:20261210T130000\r\nDTEND;TZID=Tokyo:20261210T140000"


def said(method: str, when: str, stat: str = "", text: str = "") -> Reading:
    """What is read of an answer with this event."""
    who = f"ATTENDEE;PARTSTAT={stat}:mailto:s@h.example"
    event = f"BEGIN:VEVENT\r\nUID:1@v.example\r\n{when}\r\n{who}\r\nEND:VEVENT\r\n"
    raw = (
        "From: sato@h.example\r\nTo: t@v.example\r\nSubject: Re: x\r\nDate: Tue, 24 Nov 2026 10:00:00 +0900\r\n"
        "Message-ID: <1@h.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--b\r\nContent-Type: text/calendar; charset=utf-8; method={method}\r\n\r\n"
        f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\n{ZONE}{event}END:VCALENDAR\r\n--b--\r\n"
    )
    return read(raw.encode())


@pytest.mark.parametrize(
    ("method", "stat", "when", "times", "case"),
    [
        ("REPLY", "ACCEPTED", HOUR, ["2026-12-10 13:00–14:00"], APPOINTMENT),
        ("REQUEST", "", ZONED, ["2026-12-10 13:00–14:00"], APPOINTMENT),
        ("REQUEST", "", "DTSTART;VALUE=DATE:20261217", ["2026-12-17"], APPOINTMENT),
        ("COUNTER", "", "DTSTART:20261211T070000Z", ["2026-12-11 16:00–"], AMBIGUOUS),
        ("REPLY", "DECLINED", "DTSTART:20261210T040000Z", [], AMBIGUOUS),
        ("CANCEL", "", "DTSTART:20261210T040000Z", [], AMBIGUOUS),
        ("REQUEST", "", "DTSTART:20269999T000000", [], APPOINTMENT),
    ],
)
def test_times_of_calendars(method: str, stat: str, when: str, times: list[str], case: object) -> None:
    """In hours of Japan; a zone's own rules are no event; what is off or moved is left to a person."""
    found = said(method, when, stat)

    assert times == [str(slot) for slot in found.times]
    assert case is of(found)
    assert all(day.year == 2026 for day in found.dates)


def test_who_declines_and_names_another_time() -> None:
    """The words beside the button count too."""
    found = said("REPLY", "DTSTART:20261210T040000Z", "DECLINED", "12/11(金) 16時以降でしたら可能です。")

    assert ["2026-12-11 16:00–"] == [str(slot) for slot in found.times]
