"""Where somebody is signed in, and ending it: a phone that was left in a taxi.

Everybody sees and ends their own sessions, an administrator those of all. What kind of device it is stands in the
journal's line of the signing in; it is what the browser says of itself, and proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture.core.change import Change, LoginToken
from nurture.core.messages import Entry
from nurture.errors import StaleVersion
from nurture.ports import Span
from nurture.web.devices import MARK

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.web.visit import Visit

_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One open session."""

    id: str
    name: str  # whose it is
    since: datetime
    until: datetime
    device: str
    here: bool


async def show(visit: Visit) -> Response:
    """GET /sessions."""
    store, reader = visit.doors.store, visit.reader
    tokens = await _open(visit)
    began = Span(min((token.created_at for token in tokens), default=visit.doors.clock.now()))
    lines = await store.find(Entry, {"kind": "login.used", "at": began})
    devices = {str(e.data.get("session", "")): str(e.data.get("device", "")) for e in lines}
    rows = [
        Row(
            id=token.id,
            name=reader.name_of(token.rep_id),
            since=token.used_at,
            until=token.expires_at,
            device=devices.get(token.id[:MARK], ""),
            here=token.id == reader.session,
        )
        for token in tokens
        if token.used_at is not None
    ]
    rows.sort(key=lambda row: (not row.here, row.name != reader.rep.name, row.since))
    return visit.page("sessions.html", rows=rows, own=sum(row.name == reader.rep.name for row in rows))


async def end(visit: Visit) -> Response:
    """POST /sessions/end: one session, or all of one's own but this."""
    which = visit.form.get("session", "")
    found = await _open(visit)
    if which:
        ended = [token for token in found if token.id == which]
        if not ended:
            raise HTTPException(404)
    else:
        ended = [t for t in found if t.rep_id == visit.reader.rep.id and t.id != visit.reader.session]
    now = visit.doors.clock.now()
    for token in ended:
        entry = Entry(now, "login.ended", visit.reader.rep.id, {"session": token.id[:MARK], "of": token.rep_id})
        try:
            await visit.doors.store.commit(Change((replace(token, expires_at=now),), (entry,)))
        except StaleVersion:
            continue  # it has just been ended
    return RedirectResponse("/sessions", status_code=303)


async def _open(visit: Visit) -> tuple[LoginToken, ...]:
    """The open sessions that the reader may see."""
    now = visit.doors.clock.now()
    where: dict[str, object] = {"expires_at": Span(now), "used_at": Span(_EVER)}
    if not visit.reader.sees_all:
        where["rep_id"] = visit.reader.rep.id
    found = await visit.doors.store.find(LoginToken, where, order=("-used_at",), limit=ROWS)
    return tuple(token for token in found if token.expires_at > now)
