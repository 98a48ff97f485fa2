"""What stands beside a mail that waits: remarks about its text, and the days around its date."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nurture import explain
from nurture.core.findings import Finding, Grade
from nurture.core.messages import MessageState
from nurture.core.states import QUEUED
from nurture.errors import UserError
from nurture.flows import redating
from nurture.mail.address import domain_of
from nurture.render.remarks import remarks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from nurture.core.deals import Deal
    from nurture.core.messages import Message
    from nurture.web.visit import Visit

BESIDE = 3
"""Days before and after the date that the strip shows."""


@dataclass(frozen=True, slots=True)
class Around:
    """A day of the strip: what stands against it, in words."""

    on: date
    against: str
    own: bool


def noted(visit: Visit, message: Message, deal: Deal | None) -> tuple[Sequence[Finding], Sequence[Finding]]:
    """What to look at twice, and what is as it should be."""
    if message.state not in QUEUED or not message.body:
        return (), ()
    company = visit.doors.settings.company
    found = remarks(
        message.subject,
        message.body,
        competitors=(deal.competitor,) if deal and deal.competitor else (),
        own=(domain_of(company.mail), domain_of(message.from_address)),
        thanks=message.deadline is not None,
    )
    return (
        [one for one in found if one.grade is not Grade.PASS],
        [one for one in found if one.grade is Grade.PASS],
    )


async def strip(visit: Visit, message: Message) -> list[Around]:
    """The days around the date of a mail that waits; none where the plan cannot be made now."""
    if message.state is not MessageState.WAITING or message.planned_on is None:
        return []
    try:
        days = await redating.days(visit.doors, message)
    except UserError:
        return []
    place = next((n for n, day in enumerate(days) if day.on == message.planned_on), None)
    if place is None:
        return []
    near = days[max(0, place - BESIDE) : place + BESIDE + 1]
    return [
        Around(
            day.on,
            explain.move(visit.w, replace(day.against, from_=None), visit.names) if day.against else "",
            day.on == message.planned_on,
        )
        for day in near
    ]
