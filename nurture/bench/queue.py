"""A queue of approved letters, invented: what the daemon finds after a busy day of approvals.

Everything is as the product itself would have left it: one person of each hospital, enrolled in the scenario
that ships, the thank-you sent, the case approved and due, the rest of the steps planned. The texts are Japanese
business prose of the size that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core.change import Change, ScenarioText
from nurture.core.ids import (
    EnrollmentId,
    MailboxId,
    MessageId,
    OrganisationId,
    PersonId,
    RepId,
    step_key,
)
from nurture.core.messages import Approval, Enrollment, Message, MessageState
from nurture.core.people import Basis, LegalBasis, Organisation, Person, Profession, Representative
from nurture.core.windows import fraction
from nurture.errors import UserError
from nurture.mail.compose import header_id

if TYPE_CHECKING:
    from nurture.core.change import Entity
    from nurture.core.scenario import Scenario
    from nurture.ports import Store

NOW: Final = datetime(2027, 6, 15, 1, 0, tzinfo=UTC)
"""Tuesday 15 June 2027, 10:00 in Tokyo: an ordinary day, in everybody's hours."""

MAILBOX: Final = MailboxId("bench")
ADDRESS: Final = "sales@vendor.example"
REP: Final = Representative(RepId("bench"), "試験 太郎", ADDRESS, mailbox_id=MAILBOX)
CONTENT: Final = "case-connection-security"
"""Of the content that ships: a case for people in IT."""
STEP: Final = "case"
SPREAD: Final = 3_000
"""Seconds over which the letters were to leave: each at a moment of its own, in no order of their rows."""
BATCH: Final = 500
"""Enrollments in one commit."""
_SENTENCE: Final = "先日ご相談いただきました運用の件につきまして、同規模の病院での導入事例をご紹介いたします。\n"


def text_of(size: int) -> str:
    """Japanese prose whose letter (header and base64 text) has about ``size`` bytes."""
    wanted = max((size - 900) * 3 // 4, 300)
    line = len(_SENTENCE.encode())
    return _SENTENCE * max(1, wanted // line)


@dataclass(frozen=True, slots=True)
class Queue:
    """What is in the queue. The scenario has a step ``case`` on its fourth day, which is the day of ``now``."""

    scenario: Scenario
    size: int  # bytes of a letter, about
    now: datetime = NOW

    async def fill(self, store: Store, count: int) -> None:
        """Put that many letters, and all around them, into an empty store.

        Raises:
            UserError: the database holds something else.
        """
        if people := await store.count(Person):
            raise UserError(
                "The database is not empty: it holds {count} people",
                count=people,
                hint="measure with a database made for it",
            )
        script = self.scenario
        assert script.hash is not None
        await store.commit(Change((REP, ScenarioText(script.hash, script.id, script.text, self._began))))
        for start in range(0, count, BATCH):
            puts = [put for number in range(start, min(start + BATCH, count)) for put in self._one(number)]
            await store.commit(Change(tuple(puts)))

    def letter(self) -> Message:
        """One letter like all of them."""
        return next(put for put in self._one(0) if isinstance(put, Message) and put.step_id == STEP)

    @property
    def _began(self) -> datetime:
        return self.now - timedelta(days=3)

    def _one(self, number: int) -> list[Entity]:
        """A hospital, its person, the enrollment and its mails."""
        hospital = Organisation(OrganisationId(f"h{number:08}"), f"見本第{number}病院", region="kanto")
        person = Person(
            id=PersonId(f"p{number:08}"),
            email=f"person{number}@hospital{number}.example",
            family_name="見本",
            given_name=str(number),
            organisation_id=hospital.id,
            role="it",
            topics=("integration",),
            profession=Profession.ENGINEER,
            legal_basis=LegalBasis(Basis.BUSINESS_CARD, self._began.date(), "面談時に名刺を受領"),
            rep_id=REP.id,
        )
        assert self.scenario.hash is not None
        enrollment = Enrollment(
            id=EnrollmentId(f"e{number:08}"),
            person_id=person.id,
            organisation_id=hospital.id,
            scenario_id=self.scenario.id,
            scenario_hash=self.scenario.hash,
            anchor_at=self._began,
            rep_id=REP.id,
            wake_at=self.now + timedelta(days=2),
            enrolled_at=self._began,
        )
        mails = [self._mail(enrollment, step.id, step.day) for step in self.scenario.steps if step.mail]
        due = [self._due(m, person) if m.step_id == STEP else m for m in mails]
        return [hospital, person, enrollment, *due]

    def _mail(self, enrollment: Enrollment, step: str, day: int) -> Message:
        at = self.now + timedelta(days=day - 4)
        on = at.astimezone(ZoneInfo(self.scenario.timezone)).date()
        key = MessageId(step_key(enrollment.id, step))
        sent = day < 4
        return Message(
            id=key,
            person_id=enrollment.person_id,
            rep_id=REP.id,
            organisation_id=enrollment.organisation_id,
            enrollment_id=enrollment.id,
            step_id=step,
            mailbox_id=MAILBOX,
            state=MessageState.SENT if sent else MessageState.PLANNED,
            nominal=on,
            planned_on=on,
            planned_at=at,
            template=step,
            sent_at=at if sent else None,
            header_id=header_id(key, ADDRESS.rpartition("@")[2]) if sent else "",
        )

    def _due(self, message: Message, person: Person) -> Message:
        ready = replace(
            message,
            state=MessageState.APPROVED,
            planned_at=self.now - timedelta(minutes=1, seconds=fraction(message.id) * SPREAD),
            to_address=person.email,
            to_name=person.name,
            from_address=ADDRESS,
            from_name="見本メディカル株式会社",
            subject="【導入事例】同規模病院での運用のご紹介",
            body=text_of(self.size),
            header_id=header_id(message.id, ADDRESS.rpartition("@")[2]),
            content_id=CONTENT,
            unsubscribe_token=f"bench-{message.id}",
            rendered_at=self._began,
        )
        return replace(ready, approvals=(Approval(REP.id, self._began, ready.fingerprint),))
