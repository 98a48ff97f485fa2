"""The summary as people read it: each person's mails with dates and reasons, then the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.cells import cell_len
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from nurture import explain
from nurture.core.messages import MessageState
from nurture.sandbox.recipients import TOKYO
from nurture.sandbox.screen import COLOURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from rich.console import Console

    from nurture.core.messages import Message
    from nurture.i18n import Words
    from nurture.sandbox.summary import Story, Summary

NOTED: Final = frozenset({"enrollment.paused", "message.held", "person.away", "person.suppressed", "task.opened"})
"""Lines of the journal that stand in the summary."""
INDENT: Final = 6
"""Columns before a reason."""


def tell(
    console: Console, w: Words, summary: Summary, entries: Mapping[str, str], *, stopped: bool = False
) -> None:
    """Print the whole summary.

    Args:
        console: where to.
        w: the reader's language.
        summary: what came of it.
        entries: calendar entries by name.
        stopped: somebody ended it before its end.
    """
    widths = _widths(w, summary.stories)
    for story in summary.stories:
        _person(console, w, story, entries, widths)
    _numbers(console, w, summary, stopped=stopped)


def _widths(w: Words, stories: Iterable[Story]) -> tuple[int, int]:
    """Columns of the widest step and of the widest date."""
    messages = [m for story in stories for m in story.messages]
    steps = max((cell_len(explain.step(w, m.step_id)) for m in messages), default=0)
    dates = max((cell_len(_date(w, m)) for m in messages), default=0)
    return steps, dates


def _person(console: Console, w: Words, story: Story, entries: Mapping[str, str], widths: tuple[int, int]) -> None:
    name = story.latin if w.language == "en" else story.name
    place = story.organisation_latin if w.language == "en" else story.organisation
    head = Text()
    head.append(name, style="bold")
    head.append(f"  {place}  ")
    if story.enrollment is None:
        head.append(w("to be met"), style="dim")
    else:
        head.append(explain.state(w, story.outcome), style=COLOURS.get(story.outcome, "white"))
    if story.reason:
        head.append(f"{w(': ')}{explain.stop_reason(w, story.reason)}")
    console.print(head)
    for message in story.messages:
        _message(console, w, story, message, entries, widths)
    for at, text in sorted([*_done(w, story), *_noted(w, story)], key=lambda line: line[0]):
        console.print(Text(f"  → {w.instant(at, str(TOKYO))}  {text}", style="italic"))
    console.print()


def _message(
    console: Console,
    w: Words,
    story: Story,
    message: Message,
    entries: Mapping[str, str],
    widths: tuple[int, int],
) -> None:
    step, date = explain.step(w, message.step_id), _date(w, message)
    line = Text()
    line.append(f"  {_pad(step, widths[0])}  {_pad(date, widths[1])}  ")
    line.append(explain.state(w, message.state), style=COLOURS.get(message.state.value, "dim"))
    reasons = _why(w, story, message, entries)
    if reasons and line.cell_len + 2 + cell_len(reasons[0]) <= console.width:
        line.append(f"  {reasons.pop(0)}", style="dim")
    console.print(line)
    for words in _filled(reasons, console.width - INDENT, w("; ")):
        console.print(Padding(Text(words, style="dim"), (0, 0, 0, INDENT), expand=False))


def _pad(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _filled(reasons: Sequence[str], width: int, between: str) -> list[str]:
    """As many reasons on a line as it has room for; a reason is not broken."""
    lines: list[str] = []
    for reason in reasons:
        if lines and cell_len(lines[-1] + between + reason) <= width:
            lines[-1] += between + reason
        else:
            lines.append(reason)
    return lines


def _done(w: Words, story: Story) -> list[tuple[datetime, str]]:
    """What the person did."""
    return [(deed.at, w(deed.what)) for deed in story.deeds]


def _noted(w: Words, story: Story) -> list[tuple[datetime, str]]:
    """What the program made of it, and of what others did."""
    return [(entry.at, explain.entry(w, entry)) for entry in story.entries if entry.kind in NOTED]


def _date(w: Words, message: Message) -> str:
    if message.sent_at is not None:
        return w.instant(message.sent_at, str(TOKYO))
    if message.planned_on is None or message.state is MessageState.CANCELLED:
        return "–"
    return w.day(message.planned_on)


def _why(w: Words, story: Story, message: Message, entries: Mapping[str, str]) -> list[str]:
    parts = []
    if message.deadline is not None and message.sent_at is not None and story.enrollment is not None:
        minutes = int((message.sent_at - story.enrollment.anchor_at).total_seconds() // 60)
        hours, rest = divmod(minutes, 60)
        parts.append(
            w("{hours} h {minutes} min after the meeting", hours=hours, minutes=rest)
            if hours
            else w("{minutes} min after the meeting", minutes=rest)
        )
    if message.state is not MessageState.SENT and message.reason:
        parts.append(explain.held(w, message))
    if message.planned_on is not None and message.state is not MessageState.CANCELLED:
        if message.nominal and message.nominal != message.planned_on:
            parts.append(w("by the scenario {date}", date=w.day(message.nominal)))
        parts += [explain.move(w, move, entries) for move in message.moves]
    return parts


def _numbers(console: Console, w: Words, summary: Summary, *, stopped: bool) -> None:
    totals = summary.totals
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    rows = (
        (w("Mails sent, by the journal"), totals.sent, False),
        (w("Mails that lie in the mailboxes"), totals.delivered, False),
        (w("Mails that came back"), totals.returned, False),
        (w("Replies read"), totals.replies, False),
        (w("Mails that arrived twice"), totals.duplicates, True),
        (w("Mails without an approval of exactly that text"), totals.unapproved, True),
        (w("Mails after an answer or an opt-out"), totals.after_reply, True),
        (w("Mails where mailboxes and journal disagree"), totals.unaccounted, True),
    )
    for text, count, zero in rows:
        style = ("green" if count == 0 else "bold red") if zero else ""
        table.add_row(text, Text(str(count), style=style))
    console.print(table)
    for difference in summary.differences:
        console.print(Text(f"✗ {difference.say(w)}", style="red"))
    if summary.differences:
        return
    if stopped:
        at = w.instant(summary.end, str(TOKYO))
        console.print(w("Ended early, at {at}. So far everything came out as it should.", at=at))
    else:
        console.print(Text(w("✓ Everything came out as it should."), style="green"))
