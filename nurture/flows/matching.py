"""Whose a batch of incoming mails is: what their marks name in the store, and what is none of our business.

The rules are in ``mail.threads``. Here is what they are asked with: one look at all marks of a batch, one at the
letters that went to the people who wrote, and what only the house knows, which is who we are ourselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture.core.messages import Entry, Message
from nurture.core.people import Organisation, Person
from nurture.core.reading import Intent, Kind
from nurture.core.states import LEFT
from nurture.mail import threads
from nurture.mail.address import domain_of
from nurture.mail.tokens import token_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from nurture.config import MailboxSettings, Settings
    from nurture.core.ids import InboundId, OrganisationId
    from nurture.core.reading import Reading
    from nurture.mail.threads import Marks, Match
    from nurture.ports import Doors, Matches, RawMail

UNREADABLE: Final = "unreadable"
"""The defect of a mail on which the reading itself failed, or that the server could not give."""
CUT: Final = "cut"
"""The defect of a mail of which only the beginning was read."""


@dataclass(frozen=True, slots=True)
class Item:
    """A mail as fetched, as read, and the key under which it is handled once."""

    raw: RawMail
    reading: Reading
    key: str
    marks: Marks


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a batch."""

    handled: frozenset[str]  # keys
    messages: tuple[Message, ...]  # that a mark names, or that went to the people who wrote
    people: tuple[Person, ...]
    organisations: tuple[Organisation, ...]
    settings: Settings
    own: frozenset[str]  # our addresses, lower case
    houses: Mapping[str, OrganisationId]  # domains of people who wrote and whom nobody knows → organisation


def own_addresses(settings: Settings) -> frozenset[str]:
    """Ours, lower case: mailboxes and representatives."""
    return frozenset(
        [m.address.lower() for m in settings.mailboxes] + [r.email.lower() for r in settings.representatives]
    )


async def look(doors: Doors, box: MailboxSettings, items: Sequence[Item]) -> Known:
    """All that is known of a batch, in a fixed number of reads."""
    marks = [item.marks for item in items]
    found = await doors.store.match(
        box.id,
        {h for m in marks for h in m.header_ids} | {i.reading.message_id for i in items if i.reading.message_id},
        {t for m in marks for t in m.tokens},
        {a for m in marks for a in m.addresses},
        [item.key for item in items],
        {i for m in marks for i in m.ids},
    )
    letters = await _letters(doors, found, items)
    messages = tuple({m.id: m for m in (*found.messages, *letters)}.values())
    ids = {*found.people, *(m.person_id for m in messages)}
    people = await doors.store.find(Person, {"id": tuple(ids)}) if ids else ()
    houses = {p.organisation_id for p in people if p.organisation_id}
    organisations = await doors.store.find(Organisation, {"id": tuple(houses)}) if houses else ()
    return Known(
        found.known,
        messages,
        people,
        organisations,
        doors.settings,
        own_addresses(doors.settings),
        await _houses(doors, items, people),
    )


async def _houses(doors: Doors, items: Sequence[Item], people: Sequence[Person]) -> Mapping[str, OrganisationId]:
    """Where people work who wrote and are not known, by the domains of their addresses."""
    senders = {(i.reading.from_ or "").lower() for i in items if i.reading.kind is Kind.REPLY and not i.raw.junk}
    strange = senders - {p.email.lower() for p in people}
    domains = {domain_of(sender) for sender in strange if "@" in sender} - threads.PUBLIC_DOMAINS
    return await doors.store.houses(domains) if domains else {}


async def _letters(doors: Doors, found: Matches, items: Sequence[Item]) -> tuple[Message, ...]:
    """Letters to people who wrote without naming one of ours: known by its subject."""
    silent = any(
        item.reading.kind is not Kind.OTHER and not threads.cites(item.reading, found.messages) for item in items
    )
    if not silent or not found.people:
        return ()
    return await doors.store.find(Message, {"person_id": found.people, "state": tuple(LEFT)})


def match(known: Known, box: MailboxSettings, item: Item) -> Match | None:
    """Whose it is; None for nobody, and for the copy of a mail that is handled in another mailbox."""
    decided = threads.decide(
        item.reading,
        known.messages,
        known.people,
        known.own,
        mailbox=box.id,
        organisations=known.organisations,
    )
    if decided is None or decided.message is not None or item.reading.kind in threads.REPORTS:
        return decided
    return None if _is_copy(known, box, item.reading, [_home(known, decided.person)]) else decided


def concerns_us(known: Known, box: MailboxSettings, item: Item) -> bool:
    """Whether an unmatched mail is shown to a person: a bounce or complaint, or one that cites a mail of ours.
    Among spam only the last, for there much claims to be a report.

    What one of us wrote (a copy, a forwarded thank-you, a word among us in somebody's thread) is nobody's answer.
    """
    reading = item.reading
    grave = reading.kind in {Kind.BOUNCE, Kind.COMPLAINT, Kind.UNSUBSCRIBE} or UNREADABLE in reading.defects
    if grave and not item.raw.junk:
        return True
    if threads.is_ours(reading, known.messages) or _is_one_of_us(known, reading):
        return False
    cited = [m for m in known.messages if threads.cites(reading, [m])]
    return bool(cited) and not _is_copy(known, box, reading, [m.mailbox_id for m in cited])


def wants_silence(known: Known, item: Item) -> bool:
    """Whether somebody whom nobody knows asks for no more mail: we may have written by hand, or meet some day.
    Only in words of their own, to us: nothing automatic, nothing from among the spam.
    """
    reading = item.reading
    if reading.kind is Kind.UNSUBSCRIBE:
        return True
    if reading.kind is not Kind.REPLY or reading.automatic or item.raw.junk or _is_one_of_us(known, reading):
        return False
    return Intent.UNSUBSCRIBE in reading.intents


def house(known: Known, item: Item) -> OrganisationId | None:
    """The organisation of somebody who wrote and whom nobody knows, by where people of ours have their mail."""
    reading = item.reading
    if reading.kind is not Kind.REPLY or reading.automatic or item.raw.junk or _is_one_of_us(known, reading):
        return None
    return known.houses.get(domain_of((reading.from_ or "").lower()))


def _home(known: Known, person: Person) -> str | None:
    """The mailbox of who is responsible for somebody."""
    return next((r.mailbox_id for r in known.settings.representatives if r.id == person.rep_id), None)


def _is_copy(known: Known, box: MailboxSettings, reading: Reading, homes: Iterable[str | None]) -> bool:
    """Whether the mail also went to another mailbox of ours, where it belongs and is read."""
    for other in known.settings.mailboxes:
        if other.id in {*homes} - {box.id} and other.imap is not None:
            return any(_is_of(other, address) for address in reading.to)
    return False


def _is_of(box: MailboxSettings, address: str) -> bool:
    """Whether it is a mailbox's own address, or one that it gave to a letter."""
    token = token_in(address)
    given = {box.reply_to.replace("{token}", token).lower()} if token and box.reply_to else set()
    return address.lower() in given | {box.address.lower()}


def _is_one_of_us(known: Known, reading: Reading) -> bool:
    sender = (reading.from_ or "").lower()
    houses = {domain_of(m.address) for m in known.settings.mailboxes} - threads.PUBLIC_DOMAINS
    return sender in known.own or domain_of(sender) in houses


def said_of(match: Match, reading: Reading, inbound: InboundId, now: datetime) -> tuple[Entry, ...]:
    """What a reader of the journal should know about how a person's mail was recognised, if not by its thread."""
    if reading.kind in threads.REPORTS:
        return ()
    how = match.sender if match.sender != "addressee" else match.rule
    if how not in {"colleague", "renamed", "former", "thread", "address"}:
        return ()
    who = " ".join(filter(None, (reading.from_name, f"<{reading.from_}>" if reading.from_ else "")))
    said = Entry(
        at=now,
        kind=f"inbound.by_{how}",
        actor=reading.from_ or "?",
        data={"inbound": inbound, "who": who[:200], "name": match.person.name, "subject": reading.subject[:200]},
        person_id=match.person.id,
        organisation_id=match.person.organisation_id,
        enrollment_id=match.message.enrollment_id if match.message else None,
        message_id=match.message.id if match.message else None,
    )
    return (said,)


def named(match: Match, reading: Reading) -> str:
    """Who wrote, for a notice: the person, or who answered for the person."""
    if match.sender != "colleague":
        return match.person.name
    return f"{reading.from_name or reading.from_} → {match.person.name}"
