"""The beat: enrollments whose moment has come are planned again, their mails drafted, moved, ended."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core import progress, responses, silencing, survey, turns
from nurture.core.change import Change
from nurture.core.dossier import Touch
from nurture.core.following import NOWHERE
from nurture.core.messages import Enrollment, EnrollmentState, MessageState, Suppression, SuppressionScope
from nurture.errors import Impossible, StaleVersion, UserError
from nurture.flows import closures, drafting, farewells
from nurture.flows.drafting import NOBODY
from nurture.flows.openings import openings
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from nurture.core.dossier import Dossier
    from nurture.core.draft import Beside
    from nurture.core.following import Openings
    from nurture.core.ids import EnrollmentId
    from nurture.core.progress import Advance
    from nurture.flows.drafting import Scripts
    from nurture.ports import Doors


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one beat did: enrollments looked at, changes written, and those that somebody else changed first.

    ``problems`` are faults of the program with single enrollments, which say so and are looked at again later.
    """

    seen: int = 0
    written: int = 0
    stale: int = 0
    problems: tuple[Exception, ...] = ()


@dataclass(slots=True)
class _Batch:
    """What a beat knows while it goes through its dossiers."""

    scripts: Scripts
    now: datetime
    known: dict[str, Suppression]  # of addresses that servers refused, in force or lifted
    openings: dict[EnrollmentId, Openings] = field(default_factory=dict)  # where silence enrolls somebody
    beside: Mapping[EnrollmentId, Beside] = field(default_factory=dict)  # where the text is about a departure
    planned: dict[EnrollmentId, tuple[Touch, ...]] = field(default_factory=dict)
    problems: list[Exception] = field(default_factory=list)


async def tick(doors: Doors, limit: int = 200) -> Ticked:
    """Look at up to ``limit`` due enrollments. Those that turn out stale stay due for the next beat."""
    now = doors.clock.now()
    due = await doors.store.due(now, limit)
    return await _advance_all(doors, (*due, *await _rested(doors, now, limit - len(due))), now)


async def _rested(doors: Doors, now: datetime, limit: int) -> tuple[Dossier, ...]:
    """Paused enrollments whose rest is over."""
    over = Span(None, now + timedelta(microseconds=1))
    found = await doors.store.find(
        Enrollment, {"state": EnrollmentState.PAUSED, "wake_at": over}, order=("wake_at",), limit=limit
    )
    return await doors.store.dossiers(tuple(e.id for e in found), now) if found else ()


async def advance(doors: Doors, enrollments: Collection[EnrollmentId]) -> Ticked:
    """The same for chosen enrollments, at once (after a meeting was recorded)."""
    now = doors.clock.now()
    return await _advance_all(doors, await doors.store.dossiers(enrollments, now), now)


async def _advance_all(doors: Doors, dossiers: Sequence[Dossier], now: datetime) -> Ticked:
    if not dossiers:
        return Ticked()
    batch = _Batch(
        await drafting.scripts(doors, [d.enrollment.scenario_hash for d in dossiers]),
        now,
        await _known(doors, dossiers),
    )
    await _open(doors, dossiers, batch)
    batch.beside = await farewells.beside(doors, dossiers)
    changes = [(dossier, change) for dossier in dossiers if (change := _decide(doors, dossier, batch))]
    written = await _commit(doors, changes, batch)
    for dossier in dossiers:
        await _rest(doors, dossier, batch)
    return Ticked(len(dossiers), written, len(changes) - written, tuple(batch.problems))


async def _rest(doors: Doors, dossier: Dossier, batch: _Batch) -> None:
    """The quiet days of the organisation after a weighty mail that has left since (practice C17)."""
    where = dossier.organisation
    if where is None or not progress.is_running(dossier):
        return
    try:
        scenario = batch.scripts.of_enrollment(dossier.enrollment)
        for message, days in progress.resting(dossier, scenario, batch.now):
            await closures.rest(doors, message, where.id, days)
    except UserError:
        return  # a text that cannot be read is said where it is planned
    except Exception as error:
        batch.problems.append(error)


async def _commit(doors: Doors, changes: Sequence[tuple[Dossier, Change]], batch: _Batch) -> int:
    """All at once; if that cannot be, one by one, so that one is not in the way of all. How many were written."""
    total = Change()
    for _, change in changes:
        total += change
    try:
        if total:
            await doors.store.commit(total)
        return len(changes)
    except (StaleVersion, Impossible):
        return sum([await _commit_one(doors, dossier, change, batch) for dossier, change in changes])


async def _commit_one(doors: Doors, dossier: Dossier, change: Change, batch: _Batch) -> bool:
    """One enrollment's; what the store can never write is a fault to be told of, not one to stop for."""
    for attempt in (change, None):
        try:
            await doors.store.commit(attempt or progress.unplannable(dossier, _words(batch), batch.now))
            return True
        except StaleVersion:
            return False
        except Impossible as error:
            batch.problems.append(error)
    return False


def _words(batch: _Batch) -> str:
    """The last problem, for the journal."""
    error = batch.problems[-1]
    return f"{type(error).__name__}: {error}"[:500]


def _decide(doors: Doors, dossier: Dossier, batch: _Batch) -> Change:
    """What this beat writes for one enrollment. Whatever is wrong with it is wrong with it alone."""
    rested = _is_rested(dossier, batch.now)
    if not (progress.is_running(dossier) or rested):
        return Change()
    try:
        if (ended := _must_end(dossier, batch)) is not None:
            return ended
        scenario = batch.scripts.of_enrollment(dossier.enrollment)
        zone = survey.zone_of(dossier, scenario)
        if rested:
            return turns.resume(dossier, scenario, batch.now, zone, "nurture")
        if (rule := responses.overdue(dossier, scenario, batch.now, zone)) is not None:
            openings = batch.openings.get(dossier.id, NOWHERE)
            return responses.silent(dossier, scenario, rule, batch.now, zone, openings)
        seen = survey.survey(
            dossier,
            scenario,
            doors.library.calendars(scenario, dossier.organisation),
            doors.library.content(),
            batch.now,
            touches=_overlaid(dossier, batch.planned),
        )
        advanced = progress.advance(seen, batch.now, doors.settings.work.draft_days)
        advanced = _patient(advanced, responses.listening(dossier, scenario, zone))
        change, result = drafting.written(doors, seen, advanced, batch.now, batch.beside.get(dossier.id, NOBODY))
    except UserError as error:
        return progress.unplannable(dossier, error.with_place, batch.now)
    except Exception as error:
        batch.problems.append(error)
        return progress.unplannable(dossier, _words(batch), batch.now)
    batch.planned[dossier.id] = _touches(result)
    return change


def _is_rested(dossier: Dossier, now: datetime) -> bool:
    enrollment = dossier.enrollment
    resting = enrollment.state is EnrollmentState.PAUSED and enrollment.wake_at is not None
    return resting and enrollment.wake_at is not None and enrollment.wake_at <= now


def _patient(result: Advance, until: datetime | None) -> Advance:
    """Not at its end as long as a rule waits for silence; and awake when that has lasted long enough."""
    if until is None:
        return result
    return replace(result, complete=False, wake_at=min(result.wake_at or until, until))


async def _open(doors: Doors, dossiers: Sequence[Dossier], batch: _Batch) -> None:
    """What may be enrolled in by those who have been silent for so long; few are, in any beat."""
    for dossier in dossiers:
        with suppress(Exception):  # whatever is wrong is said when it is decided
            scenario = batch.scripts.of_enrollment(dossier.enrollment)
            rule = responses.overdue(dossier, scenario, batch.now, survey.zone_of(dossier, scenario))
            if rule is not None and rule.do.enroll is not None and progress.is_running(dossier):
                batch.openings[dossier.id] = await openings(doors, (scenario,), dossier.person.id)


def _refused(dossier: Dossier) -> bool:
    """Whether a server said that the address, which is still the person's, is no good."""
    return any(
        m.state is MessageState.FAILED
        and m.reason == "refused_recipient"
        and m.to_address.lower() == dossier.person.email.lower()
        for m in dossier.messages
    )


async def _known(doors: Doors, dossiers: Sequence[Dossier]) -> dict[str, Suppression]:
    """Suppressions of refused addresses, by address: a row that was lifted is written anew, not twice."""
    refused = {d.person.email.lower() for d in dossiers if _refused(d)}
    rows = await doors.store.find(Suppression, {"value": tuple(refused)}) if refused else ()
    return {row.value: row for row in rows if row.scope is SuppressionScope.ADDRESS}


def _must_end(dossier: Dossier, batch: _Batch) -> Change | None:
    """Stop for what makes further mail wrong: suppression, an address that a server refused, no legal basis."""
    refusal = progress.refusal(dossier)
    if refusal == "suppressed":
        cause = next(s for s in dossier.suppressions if s.scope is not SuppressionScope.TOPIC)
        return turns.stop(dossier, cause.reason, batch.now)
    if _refused(dossier):
        return _silenced(dossier, batch) + turns.stop(dossier, "bounce", batch.now)
    if refusal is not None:
        return turns.pause(dossier, refusal, batch.now)
    return None


def _silenced(dossier: Dossier, batch: _Batch) -> Change:
    """The address suppressed, unless another enrollment of this batch has just done so."""
    row = silencing.suppression(dossier.person.email, "bounce", "bounce", batch.now, "refused by the server")
    known = batch.known.get(row.value)
    if known is not None and known.lifted_at is None:
        return Change()
    if known is not None:
        row = replace(row, id=known.id, version=known.version)
    batch.known[row.value] = row
    said = progress.entry(dossier, "person.suppressed", batch.now, reason="bounce", source="bounce")
    return Change((row,), (said,))


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
