"""What a beat does with one enrollment: plan again, move, draft, skip, complete — as data.

Theory of operation
-------------------
``survey.survey`` turns a dossier into a planning request and the plan; ``advance`` compares the plan with the
rows that exist and says what must be written and which mails need a text. The flow lets the writer write
those texts and commits everything at once.

Three kinds of rows are not planned again: what has left (it counts for pace on its date), what has ended
(it counts for nothing), and an approved mail whose moment has come (it is the sender's). Everything else
is moved to where the plan says. A mail that keeps its date keeps its instant too, unless that instant's
window is over: otherwise each look at a waiting mail would push it a little further into its window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from nurture.core import states
from nurture.core.change import Change
from nurture.core.deals import Task, TaskState
from nurture.core.ids import MessageId, TaskId, step_key
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Message, MessageState, SuppressionScope
from nurture.core.plan import PlannedStep, StepOutcome
from nurture.core.survey import from_own_mailbox, window_open

if TYPE_CHECKING:
    from nurture.core.dossier import Dossier
    from nurture.core.scenario import Scenario, Step
    from nurture.core.survey import Survey

UNWRITABLE = "cannot_be_written"
PUT_OFF = "put_off"
KEPT_REASONS = frozenset({UNWRITABLE, "moved", PUT_OFF, "colleague_replied", "migrated", "handed_over"})
"""What the next text of a planned mail must still say to its approver; reasons of an old pause are over."""
LOOK_AGAIN = timedelta(minutes=10)
"""How long a waiting or late mail is left alone between two looks."""
SHORTEST_SLEEP = timedelta(seconds=1)
LONGEST_SLEEP = timedelta(days=1)
UNPLANNABLE = "unplannable"
TRY_AGAIN = timedelta(hours=1)
"""When an enrollment is looked at again that could not be planned: somebody must mend a file, or the program."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What a beat wants done with one enrollment. ``drafts`` are planned mails that need their text now."""

    dossier: Dossier
    messages: tuple[Message, ...] = ()
    tasks: tuple[Task, ...] = ()
    entries: tuple[Entry, ...] = ()
    drafts: tuple[tuple[Message, Step], ...] = ()
    complete: bool = False
    wake_at: datetime | None = None

    @property
    def planned(self) -> tuple[Message, ...]:
        """The enrollment's unsent mails as they stand after this."""
        changed = {m.id: m for m in self.messages}
        rows = [changed.pop(m.id, m) for m in self.dossier.messages] + list(changed.values())
        return tuple(m for m in rows if m.state in states.UNSENT)


def entry(dossier: Dossier, kind: str, now: datetime, message: Message | None = None, **data: object) -> Entry:
    """A journal entry of the daemon about this enrollment."""
    if message is not None:
        data = {"step": message.step_id, **data}
    return Entry(
        at=now,
        kind=kind,
        actor="nurture",
        data=data,
        person_id=dossier.person.id,
        organisation_id=dossier.person.organisation_id,
        deal_id=dossier.enrollment.deal_id,
        enrollment_id=dossier.enrollment.id,
        message_id=message.id if message else None,
    )


def _why(planned: PlannedStep) -> list[dict[str, str | None]]:
    return [
        {
            "rule": m.rule,
            "entry": m.entry,
            "from": str(m.from_) if m.from_ else None,
            "to": str(m.to) if m.to else None,
        }
        for m in planned.moves
    ]


def _new_message(s: Survey, step: Step) -> Message:
    d = s.dossier
    return Message(
        id=MessageId(step_key(d.enrollment.id, step.id)),
        person_id=d.person.id,
        rep_id=d.enrollment.rep_id,
        organisation_id=d.person.organisation_id,
        enrollment_id=d.enrollment.id,
        step_id=step.id,
        deal_id=d.enrollment.deal_id,
        mailbox_id=d.rep.mailbox_id,
        purpose=step.purpose,
        approve=step.approve,
        template=step.mail or "",
    )


def _move_mail(s: Survey, step: Step, planned: PlannedStep, now: datetime) -> tuple[Message | None, Entry | None]:
    """The mail of a step as the plan wants it; None where nothing changes."""
    before = s.dossier.message(step.id)
    message = before or _new_message(s, step)
    why = _why(planned)
    if planned.outcome in {StepOutcome.SKIPPED, StepOutcome.EXPIRED}:
        event, kind = (
            ("skip", "message.skipped")
            if planned.outcome is StepOutcome.SKIPPED
            else ("expire", "message.expired")
        )
        rule = planned.moves[-1].rule if planned.moves else event
        ended = replace(
            message,
            state=states.move(states.MESSAGES, message.state, event),
            reason=rule,
            nominal=planned.nominal,
            moves=planned.moves,
            planned_on=None,
            planned_at=None,
        )
        return ended, entry(s.dossier, kind, now, ended, why=why, nominal=str(planned.nominal))
    at = planned.planned_at.astimezone(now.tzinfo) if planned.planned_at else None
    same_day = before is not None and before.planned_on == planned.planned_on
    if (
        before is not None
        and same_day
        and before.planned_at is not None
        and not _over(s, step, before.planned_at, now)
    ):
        at = before.planned_at
    moved = replace(
        message,
        nominal=planned.nominal,
        planned_on=planned.planned_on,
        planned_at=at,
        deadline=planned.deadline,
        expires_on=planned.expires_on,
        moves=planned.moves if not same_day or before is None else before.moves or planned.moves,
        reason=message.reason if _still_so(message) else "",
    )
    stale = stale_text(s, before, same_day=same_day) if before is not None else None
    if moved == before and stale is None:
        return None, None
    if before is None or (before.planned_on is None and stale is None):
        return moved, entry(s.dossier, "message.planned", now, moved, on=str(planned.planned_on), why=why)
    if stale is not None:
        moved = redrafted(moved, same_day=same_day)
    elif message.state is MessageState.APPROVED and not same_day:
        # What was approved was this text on that date: another date needs a fresh look.
        moved = replace(
            moved,
            state=states.move(states.MESSAGES, message.state, "hold"),
            reason=moved_for(message),
            approvals=(),
        )
    else:
        moved = replace(moved, state=states.move(states.MESSAGES, message.state, "replan"))
    if same_day:
        return moved, entry(s.dossier, "message.rewritten", now, moved, reason=stale) if stale else None
    data = {"from": str(before.planned_on), "on": str(planned.planned_on), "why": why}
    return moved, entry(s.dossier, "message.moved", now, moved, **data)


def _still_so(message: Message) -> bool:
    """Whether a mail's reason goes on: that of a pause is over when it gets a date again."""
    queued = message.state in states.QUEUED and message.planned_on is not None and message.reason != "paused"
    return queued or message.reason in KEPT_REASONS


def moved_for(message: Message, reason: str = "moved") -> str:
    """Why an approved mail did not leave on the day, or near the moment, that was approved.

    The server's doing is called so, and it is a person who decides then, also of what leaves without approval.
    """
    return PUT_OFF if message.attempts else reason


def stale_text(s: Survey, message: Message, *, same_day: bool) -> str | None:
    """Why a text no longer fits: another address, another mailbox, other content, another date; else None.

    A text that a person has edited is left to that person, unless it would go to or from the wrong address, or
    speaks of what its reader refuses to hear of.
    """
    if not message.body or message.state not in states.QUEUED | {MessageState.SENDING}:
        return None
    if message.to_address.lower() != s.dossier.person.email.lower():
        return "address_changed"
    if not from_own_mailbox(s.dossier, message):
        return "mailbox_changed"
    if message.content_id in s.refused:
        return "topic_refused"
    if message.edited_by is not None:
        return None
    item = s.chosen.get(message.step_id)
    if message.content_id is not None and (item.id if item else None) != message.content_id:
        return "other_content"
    return None if same_day else "moved"


def redrafted(message: Message, *, same_day: bool) -> Message:
    """Back to a plan without a text: dates and offers in it are written anew before anybody approves it."""
    state = message.state
    if state is MessageState.APPROVED:
        state = states.move(states.MESSAGES, state, "hold")
        reason = moved_for(message, "" if message.approve == "none" else "moved")
        message = replace(message, reason="" if same_day else reason)
    return replace(
        message,
        state=states.move(states.MESSAGES, state, "redraft"),
        approvals=(),
        subject="",
        body="",
        edited_by=None,
        content_id=None,
        rendered_at=None,
    )


def _over(s: Survey, step: Step, at: datetime, now: datetime) -> bool:
    """Whether the moment ``at`` has passed together with the window it lay in."""
    return at <= now and not step.any_window and not window_open(s, step, now)


def _move_task(s: Survey, step: Step, planned: PlannedStep, now: datetime) -> tuple[Task | None, Entry | None]:
    d = s.dossier
    before = next((t for t in d.tasks if t.step_id == step.id), None)
    if planned.outcome is not StepOutcome.TASK or planned.planned_at is None:
        if before is not None and before.state is TaskState.PLANNED:
            dropped = replace(before, state=states.move(states.TASKS, before.state, "drop"))
            return dropped, entry(d, "task.dropped", now, step=step.id, why=_why(planned))
        return None, None
    task = before or Task(
        id=TaskId(step_key(d.enrollment.id, step.id)),
        kind=step.task or "other",
        rep_id=d.enrollment.rep_id,
        title=step.task or "other",
        state=TaskState.PLANNED,
        person_id=d.person.id,
        organisation_id=d.person.organisation_id,
        deal_id=d.enrollment.deal_id,
        enrollment_id=d.enrollment.id,
        step_id=step.id,
        created_at=now,
    )
    due = planned.planned_at.astimezone(now.tzinfo)
    if due <= now:
        opened = replace(task, due_at=due, state=states.move(states.TASKS, task.state, "open"))
        return opened, entry(d, "task.opened", now, step=step.id, task=task.kind)
    moved = replace(task, due_at=due)
    return (moved, None) if moved != before else (None, None)


def _draft_at(message: Message, draft_days: int) -> datetime | None:
    return message.planned_at - timedelta(days=draft_days) if message.planned_at else None


def _wake(message: Message, now: datetime, draft_days: int) -> datetime | None:
    """When to look at an unsent mail again."""
    if message.planned_at is None:
        return None
    if message.state is MessageState.PLANNED:
        at = _draft_at(message, draft_days) or message.planned_at
        return at if at > now else now + timedelta(hours=1)  # its draft failed: try again in an hour
    return message.planned_at + LOOK_AGAIN if message.planned_at > now else now + LOOK_AGAIN


def advance(s: Survey, now: datetime, draft_days: int) -> Advance:
    """What must be written so that the rows say what the plan says.

    Args:
        s: the survey.
        now: UTC.
        draft_days: a mail gets its text this many days before its date; ``within`` steps at once.
    """
    messages: list[Message] = []
    tasks: list[Task] = []
    entries: list[Entry] = []
    for planned in s.plan.steps:
        step = s.scenario.step(planned.step_id)
        if step is None:
            continue
        said: Entry | None
        if step.task is not None:
            task, said = _move_task(s, step, planned, now)
            tasks += [task] if task else []
        else:
            message, said = _move_mail(s, step, planned, now)
            messages += [message] if message else []
        entries += [said] if said else []
    result = Advance(s.dossier, tuple(messages), tuple(tasks), tuple(entries))
    unsent = result.planned
    drafts = tuple(
        (m, step)
        for m in unsent
        if m.state is MessageState.PLANNED
        and (step := s.scenario.step(m.step_id)) is not None
        and m.planned_at is not None
        and (step.within_seconds is not None or (_draft_at(m, draft_days) or now) <= now)
    )
    open_tasks = {t.id: t for t in (*s.dossier.tasks, *tasks) if t.step_id is not None}.values()
    pending_tasks = [t.due_at for t in open_tasks if t.state is TaskState.PLANNED and t.due_at]
    on_the_wire = any(m.state in {MessageState.SENDING, MessageState.IN_DOUBT} for m in s.dossier.messages)
    complete = not unsent and not pending_tasks and not on_the_wire
    wakes = [w for m in unsent if (w := _wake(m, now, draft_days))] + pending_tasks
    if on_the_wire:
        wakes.append(now + LOOK_AGAIN)
    # Never in the past, or the beat would look at nothing else; never not at all, or nobody would look again.
    wake_at = max(min(wakes, default=now + LONGEST_SLEEP), now + SHORTEST_SLEEP)
    return replace(result, drafts=drafts, complete=complete, wake_at=wake_at)


def end(dossier: Dossier, event: str, reason: str, now: datetime) -> Change:
    """Stop or complete an enrollment: what has not left is cancelled, planned tasks are dropped."""
    ended: Enrollment = replace(
        dossier.enrollment,
        state=states.move(states.ENROLLMENTS, dossier.enrollment.state, event),
        reason=reason,
        wake_at=None,
        ended_at=now,
    )
    cancelled = tuple(
        replace(m, state=states.move(states.MESSAGES, m.state, "cancel"), reason=reason, approvals=())
        for m in dossier.messages
        if m.state in states.UNSENT
    )
    dropped = tuple(
        replace(t, state=states.move(states.TASKS, t.state, "drop"))
        for t in dossier.tasks
        if t.state is TaskState.PLANNED
    )
    kind = "enrollment.completed" if event == "complete" else "enrollment.stopped"
    said = entry(dossier, kind, now, reason=reason, cancelled=[m.step_id for m in cancelled])
    return Change((ended, *cancelled, *dropped), (said,))


def unplannable(dossier: Dossier, problem: str, now: datetime) -> Change:
    """An enrollment that cannot be planned: it says so once, and is looked at again in an hour."""
    later = replace(dossier.enrollment, wake_at=now + TRY_AGAIN, reason=UNPLANNABLE)
    if dossier.enrollment.reason == UNPLANNABLE:
        return Change((later,))
    return Change((later,), (entry(dossier, "enrollment.unplannable", now, problem=problem),))


def resting(dossier: Dossier, scenario: Scenario, now: datetime) -> tuple[tuple[Message, int], ...]:
    """Mails that have left and whose quiet days (``quiet: 7d``) are not over and not with the organisation yet."""
    known = {closure.message_id for closure in (dossier.organisation.closures if dossier.organisation else ())}
    found = []
    for message in dossier.messages:
        step = scenario.step(message.step_id)
        if step is None or not step.quiet_days or message.id in known or message.planned_on is None:
            continue
        if (
            message.state is MessageState.SENT
            and message.planned_on + timedelta(days=step.quiet_days) >= now.date()
        ):
            found.append((message, step.quiet_days))
    return tuple(found)


def refusal(dossier: Dossier) -> str | None:
    """Why this person must not be written to at all, or None: suppressed, no legal basis."""
    if any(s.scope is not SuppressionScope.TOPIC for s in dossier.suppressions):
        return "suppressed"
    if not dossier.person.legal_basis.allows_mail:
        return "no_legal_basis"
    return None


def is_running(dossier: Dossier) -> bool:
    """Whether the enrollment is active."""
    return dossier.enrollment.state is EnrollmentState.ACTIVE
