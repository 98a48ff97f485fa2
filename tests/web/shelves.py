"""The invented world with the calendars that ship: what the pages about calendars and scenarios show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nurture.files.library import FileLibrary
from nurture.files.shelf import FileShelf

if TYPE_CHECKING:
    from tests.web.world import World

NOWHERE = Path("/nowhere")


def shelved(made: World, folder: Path = NOWHERE) -> World:
    """The same world with real files; ``folder`` is the working folder, where there is one."""
    inside = folder if folder.is_dir() else None
    library = FileLibrary(calendars=inside / "calendars" if inside else None)
    shelf = FileShelf(library, folder, "JP", lambda _subscription: None)
    return replace(made, doors=replace(made.doors, shelf=shelf))
