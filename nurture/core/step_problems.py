"""What does not fit together in the steps of a scenario, one by one and in their order."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from nurture.core.calendar import shifted
from nurture.core.deals import Stance
from nurture.core.people import ROLES
from nurture.core.problem import Path, Problem, Severity, warned
from nurture.core.rules import Happening
from nurture.core.span import SOME_DAY
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nurture.core.scenario import Scenario, Step, Windows

MEETING: Final = frozenset(
    {
        "agreements", "concerns", "confirmation_question", "material", "pointers", "remark", "next_actions",
        "promises", "attendees", "meeting",
    }
)  # fmt: skip
"""What only the record of a meeting can give."""
GIVEN: Final[Mapping[str, frozenset[str]]] = {
    "meeting_end": frozenset({"meeting", "deal"}),
    "proposal_sent_at": frozenset({"deal"}),
    "lost_at": frozenset({"deal"}),
    "contract_end": frozenset({"deal"}),
}
"""What an enrollment with that anchor has for certain."""


def of_steps(scenario: Scenario) -> Iterator[Problem]:
    """Problems of the steps; those of later rounds are the same."""
    for index, step in enumerate(scenario.steps):
        if step.round == 1:
            yield from _of_step(scenario, index, step)
    yield from _pace(scenario)


def needs_of(paths: Iterable[str]) -> frozenset[str]:
    """Of fields of a mail, which records they come from: ``meeting``, ``deal``."""
    firsts = {path.partition(".")[0] for path in paths}
    return frozenset(({"meeting"} if firsts & MEETING else set()) | ({"deal"} & firsts))


def not_given(scenario: Scenario, paths: Iterable[str]) -> tuple[str, ...]:
    """Of fields that a mail needs, those that the scenario's anchor cannot give."""
    missing = needs_of(paths) - GIVEN.get(scenario.anchor, frozenset())
    return tuple(sorted(path for path in set(paths) if needs_of((path,)) & missing))


def names_of_roles(windows: Mapping[str, Windows], path: Path) -> Iterator[Problem]:
    """Windows for roles that nobody has, as they are written."""
    for role in windows:
        if role != "default" and (guess := _misspelt(role)) is not None:
            yield warned(
                UserError("no role is called {role}", hint="did you mean {guess}?", role=role, guess=guess),
                *path,
                role,
            )


def _misspelt(role: str) -> str | None:
    """The known role that a word looks like, if it is none itself. Roles of one's own are allowed."""
    if role in ROLES:
        return None
    near = difflib.get_close_matches(role.casefold(), (*ROLES, "default"), n=1, cutoff=0.7)
    return near[0] if near else None


def exclusive(one: Step, two: Step) -> bool:
    """Whether no person comes to both steps."""
    pairs = (
        (one.when.roles, two.when.roles),
        (one.when.specialties, two.when.specialties),
        (one.when.stances, two.when.stances),
        (one.when.competitors, two.when.competitors),
    )
    return any(a is not None and b is not None and not set(a) & set(b) for a, b in pairs)


def _pace(scenario: Scenario) -> Iterator[Problem]:
    """Steps whose days cannot satisfy gap, cap and their own expiry, whatever the calendars say.

    Days are counted from the anchor; ``earliest`` is the first day on which a step can leave after all that goes
    ahead of it. Business days are longer than calendar days, so such steps are compared with their own kind only.
    """
    pace, placed = scenario.pace, [(i, s) for i, s in enumerate(scenario.steps) if s.round == 1]
    if pace.cap == 0:
        yield Problem(
            UserError(
                "with {cap} mails per {days}d nothing but a step with within ever leaves",
                cap=pace.cap,
                days=pace.cap_days,
            ),
            ("pace", "per_organisation"),
            Severity.FAILED,
        )
        return
    earliest: list[tuple[Step, int]] = []
    for index, step in placed:
        if step.mail is None:
            continue
        ahead = [(s, d) for s, d in earliest if s.business_days == step.business_days and not exclusive(s, step)]
        day = step.day
        if step.within_seconds is None:
            day = _first_day(scenario, day, [d for _, d in ahead])
        yield from _in_quiet_days(step, day, ahead, ("steps", index, "day"))
        earliest.append((step, day))
        before = ahead[-1][0].id if ahead else ""
        after = step.expires.after if step.expires else None
        if after is not None and day > step.day + after:
            yield Problem(
                UserError(
                    "step {step} can never be sent: {before} puts it on day {day}, and it expires on day {last}",
                    step=step.id,
                    before=before,
                    day=day,
                    last=step.day + after,
                ),
                ("steps", index, "expires"),
                Severity.FAILED,
            )
        elif day > step.day and step.day >= (ahead[-1][0].day if ahead else step.day):
            yield warned(
                UserError(
                    "step {step} never leaves on its day {day}: gap and cap put it on day {later} behind {before}",
                    hint="leave more days between them, or make the gap smaller",
                    step=step.id,
                    day=step.day,
                    later=day,
                    before=before,
                ),
                "steps",
                index,
                "day",
            )
        yield from _before_event(scenario, step, day, ("steps", index, "expires"))


def _in_quiet_days(step: Step, day: int, ahead: Sequence[tuple[Step, int]], path: Path) -> Iterator[Problem]:
    """A mail in the quiet days that its own scenario asks for."""
    if step.within_seconds is not None or step.purpose == "notice" or step.on_blocked == "ignore":
        return
    found = max(((d + s.quiet_days + 1, s.id) for s, d in ahead if s.quiet_days), default=(day, ""))
    if found[0] > day:
        yield warned(
            UserError(
                "step {step} never leaves on its day {day}: the days after {before} are quiet, up to day {last}",
                hint="day: {later}, or fewer quiet days",
                step=step.id,
                day=step.day,
                before=found[1],
                last=found[0] - 1,
                later=found[0],
            ),
            *path,
        )


def _first_day(scenario: Scenario, day: int, ahead: Sequence[int]) -> int:
    pace = scenario.pace
    if ahead:
        day = max(day, max(ahead) + max(pace.min_gap or 0, 1))
    if pace.cap and pace.cap_days:
        while len(within := sorted(d for d in ahead if day - (pace.cap_days or 0) < d <= day)) >= pace.cap:
            day = within[-pace.cap] + pace.cap_days  # when enough of them lie far enough back
    return day


def _before_event(scenario: Scenario, step: Step, day: int, path: Path) -> Iterator[Problem]:
    """A step that must leave before the very event that the scenario is anchored at."""
    expires = step.expires
    if expires is None or expires.before_event is None or expires.before_event != scenario.anchor:
        return
    leaves = shifted(scenario.offset.after(SOME_DAY), day - 1)
    last = shifted(SOME_DAY, -expires.margin)
    if leaves > last:
        yield Problem(
            UserError(
                "step {step} can never be sent: it expires {days} days before it may leave",
                hint="give it an earlier day, or a smaller margin",
                step=step.id,
                days=(leaves - last).days,
            ),
            path,
            Severity.FAILED,
        )


def _of_step(scenario: Scenario, index: int, step: Step) -> Iterator[Problem]:
    ahead = scenario.steps[:index]
    ids = [s.id for s in ahead]
    place = ("steps", index)
    if step.id in ids:
        yield Problem(UserError("a second step has the id {step}", step=step.id), (*place, "id"))
    if (step.mail is None) == (step.task is None):
        yield Problem(
            UserError(
                "step {step} needs either mail or task", hint="mail: a-template, or task: call", step=step.id
            ),
            place,
        )
    if step.thread is not None:
        yield from _of_thread(scenario, step, ahead, (*place, "thread"))
    if step.task is not None:
        for key, is_set in (
            ("requires", bool(step.requires)),
            ("content", step.content is not None),
            ("thread", step.thread is not None),
            ("quiet", bool(step.quiet_days)),
        ):
            if is_set:
                yield Problem(UserError("{key} has no meaning for a task", key=key), (*place, key))
    yield from _days(scenario, step, place)
    yield from _conditions(step, place)
    yield from _deadline(step, place)
    yield from _unreachable(scenario, step, ahead, place)
    yield from _chasing(step, place)
    if missing := not_given(scenario, step.requires):
        sure = scenario.anchor == "enrolled_at" or scenario.is_event
        severity = Severity.FAILED if sure else Severity.WARNING
        yield Problem(cannot_give(scenario, step.id, missing), (*place, "requires"), severity)
    if step.expires is not None and step.expires.margin and step.expires.after is not None:
        yield Problem(
            UserError("margin belongs to before, not to after"),
            (*place, "expires", "margin"),
            severity=Severity.WARNING,
        )


def cannot_give(scenario: Scenario, step: str, missing: Sequence[str]) -> UserError:
    """A mail that needs what nobody who is enrolled so has."""
    return UserError(
        "step {step} needs {fields}, and an enrollment from {anchor} has no such record",
        hint="use the template in a scenario with anchor: meeting_end, or another template here",
        step=step,
        fields=", ".join(missing),
        anchor=scenario.anchor,
    )


def _days(scenario: Scenario, step: Step, place: Path) -> Iterator[Problem]:
    if step.day > 0:
        return
    if not scenario.knows_ahead:
        yield Problem(
            UserError(
                "found {day}, expected 1 or more: {anchor} is not known before it has come",
                hint="days before day 1 need an anchor that lies ahead: contract_end, or an event",
                day=step.day,
                anchor=scenario.anchor,
            ),
            (*place, "day"),
        )
    if step.business_days:
        yield Problem(UserError("business days are counted from day 1 on, not back"), (*place, "day"))


def _conditions(step: Step, place: Path) -> Iterator[Problem]:
    """Conditions that nobody can meet."""
    for role in step.when.roles or ():
        if (guess := _misspelt(role)) is not None:
            yield warned(
                UserError("no role is called {role}", hint="did you mean {guess}?", role=role, guess=guess),
                *place,
                "when",
                "role",
            )
    known = [stance.value for stance in Stance]
    for stance in step.when.stances or ():
        if stance not in known:
            near = difflib.get_close_matches(stance, known, n=1)
            yield Problem(
                UserError(
                    "found {found}, expected one of {expected}",
                    hint="did you mean {guess}?" if near else None,
                    found=stance,
                    expected=", ".join(known),
                    guess=near[0] if near else None,
                ),
                (*place, "when", "stance"),
                Severity.FAILED,
            )
    for role, windows in (step.windows or {}).items():
        if not windows.days or not windows.hours:
            yield Problem(
                UserError("step {step} never leaves: its window has no days or no hours", step=step.id),
                (*place, "windows"),
                Severity.FAILED,
            )
        if role != "default":
            yield from names_of_roles({role: windows}, (*place, "windows"))


def _deadline(step: Step, place: Path) -> Iterator[Problem]:
    """An SLA that the step's own keys make impossible, or only sometimes possible."""
    if step.within_seconds is None:
        return
    if (step.day - 1) * 86_400 > step.within_seconds:
        yield Problem(
            UserError(
                "step {step} cannot keep its deadline: day {day} begins after it", step=step.id, day=step.day
            ),
            (*place, "within"),
            Severity.FAILED,
        )
    elif step.mail is not None and step.within_seconds < 86_400 and not step.any_window:
        yield warned(
            UserError(
                "step {step} keeps its deadline only within its send windows",
                hint="windows: any lets it leave as soon as it is approved",
                step=step.id,
            ),
            *place,
            "within",
        )


def _of_thread(scenario: Scenario, step: Step, ahead: Sequence[Step], place: Path) -> Iterator[Problem]:
    named = next((s for s in ahead if s.id == step.thread), None)
    if named is None and scenario.step(step.thread or "") is not None:
        yield Problem(
            UserError("{thread} comes later than this step: nothing to answer yet", thread=step.thread), place
        )
    elif named is None:
        mails = [s.id for s in ahead if s.mail is not None]
        guess = difflib.get_close_matches(step.thread or "", mails, n=1)
        yield Problem(
            UserError(
                "there is no step {thread}",
                hint="did you mean {guess}?" if guess else "mails ahead of this step: {mails}",
                thread=step.thread,
                guess=guess[0] if guess else None,
                mails=", ".join(mails),
            ),
            place,
        )
    elif named.mail is None:
        yield Problem(UserError("{thread} is a task: it has no thread to answer in", thread=step.thread), place)
    elif exclusive(named, step):
        yield warned(
            UserError(
                "nobody who gets {step} has got {thread}: it begins a thread of its own",
                step=step.id,
                thread=step.thread,
            ),
            *place,
        )


def _unreachable(scenario: Scenario, step: Step, ahead: Sequence[Step], place: Path) -> Iterator[Problem]:
    """Steps that nobody can come to, or only later than they say."""
    if step.when.no_reply is False and "reply" in scenario.stop_on and not _goes_on(scenario):
        yield Problem(
            UserError(
                "step {step} is never reached: it waits for a reply, and a reply stops the scenario", step=step.id
            ),
            (*place, "when", "no_reply"),
            severity=Severity.WARNING,
        )
    earlier = next(
        (
            s
            for s in ahead
            if s.day > step.day and s.business_days == step.business_days and not exclusive(s, step)
        ),
        None,
    )
    if earlier is not None:
        yield Problem(
            UserError(
                "step {step} stands behind {earlier}, which comes on a later day: it will wait for it",
                hint="put the steps in the order of their days",
                step=step.id,
                earlier=earlier.id,
            ),
            (*place, "day"),
            severity=Severity.WARNING,
        )
    if step.within_seconds is not None and any(
        s.mail is not None and s.day == step.day and step.mail is not None and not exclusive(s, step)
        for s in ahead
    ):
        yield Problem(
            UserError(
                "step {step} cannot keep its deadline: another mail goes out ahead of it on that day", step=step.id
            ),
            (*place, "within"),
            severity=Severity.WARNING,
        )


def _goes_on(scenario: Scenario) -> bool:
    """Whether a rule lets the scenario go on by itself after a reply."""
    return any(
        rule.when.what is Happening.REPLY and (rule.do.resume or rule.do.pause_days) for rule in scenario.rules
    )


CHASING: Final = ("follow-up", "followup", "reminder", "chase", "checking-in", "check-in", "any-news", "nudge")
"""Names of templates that say what a mail must not be (practice C15)."""


def _chasing(step: Step, place: Path) -> Iterator[Problem]:
    """A step that only asks "any news?" and gives nothing (practice C15)."""
    if step.mail is None or step.purpose != "value" or step.content is not None or step.requires:
        return
    said = step.mail.replace("_", "-").casefold()
    if any(word in said for word in CHASING) or any(word in step.id.replace("_", "-") for word in CHASING):
        yield Problem(
            UserError(
                "step {step} only chases: it asks for news and gives none",
                hint="give something: content: {{kind: case_study}}, or leave the step out",
                step=step.id,
            ),
            (*place, "mail"),
            severity=Severity.FAILED,
        )
