"""What we have to say: cases, seminars, columns, proposals. Kept as files under ``templates/content/``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from nurture.core import seeking
from nurture.core.deals import PagePointer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ContentItem:
    """One piece of content. Empty ``roles``, ``specialties``, ``topics`` fit everybody."""

    id: str
    kind: str  # case_study | seminar | column | proposal | paper | video | checklist …
    title: str
    summary: str  # two to four sentences, fit to stand in a mail
    url: str = ""
    points: tuple[str, ...] = ()  # what the reader takes away, one line each
    roles: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    pointers: tuple[PagePointer, ...] = ()
    owner: str = ""
    expires: date | None = None  # last day on which it may be sent
    event_on: date | None = None  # a seminar's day: what ``seminar_date`` means for this mail
    event_time: str = ""  # "18:00-18:45"
    file: str = field(default="", compare=False)  # where it stands: for people, not what it is
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a step asks for: a kind, and the attributes that must fit (``match`` of the scenario)."""

    kind: str
    match: tuple[str, ...] = ()  # of role, specialty, concern, competitor


class Use(NamedTuple):
    """How often an item left, and when last."""

    times: int
    last_at: datetime


class Standing(StrEnum):
    """Whether an item may still be sent."""

    VALID = "valid"
    EXPIRING = "expiring"  # within ``SOON``
    EXPIRED = "expired"


SOON: Final = timedelta(days=30)
"""So long before its last day an item's owner should look at it."""


def last_day(item: ContentItem) -> date | None:
    """The last day on which it may be sent: before it expires, and before its event."""
    eve = item.event_on - timedelta(days=1) if item.event_on else None
    return min((day for day in (item.expires, eve) if day is not None), default=None)


def standing(item: ContentItem, today: date) -> Standing:
    """Whether an item may be sent today, and a month from now."""
    if not fits_date(item, today):
        return Standing.EXPIRED
    last = last_day(item)
    return Standing.EXPIRING if last is not None and last < today + SOON else Standing.VALID


def found(
    items: Iterable[ContentItem], said: str, named: Callable[[ContentItem], Iterable[str]] = lambda _: ()
) -> tuple[ContentItem, ...]:
    """The items that hold all parts of what was typed into a search, in any of their texts (``core.seeking``).

    ``named``: what its kind, roles and topics are called in the reader's language.
    """
    wanted = seeking.parts(said)
    return tuple(item for item in items if all(part in _words(item, named(item)) for part in wanted))


def _words(item: ContentItem, named: Iterable[str]) -> str:
    pointers = (f"{pointer.topic} {pointer.label}" for pointer in item.pointers)
    lists = (*item.points, *item.roles, *item.specialties, *item.topics, *item.competitors, *pointers)
    texts = (item.id, item.kind, item.title, item.summary, item.owner, *lists, *named)
    return "\n".join(seeking.folded(text) for text in texts)


def fits_date(item: ContentItem, on: date, lead: int = 1) -> bool:
    """Whether an item may be sent on a date: not expired, and its event at least ``lead`` days ahead."""
    if item.expires is not None and item.expires < on:
        return False
    return item.event_on is None or (item.event_on - on).days >= lead


def choose(
    items: Iterable[ContentItem],
    wanted: Wanted,
    *,
    role: str | None,
    specialty: str | None,
    topics: tuple[str, ...],
    competitor: str | None,
    used: Collection[str],
    on: date,
    lead: int = 1,
) -> ContentItem | None:
    """The best item for this reader, or None.

    Never one that the person has had (C15), that has expired on ``on``, whose event is nearer than
    ``lead`` days, or whose list of roles or specialties names others only. Among the rest: most matched
    attributes first, the earlier topic of the person first, then the id, so that the choice is the same
    each time.
    """

    def rank(item: ContentItem) -> tuple[int, int, str] | None:
        if item.kind != wanted.kind or item.id in used:
            return None
        if not fits_date(item, on, lead):
            return None
        score = 0
        for attribute, value, listed in (
            ("role", role, item.roles),
            ("specialty", specialty, item.specialties),
            ("competitor", competitor, item.competitors),
        ):
            if attribute not in wanted.match or not listed:
                continue
            if value not in listed:
                return None
            score += 2
        place = len(topics)
        if "concern" in wanted.match and item.topics:
            place = next((i for i, topic in enumerate(topics) if topic in item.topics), len(topics))
            score += 3 if place < len(topics) else -1
        return (-score, place, item.id)

    ranked = [(found, item) for item in items if (found := rank(item)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None
