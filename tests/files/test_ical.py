"""iCalendar: what each kind of event covers, what is left out, and that an independent expansion agrees."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.core.calendar import AppliesTo, Calendar, Certainty, Days, Effect, Profile
from nurture.errors import UserError
from nurture.files.ical import Defaults, Told, parse_ical

TOKYO = ZoneInfo("Asia/Tokyo")


def text(*events: str, head: str = "") -> bytes:
    """A calendar of these events, each given as its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//mihon//ja", *head.splitlines()]
    for number, event in enumerate(events):
        uid = [] if "UID:" in event else [f"UID:event-{number}@mihon.example"]
        lines += ["BEGIN:VEVENT", *uid, "DTSTAMP:20260101T000000Z", *event.strip().splitlines(), "END:VEVENT"]
    return ("\r\n".join([*lines, "END:VCALENDAR"]) + "\r\n").encode()


def told(*events: str, head: str = "", **defaults: Any) -> Told:
    """What is understood of them, in Tokyo."""
    return parse_ical(text(*events, head=head), Defaults(**defaults), fallback=TOKYO, file="c.ics")


def covered(found: Told, first: date = date(2027, 1, 1), last: date = date(2027, 12, 31)) -> list[str]:
    """The dates with a mark, from first to last."""
    days = Days((Calendar("c", found.entries),), Profile())
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day.isoformat() for day in span if days.on(day)]


@pytest.mark.parametrize(
    ("event", "days"),
    [
        ("DTSTART;VALUE=DATE:20270408\nDTEND;VALUE=DATE:20270412", [8, 9, 10, 11]),
        ("DTSTART;VALUE=DATE:20270408", [8]),
        ("DTSTART;VALUE=DATE:20270408\nDTEND;VALUE=DATE:20270408", [8]),
        ("DTSTART;VALUE=DATE:20270408\nDURATION:P2D", [8, 9]),
        ("DTSTART;TZID=Asia/Tokyo:20270408T090000\nDTEND;TZID=Asia/Tokyo:20270408T170000", [8]),
        ("DTSTART;TZID=Asia/Tokyo:20270408T200000\nDTEND;TZID=Asia/Tokyo:20270409T000000", [8]),
        ("DTSTART;TZID=Asia/Tokyo:20270408T200000\nDURATION:PT5H", [8, 9]),
        ("DTSTART:20270407T150000Z\nDTEND:20270408T150000Z", [8]),
        ("DTSTART:20270408T090000\nDTEND:20270409T090000", [8, 9]),
        ("DTSTART:20270408T090000", [8]),
        ("DTSTART;TZID=America/New_York:20270408T200000\nDURATION:PT1H", [9]),
        ("DTSTART;TZID=Tokyo Standard Time:20270408T000000\nDURATION:PT1H", [8]),
        ("DTSTART;TZID=/mihon.example/1/Asia/Tokyo:20270408T000000\nDURATION:PT1H", [8]),
        ("DTSTART;VALUE=DATE:20270408\nSTATUS:CANCELLED", []),
        ("DTSTART;VALUE=DATE:20270408\nTRANSP:TRANSPARENT", [8]),
        ("DTSTART;VALUE=DATE:20270408\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20270409", [8, 10]),
        ("DTSTART;VALUE=DATE:20270408\nRDATE;VALUE=DATE:20270415,20270420", [8, 15, 20]),
        ("DTSTART:20270408T000000Z\nRDATE;VALUE=PERIOD:20270415T000000Z/PT26H", [8, 15, 16]),
        (
            "DTSTART;TZID=Asia/Tokyo:20270405T090000\nRRULE:FREQ=WEEKLY;UNTIL=20270418T235959Z\nEXDATE:20270412T000000Z",
            [5],  # Monday the 19th begins one second after the end
        ),
        ("DTSTART;TZID=Asia/Tokyo:20270405T090000\nRRULE:FREQ=WEEKLY;UNTIL=20270419T000000Z", [5, 12, 19]),
        ("DTSTART;VALUE=DATE:20270401\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3", [1, 5, 12]),
    ],
)
def test_what_an_event_covers(event: str, days: list[int]) -> None:
    """Whole days, hours, zones, floating times, cancelled events, exceptions; all on one wall, in Tokyo."""
    found = told(event)

    assert [f"2027-04-{day:02}" for day in days] == covered(found)
    assert () == found.problems


def test_a_calendar_is_read_on_one_wall() -> None:
    """Its own zone (X-WR-TIMEZONE), unless the reader is told another; the configuration's where it names none."""
    event = "DTSTART:20270408T200000Z\nDURATION:PT1H"

    assert ["2027-04-09"] == covered(told(event))
    assert ["2027-04-08"] == covered(told(event, head="X-WR-TIMEZONE:Europe/Vienna"))
    there = parse_ical(
        text(event, head="X-WR-TIMEZONE:Europe/Vienna"),
        Defaults(),
        zone=ZoneInfo("Pacific/Auckland"),
        fallback=UTC,
    )
    assert ["2027-04-09"] == covered(there)


def test_moved_and_cancelled_occurrences() -> None:
    """RECURRENCE-ID takes one out of the series and puts it elsewhere, or nowhere."""
    found = told(
        "UID:a@x\nDTSTART;TZID=Asia/Tokyo:20270405T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=4",
        "UID:a@x\nRECURRENCE-ID:20270412T000000Z\nDTSTART;TZID=Asia/Tokyo:20270414T090000\nDURATION:PT1H",
        "UID:a@x\nRECURRENCE-ID;TZID=Asia/Tokyo:20270419T090000\nDTSTART:20270419T000000Z\nSTATUS:CANCELLED",
    )

    assert ["2027-04-05", "2027-04-14", "2027-04-26"] == covered(found)


def test_a_series_that_changes_from_some_day_on() -> None:
    """RANGE=THISANDFUTURE moves what follows, too."""
    found = told(
        "UID:a@x\nDTSTART;VALUE=DATE:20270405\nRRULE:FREQ=WEEKLY;COUNT=4",
        "UID:a@x\nRECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20270419\nDTSTART;VALUE=DATE:20270421",
    )

    assert ["2027-04-05", "2027-04-12", "2027-04-21", "2027-04-28"] == covered(found)


def test_the_newest_edition_of_an_event_counts() -> None:
    """The highest SEQUENCE, wherever it stands."""
    found = told(
        "UID:a@x\nSEQUENCE:2\nDTSTART;VALUE=DATE:20270409", "UID:a@x\nSEQUENCE:1\nDTSTART;VALUE=DATE:20270408"
    )

    assert ["2027-04-09"] == covered(found)


def test_an_occurrence_without_its_series_stands_alone() -> None:
    """Some programs export only what was moved."""
    found = told("UID:a@x\nRECURRENCE-ID;VALUE=DATE:20270412\nDTSTART;VALUE=DATE:20270414")

    assert ["2027-04-14"] == covered(found)


def test_what_events_do_is_said_by_the_calendar() -> None:
    """Effect, readers, span and widening; a tentative event is an estimate; words choose among the titles."""
    found = told(
        "SUMMARY:第10回 見本放射線学会\nDTSTART;VALUE=DATE:20270408\nURL:https://mihon.example/10",
        "SUMMARY:見本放射線学会 演題締切\nDTSTART;VALUE=DATE:20270208",
        "SUMMARY:見本放射線学会 夏\nSTATUS:TENTATIVE\nDTSTART;VALUE=DATE:20270708",
        "SUMMARY:懇親会\nDTSTART;VALUE=DATE:20270409",
        effect=Effect.NO_APPOINTMENT,
        applies_to=AppliesTo(roles=("clinician",)),
        before=1,
        source="https://mihon.example/feed.ics",
        only=("放射線",),
        but=("締切",),
    )
    spring, summer = found.entries

    assert (Effect.NO_APPOINTMENT, ("clinician",), 1) == (spring.effect, spring.applies_to.roles, spring.before)
    assert ("第10回 見本放射線学会", "https://mihon.example/10") == (spring.name["ja"], spring.source)
    assert (Certainty.ESTIMATED, "https://mihon.example/feed.ics") == (summer.certainty, summer.source)


def test_ids_are_readable_and_unique() -> None:
    """From the UID without its host; what has none is called by its date."""
    found = told(
        "UID:jrs 2027@mihon.example\nDTSTART;VALUE=DATE:20270408",
        "UID:jrs:2027@other.example\nDTSTART;VALUE=DATE:20270409",
        "UID:学会\nDTSTART;VALUE=DATE:20270410",
    )

    assert ["jrs-2027", "jrs-2027-2", "event-2027-04-10"] == [entry.id for entry in found.entries]


def test_lines_may_be_folded_inside_a_letter() -> None:
    """RFC 5545 folds after 75 octets, wherever that is."""
    title = "日本の病院で働く人のための見本の学会" * 2
    raw = f"SUMMARY:{title}".encode()
    folded = b"\r\n ".join(raw[at : at + 40] for at in range(0, len(raw), 40))
    data = text("DTSTART;VALUE=DATE:20270408").replace(b"DTSTART", folded + b"\r\nDTSTART")

    assert title == parse_ical(data, Defaults()).entries[0].name["ja"]


def test_a_zone_that_the_text_describes() -> None:
    """The offset of its standard time counts; for an unknown name the calendar's own."""
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:大阪\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    ).encode()
    event = "DTSTART;TZID=大阪:20270408T000000\nDURATION:PT1H"
    described = text(event).replace(b"BEGIN:VEVENT", zone + b"BEGIN:VEVENT")

    assert ["2027-04-07"] == covered(parse_ical(described, Defaults(), fallback=UTC))
    found = told(event)
    assert ["2027-04-08"] == covered(found)
    assert "nobody knows the time zone 大阪" in str(found.problems[0])


# --- an independent expansion ------------------------------------------------------------------------

ZONES = ("Asia/Tokyo", "Europe/Vienna", "America/New_York", "Pacific/Auckland", "")
RULES = (
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3;COUNT=40", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
    "FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=2SA", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=WEEKLY;COUNT=9",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=4,10;BYDAY=1MO",
    "FREQ=DAILY;UNTIL={until}", "FREQ=WEEKLY;UNTIL={until}",
)  # fmt: skip


def stamp(at: datetime | date, zone: str) -> str:
    """``;TZID=…:20270408T090000`` or ``;VALUE=DATE:20270408``."""
    if not isinstance(at, datetime):
        return f";VALUE=DATE:{at:%Y%m%d}"
    return f"{f';TZID={zone}' if zone else ''}:{at:%Y%m%dT%H%M%S}"


def invented(rnd: Random) -> bytes:
    """A calendar of a few events of every kind."""
    events = []
    for number in range(rnd.randint(1, 3)):
        zone = rnd.choice(ZONES)
        start: datetime | date = datetime(2026, 11, 1) + timedelta(minutes=rnd.randrange(0, 200 * 1440, 30))  # noqa: DTZ001
        end = start + timedelta(minutes=rnd.choice((30, 600, 1440, 2000)))
        if rnd.random() < 0.4:
            start, end = start.date(), start.date() + timedelta(days=rnd.randint(1, 4))  # type: ignore[union-attr]
        head = f"UID:e{number}@x\n"
        event = f"{head}DTSTART{stamp(start, zone)}\nDTEND{stamp(end, zone)}"
        if rnd.random() < 0.8:
            until = start + timedelta(days=rnd.randint(5, 200))
            said = (
                f"{until:%Y%m%d}"
                if not isinstance(until, datetime)
                else (
                    f"{until.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC):%Y%m%dT%H%M%SZ}"
                    if zone
                    else f"{until:%Y%m%dT%H%M%S}"
                )
            )
            rule = rnd.choice(RULES).format(until=said)
            event += f"\nRRULE:{rule}"
            single = icalendar.Calendar.from_ical(text(event))
            nth = [
                e["DTSTART"].dt
                for e in recurring_ical_events.of(single).between(date(2026, 11, 1), date(2027, 9, 1))
            ]
            for at in rnd.sample(nth, min(len(nth), rnd.randint(0, 3))):
                plain = at.replace(tzinfo=None) if isinstance(at, datetime) else at
                if rnd.random() < 0.5:
                    event += f"\nEXDATE{stamp(plain, zone)}"
                elif plain != start:
                    to = plain + timedelta(days=rnd.randint(-3, 3))
                    events.append(f"{head}RECURRENCE-ID{stamp(plain, zone)}\nDTSTART{stamp(to, zone)}")
                    if rnd.random() < 0.3:
                        events[-1] += "\nSTATUS:CANCELLED"
        events.append(event)
    return text(*events)


def plainly(data: bytes, first: date, last: date) -> list[str]:
    """The dates that the events touch on a wall in Tokyo, by the library recurring-ical-events."""
    found: set[date] = set()
    calendar = icalendar.Calendar.from_ical(data)
    for event in recurring_ical_events.of(calendar).between(first - timedelta(days=9), last + timedelta(days=9)):
        if event.get("STATUS") == "CANCELLED":
            continue
        start, end = event.start, event.end
        if isinstance(start, datetime):
            begin, until = (at.astimezone(TOKYO) if at.tzinfo else at for at in (start, end))
            day, stop = begin.date(), max(begin, until - timedelta(microseconds=1)).date()
        else:
            day, stop = start, max(start, end - timedelta(days=1))
        while day <= stop:
            found.add(day)
            day += timedelta(days=1)
    return [day.isoformat() for day in sorted(found) if first <= day <= last]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32))
def test_days_are_those_of_an_independent_expansion(number: int) -> None:
    """Rules, zones, exceptions and moved occurrences come to the same dates."""
    data = invented(Random(number))
    first, last = date(2026, 11, 20), date(2027, 8, 15)
    found = parse_ical(data, Defaults(), fallback=TOKYO)

    assert plainly(data, first, last) == covered(found, first, last), data.decode()


# --- hostile texts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "this is no iCalendar text"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "this is no iCalendar text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50, "this is no iCalendar text"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", "END does not fit the last BEGIN"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "the file ends in the middle"),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 100_000, "more than 8 levels"),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VALARM\r\nEND:VALARM\r\n" * 30_000, "more than 20000 components"),
        (b"X" * 10_000_001, "longer than 10000000 bytes"),
        ("BEGIN:VCALENDAR\r\nX-WR-CALNAME:学会\r\nEND:VCALENDAR".encode("cp932"), "not UTF-8"),
    ],
)
def test_what_is_no_calendar_is_one_clear_error(data: bytes, said: str) -> None:
    """Nothing of it counts."""
    with pytest.raises(UserError, match=said):
        parse_ical(data, Defaults(), file="c.ics")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("SUMMARY:x", "no DTSTART"),
        ("DTSTART;VALUE=DATE:20271332", "no moment"),
        ("DTSTART:20270408T250000", "no moment"),
        ("DTSTART:00010101T000000Z", "no moment"),
        ("DTSTART;VALUE=DATE:18000101", "no moment"),
        ("DTSTART;VALUE=DATE:20270408\nDTEND;VALUE=DATE:20270401", "ends before it begins"),
        ("DTSTART;VALUE=DATE:20270408\nDTEND;VALUE=DATE:29990101", "more than ten years"),
        ("DTSTART;VALUE=DATE:20270408\nDURATION:P99999999999D", "no moment"),
        ("DTSTART:20270408T000000Z\nRRULE:FREQ=SECONDLY", "recurs within a day"),
        ("DTSTART:20270408T000000Z\nRRULE:FREQ=DAILY;BYEASTER=1", "not understood"),
        ("DTSTART:20270408T000000Z\nRRULE:FREQ=DAILY;COUNT=3;UNTIL=20280101", "not understood"),
        ("DTSTART:20270408T000000Z\nRRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY", "EXRULE"),
        ("DTSTART:20270408T000000Z\nDURATION:P400D\nRRULE:FREQ=DAILY", "more than a year"),
        ('DTSTART;TZID="x:20270408T000000Z', "cannot be understood"),
        ("DTSTART;TZID=" + "x" * 200_000 + ":20270408T000000", "cannot be understood"),
        ("DTSTART;VALUE=DATE:20270408\nRDATE;VALUE=DATE:" + "20270409," * 9000 + "x", "no moment"),
    ],
)
def test_an_event_that_cannot_be_understood_is_left_out_and_named(event: str, said: str) -> None:
    """The others count."""
    found = told(event, "DTSTART;VALUE=DATE:20270601")

    assert ["2027-06-01"] == covered(found)
    assert said in str(found.problems[0])
    assert found.problems[0].where is not None
    assert found.problems[0].where.line


def test_rules_without_end_cost_what_one_year_costs() -> None:
    """A thousand endless, impossible or long-counted rules are read and asked within seconds."""
    rules = (
        "FREQ=DAILY",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;COUNT=10000",
        "FREQ=YEARLY;BYMONTHDAY=31",
    )
    events = [f"DTSTART;VALUE=DATE:19000101\nRRULE:{rules[n % 4]}" for n in range(1600)]
    before = time.process_time()
    found = told(*events)
    days = covered(found, date(2027, 1, 1), date(2028, 6, 30))

    assert time.process_time() - before < 20
    assert 547 == len(days)
    assert 50 == len(found.problems)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32))
def test_damaged_texts_are_read_or_refused(number: int) -> None:
    """Whatever happens to the bytes, the outcome is entries or one UserError."""
    rnd = Random(number)
    data = bytearray(invented(rnd))
    for _ in range(rnd.randint(1, 20)):
        at = rnd.randrange(len(data))
        if rnd.random() < 0.5:
            data[at] = rnd.choice(b"0123456789:;,=TZ\r\n\x00\xff+-PBEGINrule")
        else:
            del data[at : at + rnd.randint(1, 30)]
    try:
        found = parse_ical(bytes(data), Defaults(), fallback=TOKYO)
    except UserError:
        return
    covered(found, date(2027, 1, 1), date(2027, 3, 1))
