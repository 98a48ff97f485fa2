"""Times that come again and again, as cron writes them: minute, hour, day, month, weekday.

The only place that knows croniter. Times are those of a wall clock: an hour that a change of clocks leaves out
comes when it would have been, one that comes twice counts the first time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from croniter import CroniterBadDateError, croniter

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

LONGEST: Final = 100
"""Characters of an expression."""


def is_time(expression: str) -> bool:
    """Whether it is an expression of five fields that ever comes."""
    if len(expression) > LONGEST or len(expression.split()) != 5 or not croniter.is_valid(expression):
        return False
    try:
        croniter(expression, datetime(2028, 3, 1)).get_prev(datetime)  # noqa: DTZ001 (a wall clock)
    except CroniterBadDateError:
        return False  # the thirtieth of February
    return True


def coming(expression: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The first of these times that is still to come, in UTC; as ``latest``."""
    wall = now.astimezone(zone).replace(tzinfo=None)
    found: datetime = croniter(expression, wall).get_next(datetime)
    return found.replace(tzinfo=zone).astimezone(UTC)


def latest(expression: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The last of these times that has come, in UTC.

    Args:
        expression: five fields, checked.
        now: aware.
        zone: whose wall clock is meant.
    """
    wall = now.astimezone(zone).replace(tzinfo=None)
    found: datetime = croniter(expression, wall + timedelta(microseconds=1)).get_prev(datetime)
    return found.replace(tzinfo=zone).astimezone(UTC)
