"""What letters are checked with beside the database: scenarios, calendars and content, as the files say now.

They are looked at once a second at most, not once for each batch: a look at all files costs as much as a hundred
letters. What a reader's days hold is kept as long, for colleagues ask for the same days.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.calendar import Days, Profile
from nurture.flows import drafting
from nurture.flows.drafting import Scripts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nurture.core.calendar import Calendar
    from nurture.core.content import ContentItem
    from nurture.core.glance import Glance
    from nurture.core.people import Organisation
    from nurture.core.scenario import Scenario
    from nurture.flows.outcomes import Outcomes
    from nurture.ports import Doors

FRESH: Final = 1.0
"""Seconds for which what was read holds."""
READERS: Final = 5_000
"""Kinds of readers whose days are kept."""


class Sources:
    """Of one beat."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        self.boxes = frozenset(box.id for box in doors.settings.mailboxes)
        self.tolerance = timedelta(minutes=doors.settings.work.tolerance_minutes)
        self._read_at = float("-inf")  # the loop's time
        self.scripts = Scripts({}, {})
        self._items: tuple[ContentItem, ...] | None = None
        self._content: dict[str, ContentItem] | None = None
        self._scenarios: dict[tuple[str, str | None], Scenario] = {}
        self._calendars: dict[tuple[str, ...], tuple[Calendar, ...]] = {}
        self._named: dict[tuple[str, ...], bool] = {}
        self._days: dict[tuple[object, ...], Days] = {}

    async def look(self, hashes: Collection[str], outcomes: Outcomes) -> None:
        """Have these scenarios at hand; of one that cannot be read, the letters go back for a while."""
        now = asyncio.get_running_loop().time()
        if now - self._read_at > FRESH:
            self._forget()
            self._read_at = now
        missing = set(hashes) - self.scripts.read.keys()
        if not missing:
            return
        try:
            found = await drafting.scripts(self.doors, missing)
        except Exception as error:
            outcomes.trouble(error)
            return
        self.scripts = Scripts({**self.scripts.read, **found.read}, {**self.scripts.broken, **found.broken})

    def items(self) -> tuple[ContentItem, ...]:
        """The content library.

        Raises:
            UserError: one of its files is broken.
        """
        if self._items is None:
            self._items = self.doors.library.content()
        return self._items

    def content(self) -> Mapping[str, ContentItem]:
        """The same by id.

        Raises:
            UserError: as ``items``.
        """
        if self._content is None:
            self._content = {item.id: item for item in self.items()}
        return self._content

    def script(self, key: str, variant: str | None) -> Scenario:
        """A scenario as enrollments began with it, in an arm of a comparison.

        Raises:
            UserError: its text is gone, or cannot be read.
        """
        found = self._scenarios.get((key, variant))
        if found is None:
            found = self._scenarios[key, variant] = self.scripts.of(key).as_variant(variant)
        return found

    def calendars(self, scenario: Scenario, organisation: Organisation | None) -> tuple[Calendar, ...]:
        """Those of a scenario, and the closures of an organisation that has some.

        Raises:
            UserError: one of their files is broken.
        """
        if organisation is not None and organisation.closures:
            return self.doors.library.calendars(scenario, organisation)
        key = scenario.calendars
        if key not in self._calendars:
            self._calendars[key] = self.doors.library.calendars(scenario, None)
        return self._calendars[key]

    def days(self, scenario: Scenario, seen: Glance) -> Days:
        """What stands on the days of a reader, closures of the organisation apart.

        Raises:
            UserError: as ``calendars``.
        """
        named = self._named.get(scenario.calendars)
        if named is None:
            found = self.calendars(scenario, None)
            named = self._named[scenario.calendars] = any(calendar.names_organisations for calendar in found)
        whose = seen.organisation if named else None
        key = (
            scenario.calendars,
            seen.role,
            seen.specialty,
            seen.department,
            seen.region,
            whose,
            seen.organisation_kind,
        )
        days = self._days.get(key)
        if days is None:
            if len(self._days) >= READERS:
                self._days.clear()
            days = self._days[key] = Days(self.calendars(scenario, None), Profile(*key[1:]))
        return days

    def _forget(self) -> None:
        self.scripts = Scripts({}, {})
        self._items = self._content = None
        for known in (self._scenarios, self._calendars, self._named, self._days):
            known.clear()
