"""The morning digest: what waits for a representative, by mail, with links that open it.

It comes at the time that ``[work] digest`` says, on the clock of whoever reads it, once a day, and only if
anything waits. Who looks at the desk anyway can switch it off (``digest = ""``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture import explain
from nurture.core import cron
from nurture.core.approval import may_approve
from nurture.core.change import Change, Dispatch
from nurture.core.deals import Task, TaskState
from nurture.core.messages import Message, MessageState
from nurture.core.people import Person, Representative
from nurture.core.scenario import TASK_KINDS
from nurture.core.snoozing import hides
from nurture.errors import StaleVersion
from nurture.flows import dispatches, snoozing
from nurture.i18n import words
from nurture.mail import passes
from nurture.ports import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from nurture.i18n import Words
    from nurture.ports import Doors

KIND: Final = "digest"
LATE: Final = timedelta(hours=3)
"""A digest that could not be written by then (the daemon stood still) is left out for that day."""
GOOD: Final = timedelta(hours=24)
"""So long a link approves without signing in."""
LONGEST: Final = timedelta(hours=1)
SHORTEST: Final = timedelta(seconds=1)
LISTED: Final = 8
"""Items of a kind that are named one by one."""
MOST: Final = 500
"""Items of a kind that are counted."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What waits for one representative."""

    mails: Sequence[Message]  # with a date, the most urgent first
    stuck: Sequence[Message]
    replies: Sequence[Task]
    tasks: Sequence[Task]  # due until the day ends

    def __bool__(self) -> bool:
        return bool(self.mails or self.stuck or self.replies or self.tasks)


async def look(doors: Doors) -> int:
    """Write the digests whose time has come; how many.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    if not (expression := doors.settings.work.digest):
        return 0
    now = doors.clock.now()
    due: dict[str, tuple[Representative, str]] = {}
    for rep in await doors.store.find(Representative, {"active": True}):
        at = cron.latest(expression, now, ZoneInfo(rep.timezone))
        if now - at <= LATE:
            day = f"{at.astimezone(ZoneInfo(rep.timezone)).date()}"
            due[dispatches.named(KIND, rep, day)] = (rep, day)
    known = {row.id for row in await doors.store.find(Dispatch, {"id": due})} if due else set()
    written = 0
    for key, (rep, day) in due.items():
        if key not in known:
            written += await _write(doors, rep, day, now)
    return written


async def pause(doors: Doors) -> timedelta:
    """How long until the next digest; an hour at most, for people may come, and clocks be set.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    if not (expression := doors.settings.work.digest):
        return LONGEST
    now = doors.clock.now()
    zones = {rep.timezone for rep in await doors.store.find(Representative, {"active": True})}
    times = [cron.coming(expression, now, ZoneInfo(zone)) - now for zone in zones]
    return max(min([LONGEST, *times]), SHORTEST)


async def _write(doors: Doors, rep: Representative, day: str, now: datetime) -> bool:
    waiting = await _waiting(doors, rep, now)
    if not waiting:
        return False
    items: tuple[Message | Task, ...] = (*waiting.mails, *waiting.stuck, *waiting.replies, *waiting.tasks)
    people = await doors.store.find(Person, {"id": {item.person_id for item in items if item.person_id}})
    names = {str(person.id): f"{person.name} {person.honorific}" for person in people}
    rows = dispatches.told(day, [(rep, _notice(doors, rep, waiting, names, now))], now)
    try:
        await doors.store.commit(Change(rows))
    except StaleVersion:
        return False  # another daemon has written it
    return True


async def _waiting(doors: Doors, rep: Representative, now: datetime) -> _Waiting:
    store, mine = doors.store, {"rep_id": rep.id}
    end = now.astimezone(ZoneInfo(rep.timezone)).replace(hour=23, minute=59, second=59, microsecond=0)
    mails = await store.find(Message, {**mine, "state": MessageState.WAITING}, order=("planned_at",), limit=MOST)
    stuck = await store.find(
        Message, {**mine, "state": (MessageState.IN_DOUBT, MessageState.FAILED)}, order=("planned_at",), limit=MOST
    )
    tasks = await store.find(Task, {**mine, "state": TaskState.OPEN}, order=("due_at",), limit=MOST)
    aside = await snoozing.of(store, rep.id, now)
    tasks = tuple(task for task in tasks if not hides(aside.get(task.id), task, now))
    dated = [m for m in mails if m.planned_at is not None and not hides(aside.get(m.id), m, now)]
    dated.sort(key=lambda mail: (mail.deadline is None, mail.deadline or mail.planned_at))
    return _Waiting(
        dated,
        stuck,
        [task for task in tasks if task.kind not in TASK_KINDS],
        [task for task in tasks if task.kind in TASK_KINDS and (task.due_at is None or task.due_at <= end)],
    )


def _notice(
    doors: Doors, rep: Representative, waiting: _Waiting, names: Mapping[str, str], now: datetime
) -> Notice:
    w, zone = words(rep.language), rep.timezone
    url = doors.settings.web.public_url.rstrip("/")

    def approval(each: Message) -> str:
        if not doors.settings.web.approve_by_mail or not each.body or not may_approve(each, rep, rep):
            return ""
        token = passes.issued(doors.link_key, rep.id, each.id, each.fingerprint, now + GOOD)
        return f"\n  {w('Approve:')} {url}/approve/{token}"

    def mail(each: Message) -> str:
        at = each.deadline or each.planned_at
        when = (
            w("by {time}", time=w.instant(at, zone)) if each.deadline and at else w.instant(at, zone) if at else ""
        )
        link = f"{url}/messages/{each.id}"
        said = _item(when, names.get(each.person_id, each.to_name), each.subject, link)
        return said + (approval(each) if each.state is MessageState.WAITING else "")

    def task(each: Task) -> str:
        at = w.instant(each.due_at, zone) if each.due_at else ""
        link = f"{url}/people/{each.person_id}" if each.person_id else f"{url}/"
        who = names.get(each.person_id or "", "")
        return _item(at, who, each.title if each.kind in TASK_KINDS else explain.task(w, each.kind), link)

    parts = [
        part
        for part in (
            _part(w, w("For your approval"), [mail(m) for m in waiting.mails[:LISTED]], len(waiting.mails)),
            _part(w, w("In doubt or failed"), [mail(m) for m in waiting.stuck[:LISTED]], len(waiting.stuck)),
            _part(w, w("Replies to read"), [task(t) for t in waiting.replies[:LISTED]], len(waiting.replies)),
            _part(w, w("Tasks"), [task(t) for t in waiting.tasks[:LISTED]], len(waiting.tasks)),
        )
        if part
    ]
    count = len(waiting.mails) + len(waiting.stuck) + len(waiting.replies) + len(waiting.tasks)
    day = w.day(now.astimezone(ZoneInfo(zone)).date())
    return Notice(KIND, w("{count} to do, {day}", count=count, day=day), "\n\n".join(parts), "/")


def _part(w: Words, title: str, lines: Iterable[str], count: int) -> str:
    if not count:
        return ""
    more = [w("… and {count} more", count=count - LISTED)] if count > LISTED else []
    return "\n".join([f"■ {title} ({count})", *lines, *more])


def _item(when: str, who: str, what: str, link: str) -> str:
    said = "  ".join(part for part in (when, who, what) if part)
    return f"- {said}\n  {link}"
