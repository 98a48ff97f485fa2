"""A house for flows: a store in memory, the shipped templates, a short scenario, a clock that stands still."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from nurture.clock import SeededChance, SimulatedClock
from nurture.config import Company, ImapSettings, MailboxSettings, Settings, SmtpSettings, Web, Work
from nurture.core.change import Change, MailboxState
from nurture.core.deals import Concern, Stance
from nurture.core.messages import Entry, Message
from nurture.core.people import Basis, LegalBasis, Person, Profession
from nurture.core.sending import Outcome, Verdict
from nurture.files.attachments import FileAttachments
from nurture.files.library import FileLibrary
from nurture.files.shipped import shipped
from nurture.flows import record, send, tick
from nurture.flows.record import AttendeeRecord, MeetingRecord, PromiseRecord, Recorded
from nurture.ports import Doors, Notice
from nurture.render import TemplateWriter
from nurture.store import MemoryStore, SqlStore
from tests.samples import REP
from tests.servers.sqlite import furnished
from tests.wires import OneByOne

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from nurture.core.people import Representative
    from nurture.core.sending import Letter
    from nurture.core.upshot import Upshot
    from nurture.flows.beat import Sent

TOKYO = ZoneInfo("Asia/Tokyo")
MET = datetime(2027, 5, 10, 15, 0, tzinfo=TOKYO)
"""A Monday afternoon after the holidays."""

SCENARIO = """
id: short
name: {ja: 短い, en: Short}
anchor: meeting_end
timezone: Asia/Tokyo
calendars: [jp-holidays]
stop_on: [reply, bounce, unsubscribe, appointment, moved]
pace: {min_gap: 2d, per_organisation: 3 per 7d}
windows:
  default: {days: mon-fri, hours: ["09:30-11:30", "13:30-16:30"]}
steps:
  - {id: thanks, day: 1, within: 3h, mail: thanks-minutes, approve: rep, on_blocked: ignore, windows: any,
     requires: [agreements, confirmation_question, next_actions]}
  - {id: case, day: 4, mail: case-study, content: {kind: case_study, match: [role, specialty, concern]}}
  - {id: call, day: 9, task: call}
  - {id: column, day: 12, mail: column, content: {kind: column, match: [role, specialty, concern]}, approve: none}
"""


@dataclass
class Wire(OneByOne):
    """A sender that keeps what it is given and answers as it is told (``ports.Sender``).

    ``meanwhile`` happens while a letter is on the wire.
    """

    letters: list[Letter] = field(default_factory=list)
    answer: Callable[[Letter], Outcome] = lambda _: Outcome(Verdict.ACCEPTED, "250 ok")
    meanwhile: Callable[[Letter], Awaitable[None]] | None = None

    async def send(self, letter: Letter) -> Outcome:
        """Keep and answer."""
        self.letters.append(letter)
        if self.meanwhile is not None:
            await self.meanwhile(letter)
        return self.answer(letter)


@dataclass
class Told:
    """A notifier that keeps what it is told (``ports.Notifier``)."""

    notices: list[tuple[str, Notice]] = field(default_factory=list)
    problem: Exception | None = None

    async def notify(self, to: Representative, notice: Notice) -> None:
        """Keep, or fail as no notifier should."""
        if self.problem is not None:
            raise self.problem
        self.notices.append((to.id, notice))


class Troubled:
    """A store in whose way something comes before each commit: another writer, a full disk, a kill."""

    trouble: Callable[[Change], Awaitable[None]] | None = None

    async def commit(self, change: Change) -> None:
        """As the store does it, after the trouble."""
        if self.trouble is not None:
            await self.trouble(change)
        await super().commit(change)  # type: ignore[misc]

    async def record(self, upshots: Sequence[Upshot]) -> tuple[int, ...]:
        """One after the other, each after its trouble."""
        refused: list[int] = []
        for position, upshot in enumerate(upshots):
            if self.trouble is not None:
                row = await self.get(Message, upshot.id)  # type: ignore[attr-defined]
                await self.trouble(upshot.change(row))
            if await super().record((upshot,)):  # type: ignore[misc]
                refused.append(position)
        return tuple(refused)


class TroubledMemory(Troubled, MemoryStore):
    """In memory."""


class TroubledSql(Troubled, SqlStore):
    """On SQLite."""


@dataclass
class House:
    """Everything that flows need, with the insides in reach."""

    doors: Doors
    store: TroubledMemory
    clock: SimulatedClock
    wire: Wire
    told: Told
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def met(self, *attendees: AttendeeRecord, ended_at: datetime = MET, scenario: str = "short") -> Recorded:
        """Record a meeting with these people."""
        return await record.record(self.doors, self.meeting(*attendees, ended_at=ended_at, scenario=scenario))

    def meeting(
        self, *attendees: AttendeeRecord, ended_at: datetime = MET, scenario: str = "short"
    ) -> MeetingRecord:
        """What is recorded of it."""
        return MeetingRecord(
            organisation="青葉中央病院",
            ended_at=ended_at,
            rep_id=REP.id,
            attendees=attendees or (attendee(),),
            scenario=scenario,
            subject="画像ビューアのご説明",
            product="画像ビューア",
            agreements=("読影端末2台で試行する",),
            concerns=(Concern("電子カルテとの連携", "integration"),),
            confirmation_question="試行の対象は一般撮影のみという理解でよろしいでしょうか。",
            promises=(PromiseRecord("連携仕様書をお送りする", due=date(2027, 5, 14)),),
        )

    async def approve(self, message: Message) -> Message:
        """Approve as the representative."""
        from nurture.flows import review

        return await review.approve(self.doors, message.id, by=REP.id, seen=message.fingerprint)

    async def fresh(self) -> None:
        """Say that the mailbox has been read up to now."""
        state = await self.store.get(MailboxState, "tanaka") or MailboxState(REP.mailbox_id or "")  # type: ignore[arg-type]
        await self.store.commit(Change((replace(state, read_at=self.clock.now()),)))

    async def send(self) -> Sent:
        """One sending beat, the mailbox being fresh."""
        await self.fresh()
        return await send.send_due(self.doors, self.wire, {}, by="test", stop=self.stop)

    async def until(self, moment: datetime, step: timedelta = timedelta(hours=1)) -> None:
        """Let the beats run, an hour at a time, without anybody approving."""
        while self.clock.now() < moment:
            self.clock.advance_to(min(self.clock.now() + step, moment))
            await tick.tick(self.doors)
            await self.send()

    async def mails(self, step: str | None = None) -> tuple[Message, ...]:
        """All mails, or those of a step, by planned date."""
        return await self.store.find(Message, {"step_id": step} if step else None, order=("planned_at",))

    async def mail(self, step: str) -> Message:
        """The one mail of a step."""
        (found,) = await self.mails(step)
        return found

    async def kinds(self) -> list[str]:
        """The kinds of all journal entries, in order."""
        return [e.kind for e in await self.store.find(Entry)]

    async def person(self) -> Person:
        """The one person."""
        (found,) = await self.store.find(Person)
        return found


def attendee(email: str = "sato@aoba-hp.example", name: str = "佐藤", **fields: object) -> AttendeeRecord:
    """A new attendee with a documented basis."""
    given: dict[str, object] = {
        "email": email,
        "family_name": name,
        "given_name": "花子",
        "role": "clinician",
        "specialty": "radiology",
        "department": "放射線科",
        "title": "部長",
        "profession": Profession.DOCTOR,
        "stance": Stance.NEUTRAL,
        "legal_basis": LegalBasis(Basis.BUSINESS_CARD, MET.date(), "面談時に名刺を受領"),
    }
    return AttendeeRecord(**{**given, **fields})  # type: ignore[arg-type]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house whose clock stands ten minutes after a meeting."""
    made = build(tmp_path, TroubledMemory())
    await made.store.commit(Change((REP,)))
    yield made
    await made.store.close()


@pytest.fixture
async def sql_house(tmp_path: Path) -> AsyncIterator[House]:
    """The same on a SQLite file."""
    made = build(tmp_path, await TroubledSql.open(furnished(tmp_path / "n.sqlite")))
    await made.store.commit(Change((REP,)))
    yield made
    await made.store.close()


def build(folder: Path, store: TroubledMemory | SqlStore) -> House:
    """A house around a store."""
    scenarios = folder / "scenarios"
    scenarios.mkdir()
    (scenarios / "short.yaml").write_text(SCENARIO, encoding="utf-8")
    box = MailboxSettings(
        id=REP.mailbox_id,  # type: ignore[arg-type]
        address=REP.email,
        name="株式会社ミナト 田中 一郎",
        smtp=SmtpSettings("127.0.0.1", 25, "none"),
        imap=ImapSettings("127.0.0.1", 143, "none"),
    )
    company = Company(
        "株式会社ミナト医療システム", "105-0000", "東京都港区架空1-2-3", "03-0000-0000", "info@minato.example"
    )
    settings = Settings(
        folder=folder,
        company=company,
        mailboxes=(box,),
        representatives=(REP,),
        web=Web(public_url="https://n.minato.example"),
        work=Work(draft_days=2),
    )
    clock = SimulatedClock(MET + timedelta(minutes=10))
    told = Told()
    doors = Doors(
        settings,
        store,
        clock,
        SeededChance(1),
        FileLibrary(scenarios=scenarios),
        TemplateWriter(shipped() / "templates", company),
        told,
        FileAttachments(folder / "attachments"),
        b"a key of this house",
    )
    return House(doors, store, clock, Wire(), told)  # type: ignore[arg-type]
