"""What is seen while the demo runs: a table of the people, the latest events below, the address of the desk.

It reads the store as the pages do and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nurture import explain
from nurture.core.messages import Enrollment, EnrollmentState, Message, MessageState
from nurture.core.people import Person
from nurture.core.states import UNSENT
from nurture.sandbox.hospitals import hospital
from nurture.sandbox.people import CHARACTERS, COLLEAGUES
from nurture.sandbox.recipients import TOKYO

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import date, datetime

    from rich.console import Console, RenderableType

    from nurture.core.messages import Entry
    from nurture.i18n import Words
    from nurture.ports import Doors
    from nurture.sandbox.agenda import Act
    from nurture.sandbox.people import Character, Colleague

AROUND: Final = 18
"""Lines of the picture besides the log of events: title, table, rules, foot."""

WIDE: Final = 110
"""Columns of a terminal that has room for places beside reasons."""

COLOURS: Final = {
    "sent": "green",
    "approved": "cyan",
    "waiting": "yellow",
    "planned": "white",
    "active": "white",
    "paused": "magenta",
    "stopped": "red",
    "bounced": "red",
    "completed": "green",
}

TELLING: Final = ("away", "quiet", "blackout", "no_appointment", "holiday", "reduce", "per_organisation")
"""Rules whose reasons come first where there is room for one only."""

TOLD: Final = frozenset({"looks at the desk", "writes the meeting down"})
"""Acts of which the journal tells."""

UNSEEN: Final = frozenset(
    {
        "message.planned",
        "message.moved",
        "message.drafted",
        "person.created",
        "person.updated",
        "enrollment.started",
        "login.requested",
        "login.used",
        "login.ended",
        "session.opened",
        "session.closed",
        "message.cancelled",
    }
)
"""Lines of the journal that are too many to be watched; the table and the summary show what they lead to."""


def names(doors: Doors, scenario: str, language: str) -> Mapping[str, str]:
    """Calendar entries ("jp-medical/rezept") by the names that people know them by."""
    calendars = doors.library.calendars(doors.library.scenario(scenario), None)
    return {
        f"{calendar.id}/{entry.id}": entry.name.get(language) or entry.name.get("ja") or entry.id
        for calendar in calendars
        for entry in calendar.entries
    }


@dataclass(slots=True)
class Row:
    """One person as the table shows it."""

    when: str = ""
    step: str = ""
    state: str = ""
    colour: str = "white"
    why: str = ""


@dataclass(slots=True)
class Screen:
    """A live picture in a terminal (``director.Watcher``)."""

    console: Console
    w: Words
    doors: Doors
    entries: Mapping[str, str]  # calendar entries by name
    url: str
    start: date
    invite: Callable[[], Awaitable[str]] | None = None
    command: str = ""  # that does on the command line what the desk does
    _link: str = ""
    _rows: dict[str, Row] = field(default_factory=dict)
    _events: list[Text] = field(default_factory=list)
    _people: dict[str, str] = field(default_factory=dict)  # person id to address
    _now: datetime | None = None
    _live: Live | None = None

    def __enter__(self) -> Screen:
        self._live = Live(console=self.console, auto_refresh=False, transient=True, screen=False)
        self._live.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._live is not None:
            self._live.stop()

    async def time(self, now: datetime) -> None:
        """Show the time."""
        self._now = now
        self._draw()

    async def act(self, act: Act) -> None:
        """Show what somebody in the world does."""
        who = next((c for c in CHARACTERS if c.email == act.who), None)
        ours = next((c for c in COLLEAGUES if c.id == act.who), None)
        if act.what in TOLD:
            return
        name = (
            self._name(who) if who else (ours.latin if self.w.language == "en" else ours.name) if ours else act.who
        )
        self._event(act.at, name, self.w(act.what), "bold")

    async def journal(self, entries: Sequence[Entry]) -> None:
        """Show what the program wrote down, and the people as they stand now."""
        if self.invite is not None and (not self._link or any(e.kind == "login.used" for e in entries)):
            self._link = await self.invite()  # a link works once; the next one is for another browser
        people = await self.doors.store.find(Person)
        self._people = {p.id: p.email for p in people}
        for entry in entries:
            if entry.kind in UNSEEN:
                continue
            address = self._people.get(entry.person_id or "", "")
            character = next((c for c in CHARACTERS if c.email == address), None)
            said = explain.entry(self.w, entry)
            ours = next((c for c in COLLEAGUES if c.id == entry.actor), None)
            who = self._name(character) if character else self._name(ours) if ours else ""
            self._event(entry.at, who, said, _tone(entry.kind))
        await self._read_rows(people)
        self._draw()

    async def _read_rows(self, people: Sequence[Person]) -> None:
        messages = await self.doors.store.find(Message)
        enrollments = {e.person_id: e for e in await self.doors.store.find(Enrollment)}
        for person in people:
            enrollment = enrollments.get(person.id)
            own = [m for m in messages if m.person_id == person.id]
            self._rows[person.email] = self._row(enrollment, own, person)

    def _row(self, enrollment: Enrollment | None, messages: Sequence[Message], person: Person) -> Row:
        w = self.w
        if enrollment is None:
            return Row(why=w("to be met"))
        if enrollment.state is not EnrollmentState.ACTIVE:
            at = enrollment.ended_at or max((m.sent_at for m in messages if m.sent_at), default=None)
            state = enrollment.state.value
            return Row(
                when=w.day(at.astimezone(TOKYO).date()) if at else "",
                step="",
                state=explain.state(w, state),
                colour=COLOURS.get(state, "white"),
                why=explain.stop_reason(w, enrollment.reason),
            )
        ahead = [m for m in messages if m.state in UNSENT and m.planned_at is not None]
        doing = [m for m in messages if m.state is MessageState.SENDING]
        left = [m for m in messages if m.sent_at is not None]
        near = min((*doing, *ahead), key=lambda m: m.planned_at or enrollment.anchor_at, default=None)
        if near is None:
            near = max(left, key=lambda m: m.sent_at or enrollment.anchor_at, default=None)
        if near is None:
            return Row(state=explain.state(w, enrollment.state))
        day = near.planned_on
        telling = sorted(near.moves, key=lambda m: TELLING.index(m.rule) if m.rule in TELLING else len(TELLING))
        why = w("; ").join(
            part for part in (explain.reason(w, near.reason), explain.moves(w, telling, self.entries)) if part
        )
        if person.away is not None and day is not None and day >= person.away.resume_on and not why:
            why = w("away, back {back}", back=w.day(person.away.back) if person.away.back else "?")
        return Row(
            when=w.day(day) if day else "",
            step=explain.step(w, near.step_id),
            state=explain.state(w, near.state),
            colour=COLOURS.get(near.state.value, "white"),
            why=why,
        )

    def _name(self, person: Character | Colleague) -> str:
        return person.latin if self.w.language == "en" else person.name

    def _event(self, at: datetime, who: str, what: str, tone: str) -> None:
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{self.w.instant(at, str(TOKYO))}  ", style="dim")
        line.append(f"{who}  " if who else "", style="bold")
        line.append(what, style=tone if tone != "bold" else "")
        self._events = [*self._events[-self._room + 1 :], line]
        if not self.console.is_terminal:
            self.console.print(line, soft_wrap=True)

    @property
    def _room(self) -> int:
        """How many events the terminal has room for."""
        return min(12, max(3, self.console.size.height - AROUND - (3 if self._link else 0)))

    def _draw(self) -> None:
        if self._live is not None:
            self._live.update(self._picture(), refresh=True)

    def _picture(self) -> RenderableType:
        w = self.w
        table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, padding=(0, 1))
        table.add_column(w("Date"), no_wrap=True, min_width=11)
        table.add_column(w("Person"), no_wrap=True, min_width=10)
        places = self.console.size.width >= WIDE
        if places:
            table.add_column(w("Organisation"), no_wrap=True, overflow="ellipsis", max_width=26)
        table.add_column(w("Step"), no_wrap=True, overflow="ellipsis", min_width=11, max_width=21)
        table.add_column(
            w("State"), no_wrap=True, overflow="ellipsis", min_width=9, max_width=20 if places else 12
        )
        table.add_column(w("Why"), no_wrap=True, overflow="ellipsis", ratio=1)
        for character in CHARACTERS:
            row = self._rows.get(character.email, Row())
            place = hospital(character.hospital)
            table.add_row(
                row.when,
                self._name(character),
                *((place.latin if w.language == "en" else place.name,) if places else ()),
                row.step,
                Text(row.state, style=row.colour),
                Text(row.why, style="dim"),
            )
        title = Text()
        if self._now is not None:
            today = self._now.astimezone(TOKYO)
            title.append(f"{w.date(today.date())} {today:%H:%M}", style="bold")
            title.append("   " + w("day {day}", day=(today.date() - self.start).days + 1), style="dim")
        foot = Text(w("The desk: {url}", url=self.url), style="dim")
        events = Group(*self._events[-self._room :], *(Text("") for _ in range(self._room - len(self._events))))
        parts: list[RenderableType] = [table, Panel(events, box=box.HORIZONTALS, title=w("What happens"))]
        if not self._link:
            return Group(title, *parts, foot)
        says = Text(w("You approve. Sign in here, once for each browser:"), style="yellow", no_wrap=True)
        link, command = (Text(said, style="yellow", overflow="fold") for said in (self._link, self.command))
        other = Text(w("Or in another terminal:"), style="yellow", no_wrap=True)
        return Group(title, *parts, says, link, other, command)


def _tone(kind: str) -> str:
    if kind in {"message.sent", "inbound.agreed"}:
        return "green"
    if kind in {"message.bounced", "person.suppressed", "enrollment.stopped"}:
        return "red"
    if kind in {"enrollment.paused", "message.held", "person.away"}:
        return "magenta"
    return "cyan" if kind.startswith("inbound.") else ""


class Silent:
    """Nobody looks on (``director.Watcher``)."""

    async def time(self, now: datetime) -> None:
        """Nothing is shown."""

    async def act(self, act: Act) -> None:
        """Nothing is shown."""

    async def journal(self, entries: Sequence[Entry]) -> None:
        """Nothing is shown."""
