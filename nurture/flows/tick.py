"""The beat: enrollments whose moment has come are planned again, their mails drafted, moved, ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from nurture.core import progress, reactions, survey
from nurture.core.change import Change
from nurture.core.dossier import Dossier, Touch
from nurture.core.messages import MessageState
from nurture.errors import StaleVersion, UserError
from nurture.flows import drafting

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from nurture.core.ids import EnrollmentId
    from nurture.core.progress import Advance
    from nurture.core.scenario import Scenario
    from nurture.ports import Doors


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one beat did: enrollments looked at, changes written, and those that somebody else changed first."""

    seen: int = 0
    written: int = 0
    stale: int = 0


async def tick(doors: Doors, limit: int = 200) -> Ticked:
    """Look at up to ``limit`` due enrollments. Those that turn out stale stay due for the next beat."""
    now = doors.clock.now()
    return await _advance_all(doors, await doors.store.due(now, limit), now)


async def advance(doors: Doors, enrollments: Collection[EnrollmentId]) -> Ticked:
    """The same for chosen enrollments, at once (after a meeting was recorded)."""
    now = doors.clock.now()
    return await _advance_all(doors, await doors.store.dossiers(enrollments, now), now)


async def _advance_all(doors: Doors, dossiers: Sequence[Dossier], now: datetime) -> Ticked:
    if not dossiers:
        return Ticked()
    scripts = await drafting.scripts(doors, [d.enrollment.scenario_hash for d in dossiers])
    planned: dict[EnrollmentId, tuple[Touch, ...]] = {}
    changes = []
    for dossier in dossiers:
        change, result = _decide(doors, dossier, scripts[dossier.enrollment.scenario_hash], now, planned)
        if result is not None:
            planned[dossier.id] = _touches(result)
        changes.append(change)
    return await _commit(doors, [c for c in changes if c], len(dossiers))


async def _commit(doors: Doors, changes: Sequence[Change], seen: int) -> Ticked:
    """All at once; if somebody wrote to one of them meanwhile, one by one without that one."""
    total = Change()
    for change in changes:
        total += change
    try:
        if total:
            await doors.store.commit(total)
        return Ticked(seen, len(changes))
    except StaleVersion:
        stale = 0
        for change in changes:
            try:
                await doors.store.commit(change)
            except StaleVersion:
                stale += 1
        return Ticked(seen, len(changes) - stale, stale)


def _decide(
    doors: Doors,
    dossier: Dossier,
    scenario: Scenario,
    now: datetime,
    planned: dict[EnrollmentId, tuple[Touch, ...]],
) -> tuple[Change, Advance | None]:
    if not progress.is_running(dossier):
        return Change(), None
    if (ended := _must_end(dossier, now)) is not None:
        return ended, None
    try:
        calendars = doors.library.calendars(scenario, dossier.organisation)
        seen = survey.survey(
            dossier, scenario, calendars, doors.library.content(), now, touches=_overlaid(dossier, planned)
        )
        result = progress.advance(seen, now, doors.settings.work.draft_days)
        return drafting.written(doors, seen, result, now)
    except UserError as error:
        later = replace(dossier.enrollment, wake_at=now + timedelta(hours=1))
        said = progress.entry(dossier, "enrollment.unplannable", now, problem=error.with_place)
        return Change((later,), (said,)), None


def _must_end(dossier: Dossier, now: datetime) -> Change | None:
    """Stop for what makes further mail wrong: suppression, an address that a server refused, no legal basis."""
    refusal = progress.refusal(dossier)
    if refusal == "suppressed":
        return reactions.stop(dossier, dossier.suppressions[0].reason, now)
    if any(m.state is MessageState.FAILED and m.reason == "refused_recipient" for m in dossier.messages):
        row = reactions.suppression(dossier.person.email, "bounce", "bounce", now, "refused by the server")
        return reactions.stop(dossier, "bounce", now) + Change((row,))
    if refusal is not None:
        return reactions.pause(dossier, refusal, now)
    return None


def _touches(result: Advance) -> tuple[Touch, ...]:
    """The enrollment's unsent mails as they stand after this beat, as touches for the rest of the batch."""
    changed = {m.id: m for m in result.messages}
    unsent = [changed.get(m.id, m) for m in result.planned]
    return tuple(
        Touch(
            m.id,
            m.person_id,
            m.organisation_id,
            m.enrollment_id,
            m.planned_on,
            sent=False,
            content_id=m.content_id,
        )
        for m in unsent
        if m.planned_on is not None
    )


def _overlaid(dossier: Dossier, planned: dict[EnrollmentId, tuple[Touch, ...]]) -> tuple[Touch, ...]:
    """The dossier's touches with what this batch has planned meanwhile for the same person and organisation."""
    kept = [t for t in dossier.touches if t.enrollment_id not in planned or t.sent]
    person = dossier.person
    fresh = [
        t
        for touches in planned.values()
        for t in touches
        if t.person_id == person.id or (t.organisation_id and t.organisation_id == person.organisation_id)
    ]
    return (*kept, *fresh)
