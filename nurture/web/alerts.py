"""What keeps mail back, at the top of the desk: limits, what is stopped, and what the safety valve holds; and for
administrators, which other programs are not told any more.

Whoever may decide about it has one button; a decision on the valve carries the mark of what was seen.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from nurture import explain
from nurture.core.change import Told
from nurture.core.halts import KINDS, may_steer
from nurture.errors import StaleVersion, UserError
from nurture.flows import pacing, steering, webhooks
from nurture.i18n import mark

if TYPE_CHECKING:
    from starlette.responses import Response

    from nurture.core.limits import Wait
    from nurture.web.visit import Visit

SKIP: Final = "skip"


@dataclass(frozen=True, slots=True)
class Act:
    """A button: where it posts to, what it says, and the mark of what was seen."""

    path: str
    says: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One line: why, how many mails, and what the reader may do."""

    says: str
    count: int | None
    acts: tuple[Act, ...] = ()

    @property
    def waits_for_a_person(self) -> bool:
        """Whether the reader can do something about it."""
        return bool(self.acts)


async def alerts(visit: Visit) -> tuple[Alert, ...]:
    """What keeps mail back now, and who is not told. Five queries at most."""
    now = visit.doors.clock.now()
    gates, traffic = await pacing.look(visit.doors, now)
    held = gates.held
    return await _untold(visit) + tuple(
        Alert(
            explain.wait(visit.w, wait, visit.reader.rep.timezone),
            count,
            _acts(visit, wait, held.mark if held is not None else ""),
        )
        for wait, count in pacing.standing(visit.doors, gates, traffic, now)
    )


async def _untold(visit: Visit) -> tuple[Alert, ...]:
    """Webhooks that take nothing: an administrator mends the cause, and then presses the button."""
    known = [endpoint.id for endpoint in visit.doors.settings.webhooks]
    if not known or not visit.reader.sees_all:
        return ()
    w, found = visit.w, []
    for row in await visit.doors.store.find(Told, {"id": tuple(known)}, order=("id",)):
        if row.disabled_at is not None:
            says = w("Webhook {id} is disabled: {error}", id=row.id, error=row.error)
            path = f"/webhooks/{row.id}/resume"
            acts = Act(path, mark("Tell it again")), Act(path, mark("Only from now on"), SKIP)
            found.append(Alert(says, None, acts))
        elif row.failing_since is not None:
            since = w.instant(row.failing_since, visit.reader.rep.timezone)
            found.append(
                Alert(w("Webhook {id} fails since {time}: {error}", id=row.id, time=since, error=row.error), None)
            )
    return tuple(found)


async def tell_again(visit: Visit) -> Response:
    """POST /webhooks/{id}/resume: another program is told again, from where it stood or from now."""
    endpoint = next((one for one in visit.doors.settings.webhooks if one.id == visit.key()), None)
    if endpoint is None or not visit.reader.sees_all:
        raise HTTPException(404)
    row = await visit.doors.store.get(Told, endpoint.id)
    if row is not None and row.disabled_at is not None:  # pressed twice, it is told already
        with suppress(StaleVersion):  # it is being told at this moment
            skip = visit.form.get("seen", "") == SKIP
            await webhooks.resume(visit.doors, endpoint, by=visit.reader.rep.id, skip=skip)
    return RedirectResponse("/", status_code=303)


def _acts(visit: Visit, wait: Wait, seen: str) -> tuple[Act, ...]:
    kind = wait.reason.removesuffix("_stopped")
    if wait.until is not None or not _may(visit, kind if kind in KINDS else "", wait.what):
        return ()
    if wait.reason == "valve":
        return (
            Act("/valve/release", mark("Let all of it leave"), seen),
            Act("/valve/keep", mark("Back to the desk"), seen),
        )
    return (Act(f"/halts/{kind}/{wait.what}/resume", mark("Resume sending")),)


def _may(visit: Visit, kind: str, key: str) -> bool:
    reader = visit.reader
    return may_steer(reader.rep, reader.colleagues.values(), kind, key)


async def resume(visit: Visit) -> Response:
    """POST /halts/{kind}/{id}/resume: a mailbox or scenario sends again."""
    kind, key = visit.key("kind"), visit.key()
    if kind not in KINDS or not _may(visit, kind, key):
        raise HTTPException(404)
    with suppress(UserError, StaleVersion):  # somebody else was faster, or it was pressed twice: it sends
        await steering.resume(visit.doors, kind, key, by=visit.reader.rep.id)
    return RedirectResponse("/", status_code=303)


async def release(visit: Visit) -> Response:
    """POST /valve/release: exactly what was seen leaves, within the limits."""
    if not _may(visit, "", ""):
        raise HTTPException(404)
    await steering.release(visit.doors, by=visit.reader.rep.id, seen=visit.form.get("seen", ""))
    return RedirectResponse("/", status_code=303)


async def keep(visit: Visit) -> Response:
    """POST /valve/keep: exactly what was seen comes back to the desk."""
    if not _may(visit, "", ""):
        raise HTTPException(404)
    await steering.keep(visit.doors, by=visit.reader.rep.id, seen=visit.form.get("seen", ""))
    return RedirectResponse("/", status_code=303)
