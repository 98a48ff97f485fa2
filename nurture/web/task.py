"""A task that its owner has done, or a reply that was read: off the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core.deals import Task
from nurture.errors import Impossible
from nurture.flows import tasks

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.web.visit import Visit


async def finish(visit: Visit) -> Response:
    """POST /tasks/{id}/done."""
    found = await visit.doors.store.get(Task, visit.key())
    if found is None or not visit.reader.sees(found.rep_id):
        raise HTTPException(404)
    try:
        await tasks.finish(visit.doors, found.id, by=visit.reader.rep.id)
    except Impossible:
        raise HTTPException(409) from None
    return RedirectResponse("/", status_code=303)
