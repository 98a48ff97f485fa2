"""Deals, meetings and what was promised there (practice A and D)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from nurture.core.ids import (
    DealId,
    EnrollmentId,
    MeetingId,
    MessageId,
    OrganisationId,
    PersonId,
    PromiseId,
    RepId,
    TaskId,
)


class DealStatus(StrEnum):
    """Whether a deal is still to be won."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


TOUCHES: Final = frozenset(
    {"meeting.recorded", "message.sent", "inbound.reply", "inbound.by_colleague", "task.done"}
)
"""Kinds of lines in the journal that say that something went to or fro (practice G33, G37)."""


@dataclass(frozen=True, slots=True)
class Deal:
    """One sale to one organisation."""

    id: DealId
    organisation_id: OrganisationId
    name: str
    product: str = ""
    phase: int = 1  # 1 contact · 2 need · 3 proposal · 4 decision · 5 contract
    status: DealStatus = DealStatus.OPEN
    competitor: str | None = None
    contract_end: date | None = None  # of the present (often the competitor's) contract
    rep_id: RepId | None = None
    proposal_sent_at: datetime | None = None
    lost_at: datetime | None = None
    lost_reason: str = ""
    private_note: str = ""  # never reachable from a template
    created_at: datetime | None = None
    version: int = 0


class Stance(StrEnum):
    """How an attendee felt about it; sceptics are written to first (A6)."""

    SCEPTICAL = "sceptical"
    NEUTRAL = "neutral"
    SUPPORTIVE = "supportive"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attendee:
    """A person who was in the room."""

    person_id: PersonId
    stance: Stance = Stance.UNKNOWN
    remark: str = ""  # what this person said, fit to be quoted back in the personal note (A6)


@dataclass(frozen=True, slots=True)
class Concern:
    """What worried them: words fit for the minutes, and the topic it belongs to (B13)."""

    text: str
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """Who does what by when (A5). ``owner`` is ``us`` or ``them``."""

    id: PromiseId
    meeting_id: MeetingId
    deal_id: DealId
    text: str
    owner: str = "us"
    owner_name: str = ""
    due: date | None = None
    done_at: datetime | None = None
    fulfilled_by: MessageId | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class PagePointer:
    """Where in a document a topic is answered: "資料 5ページ" (B13)."""

    topic: str
    page: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """The meeting record (A1, A3, A4): the thank-you is composed from it."""

    id: MeetingId
    deal_id: DealId
    organisation_id: OrganisationId
    rep_id: RepId
    ended_at: datetime  # aware; the 3-hour clock starts here (A2)
    subject: str = ""  # what it was about: "電子カルテ連携のご説明"
    place: str = ""
    agreements: tuple[str, ...] = ()
    concerns: tuple[Concern, ...] = ()
    confirmation_question: str = ""  # one yes/no question (A4)
    attendees: tuple[Attendee, ...] = ()
    pointers: tuple[PagePointer, ...] = ()  # pages of the material that was left there
    material: str = ""  # the name of that material
    dates: tuple[tuple[str, date], ...] = ()  # named events: ("seminar_date", 2027-05-10)
    private_note: str = ""  # raw impressions (A7); never reachable from a template
    recorded_at: datetime | None = None
    version: int = 0


class TaskState(StrEnum):
    """Where a task stands. The moves are in ``core.states``."""

    PLANNED = "planned"  # a step of a scenario whose day has not come
    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Task:
    """Something that a person does: call, visit, LinkedIn, congress booth, or what the program cannot decide."""

    id: TaskId
    kind: str  # call | visit | linkedin | congress | reply | appointment | stray | in_doubt | bounce | other
    rep_id: RepId
    title: str
    state: TaskState = TaskState.OPEN
    due_at: datetime | None = None
    detail: str = ""
    person_id: PersonId | None = None
    organisation_id: OrganisationId | None = None
    deal_id: DealId | None = None
    enrollment_id: EnrollmentId | None = None
    step_id: str | None = None
    message_id: MessageId | None = None
    created_at: datetime | None = None
    done_at: datetime | None = None
    version: int = 0
