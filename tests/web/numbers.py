"""Half a year of meetings in the journal, the same each time."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core.change import Change
from nurture.core.ids import DealId, EnrollmentId, MessageId, OrganisationId
from nurture.core.messages import Entry
from tests.web.world import NOW, SATO, SCENARIO, TANAKA

if TYPE_CHECKING:
    from datetime import datetime

    from nurture.ports import Store

MEETINGS = 90


def _lines(rnd: random.Random, number: int) -> list[Entry]:
    end = NOW - timedelta(days=rnd.randrange(175), minutes=rnd.randrange(600))
    rep = (SATO, TANAKA)[number % 3 == 0]
    late = rep is TANAKA
    deal = DealId(f"deal-{number // 2}")

    def said(at: datetime, kind: str, step: str = "", **data: object) -> Entry:
        """One line."""
        return Entry(
            at,
            kind,
            rep.id,
            ({"step": step} if step else {}) | data,
            organisation_id=OrganisationId(f"org-{number}"),
            deal_id=deal,
            enrollment_id=EnrollmentId(f"past-{number}") if kind != "meeting.recorded" else None,
            message_id=MessageId(f"past-{number}-{step}") if step and not kind.startswith("task") else None,
        )

    key = f"met-{number}"
    at = end + timedelta(minutes=rnd.randrange(4, 90))
    lines = [
        said(at, "meeting.recorded", meeting=key, ended_at=end.isoformat()),
        said(at, "enrollment.started", scenario=SCENARIO.id, rep=rep.id, meeting=key, thanks="thanks"),
    ]
    if rnd.random() < 0.93:
        sent = at + timedelta(minutes=rnd.randrange(10, 500 if late else 190))
        lines.append(said(sent, "message.sent", "thanks"))
        if rnd.random() < (0.5 if late else 0.8):
            reply = sent + timedelta(hours=rnd.randrange(1, 200))
            lines.append(said(reply, "inbound.reply", "thanks", case="agreement"))
            if rnd.random() < 0.6:
                lines.append(said(reply, "inbound.agreed", "thanks"))
    lines += [
        said(end + timedelta(days=day), "message.sent", step)
        for step, day in (("case", 4), ("seminar", 11))
        if rnd.random() < 0.8
    ]
    lines += [
        said(end + timedelta(days=rnd.randrange(5, 40)), "task.done", task, task=task, rep=rep.id)
        for task in ("call", "visit", "linkedin", "congress", "pilot")
        if rnd.random() < (0.4 if task in {"call", "visit"} else 0.1)
    ]
    return [line for line in lines if line.at < NOW]


async def remember_numbers(store: Store) -> None:
    """Put them there."""
    rnd = random.Random(26)
    lines = sorted((line for n in range(MEETINGS) for line in _lines(rnd, n)), key=lambda line: line.at)
    await store.commit(Change((), tuple(lines)))
