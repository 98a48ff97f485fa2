"""The record of a meeting as somebody wrote it down (practice A1 to A5), and what must not be missing in it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture.core.deals import Concern, PagePointer, Stance
from nurture.core.people import LegalBasis, Profession
from nurture.errors import UserError, UserErrors
from nurture.mail.address import check_address
from nurture.mail.header import refuse_control
from nurture.mail.patients import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from nurture.core.deals import Deal
    from nurture.core.ids import RepId
    from nurture.core.people import Representative
    from nurture.core.scenario import Scenario
    from nurture.files.meeting import AttendeeForm, MeetingForm
    from nurture.ports import Library


@dataclass(frozen=True, slots=True)
class AttendeeRecord:
    """Somebody who was there. Somebody new needs at least ``email`` and ``family_name``."""

    email: str
    stance: Stance = Stance.UNKNOWN
    remark: str = ""
    family_name: str = ""
    given_name: str = ""
    role: str | None = None
    specialty: str | None = None
    department: str | None = None
    title: str | None = None
    profession: Profession | None = None
    topics: tuple[str, ...] = ()
    legal_basis: LegalBasis | None = None


@dataclass(frozen=True, slots=True)
class PromiseRecord:
    """Who does what by when."""

    text: str
    owner: str = "us"  # us | them
    owner_name: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """What a representative writes down within five minutes (A1).

    ``key``: what was recorded by this representative under the same key is not recorded again.
    """

    organisation: str
    ended_at: datetime  # aware
    rep_id: RepId
    attendees: tuple[AttendeeRecord, ...]
    scenario: str = "warm-lead-30d"
    subject: str = ""
    place: str = ""
    agreements: tuple[str, ...] = ()
    concerns: tuple[Concern, ...] = ()
    confirmation_question: str = ""
    promises: tuple[PromiseRecord, ...] = ()
    material: str = ""
    pointers: tuple[PagePointer, ...] = ()
    dates: tuple[tuple[str, date], ...] = ()
    private_note: str = ""
    deal_name: str = ""
    product: str = ""
    phase: int | None = None
    competitor: str | None = None  # None: nothing was said; empty: there is none any more
    contract_end: date | None = None
    organisation_kind: str = "hospital"
    region: str | None = None
    key: str = ""


FILLED = {
    "agreements": lambda r: bool(r.agreements),
    "concerns": lambda r: bool(r.concerns),
    "confirmation_question": lambda r: bool(r.confirmation_question.strip()),
    "next_actions": lambda r: bool(r.promises),
    "promises": lambda r: bool(r.promises),
}
"""How a step's ``requires`` is met by a record (A3, A4: a draft that lacks them cannot be queued)."""


def missing(record: MeetingRecord, scenario: Scenario) -> list[UserError]:
    """What the scenario's minutes need and the record does not have (A3, A4)."""
    needed = {name for step in scenario.steps for name in step.requires}
    return [
        UserError(
            "The record has no {field}",
            hint="The thank-you is also the minutes: agreed points, next actions, one yes/no question",
            field=name,
        )
        for name in sorted(needed & set(FILLED))
        if not FILLED[name](record)
    ]


def check(record: MeetingRecord, scenario: Scenario) -> None:
    """Refuse a record from which the scenario's minutes could not be written.

    Raises:
        UserErrors: all that is missing, before anything is written.
    """
    errors = missing(record, scenario)
    if not record.attendees:
        errors.append(UserError("Nobody attended this meeting"))
    for place, said in _written(record):
        try:
            check_address(said.strip()) if place == "email" else refuse_control(place, said.strip())
        except UserError as error:
            errors.append(error)
    for place, said in _noted(record):
        try:
            refuse(place, said)
        except UserError as error:
            errors.append(error)
    seen = [a.email.strip().lower() for a in record.attendees]
    errors += [UserError("{email} attends twice", email=e) for e in sorted({e for e in seen if seen.count(e) > 1})]
    if record.ended_at.tzinfo is None:
        errors.append(UserError("The end of the meeting has no time zone"))
    if errors:
        raise UserErrors(tuple(errors))


def _written(record: MeetingRecord) -> Iterator[tuple[str, str]]:
    """What stands in a header or an addressee block, with the name of its field."""
    yield "organisation", record.organisation
    yield "subject", record.subject
    for attendee in record.attendees:
        yield "email", attendee.email
        for name in ("family_name", "given_name", "department", "title"):
            yield name, getattr(attendee, name) or ""


def _noted(record: MeetingRecord) -> Iterator[tuple[str, str]]:
    """What is written freely, private notes among it: data of patients are kept nowhere."""
    yield "subject", record.subject
    yield "agreements", "\n\n\n".join(record.agreements)
    yield "concerns", "\n\n\n".join(concern.text for concern in record.concerns)
    yield "confirmation_question", record.confirmation_question
    yield "promises", "\n\n\n".join(promise.text for promise in record.promises)
    yield "private_note", record.private_note
    for attendee in record.attendees:
        yield "remark", attendee.remark


NOBODY: Final = frozenset({"-", "–", "—", "−", "ー", "なし", "無し", "none"})
"""What people write who mean that there is no competitor any more."""


def rivals(library: Library, deals: Iterable[Deal]) -> tuple[str, ...]:
    """The competitors that are named anywhere, so that one is written the same way each time: names must be equal
    for a step or a content item to fit. A file that is broken names nobody; that is not what is asked here.
    """
    named = {deal.competitor for deal in deals if deal.competitor}
    with suppress(UserError):
        named |= {name for item in library.content() for name in item.competitors}
    with suppress(UserError):
        steps = [step for scenario in library.scenarios() for step in scenario.steps]
        named |= {name for step in steps for name in step.when.competitors or ()}
    return tuple(sorted(named))


def rival(said: str, known: Sequence[str]) -> str | None:
    """A competitor's name as it is known; empty when there is none any more; None when nothing was said."""
    if said.strip().casefold() in NOBODY:
        return ""
    return next((name for name in known if name.casefold() == said.strip().casefold()), said.strip()) or None


def of(form: MeetingForm, by: Representative, scenario: str | None = None) -> MeetingRecord:
    """What a form or a file says; a time without an offset is the representative's."""
    return MeetingRecord(
        organisation=form.organisation,
        ended_at=form.ended(by.timezone),
        rep_id=by.id,
        attendees=tuple(_attendee(a) for a in form.attendees),
        scenario=scenario or form.scenario,
        subject=form.subject,
        place=form.place,
        agreements=form.agreements,
        concerns=tuple(Concern(c.text, c.topic) for c in form.concerns),
        confirmation_question=form.confirmation_question,
        promises=tuple(PromiseRecord(p.text, p.owner, p.owner_name, p.due) for p in form.promises),
        material=form.material,
        pointers=tuple(PagePointer(p.topic, p.page, p.label) for p in form.pointers),
        dates=tuple(form.dates.items()),
        private_note=form.private_note,
        deal_name=form.deal,
        product=form.product,
        phase=form.phase,
        competitor=form.competitor,
        contract_end=form.contract_end,
        organisation_kind=form.organisation_kind,
        region=form.region,
    )


def _attendee(a: AttendeeForm) -> AttendeeRecord:
    return AttendeeRecord(
        email=a.email,
        stance=a.stance,
        remark=a.remark,
        family_name=a.family_name,
        given_name=a.given_name,
        role=a.role,
        specialty=a.specialty,
        department=a.department,
        title=a.title,
        profession=a.profession,
        topics=a.topics,
        legal_basis=LegalBasis(a.basis.kind, a.basis.on, a.basis.evidence) if a.basis else None,
    )
