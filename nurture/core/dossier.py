"""The file that a flow decides on: all that is known about one enrollment, read at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from nurture.core.deals import Deal, Meeting, Promise, Task
    from nurture.core.ids import EnrollmentId, MessageId, OrganisationId, PersonId
    from nurture.core.messages import Enrollment, Message, Suppression
    from nurture.core.people import Organisation, Person, Representative


@dataclass(frozen=True, slots=True)
class Touch:
    """A mail that counts for pace: sent, or planned and not ended. ``on`` is the recipient's local date."""

    message_id: MessageId
    person_id: PersonId
    organisation_id: OrganisationId | None
    enrollment_id: EnrollmentId | None
    on: date
    sent: bool
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """One enrollment with everything around it, as of one read.

    ``messages`` and ``tasks`` are this enrollment's; ``touches`` are all mails to this person (ever)
    and to others of the organisation (from at least 40 days back), this enrollment's included.
    ``organisation`` is the enrollment's, else the person's. ``promises`` are those of the deal (of one
    meeting: filter by ``meeting_id``), or of the meeting where there is no deal.
    """

    enrollment: Enrollment
    person: Person
    rep: Representative
    organisation: Organisation | None = None
    deal: Deal | None = None
    meeting: Meeting | None = None
    promises: tuple[Promise, ...] = ()
    messages: tuple[Message, ...] = ()
    tasks: tuple[Task, ...] = ()
    touches: tuple[Touch, ...] = ()
    suppressions: tuple[Suppression, ...] = ()  # those in force that match this person
    replied: bool = False  # a person's reply to this enrollment has been read

    @property
    def id(self) -> EnrollmentId:
        """The enrollment's id: a dossier is known by it."""
        return self.enrollment.id

    def message(self, step: str) -> Message | None:
        """This enrollment's mail for a step, if it exists."""
        return next((m for m in self.messages if m.step_id == step), None)
