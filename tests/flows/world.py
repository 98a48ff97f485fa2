"""A small world around the flows for the machine: two hospitals' people, a mailbox, a wire, and a witness.

The witness knows nothing of how the program works. It sees what people see and do (pages, approvals, pauses),
what was put into the mailbox and when, and what the mail server took; and says what must never be.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.clock import SeededChance, SimulatedClock
from nurture.config import Company, ImapSettings, MailboxSettings, Settings, SmtpSettings, Web, Work
from nurture.core.change import Change, Cursor
from nurture.core.deals import Concern, Task
from nurture.core.draft import Draft
from nurture.core.ids import MailboxId, RepId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Inbound, Message, MessageState
from nurture.core.people import Basis, LegalBasis, Person
from nurture.core.sending import Outcome, Verdict
from nurture.core.states import UNSENT
from nurture.errors import Impossible, StaleVersion, UserError
from nurture.files.library import FileLibrary
from nurture.flows import doubts, enroll, optout, receive, record, recovery, review, send, tick
from nurture.flows.record import AttendeeRecord, MeetingRecord, PromiseRecord
from nurture.ports import Doors, Fetched, RawMail
from tests.flows.conftest import Told, TroubledMemory
from tests.samples import REP
from tests.wires import OneByOne

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from email.message import EmailMessage
    from pathlib import Path

    from nurture.core.content import Wanted
    from nurture.core.draft import Brief
    from nurture.core.sending import Letter

TOKYO: Final = ZoneInfo("Asia/Tokyo")
START: Final = datetime(2027, 5, 10, 15, 0, tzinfo=TOKYO)
"""A Monday afternoon; no holiday until July."""
DEPUTY: Final = replace(REP, id=RepId("mori"), name="森 次郎", email="mori@minato.example", mailbox_id=None)
PEOPLE: Final = ("sato@aoba-hp.example", "kato@aoba-hp.example", "mori@midori-hp.example")
STEPS: Final = """
timezone: Asia/Tokyo
calendars: []
stop_on: [reply, bounce, unsubscribe, appointment, moved]
pace: {min_gap: 2d, per_organisation: 3 per 7d}
windows:
  default: {days: mon-fri, hours: ["09:30-11:30", "13:30-16:30"]}
steps:
  - {id: thanks, day: 1, within: 3h, mail: a, on_blocked: ignore, windows: any, requires: [agreements]}
  - {id: second, day: 3, mail: b}
  - {id: third, day: 5, mail: c, approve: none}
  - {id: fourth, day: 8, mail: d, approve: two_people}
  - {id: call, day: 9, task: call}
"""
TEXTS: Final = {
    "reply": "一点ご質問です。対応OSは何でしょうか。",
    "opt_out": "今後の配信は不要です。",
}


@dataclass
class Wire(OneByOne):
    """``ports.Sender`` into the world."""

    world: World

    async def send(self, letter: Letter) -> Outcome:
        """To the server."""
        return await self.world.carry(letter)


class Killed(BaseException):
    """kill -9: no ``except Exception`` sees it, nothing is cleaned up."""


class Typist:
    """A writer without templates (``ports.Writer``)."""

    def write(self, brief: Brief) -> Draft:
        """A few lines that say for whom and for when."""
        return Draft(
            f"件名 {brief.template}",
            f"{brief.person.name} 様\n\n{brief.template} {brief.send_on}\n-- \n配信停止\n",
        )

    def content(self, template: str) -> Wanted | None:
        """None is asked for."""
        return None


@dataclass
class Delivered:
    """A mail in our mailbox. ``heard`` is the journal's end when it had certainly been read."""

    who: str
    kind: str  # reply | opt_out | bounce | away
    key: str  # Message-ID
    raw: bytes
    at: datetime
    back: date | None = None
    heard: int | None = None
    known: bool = False  # who wrote it was known to us when it was read


@dataclass
class Postbox:
    """Our mailbox (``ports.Mailbox``)."""

    mails: list[Delivered] = field(default_factory=list)

    async def fetch(self, cursors: Sequence[Cursor], limit: int) -> Fetched:
        """What stands behind the cursor."""
        start = cursors[0].uid if cursors else 0
        new = self.mails[start : start + limit]
        found = tuple(RawMail("INBOX", start + n + 1, m.raw, m.at) for n, m in enumerate(new))
        return Fetched(found, (Cursor("INBOX", 1, start + len(new)),), more=start + len(new) < len(self.mails))


@dataclass
class Seen:
    """A page as somebody saw it, and who then approved it; ``at`` is the journal's end at that moment."""

    by: str
    subject: str
    body: str
    to: str
    on: date | None
    at: int


@dataclass
class Taken:
    """A letter that the mail server took."""

    message: Message
    on: date


@dataclass
class World:
    """The program between its mailbox and its wire, with the witness's notes."""

    doors: Doors
    store: TroubledMemory
    clock: SimulatedClock
    postbox: Postbox = field(default_factory=Postbox)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[str] = field(default_factory=list)  # what the server does with the next letters
    meanwhile: list[Callable[[], Awaitable[None]]] = field(default_factory=list)  # while one is on the wire
    # The witness's notes.
    taken: list[Taken] = field(default_factory=list)
    approved: dict[str, list[Seen]] = field(default_factory=dict)
    resends: dict[str, int] = field(default_factory=dict)
    resumed: dict[str, int] = field(default_factory=dict)
    called_back: dict[str, int] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    clicked: list[Delivered] = field(default_factory=list)  # opt-outs by link
    pages: list[Message] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    count: int = 0
    reading: bool = False

    # --- what the world does ---

    @property
    def now(self) -> datetime:
        """The moment."""
        return self.clock.now()

    @property
    def today(self) -> date:
        """In Tokyo."""
        return self.now.astimezone(TOKYO).date()

    @property
    def end(self) -> int:
        """The journal's end: what came before has a smaller number."""
        return self.store._seq

    def rows(self, kind: str) -> list[object]:
        """All rows of a table, without waiting."""
        return list(self.store._rows[kind].values())

    def messages(self) -> list[Message]:
        """All messages, in a fixed order."""
        found = [m for m in self.rows("message") if isinstance(m, Message)]
        return sorted(found, key=lambda m: (m.enrollment_id or "", m.nominal or date.max, m.step_id))

    def enrollments(self) -> list[Enrollment]:
        """All enrollments, the eldest first."""
        return sorted((e for e in self.rows("enrollment") if isinstance(e, Enrollment)), key=lambda e: e.id)

    def email_of(self, person_id: str) -> str:
        """The address."""
        person = self.store._rows["person"][person_id]
        assert isinstance(person, Person)
        return person.email

    async def meet(self, *emails: str, scenario: str = "first") -> None:
        """Record a meeting with these people."""
        attendees = tuple(
            AttendeeRecord(
                email=email,
                family_name=email[:4],
                role="clinician",
                legal_basis=LegalBasis(Basis.BUSINESS_CARD, START.date(), "名刺"),
            )
            for email in emails
        )
        meeting = MeetingRecord(
            organisation=emails[0].partition("@")[2],
            ended_at=self.now,
            rep_id=REP.id,
            attendees=attendees,
            scenario=scenario,
            subject="ご説明",
            agreements=("試行する",),
            concerns=(Concern("連携", "integration"),),
            confirmation_question="よろしいでしょうか。",
            promises=(PromiseRecord("資料を送る"),),
        )
        await record.record(self.doors, meeting)

    async def read(self) -> None:
        """Read the mailbox to its end. A mailbox has one reader."""
        if self.reading:
            return
        there = list(self.postbox.mails)
        box = self.doors.settings.mailboxes[0]
        self.reading = True
        try:
            while (done := await receive.receive(self.doors, box, self.postbox)).more:  # type: ignore[arg-type]
                pass
        finally:
            self.reading = False
        self.wrong += [f"a fault while reading: {problem!r}" for problem in done.problems]
        self._hear({mail.key for mail in there})

    def _hear(self, read: set[str] | None = None) -> None:
        """Note what has been read: all of ``read``, and what has left a row already.

        After a reply, what was approved before counts no more: the person's own mails and the colleagues'.
        """
        if all(mail.heard is not None for mail in self.postbox.mails):
            return
        keys = {row.key for row in self.rows("inbound") if isinstance(row, Inbound)} | (read or set())
        for mail in self.postbox.mails:
            if mail.heard is None and mail.key in keys:
                mail.heard = self.end
                mail.known = any(isinstance(p, Person) and p.email == mail.who for p in self.rows("person"))
                house = mail.who.partition("@")[2]
                for row in self.enrollments() if mail.kind == "reply" else ():
                    if self.email_of(row.person_id).endswith(house):
                        self.called_back[row.id] = self.end

    def entries(self) -> list[Entry]:
        """The journal."""
        return [e for e in self.rows("journal") if isinstance(e, Entry)]

    async def tick(self) -> None:
        """A planning beat."""
        done = await tick.tick(self.doors)
        self.wrong += [f"a fault while planning: {problem!r}" for problem in done.problems]

    async def send(self) -> None:
        """A sending beat."""
        done = await send.send_due(self.doors, Wire(self), {}, by="test", stop=self.stop)
        self.wrong += [f"a fault while sending: {problem!r}" for problem in done.problems]
        if any(m.state is MessageState.SENDING for m in self.messages()):
            self.wrong.append("a letter whose answer is known stands as on the wire")

    async def die(self) -> None:
        """The daemon was killed and starts again."""
        self.store.trouble = None
        self.meanwhile.clear()
        await recovery.recover(self.doors)

    def deliver(self, who: str, kind: str) -> None:
        """Somebody answers our last letter (or writes without one); bounces and absences likewise."""
        self.count += 1
        last = next((t.message for t in reversed(self.taken) if t.message.to_address == who), None)
        if kind == "bounce" and last is None:
            return
        back = self.today + timedelta(days=5) if kind == "away" else None
        key = f"<{self.count}@{who.partition('@')[2]}>"
        raw = _mail(who, kind, last, key, back)
        self.postbox.mails.append(Delivered(who, kind, key, raw, self.now, back))

    async def look(self, index: int) -> None:
        """Somebody opens the page of a waiting mail."""
        waiting = [m for m in self.messages() if m.state is MessageState.WAITING]
        if waiting:
            self.pages.append(waiting[index % len(waiting)])

    async def approve(self, index: int, by: RepId = REP.id) -> None:
        """Somebody approves what a page showed, perhaps some time ago."""
        if not self.pages:
            await self.look(index)
        if not self.pages:
            return
        page = self.pages[-1 - index % min(len(self.pages), 3)]
        self._hear()
        try:
            done = await review.approve(self.doors, page.id, by=by, seen=page.fingerprint)
        except (StaleVersion, UserError):
            return
        if done.planned_on != page.planned_on and page.step_id != "thanks":
            self.wrong.append(f"{page.step_id} was approved for another day than was seen")
        seen = Seen(by, page.subject, page.body, page.to_address, done.planned_on, self.end)
        self.approved.setdefault(page.id, []).append(seen)

    async def approve_all(self) -> None:
        """Everything that waits, by both."""
        for message in self.messages():
            for by in (REP.id, DEPUTY.id):
                row = await self.store.get(Message, message.id)
                if row is not None and row.state is MessageState.WAITING:
                    self.pages.append(row)
                    await self.approve(0, by)

    async def edit(self, index: int) -> None:
        """Somebody changes a text."""
        queued = [m for m in self.messages() if m.state in {MessageState.WAITING, MessageState.APPROVED}]
        if queued:
            page = queued[index % len(queued)]
            self.count += 1
            text = f"手で直した本文 {self.count}\n"
            await _allowed(
                review.edit(self.doors, page.id, by=REP.id, subject="直した件名", body=text, seen=page.fingerprint)
            )

    async def reject(self, index: int) -> None:
        """Somebody says no."""
        queued = [m for m in self.messages() if m.state in {MessageState.WAITING, MessageState.APPROVED}]
        if queued:
            await _allowed(review.reject(self.doors, queued[index % len(queued)].id, by=REP.id, reason="不要"))

    async def settle(self, index: int, *, sent: bool) -> None:
        """Somebody settles a doubt or a failure."""
        stuck = [m for m in self.messages() if m.state in {MessageState.IN_DOUBT, MessageState.FAILED}]
        if not stuck:
            return
        row = stuck[index % len(stuck)]
        if await _allowed(doubts.settle(self.doors, row.id, by=REP.id, sent=sent, why="seen")) and not sent:
            self.resends[row.header_id] = self.resends.get(row.header_id, 0) + 1

    async def pause(self, index: int) -> None:
        """Somebody pauses an enrollment."""
        if row := self._some(index):
            await _allowed(enroll.pause(self.doors, row.id, by=REP.id, reason="person"))

    async def resume(self, index: int) -> None:
        """Somebody resumes one."""
        self._hear()
        if (row := self._some(index)) and await _allowed(enroll.resume(self.doors, row.id, by=REP.id)):
            self.resumed[row.id] = self.end

    async def halt(self, index: int) -> None:
        """Somebody stops one."""
        if (row := self._some(index)) and await _allowed(
            enroll.stop(self.doors, row.id, by=REP.id, reason="person")
        ):
            self.stopped.add(row.id)

    async def opt_out(self, index: int) -> None:
        """Somebody clicks the link in a letter."""
        if self.taken:
            message = self.taken[index % len(self.taken)].message
            assert await optout.unsubscribe(
                self.doors, message.unsubscribe_token, source="one_click", evidence="POST"
            )
            who = self.email_of(message.person_id)
            self.clicked.append(Delivered(who, "opt_out", "", b"", self.now, heard=self.end))

    def _some(self, index: int) -> Enrollment | None:
        rows = self.enrollments()
        return rows[index % len(rows)] if rows else None

    # --- the wire (ports.Sender) ---

    async def carry(self, letter: Letter) -> Outcome:
        """The server, as it was told to behave; the witness looks at every letter that begins to leave."""
        answer = self.answers.pop(0) if self.answers else "accepted"
        row = next(m for m in self.messages() if m.header_id == letter.header_id)
        taken = answer in {"accepted", "lost_after", "killed_after"}
        if taken:
            self._witness(row, letter)
            self.taken.append(Taken(row, self.today))
        while self.meanwhile:
            await self.meanwhile.pop(0)()
        if answer.startswith("killed"):
            raise Killed
        return {
            "accepted": Outcome(Verdict.ACCEPTED, "250 ok"),
            "later": Outcome(Verdict.LATER, "450 later"),
            "refused": Outcome(Verdict.REFUSED, "554 content"),
            "unknown": Outcome(Verdict.REFUSED_RECIPIENT, "550 5.1.1 unknown"),
            "lost_before": Outcome(Verdict.UNKNOWN, "line lost"),
            "lost_after": Outcome(Verdict.UNKNOWN, "line lost"),
        }[answer]

    # --- the witness ---

    def _witness(self, row: Message, letter: Letter) -> None:
        """What must hold for a letter that the server takes at this moment."""
        parsed = message_from_bytes(letter.data, policy=policy.default)
        self._not_twice(row)
        self._not_after_a_reply(row)
        self._approved_so(row, parsed)
        self._in_its_time(row)

    def _not_twice(self, row: Message) -> None:
        before = sum(t.message.header_id == row.header_id for t in self.taken)
        if before > self.resends.get(row.header_id, 0):
            self.wrong.append(f"{row.step_id} left twice, and nobody ordered it")

    def _not_after_a_reply(self, row: Message) -> None:
        self._hear()
        enrollment = next(e for e in self.enrollments() if e.id == row.enrollment_id)
        began = min(e.seq for e in self.entries() if e.enrollment_id == enrollment.id)
        for mail in (*self.postbox.mails, *self.clicked):
            known = mail.heard is not None or (self.now - mail.at).total_seconds() > 60
            if mail.who != row.to_address or not known:
                continue
            heard = mail.heard if mail.heard is not None else self.end
            if mail.kind in {"opt_out", "bounce"}:
                self.wrong.append(f"{row.step_id} left after {mail.kind}")
            elif mail.kind == "reply" and began < heard and self.resumed.get(enrollment.id, 0) < heard:
                self.wrong.append(f"{row.step_id} left after a reply")
        notes = [m for m in self.postbox.mails if m.kind == "away" and m.who == row.to_address and m.heard]
        if notes and notes[-1].back is not None and self.today < notes[-1].back:
            self.wrong.append(f"{row.step_id} left during an absence")
        if enrollment.id in self.stopped:
            self.wrong.append(f"{row.step_id} left after a stop")

    def _approved_so(self, row: Message, parsed: EmailMessage) -> None:
        body = parsed.get_content().replace("\r\n", "\n").strip()
        since = max(self.called_back.get(row.enrollment_id or "", 0), 0)
        if row.step_id == "third" and not self.approved.get(row.id):
            said = [e for e in self.entries() if e.message_id == row.id and e.kind == "message.released"]
            if not said or said[-1].seq <= since:
                self.wrong.append(f"{row.step_id} left without a release")
            return
        same = {
            seen.by
            for seen in self.approved.get(row.id, [])
            if seen.body.strip() == body
            and seen.subject == str(parsed["Subject"])
            and seen.to == parsed["To"].addresses[0].addr_spec
            and seen.on == self.today
            and seen.at > since
        }
        if len(same) < (2 if row.step_id == "fourth" else 1):
            self.wrong.append(f"{row.step_id} left, which nobody had approved so")

    def _in_its_time(self, row: Message) -> None:
        local = self.now.astimezone(TOKYO)
        latest = {t.message.header_id: t for t in self.taken}  # one that was sent again counts once
        others = [t for key, t in latest.items() if key != row.header_id]
        mine = {t.on for t in others if t.message.person_id == row.person_id}
        if self.today in mine:
            self.wrong.append(f"{row.step_id} is the second mail to {row.to_address} today")
        if row.step_id == "thanks":
            return
        hours = ((time(9, 30), time(11, 30)), (time(13, 30), time(16, 30)))
        if local.weekday() > 4 or not any(low <= local.time() < high for low, high in hours):
            self.wrong.append(f"{row.step_id} left outside its windows: {local}")
        if mine and (self.today - max(mine)).days < 2:
            self.wrong.append(f"{row.step_id} left too soon after another")
        week = [t for t in others if t.message.organisation_id == row.organisation_id]
        if sum((self.today - t.on).days < 7 for t in week) >= 3:
            self.wrong.append(f"{row.step_id} is the fourth mail to the organisation within a week")

    def states(self) -> dict[str, str]:
        """Every row's state, by id."""
        found = [*self.rows("message"), *self.rows("enrollment"), *self.rows("task")]
        return {row.id: row.state.value for row in found}  # type: ignore[attr-defined]

    def check(self, before: dict[str, str], since: int) -> None:
        """What must hold between any two things that happen."""
        said = [e for e in self.entries() if e.seq > since]
        about = {key for e in said for key in (e.message_id, e.enrollment_id) if key}
        tasks = {str(e.data.get("step")) for e in said if e.kind.startswith("task.")}
        owners: dict[str, str | None] = {m.id: m.enrollment_id for m in self.messages()}
        after = self.states()
        for row in self.rows("task"):
            assert isinstance(row, Task)
            changed = before.get(row.id, "planned") != after[row.id]
            if changed and row.step_id and row.step_id not in tasks and row.enrollment_id not in about:
                self.wrong.append(f"task {row.step_id}: {before.get(row.id)} → {after[row.id]}, unexplained")
        for key, state in after.items():
            if key in owners or key in {e.id for e in self.enrollments()}:
                changed = before.get(key) != state and state != "sending"
                if changed and key not in about and owners.get(key) not in about:
                    self.wrong.append(f"{key}: {before.get(key)} → {state}, and no word about it")
        for enrollment in self.enrollments():
            if enrollment.state is EnrollmentState.ACTIVE and enrollment.wake_at is None:
                self.wrong.append("an active enrollment sleeps for ever")
        replies = [t for t in self.rows("task") if isinstance(t, Task) and t.kind == "reply"]
        if len(replies) > sum(m.kind == "reply" for m in self.postbox.mails):
            self.wrong.append("a reply was handled twice")
        kept = {row.key for row in self.rows("inbound") if isinstance(row, Inbound)}
        if any(m.known and m.key not in kept for m in self.postbox.mails):
            self.wrong.append("a mail was read and left no trace")

    async def conclude(self) -> None:
        """People do their part for two months: everything comes to its end, and nothing is left lying."""
        self.store.trouble = None
        self.answers.clear()
        self.meanwhile.clear()
        await self.die()
        for _ in range(200):
            for row in self.messages():
                if row.state is MessageState.IN_DOUBT:
                    await doubts.settle(self.doors, row.id, by=REP.id, sent=True, why="seen")
            await self.read()
            await self.tick()
            await self.approve_all()
            await self.send()
            due = await self.store.next_due()
            if due is None or self.now > START + timedelta(days=150):
                break
            self.clock.advance_to(max(due, self.now + timedelta(seconds=1)))
        for enrollment in self.enrollments():
            left = [m.state for m in self.messages() if m.enrollment_id == enrollment.id and m.state in UNSENT]
            if enrollment.state is EnrollmentState.ACTIVE:
                self.wrong.append(f"it never came to its end: {left}")
            if enrollment.state in {EnrollmentState.STOPPED, EnrollmentState.COMPLETED} and left:
                self.wrong.append(f"left lying in an enrollment that has ended: {left}")
        if any(m.state is MessageState.SENDING for m in self.messages()):
            self.wrong.append("a letter is on the wire for ever")


async def _allowed(doing: Awaitable[object]) -> bool:
    """What people try; the program may say no."""
    try:
        await doing
    except (UserError, Impossible, StaleVersion):
        return False
    return True


def _mail(who: str, kind: str, last: Message | None, key: str, back: date | None) -> bytes:
    """A mail as it comes in."""
    cites = [f"In-Reply-To: {last.header_id}", f"References: {last.header_id}"] if last else []
    head = [f"Message-ID: {key}", f"To: {REP.email}", *cites]
    if kind == "bounce" and last is not None:
        return "\r\n".join(
            [
                "From: MAILER-DAEMON@mx.example",
                *head[:2],
                "Subject: Undelivered Mail Returned to Sender",
                "Auto-Submitted: auto-replied",
                "MIME-Version: 1.0",
                'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
                "",
                "--b",
                "Content-Type: text/plain",
                "",
                "The mail could not be delivered.",
                "--b",
                "Content-Type: message/delivery-status",
                "",
                "Reporting-MTA: dns; mx.example",
                "",
                f"Final-Recipient: rfc822; {who}",
                "Action: failed",
                "Status: 5.1.1",
                "",
                "--b",
                "Content-Type: text/rfc822-headers",
                "",
                f"Message-ID: {last.header_id}",
                f"To: {who}",
                "",
                "--b--",
                "",
            ]
        ).encode()
    text = TEXTS.get(kind, "")
    if back is not None:
        head += ["Auto-Submitted: auto-replied"]
        text = f"不在にしております。{back.month}月{back.day}日に出社いたします。"
    subject = f"自動返信: {last.subject if last else ''}" if back else "Re: 件名"
    head = [f"From: {who}", *head, f"Subject: {subject}"]
    return "\r\n".join(
        [*head, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", text, ""]
    ).encode()


def settings_in(folder: Path) -> tuple[Settings, FileLibrary]:
    """What all worlds share: the settings, and two scenarios that differ in their names alone."""
    for name in ("first", "other"):
        text = f"id: {name}\nname: {{ja: 試験, en: Test}}\nanchor: meeting_end\n{STEPS}"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    box = MailboxSettings(
        id=MailboxId("tanaka"),
        address=REP.email,
        name="株式会社ミナト 田中 一郎",
        smtp=SmtpSettings("127.0.0.1", 25, "none"),
        imap=ImapSettings("127.0.0.1", 143, "none"),
    )
    company = Company("株式会社ミナト", "105-0000", "東京都港区架空1-2-3", "03-0000-0000", "info@minato.example")
    settings = Settings(
        folder=folder,
        company=company,
        mailboxes=(box,),
        representatives=(REP, DEPUTY),
        web=Web(public_url="https://n.minato.example"),
        work=Work(draft_days=2),
    )
    return settings, FileLibrary(scenarios=folder)


async def world(settings: Settings, library: FileLibrary) -> World:
    """A world at the end of a meeting with two people of one hospital."""
    store, clock = TroubledMemory(), SimulatedClock(START + timedelta(minutes=10))
    doors = Doors(settings, store, clock, SeededChance(1), library, Typist(), Told())
    await store.commit(Change((replace(REP, deputy_ids=(DEPUTY.id,)), DEPUTY)))
    made = World(doors, store, clock)
    await made.meet(*PEOPLE[:2])
    return made
