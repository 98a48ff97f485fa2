"""The story as it was meant: what must have come of each person's part, and what must never happen.

Each check holds whatever day the demo began on, because it only relates what people did to what the program
did. Only that every part has its moment, and that the congress moves two steps, is tied to the demo's own
first day and length.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from nurture.i18n import mark
from nurture.sandbox.people import VISITS, Part
from nurture.sandbox.recipients import TOKYO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nurture.i18n import Words
    from nurture.sandbox.summary import Story, Totals

DAYS: Final = 30
FIRST_DAY: Final = date(2027, 3, 19)
"""A Friday before a Monday that is a public holiday: meetings are on the 19th, the 23rd and the 24th. The turn of
the fiscal year, the claims days, a congress in April and Golden Week (for the appointment that is proposed at
the end) all lie in the time from there."""

CLAIMS_DAYS: Final = range(1, 11)
CONGRESS: Final = "company/jrc-2027"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that came out otherwise: a message id and what fills its places."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def say(self, w: Words) -> str:
        """In the reader's language."""
        return w(self.text, **self.values)


def compare(
    stories: Sequence[Story], totals: Totals, *, start: date, days: int, led: bool
) -> tuple[list[Difference], list[Part]]:
    """What differs, and the parts whose moment did not come.

    On the demo's own first day, with all its days, a part without its moment is a difference too.

    Args:
        stories: what came of everybody.
        totals: the numbers.
        start: the first day.
        days: how many were played.
        led: whether the invented representatives approved; else somebody at the desk did, as he liked.
    """
    strict = start == FIRST_DAY and days >= DAYS
    found = _never(totals)
    missed: list[Part] = []
    by_part = {story.part: story for story in stories}
    for part, check in _CHECKS.items():
        story = by_part[part]
        if story.enrollment is None or not _had_its_moment(story):
            missed.append(part)
            continue
        found += [_about(story, text) for text in check(story)]
    if Part.QUESTION not in missed:
        found += [
            _about(by_part[Part.COLLEAGUE], t) for t in _held(by_part[Part.COLLEAGUE], by_part[Part.QUESTION])
        ]
    found += _thanks(stories) if led else []
    if strict:
        found += [_about(by_part[part], mark("{name}: this part's moment did not come")) for part in missed]
        found += _own_first_day(by_part)
        if led and not totals.edited:
            found.append(Difference(mark("nobody edited a text")))
    return found, missed


def _about(story: Story, text: str) -> Difference:
    return Difference(text, {"name": story.latin, "outcome": story.outcome, "reason": story.reason})


def _never(totals: Totals) -> list[Difference]:
    never = (
        (totals.duplicates, mark("{count} mails arrived twice")),
        (totals.unapproved, mark("{count} mails left without an approval of exactly that text")),
        (totals.after_reply, mark("{count} mails arrived after an answer or an opt-out")),
        (totals.unaccounted, mark("{count} mails where mailboxes and journal disagree")),
    )
    return [Difference(text, {"count": count}) for count, text in never if count]


def _had_its_moment(story: Story) -> bool:
    if story.part in {Part.COLLEAGUE, Part.CONGRESS, Part.CLAIMS}:
        return bool(story.received)
    return bool(story.deeds)


def _ended(story: Story, state: str, reason: str) -> list[str]:
    if (story.outcome, story.reason) == (state, reason):
        return []
    return [mark("{name}: came out {outcome} ({reason})")]


def _question(story: Story) -> list[str]:
    found = _ended(story, "paused", "reply")
    if not story.said("inbound.reply"):
        found.append(mark("{name}: the reply was not read"))
    if not any(task.kind == "reply" for task in story.tasks):
        found.append(mark("{name}: no task for the representative"))
    return found


def _held(colleague: Story, asker: Story) -> list[str]:
    at = asker.silent_since
    held = [e for e in colleague.said("message.held") if e.data.get("reason") == "colleague_replied"]
    queued = [
        m
        for m in colleague.messages
        if at is not None and m.rendered_at and m.rendered_at < at and (m.sent_at is None or m.sent_at > at)
    ]
    return [mark("{name}: the queued mail was not held when the colleague replied")] if queued and not held else []


def _away(story: Story) -> list[str]:
    noted = story.said("person.away")
    if not noted:
        return [mark("{name}: the absence note was not understood")]
    resume = date.fromisoformat(str(noted[0].data["resume"]))
    early = [m for m in story.received if m.at > noted[0].at and m.at.astimezone(TOKYO).date() < resume]
    return [mark("{name}: a mail arrived during the absence")] if early else []


def _gone(story: Story) -> list[str]:
    found = _ended(story, "stopped", "bounce")
    if not story.suppressions:
        found.append(mark("{name}: the dead address is not suppressed"))
    if not any(task.kind == "bounce" for task in story.tasks):
        found.append(mark("{name}: no task for the representative"))
    return found


def _silenced(story: Story) -> list[str]:
    found = _ended(story, "stopped", "unsubscribe")
    if not any(s.reason == "unsubscribe" for s in story.suppressions):
        found.append(mark("{name}: the opt-out is not in the suppression list"))
    return found


def _congress(_story: Story) -> list[str]:
    return []  # which days are taken depends on the year: see _own_first_day


def _claims(story: Story) -> list[str]:
    thanked = story.received[0].header_id if story.received else ""
    days = [m.at.astimezone(TOKYO).date() for m in story.received if m.header_id != thanked]
    if any(day.day in CLAIMS_DAYS for day in days):
        return [mark("{name}: a mail arrived during the claims days")]
    return []


def _appointment(story: Story) -> list[str]:
    found = _ended(story, "stopped", "appointment")
    if not any(task.kind == "appointment" for task in story.tasks):
        found.append(mark("{name}: no task for the representative"))
    return found


_CHECKS: Final[Mapping[Part, Callable[[Story], list[str]]]] = {
    Part.QUESTION: _question,
    Part.COLLEAGUE: lambda _story: [],
    Part.AWAY: _away,
    Part.GONE: _gone,
    Part.ONE_CLICK: _silenced,
    Part.OPT_OUT: _silenced,
    Part.CONGRESS: _congress,
    Part.CLAIMS: _claims,
    Part.APPOINTMENT: _appointment,
}


def _thanks(stories: Sequence[Story]) -> list[Difference]:
    """Every thank-you within its three hours (A2); one of them was approved in the last minute."""
    found: list[Difference] = []
    spare: list[timedelta] = []
    for story in stories:
        for message in story.messages:
            if message.deadline is None or message.sent_at is None:
                continue
            spare.append(message.deadline - message.sent_at)
            if message.sent_at > message.deadline:
                found.append(_about(story, mark("{name}: the thank-you came after its three hours")))
    late = any(visit.approved_after >= timedelta(hours=2, minutes=58) for visit in VISITS)
    if late and len(spare) == len(stories) and min(spare) > timedelta(minutes=2):
        found.append(Difference(mark("no thank-you left in its last minute")))
    return found


def _own_first_day(by_part: Mapping[Part, Story]) -> list[Difference]:
    found: list[Difference] = []
    congress = by_part[Part.CONGRESS]
    moved = [m for m in congress.messages if any(v.entry == CONGRESS for v in m.moves)]
    if len(moved) < 2:
        found.append(_about(congress, mark("{name}: the congress did not move two steps")))
    claims = by_part[Part.CLAIMS]
    if not any(v.rule == "blackout" for m in claims.messages for v in m.moves):
        found.append(_about(claims, mark("{name}: the claims days moved nothing")))
    if not by_part[Part.COLLEAGUE].said("message.held"):
        found.append(
            _about(
                by_part[Part.COLLEAGUE], mark("{name}: the queued mail was not held when the colleague replied")
            )
        )
    return found
