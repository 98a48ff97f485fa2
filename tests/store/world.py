"""A small invented world for the store: one of everything, ready to be varied."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from nurture.core.change import Change, ScenarioText
from nurture.core.deals import Deal, Meeting
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
from nurture.core.messages import (
    Enrollment,
    Entry,
    Inbound,
    Message,
    MessageState,
    Suppression,
    SuppressionScope,
)
from nurture.core.people import Organisation, Person, Representative

if TYPE_CHECKING:
    from nurture.ports import Store

NOW = datetime(2027, 4, 5, 6, 30, 0, 123456, tzinfo=UTC)
TODAY = date(2027, 4, 5)
BOX = MailboxId("sales")
REP = Representative(RepId("tanaka"), "田中 一郎", "tanaka@vendor.example", mailbox_id=BOX)
HOSPITAL = Organisation(OrganisationId("aoba"), "青葉総合病院", domains=("aoba.example",))
SCRIPT = ScenarioText(ScenarioHash("c0ffee"), "warm-lead", "id: warm-lead", NOW)
DEAL = Deal(DealId("deal-1"), HOSPITAL.id, "電子カルテ連携")
MEETING = Meeting(MeetingId("meet-1"), DEAL.id, HOSPITAL.id, REP.id, NOW)


def person(key: str, **fields: object) -> Person:
    """Somebody at the hospital."""
    made = Person(PersonId(key), f"{key}@aoba.example", "佐藤", organisation_id=HOSPITAL.id, rep_id=REP.id)
    return replace(made, **fields)  # type: ignore[arg-type]


def enrollment(key: str, who: str, **fields: object) -> Enrollment:
    """Somebody on the way, who wakes now."""
    made = Enrollment(
        EnrollmentId(key),
        PersonId(who),
        HOSPITAL.id,
        SCRIPT.scenario_id,
        SCRIPT.id,
        NOW,
        REP.id,
        wake_at=NOW,
        enrolled_at=NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def message(key: str, of: str | None, who: str, **fields: object) -> Message:
    """A mail of an enrollment, approved to leave now, its step called by its own id."""
    made = Message(
        MessageId(key),
        PersonId(who),
        REP.id,
        organisation_id=HOSPITAL.id,
        enrollment_id=EnrollmentId(of) if of else None,
        step_id=key,
        mailbox_id=BOX,
        state=MessageState.APPROVED,
        planned_on=TODAY,
        planned_at=NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def inbound(name: str, **fields: object) -> Inbound:
    """A reply."""
    made = Inbound(InboundId(name), BOX, f"<{name}@aoba.example>", "INBOX", 1, NOW, "reply")
    return replace(made, **fields)  # type: ignore[arg-type]


def suppression(key: str, scope: str, value: str, **fields: object) -> Suppression:
    """Silence for ever."""
    made = Suppression(SuppressionId(key), SuppressionScope(scope), value, "unsubscribe", "one_click", NOW)
    return replace(made, **fields)  # type: ignore[arg-type]


def entry(kind: str, **fields: object) -> Entry:
    """A line of the journal."""
    return replace(Entry(NOW, kind, "nurture", {}), **fields)  # type: ignore[arg-type]


async def settle(store: Store, *more: object) -> None:
    """Put the world's fixed part into a store, and more."""
    await store.commit(Change(puts=(REP, HOSPITAL, SCRIPT, DEAL, MEETING, *more)))  # type: ignore[arg-type]


async def populate(store: Store, people: int, each: int = 1) -> None:
    """People ``p0…`` with one enrollment ``e0…`` each, and ``each`` approved messages ``m0-0…`` for everyone."""
    numbers = range(people)
    await settle(
        store,
        *(person(f"p{n}") for n in numbers),
        *(enrollment(f"e{n}", f"p{n}") for n in numbers),
        *(
            message(f"m{n}-{k}", f"e{n}", f"p{n}", planned_at=NOW + timedelta(seconds=n))
            for n in numbers
            for k in range(each)
        ),
    )
