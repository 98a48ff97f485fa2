"""A queue of approved letters, invented: what the daemon finds after a busy day of approvals.

Everything is as the product itself would have left it: one person of each hospital, enrolled in the scenario
that ships, the thank-you sent, the case approved and due, the rest of the steps planned. The texts are Japanese
business prose of the size that was asked for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.change import Change, ScenarioText
from nurture.core.ids import (
    EnrollmentId,
    MailboxId,
    MessageId,
    OrganisationId,
    PersonId,
    RepId,
    ScenarioHash,
    step_key,
)
from nurture.core.messages import Approval, Enrollment, Message, MessageState
from nurture.core.people import Basis, LegalBasis, Organisation, Person, Profession, Representative
from nurture.errors import UserError
from nurture.mail.compose import header_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nurture.core.change import Entity
    from nurture.core.scenario import Scenario
    from nurture.ports import Store

NOW: Final = datetime(2027, 6, 15, 1, 0, tzinfo=UTC)
"""Tuesday 15 June 2027, 10:00 in Tokyo: an ordinary day, in everybody's hours."""

TODAY: Final = date(2027, 6, 15)
MAILBOX: Final = MailboxId("bench")
ADDRESS: Final = "sales@vendor.example"
REP: Final = Representative(RepId("bench"), "試験 太郎", ADDRESS, mailbox_id=MAILBOX)
CONTENT: Final = "case-connection-security"
"""Of the content that ships: a case for people in IT."""
STEP: Final = "case"
_ANCHOR: Final = NOW - timedelta(days=3)
_BASIS: Final = LegalBasis(Basis.BUSINESS_CARD, date(2027, 6, 1), "面談時に名刺を受領")
_SENTENCE: Final = "先日ご相談いただきました運用の件につきまして、同規模の病院での導入事例をご紹介いたします。\n"


def text_of(size: int) -> str:
    """Japanese prose whose letter (header and base64 text) has about ``size`` bytes."""
    wanted = max((size - 900) * 3 // 4, 300)
    line = len(_SENTENCE.encode())
    return _SENTENCE * max(1, wanted // line)


def scenario_text(scenario: Scenario) -> ScenarioText:
    """The row that keeps the text with which the invented people began."""
    assert scenario.hash is not None
    return ScenarioText(scenario.hash, scenario.id, scenario.text, _ANCHOR)


async def prepare(store: Store, scenario: Scenario, count: int, size: int) -> None:
    """Fill an empty store.

    Raises:
        UserError: the database holds something else.
    """
    if people := await store.count(Person):
        raise UserError(
            "The database is not empty: it holds {count} people",
            count=people,
            hint="measure with a database made for it",
        )
    for change in changes(scenario, count, size):
        await store.commit(change)


def sample(size: int) -> Message:
    """One letter like all of them."""
    person = _person(0)
    enrollment = _enrollment(person, 0, "", ScenarioHash("0" * 64))
    return _due(_mail(person, enrollment, STEP, 4), person, text_of(size))


def changes(scenario: Scenario, count: int, size: int, batch: int = 500) -> Iterator[Change]:
    """``count`` enrollments with one approved, due letter each, in commits of ``batch`` enrollments.

    Args:
        scenario: the one that ships; it must have the step ``case``.
        count: how many letters.
        size: of a letter, in bytes, about.
        batch: enrollments in one commit.
    """
    yield Change((REP, scenario_text(scenario)))
    body = text_of(size)
    puts: list[Entity] = []
    for number in range(count):
        puts += _one(scenario, number, body)
        if (number + 1) % batch == 0:
            yield Change(tuple(puts))
            puts = []
    if puts:
        yield Change(tuple(puts))


def _one(scenario: Scenario, number: int, body: str) -> list[Entity]:
    """A hospital, its person, the enrollment and its five mails."""
    assert scenario.hash is not None
    person = _person(number)
    assert person.organisation_id is not None
    hospital = Organisation(person.organisation_id, f"見本第{number}病院", region="kanto")
    enrollment = _enrollment(person, number, scenario.id, scenario.hash)
    mails = [_mail(person, enrollment, step.id, step.day) for step in scenario.steps if step.mail]
    due = [_due(m, person, body) if m.step_id == STEP else m for m in mails]
    return [hospital, person, enrollment, *due]


def _person(number: int) -> Person:
    return Person(
        id=PersonId(f"p{number:08}"),
        email=f"person{number}@hospital{number}.example",
        family_name="見本",
        given_name=str(number),
        organisation_id=OrganisationId(f"h{number:08}"),
        role="it",
        topics=("integration",),
        profession=Profession.ENGINEER,
        legal_basis=_BASIS,
        rep_id=REP.id,
    )


def _enrollment(person: Person, number: int, scenario_id: str, scenario_hash: ScenarioHash) -> Enrollment:
    return Enrollment(
        id=EnrollmentId(f"e{number:08}"),
        person_id=person.id,
        organisation_id=person.organisation_id,
        scenario_id=scenario_id,
        scenario_hash=scenario_hash,
        anchor_at=_ANCHOR,
        rep_id=REP.id,
        wake_at=NOW + timedelta(days=2),
        enrolled_at=_ANCHOR,
    )


def _mail(person: Person, enrollment: Enrollment, step: str, day: int) -> Message:
    on = TODAY + timedelta(days=day - 4)
    key = MessageId(step_key(enrollment.id, step))
    sent = on < TODAY
    return Message(
        id=key,
        person_id=person.id,
        rep_id=REP.id,
        organisation_id=person.organisation_id,
        enrollment_id=enrollment.id,
        step_id=step,
        mailbox_id=MAILBOX,
        state=MessageState.SENT if sent else MessageState.PLANNED,
        nominal=on,
        planned_on=on,
        planned_at=NOW + timedelta(days=day - 4),
        template=step,
        sent_at=_ANCHOR if sent else None,
        header_id=header_id(key, ADDRESS.rpartition("@")[2]) if sent else "",
    )


def _due(message: Message, person: Person, body: str) -> Message:
    ready = replace(
        message,
        state=MessageState.APPROVED,
        planned_at=NOW - timedelta(minutes=1),
        to_address=person.email,
        to_name=person.name,
        from_address=ADDRESS,
        from_name="見本メディカル株式会社",
        subject="【導入事例】同規模病院での運用のご紹介",
        body=body,
        header_id=header_id(message.id, ADDRESS.rpartition("@")[2]),
        content_id=CONTENT,
        unsubscribe_token=f"bench-{message.id}",
        rendered_at=_ANCHOR,
    )
    return replace(ready, approvals=(Approval(REP.id, _ANCHOR, ready.fingerprint),))
