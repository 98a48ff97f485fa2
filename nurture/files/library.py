"""Scenarios, calendars and content as the files of a working folder say now (``ports.Library``).

Theory of operation
-------------------
What is asked for is read when it is first needed and kept until a file changes: every question looks at the
names, sizes and times of the files (a few ``stat`` calls) and reads again only what differs. A calendar that
did not change stays the same value, so that its index of days stays warm.

Calendars come from three places: the working folder, the files that ship, and the public holidays of a
country; for one id the folder's file wins. A scenario's id is what its file says, whatever the file is called.
A calendar may be made of more than one file (an iCalendar file beside it, the copy of a subscription): the
versions of all of them count. What has no copy yet is empty; nobody waits for the network here.

A broken file is an error, never silence: nobody can know which calendar it was to be. But a file that was right
before stays in use as it was, while somebody is mending it; ``nurture check`` names it.
"""

from __future__ import annotations

import difflib
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from nurture.core.calendar import AppliesTo, Calendar, CalendarEntry, Effect
from nurture.core.plan import zone_of
from nurture.core.series import Series
from nurture.errors import UserError, UserErrors, Where
from nurture.files.calendar import ICAL, Around, Found, look, national_holidays
from nurture.files.content import read_content
from nurture.files.scenario import parse_scenario, read_scenario
from nurture.files.shipped import shipped
from nurture.files.yaml import together

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from nurture.core.content import ContentItem
    from nurture.core.feeds import Subscription
    from nurture.core.people import Organisation
    from nurture.core.scenario import Scenario

MAX_FILES: Final = 1000
YAML: Final = (".yaml", ".yml")
KEPT: Final = 512  # parsed old scenario texts, and closures of organisations
CLOSURES: Final = "closures"
"""The id of the calendar that an organisation's closures make."""

V = TypeVar("V")
Stamp = tuple[int, int]
"""Size and time of change of a file: what tells one version from another."""


@dataclass(frozen=True, slots=True)
class _Read(Generic[V]):
    """What a file says: its id, the value, and the further files that this was made of."""

    id: str
    value: V
    others: tuple[Path, ...] = ()


@dataclass(slots=True)
class _Kept(Generic[V]):
    """What a file said, and which versions of it and its others said so. Either a value or the error."""

    stamps: tuple[tuple[Path, Stamp], ...]
    read: _Read[V] | None = None
    error: UserError | None = None


class _Folder(Generic[V]):
    """The files of some folders, the first folder's the strongest, read when they change."""

    def __init__(self, read: Callable[[Path], _Read[V]], suffixes: Collection[str], *folders: Path | None) -> None:
        self._read: Callable[[Path], _Read[V]] = read
        self._suffixes = frozenset(suffixes)
        self._folders = [folder for folder in dict.fromkeys(folders) if folder is not None]
        self._kept: dict[Path, _Kept[V]] = {}

    def files(self) -> list[Path]:
        """The files there are, folder by folder, each folder's by name."""
        found: list[Path] = []
        for folder in self._folders:
            if folder.is_dir():
                found += sorted(p for p in folder.iterdir() if p.suffix in self._suffixes and p.is_file())
        if len(found) > MAX_FILES:
            raise UserError(
                "there are more than {limit} files in {folder}", limit=MAX_FILES, folder=found[0].parent
            )
        return found

    def by_id(self) -> tuple[Mapping[str, _Read[V]], tuple[UserError, ...]]:
        """What was read by id, and what is wrong with files that have none."""
        values: dict[str, _Read[V]] = {}
        places: dict[str, Path] = {}
        errors: list[UserError] = []
        every = {path: self._current(path) for path in self.files()}
        parts = {other for kept in every.values() if kept.read is not None for other in kept.read.others}
        for path, kept in every.items():
            if path in parts:
                continue
            if kept.error is not None:
                said = kept.error.errors if isinstance(kept.error, UserErrors) else (kept.error,)
                errors += [_again(error) for error in said]
            elif kept.read is not None:
                taken = places.get(kept.read.id)
                if taken is None:
                    values[kept.read.id], places[kept.read.id] = kept.read, path
                elif taken.parent == path.parent:
                    errors.append(
                        UserError(
                            "{other} has the id {id} too",
                            where=Where(str(path)),
                            other=taken.name,
                            id=kept.read.id,
                        )
                    )
        return values, tuple(errors)

    def _current(self, path: Path) -> _Kept[V]:
        kept = self._kept.get(path)
        if kept is None or any(_stamp(other) != stamp for other, stamp in kept.stamps):
            good = kept.read if kept is not None else None
            before = _stamp(path)
            try:
                read = self._read(path)
                others = tuple((other, _stamp(other)) for other in read.others)
                kept = _Kept(((path, before), *others), read)
            except UserError as error:
                beside = [p for p in path.parent.iterdir() if p.suffix == ICAL] if ICAL in self._suffixes else []
                stamps = ((other, _stamp(other)) for other in [path.parent, *beside])  # one may be what it lacks
                kept = _Kept(((path, before), *stamps), good, None if good is not None else error)
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
        timezone: in which moments of iCalendar files become dates, where they name no other zone.
        feeds: the folder where copies of subscriptions lie; None: ``data/feeds`` beside the calendars.
    """

    def __init__(
        self,
        scenarios: Path | None = None,
        calendars: Path | None = None,
        content: Path | None = None,
        country: str = "JP",
        timezone: str = "Asia/Tokyo",
        feeds: Path | None = None,
    ) -> None:
        beside = calendars.parent / "data" / "feeds" if calendars is not None else None
        self._around = Around(zone_of(timezone), feeds or beside)
        self._scenarios: _Folder[Scenario] = _Folder(_scenario, YAML, scenarios or shipped() / "scenarios")
        self._calendars: _Folder[Found] = _Folder(
            self._calendar, {*YAML, ICAL}, calendars, shipped() / "calendars"
        )
        self._digest: tuple[tuple[object, ...], str] = ((), "")
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
            return values[scenario_id].value
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
        return tuple(values[key].value for key in sorted(values))

    def parse(self, text: str) -> Scenario:
        """A scenario from the text that an enrollment kept."""
        if text not in self._parsed:
            self._parsed[text] = parse_scenario(text)
            if len(self._parsed) > KEPT:
                self._parsed.popitem(last=False)
        return self._parsed[text]

    def scenario_files(self) -> tuple[Path, ...]:
        """The files of scenarios, broken ones too."""
        return tuple(self._scenarios.files())

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
            return values[calendar_id].value.calendar
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

    def subscriptions(self) -> tuple[Subscription, ...]:
        """The calendars that are fetched from an address."""
        values, _ = self._calendars.by_id()
        listed = (values[key].value.subscription for key in sorted(values))
        return tuple(found for found in listed if found is not None)

    def every_calendar(self) -> tuple[Found, ...]:
        """All calendars that files make, the folder's before those that ship.

        Raises:
            UserError, UserErrors: a file is broken.
        """
        values, errors = self._calendars.by_id()
        if errors:
            raise together(errors)
        return tuple(read.value for read in values.values())

    def _calendar(self, path: Path) -> _Read[Found]:
        found = look(path, self._around)
        return _Read(found.calendar.id, found, found.others)

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
        """Changes whenever what a calendar says changes: running enrollments are then planned again.

        A file that was saved as it was, or a subscription whose server writes the same events once more, is no
        change.
        """
        values, errors = self._calendars.by_id()
        now: tuple[object, ...] = (*(read.value for read in values.values()), *map(str, errors))
        known = self._digest[0]
        if len(now) != len(known) or any(a is not b and a != b for a, b in zip(now, known, strict=True)):
            said = [
                (key, [_said(entry) for entry in values[key].value.calendar.entries]) for key in sorted(values)
            ]
            text = repr((self._country, said, sorted(map(str, errors))))
            self._digest = now, hashlib.sha256(text.encode()).hexdigest()
        return self._digest[1]


def _scenario(path: Path) -> _Read[Scenario]:
    found = read_scenario(path)
    return _Read(found.id, found)


def _said(entry: CalendarEntry) -> tuple[object, ...]:
    """An entry in an order that is the same in every process."""
    every = entry.every
    if isinstance(every, Series):
        return repr(replace(entry, every=replace(every, but=frozenset()))), sorted(every.but)
    return (repr(entry),)


def closures(organisation: Organisation) -> Calendar:
    """The closures of an organisation as a calendar of its own."""
    return Calendar(
        CLOSURES,
        tuple(
            CalendarEntry(
                id=f"{closure.start.isoformat()}-{index}",
                effect=Effect(closure.effect),
                name={"ja": closure.name, "en": closure.name},
                start=closure.start,
                end=closure.end,
                applies_to=AppliesTo(),
            )
            for index, closure in enumerate(organisation.closures)
            if not closure.is_over
        ),
        {"ja": organisation.name, "en": organisation.name},
    )
