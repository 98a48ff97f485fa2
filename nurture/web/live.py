"""What runs now: every running enrollment, its next step, and the latest events.

The page asks for itself again every few seconds: by a small script where there is one, else by a meta
refresh. Both are reads.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from nurture import explain
from nurture.core.deals import Task, TaskState
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Message, MessageState
from nurture.web.cards import addressee, around

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from starlette.responses import Response

    from nurture.core.ids import EnrollmentId
    from nurture.i18n import Words
    from nurture.web.cards import Around
    from nurture.web.visit import Visit

ROWS: Final = 200
EVENTS: Final = 12
SECONDS: Final = 4
"""How often the page asks again."""

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)
_OPEN: Final = (
    MessageState.PLANNED,
    MessageState.WAITING,
    MessageState.APPROVED,
    MessageState.SENDING,
    MessageState.IN_DOUBT,
    MessageState.FAILED,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One enrollment, and what comes next in it."""

    enrollment: Enrollment
    name: str  # with its honorific
    role: str | None
    organisation: str
    owner: str
    next: str  # the step that comes next, or the task that waits
    state: str  # of that step; of the enrollment, when it does not run
    tone: str  # how it is coloured: a state's value
    on: date | None
    at: datetime | None
    why: str


def _row(visit: Visit, enrollment: Enrollment, known: Around, ahead: Sequence[Message | Task]) -> Row:
    w = visit.w
    person, organisation = known.person(enrollment), known.organisation(enrollment)
    first = min(ahead, key=_when, default=None)
    mail = first if isinstance(first, Message) else None
    stands = first if first and enrollment.state is EnrollmentState.ACTIVE else enrollment
    reasons = [] if stands is first else [explain.stop_reason(w, enrollment.reason)]
    reasons += [explain.held(w, mail)] if mail else []
    why = [said for said in dict.fromkeys(reasons) if said]
    why += [explain.moves(w, mail.moves, visit.names)] if mail and mail.moves else []
    return Row(
        enrollment=enrollment,
        name=addressee(person) or enrollment.person_id,
        role=person.role if person else None,
        organisation=organisation.name if organisation else "",
        owner=visit.reader.name_of(enrollment.rep_id),
        next=_called(w, first),
        state=explain.state(w, stands.state),
        tone=stands.state.value,
        on=mail.planned_on if mail else None,
        at=_when(first) if first and _when(first) < _NEVER else None,
        why=" · ".join(why),
    )


def _called(w: Words, step: Message | Task | None) -> str:
    """A step of the scenario by its name; a task of another origin by its kind."""
    if step is None:
        return ""
    if step.step_id:
        return explain.step(w, step.step_id)
    return explain.task(w, step.kind) if isinstance(step, Task) else ""


def _when(step: Message | Task) -> datetime:
    """When a step comes; one without a date comes last."""
    return (step.planned_at if isinstance(step, Message) else step.due_at) or _NEVER


async def live(visit: Visit) -> Response:
    """GET /live."""
    store, reader = visit.doors.store, visit.reader
    running = {**reader.where, "state": _RUNNING}
    enrollments = await store.find(Enrollment, running, order=("enrolled_at",), limit=ROWS)
    ids = tuple(e.id for e in enrollments)
    messages = await store.find(Message, {"enrollment_id": ids, "state": _OPEN}) if ids else ()
    open_tasks = {"enrollment_id": ids, "state": (TaskState.PLANNED, TaskState.OPEN)}
    tasks = await store.find(Task, open_tasks) if ids else ()
    known = await around(store, enrollments)
    ahead: dict[EnrollmentId, list[Message | Task]] = defaultdict(list)
    steps: tuple[Message | Task, ...] = (*messages, *tasks)
    for step in steps:
        if step.enrollment_id is not None:
            ahead[step.enrollment_id].append(step)
    told = {} if reader.sees_all else {"enrollment_id": ids}
    latest = await store.find(Entry, told, order=("-seq",), limit=4 * EVENTS)
    events = [e for e in latest if not e.kind.startswith("login.")][:EVENTS]
    named = await around(store, events)
    rows = [_row(visit, enrollment, known, ahead[enrollment.id]) for enrollment in enrollments]
    rows.sort(key=lambda row: row.at or _NEVER)
    full = len(enrollments) == ROWS
    return visit.page(
        "live.html",
        rows=rows,
        total=await store.count(Enrollment, running) if full else len(rows),
        waiting=await store.count(Message, {**reader.where, "state": MessageState.WAITING}),
        sent=await store.count(Message, {**reader.where, "state": MessageState.SENT}),
        events=[(e.at, explain.entry(visit.w, e, visit.names), addressee(named.person(e))) for e in events],
        seconds=SECONDS,
    )
