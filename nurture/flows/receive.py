"""What came in: read, matched, reacted to — once.

The key is mailbox and Message-ID: a crash anywhere is harmless, the second commit finds the key. A mailbox
also holds mail that is none of our business: such mail is passed over and leaves no row.

One mail on which the program itself fails must not keep all others from being read, for then nothing would
leave any more: it is kept, shown to a person, and its sender's enrollments pause.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core import reactions, turns
from nurture.core.arrival import Arrival
from nurture.core.calendar import next_business_day
from nurture.core.change import Change, MailboxState
from nurture.core.ids import InboundId, derived
from nurture.core.messages import (
    Enrollment,
    EnrollmentState,
    Entry,
    Inbound,
    Message,
    Suppression,
)
from nurture.core.people import AccessRole, Organisation, Person, Representative
from nurture.core.plan import zone_of
from nurture.core.reading import Kind, Reading
from nurture.core.responses import Answers
from nurture.core.survey import profile
from nurture.errors import PermanentFailure, StaleVersion, TemporaryFailure, UserError
from nurture.flows import again, drafting, matching, notices, optout
from nurture.flows.matching import CUT, UNREADABLE, Item
from nurture.flows.openings import openings
from nurture.mail import patients, threads
from nurture.mail.reading import read, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.config import MailboxSettings
    from nurture.core.calendar import Calendar
    from nurture.core.dossier import Dossier
    from nurture.core.ids import EnrollmentId, RepId
    from nurture.core.scenario import Scenario
    from nurture.flows.matching import Known
    from nurture.mail.threads import Match
    from nurture.ports import Doors, Mailbox, Notice, RawMail

BATCH: Final = 50
TRIES: Final = 5


@dataclass(slots=True)
class Received:
    """What one look into a mailbox found."""

    seen: int = 0
    matched: list[tuple[str, str]] = field(default_factory=list)  # (kind, person id)
    strays: int = 0
    more: bool = False
    problems: list[Exception] = field(default_factory=list)
    telling: asyncio.Task[None] | None = None  # the last word to our people


async def receive(doors: Doors, box: MailboxSettings, mailbox: Mailbox) -> Received:
    """Read what is new in one mailbox and act on it; publishes how far and when it was read.

    Raises:
        TemporaryFailure, PermanentFailure: the server; nothing is lost, the cursors stay.
    """
    asked_at = doors.clock.now()
    state = await doors.store.get(MailboxState, box.id) or MailboxState(box.id)
    fetched = await mailbox.fetch(state.cursors, BATCH)
    report = Received(seen=len(fetched.mails), more=fetched.more)
    try:
        if fetched.mails:
            await _handle(doors, box, fetched.mails, report)
        read_at = state.read_at if fetched.more else asked_at
        await doors.store.commit(
            Change((replace(state, cursors=fetched.cursors, read_at=read_at, error="", failing_since=None),))
        )
    finally:
        if report.telling is not None:
            await report.telling
    return report


def _later(doors: Doors, report: Received, said: Sequence[tuple[Representative, Notice]]) -> None:
    if said:
        report.telling = asyncio.create_task(_tell(doors, report, said, report.telling))


async def _tell(
    doors: Doors,
    report: Received,
    said: Sequence[tuple[Representative, Notice]],
    before: asyncio.Task[None] | None,
) -> None:
    """Tell our people in order, while the next mails are read: a word that does not get through holds up none."""
    if before is not None:
        await before
    for rep, notice in said:
        try:
            await doors.notifier.notify(rep, notice)
        except Exception as error:
            report.problems.append(error)


async def failed(doors: Doors, box: MailboxSettings, problem: str) -> None:
    """Write down that a mailbox cannot be read, and since when."""
    state = await doors.store.get(MailboxState, box.id) or MailboxState(box.id)
    since = state.failing_since or doors.clock.now()
    if state.error != problem or state.failing_since is None:
        await doors.store.commit(Change((replace(state, error=problem, failing_since=since),)))


def _item(mail: RawMail, own: frozenset[str], report: Received) -> Item:
    if mail.cut and not mail.raw:  # the server could not give it
        reading = Reading(Kind.OTHER, subject="?", defects=(UNREADABLE,))
        return Item(mail, reading, f"unreadable:{mail.folder}:{mail.uid}", threads.candidates(reading))
    try:
        reading = patients.masked(read(mail.raw, received_at=mail.received_at, own=own))
        if mail.cut:
            reading = replace(reading, defects=(*reading.defects, CUT))
        marks = threads.candidates(reading)
    except Exception as error:  # it never should: then a person reads it
        report.problems.append(error)
        reading = Reading(Kind.OTHER, subject="?", defects=(UNREADABLE,))
        marks = threads.candidates(reading)
    key = reading.message_id or f"digest:{derived('mail', mail.raw.decode('latin-1'))}"
    return Item(mail, reading, key, marks)


async def _handle(doors: Doors, box: MailboxSettings, mails: Sequence[RawMail], report: Received) -> None:
    own = matching.own_addresses(doors.settings)
    items = []
    for mail in mails:
        items.append(_item(mail, own, report))
        await asyncio.sleep(0)  # reading is work: letters and pages do not wait for the whole batch
    known = await matching.look(doors, box, items)
    done: set[str] = set(known.handled)
    for item in items:
        if item.key in done:
            continue
        done.add(item.key)
        match: Match | None = None
        try:
            match = matching.match(known, box, item)
            if match is not None:
                await _react(doors, box, item, match, report)
                report.matched.append((item.reading.kind.value, match.person.id))
            elif matching.concerns_us(known, box, item):
                await _stray(doors, box, item, known, report)
                report.strays += 1
        except (TemporaryFailure, PermanentFailure, StaleVersion):
            raise
        except Exception as error:
            report.problems.append(error)
            await _unhandled(doors, box, item, match, report)


def _inbound(box: MailboxSettings, item: Item, match: Match | None, enrollment: Enrollment | None) -> Inbound:
    reading = item.reading
    return Inbound(
        id=InboundId(derived(f"inbound:{box.id}", item.key)),
        mailbox_id=box.id,
        key=item.key,
        folder=item.raw.folder,
        uid=item.raw.uid,
        received_at=item.raw.received_at,
        kind=reading.kind.value,
        from_address=(reading.from_ or "").lower(),
        from_name=reading.from_name or "",
        subject=reading.subject[:500],
        text=reading.text[:20_000],
        intents=tuple(sorted(i.value for i in reading.intents)),
        reading=json.dumps(to_json(reading, ""), ensure_ascii=False),
        person_id=match.person.id if match else None,
        organisation_id=match.person.organisation_id if match else None,
        enrollment_id=enrollment.id if enrollment else None,
        message_id=match.message.id if match and match.message else None,
        match_rule=""
        if match is None
        else match.rule
        if match.sender == "addressee"
        else f"{match.rule}/{match.sender}",
    )


async def _stray(doors: Doors, box: MailboxSettings, item: Item, known: Known, report: Received) -> None:
    row = await again.decided(lambda: _nobodys(doors, box, item, known))
    if row is not None and item.reading.kind is Kind.COMPLAINT:
        _later(doors, report, await notices.nobodys_complaint(doors, box.id, row))


async def _nobodys(doors: Doors, box: MailboxSettings, item: Item, known: Known) -> Inbound | None:
    """The row of a mail that fits nobody; None if it was handled before."""
    now = doors.clock.now()
    row = _inbound(box, item, None, None)
    if await doors.store.get(Inbound, row.id) is not None:
        return None
    said = Entry(
        at=now,
        kind="inbound.stray",
        actor=row.from_address or "?",
        data={"inbound": row.id, "kind": row.kind, "subject": row.subject[:200], "mailbox": box.id},
    )
    change = Change((row,), (said,))
    if item.reading.kind is Kind.UNSUBSCRIBE:
        evidence = f"{row.key} {item.reading.text[:300]}"
        if (letter := threads.carried(item.reading, known.messages)) is not None:
            await optout.unsubscribe(doors, letter.unsubscribe_token, source="mailto", evidence=evidence)
        change += await optout.stranger(doors, row.from_address, evidence)
    await doors.store.commit(change)
    return row


async def _unhandled(
    doors: Doors, box: MailboxSettings, item: Item, match: Match | None, report: Received
) -> None:
    """Keep a mail on which the program failed; whoever it is from gets no more mail until a person has read it."""
    for person in (match.person, None) if match else (None,):
        try:
            await doors.store.commit(await _kept(doors, box, item, person, report.problems[-1]))
            return
        except (TemporaryFailure, PermanentFailure):
            raise
        except Exception as error:
            report.problems.append(error)


async def _kept(
    doors: Doors, box: MailboxSettings, item: Item, person: Person | None, problem: Exception
) -> Change:
    now = doors.clock.now()
    row = replace(_inbound(box, item, None, None), person_id=person.id if person else None)
    words = f"{type(problem).__name__}: {problem}"[:500]
    said = Entry(
        at=now,
        kind="inbound.unhandled",
        actor=row.from_address or "?",
        data={"inbound": row.id, "subject": row.subject[:200], "problem": words},
        person_id=row.person_id,
    )
    change = Change((row,), (said,))
    if person is None:
        return change
    reader = _reader(doors, box)
    arrival = Arrival(row, item.reading, person, None, now.date(), now, now.date(), reader)
    change += Change(reactions.task(arrival, "reply", person.rep_id or reader, person.name, item.reading.text))
    running = await doors.store.find(Enrollment, {"person_id": person.id, "state": EnrollmentState.ACTIVE})
    for dossier in await doors.store.dossiers(tuple(e.id for e in running), now):
        change += turns.pause(dossier, "unhandled", now, row.from_address or "?")
    return change


def _reader(doors: Doors, box: MailboxSettings) -> RepId | None:
    """Who reads this mailbox, else an administrator: for mail of people for whom nobody is responsible."""
    reps = [r for r in doors.settings.representatives if r.active]
    own = [r.id for r in reps if r.mailbox_id == box.id]
    return next(iter([*own, *(r.id for r in reps if AccessRole.ADMINISTRATOR in r.access)]), None)


async def _react(doors: Doors, box: MailboxSettings, item: Item, match: Match, report: Received) -> None:
    """Read what the mail touches, decide, write; anew when somebody else wrote first."""
    for _ in range(TRIES):
        now = doors.clock.now()
        person = await doors.store.get(Person, match.person.id)
        if person is None:
            return
        message = await doors.store.get(Message, match.message.id) if match.message else None
        own, others = await _dossiers(doors, person, message, now)
        answered = _answered(own, message)
        row = _inbound(box, item, match, answered)
        if await doors.store.get(Inbound, row.id) is not None:
            return
        scenario, organisation = await _scene(doors, own, others, answered)
        arrival = _arrival(
            doors, item, row, person, message, scenario=scenario, organisation=organisation, now=now
        )
        arrival = replace(arrival, reader=_reader(doors, box))
        addresses = {person.email.lower(), row.from_address, *([message.to_address.lower()] if message else ())}
        known = await doors.store.find(Suppression, {"value": tuple(addresses)})
        running = [d for d in own if d.enrollment.state in {EnrollmentState.ACTIVE, EnrollmentState.PAUSED}]
        policy = scenario.on_colleague_reply if scenario else "hold"
        answers = await _answers(doors, running, person, organisation)
        change = reactions.react(arrival, running, others, policy, known, answers)
        try:
            await doors.store.commit(Change((row,), matching.said_of(match, item.reading, row.id, now)) + change)
        except StaleVersion:
            continue
        case, who = reactions.case_of(arrival, running), matching.named(match, item.reading)
        said = await notices.about(doors, arrival, case, change, own, who)
        _later(doors, report, said)
        return
    raise StaleVersion("inbound", item.key)


async def _answers(
    doors: Doors, running: Sequence[Dossier], person: Person, organisation: Organisation | None
) -> Answers:
    """The rules of the person's running enrollments; a text that cannot be read has none."""
    texts = await drafting.scripts(doors, [d.enrollment.scenario_hash for d in running]) if running else None
    scripts: dict[EnrollmentId, Scenario] = {}
    for dossier in running:
        with suppress(UserError):
            assert texts is not None
            scripts[dossier.id] = texts.of_enrollment(dossier.enrollment)
    return Answers(scripts, _zone(doors, person, organisation), await openings(doors, scripts.values(), person.id))


async def _dossiers(
    doors: Doors, person: Person, message: Message | None, now: datetime
) -> tuple[list[Dossier], list[Dossier]]:
    """Dossiers of the person's running enrollments (and the one answered), and of active colleagues."""
    running = {"state": (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)}
    rows = list(await doors.store.find(Enrollment, {"person_id": person.id, **running}))
    if person.organisation_id is not None:
        rows += await doors.store.find(
            Enrollment, {"organisation_id": person.organisation_id, "state": EnrollmentState.ACTIVE}
        )
    keys = {row.id for row in rows} | ({message.enrollment_id} if message and message.enrollment_id else set())
    found = await doors.store.dossiers(tuple(keys), now)
    own = [d for d in found if d.person.id == person.id]
    return own, [d for d in found if d.person.id != person.id]


def _answered(own: Sequence[Dossier], message: Message | None) -> Enrollment | None:
    """The enrollment that was answered: the message's, else the person's latest running one."""
    if message is not None:
        return next((d.enrollment for d in own if d.id == message.enrollment_id), None)
    dated = [d.enrollment for d in own if d.enrollment.enrolled_at is not None]
    return max(dated, key=lambda e: (e.enrolled_at or e.anchor_at, e.id), default=None)


async def _scene(
    doors: Doors, own: Sequence[Dossier], others: Sequence[Dossier], answered: Enrollment | None
) -> tuple[Scenario | None, Organisation | None]:
    organisation = next((d.organisation for d in (*own, *others)), None)
    if answered is None:
        return None, organisation
    scripts = await drafting.scripts(doors, [answered.scenario_hash])
    return scripts.read.get(answered.scenario_hash), organisation


def _arrival(
    doors: Doors,
    item: Item,
    row: Inbound,
    person: Person,
    message: Message | None,
    *,
    scenario: Scenario | None,
    organisation: Organisation | None,
    now: datetime,
) -> Arrival:
    zone = _zone(doors, person, organisation)
    today = now.astimezone(zone).date()
    calendars: tuple[Calendar, ...] = ()
    with suppress(UserError):  # an opt-out counts, whatever is wrong with a calendar file
        calendars = doors.library.calendars(scenario, organisation) if scenario else ()
    back = item.reading.away.back if item.reading.away else None
    after = (
        next_business_day(calendars, profile(person, organisation), back) if back else today + timedelta(days=1)
    )
    return Arrival(row, item.reading, person, message, today, now, after, zone=zone)


def _zone(doors: Doors, person: Person, organisation: Organisation | None) -> ZoneInfo:
    """The recipient's; where somebody mistyped it, ours: days may be a few hours off then."""
    try:
        return zone_of(profile(person, organisation).timezone or doors.settings.timezone)
    except UserError:
        return ZoneInfo(doors.settings.timezone)
