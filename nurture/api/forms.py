"""What comes in, as pydantic models. Strict: an unknown field is an error, not a field that does nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from nurture.api.paging import MOST, USUAL
from nurture.core.deals import DealStatus, Stance, TaskState
from nurture.core.messages import EnrollmentState, MessageState
from nurture.core.people import Basis, Profession


def _plain(text: str) -> str:
    """One line: no control characters."""
    if any(ord(c) < 32 or ord(c) in {0x7F, 0x85, 0x2028, 0x2029} for c in text):
        raise ValueError("control characters are not allowed here")
    return text.strip()


def _lines(text: str) -> str:
    """Several lines: no control characters but tab and line ends."""
    if any((ord(c) < 32 and c not in "\t\n\r") or ord(c) == 0x7F for c in text):
        raise ValueError("control characters are not allowed here")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _day(day: date) -> date:
    if not 2000 <= day.year <= 2099:
        raise ValueError("a year from 2000 to 2099 is expected")
    return day


def _moment(moment: datetime) -> datetime:
    _day(moment.date())
    return moment


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # as the name is unknown, no name, or a folder
        raise ValueError("an IANA time zone is expected, such as Asia/Tokyo") from None
    return name


Text = Annotated[str, Field(max_length=2000), AfterValidator(_lines)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_plain)]
Key = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_.:-]+$")]
Email = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_plain)]
Day = Annotated[date, AfterValidator(_day)]
Moment = Annotated[AwareDatetime, AfterValidator(_moment)]
Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="2026-11")]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]


class In(BaseModel):
    """Something that is sent to us."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(In):
    """An empty object."""


class ApproveIn(Nothing):
    """Nothing, or another date than the planned one."""

    on: Day | None = Field(None, description="the recipient's local date; absent: the planned one")
    at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = Field(
        None, description="the recipient's time of day, HH:MM, with `on`; absent: as the plan has it"
    )


class Paged(In):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = USUAL
    cursor: Annotated[str, Field(max_length=500)] | None = None


class PeopleAsked(Paged):
    """Which people."""

    email: Email | None = None
    organisation_id: Key | None = None
    rep_id: Key | None = None


class DealsAsked(Paged):
    """Which deals."""

    organisation_id: Key | None = None
    status: DealStatus | None = None


class MeetingsAsked(Paged):
    """Which meetings."""

    organisation_id: Key | None = None
    deal_id: Key | None = None


class EnrollmentsAsked(Paged):
    """Which enrollments."""

    person_id: Key | None = None
    scenario_id: Key | None = None
    state: EnrollmentState | None = None


class MessagesAsked(Paged):
    """Which mails."""

    person_id: Key | None = None
    enrollment_id: Key | None = None
    state: MessageState | None = None


class TasksAsked(Paged):
    """Which tasks."""

    person_id: Key | None = None
    state: TaskState | None = None


class EventsAsked(Paged):
    """From where on: ``after`` is the ``seq`` of the last event that is known."""

    after: Annotated[int, Field(ge=0, le=2**62)] = 0


class KpiAsked(In):
    """Which numbers, and how they are put side by side. Nothing: this month and the five before it."""

    by: Literal["month", "rep", "team", "scenario", "all"] = "month"
    first: Month | None = Field(None, alias="from", description="the first month; 24 are counted at most")
    last: Month | None = Field(None, alias="to", description="the last month; none that is still to come")
    as_of: Moment | Day | None = Field(
        None, description="as it was known at an instant, or on the evening of a day"
    )
    rep: Key | None = Field(None, description="only this representative's")
    scenario: Key | None = Field(None, description="only this scenario's")


class LegalIn(In):
    """Why we may write to somebody."""

    kind: Basis
    on: Day | None = None
    evidence: Text = ""


class AttendeeIn(In):
    """Somebody who was there. Somebody new needs ``family_name`` too."""

    email: Email
    stance: Stance = Stance.UNKNOWN
    remark: Text = ""
    family_name: Line = ""
    given_name: Line = ""
    role: Line | None = None
    specialty: Line | None = None
    department: Line | None = None
    title: Line | None = None
    profession: Profession | None = None
    topics: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    legal_basis: LegalIn | None = None


class ConcernIn(In):
    """What worried them."""

    text: Text
    topic: Line | None = None


class PromiseIn(In):
    """Who does what by when."""

    text: Text
    owner: Literal["us", "them"] = "us"
    owner_name: Line = ""
    due: Day | None = None


class PointerIn(In):
    """On which page of the material a topic is answered."""

    topic: Line
    page: Line
    label: Line = ""


class MeetingIn(In):
    """A meeting record: what the file of ``nurture record`` has, with instants that name their offset."""

    organisation: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
    ended_at: Moment = Field(description="when it ended; the three hours of the thank-you start there")
    attendees: Annotated[tuple[AttendeeIn, ...], Field(min_length=1, max_length=50)]
    rep_id: Key | None = Field(None, description="whose meeting; needed with the installation's token")
    scenario: Key = "warm-lead-30d"
    subject: Line = ""
    place: Line = ""
    agreements: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    concerns: Annotated[tuple[ConcernIn, ...], Field(max_length=50)] = ()
    confirmation_question: Text = ""
    promises: Annotated[tuple[PromiseIn, ...], Field(max_length=50)] = ()
    material: Line = ""
    pointers: Annotated[tuple[PointerIn, ...], Field(max_length=50)] = ()
    dates: Annotated[dict[Key, Day], Field(max_length=20)] = {}
    private_note: Annotated[str, Field(max_length=20_000), AfterValidator(_lines)] = Field(
        "", description="never in a mail, and in no answer"
    )
    deal: Line = ""
    product: Line = ""
    phase: Annotated[int, Field(ge=1, le=5)] | None = None
    competitor: Line | None = None
    contract_end: Day | None = None
    organisation_kind: Line = "hospital"
    region: Line | None = None


class PersonIn(In):
    """Somebody by address: added, or completed. Empty fields change nothing."""

    email: Email
    family_name: Line = ""
    given_name: Line = ""
    kana: Line = ""
    organisation: Line = Field("", description="its name in full; a new one is added")
    organisation_kind: Line = ""
    role: Line = ""
    specialty: Line = ""
    department: Line = ""
    title: Line = ""
    profession: Profession | None = None
    region: Line = ""
    timezone: Zone | None = None
    language: Literal["ja", "en"] | None = None
    rep_id: Key | None = Field(None, description="who writes to them; with a representative's token: that one")
    topics: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    legal_basis: LegalIn | None = None


class Silence(In):
    """Somebody wants no more mail: for ever, until a documented consent lifts it (which no program does)."""

    reason: Literal["unsubscribe", "complaint", "bounce", "person"] = "unsubscribe"
    evidence: Text = Field("", description="what was said, when and how")


class EnrollmentIn(In):
    """Start somebody on a scenario."""

    person_id: Key
    scenario: Key
    anchor_at: Moment | Day | None = Field(
        None, description="Day 1: an instant or a local date; null: as meetings and deals say"
    )
    dates: Annotated[dict[Key, Day], Field(max_length=20)] = {}
    deal_id: Key | None = None
    meeting_id: Key | None = None


class WhyNot(In):
    """Why a mail is not sent: it teaches those who write the templates."""

    reason: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
