"""A mail that came in, matched to a person: what every decision about it is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from nurture.core.ids import RepId
from nurture.core.messages import Entry, Inbound, Message
from nurture.core.people import Person
from nurture.core.reading import Reading

JAPAN: Final = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that came in, matched."""

    inbound: Inbound
    reading: Reading
    person: Person
    answered: Message | None  # ours
    today: date  # the recipient's
    now: datetime
    business_day_after: date  # the first business day after the return, when the reading tells one
    reader: RepId | None = None  # who reads the mailbox, where nobody else is responsible for the person
    zone: ZoneInfo = JAPAN  # the recipient's

    @property
    def bounced_at(self) -> str:
        """The address that a mail came back from: where ours went, which need not be the person's any more."""
        return self.answered.to_address.lower() if self.answered else self.person.email.lower()


def entry(a: Arrival, kind: str, **data: object) -> Entry:
    """A line of the journal about this mail, by whoever it is from."""
    return Entry(
        at=a.now,
        kind=kind,
        actor=a.person.email,
        data={"inbound": a.inbound.id, **data},
        person_id=a.person.id,
        organisation_id=a.person.organisation_id,
        deal_id=a.answered.deal_id if a.answered else None,
        enrollment_id=a.inbound.enrollment_id,
        message_id=a.answered.id if a.answered else None,
    )
