"""The summary as people read it: each person's mails with dates and reasons, then the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.table import Table
from rich.text import Text

from nurture import explain
from nurture.core.messages import MessageState
from nurture.sandbox.recipients import TOKYO
from nurture.sandbox.screen import COLOURS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from rich.console import Console

    from nurture.core.messages import Message
    from nurture.i18n import Words
    from nurture.sandbox.summary import Story, Summary

NOTED: Final = frozenset({"enrollment.paused", "message.held", "person.away", "person.suppressed", "task.opened"})
"""Lines of the journal that stand in the summary."""


def tell(console: Console, w: Words, summary: Summary, entries: Mapping[str, str]) -> None:
    """Print the whole summary.

    Args:
        console: where to.
        w: the reader's language.
        summary: what came of it.
        entries: calendar entries by name.
    """
    for story in summary.stories:
        _person(console, w, story, entries)
    _numbers(console, w, summary)


def _person(console: Console, w: Words, story: Story, entries: Mapping[str, str]) -> None:
    name = story.latin if w.language == "en" else story.name
    place = story.organisation_latin if w.language == "en" else story.organisation
    head = Text()
    head.append(name, style="bold")
    head.append(f"  {place}  ")
    head.append(explain.state(w, story.outcome), style=COLOURS.get(story.outcome, "white"))
    if story.reason:
        head.append(f": {explain.stop_reason(w, story.reason)}")
    console.print(head)
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(min_width=1)
    table.add_column(no_wrap=True, min_width=22)
    table.add_column(no_wrap=True, min_width=16)
    table.add_column(no_wrap=True, min_width=10)
    table.add_column(overflow="fold")
    for message in story.messages:
        style = COLOURS.get(message.state.value, "dim")
        table.add_row(
            "",
            explain.step(w, message.step_id),
            _date(w, message),
            Text(explain.state(w, message.state), style=style),
            Text(_why(w, story, message, entries), style="dim"),
        )
    console.print(table)
    for at, text in sorted([*_done(w, story), *_noted(w, story)], key=lambda line: line[0]):
        console.print(Text(f"  → {w.instant(at, str(TOKYO))}  {text}", style="italic"))
    console.print()


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


def _why(w: Words, story: Story, message: Message, entries: Mapping[str, str]) -> str:
    parts = []
    if message.deadline is not None and message.sent_at is not None and story.enrollment is not None:
        minutes = int((message.sent_at - story.enrollment.anchor_at).total_seconds() // 60)
        parts.append(w("{hours} h {minutes} min after the meeting", hours=minutes // 60, minutes=minutes % 60))
    if message.state is not MessageState.SENT and message.reason:
        parts.append(explain.reason(w, message.reason))
    if message.planned_on is not None and message.state is not MessageState.CANCELLED:
        if message.nominal and message.nominal != message.planned_on:
            parts.append(w("by the scenario {date}", date=w.day(message.nominal)))
        if message.moves:
            parts.append(explain.moves(w, message.moves, entries))
    return w("; ").join(parts)


def _numbers(console: Console, w: Words, summary: Summary) -> None:
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
    if not summary.differences:
        console.print(Text(w("✓ Everything came out as it should."), style="green"))
