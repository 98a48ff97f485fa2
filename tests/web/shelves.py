"""The invented world with the calendars that ship: what the pages about calendars and scenarios show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nurture.files.library import FileLibrary
from nurture.files.shelf import FileShelf
from nurture.files.shipped import shipped
from nurture.render import TemplateWriter
from tests.web.world import HASH, SCENARIO, OneScript

if TYPE_CHECKING:
    from nurture.core.calendar import Calendar
    from nurture.core.people import Organisation
    from nurture.core.scenario import Scenario
    from tests.web.world import World

NOWHERE = Path("/nowhere")
LISTED = ("jp-holidays", "jp-medical", "company")


class WithCalendars(OneScript):
    """The one scenario of the world, and those that ship, with the calendars of a folder."""

    def __init__(self, files: FileLibrary) -> None:
        self._files = files

    def scenarios(self) -> tuple[Scenario, ...]:
        """The files', with the text of the world's one."""
        return tuple(replace(one, hash=HASH) if one.id == SCENARIO.id else one for one in self._files.scenarios())

    def calendars(self, scenario: Scenario, organisation: Organisation | None) -> tuple[Calendar, ...]:
        """Those that ship, or the folder's own."""
        return tuple(self._files.calendar(one) for one in LISTED)


def shelved(made: World, folder: Path = NOWHERE) -> World:
    """The same world with real files; ``folder`` is the working folder, where there is one."""
    inside = folder if folder.is_dir() else None
    files = FileLibrary(calendars=inside / "calendars" if inside else None)
    shelf = FileShelf(files, folder, "JP", lambda _subscription: None)
    return replace(made, doors=replace(made.doors, shelf=shelf, library=WithCalendars(files)))


def lettered(made: World) -> World:
    """The world with the files and templates that ship: texts are really written."""
    files, company = FileLibrary(), made.doors.settings.company
    writer = TemplateWriter(shipped() / "templates", company)
    shelf = FileShelf(files, NOWHERE, "JP", lambda _subscription: None, fields=writer.filled)
    return replace(made, doors=replace(made.doors, library=files, shelf=shelf, writer=writer))
