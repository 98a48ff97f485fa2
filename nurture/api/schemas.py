"""What goes out, as pydantic models: the OpenAPI document is made from them. No private note is in any."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from nurture.core.deals import DealStatus, Stance, TaskState
from nurture.core.messages import EnrollmentState, MessageState
from nurture.core.people import Basis, Profession
from nurture.core.tokens import Scope

T = TypeVar("T")


class Out(BaseModel):
    """An answer, or a part of one. More fields may come; those that are here stay."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(Out, Generic[T]):
    """One page of a list. ``next_cursor`` is null on the last one."""

    items: tuple[T, ...]
    next_cursor: str | None = Field(description="send it as ?cursor= for the page that follows")


class Problem(Out):
    """RFC 9457."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="which kind, as a path: /api/v1/problems/…")
    title: str
    status: int
    detail: str
    errors: tuple[ProblemPlace, ...] = ()


class ProblemPlace(Out):
    """One thing that is wrong, and where."""

    detail: str
    pointer: str | None = Field(None, description="JSON pointer into the content, as a URI fragment")
    parameter: str | None = None
    header: str | None = None


class Me(Out):
    """The token that asks."""

    name: str
    scopes: tuple[Scope, ...]
    rep_id: str | None = Field(description="on whose behalf; null: the installation's")
    expires_at: datetime | None


class OrganisationBrief(Out):
    """A hospital, clinic or the like."""

    id: str
    name: str
    kind: str
    region: str | None


class Legal(Out):
    """Why we may write (特定電子メール法). With ``none`` nothing is sent."""

    kind: Basis
    on: date | None
    evidence: str


class Absence(Out):
    """Somebody is away: no mail before ``resume_on``."""

    noted_on: date
    resume_on: date
    back: date | None


class PersonOut(Out):
    """Somebody who receives mail."""

    id: str
    email: str
    family_name: str
    given_name: str
    kana: str
    honorific: str
    organisation: OrganisationBrief | None
    role: str | None
    specialty: str | None
    department: str | None
    title: str | None
    profession: Profession
    region: str | None
    timezone: str | None
    language: str
    legal_basis: Legal
    rep_id: str | None
    topics: tuple[str, ...]
    away: Absence | None
    successor_id: str | None
    suppressed: bool = Field(description="nobody writes to this address: opt-out, bounce, complaint …")
    created_at: datetime | None


class DealOut(Out):
    """One sale to one organisation."""

    id: str
    organisation_id: str
    name: str
    product: str
    phase: int = Field(description="1 contact, 2 need, 3 proposal, 4 decision, 5 contract")
    status: DealStatus
    competitor: str | None
    contract_end: date | None
    rep_id: str | None
    proposal_sent_at: datetime | None
    lost_at: datetime | None
    lost_reason: str
    created_at: datetime | None


class AttendeeOut(Out):
    """Who was there."""

    person_id: str
    stance: Stance
    remark: str


class ConcernOut(Out):
    """What worried them."""

    text: str
    topic: str | None


class MeetingOut(Out):
    """A meeting as it was recorded."""

    id: str
    deal_id: str
    organisation_id: str
    rep_id: str
    ended_at: datetime
    subject: str
    place: str
    agreements: tuple[str, ...]
    concerns: tuple[ConcernOut, ...]
    confirmation_question: str
    attendees: tuple[AttendeeOut, ...]
    material: str
    recorded_at: datetime | None


class EnrollmentOut(Out):
    """One person on the way through one scenario."""

    id: str
    person_id: str
    organisation_id: str | None
    scenario_id: str
    anchor_at: datetime
    rep_id: str
    deal_id: str | None
    meeting_id: str | None
    state: EnrollmentState
    reason: str = Field(description="why it is paused or stopped")
    enrolled_at: datetime | None
    ended_at: datetime | None


class ApprovalOut(Out):
    """Who let it go."""

    by: str
    at: datetime
    via: str


class MessageOut(Out):
    """A mail of one step, without its text."""

    id: str
    person_id: str
    rep_id: str
    organisation_id: str | None
    enrollment_id: str | None
    step_id: str
    deal_id: str | None
    state: MessageState
    reason: str = Field(description="why it waits, was held, failed …")
    purpose: str
    approve: str = Field(description="who must approve it: none, rep, manager, two_people")
    planned_on: date | None = Field(description="the recipient's local date")
    planned_at: datetime | None
    deadline: datetime | None = Field(description="of a thank-you: when its hours are over")
    to_address: str
    from_address: str
    subject: str
    approvals: tuple[ApprovalOut, ...]
    sent_at: datetime | None


class MessageWhole(MessageOut):
    """A mail with its text. The ETag of the answer is what an approval must name."""

    body: str
    attachments: tuple[str, ...] = Field(description="sha256 of each file")
    may_approve: bool = Field(description="whether the caller is one of those who may approve it")


class TaskOut(Out):
    """Something for a representative to do."""

    id: str
    kind: str
    rep_id: str
    title: str
    state: TaskState
    due_at: datetime | None
    detail: str
    person_id: str | None
    organisation_id: str | None
    deal_id: str | None
    enrollment_id: str | None
    message_id: str | None
    created_at: datetime | None
    done_at: datetime | None


class ScenarioOut(Out):
    """A script that people can be enrolled in."""

    id: str
    name: str
    anchor: str = Field(description="what Day 1 hangs on")
    steps: int


class Line(Out):
    """One line of a person's story."""

    seq: int
    at: datetime
    kind: str
    actor: str = Field(description="a representative, nurture, or an address")
    text: str = Field(description="in words, in the language of Accept-Language")
    enrollment_id: str | None
    message_id: str | None


class EventOut(Out):
    """Something that happened: the same as a webhook's content."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


class Counts(Out):
    """How many, by state."""

    messages: dict[str, int]
    enrollments: dict[str, int]
    tasks: dict[str, int]


class ReportOut(Out):
    """How things stand for whoever asks."""

    at: datetime
    counts: Counts


class Recorded(Out):
    """A meeting that was recorded, and what came of it."""

    meeting: MeetingOut
    enrollments: tuple[EnrollmentOut, ...]
    messages: tuple[MessageOut, ...] = Field(description="the drafts that wait for approval")
    warnings: tuple[str, ...]


class PersonWritten(Out):
    """Somebody who was added or completed."""

    outcome: Literal["created", "updated", "unchanged"]
    person: PersonOut
