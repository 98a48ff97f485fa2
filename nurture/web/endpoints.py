"""Endpoints of webhooks that take nothing: told at the top of an administrator's Today, with what may be done."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core.change import Told
from nurture.errors import StaleVersion
from nurture.flows import webhooks
from nurture.i18n import mark
from nurture.web.alerts import Act, Alert

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.web.visit import Visit

LONG: Final = timedelta(hours=1)
"""An endpoint that has failed for so long is worth a word; before, it may only be restarting."""


async def alerts(visit: Visit) -> tuple[Alert, ...]:
    """What administrators should know of endpoints. One query where there are any, none for others."""
    known = visit.doors.settings.webhooks
    if not known or not visit.reader.sees_all:
        return ()
    now = visit.doors.clock.now()
    rows = await visit.doors.store.find(Told, {"id": tuple(one.id for one in known)}, order=("id",))
    found = []
    for row in rows:
        if row.disabled_at is not None:
            says = visit.w("Webhook {id} is disabled: {error}", id=row.id, error=row.error)
            path = f"/webhooks/{row.id}/resume"
            acts = Act(path, mark("Tell it what it missed")), Act(path, mark("Resume from now"), "skip")
            found.append(Alert(says, None, acts))
        elif row.failing_since is not None and now - row.failing_since >= LONG:
            at = visit.w.instant(row.failing_since, visit.reader.rep.timezone)
            says = visit.w("Webhook {id} has failed since {at}: {error}", id=row.id, at=at, error=row.error)
            found.append(Alert(says, None))
    return tuple(found)


async def resume(visit: Visit) -> Response:
    """POST /webhooks/{id}/resume: from where it stood, or from now. An administrator's matter."""
    endpoint = next((one for one in visit.doors.settings.webhooks if one.id == visit.key()), None)
    if endpoint is None or not visit.reader.sees_all:
        raise HTTPException(404)
    row = await visit.doors.store.get(Told, endpoint.id)
    if row is not None and row.disabled_at is not None:  # pressed twice: it is told again already
        with suppress(StaleVersion):
            skip = visit.form.get("seen", "") == "skip"
            await webhooks.resume(visit.doors, endpoint, by=visit.reader.rep.id, skip=skip)
    return RedirectResponse("/", status_code=303)
