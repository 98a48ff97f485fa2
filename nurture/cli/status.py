"""``nurture status``: how things stand, and what needs a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from nurture.cli.terminal import Terminal, json_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nurture.core.change import MailboxState
    from nurture.core.deals import Task
    from nurture.core.feeds import FeedState, Subscription
    from nurture.core.ids import MailboxId
    from nurture.core.limits import Wait
    from nurture.core.messages import Message
    from nurture.ports import Doors
    from nurture.standing import Broken

DECISIONS = {
    "mailbox_stopped": "nurture mailbox resume {id}",
    "scenario_stopped": "nurture scenario resume {id}",
    "valve": "nurture queue release",
}
"""What a person does about what waits for one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What was read for one look."""

    now: datetime
    messages: Mapping[str, int]  # by state
    enrollments: Mapping[str, int]
    mailboxes: tuple[MailboxState, ...]
    late: tuple[Message, ...]  # past their deadline and not sent
    stuck: tuple[Message, ...]  # in doubt, failed
    tasks: tuple[Task, ...]
    next_due: datetime | None
    daemons: tuple[str, ...]  # who works: names, or the process on a SQLite file
    feeds: tuple[tuple[Subscription, FeedState | None], ...] = ()
    broken: Mapping[MailboxId, Broken] = field(default_factory=dict)  # mailboxes that cannot send
    waits: tuple[tuple[Wait, int | None], ...] = ()  # what keeps mail back, and how many


async def _look(doors: Doors) -> Standing:
    from nurture.core.change import MailboxState  # noqa: PLC0415
    from nurture.core.deals import Task, TaskState  # noqa: PLC0415
    from nurture.core.messages import Enrollment, EnrollmentState, Message, MessageState  # noqa: PLC0415
    from nurture.core.states import UNSENT  # noqa: PLC0415
    from nurture.flows import pacing  # noqa: PLC0415
    from nurture.ports import Span  # noqa: PLC0415
    from nurture.standing import read  # noqa: PLC0415

    store, now = doors.store, doors.clock.now()
    stuck = (MessageState.IN_DOUBT, MessageState.FAILED)
    unsent = tuple(UNSENT)
    return Standing(
        now=now,
        messages={s.value: await store.count(Message, {"state": s}) for s in MessageState},
        enrollments={s.value: await store.count(Enrollment, {"state": s}) for s in EnrollmentState},
        mailboxes=await store.find(MailboxState),
        late=await store.find(
            Message, {"state": unsent, "deadline": Span(None, now)}, order=("deadline",), limit=50
        ),
        stuck=await store.find(Message, {"state": stuck}, order=("planned_at",), limit=50),
        tasks=await store.find(Task, {"state": TaskState.OPEN}, order=("due_at",), limit=50),
        next_due=await store.next_due(),
        daemons=await store.daemons(),
        feeds=_feeds(doors),
        broken=read(doors.settings.lines),
        waits=pacing.standing(doors, *await pacing.look(doors, now), now),
    )


def _feeds(doors: Doors) -> tuple[tuple[Subscription, FeedState | None], ...]:
    """The subscribed calendars, and how the last look at each went."""
    listed = doors.library.subscriptions()
    if not listed:
        return ()
    from nurture.feeds import read_state  # noqa: PLC0415 - few have one

    return tuple((one, read_state(doors.settings.feeds, one)) for one in listed)


@click.command(help=mark("How things stand: daemon, mailboxes, queue, what is due, and what needs a person."))
@json_option
def status(as_json: bool) -> None:
    """One page."""
    t = terminal()
    standing = t.run(_look)
    if as_json:
        t.json(_data(t, standing))
    else:
        _page(t, standing)


def _data(t: Terminal, s: Standing) -> dict[str, Any]:
    known = {m.id: m for m in s.mailboxes}
    return {
        "at": s.now.isoformat(),
        "daemon": {"running": bool(s.daemons), "names": list(s.daemons)},
        "messages": dict(s.messages),
        "enrollments": dict(s.enrollments),
        "next_due": s.next_due.isoformat() if s.next_due else None,
        "late": [m.id for m in s.late],
        "stuck": [m.id for m in s.stuck],
        "open_tasks": len(s.tasks),
        "mailboxes": [
            {
                "id": box.id,
                "address": box.address,
                "read_at": str(found.read_at.isoformat()) if found and found.read_at else None,
                "error": found.error if found else "",
                "sending": _sending(s.broken.get(box.id)),
            }
            for box in t.settings().mailboxes
            for found in (known.get(box.id),)
        ],
        "held_back": [
            {
                "reason": wait.reason,
                "what": wait.what,
                "until": wait.until.isoformat() if wait.until else None,
                "limit": wait.limit or None,
                "span": wait.span or None,
                "letters": count,
            }
            for wait, count in s.waits
        ],
        "subscriptions": [
            {
                "calendar": one.calendar_id,
                "address": one.said,
                "fetched": state.good_at.isoformat() if state and state.good_at else None,
                "error": t.w(state.error, **state.values) if state and state.error else "",
            }
            for one, state in s.feeds
        ],
    }


def _sending(broken: Broken | None) -> dict[str, Any] | None:
    if broken is None:
        return None
    return {
        "error": broken.answer,
        "failures": broken.failures,
        "since": broken.since.isoformat(),
        "again_at": broken.again_at.isoformat(),
    }


def _trouble(t: Terminal, found: MailboxState | None, broken: Broken | None) -> str:
    """What is wrong with a mailbox, reading and sending."""
    from nurture.cli.tables import one_line  # noqa: PLC0415

    parts = [one_line(found.error)] if found and found.error else []
    if broken is not None:
        said = t.w(
            "cannot send since {at}: {answer} (tried again at {again})",
            at=t.instant(broken.since),
            answer=broken.answer,
            again=t.instant(broken.again_at),
        )
        parts.append(one_line(said))
    return " · ".join(parts)


def _page(t: Terminal, s: Standing) -> None:
    from nurture.cli.tables import one_line  # noqa: PLC0415

    w = t.w
    names = ", ".join(w("process {pid}", pid=name) if name.isdecimal() else name for name in s.daemons)
    running = w("running ({names})", names=names) if names else w("not running")
    queue = w(
        "{waiting} wait for approval · {approved} approved · {doubt} in doubt · {failed} failed",
        waiting=s.messages["waiting"],
        approved=s.messages["approved"],
        doubt=s.messages["in_doubt"],
        failed=s.messages["failed"],
    )
    people = w(
        "{active} active · {paused} paused · {stopped} stopped · {completed} completed",
        **{name: s.enrollments[name] for name in ("active", "paused", "stopped", "completed")},
    )
    t.facts(
        (
            (w("Daemon"), running),
            (w("Queue"), queue),
            (w("Enrollments"), people),
            (w("Sent"), str(s.messages["sent"] + s.messages["bounced"])),
            (w("Next due"), t.instant(s.next_due)),
        )
    )
    t.echo()
    known = {m.id: m for m in s.mailboxes}
    t.table(
        (w("mailbox"), w("address"), w("read up to"), w("trouble")),
        [
            (
                box.id,
                box.address,
                t.instant(found.read_at if found else None) if box.imap else w("not read"),
                _trouble(t, found, s.broken.get(box.id)),
            )
            for box in t.settings().mailboxes
            for found in (known.get(box.id),)
        ],
    )
    if s.feeds:
        t.echo()
        t.table(
            (w("calendar"), w("address"), w("fetched"), w("trouble")),
            [
                (
                    one.calendar_id,
                    one.said,
                    t.instant(state.good_at if state else None),
                    one_line(t.w(state.error, **state.values)) if state and state.error else "",
                )
                for one, state in s.feeds
            ],
        )
    _waits(t, s)
    _needs(t, s)


def _waits(t: Terminal, s: Standing) -> None:
    """What keeps mail back, and until when."""
    if not s.waits:
        return
    from nurture import explain  # noqa: PLC0415

    t.echo()
    t.say(mark("Held back"))
    for wait, count in s.waits:
        letters = t.w(" ({count} mails)", count=count) if count is not None else ""
        t.echo(f"  {explain.wait(t.w, wait, t.zone())}{letters}")
        if wait.reason in DECISIONS:
            t.say(mark("    decide: {command}"), command=DECISIONS[wait.reason].format(id=wait.what))


def _needs(t: Terminal, s: Standing) -> None:
    """What only a person can move."""
    from nurture import explain  # noqa: PLC0415
    from nurture.cli.find import short  # noqa: PLC0415
    from nurture.cli.tables import one_line  # noqa: PLC0415

    w = t.w
    lines = [
        w("late since {at}: {subject} ({id})", at=t.instant(m.deadline), subject=m.subject, id=short(m.id))
        for m in s.late
    ]
    lines += [f"{explain.state(w, m.state)}{w(': ')}{m.subject} ({short(m.id)}) {m.answer}" for m in s.stuck]
    lines += [
        w("task for {rep}: {kind} – {title}", rep=task.rep_id, kind=explain.task(w, task.kind), title=task.title)
        for task in s.tasks
    ]
    if not lines:
        return
    t.echo()
    t.say(mark("Needs a person:"))
    for line in lines:
        t.echo(f"  {one_line(line)}")
