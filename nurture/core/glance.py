"""What is read beside each claimed letter: as little as the last look needs, in one flat record.

A dossier is all that is known of an enrollment, in a dozen values that are read by a dozen questions. Nearly every
letter that is claimed leaves as it was approved, and that can be said from the few facts that are here. Whatever a
glance cannot say (an absence, closures of the hospital, a suppression of any kind) it only mentions: then the
dossier is read, and decides (``flows.departures``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nurture.core.deals import TaskState
from nurture.core.messages import MessageState

if TYPE_CHECKING:
    from datetime import date, datetime

    from nurture.core.dossier import Dossier
    from nurture.core.ids import EnrollmentId, MailboxId, MessageId
    from nurture.core.messages import EnrollmentState

UNTOLD = frozenset({MessageState.PLANNED, MessageState.WAITING})
"""Other mails of an enrollment that a glance leaves out: what is not approved is in nobody's way today."""


class Other(NamedTuple):
    """Another mail of the same enrollment that is not ``UNTOLD``."""

    step_id: str
    state: MessageState
    on: date | None  # ``planned_on``
    at: datetime | None  # ``planned_at``
    mailbox_id: MailboxId | None
    id: MessageId


class Near(NamedTuple):
    """A mail of another enrollment that has left, or may have: to this person, or to the organisation lately."""

    on: date
    own: bool  # to this person
    theirs: bool  # to the person's organisation
    id: MessageId


class Glance(NamedTuple):
    """The facts. Those of a person that an organisation can fill in are filled in."""

    enrollment_id: EnrollmentId
    state: EnrollmentState
    holds: int
    scenario_id: str
    scenario_hash: str
    variant: str | None
    anchor_at: datetime
    shift_days: int
    email: str
    role: str | None
    specialty: str | None
    department: str | None
    region: str | None
    organisation: str | None  # its name
    organisation_kind: str | None
    timezone: str | None
    allows_mail: bool  # the legal basis does
    mailbox_id: MailboxId | None  # the one that the representative has now
    special: bool  # an absence, closures, another organisation than the person's: only the dossier says more
    suppressed: bool  # something in force concerns this person, if only a topic
    replied: bool
    others: tuple[Other, ...]
    tasks: tuple[
        tuple[str, date | None], ...
    ]  # steps of this enrollment that are tasks and begun; when they are due
    near: tuple[Near, ...]


def glance(dossier: Dossier, but: MessageId) -> Glance:
    """What a claim of the message ``but`` reads, made of a whole dossier: the contract of ``Store.claim``."""
    enrollment, person, organisation = dossier.enrollment, dossier.person, dossier.organisation
    return Glance(
        enrollment_id=enrollment.id,
        state=enrollment.state,
        holds=enrollment.holds,
        scenario_id=enrollment.scenario_id,
        scenario_hash=enrollment.scenario_hash,
        variant=enrollment.variant,
        anchor_at=enrollment.anchor_at,
        shift_days=enrollment.shift_days,
        email=person.email,
        role=person.role,
        specialty=person.specialty,
        department=person.department,
        region=person.region or (organisation.region if organisation else None),
        organisation=organisation.name if organisation else None,
        organisation_kind=organisation.kind if organisation else None,
        timezone=person.timezone or (organisation.timezone if organisation else None),
        allows_mail=person.legal_basis.allows_mail,
        mailbox_id=dossier.rep.mailbox_id,
        special=is_special(
            away=person.away is not None,
            closures=organisation is not None and bool(organisation.closures),
            elsewhere=enrollment.organisation_id not in {None, person.organisation_id},
            email=person.email,
        ),
        suppressed=bool(dossier.suppressions),
        replied=dossier.replied,
        others=tuple(
            Other(m.step_id, m.state, m.planned_on, m.planned_at, m.mailbox_id, m.id)
            for m in sorted(dossier.messages, key=lambda m: m.id)
            if m.id != but and m.state not in UNTOLD
        ),
        tasks=tuple(
            (task.step_id, task.due_at.date() if task.due_at else None)
            for task in sorted(dossier.tasks, key=lambda task: task.step_id or "")
            if task.step_id is not None and task.state is not TaskState.PLANNED
        ),
        near=tuple(
            Near(t.on, t.person_id == person.id, _same(t.organisation_id, person.organisation_id), t.message_id)
            for t in sorted(dossier.touches, key=lambda t: t.message_id)
            if t.sent and t.enrollment_id != enrollment.id
        ),
    )


def is_special(*, away: bool, closures: bool, elsewhere: bool, email: str) -> bool:
    """Whether a glance is not enough, whatever else it says.

    Args:
        away: the person is, or was, absent.
        closures: the organisation has some.
        elsewhere: the enrollment's organisation is not the person's.
        email: an address with letters that databases and we put in lower case differently.
    """
    return away or closures or elsewhere or not email.isascii()


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other
