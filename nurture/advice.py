"""What was read and what it does, in words: the lines of ``core.cases`` for representatives and operations.

What happens, who is told, how it is undone and what a scenario may change are put together from the fields of a
case, so that the words cannot say anything else than the program does. What a case is called, and what a
representative may do next, are written here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core.cases import Becomes, Rules, Silence, Told
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nurture.core.cases import Case
    from nurture.i18n import Words

READ: Final[Mapping[str, str]] = {
    "opt_out": mark("wants no more mail: by reply, by mail to the opt-out address"),
    "complaint": mark("complains, or the provider reports a complaint"),
    "bounce": mark("the address is no good: unknown, closed, moved"),
    "soft_bounce": mark("came back for now: mailbox full, too big, refused by a policy"),
    "third_bounce": mark("the third mail in a row came back for now"),
    "moved": mark("moved to another post, left, or has another address; an automatic note says so too"),
    "away": mark("away, by an absence note"),
    "away_and_moved": mark("an absence note that also speaks of a move"),
    "patient_data": mark("looks like data of a patient: a name with a number, a date of birth"),
    "appointment": mark("proposes or accepts a time to meet"),
    "ambiguous": mark(
        "can be read in two ways: もう結構です, 大丈夫です, a date whose weekday is another; "
        "a meeting declined or moved"
    ),
    "topic": mark("does not want mail about one topic"),
    "less_often": mark("wants mail less often"),
    "refusal": mark("declines"),
    "consideration": mark("thinks it over, or puts it off: 検討します, 来年度に"),
    "correction": mark("does not agree, or only in part"),
    "material": mark("asks for material or a price"),
    "question": mark("asks something"),
    "referral": mark("names somebody else: a deputy, a successor, the department in charge"),
    "agreement": mark("confirms the understanding"),
    "reply": mark("any other reply of a person"),
    "challenge": mark("a filter holds the mail until the sender proves to be a person"),
    "noted": mark("automatic answers, receipts, delays"),
}

STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "opt_out": (
        mark("Write nothing more to this address, by hand either."),
        mark("Who asked by reply gets one short confirmation by itself (confirm_opt_out); add nothing to it."),
    ),
    "complaint": (
        mark("Call today, with your manager, and apologise; do not write."),
        mark("Look at how the address came to us: nurture why shows basis and date."),
    ),
    "bounce": (
        mark("Ask the hospital's switchboard for the address, and correct it with the person."),
        mark("Did the person leave? Then thank, and ask who follows."),
    ),
    "third_bounce": (
        mark("Call: is the mailbox full, is our domain blocked, is the address still in use?"),
        mark("Resume when mail arrives again."),
    ),
    "moved": (
        mark("Who wrote by hand is thanked by a draft at the desk: approve it, or reject it and call."),
        mark("Who follows? Record that person; an introduction is drafted once it is known why mail is allowed."),
        mark("Enter the new post and address with the person; enroll anew only if it still fits."),
    ),
    "away_and_moved": (
        mark("Read the note: is the person away, or gone?"),
        mark("Away: resume, mail waits for the return. Gone: stop, and ask who follows."),
    ),
    "patient_data": (
        mark("Read it in your mailbox; it is not kept here, and not to be forwarded or printed."),
        mark("Call and say that such data must not come by mail; delete the mail when it is settled."),
        mark("Answer without citing it, then resume."),
    ),
    "appointment": (
        mark("Confirm one of the times today, by your own mail or telephone."),
        mark("The calendar file of each time is at the desk, to be put into your calendar or your answer."),
        mark("Enter the meeting when it has taken place: the next follow-up begins with it."),
    ),
    "ambiguous": (
        mark("Read it. A refusal of mail? Then enter it as an opt-out; when in doubt, do."),
        mark("Else answer, and resume or stop."),
    ),
    "topic": (
        mark("Which topic? Where it is one of ours, it is off already; else enter it: nurture suppression add."),
        mark("Then resume: the rest goes on."),
    ),
    "less_often": (
        mark("It is so already, as often as they said, else once a month; where it is misread: nurture pace."),
        mark("Who said nothing else gets one short confirmation by itself (confirm_opt_out); add nothing to it."),
        mark("Else answer what they ask, and resume."),
    ),
    "refusal": (
        mark("Thank, and ask humbly for the reason; ask nothing else."),
        mark("Enter the loss with the deal. Useful news a few times a year may follow, if they do not mind."),
    ),
    "consideration": (
        mark("Do not chase before that time. Are there papers that the internal decision needs? Offer them."),
        mark("Afterwards ask for the points at issue and the timing, not for news."),
    ),
    "correction": (
        mark("Call, and set right what is wrong; send corrected minutes."),
        mark("Resume when both mean the same."),
    ),
    "material": (
        mark("Send a link, or a PDF that they ask for: nurture queue attach."),
        mark("Name the page that answers the question. Then resume."),
    ),
    "question": (
        mark("Answer within a working day; say until when, if you must find out first."),
        mark("Then resume: the next mail must not look as if nobody had asked."),
    ),
    "referral": (
        mark("Thank, and write to the person who was named, by hand, with the introduction in the first line."),
        mark("Record that person; stop here, or resume if both are to hear from us."),
    ),
    "agreement": (mark("Thank in a line, keep what was promised, and resume."),),
    "reply": (mark("Answer, then resume or stop."),),
    "challenge": (
        mark("Is it the person's own filter? Then do as it says, once; the mail waits there until then."),
        mark("When in doubt click nothing: call, and ask whether the mail has come."),
    ),
}
"""What the representative may do next, in the order of doing it."""

BECOMES: Final[Mapping[Becomes, str]] = {
    Becomes.STOPS: mark("stop; what has not left is cancelled"),
    Becomes.PAUSES: mark("pause until somebody resumes"),
    Becomes.RESTS: mark("rest until three days after the time that they name, else five weeks; then go on"),
    Becomes.SLOWS: mark("go on at that pace; what else wants an answer pauses"),
    Becomes.POSTPONED: mark("nothing leaves before the first business day after the return, else for two weeks"),
    Becomes.GOES_ON: mark("go on"),
}
SILENCES: Final[Mapping[Silence, str]] = {
    Silence.ADDRESS: mark("address suppressed"),
    Silence.TOPIC: mark("topic suppressed, if it is one of ours"),
    Silence.PACE: mark("at most one mail in the time that they name, else in 31 days"),
}
TELLS: Final[Mapping[Told, str]] = {
    Told.REP: mark("the representative, at once"),
    Told.ALARM: mark("representative, manager, administrators, at once"),
}
RULES: Final[Mapping[Rules, str]] = {
    Rules.ANY: mark("everything"),
    Rules.NAMED: mark("by a rule that names it"),
    Rules.TASK: mark("only add a task"),
    Rules.NONE: mark("nothing"),
}
UNDO: Final[Mapping[Becomes, str]] = {
    Becomes.STOPS: "nurture reopen → nurture resume",
    Becomes.PAUSES: "nurture resume",
    Becomes.RESTS: "nurture resume",
    Becomes.SLOWS: "nurture resume",
    Becomes.POSTPONED: "nurture back",
    Becomes.GOES_ON: "",
}


def read(w: Words, case: Case) -> str:
    """What a mail of this case says."""
    return w(READ[case.id])


def cut(w: Words, folder: str) -> str:
    """That only a mail's beginning was read, and where the whole lies."""
    return w(
        "It is too long: only its beginning and its end were read. The whole lies in the mailbox, in {folder}.",
        folder=folder,
    )


def steps(w: Words, case: Case) -> tuple[str, ...]:
    """What the representative may do next."""
    return tuple(w(step) for step in STEPS.get(case.id, ()))


def happens(w: Words, case: Case) -> str:
    """What the program does."""
    parts = [w(BECOMES[case.becomes])]
    if case.silence is not None:
        parts.append(w(SILENCES[case.silence]))
    if case.task is not None:
        parts.append(w("task"))
    if case.thanks:
        parts.append(w("draft of thanks, if the person wrote it"))
    if case.colleagues:
        parts.append(w("colleagues"))
    return w("; ").join(parts)


def told(w: Words, case: Case) -> str:
    """Who of us hears of it, and when."""
    if case.told is not None:
        return w(TELLS[case.told])
    return w("the representative, at the desk") if case.task is not None else w("nobody; it is in the journal")


def undo(w: Words, case: Case) -> str:
    """How a person takes it back."""
    parts = [UNDO[case.becomes]] if UNDO[case.becomes] else []
    if case.silence is not None:
        parts.insert(0, "nurture pace" if case.silence is Silence.PACE else "nurture suppression lift")
    return w("; ").join(parts) or "–"


def rules(w: Words, case: Case) -> str:
    """What a scenario's ``on:`` may change."""
    return w(RULES[case.rules])


def table(w: Words, listed: tuple[Case, ...]) -> Iterator[tuple[str, ...]]:
    """The heads, then a row for each case."""
    yield w("what was read"), w("enrollments, and besides"), w("told"), w("undone by"), w("on: may change")
    for case in listed:
        yield read(w, case), happens(w, case), told(w, case), undo(w, case), rules(w, case)
