"""Where the words of a mail that waits come from: its template and fields, and what a person changed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from nurture import explain
from nurture.core.states import QUEUED
from nurture.errors import UserError
from nurture.flows import trying
from nurture.web import differences
from nurture.web.message import mine
from nurture.web.trying import SOURCES

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.flows.trying import Tried
    from nurture.web.visit import Visit


async def show(visit: Visit) -> Response:
    """GET /messages/{id}/origin: the template is filled once more, for who asks; nothing is kept."""
    message = await mine(visit)
    if message.state not in QUEUED or not message.body or not message.template:
        return RedirectResponse(f"/messages/{message.id}", status_code=303)
    w, problem = visit.w, ""
    tried: Tried | None = None
    try:
        tried = await trying.again(visit.doors, message)
    except UserError as error:
        problem = w.error(error)
    if tried is not None and tried.problem is not None:
        problem = w.error(tried.problem)
    draft = tried.draft if tried is not None else None
    return visit.page(
        "origin.html",
        message=message,
        step=explain.step(w, message.step_id),
        problem=problem,
        editor=visit.reader.name_of(message.edited_by) if message.edited_by else "",
        content=tried.brief.content if tried is not None else None,
        subject=differences.lines(draft.subject, message.subject) if draft is not None else [],
        body=differences.lines(draft.body, message.body) if draft is not None else [],
        compared=draft is not None,
        fields=[
            (one.path, one.value, one.required, w(SOURCES.get(one.path.partition(".")[0], one.path)))
            for one in (tried.filled if tried is not None else ())
        ],
    )
