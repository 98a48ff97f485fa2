"""Scenarios, calendars and content as the files of a working folder say now (``ports.Library``).

Theory of operation
-------------------
What is asked for is read when it is first needed and kept until a file changes: every question looks at the
names, sizes and times of the files (a few ``stat`` calls) and reads again only what differs. A calendar that
did not change stays the same value, so that its index of days stays warm.

Calendars come from three places: the working folder, the files that ship, and the public holidays of a
country; for one id the folder's file wins. A scenario's id is what its file says, whatever the file is called.

A broken file is an error, never silence: nobody can know which calendar it was to be. But a file that was right
before stays in use as it was, while somebody is mending it; ``nurture check`` names it.
"""

from __future__ import annotations

import difflib
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from nurture.core.calendar import AppliesTo, Calendar, CalendarEntry, Effect
from nurture.errors import UserError, UserErrors, Where
from nurture.files.calendar import national_holidays, read_calendar
from nurture.files.content import read_content
from nurture.files.scenario import parse_scenario, read_scenario
from nurture.files.shipped import shipped
from nurture.files.yaml import together

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from nurture.core.content import ContentItem
    from nurture.core.people import Organisation
    from nurture.core.scenario import Scenario

MAX_FILES: Final = 1000
KEPT: Final = 512  # parsed old scenario texts, and closures of organisations
CLOSURES: Final = "closures"
"""The id of the calendar that an organisation's closures make."""

V = TypeVar("V", "Scenario", "Calendar")
Stamp = tuple[int, int]
"""Size and time of change of a file: what tells one version from another."""


@dataclass(slots=True)
class _Kept(Generic[V]):
    """What a file said, and which version of it. Either a value or the error."""

    stamp: Stamp
    value: V | None = None
    error: UserError | None = None


class _Folder(Generic[V]):
    """The YAML files of some folders, the first folder's the strongest, read when they change."""

    def __init__(self, read: Callable[[Path], V], *folders: Path | None) -> None:
        self._read: Callable[[Path], V] = read
        self._folders = [folder for folder in dict.fromkeys(folders) if folder is not None]
        self._kept: dict[Path, _Kept[V]] = {}

    def files(self) -> list[Path]:
        """The files there are, folder by folder, each folder's by name."""
        found: list[Path] = []
        for folder in self._folders:
            if folder.is_dir():
                found += sorted(p for p in folder.iterdir() if p.suffix in {".yaml", ".yml"} and p.is_file())
        if len(found) > MAX_FILES:
            raise UserError(
                "there are more than {limit} files in {folder}", limit=MAX_FILES, folder=found[0].parent
            )
        return found

    def stamps(self) -> list[tuple[str, Stamp]]:
        """Every file and its version."""
        return [(str(path), _stamp(path)) for path in self.files()]

    def by_id(self) -> tuple[Mapping[str, V], tuple[UserError, ...]]:
        """The values by id, and what is wrong with files that have none."""
        values: dict[str, V] = {}
        places: dict[str, Path] = {}
        errors: list[UserError] = []
        for path in self.files():
            kept = self._current(path)
            if kept.error is not None:
                said = kept.error.errors if isinstance(kept.error, UserErrors) else (kept.error,)
                errors += [_again(error) for error in said]
            elif kept.value is not None:
                taken = places.get(kept.value.id)
                if taken is None:
                    values[kept.value.id], places[kept.value.id] = kept.value, path
                elif taken.parent == path.parent:
                    errors.append(
                        UserError(
                            "{other} has the id {id} too",
                            where=Where(str(path)),
                            other=taken.name,
                            id=kept.value.id,
                        )
                    )
        return values, tuple(errors)

    def _current(self, path: Path) -> _Kept[V]:
        stamp = _stamp(path)
        kept = self._kept.get(path)
        if kept is None or kept.stamp != stamp:
            try:
                kept = _Kept(stamp, value=self._read(path))
            except UserError as error:
                good = kept.value if kept is not None else None
                kept = _Kept(stamp, good, None if good is not None else error)
            self._kept[path] = kept
        return kept


def _again(error: UserError) -> UserError:
    """The same complaint, to be raised once more: an exception that is kept would gather tracebacks."""
    return UserError(error.text, where=error.where, hint=error.hint, **error.values)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


class FileLibrary:
    """The library over a working folder.

    Args:
        scenarios: the folder of scenario files; None: those that ship.
        calendars: the folder of calendar files; those that ship stand behind it.
        content: the folder of content items; None: those that ship.
        country: whose public holidays ``holidays`` means (``jp-holidays`` and the like name their own).
    """

    def __init__(
        self,
        scenarios: Path | None = None,
        calendars: Path | None = None,
        content: Path | None = None,
        country: str = "JP",
    ) -> None:
        self._scenarios: _Folder[Scenario] = _Folder(read_scenario, scenarios or shipped() / "scenarios")
        self._calendars: _Folder[Calendar] = _Folder(read_calendar, calendars, shipped() / "calendars")
        self._content = content or shipped() / "templates" / "content"
        self._country = country
        self._items: tuple[tuple[tuple[str, Stamp], ...], tuple[ContentItem, ...]] | None = None
        self._parsed: OrderedDict[str, Scenario] = OrderedDict()
        self._closures: OrderedDict[Organisation, Calendar] = OrderedDict()

    # --- scenarios ---

    def scenario(self, scenario_id: str) -> Scenario:
        """The scenario as its file says now.

        Raises:
            UserError, UserErrors: there is none of that id, or its file is broken.
        """
        values, errors = self._scenarios.by_id()
        if scenario_id in values:
            return values[scenario_id]
        if errors:
            raise together(errors)
        guess = difflib.get_close_matches(scenario_id, values, n=1)
        raise UserError(
            "there is no scenario {id}",
            hint="did you mean {guess}?" if guess else "there are: {known}",
            id=scenario_id,
            guess=guess[0] if guess else None,
            known=", ".join(sorted(values)),
        )

    def scenarios(self) -> tuple[Scenario, ...]:
        """All of them, by id.

        Raises:
            UserError, UserErrors: a file is broken.
        """
        values, errors = self._scenarios.by_id()
        if errors:
            raise together(errors)
        return tuple(values[key] for key in sorted(values))

    def parse(self, text: str) -> Scenario:
        """A scenario from the text that an enrollment kept."""
        if text not in self._parsed:
            self._parsed[text] = parse_scenario(text)
            if len(self._parsed) > KEPT:
                self._parsed.popitem(last=False)
        return self._parsed[text]

    # --- calendars ---

    def calendar(self, calendar_id: str) -> Calendar:
        """One calendar: the folder's, else the one that ships, else the holidays of a country.

        Raises:
            UserError, UserErrors: there is none of that id, or its file is broken.
        """
        values, errors = self._calendars.by_id()
        if errors:  # it may be the one that was to win
            raise together(errors)
        if calendar_id in values:
            return values[calendar_id]
        named = f"{self._country.lower()}-holidays" if calendar_id == "holidays" else calendar_id
        if (found := national_holidays(named)) is not None:
            return found
        known = sorted({*values, "jp-holidays", f"{self._country.lower()}-holidays"})
        guess = difflib.get_close_matches(calendar_id, known, n=1)
        raise UserError(
            "there is no calendar {id}",
            hint="did you mean {guess}?" if guess else "there are: {known}",
            id=calendar_id,
            guess=guess[0] if guess else None,
            known=", ".join(known),
        )

    def calendars(self, scenario: Scenario, organisation: Organisation | None) -> tuple[Calendar, ...]:
        """The calendars that the scenario lists, and the organisation's closures as one more.

        Raises:
            UserError, UserErrors: one that it lists does not exist or is broken.
        """
        listed: list[Calendar] = []
        for index, calendar_id in enumerate(scenario.calendars):
            try:
                listed.append(self.calendar(calendar_id))
            except UserErrors:
                raise
            except UserError as error:
                if error.where is not None:
                    raise
                where = Where(file=scenario.file, key=f"calendars[{index}]")
                raise UserError(error.text, where=where, hint=error.hint, **error.values) from error
        if organisation is not None and organisation.closures:
            listed.append(self._closed(organisation))
        return tuple(listed)

    def _closed(self, organisation: Organisation) -> Calendar:
        found = self._closures.pop(organisation, None) or closures(organisation)
        self._closures[organisation] = found
        if len(self._closures) > KEPT:
            self._closures.popitem(last=False)
        return found

    # --- content ---

    def content(self) -> tuple[ContentItem, ...]:
        """All content items, by id.

        Raises:
            UserError, UserErrors: a file is broken.
        """
        folder = self._content
        there = sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []
        stamps = tuple((str(path), _stamp(path)) for path in there)
        if self._items is None or self._items[0] != stamps:
            self._items = stamps, tuple(sorted(read_content(folder), key=lambda item: item.id)) if there else ()
        return self._items[1]

    def digest(self) -> str:
        """Changes whenever a calendar file changes: running enrollments are then planned again."""
        return hashlib.sha256(repr((self._country, self._calendars.stamps())).encode()).hexdigest()


def closures(organisation: Organisation) -> Calendar:
    """The closures of an organisation as a calendar of its own."""
    return Calendar(
        CLOSURES,
        tuple(
            CalendarEntry(
                id=f"{closure.start.isoformat()}-{index}",
                effect=Effect.HOLIDAY if closure.effect == Effect.HOLIDAY else Effect.BLACKOUT,
                name={"ja": closure.name, "en": closure.name},
                start=closure.start,
                end=closure.end,
                applies_to=AppliesTo(),
            )
            for index, closure in enumerate(organisation.closures)
        ),
        {"ja": organisation.name, "en": organisation.name},
    )
