"""The clock: windows on ordinary days and on those on which the clock is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.core.scenario import END_OF_DAY, Hours
from nurture.core.windows import earliest, instant, is_over, moment, stretches

BERLIN = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")
SPRING = date(2027, 3, 28)  # 02:00 becomes 03:00
AUTUMN = date(2027, 10, 31)  # 03:00 becomes 02:00


def hours(start: str, end: str) -> Hours:
    """Hours by their clock times."""
    return Hours(time.fromisoformat(start), time.fromisoformat(end))


def local(day: date, start: str, end: str) -> list[str]:
    """The stretches of a window in Berlin as local times with offsets."""
    return [
        f"{s.start.astimezone(BERLIN):%H:%M%z}-{s.end.astimezone(BERLIN):%H:%M%z}"
        for s in stretches(day, hours(start, end), BERLIN)
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("01:30", "02:30", ["01:30+0100-03:00+0200"]),  # half an hour: what is left of it
        ("02:15", "02:45", ["03:15+0200-03:45+0200"]),  # an hour that does not exist moves to the next that does
        ("02:15", "03:00", ["03:15+0200-04:00+0200"]),  # its end exists, nothing before it does
        ("01:30", "03:30", ["01:30+0100-03:30+0200"]),
        ("02:15", "03:45", ["03:15+0200-03:45+0200"]),
        ("08:00", "09:00", ["08:00+0200-09:00+0200"]),
    ],
)
def test_an_hour_that_does_not_exist(start: str, end: str, expected: list[str]) -> None:
    """In Berlin on 28 March 2027."""
    assert expected == local(SPRING, start, end)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("02:15", "02:45", ["02:15+0200-02:45+0200"]),
        ("01:30", "02:30", ["01:30+0200-02:30+0200"]),
        ("02:30", "03:30", ["02:30+0200-02:00+0100", "03:00+0100-03:30+0100"]),
    ],
)
def test_an_hour_that_comes_twice_means_its_first_time(start: str, end: str, expected: list[str]) -> None:
    """In Berlin on 31 October 2027: nothing lies in the second 02:00 to 03:00."""
    assert expected == local(AUTUMN, start, end)


def test_the_end_of_the_day_is_midnight() -> None:
    """24:00 belongs to the day that ends."""
    (stretch,) = stretches(date(2027, 6, 7), Hours(time(22), END_OF_DAY), TOKYO)

    assert instant(date(2027, 6, 8), time(0), TOKYO) == stretch.end


def test_a_window_is_over_when_its_end_has_come() -> None:
    """Not a second earlier."""
    window, end = hours("09:30", "11:30"), instant(date(2027, 6, 7), time(11, 30), TOKYO)

    assert is_over(date(2027, 6, 7), window, TOKYO, end)
    assert not is_over(date(2027, 6, 7), window, TOKYO, end - timedelta(seconds=1))


@settings(deadline=None)
@given(st.text(max_size=8), st.integers(0, 7199), st.sampled_from((SPRING, AUTUMN, date(2027, 6, 7))))
def test_the_moment_lies_in_the_rest_of_the_window(key: str, passed: int, day: date) -> None:
    """Whenever it is asked for, and it stays until it has passed."""
    window = hours("01:30", "03:30")
    parts = stretches(day, window, BERLIN)
    ready = min(parts[0].start + timedelta(seconds=passed), parts[-1].end - timedelta(seconds=1))
    found = moment(day, window, BERLIN, ready, key)

    assert ready <= found < parts[-1].end
    assert any(s.start <= found < s.end for s in parts) or found == earliest(day, window, BERLIN, ready)
    assert found == moment(day, window, BERLIN, found, key)


CHANGES = (
    ("Europe/Berlin", SPRING),
    ("Europe/Berlin", AUTUMN),
    ("Asia/Beirut", date(2027, 3, 28)),  # the day begins at 01:00
    ("America/Havana", date(2027, 3, 14)),
    ("Africa/Cairo", date(2027, 10, 28)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),  # half an hour
)


@settings(deadline=None)
@given(st.sampled_from(CHANGES), st.integers(0, 22), st.integers(1, 8), st.text(max_size=4))
def test_no_window_is_over_at_its_own_moment(change: tuple[str, date], first: int, length: int, key: str) -> None:
    """Else a mail could be planned for a moment at which it must not leave any more."""
    zone, day = ZoneInfo(change[0]), change[1]
    begin, end = (timedelta(minutes=15 * quarters) for quarters in (first, first + length))
    window = Hours((datetime.min + begin).time(), (datetime.min + end).time())  # noqa: DTZ901 - a clock time
    parts = stretches(day, window, zone)
    found = moment(day, window, zone, instant(day, time(0), zone), key)

    assert all(s.start < s.end for s in parts)
    assert not is_over(day, window, zone, found)
    assert any(s.start <= found < s.end for s in parts)


def test_moments_of_many_keys_are_spread_over_the_window() -> None:
    """A tenth of the window holds roughly a tenth of the mail."""
    day, window = date(2027, 6, 7), hours("09:30", "11:30")
    start = instant(day, time(9, 30), TOKYO)
    found = [(moment(day, window, TOKYO, start, str(n)) - start).total_seconds() for n in range(1000)]

    assert all(60 <= sum(720 * k <= offset < 720 * (k + 1) for offset in found) <= 140 for k in range(10))


def test_an_instant_with_microseconds_is_not_before_now() -> None:
    """The last second of a window is still in it."""
    day, window = date(2027, 6, 7), hours("09:30", "09:31")
    ready = datetime(2027, 6, 7, 0, 30, 59, 900_000, tzinfo=UTC)

    assert ready == moment(day, window, TOKYO, ready, "k")
