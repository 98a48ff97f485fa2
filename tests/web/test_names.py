"""What calendar entries are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from nurture.core.calendar import Calendar, CalendarEntry, Effect
from nurture.errors import UserError
from nurture.web.names import EntryNames
from tests.web.world import OneScript

if TYPE_CHECKING:
    from nurture.core.people import Organisation
    from nurture.core.scenario import Scenario


@dataclass
class Shelf(OneScript):
    """A library with one calendar, which can change and break."""

    title: str = "北米放射線学会"
    broken: bool = False

    def calendars(self, scenario: Scenario, organisation: Organisation | None) -> tuple[Calendar, ...]:
        """The one."""
        if self.broken:
            raise UserError("This calendar cannot be read")
        names = {"ja": self.title, "en": "RSNA 2026"}
        entries = (
            CalendarEntry("rsna-2026", Effect.BLACKOUT, names, date(2026, 11, 29)),
            CalendarEntry("unnamed", Effect.BLACKOUT, {}, date(2026, 12, 1)),
            CalendarEntry("local", Effect.BLACKOUT, {"ja": "創立記念日"}, date(2026, 12, 1)),
        )
        return (Calendar("jp-medical", entries),)

    def digest(self) -> str:
        """Changes with the title."""
        return f"{self.title}{self.broken}"


def test_entries_are_named_in_the_readers_language() -> None:
    """A name in the language, else in any; an entry without a name is left to its id."""
    names = EntryNames(Shelf())
    assert names.of("ja") == {"jp-medical/rsna-2026": "北米放射線学会", "jp-medical/local": "創立記念日"}
    assert names.of("en")["jp-medical/rsna-2026"] == "RSNA 2026"
    assert names.of("en")["jp-medical/local"] == "創立記念日"


def test_a_changed_calendar_is_read_again() -> None:
    """A new name in the file is shown without a restart."""
    shelf = Shelf()
    names = EntryNames(shelf)
    assert names.of("ja")["jp-medical/rsna-2026"] == "北米放射線学会"
    shelf.title = "北米放射線学会 2026"
    assert names.of("ja")["jp-medical/rsna-2026"] == "北米放射線学会 2026"


def test_a_broken_calendar_does_not_break_pages() -> None:
    """While a file cannot be read the ids are shown."""
    shelf = Shelf(broken=True)
    names = EntryNames(shelf)
    assert names.of("ja") == {}
    shelf.broken = False
    assert names.of("ja")
