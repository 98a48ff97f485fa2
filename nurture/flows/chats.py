"""Word in a chat beside word by mail: less of it, since more people read along.

A dispatch to a chat is a row of its own, written in the commit that says how the first try by mail went. So it is
tried again by itself, a mail server that is down does not hold it up, and it is said once (``flows.dispatches``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture import explain
from nurture.core.change import Dispatch
from nurture.core.chat import DIGEST, PREFIX, URGENT, Said
from nurture.core.ids import derived
from nurture.core.people import Representative
from nurture.i18n import mark, words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from nurture.config import Chat
    from nurture.i18n import Words
    from nurture.ports import Doors, Heard

GATHERED: Final = (DIGEST, "report")
"""Kinds whose subject names nobody."""
HEADING: Final = "■ "
"""How a digest's headings begin. They count, and name nobody: all of a digest that a chat is told."""
TITLES: Final[Mapping[str, str]] = {
    "reply": mark("An answer came in"),
    "appointment": mark("Times were proposed"),
    "complaint": mark("A complaint came in"),
    "unsent": mark("Letters did not leave"),
    "handed_over": mark("Work was handed over"),
    "opt_out": mark("Somebody wants no more mail"),
    "webhook.disabled": mark("Another program is not told any more"),
    "mailbox.stopped": mark("A mailbox was stopped"),
    "mailbox.resumed": mark("A mailbox sends again"),
    "scenario.stopped": mark("A scenario was stopped"),
    "scenario.resumed": mark("A scenario sends again"),
    "valve.closed": mark("The safety valve has closed"),
    "valve.released": mark("The safety valve was opened"),
    "valve.held": mark("Letters came back to the desk"),
}
OTHER: Final = mark("Something needs you")
LABEL: Final = mark("Open at the desk")


async def rows(doors: Doors, row: Dispatch, now: datetime, grace: timedelta) -> tuple[Dispatch, ...]:
    """What chats are told of something that one of us is told by mail; nothing where none is set up."""
    if not doors.settings.chats or doors.chatter is None or row.rep_id is None or row.kind.startswith(PREFIX):
        return ()
    named = DIGEST if row.kind in GATHERED else URGENT
    wanting = [
        chat
        for chat in doors.settings.chats
        if named in chat.notices and (not chat.reps or row.rep_id in chat.reps)
    ]
    rep = await doors.store.get(Representative, row.rep_id) if wanting else None
    if rep is None:
        return ()
    w = words(rep.language)
    return tuple(
        Dispatch(
            id=derived(f"{PREFIX}{chat.id}", row.id),
            kind=f"{PREFIX}{chat.id}",
            subject=row.subject if row.kind in GATHERED else _title(w, row.kind),
            text="\n".join([w("For {name}", name=rep.name), *_lines(row)]),
            created_at=now,
            due_at=now + grace,
            rep_id=row.rep_id,
            link=row.link,
        )
        for chat in wanting
    )


async def say(doors: Doors, row: Dispatch) -> str:
    """What became of one try, as ``flows.dispatches`` has it: empty, and it is tried again."""
    chat = find(doors, row.kind.removeprefix(PREFIX))
    if chat is None or doors.chatter is None:
        return "dropped"
    rep = await doors.store.get(Representative, row.rep_id or "")
    w = words(rep.language if rep else doors.settings.language)
    base = doors.settings.web.public_url.rstrip("/")
    link = f"{base}/{row.link.lstrip('/')}" if base and row.link else ""
    heard = await doors.chatter.say(chat, Said(row.subject, tuple(row.text.splitlines()), link, w(LABEL)))
    return "sent" if heard.taken else ""


async def attempt(doors: Doors, chat: Chat) -> Heard:
    """Say hello, to see whether it is heard."""
    assert doors.chatter is not None, "there are chats"
    w = words(doors.settings.language)
    said = Said(
        w("A test from nurture"), (w("What waits is told here."),), doors.settings.web.public_url, w(LABEL)
    )
    return await doors.chatter.say(chat, said)


def find(doors: Doors, key: str) -> Chat | None:
    """The chat of that id, as long as it is set up."""
    return next((chat for chat in doors.settings.chats if chat.id == key), None)


def _title(w: Words, kind: str) -> str:
    if kind in TITLES:
        return w(TITLES[kind])
    known = explain.task(w, kind)
    return known if known != kind else w(OTHER)


def _lines(row: Dispatch) -> list[str]:
    return [line for line in row.text.splitlines() if line.startswith(HEADING)] if row.kind == DIGEST else []
