"""Enrollments and the mails they lead to; what came in; what must never go out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING

from nurture.core.ids import (
    DealId,
    EnrollmentId,
    InboundId,
    MailboxId,
    MeetingId,
    MessageId,
    OrganisationId,
    PersonId,
    RepId,
    ScenarioHash,
    SuppressionId,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class EnrollmentState(StrEnum):
    """Where an enrollment stands. The moves are in ``core.states``."""

    ACTIVE = "active"
    PAUSED = "paused"  # a person decides whether it goes on
    STOPPED = "stopped"  # ended early
    COMPLETED = "completed"  # ran to its end


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One person on the way through one scenario."""

    id: EnrollmentId
    person_id: PersonId
    organisation_id: OrganisationId | None
    scenario_id: str
    scenario_hash: ScenarioHash  # the exact text with which it began
    anchor_at: datetime  # UTC instant of the anchor
    rep_id: RepId
    deal_id: DealId | None = None
    meeting_id: MeetingId | None = None
    state: EnrollmentState = EnrollmentState.ACTIVE
    reason: str = ""  # why paused or stopped: reply, bounce, unsubscribe, appointment, moved, complaint, person …
    #                   of an active one: unplannable, as long as it cannot be planned
    shift_days: int = 0  # resuming keeps the spacing: nominal dates of what is left move by this
    holds: int = 0  # how often queued mails were called back: approvals given before do not count any more
    variant: str | None = None
    fired: tuple[str, ...] = ()  # rules of silence that have been followed: each comes true once
    wake_at: datetime | None = None  # when the next beat must look at it (a paused one: resume it); None: never
    enrolled_at: datetime | None = None
    ended_at: datetime | None = None
    version: int = 0


class MessageState(StrEnum):
    """Where a mail stands. The moves are in ``core.states``."""

    PLANNED = "planned"  # has a date, no text yet
    WAITING = "waiting"  # has its text; a person must approve it
    APPROVED = "approved"  # leaves at planned_at
    SENDING = "sending"  # claimed; only the outcome may follow
    SENT = "sent"
    IN_DOUBT = "in_doubt"  # nobody knows whether it left; never repeated by itself
    FAILED = "failed"  # refused for good; a person decides
    BOUNCED = "bounced"  # sent, and came back
    REJECTED = "rejected"  # a person said no
    SKIPPED = "skipped"
    EXPIRED = "expired"
    CANCELLED = "cancelled"  # the enrollment ended


@dataclass(frozen=True, slots=True)
class Move:
    """One reason why a date is what it is (scheduling rule 7).

    ``rule`` is one of blackout, holiday, no_appointment, no_window, windows_over, past, min_gap,
    per_organisation, reduce, order, same_date, expiry, when, no_date, away, quiet, chosen (by a person: ``entry``
    is who).
    """

    rule: str
    entry: str | None = None  # "jp-medical/jrc-2027", or the scenario or person that stood in the way
    from_: date | None = None
    to: date | None = None


CHOSEN = "chosen"
"""The rule of a ``Move`` that a person made."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Who let exactly this text go on exactly this date."""

    by: RepId
    at: datetime
    fingerprint: str
    via: str = "web"  # web | cli | mail | api | policy
    holds: int = 0  # of the enrollment when it was given: a later hold ends it, wherever the mail is by then
    leaves_at: datetime | None = None  # the moment that it was to leave, as it was seen; not before ``at``


@dataclass(frozen=True, slots=True)
class Message:
    """One mail of one step, from its first planned date to its end."""

    id: MessageId
    person_id: PersonId
    rep_id: RepId
    organisation_id: OrganisationId | None = None
    enrollment_id: EnrollmentId | None = None
    step_id: str = ""
    deal_id: DealId | None = None
    mailbox_id: MailboxId | None = None
    state: MessageState = MessageState.PLANNED
    reason: str = ""  # why it waits, was held, failed, was skipped …
    purpose: str = "value"  # value | appointment | notice
    approve: str = "rep"  # none | rep | manager | two_people
    nominal: date | None = None
    planned_on: date | None = None  # local date of the recipient: what pace counts
    planned_at: datetime | None = None
    deadline: datetime | None = None  # the SLA of a ``within`` step
    expires_on: date | None = None  # last permitted local date
    moves: tuple[Move, ...] = ()
    template: str = ""
    content_id: str | None = None
    to_address: str = ""
    to_name: str = ""
    from_address: str = ""
    from_name: str = ""
    subject: str = ""
    body: str = ""  # the whole text part, footer and all: what is approved is what leaves
    attachments: tuple[str, ...] = ()  # sha256 of each, in order
    header_id: str = ""  # Message-ID with angle brackets, fixed before the first attempt
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    unsubscribe_token: str = ""
    rendered_at: datetime | None = None
    edited_by: RepId | None = None
    approvals: tuple[Approval, ...] = ()
    not_before: datetime | None = None  # a retry or a snooze
    attempts: int = 0
    claimed_by: str = ""
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    answer: str = ""  # the server's last words
    version: int = 0

    @property
    def chosen(self) -> Move | None:
        """The move to the date that a person chose, where one did: plans keep to it as long as it can be had."""
        return next((move for move in self.moves if move.rule == CHOSEN), None)

    @property
    def fingerprint(self) -> str:
        """Of recipient, subject, body, attachments and date: what an approval is bound to."""
        seen = (self.to_address, self.from_address, self.subject, self.body)
        files = ", ".join([_quoted(key) for key in self.attachments])
        said = ", ".join([*[_quoted(text) for text in seen], f"[{files}]", _quoted(str(self.planned_on))])
        return hashlib.sha256(f"[{said}]".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Inbound:
    """A mail that came in, read once. Unique by mailbox and Message-ID (or digest where it has none)."""

    id: InboundId
    mailbox_id: MailboxId
    key: str  # Message-ID, or "sha256:…" of the raw mail
    folder: str
    uid: int
    received_at: datetime
    kind: str  # of nurture read: reply, out_of_office, bounce …
    from_address: str = ""
    from_name: str = ""
    subject: str = ""
    text: str = ""  # the new text only
    intents: tuple[str, ...] = ()
    reading: str = "{}"  # the whole reading as JSON
    person_id: PersonId | None = None
    organisation_id: OrganisationId | None = None
    enrollment_id: EnrollmentId | None = None
    message_id: MessageId | None = None  # ours, which it answers
    match_rule: str = ""  # header_id | bounce_id | token | thread | address, "/colleague" and such; "" (a stray)
    handled_at: datetime | None = None
    version: int = 0


class SuppressionScope(StrEnum):
    """What is suppressed."""

    ADDRESS = "address"
    DOMAIN = "domain"
    ORGANISATION = "organisation"
    TOPIC = "topic"  # value "address#topic"


@dataclass(frozen=True, slots=True)
class Suppression:
    """Silence for ever, until a documented consent lifts it. ``value`` is lower case."""

    id: SuppressionId
    scope: SuppressionScope
    value: str
    reason: str  # unsubscribe | bounce | complaint | moved | person | import
    source: str  # one_click | reply | mailto | bounce | cli | web | api | import
    at: datetime
    evidence: str = ""
    lifted_at: datetime | None = None
    lifted_evidence: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the append-only journal: what happened, to whom, by whom, and why.

    ``kind`` is a stable word ``noun.verb`` (the texts for people are made from it); ``data`` holds
    plain JSON values and never a secret.
    """

    at: datetime
    kind: str
    actor: str  # a RepId, "nurture", or the recipient's address
    data: Mapping[str, object]
    person_id: PersonId | None = None
    organisation_id: OrganisationId | None = None
    deal_id: DealId | None = None
    enrollment_id: EnrollmentId | None = None
    message_id: MessageId | None = None
    seq: int = 0  # given by the store, ascending
