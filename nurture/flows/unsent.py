"""Word to representatives of letters that did not leave: refused, in doubt, or put off for hours.

Theory of operation
-------------------
The journal has a line for each. At each look those behind a mark (a ``Setting``) are read, and whose letters
they are is told, in one mail for all. Lines wait until they are ``RIPE``: a doubt may be settled by then, and
what one fault refuses comes in one mail and not in fifty. What is told is written in the same commit as the mark,
so that nothing is told twice, or not at all; of several daemons one does it.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture import explain
from nurture.core.change import Change, Setting
from nurture.core.messages import Entry, Message, MessageState
from nurture.core.people import Person, Representative
from nurture.errors import StaleVersion
from nurture.flows import dispatches
from nurture.i18n import mark, words
from nurture.ports import Notice, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from nurture.core.change import Dispatch
    from nurture.i18n import Words
    from nurture.ports import Doors

MARK: Final = "told-unsent"
"""The setting: the journal's line up to which everything was told."""
KINDS: Final = ("message.failed", "message.in_doubt", "message.deferred")
RIPE: Final = timedelta(minutes=5)
"""So old a line is when it is told."""
PATIENT: Final = 5
"""Tries after which a letter that is put off is spoken of: the first five take two and a half hours."""
LISTED: Final = 20
"""Letters that a mail names one by one."""
BATCH: Final = 500
"""Lines of the journal at a time."""
TEXTS: Final = {
    MessageState.FAILED: mark("These mails did not leave. Nothing more happens to them by itself:"),
    MessageState.IN_DOUBT: mark("Nobody knows whether these mails left. They are not sent again by themselves:"),
    MessageState.APPROVED: mark("The servers keep putting these mails off. They are tried again for two days:"),
}


async def look(doors: Doors) -> int:
    """Tell what has happened since the last look; how many people are told.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    told_to = await doors.store.get(Setting, MARK)
    if told_to is None:  # what was before is known by now
        last = await doors.store.find(Entry, order=("-seq",), limit=1)
        told_to = Setting(MARK, str(last[0].seq if last else 0))
        with suppress(StaleVersion):
            await doors.store.commit(Change((told_to,)))
        return 0
    now, start = doors.clock.now(), int(told_to.value)
    found: list[Entry] = []
    for kind in KINDS:  # one by one: then an index has them
        where = {"kind": kind, "seq": Span(start + 1, None)}
        found += await doors.store.find(Entry, where, order=("seq",), limit=BATCH)
    ripe = _ripe(sorted(found, key=lambda entry: entry.seq)[:BATCH], now)
    if not ripe:
        return 0
    told = await _told(doors, ripe, now)
    with suppress(StaleVersion):  # another daemon tells it
        await doors.store.commit(Change((replace(told_to, value=str(ripe[-1].seq)), *told)))
        return len(told)
    return 0


def _ripe(found: Sequence[Entry], now: datetime) -> Sequence[Entry]:
    """Those up to the first that is too young."""
    young = next((at for at, entry in enumerate(found) if entry.at > now - RIPE), len(found))
    return found[:young]


async def _told(doors: Doors, ripe: Sequence[Entry], now: datetime) -> tuple[Dispatch, ...]:
    """Who is told, and what, as rows: one for each representative."""
    last = {entry.message_id: entry for entry in ripe if entry.message_id is not None}
    letters = {m.id: m for m in await doors.store.find(Message, {"id": last})}
    mine: dict[str, list[Message]] = defaultdict(list)
    for key, entry in last.items():
        if (letter := letters.get(key)) is not None and _still(letter, entry):
            mine[letter.rep_id].append(letter)
    reps = await doors.store.find(Representative, {"id": mine, "active": True})
    whose = {letter.person_id for each in mine.values() for letter in each}
    people = await doors.store.find(Person, {"id": whose})
    names = {str(person.id): person.name for person in people}
    said = [(rep, _notice(rep, mine[rep.id], names)) for rep in reps]
    return dispatches.told(f"{ripe[0].seq}-{ripe[-1].seq}", said, now)


def _still(letter: Message, entry: Entry) -> bool:
    """Whether it is so yet: a doubt may be settled, a letter sent again."""
    if entry.kind == "message.failed":
        return letter.state is MessageState.FAILED
    if entry.kind == "message.in_doubt":
        return letter.state is MessageState.IN_DOUBT
    return letter.reason == "later" and letter.attempts == PATIENT


def _notice(to: Representative, letters: Sequence[Message], names: Mapping[str, str]) -> Notice:
    w = words(to.language)
    parts = []
    texts = (
        (MessageState.FAILED, w("These mails did not leave. Nothing more happens to them by itself:")),
        (
            MessageState.IN_DOUBT,
            w("Nobody knows whether these mails left. They are not sent again by themselves:"),
        ),
        (MessageState.APPROVED, w("The servers keep putting these mails off. They are tried again for two days:")),
    )
    for state, text in texts:
        some = [letter for letter in letters if letter.state is state]
        lines = [_line(w, letter, names) for letter in some[:LISTED]]
        if len(some) > LISTED:
            lines.append(w("… and {count} more", count=len(some) - LISTED))
        if lines:
            parts.append("\n".join([w(text), *lines]))
    one = letters[0]
    subject = (
        w("Not sent: {subject}", subject=one.subject)
        if len(letters) == 1
        else w("{count} mails were not sent", count=len(letters))
    )
    link = f"/messages/{one.id}" if len(letters) == 1 else "/"
    return Notice("unsent", subject[:200], "\n\n".join(parts), link, one.id if len(letters) == 1 else None)


def _line(w: Words, letter: Message, names: Mapping[str, str]) -> str:
    """To whom, which, why, and what the server said."""
    who = names.get(letter.person_id, "") or letter.to_name or letter.to_address
    why = explain.reason(w, letter.reason)
    answer = f"\n    {letter.answer[:300]}" if letter.answer else ""
    return w("- {person}: {subject} ({why})", person=who, subject=letter.subject, why=why) + answer
