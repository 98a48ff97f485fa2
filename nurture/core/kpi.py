"""What the journal says about how well meetings are followed up: the facts of practice I.

Theory of operation
-------------------
``read`` goes once over the journal's lines and makes three lists of facts: meetings, the thank-yous that they led
to, and touches. Nothing else is looked at, neither rows nor files, so what is read up to an instant comes out the
same for ever after (but for people who were erased). ``core.figures`` counts.

A meeting's facts are closed after ``WITHIN``: an answer that comes later, or a next appointment, counts for
nobody. So a month that is long past does not get better by waiting, and only a bounded stretch of the journal is
read for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nurture.core.messages import Entry

GOAL: Final = timedelta(hours=3)
"""From the end of the meeting to its thank-you (practice A2 and I)."""
WITHIN: Final = timedelta(days=30)
"""For the next appointment (practice I)."""
ANSWERED_WITHIN: Final = timedelta(days=14)
"""For an answer to the minutes."""
NEAR: Final = timedelta(days=3)
"""A visit whose meeting was not recorded within so many days before or after is one without a record."""

KINDS: Final = (
    "meeting.recorded",
    "enrollment.started",
    "enrollment.stopped",
    "message.sent",
    "message.in_doubt",
    "message.settled",
    "inbound.reply",
    "inbound.agreed",
    "task.done",
    "task.reopened",
    "person.handed_over",
)
"""The lines that matter."""
CHANNELS: Final = ("mail", "meeting", "call", "visit", "linkedin", "congress")
"""What counts as a touch (practice G37). An appointment that was kept is a visit."""
_TOUCHING: Final = {name: name for name in CHANNELS[2:]} | {"appointment": "visit"}
PILOT: Final = "pilot"
"""The kind of task whose doing means that a trial began (practice C19)."""


class Held(NamedTuple):
    """A meeting."""

    rep: str
    scenario: str  # of the first who was enrolled after it; empty: nobody was
    ended_at: datetime
    recorded_at: datetime
    next_at: datetime | None  # the appointment, or the meeting, that followed in the same deal


class Thanks(NamedTuple):
    """What was due to one attendee: the thank-you that is the minutes too."""

    rep: str
    scenario: str
    ended_at: datetime  # of the meeting
    sent_at: datetime | None
    replied_at: datetime | None  # to that mail
    agreed: bool  # the answer confirmed the understanding
    dropped: bool  # it stopped before the goal's time was over: nothing was due any more


class Touch(NamedTuple):
    """Somebody heard of us."""

    rep: str
    scenario: str
    at: datetime
    channel: str
    deal: str = ""
    answer: bool = False  # it is theirs: an answer to one of ours, no touch
    unrecorded: bool = False  # a visit without a record


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it, as of ``known_at``."""

    known_at: datetime
    held: tuple[Held, ...] = ()
    thanks: tuple[Thanks, ...] = ()
    touches: tuple[Touch, ...] = ()


@dataclass(slots=True)
class _Meeting:
    key: str
    rep: str
    deal: str
    organisation: str
    ended_at: datetime
    recorded_at: datetime
    scenario: str = ""
    next_at: datetime | None = None


@dataclass(slots=True)
class _Course:
    """One enrollment, as far as it is known."""

    began: str  # the representative with whom it began: the thank-you is theirs
    rep: str  # the present one
    scenario: str
    deal: str
    step: str  # of the thank-you
    meeting: _Meeting | None
    sent_at: datetime | None = None
    mail: str = ""
    replied_at: datetime | None = None
    agreed: bool = False
    stopped_at: datetime | None = None


@dataclass(slots=True)
class _Done:
    touch: Touch
    organisation: str


@dataclass(slots=True)
class Reader:
    """Goes over lines, in the order of the journal."""

    meetings: dict[str, _Meeting] = field(default_factory=dict)
    courses: dict[str, _Course] = field(default_factory=dict)
    _at: dict[tuple[str, str], _Meeting] = field(default_factory=dict)  # by deal and end
    _of_deal: dict[str, list[_Meeting]] = field(default_factory=dict)
    _of_house: dict[str, list[_Meeting]] = field(default_factory=dict)
    _of_person: dict[str, list[_Course]] = field(default_factory=dict)
    _doubted: dict[str, datetime] = field(default_factory=dict)
    _left: set[str] = field(default_factory=set)
    _touches: list[Touch] = field(default_factory=list)
    _done: dict[tuple[str, str, str], list[_Done]] = field(default_factory=dict)

    def take(self, line: Entry) -> None:
        """One line. Others than ``KINDS`` are passed over."""
        match line.kind:
            case "message.sent":
                self._sent(line, line.at)
            case "inbound.reply":
                self._reply(line)
            case "enrollment.started":
                self._started(line)
            case "meeting.recorded":
                self._recorded(line)
            case "inbound.agreed":
                if (course := self._answered(line)) is not None:
                    course.agreed = True
            case "enrollment.stopped":
                if (course := self.courses.get(line.enrollment_id or "")) is not None:
                    course.stopped_at = line.at
            case "task.done":
                self._task(line)
            case "task.reopened":
                if made := self._done.get(_task_key(line)):
                    made.pop()
            case "person.handed_over":
                self._handed(line)
            case "message.in_doubt":
                self._doubted[line.message_id or ""] = line.at
            case "message.settled":
                if line.data.get("sent"):  # it left when the line broke, not when that was found out
                    self._sent(line, self._doubted.get(line.message_id or "", line.at))

    def _recorded(self, line: Entry) -> None:
        said = str(line.data.get("ended_at", ""))
        ended = datetime.fromisoformat(said) if said else line.at
        deal, house = line.deal_id or "", line.organisation_id or ""
        key = str(line.data.get("meeting", line.seq))
        found = _Meeting(key, line.actor, deal, house, ended, line.at)
        self.meetings[key] = found
        self._at[deal, said] = found
        for other in self._of_deal.setdefault(deal, []) if deal else ():
            _followed(other, ended)
            _followed(found, other.ended_at)  # records come in any order
        self._of_deal.setdefault(deal, []).append(found)
        self._of_house.setdefault(house, []).append(found)

    def _started(self, line: Entry) -> None:
        data, deal = line.data, line.deal_id or ""
        # Lines from before they named meeting and representative: the meeting of that deal at that moment.
        meeting = self.meetings.get(str(data.get("meeting", ""))) or self._at.get((deal, str(data.get("anchor"))))
        rep = str(data.get("rep") or (meeting.rep if meeting else line.actor))
        scenario = str(data.get("scenario", ""))
        step = str(data.get("thanks", "thanks"))
        course = _Course(rep, rep, scenario, deal, step, meeting)
        self.courses[line.enrollment_id or ""] = course
        self._of_person.setdefault(line.person_id or "", []).append(course)
        if meeting is not None and not meeting.scenario:
            meeting.scenario = scenario

    def _handed(self, line: Entry) -> None:
        """What comes from now on is the colleague's; what was theirs before stays theirs."""
        for course in self._of_person.get(line.person_id or "-", ()):
            if course.rep == line.data.get("before"):
                course.rep = str(line.data["rep"])

    def _sent(self, line: Entry, at: datetime) -> None:
        key = line.message_id or ""
        if key in self._left:
            return
        self._left.add(key)
        course = self.courses.get(line.enrollment_id or "")
        if course is None:
            return
        self._touches.append(Touch(course.rep, course.scenario, at, "mail", line.deal_id or course.deal))
        if course.sent_at is None and line.data.get("step") == course.step:
            course.sent_at, course.mail = at, key

    def _answered(self, line: Entry) -> _Course | None:
        """Whose thank-you a line of theirs answers."""
        course = self.courses.get(line.enrollment_id or "")
        return course if course is not None and course.mail and course.mail == line.message_id else None

    def _reply(self, line: Entry) -> None:
        if (answered := self._answered(line)) is not None and answered.replied_at is None:
            answered.replied_at = line.at
        course = self.courses.get(line.enrollment_id or "")
        if course is None:
            return
        deal = line.deal_id or course.deal
        self._touches.append(Touch(course.rep, course.scenario, line.at, "mail", deal, answer=True))
        if line.data.get("case") == "appointment":
            self._appointed(deal, line.at)

    def _task(self, line: Entry) -> None:
        kind = str(line.data.get("task", ""))
        if kind not in _TOUCHING and kind != PILOT:
            return
        course = self.courses.get(line.enrollment_id or "")
        deal = line.deal_id or (course.deal if course else "")
        rep = str(line.data.get("rep") or (course.rep if course else line.actor))
        channel = _TOUCHING.get(kind, PILOT)
        touch = Touch(rep, course.scenario if course else "", line.at, channel, deal)
        self._done.setdefault(_task_key(line), []).append(_Done(touch, line.organisation_id or ""))
        if kind in {"appointment", "visit"}:
            self._appointed(deal, line.at)

    def _appointed(self, deal: str, at: datetime) -> None:
        for meeting in self._of_deal.get(deal, ()) if deal else ():
            _followed(meeting, at)

    def facts(self, known_at: datetime) -> Facts:
        """What the lines up to ``known_at`` said."""
        met = (Touch(m.rep, m.scenario, m.ended_at, "meeting", m.deal) for m in self.meetings.values())
        done = [self._looked_for(made) for several in self._done.values() for made in several]
        return Facts(
            known_at,
            tuple(Held(m.rep, m.scenario, m.ended_at, m.recorded_at, m.next_at) for m in self.meetings.values()),
            tuple(
                Thanks(
                    c.began,
                    c.scenario,
                    c.meeting.ended_at,
                    c.sent_at,
                    c.replied_at,
                    c.agreed,
                    dropped=c.sent_at is None
                    and c.stopped_at is not None
                    and c.stopped_at < c.meeting.ended_at + GOAL,
                )
                for c in self.courses.values()
                if c.meeting is not None and c.step
            ),
            (*self._touches, *done, *met),
        )

    def _looked_for(self, done: _Done) -> Touch:
        """A visit knows whether its meeting was recorded."""
        touch = done.touch
        if touch.channel != "visit":
            return touch
        near = (m for m in self._of_house.get(done.organisation, ()) if abs(m.ended_at - touch.at) <= NEAR)
        recorded = next(near, None) is not None
        return Touch(touch.rep, touch.scenario, touch.at, touch.channel, touch.deal, unrecorded=not recorded)


def read(lines: Iterable[Entry], known_at: datetime) -> Facts:
    """The facts that these lines tell, in the journal's order; those from ``known_at`` on are not known yet."""
    reader = Reader()
    for line in lines:
        if line.at < known_at:
            reader.take(line)
    return reader.facts(known_at)


def _followed(meeting: _Meeting, at: datetime) -> None:
    if at > meeting.ended_at and (meeting.next_at is None or at < meeting.next_at):
        meeting.next_at = at


def _task_key(line: Entry) -> tuple[str, str, str]:
    return (line.enrollment_id or "", line.deal_id or line.person_id or "", str(line.data.get("step", "")))
