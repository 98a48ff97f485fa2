"""What came in: read, matched, reacted to — once.

The key is mailbox and Message-ID: a crash anywhere is harmless, the second commit finds the key. A mailbox
also holds mail that is none of our business: such mail is passed over and leaves no row.

One mail on which the program itself fails must not keep all others from being read, for then nothing would
leave any more: it is kept, shown to a person, and its sender's enrollments pause.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from nurture.core import reactions, responses, turns
from nurture.core.arrival import Arrival
from nurture.core.change import Change, Dispatch, MailboxState
from nurture.core.deals import Task
from nurture.core.ids import InboundId, TaskId, derived
from nurture.core.messages import (
    Enrollment,
    EnrollmentState,
    Entry,
    Inbound,
    Message,
)
from nurture.core.people import AccessRole, Person
from nurture.core.reading import Kind, Reading
from nurture.errors import PermanentFailure, StaleVersion, TemporaryFailure
from nurture.flows import again, dispatches, matching, notices, optout, succession, touched
from nurture.flows.matching import CUT, UNREADABLE, Item
from nurture.mail import patients, threads
from nurture.mail.reading import read, to_json
from nurture.ports import Place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from nurture.config import MailboxSettings
    from nurture.core.ids import RepId
    from nurture.flows.matching import Known
    from nurture.mail.threads import Match
    from nurture.ports import Doors, Fetched, Mailbox, RawMail

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
        kept = await _handle(doors, box, fetched.mails, report) if fetched.mails else ()
        if box.imap is not None and box.imap.after != "nothing":
            await _put_away(mailbox, fetched, kept, report)
        read_at = state.read_at if fetched.more else asked_at
        await doors.store.commit(
            Change((replace(state, cursors=fetched.cursors, read_at=read_at, error="", failing_since=None),))
        )
    finally:
        if report.telling is not None:
            await report.telling
    return report


def _later(doors: Doors, report: Received, change: Change) -> None:
    if rows := dispatches.written(change):
        report.telling = asyncio.create_task(_tell(doors, report, rows, report.telling))


async def _tell(
    doors: Doors, report: Received, rows: Sequence[Dispatch], before: asyncio.Task[None] | None
) -> None:
    """Tell in order, while the next mails are read: a word that does not get through holds up none, and is tried
    again (``flows.dispatches``).
    """
    if before is not None:
        await before
    for row in rows:
        try:
            await dispatches.deliver(doors, row)
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


async def _put_away(mailbox: Mailbox, fetched: Fetched, kept: Sequence[RawMail], report: Received) -> None:
    """Before the cursor is written: whoever is cut off here reads these mails again, knows them, and goes on.

    What the server does not do is told, and holds up neither reading nor, by that, sending.
    """
    valid = {cursor.folder: cursor.uidvalidity for cursor in fetched.cursors}
    places = [Place(mail.folder, valid[mail.folder], mail.uid) for mail in kept if mail.folder in valid]
    try:
        await mailbox.put_away(places)
    except (TemporaryFailure, PermanentFailure) as error:
        report.problems.append(error)


async def _handle(
    doors: Doors, box: MailboxSettings, mails: Sequence[RawMail], report: Received
) -> tuple[RawMail, ...]:
    """Act on a batch; gives back the mails that now stand in the database."""
    own = matching.own_addresses(doors.settings)
    items = []
    for mail in mails:
        items.append(_item(mail, own, report))
        await asyncio.sleep(0)  # reading is work: letters and pages do not wait for the whole batch
    known = await matching.look(doors, box, items)
    done: set[str] = set(known.handled)
    passed: set[str] = set()
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
            elif _is_ours_to_read(known, box, item):
                await _stray(doors, box, item, known, report)
                report.strays += 1
            else:
                passed.add(item.key)
        except (TemporaryFailure, PermanentFailure, StaleVersion):
            raise
        except Exception as error:
            report.problems.append(error)
            await _unhandled(doors, box, item, match, report)
    return tuple(item.raw for item in items if item.key not in passed)


def _is_ours_to_read(known: Known, box: MailboxSettings, item: Item) -> bool:
    """Whether a mail that fits nobody is any business of ours."""
    return (
        matching.concerns_us(known, box, item)
        or matching.house(known, item) is not None
        or matching.wants_silence(known, item)
    )


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
    _later(doors, report, await again.decided(lambda: _nobodys(doors, box, item, known)))


async def _nobodys(doors: Doors, box: MailboxSettings, item: Item, known: Known) -> Change:
    """Write down a mail that fits nobody; nothing if it was handled before."""
    now = doors.clock.now()
    row = _inbound(box, item, None, None)
    if await doors.store.get(Inbound, row.id) is not None:
        return Change()
    stray = Entry(
        at=now,
        kind="inbound.stray",
        actor=row.from_address or "?",
        data={"inbound": row.id, "kind": row.kind, "subject": row.subject[:200], "mailbox": box.id},
    )
    house = matching.house(known, item)
    change = Change((row,), (stray,))
    if house is not None:  # somebody at a hospital that we know: whoever reads the mailbox sees to it, nobody else
        row = replace(row, organisation_id=house, handled_at=now)
        change = Change((row, *_asked(row, item, _reader(doors, box))), (replace(stray, organisation_id=house),))
    if matching.wants_silence(known, item):
        evidence = f"{row.key} {item.reading.text[:300]}"
        if (letter := threads.carried(item.reading, known.messages)) is not None:
            await optout.unsubscribe(doors, letter.unsubscribe_token, source="mailto", evidence=evidence)
        change += await optout.stranger(doors, row.from_address, evidence)
    if item.reading.kind is Kind.COMPLAINT:
        said = await notices.nobodys_complaint(doors, box.id, row)
        change += Change(dispatches.told(row.id, said, now))
    await doors.store.commit(change)
    return change


def _asked(row: Inbound, item: Item, rep_id: RepId | None) -> tuple[Task, ...]:
    """A mail of somebody unknown at a place that we know, to be read by a person: it may be a new contact."""
    if rep_id is None:
        return ()
    return (
        Task(
            id=TaskId(derived("task:reply", row.id)),
            kind="reply",
            rep_id=rep_id,
            title=" ".join(part for part in (row.from_name, f"<{row.from_address}>") if part),
            due_at=row.handled_at,
            detail=f"{row.subject}\n{item.reading.text}"[:2000],
            organisation_id=row.organisation_id,
            created_at=row.handled_at,
        ),
    )


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


async def _besides(report: Received, made: Awaitable[Change]) -> Change:
    """What comes with it; whatever is wrong with that, what the mail itself does is done."""
    try:
        return await made
    except (TemporaryFailure, PermanentFailure):
        raise
    except Exception as error:
        report.problems.append(error)
        return Change()


async def _react(doors: Doors, box: MailboxSettings, item: Item, match: Match, report: Received) -> None:
    """Read what the mail touches, decide, write; anew when somebody else wrote first."""
    for _ in range(TRIES):
        now = doors.clock.now()
        person = await doors.store.get(Person, match.person.id)
        if person is None:
            return
        message = await doors.store.get(Message, match.message.id) if match.message else None
        own, others = await touched.dossiers(doors, person, message, now)
        answered = touched.answered(own, message)
        row = _inbound(box, item, match, answered)
        if await doors.store.get(Inbound, row.id) is not None:
            return
        scenario, organisation = await touched.scene(doors, own, others, answered)
        arrival = touched.arrival(
            doors, item, row, person, message, scenario=scenario, organisation=organisation, now=now
        )
        arrival = replace(arrival, reader=_reader(doors, box))
        known = await touched.silences(doors, person, row, message)
        running = [d for d in own if d.enrollment.state in {EnrollmentState.ACTIVE, EnrollmentState.PAUSED}]
        policy = scenario.on_colleague_reply if scenario else "hold"
        answers = await touched.answers(doors, running, person, organisation)
        change = reactions.react(arrival, running, others, policy, known, answers, responses.usual(scenario))
        case, who = reactions.case_of(arrival, running), matching.named(match, item.reading)
        change += await _besides(report, succession.of_mail(doors, arrival, case, running, organisation))
        change += await _besides(report, notices.rows(doors, arrival, case, change, own, who, organisation))
        try:
            await doors.store.commit(Change((row,), matching.said_of(match, item.reading, row.id, now)) + change)
        except StaleVersion:
            continue
        _later(doors, report, change)
        return
    raise StaleVersion("inbound", item.key)
