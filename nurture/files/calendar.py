"""Calendar files to ``core.calendar.Calendar``: YAML, iCalendar, and the public holidays of a country.

The format is public: ``docs/calendars.md``. What a file says may lie elsewhere too (an iCalendar file beside it,
the copy of a subscription): ``Found.others`` are the files that must be read again when they change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import holidays

from nurture.core.calendar import AppliesTo, Calendar, CalendarEntry, Certainty, Effect
from nurture.core.feeds import Subscription
from nurture.core.recurrence import Monthly, Rrule, Yearly
from nurture.errors import UserError, UserErrors, Where
from nurture.files import yaml
from nurture.files.calendar_format import AppliesToModel, CalendarModel, EntryModel, EveryModel
from nurture.files.contentlines import MAX_BYTES
from nurture.files.ical import Defaults, Told, parse_ical

if TYPE_CHECKING:
    from datetime import tzinfo

    from nurture.files.yaml import Document

HOLIDAYS: Final = re.compile(r"([a-z]{2})-holidays")
SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
ICAL: Final = ".ics"
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
"""Years of which holidays are given; beyond them the law would be guessed."""


JAPAN: Final = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class Around:
    """What a calendar file does not say itself: the zone of moments without one, and where copies of feeds lie."""

    zone: tzinfo = JAPAN
    feeds: Path | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a calendar file comes to."""

    calendar: Calendar
    others: tuple[Path, ...] = ()  # further files that it is made of
    problems: tuple[UserError, ...] = ()  # what was left out; the rest counts
    subscription: Subscription | None = None
    document: Document | None = None
    path: Path | None = None


ALONE: Final = Around()


def look(path: Path, around: Around = ALONE, *, file: str | None = None) -> Found:
    """A calendar file, YAML or iCalendar, with all that there is to say about it.

    Raises:
        UserError, UserErrors: it cannot be read, or is wrong.
    """
    if path.suffix == ICAL:
        return replace(_plain(path, around, file or str(path)), path=path)
    return replace(_from_yaml(yaml.read(path, file=file), around, path.parent), path=path)


def read_calendar(path: Path, *, file: str | None = None, around: Around = ALONE) -> Calendar:
    """The calendar of a file.

    Raises:
        UserError, UserErrors: it cannot be read, or is wrong.
    """
    return look(path, around, file=file).calendar


def parse_calendar(text: str, *, file: str | None = None) -> Calendar:
    """The calendar of a text; paths in it are from here.

    Raises:
        UserError, UserErrors: it is wrong.
    """
    return read_text(text, file, ALONE, Path())


def read_text(text: str, file: str | None, around: Around, folder: Path) -> Calendar:
    """The calendar of a text that lies, or is to lie, in a folder.

    Raises:
        UserError, UserErrors: it is wrong.
    """
    return _from_yaml(yaml.parse(text, file=file), around, folder).calendar


def calendar_schema() -> dict[str, Any]:
    """The JSON Schema of calendar files."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **CalendarModel.model_json_schema()}


# --- YAML --------------------------------------------------------------------------------------------


def _from_yaml(document: Document, around: Around, folder: Path) -> Found:
    model = yaml.validate(CalendarModel, document)
    found = Found(Calendar(model.id, tuple(_entry(entry) for entry in model.entries), model.name))
    if model.holidays is not None:
        found = _holidays(model, document)
    elif model.ical is not None:
        found = _ical(model, document, around, folder)
    return replace(found, document=document)


def _entry(model: EntryModel) -> CalendarEntry:
    return CalendarEntry(
        id=model.id,
        effect=Effect(model.effect or "reduce"),
        name=model.name,
        start=model.start,
        end=model.end,
        every=_every(model.every) if model.every else None,
        applies_to=_readers(model.applies_to),
        certainty=Certainty(model.certainty),
        reduce_days=7 if model.reduce is None else model.reduce,
        before=model.before,
        after=model.after,
        source=model.source,
    )


def _readers(to: AppliesToModel) -> AppliesTo:
    return AppliesTo(
        **{key: tuple(words) for key in AppliesToModel.model_fields if (words := getattr(to, key)) is not None}
    )


def _every(model: EveryModel) -> Yearly | Monthly | Rrule:
    if model.rrule is not None:
        return Rrule(model.rrule)
    if model.monthly is not None:
        return Monthly(model.monthly.from_, model.monthly.to)
    assert model.from_ is not None and model.to is not None, "the model has seen to it"  # noqa: PT018
    return Yearly(model.from_, model.to)


# --- iCalendar ---------------------------------------------------------------------------------------


def _plain(path: Path, around: Around, name: str) -> Found:
    """An ``.ics`` file by itself: its id is its name, its events are blackouts for everybody."""
    if not SLUG.fullmatch(path.stem):
        raise UserError(
            "a calendar is called by its file's name, and this is none: {name}",
            where=Where(name),
            hint="use letters a to z, digits, and . _ - between them",
            name=path.stem,
        )
    told = parse_ical(_bytes(path, name), Defaults(), fallback=around.zone, file=name)
    return Found(Calendar(path.stem, told.entries, _named(told)), problems=told.problems)


def _ical(model: CalendarModel, document: Document, around: Around, folder: Path) -> Found:
    """Entries of one's own, and after them the events of a file or of the copy of a subscription."""
    assert model.ical is not None
    where = document.where(("ical",))
    subscription: Subscription | None = None
    if "://" in model.ical:
        subscription = Subscription(model.id, model.ical, document.file or "")
        copy = around.feeds / f"{subscription.stored}{ICAL}" if around.feeds else None
        try:
            told = _told(model, copy, subscription.said, around) if copy and copy.is_file() else None
        except UserError as error:  # what lies there is no fault of the file that names it
            told = Told("", (), (error,))
        if told is None:
            never = UserError(
                "nothing has been fetched from {url} yet; until then it has no events",
                where=where,
                hint="the daemon fetches it, or at once: nurture calendar fetch",
                url=subscription.said,
            )
            told = Told("", (), (never,))
    else:
        copy = folder / model.ical
        if not copy.is_file():
            raise UserError("there is no file {path}", where=where, path=model.ical)
        name = str(Path(document.file).parent / model.ical) if document.file else model.ical
        told = _told(model, copy, name, around)
    own = tuple(_entry(entry) for entry in model.entries)
    taken = {entry.id for entry in own}
    events = tuple(event for event in told.entries if event.id not in taken)  # an entry of one's own replaces it
    calendar = Calendar(model.id, own + events, model.name or _named(told))
    return Found(calendar, (copy,) if copy else (), told.problems, subscription)


def _told(model: CalendarModel, path: Path, name: str, around: Around) -> Told:
    defaults = Defaults(
        effect=Effect(model.effect or ("blackout" if model.reduce is None else "reduce")),
        reduce_days=7 if model.reduce is None else model.reduce,
        applies_to=_readers(model.applies_to) if model.applies_to else AppliesTo(),
        certainty=Certainty(model.certainty or "confirmed"),
        before=model.before or 0,
        after=model.after or 0,
        source=model.source or name,
        only=tuple(model.only or ()),
        but=tuple(model.except_ or ()),
    )
    zone = ZoneInfo(model.timezone) if model.timezone else None
    return parse_ical(_bytes(path, name), defaults, zone=zone, fallback=around.zone, file=name)


def _named(told: Told) -> dict[str, str]:
    return {"ja": told.name, "en": told.name} if told.name else {}


def _bytes(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(
            "{path} cannot be read: {reason}", path=name, reason=error.strerror or str(error)
        ) from error


# --- holidays ----------------------------------------------------------------------------------------


def _holidays(model: CalendarModel, document: Document) -> Found:
    """The holidays of a country without those that are removed, and entries of one's own."""
    assert model.holidays is not None
    days = public_holidays(model.holidays)
    if days is None:
        raise UserErrors(
            (
                UserError(
                    "nothing is known of the holidays of {country}",
                    where=document.where(("holidays",)),
                    hint="two letters of ISO 3166, and a part of the country where it has its own: JP, DE-BY",
                    country=model.holidays,
                ),
            )
        )
    known = {day.start for day in days}
    problems = tuple(
        UserError(
            "{day} is no holiday of {country}; there is nothing to remove",
            where=document.where(("remove", at)),
            day=day.isoformat(),
            country=model.holidays,
        )
        for at, day in enumerate(model.remove)
        if day not in known
    )
    own = tuple(_entry(entry) for entry in model.entries)
    gone = set(model.remove)
    kept = tuple(day for day in days if day.start not in gone)
    name = model.name or _title(model.holidays)
    return Found(Calendar(model.id, kept + own, name), problems=problems)


def _title(country: str) -> dict[str, str]:
    return {"ja": f"祝日（{country}）", "en": f"Public holidays ({country})"}


@lru_cache(maxsize=8)
def public_holidays(country: str) -> tuple[CalendarEntry, ...] | None:
    """The public holidays of a country (``JP``) or of a part of it (``DE-BY``); None where they are not known.

    The dates are those of the ``holidays`` library: for Japan by the act on national holidays (国民の祝日に関する
    法律), substitute holidays and the days between two holidays included.
    """
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    state, _, part = country.partition("-")
    try:
        own = holidays.country_holidays(state, subdiv=part or None, years=years)
    except NotImplementedError:
        return None
    languages = {"ja": "ja", "en": "en_US"}
    named = {
        short: holidays.country_holidays(state, subdiv=part or None, years=years, language=long)
        for short, long in languages.items()
        if long in own.supported_languages
    } or {"en": own}
    return tuple(
        CalendarEntry(
            id=day.isoformat(),
            effect=Effect.HOLIDAY,
            name={language: table[day] for language, table in named.items() if day in table},
            start=day,
            source="https://github.com/vacanza/holidays",
        )
        for day in sorted(own)
    )


@lru_cache(maxsize=8)
def national_holidays(calendar_id: str) -> Calendar | None:
    """The calendar ``jp-holidays``, ``de-holidays`` …; None where there is no such calendar."""
    found = HOLIDAYS.fullmatch(calendar_id)
    if found is None:
        return None
    country = found[1].upper()
    days = public_holidays(country)
    return None if days is None else Calendar(calendar_id, days, _title(country))
