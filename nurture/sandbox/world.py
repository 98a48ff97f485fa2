"""The invented world put together: post office, people, representatives, and what they mean to do.

Everything here happens outside the program: it reaches the daemon as mail, as requests to its pages, and
as the one command that a representative runs after a meeting (``nurture record``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import aiosmtplib

from nurture.core.deals import Concern, PagePointer, Stance
from nurture.core.ids import RepId
from nurture.flows.record import AttendeeRecord, MeetingRecord, PromiseRecord, record
from nurture.i18n import mark
from nurture.sandbox.agenda import Agenda
from nurture.sandbox.hospitals import hospital
from nurture.sandbox.people import CHARACTERS, COLLEAGUES, VISITS
from nurture.sandbox.recipients import TOKYO, Recipient, Surroundings
from nurture.sandbox.representatives import Representative
from nurture.sandbox.servers import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from nurture.ports import Clock, Doors
    from nurture.sandbox.people import Character, Visit
    from nurture.sandbox.servers import Delivered, PostOffice

SCENARIO: Final = "warm-lead-30d"


class World:
    """Whoever is not the program."""

    def __init__(
        self, office: PostOffice, clock: Clock, working: Callable[[date], date], web_port: int, public_url: str
    ) -> None:
        self.office = office
        self.clock = clock
        self.working = working
        self.agenda = Agenda()
        around = Surroundings(self.agenda, self._post, self._close, working, web_port)
        self.recipients = {c.email: Recipient(c, around) for c in CHARACTERS}
        self.representatives = {c.email: Representative(c, clock.now, web_port, public_url) for c in COLLEAGUES}
        office.arrived = self._arrived
        office.returned = self._returned

    async def close(self) -> None:
        """Close the browsers."""
        for representative in self.representatives.values():
            await representative.close()

    def _arrived(self, mail: Delivered) -> None:
        person = self.recipients.get(mail.to) or self.representatives.get(mail.to)
        if person is not None:
            person.arrived(mail)

    def _returned(self, mail: Delivered) -> None:
        if mail.to in self.recipients:
            self.recipients[mail.to].returned(mail)

    async def _post(self, sender: str, recipient: str, letter: bytes) -> None:
        """How the hospitals' mail servers hand over a letter: SMTP, port 25."""
        async with aiosmtplib.SMTP(
            hostname=HOST, port=self.office.relay_port, start_tls=False, timeout=20
        ) as server:
            await server.sendmail(sender, [recipient], letter)

    def _close(self, address: str) -> None:
        self.office.closed.add(address)

    def days(self, start: date) -> tuple[date, ...]:
        """The days on which the meetings are: the first working days from ``start`` on."""
        found = [self.working(start)]
        while len(found) <= max(visit.day for visit in VISITS):
            found.append(self.working(found[-1] + timedelta(days=1)))
        return tuple(found)

    def end(self, start: date, days: int) -> datetime:
        """The end: the morning after day ``days`` of the last people met (day 1 is the day of the meeting)."""
        return morning(self.days(start)[-1] + timedelta(days=days))

    def met(self, start: date) -> dict[str, date]:
        """By hospital, the day of the meeting."""
        days = self.days(start)
        return {visit.hospital: days[visit.day] for visit in VISITS}

    def plan(self, doors: Doors, start: date, until: datetime, *, approve: bool) -> None:
        """Put meetings, approvals and looks at the desk into the agenda.

        Args:
            doors: what ``nurture record`` opens.
            start: the demo's first day.
            until: the demo's end.
            approve: whether the representatives approve; else somebody at the desk does.
        """
        days = self.days(start)
        away: dict[str, list[tuple[datetime, datetime]]] = {}
        for visit in VISITS:
            ended = datetime.combine(days[visit.day], visit.ended, TOKYO)
            self._plan_record(doors, visit, ended)
            away.setdefault(visit.rep, []).append((ended - timedelta(hours=1), ended + visit.approved_after))
            if approve:
                self._plan_look(visit.rep, ended + visit.approved_after, edit=visit.edits)
        if not approve:
            return
        day = start
        while day <= until.astimezone(TOKYO).date():
            for colleague in COLLEAGUES:
                for look in colleague.looks if self.working(day) == day else ():
                    at = datetime.combine(day, look, TOKYO)
                    if not any(begin <= at <= end for begin, end in away.get(colleague.id, ())):
                        self._plan_look(colleague.id, at, edit=False)
            day += timedelta(days=1)

    def _plan_record(self, doors: Doors, visit: Visit, ended: datetime) -> None:
        async def _write_down() -> None:
            await record(doors, meeting(visit, ended, self.working))

        at = (ended + visit.recorded_after).astimezone(UTC)
        self.agenda.plan(at, visit.rep, mark("writes the meeting down"), _write_down)

    def _plan_look(self, rep: str, at: datetime, *, edit: bool) -> None:
        person = next(r for r in self.representatives.values() if r.colleague.id == rep)

        async def _look() -> None:
            await person.visit(edit=edit)

        self.agenda.plan(at.astimezone(UTC), rep, mark("looks at the desk"), _look)


def meeting(visit: Visit, ended: datetime, working: Callable[[date], date]) -> MeetingRecord:
    """What the representative writes down after a visit."""
    due = working(ended.date() + timedelta(days=visit.promise_days))
    theirs = [PromiseRecord(visit.theirs[0], "them", visit.theirs[1])] if visit.theirs else []
    return MeetingRecord(
        organisation=hospital(visit.hospital).name,
        ended_at=ended,
        rep_id=RepId(visit.rep),
        attendees=tuple(_attendee(c) for c in CHARACTERS if c.hospital == visit.hospital),
        scenario=SCENARIO,
        subject=visit.subject,
        place=hospital(visit.hospital).name,
        agreements=visit.agreements,
        concerns=tuple(Concern(text, topic) for text, topic in visit.concerns),
        confirmation_question=visit.question,
        promises=(PromiseRecord(visit.promise, due=due), *theirs),
        material=visit.material,
        pointers=tuple(PagePointer(*pointer) for pointer in visit.pointers),
        private_note=visit.private_note,
        deal_name=visit.deal,
        phase=2,
        dates=(("seminar_date", _seminar(ended.date())),),
    )


def _attendee(character: Character) -> AttendeeRecord:
    return AttendeeRecord(email=character.email, stance=Stance(character.stance), remark=character.remark)


def _seminar(met: date) -> date:
    """Five weeks on, on a Thursday."""
    day = met + timedelta(days=35)
    return day + timedelta(days=(3 - day.weekday()) % 7)


def morning(day: date) -> datetime:
    """When the demo's first day begins: seven o'clock in Tokyo, as UTC."""
    return datetime.combine(day, time(7), TOKYO).astimezone(UTC)
