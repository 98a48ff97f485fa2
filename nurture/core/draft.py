"""What a writer needs to write one mail, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from nurture.core.content import ContentItem
    from nurture.core.deals import Deal, Meeting, Promise
    from nurture.core.people import Organisation, Person, Representative


@dataclass(frozen=True, slots=True)
class Beside:
    """Who was there before the reader, and who follows, where the mail is about that."""

    predecessor: Person | None = None
    successor: Person | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything that a template may draw on. Private notes are dropped before rendering."""

    template: str
    person: Person
    rep: Representative
    organisation: Organisation | None = None
    deal: Deal | None = None
    meeting: Meeting | None = None
    promises: tuple[Promise, ...] = ()
    attendees: tuple[Person, ...] = ()  # the others who were there
    content: ContentItem | None = None
    requires: tuple[str, ...] = ()  # of the step, besides the template's own
    send_on: date | None = None
    proposed: tuple[datetime, ...] = ()  # times for an appointment, local to the reader
    unsubscribe_url: str | None = None  # https page; None: reply or mailto only
    unsubscribe_mail: str = ""
    thread_subject: str | None = None  # the subject to answer to, when the step is threaded
    beside: Beside = Beside()
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished text: subject, and the whole text part with addressee block, signature and legal footer."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A field that a template reads, as it is for one mail."""

    path: str  # "meeting.agreements"
    value: str  # as it would read; "" where it is empty
    required: bool = False  # without it the mail cannot be written
