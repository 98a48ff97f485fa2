"""Today's queue: what waits for the reader, the most urgent first.

Order: thank-yous whose three hours run (A2), then by planned date; what is in doubt or failed; replies;
tasks; what is put aside; what is approved and leaves soon. Ten to fourteen queries whatever the number of rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture import advice, explain
from nurture.core.deals import Task, TaskState
from nurture.core.messages import Entry, Inbound, Message, MessageState
from nurture.core.scenario import TASK_KINDS
from nurture.core.snoozing import choices as snooze_choices
from nurture.core.snoozing import hides
from nurture.flows import snoozing
from nurture.ports import Span
from nurture.web import later, reassign, together
from nurture.web.alerts import alerts
from nurture.web.answers import cut_in, taken_for
from nurture.web.cards import Card, addressee, around, card
from nurture.web.task import slots_of
from nurture.web.together import alike

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from nurture.core.people import Organisation, Person
    from nurture.core.slots import Slot
    from nurture.i18n import Words
    from nurture.web.answers import Taken
    from nurture.web.cards import Around
    from nurture.web.visit import Visit

ROWS: Final = 100
"""So many rows of a kind are shown; the page says when there are more."""

SOON: Final = timedelta(days=3)
STRAYS: Final = timedelta(days=14)
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
ALARMS: Final = frozenset({"complaint"})
"""Kinds of tasks that come before all others: somebody is angry."""

_CAME_BACK: Final = re.compile(r"(\S+): (\w+)(?: ([245]\.\d{1,3}\.\d{1,3}))?")
"""A bounce as its task has it, in no language (``core.reactions.detail``)."""
_STUCK: Final = (MessageState.IN_DOUBT, MessageState.FAILED)


@dataclass(frozen=True, slots=True)
class Row:
    """A task as the list shows it. Each mail that a person must read is one: reply, appointment, bounce …"""

    task: Task
    name: str
    organisation: Organisation | None
    read: str = ""  # what the mail was taken for
    steps: tuple[str, ...] = ()  # what may be done next
    whole: str = ""  # what was written, where it is longer than the list shows
    cut: str = ""  # that it was too long to be read to its end, and where the rest lies
    by: str = ""  # that somebody else wrote it
    owner: str = ""  # whose it is, when it is not the reader's
    choices: Mapping[str, datetime] = field(default_factory=dict)  # until when it may be put aside
    quote: str = ""  # what was written, without the lines that repeat its times; why a mail came back, in words

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Times that the mail proposes."""
        return slots_of(self.task)


async def queue(visit: Visit) -> Response:
    """GET /."""
    store, mine, now = visit.doors.store, visit.reader.where, visit.doors.clock.now()
    aside = await snoozing.of(store, visit.reader.rep.id, now)
    most = ROWS + len(aside)  # what is put aside takes no room
    waiting = {**mine, "state": MessageState.WAITING}
    dated = {**waiting, "planned_at": Span(low=_EVER)}
    urgent = await store.find(Message, {**dated, "deadline": Span(low=_EVER)}, order=("deadline",), limit=most)
    others = await store.find(Message, {**dated, "deadline": None}, order=("planned_at",), limit=most)
    held = await store.find(Message, {**waiting, "planned_at": None}, limit=ROWS)
    stuck = await store.find(Message, {**mine, "state": _STUCK}, order=("planned_at",), limit=ROWS)
    soon = {**mine, "state": MessageState.APPROVED, "planned_at": Span(high=now + SOON)}
    leaving = await store.find(Message, soon, order=("planned_at",), limit=ROWS)
    tasks = await store.find(Task, {**mine, "state": TaskState.OPEN}, order=("due_at",), limit=most)
    known = await around(store, (*urgent, *others, *held, *stuck, *leaving, *tasks))
    cards = {m.id: card(visit, m, known) for m in (*urgent, *others, *held, *stuck, *leaving)}
    shown = len(urgent) + len(others)
    full = len(urgent) == most or len(others) == most
    mails = await taken_for(store, tasks)
    listed: tuple[Message | Task, ...] = (*urgent, *others, *tasks)
    hidden = {s.id for s in listed if hides(aside.get(s.id), s, now)}
    rows = [_row(visit, task, known, mails.get(task.id)) for task in tasks if task.id not in hidden]
    rows.sort(key=lambda row: row.task.kind not in ALARMS)  # the rest stay in their order
    to_do = [cards[m.id] for m in (*urgent, *others) if cards[m.id].may_approve and m.id not in hidden]
    put_aside = [(aside[s.id].until, s) for s in listed if s.id in hidden]
    return visit.page(
        "queue.html",
        to_do=to_do,
        more=await store.count(Message, dated) - shown if full else 0,
        elsewhere=[cards[m.id] for m in (*urgent, *others) if not cards[m.id].may_approve and m.id not in hidden],
        later=[
            (
                until,
                s,
                cards.get(s.id) if isinstance(s, Message) else None,
                addressee(known.person(s)),
                known.organisation(s),
            )
            for until, s in sorted(put_aside, key=lambda pair: pair[0])
        ],
        waits_until=await later.said(visit),
        handed=await reassign.said(visit),
        held=[cards[m.id] for m in held],
        stuck=[cards[m.id] for m in stuck],
        leaving=[cards[m.id] for m in leaving],
        replies=[row for row in rows if row.task.kind not in TASK_KINDS],
        tasks=[row for row in rows if row.task.kind in TASK_KINDS],
        strays=[(m, advice.cut(visit.w, cut_in(m)) if cut_in(m) else "") for m in await _strays(visit)],
        alike=alike(to_do),
        together=await together.said(visit),
        said=await _said(visit),
        closed=await _closed(visit),
        alerts=await alerts(visit),
    )


def _row(visit: Visit, task: Task, known: Around, mail: Taken | None) -> Row:
    w, person = visit.w, known.person(task)
    owner = "" if task.rep_id == visit.reader.rep.id else visit.reader.name_of(task.rep_id)
    choices = snooze_choices(task, visit.doors.clock.now(), ZoneInfo(visit.reader.rep.timezone))
    row = Row(
        task, addressee(person), known.organisation(task), owner=owner, quote=_quote(w, task), choices=choices
    )
    if mail is None:
        return row
    return replace(
        row,
        read=advice.read(w, mail.case),
        steps=advice.steps(w, mail.case),
        whole=mail.whole,
        cut=advice.cut(w, mail.cut_in) if mail.cut_in else "",
        by=_by(visit, mail, person),
    )


def _by(visit: Visit, mail: Taken, person: Person | None) -> str:
    """That a colleague answered, or the person under another address: the journal's own sentence."""
    if not mail.how or person is None:
        return ""
    data = {"who": mail.who, "name": person.name}
    said = Entry(at=visit.doors.clock.now(), kind=f"inbound.by_{mail.how}", actor="", data=data)
    return explain.entry(visit.w, said)


def _quote(w: Words, task: Task) -> str:
    came_back = _CAME_BACK.fullmatch(task.detail) if task.kind == "bounce" else None
    if came_back:
        address, reason, status = came_back.groups()
        return f"{address}\n{explain.bounce(w, reason)}" + (f" ({status})" if status else "")
    return "\n".join(task.detail.split("\n")[len(slots_of(task)) :])


async def _strays(visit: Visit) -> tuple[Inbound, ...]:
    """Mails of the last days that fit nobody; shown to those who see all, since they may be anybody's."""
    if not visit.reader.sees_all:
        return ()
    recent = {"person_id": None, "handled_at": None, "received_at": Span(low=visit.doors.clock.now() - STRAYS)}
    return await visit.doors.store.find(Inbound, recent, order=("-received_at",), limit=ROWS)


async def _closed(visit: Visit) -> Task | None:
    """The task that was just closed here, as long as it is: it can be taken back."""
    query = visit.request.query_params
    if query.get("done", "") != "task":
        return None
    found = await visit.doors.store.get(Task, query.get("task", ""))
    seen = found is not None and visit.reader.sees(found.rep_id) and found.state is TaskState.DONE
    return found if seen else None


async def _said(visit: Visit) -> tuple[str, Card] | None:
    """What was just done here, and to which mail: the address of the page tells, so nothing is kept."""
    query = visit.request.query_params
    done, key = query.get("done", ""), query.get("mail", "")
    if done not in {"approved", "first", "rejected", "settled", "already", "taken_back"} or not key:
        return None
    message = await visit.doors.store.get(Message, key)
    if message is None or not visit.reader.sees(message.rep_id):
        return None
    return done, card(visit, message, await around(visit.doors.store, (message,)))
