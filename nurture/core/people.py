"""Organisations, the people in them, and the representatives who write to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from nurture.core.ids import MailboxId, MessageId, OrganisationId, PersonId, RepId

ROLES: Final = (
    "clinician",
    "nursing",
    "executive",
    "it",
    "clinical_engineer",
    "procurement",
    "radiographer",
    "laboratory",
    "pharmacy",
)
"""Roles that ship with templates and calendars; others are allowed and warned about."""

ORGANISATION_KINDS: Final = (
    "hospital",
    "university_hospital",
    "clinic",
    "health_check_center",
    "care_facility",
)
"""Kinds that the shipped calendars know; others are allowed."""


class Profession(StrEnum):
    """What a person is by training, which decides the honorific (not the department does)."""

    DOCTOR = "doctor"
    DENTIST = "dentist"
    PROFESSOR = "professor"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    TECHNOLOGIST = "technologist"
    ENGINEER = "engineer"
    ADMINISTRATOR = "administrator"
    OTHER = "other"


class Basis(StrEnum):
    """Why we may write (特定電子メール法: consent, or one of its exceptions)."""

    CONSENT = "consent"
    BUSINESS_CARD = "business_card"
    RELATIONSHIP = "relationship"
    PUBLISHED = "published"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """The basis for mail to one address, since when, and what proves it. With ``NONE`` nothing is sent."""

    kind: Basis = Basis.NONE
    on: date | None = None
    evidence: str = ""

    @property
    def allows_mail(self) -> bool:
        """Whether the basis is one of the law's, and is dated and documented."""
        return self.kind is not Basis.NONE and self.on is not None and bool(self.evidence.strip())


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which one organisation is not to be written to: accreditation visit, inspection, anniversary, or the
    quiet week after a proposal (practice C17).

    ``start`` and ``end`` are inclusive local dates; a quiet period that somebody ended ends before its start, so
    that the mail which began it does not begin it again.
    """

    start: date
    end: date
    name: str
    effect: str = "blackout"  # blackout | holiday | quiet: no mail but thank-yous and notices
    message_id: MessageId | None = None  # the mail that began it

    @property
    def is_over(self) -> bool:
        """Whether somebody ended it before it came."""
        return self.end < self.start


@dataclass(frozen=True, slots=True)
class Organisation:
    """A hospital, clinic or the like."""

    id: OrganisationId
    name: str  # in full, as the addressee block shows it
    kind: str = "hospital"
    region: str | None = None
    timezone: str | None = None
    domains: tuple[str, ...] = ()  # mail domains, lower case, to recognise colleagues
    closures: tuple[Closure, ...] = ()
    private_note: str = ""  # never reachable from a template
    created_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Away:
    """An absence that a person told us. No mail before ``resume_on`` (scheduling: day after the return
    plus one business day; 14 days when no date could be read; never more than 100).
    """

    noted_on: date
    resume_on: date
    back: date | None = None  # the first day at work again, when it was said
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who receives mail."""

    id: PersonId
    email: str
    family_name: str
    given_name: str = ""
    kana: str = ""
    organisation_id: OrganisationId | None = None
    role: str | None = None
    specialty: str | None = None
    department: str | None = None
    title: str | None = None  # 部長, 師長 …
    profession: Profession = Profession.OTHER
    region: str | None = None  # else the organisation's
    timezone: str | None = None  # IANA name; else the organisation's, else the scenario's
    language: str = "ja"
    legal_basis: LegalBasis = LegalBasis()
    rep_id: RepId | None = None
    topics: tuple[str, ...] = ()  # concerns as topic slugs, the main one first
    away: Away | None = None
    successor_id: PersonId | None = None
    private_note: str = ""  # never reachable from a template
    created_at: datetime | None = None
    version: int = 0

    @property
    def name(self) -> str:
        """Family and given name as the addressee block shows them."""
        return f"{self.family_name} {self.given_name}".strip()

    @property
    def honorific(self) -> str:
        """先生 for doctors, dentists and professors, also in an office such as 院長; else 様.

        先生様, or a title with 先生, would be errors; so the honorific is never combined with the title
        (facts on Japanese business mail).
        """
        return "先生" if self.profession in {Profession.DOCTOR, Profession.DENTIST, Profession.PROFESSOR} else "様"


_PROFESSORS: Final = re.compile(r"教授(?!秘書|室|付)")
_DOCTORS: Final = re.compile(
    r"(?:^|[\s・/／、兼])(?:名誉院長|総院長|病院長|院長|医長|医員|研修医|専攻医)(?=$|[\s・/／、兼(（])"
)
_TRAINED: Final = {
    "clinician": Profession.DOCTOR,
    "nursing": Profession.NURSE,
    "pharmacy": Profession.PHARMACIST,
}
_WORKS_AS: Final = {
    Profession.DOCTOR: "clinician",
    Profession.DENTIST: "clinician",
    Profession.NURSE: "nursing",
    Profession.PHARMACIST: "pharmacy",
}
_HEADS: Final = re.compile(r"院長|理事長")


def profession_of(role: str | None, title: str | None) -> Profession | None:
    """What role and title leave no doubt about, or None.

    A professor is one wherever they work; the head of a hospital is a doctor by law (医療法 10 条), a
    vice-head may be a nurse; who works as a clinician is a doctor unless it is said otherwise.
    """
    if title and _PROFESSORS.search(title):
        return Profession.PROFESSOR
    if title and _DOCTORS.search(title):
        return Profession.DOCTOR
    return _TRAINED.get(role or "")


def role_of(profession: Profession, title: str | None) -> str | None:
    """The role that a profession leaves no doubt about: windows, wording and content follow it.

    The head of a hospital is written to as one who runs it; technologists work in several fields.
    """
    if profession in {Profession.DOCTOR, Profession.DENTIST} and title and _HEADS.search(title):
        return "executive"
    return _WORKS_AS.get(profession)


def described(person: Person, *, role: str | None, title: str | None, profession: Profession | None) -> Person:
    """The person with what a record or a list says about the position; what it leaves open is inferred.

    None and empty texts change nothing. Nothing is inferred about somebody whose position is as it was: a
    second reading of the same list must not undo what a person has put right.
    """
    role, title = role or person.role, title or person.title
    moved = (role, title) != (person.role, person.title)
    known = person.profession if person.profession is not Profession.OTHER else None
    trained = profession or known or (profession_of(role, title) if moved else None) or person.profession
    works = role or (role_of(trained, title) if moved or trained != person.profession else None)
    return replace(person, role=works, title=title, profession=trained)


class AccessRole(StrEnum):
    """What somebody may see and do at the desk."""

    REP = "rep"
    OPERATIONS = "operations"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Representative:
    """Somebody of ours: a sales representative, a manager, marketing operations or an administrator.

    Kept in config.toml, mirrored in the store when the daemon starts.
    """

    id: RepId
    name: str
    email: str
    kana: str = ""
    department: str = ""
    title: str = ""
    phone: str = ""
    mailbox_id: MailboxId | None = None
    manager_id: RepId | None = None
    deputy_ids: tuple[RepId, ...] = ()
    access: tuple[AccessRole, ...] = (AccessRole.REP,)
    language: str = "ja"
    timezone: str = "Asia/Tokyo"
    active: bool = True
    version: int = 0
