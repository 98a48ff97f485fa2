"""What came of it: for each person every date and reason, and whether the story is the one that was told.

Three sources that know nothing of each other are held side by side: the mailboxes (what really arrived),
the journal (what the program says it did), and the people (what they did, and when).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nurture.core.change import Dispatch
from nurture.core.deals import Task
from nurture.core.messages import Enrollment, Entry, Message, Suppression
from nurture.core.people import Person
from nurture.flows.dispatches import CONFIRMATION, PACED
from nurture.mail.compose import header_id
from nurture.sandbox import mailbag, plot
from nurture.sandbox.folder import passwords
from nurture.sandbox.hospitals import VENDOR_DOMAIN, hospital
from nurture.sandbox.people import CHARACTERS, Part
from nurture.sandbox.recipients import TOKYO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from nurture.ports import Doors
    from nurture.sandbox.mailbag import Mail
    from nurture.sandbox.plot import Difference
    from nurture.sandbox.recipients import Deed
    from nurture.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Story:
    """One person's thirty days."""

    part: Part
    name: str
    latin: str
    email: str
    role: str
    organisation: str
    organisation_latin: str
    enrollment: Enrollment | None
    messages: tuple[Message, ...]
    entries: tuple[Entry, ...]
    tasks: tuple[Task, ...]
    suppressions: tuple[Suppression, ...]
    received: tuple[Mail, ...]
    returned: tuple[Mail, ...]
    deeds: tuple[Deed, ...]
    confirmed: tuple[Mail, ...] = ()  # that an opt-out is done: no letter, so nobody approves it

    @property
    def outcome(self) -> str:
        """The state of the enrollment."""
        return self.enrollment.state.value if self.enrollment else "none"

    @property
    def reason(self) -> str:
        """Why it is in that state."""
        return self.enrollment.reason if self.enrollment else ""

    def said(self, kind: str) -> tuple[Entry, ...]:
        """The journal's lines of one kind."""
        return tuple(entry for entry in self.entries if entry.kind == kind)

    @property
    def silent_since(self) -> datetime | None:
        """When this person did something after which nothing may arrive."""
        return min((deed.at for deed in self.deeds if deed.silences), default=None)


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers. The last four must be 0."""

    sent: int
    delivered: int
    returned: int
    replies: int
    edited: int
    duplicates: int
    unapproved: int
    after_reply: int
    unaccounted: int  # on the wire but not in the journal, or the other way round, or with another text


@dataclass(slots=True)
class Summary:
    """Everything that is told at the end."""

    start: date
    days: int
    end: datetime
    stories: tuple[Story, ...]
    totals: Totals
    differences: list[Difference] = field(default_factory=list)
    missed: list[Part] = field(default_factory=list)  # parts whose moment did not come within the days

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form."""
        return {
            "start": self.start.isoformat(),
            "days": self.days,
            "end": self.end.astimezone(TOKYO).isoformat(),
            "people": [_story_json(story) for story in self.stories],
            "totals": {name: getattr(self.totals, name) for name in Totals.__slots__},
            "missed": [part.value for part in self.missed],
            "expected": not self.differences,
            "differences": [d.text.format(**d.values) for d in self.differences],
        }


def _local(at: datetime | None) -> str | None:
    return at.astimezone(TOKYO).isoformat() if at else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _story_json(story: Story) -> dict[str, Any]:
    return {
        "part": story.part.value,
        "name": story.name,
        "email": story.email,
        "role": story.role,
        "organisation": story.organisation,
        "outcome": story.outcome,
        "reason": story.reason,
        "steps": [
            {
                "step": m.step_id,
                "state": m.state.value,
                "reason": m.reason,
                "nominal": _day(m.nominal),
                "planned": _local(m.planned_at),
                "sent": _local(m.sent_at),
                "message_id": m.header_id or None,
                "approved_by": [a.by for a in m.approvals],
                "moves": [
                    {"rule": v.rule, "entry": v.entry, "from": _day(v.from_), "to": _day(v.to)} for v in m.moves
                ],
            }
            for m in story.messages
        ],
        "pauses": [
            {"at": _local(e.at), "reason": e.data.get("reason")}
            for e in (*story.said("enrollment.paused"), *story.said("message.held"))
        ],
        "received": {
            "count": len(story.received),
            "mails": [
                {"message_id": m.header_id, "subject": m.subject, "at": _local(m.at)} for m in story.received
            ],
        },
        "confirmed": [m.header_id for m in story.confirmed],
        "returned": [m.header_id for m in story.returned],
        "did": [{"at": _local(d.at), "what": d.what} for d in story.deeds],
        "tasks": [{"kind": t.kind, "state": t.state.value} for t in story.tasks],
    }


async def collect(doors: Doors, world: World) -> tuple[Story, ...]:
    """Read the mailboxes, the store and what the people remember."""
    store = doors.store
    bags = await mailbag.read(world.office, {c.email: passwords()[c.email] for c in CHARACTERS})
    back: dict[str, list[Mail]] = {}
    for item in world.office.log:
        if item.uid is None:
            back.setdefault(item.to, []).append(mailbag.mail(item.raw, item.at))
    people = {p.email: p for p in await store.find(Person)}
    enrollments = await store.find(Enrollment)
    messages = await store.find(Message)
    entries = await store.find(Entry, order=("seq",))
    tasks = await store.find(Task)
    suppressions = await store.find(Suppression)
    confirmations = {
        header_id(d.id, VENDOR_DOMAIN) for d in await store.find(Dispatch, {"kind": (CONFIRMATION, PACED)})
    }
    order = {step.id: i for i, step in enumerate(_steps(doors, enrollments))}
    stories: list[Story] = []
    for c in CHARACTERS:
        person = people.get(c.email)
        key = person.id if person else None
        own = [m for m in messages if m.person_id == key]
        arrived = [m for m in bags[c.email] if VENDOR_DOMAIN in m.sender]
        stories.append(
            Story(
                part=c.part,
                name=c.name,
                latin=c.latin,
                email=c.email,
                role=c.role,
                organisation=hospital(c.hospital).name,
                organisation_latin=hospital(c.hospital).latin,
                enrollment=next((e for e in enrollments if e.person_id == key), None),
                messages=tuple(sorted(own, key=lambda m: order.get(m.step_id, 99))),
                entries=tuple(e for e in entries if e.person_id == key),
                tasks=tuple(t for t in tasks if t.person_id == key),
                suppressions=tuple(s for s in suppressions if s.value == c.email),
                received=tuple(m for m in arrived if m.header_id not in confirmations),
                confirmed=tuple(m for m in arrived if m.header_id in confirmations),
                returned=tuple(back.get(c.email, ())),
                deeds=tuple(world.recipients[c.email].deeds),
            )
        )
    return tuple(stories)


def _steps(doors: Doors, enrollments: Sequence[Enrollment]) -> Sequence[Any]:
    return doors.library.scenario(enrollments[0].scenario_id).steps if enrollments else ()


def count(stories: Sequence[Story]) -> Totals:
    """The numbers of all stories."""
    return Totals(
        sent=sum(len(s.said("message.sent")) for s in stories),
        delivered=sum(len(s.received) for s in stories),
        returned=sum(len(s.returned) for s in stories),
        replies=sum(len(s.said("inbound.reply")) for s in stories),
        edited=sum(len(s.said("message.edited")) for s in stories),
        duplicates=sum(_duplicates(s) for s in stories),
        unapproved=sum(_unapproved(s) for s in stories),
        after_reply=sum(_late(s) for s in stories),
        unaccounted=sum(_unaccounted(s) for s in stories),
    )


def _wire(story: Story) -> tuple[Mail, ...]:
    return (*story.received, *story.returned)


def _duplicates(story: Story) -> int:
    """Mails on the wire beyond the first with the same Message-ID, or of the same step."""
    ids = Counter(mail.header_id for mail in _wire(story))
    steps = {m.header_id: m.step_id for m in story.messages if m.header_id}
    by_step = Counter(steps.get(mail.header_id, mail.header_id) for mail in _wire(story))
    twice = max(len(story.confirmed) - 1, 0)
    return max(sum(n - 1 for n in ids.values()), sum(n - 1 for n in by_step.values())) + twice


def _unapproved(story: Story) -> int:
    """Mails on the wire whose row has no approval of exactly that text, given before it left."""
    rows = {m.header_id: m for m in story.messages if m.header_id}
    bad = 0
    for mail in _wire(story):
        row = rows.get(mail.header_id)
        given = row.approvals[-1] if row is not None and row.approvals else None
        released = row is not None and row.approve == "none"
        in_time = row is not None and given is not None and row.sent_at is not None and given.at <= row.sent_at
        good = in_time and row is not None and given is not None and given.fingerprint == row.fingerprint
        bad += not (released or good)
    return bad


def _late(story: Story) -> int:
    """Mails that arrived after this person had said stop, or had answered."""
    since = story.silent_since
    return sum(mail.at > since for mail in story.received) if since else 0


def _unaccounted(story: Story) -> int:
    """Mails that only the wire or only the journal knows, and mails whose text is not the approved one."""
    rows = {m.header_id: m for m in story.messages if m.header_id}
    by_id = {m.id: m for m in story.messages}
    wire = Counter(mail.header_id for mail in _wire(story))
    journal = Counter(by_id[e.message_id].header_id for e in story.said("message.sent") if e.message_id in by_id)
    other = sum(((wire - journal) + (journal - wire)).values())
    changed = sum(
        mail.text.strip() != rows[mail.header_id].body.strip() for mail in _wire(story) if mail.header_id in rows
    )
    unsaid = abs(len(story.confirmed) - len(story.said("optout.confirmed")))
    return other + changed + unsaid


async def summarize(doors: Doors, world: World, start: date, days: int, *, led: bool) -> Summary:
    """The whole summary."""
    stories = await collect(doors, world)
    totals = count(stories)
    differences, missed = plot.compare(stories, totals, start=start, days=days, led=led)
    return Summary(start, days, doors.clock.now(), stories, totals, differences, missed)
