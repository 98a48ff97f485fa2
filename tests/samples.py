"""Invented people, hospitals and mails that tests share. Each call makes whole, valid values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from nurture.core.change import ScenarioText
from nurture.core.deals import Attendee, Concern, Deal, Meeting, Promise, Stance
from nurture.core.dossier import Dossier
from nurture.core.ids import (
    DealId,
    EnrollmentId,
    InboundId,
    MailboxId,
    MeetingId,
    MessageId,
    OrganisationId,
    PersonId,
    PromiseId,
    RepId,
    ScenarioHash,
)
from nurture.core.messages import Approval, Enrollment, Inbound, Message, MessageState
from nurture.core.people import Basis, LegalBasis, Organisation, Person, Profession, Representative
from nurture.core.reading import Kind, Reading

NOW = datetime(2027, 4, 5, 1, 0, tzinfo=UTC)
"""Monday 5 April 2027, 10:00 in Tokyo."""

TODAY = date(2027, 4, 5)

REP = Representative(
    id=RepId("tanaka"),
    name="田中 一郎",
    kana="たなか いちろう",
    email="tanaka@minato.example",
    department="東日本営業部",
    phone="03-0000-0001",
    mailbox_id=MailboxId("tanaka"),
)

HOSPITAL = Organisation(
    id=OrganisationId("aoba"), name="青葉中央病院", region="kanto", domains=("aoba-hp.example",), created_at=NOW
)

BASIS = LegalBasis(Basis.BUSINESS_CARD, date(2027, 4, 5), "面談時に名刺を受領")

DOCTOR = Person(
    id=PersonId("sato"),
    email="sato@aoba-hp.example",
    family_name="佐藤",
    given_name="花子",
    organisation_id=HOSPITAL.id,
    role="clinician",
    specialty="radiology",
    department="放射線科",
    title="部長",
    profession=Profession.DOCTOR,
    legal_basis=BASIS,
    rep_id=REP.id,
    topics=("workload",),
    created_at=NOW,
)

NURSE = replace(
    DOCTOR,
    id=PersonId("suzuki"),
    email="suzuki@aoba-hp.example",
    family_name="鈴木",
    given_name="恵",
    role="nursing",
    specialty=None,
    department="看護部",
    title="師長",
    profession=Profession.NURSE,
)

DEAL = Deal(id=DealId("deal"), organisation_id=HOSPITAL.id, name="画像ビューア", rep_id=REP.id, created_at=NOW)

MEETING = Meeting(
    id=MeetingId("meeting"),
    deal_id=DEAL.id,
    organisation_id=HOSPITAL.id,
    rep_id=REP.id,
    ended_at=NOW,
    subject="画像ビューアのご説明",
    agreements=("読影端末2台で試行する",),
    concerns=(Concern("電子カルテとの連携に手間がかからないか", "integration"),),
    confirmation_question="試行の対象は一般撮影のみという理解でよろしいでしょうか。",
    attendees=(Attendee(DOCTOR.id, Stance.SCEPTICAL), Attendee(NURSE.id, Stance.SUPPORTIVE)),
    recorded_at=NOW,
)

PROMISE = Promise(PromiseId("promise"), MEETING.id, DEAL.id, "連携仕様書をお送りする", due=date(2027, 4, 9))

TEXT = ScenarioText(ScenarioHash("0" * 64), "short", "id: short\n", NOW)

ENROLLMENT = Enrollment(
    id=EnrollmentId("e-sato"),
    person_id=DOCTOR.id,
    organisation_id=HOSPITAL.id,
    scenario_id="short",
    scenario_hash=TEXT.id,
    anchor_at=NOW,
    rep_id=REP.id,
    deal_id=DEAL.id,
    meeting_id=MEETING.id,
    wake_at=NOW,
    enrolled_at=NOW,
)

MAIL = Message(
    id=MessageId("0001-case"),
    person_id=DOCTOR.id,
    rep_id=REP.id,
    organisation_id=HOSPITAL.id,
    enrollment_id=ENROLLMENT.id,
    step_id="case",
    deal_id=DEAL.id,
    mailbox_id=REP.mailbox_id,
    state=MessageState.WAITING,
    planned_on=TODAY,
    planned_at=NOW,
    template="case-study",
    to_address=DOCTOR.email,
    to_name=DOCTOR.name,
    from_address=REP.email,
    from_name="株式会社ミナト 田中 一郎",
    subject="【事例】同規模病院での読影時間の変化",
    body="本文\n",
    header_id="<case@minato.example>",
    unsubscribe_token="token-case",
    rendered_at=NOW,
)


def mail(state: MessageState = MessageState.WAITING, **fields: Any) -> Message:
    """The case mail in another state; approved and later ones carry an approval for exactly that text."""
    made = replace(MAIL, state=state, **fields)
    if state in {MessageState.APPROVED, MessageState.SENDING, MessageState.SENT, MessageState.IN_DOUBT}:
        approval = Approval(REP.id, NOW, made.fingerprint)
        made = replace(made, approvals=(approval,))
    if state is MessageState.SENDING:
        made = replace(made, claimed_by="test", claimed_at=NOW)
    return made


def dossier(*messages: Message, **fields: Any) -> Dossier:
    """The doctor's dossier with these messages."""
    made = Dossier(
        enrollment=ENROLLMENT,
        person=DOCTOR,
        rep=REP,
        organisation=HOSPITAL,
        deal=DEAL,
        meeting=MEETING,
        promises=(PROMISE,),
        messages=messages,
    )
    return replace(made, **fields)


def reading(kind: Kind = Kind.REPLY, **fields: Any) -> Reading:
    """A reading of a mail from the doctor."""
    given: dict[str, Any] = {"kind": kind, "from_": DOCTOR.email, "subject": "Re: 事例", "text": "拝見しました。"}
    return Reading(**{**given, **fields})


def inbound(read: Reading, **fields: Any) -> Inbound:
    """The row of that mail."""
    given: dict[str, Any] = {
        "id": InboundId("in-1"),
        "mailbox_id": MailboxId("tanaka"),
        "key": "<reply@aoba-hp.example>",
        "folder": "INBOX",
        "uid": 1,
        "received_at": NOW,
        "kind": read.kind.value,
        "from_address": read.from_ or "",
        "text": read.text,
        "person_id": DOCTOR.id,
        "enrollment_id": ENROLLMENT.id,
    }
    return Inbound(**{**given, **fields})
