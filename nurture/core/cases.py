"""What a mail that comes in is taken for, and what that does: the table that marketing operations read.

Theory of operation
-------------------
``of`` sorts a reading into exactly one case, the gravest first: who wants no mail is not asked what else the
mail says; what can be read in two ways is left to a person; an enrollment rests or ends by itself only where the
mail says nothing else that would want an answer. ``core.reactions`` does what the case says, a scenario's own
rules (``core.responses``) as far as the case lets them. ``docs/reactions.md`` and ``nurture reactions`` are drawn
from this table, and a test sends letters of each case through the flows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from nurture.core.reading import Intent, Kind

if TYPE_CHECKING:
    from nurture.core.reading import Reading


class Becomes(StrEnum):
    """What becomes of the person's running enrollments where no rule of a scenario says otherwise."""

    STOPS = "stops"
    PAUSES = "pauses"  # until a person resumes
    RESTS = "rests"  # until the time that was named, else five weeks; then it goes on by itself
    SLOWS = "slows"  # goes on, no more often than they wish; pauses where the mail wants an answer too
    POSTPONED = "postponed"  # past the return
    GOES_ON = "goes_on"


class Rules(StrEnum):
    """What a scenario's ``on:`` may make of it."""

    ANY = "any"
    NAMED = "named"  # only a rule that names it
    TASK = "task"  # only add a task
    NONE = "none"


class Silence(StrEnum):
    """Who is never written to again."""

    ADDRESS = "address"
    TOPIC = "topic"  # where it is one that we know
    PACE = "pace"  # so many days from one mail to the next


class Told(StrEnum):
    """Who of us hears of it at once by mail. What servers say waits at the desk: an old list has hundreds."""

    REP = "rep"
    ALARM = "alarm"  # the representative, the manager and the administrators


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table.

    ``reason`` stands with the enrollment, ``task`` is the kind of the representative's task, ``colleagues``:
    whether ``on_colleague_reply`` is asked for the others of the organisation, if a person wrote; ``thanks``:
    whether a draft of thanks is made, where the address can be expected to work.
    """

    id: str
    becomes: Becomes
    reason: str = ""
    task: str | None = None
    told: Told | None = None
    silence: Silence | None = None
    rules: Rules = Rules.NONE
    colleagues: bool = False
    thanks: bool = False


def _answer(key: str, becomes: Becomes = Becomes.PAUSES, reason: str = "reply", rules: Rules = Rules.ANY) -> Case:
    """Of a person who wrote: always a task and word to the representative."""
    return Case(key, becomes, reason, "reply", Told.REP, rules=rules, colleagues=True)


OPT_OUT: Final = Case(
    "opt_out", Becomes.STOPS, "unsubscribe", None, Told.REP, Silence.ADDRESS, Rules.NONE, colleagues=True
)
COMPLAINT: Final = Case(
    "complaint", Becomes.STOPS, "complaint", "complaint", Told.ALARM, Silence.ADDRESS, Rules.NONE, colleagues=True
)
BOUNCE: Final = Case("bounce", Becomes.STOPS, "bounce", "bounce", None, Silence.ADDRESS, Rules.TASK)
SOFT_BOUNCE: Final = Case("soft_bounce", Becomes.GOES_ON, rules=Rules.ANY)
THIRD_BOUNCE: Final = Case("third_bounce", Becomes.PAUSES, "bounces", "bounce", rules=Rules.ANY)
MOVED: Final = Case(
    "moved", Becomes.STOPS, "moved", "moved", Told.REP, rules=Rules.TASK, colleagues=True, thanks=True
)
AWAY: Final = Case("away", Becomes.POSTPONED, rules=Rules.ANY)
AWAY_AND_MOVED: Final = Case("away_and_moved", Becomes.PAUSES, "moved", "moved", Told.REP, rules=Rules.NONE)
PATIENT_DATA: Final = Case(
    "patient_data", Becomes.PAUSES, "patient_data", "reply", Told.REP, rules=Rules.NONE, colleagues=True
)
APPOINTMENT: Final = Case(
    "appointment", Becomes.STOPS, "appointment", "appointment", Told.REP, rules=Rules.NAMED, colleagues=True
)
AMBIGUOUS: Final = _answer("ambiguous", rules=Rules.NONE)
TOPIC: Final = Case(
    "topic", Becomes.PAUSES, "reply", "reply", Told.REP, Silence.TOPIC, Rules.NONE, colleagues=True
)
LESS_OFTEN: Final = Case(
    "less_often", Becomes.SLOWS, "reply", "reply", Told.REP, Silence.PACE, Rules.ANY, colleagues=True
)
REFUSAL: Final = _answer("refusal", Becomes.STOPS, "refusal")
CONSIDERATION: Final = _answer("consideration", Becomes.RESTS, "consideration")
CORRECTION: Final = _answer("correction")
MATERIAL: Final = _answer("material")
QUESTION: Final = _answer("question")
REFERRAL: Final = _answer("referral")
AGREEMENT: Final = _answer("agreement")
REPLY: Final = _answer("reply")
CHALLENGE: Final = Case("challenge", Becomes.GOES_ON, task="challenge")
"""The letter lies with a filter until somebody proves to be no program: which a program must not."""
NOTED: Final = Case("noted", Becomes.GOES_ON)

CASES: Final = (
    OPT_OUT,
    COMPLAINT,
    BOUNCE,
    SOFT_BOUNCE,
    THIRD_BOUNCE,
    MOVED,
    AWAY,
    AWAY_AND_MOVED,
    PATIENT_DATA,
    AMBIGUOUS,
    APPOINTMENT,
    TOPIC,
    LESS_OFTEN,
    REFUSAL,
    CONSIDERATION,
    CORRECTION,
    MATERIAL,
    QUESTION,
    REFERRAL,
    AGREEMENT,
    REPLY,
    CHALLENGE,
    NOTED,
)
"""All of them, the gravest first."""

LEAVING: Final = frozenset({Intent.MOVED, Intent.LEFT})
NO: Final = frozenset({Intent.REFUSAL, Intent.DISAGREEMENT})
"""A refusal that says nothing else ends by itself; with a question beside it, a person answers first."""
ALONE: Final = frozenset({Intent.LESS_OFTEN, Intent.AGREEMENT})
"""A wish for less mail that says nothing else goes on by itself."""
LATER: Final = frozenset({Intent.CONSIDERATION, Intent.SNOOZE})

_REPLIES: Final = (
    (frozenset({Intent.PARTIAL_AGREEMENT, Intent.DISAGREEMENT}), CORRECTION),
    (frozenset({Intent.REQUEST_MATERIAL}), MATERIAL),
    (frozenset({Intent.QUESTION}), QUESTION),
    (frozenset({Intent.REFERRAL, Intent.SUCCESSOR_NAMED, Intent.DEPUTY_NAMED}), REFERRAL),
)


def of(reading: Reading) -> Case:
    """The one case that a reading is."""
    kind, intents = reading.kind, reading.intents
    wrote = kind is Kind.REPLY
    if kind is Kind.UNSUBSCRIBE or (wrote and Intent.UNSUBSCRIBE in intents):
        return OPT_OUT
    if kind is Kind.COMPLAINT or (wrote and Intent.COMPLAINT in intents):
        return COMPLAINT
    if kind is Kind.BOUNCE:
        return BOUNCE if reading.bounce and reading.bounce.permanent else SOFT_BOUNCE
    if kind in {Kind.REPLY, Kind.AUTO_REPLY} and intents & LEAVING:
        return MOVED
    if kind is Kind.OUT_OF_OFFICE:
        return AWAY_AND_MOVED if intents & LEAVING else AWAY
    if not wrote:
        return CHALLENGE if kind is Kind.CHALLENGE else NOTED
    return PATIENT_DATA if reading.sensitive else _reply(intents)


def _reply(intents: frozenset[Intent]) -> Case:
    if Intent.AMBIGUOUS in intents:
        return AMBIGUOUS
    if Intent.APPOINTMENT in intents:
        return APPOINTMENT
    if Intent.UNSUBSCRIBE_TOPIC in intents:
        return TOPIC
    if Intent.LESS_OFTEN in intents:
        return LESS_OFTEN
    if Intent.REFUSAL in intents and intents <= NO:
        return REFUSAL
    if intents & LATER and intents <= LATER | {Intent.AGREEMENT}:
        return CONSIDERATION
    found = next((case for wanted, case in _REPLIES if wanted & intents), None)
    if found is not None:
        return found
    return AGREEMENT if intents == {Intent.AGREEMENT} else REPLY
