"""Send windows on the clock of one place: which hours a date has, and the moment within them.

Theory of operation
-------------------
A window is local wall time; mail leaves at instants. On most days the two differ by an offset and nothing more.
On a day on which the clock is changed a window is taken minute by minute: minutes that do not exist are left
out (a window of nothing else moves on by the gap), of minutes that come twice only the first count.

The moment within a window is fixed by a hash of enrollment and step, so that the mail of one day is spread and
the same question has the same answer. What has passed cannot be chosen any more; then the next of a fixed
series of moments is, each somewhere in the rest after the one before. The series does not depend on ``now``:
asking again, a little later, does not push the moment ahead of the asker.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core.calendar import shifted
from nurture.core.scenario import END_OF_DAY, Hours

if TYPE_CHECKING:
    from datetime import date

    from nurture.core.scenario import Windows

ANY_TIME: Final = Hours(time(9), time(18))
"""When ``windows: any`` without ``within`` leaves (scheduling, "Windows")."""

MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Instants (UTC) from ``start`` up to, not including, ``end``."""

    start: datetime
    end: datetime


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Wall time as UTC: of an hour that comes twice the first; one that does not exist moves on by the gap."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def end_of(day: date, hours: Hours, zone: ZoneInfo) -> datetime:
    """The end of a span of hours as UTC; the end of the day is the start of the next."""
    if hours.end == END_OF_DAY:
        return instant(shifted(day, 1), time(0), zone)
    return instant(day, hours.end, zone)


@lru_cache(maxsize=20_000)
def stretches(day: date, hours: Hours, zone: ZoneInfo) -> tuple[Stretch, ...]:
    """The instants that a span of hours has on a date; one stretch, but where the clock is changed."""
    start, end = instant(day, hours.start, zone), end_of(day, hours, zone)
    if start.astimezone(zone).utcoffset() == (end - timedelta(microseconds=1)).astimezone(zone).utcoffset() and (
        _exists(start, datetime.combine(day, hours.start), zone)
    ):
        return (Stretch(start, end),)
    found: list[Stretch] = []
    wall = datetime.combine(day, hours.start)
    stop = (
        datetime.combine(day, hours.end) if hours.end != END_OF_DAY else datetime.combine(shifted(day, 1), time(0))
    )
    while wall < stop:
        at = instant(wall.date(), wall.time(), zone)
        until = at + min(MINUTE, stop - wall)
        if _exists(at, wall, zone):
            if found and found[-1].end == at:
                found[-1] = Stretch(found[-1].start, until)
            else:
                found.append(Stretch(at, until))
        wall += MINUTE
    # A start that does not exist has moved on; what is left of the hours after it is preferred.
    moved = [Stretch(max(s.start, start), s.end) for s in found if s.end > start]
    return tuple(moved or found) or (Stretch(start, start + (stop - datetime.combine(day, hours.start))),)


def _exists(at: datetime, wall: datetime, zone: ZoneInfo) -> bool:
    return at.astimezone(zone).replace(tzinfo=None, fold=0) == wall


def is_open(found: Windows | None, zone: ZoneInfo, now: datetime) -> bool:
    """Whether one of these windows is open at this moment; without windows none is."""
    day = now.astimezone(zone).date()
    if found is None or day.weekday() not in found.days:
        return False
    return any(part.start <= now < part.end for hours in found.hours for part in stretches(day, hours, zone))


def is_over(day: date, hours: Hours, zone: ZoneInfo, now: datetime) -> bool:
    """Whether the end of these hours has come."""
    return stretches(day, hours, zone)[-1].end <= now


def earliest(day: date, hours: Hours, zone: ZoneInfo, ready: datetime) -> datetime:
    """The first instant of these hours that is not before ``ready`` (UTC). They must not be over."""
    return next(max(s.start, ready) for s in stretches(day, hours, zone) if s.end > ready)


def moment(day: date, hours: Hours, zone: ZoneInfo, ready: datetime, key: str) -> datetime:
    """The instant within these hours for this key, not before ``ready`` (UTC). They must not be over."""
    parts = stretches(day, hours, zone)
    whole = sum((s.end - s.start).total_seconds() for s in parts)
    passed = 0.0
    for place in range(64):
        if whole - passed < 1:
            break
        passed += int(fraction(f"{key}/{place}") * (whole - passed))
        if (at := _after(parts, passed)) >= ready:
            return at
        passed += 1  # the next one lies later, at least by a second
    return earliest(day, hours, zone, ready)


def _after(parts: tuple[Stretch, ...], seconds: float) -> datetime:
    for part in parts:
        length = (part.end - part.start).total_seconds()
        if seconds < length:
            return part.start + timedelta(seconds=seconds)
        seconds -= length
    return parts[-1].end - timedelta(seconds=1)


def fraction(text: str) -> float:
    """A number from 0 up to, not including, 1, fixed by the text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48
