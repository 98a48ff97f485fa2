"""Whom we know in an organisation, by the roles that decide (practice C16, C20, E): who is for it, who is silent,
and which role nobody has met.

Six groups, as the practice has them: clinicians; nursing; executives and administration; IT and clinical
engineers; procurement; those who lead and do the daily work. Roles that an installation added stand behind them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from nurture.core.deals import Stance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from nurture.core.deals import Meeting
    from nurture.core.ids import PersonId
    from nurture.core.people import Person

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "clinician": ("clinician",),
    "nursing": ("nursing",),
    "executive": ("executive",),
    "it": ("it", "clinical_engineer"),
    "procurement": ("procurement",),
    "floor": ("radiographer", "laboratory", "pharmacy"),
}
"""The groups of the practice (E), each with its roles."""
OTHERS: Final = "others"
"""People whose role is none of these, or not known."""

SILENCE: Final = timedelta(days=14)
"""A mail that was not answered for so long, with no meeting since, is silence (practice K)."""


class Standing(StrEnum):
    """How we stand with somebody; the first that is true."""

    SCEPTICAL = "sceptical"
    SUPPORTIVE = "supportive"
    SILENT = "silent"  # was written to, and neither answered nor was met for a while
    MET = "met"
    WRITTEN = "written"
    KNOWN = "known"  # a name, no more


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody, and when we last had to do with each other. Instants are UTC."""

    person: Person
    met: datetime | None = None
    stance: Stance = Stance.UNKNOWN  # as it was last noted
    written: datetime | None = None  # our last mail left
    heard: datetime | None = None  # the last answer came

    @property
    def last(self) -> datetime | None:
        """The last time that something went to or fro."""
        return max((at for at in (self.met, self.written, self.heard) if at), default=None)

    def standing(self, now: datetime) -> Standing:
        """How we stand with this person."""
        if self.stance in {Stance.SCEPTICAL, Stance.SUPPORTIVE}:
            return Standing(self.stance.value)
        if self.is_silent(now):
            return Standing.SILENT
        if self.met:
            return Standing.MET
        return Standing.WRITTEN if self.written or self.heard else Standing.KNOWN

    def is_silent(self, now: datetime) -> bool:
        """Whether our last word has been waiting for an answer for too long."""
        back = max((at for at in (self.met, self.heard) if at), default=None)
        waits = self.written is not None and (back is None or back < self.written)
        return waits and self.written is not None and now - self.written > SILENCE


@dataclass(frozen=True, slots=True)
class Cover:
    """One group and whom we know there; nobody: it is missing."""

    group: str
    contacts: tuple[Contact, ...] = ()

    @property
    def is_missing(self) -> bool:
        """Whether nobody of this group is known."""
        return not self.contacts

    @property
    def is_untouched(self) -> bool:
        """Whether somebody is known, and nobody was met or written to."""
        return bool(self.contacts) and not any(c.last for c in self.contacts)


def contacts(
    people: Iterable[Person],
    meetings: Iterable[Meeting],
    written: Mapping[PersonId, datetime],
    heard: Mapping[PersonId, datetime],
) -> tuple[Contact, ...]:
    """Everybody with when they were met and how they felt (as last noted), were written to, answered.

    A stance that says nothing does not cover an earlier one that did.
    """
    met: dict[PersonId, datetime] = {}
    felt: dict[PersonId, Stance] = {}
    for meeting in sorted(meetings, key=lambda m: m.ended_at):
        for attendee in meeting.attendees:
            met[attendee.person_id] = meeting.ended_at
            if attendee.stance is not Stance.UNKNOWN:
                felt[attendee.person_id] = attendee.stance
    return tuple(
        Contact(p, met.get(p.id), felt.get(p.id, Stance.UNKNOWN), written.get(p.id), heard.get(p.id))
        for p in people
    )


def coverage(found: Iterable[Contact]) -> tuple[Cover, ...]:
    """The groups in the order of the practice, then those without one if there are any."""
    of = {role: group for group, roles in GROUPS.items() for role in roles}
    by: dict[str, list[Contact]] = {group: [] for group in GROUPS}
    for contact in found:
        by.setdefault(of.get(contact.person.role or "", OTHERS), []).append(contact)
    return tuple(Cover(group, tuple(each)) for group, each in by.items())


def sponsor(found: Iterable[Contact]) -> Contact | None:
    """Who could introduce us to a group where nobody is known: a supporter, the one last met first."""
    friends = [c for c in found if c.stance is Stance.SUPPORTIVE and c.met]
    return max(friends, key=lambda c: (c.met, c.person.id), default=None)
