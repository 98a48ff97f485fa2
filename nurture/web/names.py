"""What the entries of the calendars are called, for "why this date?"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.errors import NurtureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.ports import Library


class EntryNames:
    """Names by entry ("jp-medical/jrc-2027") and language; read again when a calendar file changes."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[str, Mapping[str, str]] = {}
        self._digest: str | None = None

    def of(self, language: str) -> Mapping[str, str]:
        """All names in a language; none while a calendar cannot be read, and then the ids are shown."""
        try:
            digest = self._library.digest()
            if digest != self._digest:
                self._known, self._digest = {}, digest
            if language not in self._known:
                self._known[language] = self._read(language)
        except NurtureError:
            return {}
        return self._known[language]

    def _read(self, language: str) -> Mapping[str, str]:
        calendars = (c for s in self._library.scenarios() for c in self._library.calendars(s, None))
        return {
            f"{calendar.id}/{entry.id}": entry.name.get(language) or next(iter(entry.name.values()))
            for calendar in calendars
            for entry in calendar.entries
            if entry.name
        }
