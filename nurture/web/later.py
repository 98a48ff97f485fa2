"""Put a mail or a task aside until later, and bring it back. Only the reader's own Today changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core.deals import Task
from nurture.core.messages import Message
from nurture.errors import StaleVersion, UserError
from nurture.flows import snoozing
from nurture.web.cards import addressee, around

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.responses import Response

    from nurture.web.visit import Visit

S = TypeVar("S", Message, Task)


async def mail(visit: Visit) -> Response:
    """POST /messages/{id}/later."""
    return await _aside(visit, await _seen(visit, Message))


async def task(visit: Visit) -> Response:
    """POST /tasks/{id}/later."""
    return await _aside(visit, await _seen(visit, Task))


async def mail_now(visit: Visit) -> Response:
    """POST /messages/{id}/now."""
    return await _back(visit, await _seen(visit, Message))


async def task_now(visit: Visit) -> Response:
    """POST /tasks/{id}/now."""
    return await _back(visit, await _seen(visit, Task))


async def said(visit: Visit) -> tuple[str, str, datetime, str] | None:
    """What was put aside here just now, and until when: kind, id, moment, name. As long as it is."""
    query = visit.request.query_params
    done, now = query.get("later", ""), visit.doors.clock.now()
    kind, _, key = done.partition(":")
    if kind not in {"messages", "tasks"} or not key:
        return None
    found: Message | Task | None = await visit.doors.store.get(Message if kind == "messages" else Task, key)
    if found is None or not visit.reader.sees(found.rep_id):
        return None
    row = (await snoozing.of(visit.doors.store, visit.reader.rep.id, now)).get(found.id)
    if row is None:
        return None
    person = (await around(visit.doors.store, (found,))).person(found)
    name = addressee(person, found if isinstance(found, Message) else None)
    return kind, found.id, row.until, name or (found.title if isinstance(found, Task) else "")


async def _seen(visit: Visit, kind: type[S]) -> S:
    found = await visit.doors.store.get(kind, visit.key())
    if found is None or not visit.reader.sees(found.rep_id):
        raise HTTPException(404)
    return found


async def _aside(visit: Visit, subject: Message | Task) -> Response:
    try:
        await snoozing.snooze(visit.doors, subject, visit.form.get("until", ""), by=visit.reader.rep)
    except UserError as error:
        return visit.page("error.html", status=409, says=visit.w.error(error), code=409)
    except StaleVersion:
        pass  # the button was pressed twice
    kind = "messages" if isinstance(subject, Message) else "tasks"
    return RedirectResponse(f"/?later={kind}:{subject.id}", status_code=303)


async def _back(visit: Visit, subject: Message | Task) -> Response:
    await snoozing.bring_back(visit.doors, subject, by=visit.reader.rep)
    return RedirectResponse("/", status_code=303)
