"""The tables: one for each entity of ``core.change``, and the journal. Rows, no behaviour.

Theory of operation
-------------------
A table has the columns that its value has fields, in the same order and by the same names; ``mapping``
relies on it and a test holds it. A long text stands aside, in a table of its own (``mapping.ASIDE``). What is
asked for has a typed column; what is only carried (tuples, nested values) is JSON text. The version of the
schema is kept by the migrations, which must lead to exactly these tables; a test holds that too. Indexes, unique
keys and triggers are in ``schema``.

The journal refers to rows without foreign keys: it outlives what it tells of.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import BigInteger, Integer
from sqlmodel import Field, SQLModel

from nurture.store.columns import day, ident, instant, number, owner, ref, words

METADATA: Final = SQLModel.metadata
METADATA.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


class OrganisationRow(SQLModel, table=True):
    """``core.people.Organisation``."""

    __tablename__ = "organisation"

    id: str = ident()
    name: str = words()
    kind: str = words()
    region: str | None = words()
    timezone: str | None = words()
    domains: str = words()
    closures: str = words()
    private_note: str = words()
    created_at: datetime | None = instant()
    version: int = number()


class PersonRow(SQLModel, table=True):
    """``core.people.Person``."""

    __tablename__ = "person"

    id: str = ident()
    email: str = words()
    family_name: str = words()
    given_name: str = words()
    kana: str = words()
    organisation_id: str | None = ref("organisation")
    role: str | None = words()
    specialty: str | None = words()
    department: str | None = words()
    title: str | None = words()
    profession: str = words()
    region: str | None = words()
    timezone: str | None = words()
    language: str = words()
    legal_basis: str = words()
    rep_id: str | None = ref("representative")
    topics: str = words()
    away: str | None = words()
    successor_id: str | None = ref("person")
    private_note: str = words()
    created_at: datetime | None = instant()
    version: int = number()


class OrganisationWordsRow(SQLModel, table=True):
    """What a ``core.people.Organisation`` is found by (``core.seeking``)."""

    __tablename__ = "organisation_words"

    id: str = owner("organisation")
    text: str = words()


class PersonWordsRow(SQLModel, table=True):
    """What a ``core.people.Person`` is found by, and what narrows a search: a row that is read fast."""

    __tablename__ = "person_words"

    id: str = owner("person")
    text: str = words()
    organisation_id: str | None = words()
    rep_id: str | None = words()


class RepresentativeRow(SQLModel, table=True):
    """``core.people.Representative``."""

    __tablename__ = "representative"

    id: str = ident()
    name: str = words()
    email: str = words()
    kana: str = words()
    department: str = words()
    title: str = words()
    phone: str = words()
    mailbox_id: str | None = words()
    manager_id: str | None = ref("representative")
    deputy_ids: str = words()
    access: str = words()
    language: str = words()
    timezone: str = words()
    active: bool = Field()
    version: int = number()


class DealRow(SQLModel, table=True):
    """``core.deals.Deal``."""

    __tablename__ = "deal"

    id: str = ident()
    organisation_id: str = ref("organisation")
    name: str = words()
    product: str = words()
    phase: int = number()
    status: str = words()
    competitor: str | None = words()
    contract_end: date | None = day()
    rep_id: str | None = ref("representative")
    proposal_sent_at: datetime | None = instant()
    lost_at: datetime | None = instant()
    lost_reason: str = words()
    private_note: str = words()
    created_at: datetime | None = instant()
    version: int = number()


class MeetingRow(SQLModel, table=True):
    """``core.deals.Meeting``."""

    __tablename__ = "meeting"

    id: str = ident()
    deal_id: str = ref("deal")
    organisation_id: str = ref("organisation")
    rep_id: str = ref("representative")
    ended_at: datetime = instant()
    subject: str = words()
    place: str = words()
    agreements: str = words()
    concerns: str = words()
    confirmation_question: str = words()
    attendees: str = words()
    pointers: str = words()
    material: str = words()
    dates: str = words()
    private_note: str = words()
    recorded_at: datetime | None = instant()
    version: int = number()


class PromiseRow(SQLModel, table=True):
    """``core.deals.Promise``."""

    __tablename__ = "promise"

    id: str = ident()
    meeting_id: str = ref("meeting")
    deal_id: str = ref("deal")
    text: str = words()
    owner: str = words()
    owner_name: str = words()
    due: date | None = day()
    done_at: datetime | None = instant()
    fulfilled_by: str | None = ref("message")
    version: int = number()


class TaskRow(SQLModel, table=True):
    """``core.deals.Task``."""

    __tablename__ = "task"

    id: str = ident()
    kind: str = words()
    rep_id: str = ref("representative")
    title: str = words()
    state: str = words()
    due_at: datetime | None = instant()
    detail: str = words()
    person_id: str | None = ref("person")
    organisation_id: str | None = ref("organisation")
    deal_id: str | None = ref("deal")
    enrollment_id: str | None = ref("enrollment")
    step_id: str | None = words()
    message_id: str | None = ref("message")
    created_at: datetime | None = instant()
    done_at: datetime | None = instant()
    version: int = number()


class EnrollmentRow(SQLModel, table=True):
    """``core.messages.Enrollment``."""

    __tablename__ = "enrollment"

    id: str = ident()
    person_id: str = ref("person")
    organisation_id: str | None = ref("organisation")
    scenario_id: str = words()
    scenario_hash: str = ref("scenario_text")
    anchor_at: datetime = instant()
    rep_id: str = ref("representative")
    deal_id: str | None = ref("deal")
    meeting_id: str | None = ref("meeting")
    state: str = words()
    reason: str = words()
    shift_days: int = number()
    holds: int = number()
    variant: str | None = words()
    fired: str = words()
    wake_at: datetime | None = instant()
    enrolled_at: datetime | None = instant()
    ended_at: datetime | None = instant()
    version: int = number()


class MessageRow(SQLModel, table=True):
    """``core.messages.Message``."""

    __tablename__ = "message"

    id: str = ident()
    person_id: str = ref("person")
    rep_id: str = ref("representative")
    organisation_id: str | None = ref("organisation")
    enrollment_id: str | None = ref("enrollment")
    step_id: str = words()
    deal_id: str | None = ref("deal")
    mailbox_id: str | None = words()
    state: str = words()
    reason: str = words()
    purpose: str = words()
    approve: str = words()
    nominal: date | None = day()
    planned_on: date | None = day()
    planned_at: datetime | None = instant()
    deadline: datetime | None = instant()
    expires_on: date | None = day()
    moves: str = words()
    template: str = words()
    content_id: str | None = words()
    to_address: str = words()
    to_name: str = words()
    from_address: str = words()
    from_name: str = words()
    subject: str = words()
    attachments: str = words()
    header_id: str = words()
    in_reply_to: str = words()
    references: str = words()
    unsubscribe_token: str = words()
    rendered_at: datetime | None = instant()
    edited_by: str | None = words()
    approvals: str = words()
    not_before: datetime | None = instant()
    attempts: int = number()
    claimed_by: str = words()
    claimed_at: datetime | None = instant()
    sent_at: datetime | None = instant()
    answer: str = words()
    version: int = number()


class MessageBodyRow(SQLModel, table=True):
    """The text of a ``core.messages.Message`` that has one.

    It is read seldom and written once, while its message changes with each move: a row that carried it would be
    written whole each time.
    """

    __tablename__ = "message_body"

    id: str = owner("message")
    body: str = words()


class InboundRow(SQLModel, table=True):
    """``core.messages.Inbound``."""

    __tablename__ = "inbound"

    id: str = ident()
    mailbox_id: str = words()
    key: str = words()
    folder: str = words()
    uid: int = number()
    received_at: datetime = instant()
    kind: str = words()
    from_address: str = words()
    from_name: str = words()
    subject: str = words()
    text: str = words()
    intents: str = words()
    reading: str = words()
    person_id: str | None = ref("person")
    organisation_id: str | None = ref("organisation")
    enrollment_id: str | None = ref("enrollment")
    message_id: str | None = ref("message")
    match_rule: str = words()
    handled_at: datetime | None = instant()
    version: int = number()


class SuppressionRow(SQLModel, table=True):
    """``core.messages.Suppression``."""

    __tablename__ = "suppression"

    id: str = ident()
    scope: str = words()
    value: str = words()
    reason: str = words()
    source: str = words()
    at: datetime = instant()
    evidence: str = words()
    lifted_at: datetime | None = instant()
    lifted_evidence: str = words()
    version: int = number()


class ScenarioTextRow(SQLModel, table=True):
    """``core.change.ScenarioText``."""

    __tablename__ = "scenario_text"

    id: str = ident()
    scenario_id: str = words()
    text: str = words()
    first_used_at: datetime = instant()
    version: int = number()


class MailboxStateRow(SQLModel, table=True):
    """``core.change.MailboxState``."""

    __tablename__ = "mailbox_state"

    id: str = ident()
    cursors: str = words()
    read_at: datetime | None = instant()
    error: str = words()
    failing_since: datetime | None = instant()
    version: int = number()


class LoginTokenRow(SQLModel, table=True):
    """``core.change.LoginToken``."""

    __tablename__ = "login_token"

    id: str = ident()
    rep_id: str = ref("representative")
    created_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = instant()
    version: int = number()


class SettingRow(SQLModel, table=True):
    """``core.change.Setting``."""

    __tablename__ = "setting"

    id: str = ident()
    value: str = words()
    version: int = number()


class DispatchRow(SQLModel, table=True):
    """``core.change.Dispatch``."""

    __tablename__ = "dispatch"

    id: str = ident()
    kind: str = words()
    subject: str = words()
    text: str = words()
    created_at: datetime = instant()
    due_at: datetime = instant()
    rep_id: str | None = ref("representative")
    person_id: str | None = ref("person")
    mailbox_id: str | None = words()
    to_address: str = words()
    to_name: str = words()
    in_reply_to: str = words()
    link: str = words()
    tries: int = number()
    ended_at: datetime | None = instant()
    outcome: str = words()
    version: int = number()


class JournalSealRow(SQLModel, table=True):
    """``core.audit.Seal``."""

    __tablename__ = "journal_seal"

    id: str = ident()
    first: int = number()
    last: int = number()
    lines: int = number()
    previous: str = words()
    digest: str = words()
    made_at: datetime = instant()
    version: int = number()


class ApiTokenRow(SQLModel, table=True):
    """``core.tokens.ApiToken``."""

    __tablename__ = "api_token"

    id: str = ident()
    name: str = words()
    scopes: str = words()
    created_at: datetime = instant()
    created_by: str = words()
    rep_id: str | None = ref("representative")
    expires_at: datetime | None = instant()
    revoked_at: datetime | None = instant()
    used_at: datetime | None = instant()
    version: int = number()


class AnsweredRow(SQLModel, table=True):
    """``core.keys.Answered``."""

    __tablename__ = "answered"

    id: str = ident()
    at: datetime = instant()
    asked: str = words()
    made: str = words()
    status: int = number()
    body: str = words()
    version: int = number()


class ToldRow(SQLModel, table=True):
    """``core.change.Told``."""

    __tablename__ = "told"

    id: str = ident()
    seq: int = number()
    due_at: datetime | None = instant()
    tries: int = number()
    failing_since: datetime | None = instant()
    disabled_at: datetime | None = instant()
    error: str = words()
    version: int = number()


class MeetingDraftRow(SQLModel, table=True):
    """``core.change.MeetingDraft``."""

    __tablename__ = "meeting_draft"

    id: str = ident()
    rep_id: str = ref("representative")
    started_at: datetime = instant()
    saved_at: datetime = instant()
    fields: str = words()
    hand: str = words()
    ended_at: datetime | None = instant()
    version: int = number()


class SnoozeRow(SQLModel, table=True):
    """``core.snoozing.Snooze``."""

    __tablename__ = "snooze"

    id: str = ident()
    rep_id: str = ref("representative")
    subject_id: str = words()
    until: datetime = instant()
    at: datetime = instant()
    version: int = number()


class JournalRow(SQLModel, table=True):
    """``core.messages.Entry``. Append-only; seq is never given twice."""

    __tablename__ = "journal"
    __table_args__ = {"sqlite_autoincrement": True}

    at: datetime = instant()
    kind: str = words()
    actor: str = words()
    data: str = words()
    person_id: str | None = words()
    organisation_id: str | None = words()
    deal_id: str | None = words()
    enrollment_id: str | None = words()
    message_id: str | None = words()
    # SQLite counts by itself only in a column of type INTEGER.
    seq: int = Field(sa_type=BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)


class JournalUnlockRow(SQLModel, table=True):
    """While it has a row, the journal may be changed: only erasing a person puts one here, and takes it away."""

    __tablename__ = "journal_unlock"

    id: str = ident()
