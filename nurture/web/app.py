"""The application: every route in one table, and what is shown when something goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from nurture.errors import NurtureError, StaleVersion, TemporaryFailure, UserError
from nurture.i18n import mark
from nurture.log import logger
from nurture.web import (
    alerts,
    calendar,
    closing,
    content,
    dates,
    dealings,
    directory,
    doubles,
    enrollment,
    fresh,
    handover,
    health,
    houses,
    language,
    later,
    live,
    login,
    meetings,
    message,
    minutes,
    origin,
    passes,
    people,
    privacy,
    provider,
    queue,
    reassign,
    record,
    reports,
    scenarios,
    sessions,
    task,
    together,
    trying,
    unsubscribe,
    upkeep,
    whatif,
)
from nurture.web.desk import HERE, Desk
from nurture.web.forms import BODY_BYTES
from nurture.web.guard import SafeHeaders, SameSite
from nurture.web.names import EntryNames
from nurture.web.visit import desk_of, signed_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from nurture.ports import Doors, Identity

SAYS: Final[Mapping[int, str]] = {
    400: mark("That could not be read."),
    401: mark("Your session has ended. Sign in again, then go back: what you typed is still there."),
    403: mark("This form is from an earlier session. Open the page again and repeat it."),
    404: mark("There is no such page, or it is not yours to see."),
    405: mark("That could not be read."),
    409: mark("Somebody else was faster. Open the page again to see how it stands now."),
    413: mark("That is too long."),
    415: mark("That could not be read."),
    429: mark("Too many requests. Please wait a quarter of an hour."),
    500: mark("Something went wrong here. It has been logged; please try again."),
    503: mark("The database is not to be had right now. Please try again in a moment."),
}


class _Static(StaticFiles):
    """Files whose address changes with their content: browsers keep them."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """The file, to be kept."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


async def _sorry(request: Request, error: Exception) -> Response:
    """Whatever went wrong, as a page in the reader's language; never a traceback."""
    desk = desk_of(request)
    reader = getattr(request.state, "reader", None)
    w = reader.words if reader else desk.words(request)
    status, words = 500, ""
    match error:
        case HTTPException():
            status = error.status_code
        case UserError():
            status, words = 400, w.error(error)
        case StaleVersion():
            status = 409
        case TemporaryFailure():
            status = 503
        case NurtureError():
            status = 500
    if status >= 500:
        logger().error("page failed", action="web.failed", error=type(error).__name__, exc_info=error)
    says = words or w(SAYS.get(status, SAYS[400]))
    response = desk.page(request, "error.html", reader=reader, status=status, says=says, code=status)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


def routes() -> list[Route | Mount]:
    """Every route. Who is not signed in reaches only the first block."""
    return [
        Route("/healthz", health.health, methods=["GET"]),
        Route("/u/{token}", unsubscribe.offer, methods=["GET"]),
        Route("/u/{token}", unsubscribe.act, methods=["POST"]),
        Route("/approve/{token}", passes.offer, methods=["GET"]),
        Route("/approve/{token}", passes.act, methods=["POST"]),
        Route("/login", login.ask, methods=["GET"]),
        Route("/login", login.mail_link, methods=["POST"]),
        Route("/login/provider", provider.leave, methods=["GET"]),
        Route(provider.BACK, provider.back, methods=["GET"]),
        Route(provider.BACK, provider.enter, methods=["POST"]),
        Route("/login/{secret}", login.show_link, methods=["GET"]),
        Route("/login/{secret}", login.use_link, methods=["POST"]),
        Route("/language", language.choose, methods=["POST"]),
        Mount("/static", _Static(directory=HERE / "static"), name="static"),
        Route("/", signed_in(queue.queue), methods=["GET"]),
        Route("/fresh", signed_in(fresh.stream), methods=["GET"]),
        Route("/logout", signed_in(login.leave), methods=["POST"]),
        Route("/sessions", signed_in(sessions.show), methods=["GET"]),
        Route("/sessions/end", signed_in(sessions.end), methods=["POST"]),
        Route("/live", signed_in(live.live), methods=["GET"]),
        Route("/scenarios", signed_in(scenarios.show), methods=["GET"]),
        Route("/scenarios/{id}", signed_in(scenarios.one), methods=["GET"]),
        Route("/scenarios/{id}/simulate", signed_in(trying.simulate), methods=["GET"]),
        Route("/scenarios/{id}/preview", signed_in(trying.preview), methods=["GET"]),
        Route("/calendar", signed_in(calendar.show), methods=["GET"]),
        Route("/calendar/what-if", signed_in(whatif.show), methods=["GET"]),
        Route("/calendar/upkeep", signed_in(upkeep.show), methods=["GET"]),
        Route("/calendar/confirm", signed_in(upkeep.confirm), methods=["GET"]),
        Route("/calendar/closures", signed_in(closing.show), methods=["GET"]),
        Route("/calendar/closures", signed_in(closing.act), methods=["POST"]),
        Route("/calendar/{month}", signed_in(calendar.month), methods=["GET"]),
        Route("/halts/{kind}/{id}/resume", signed_in(alerts.resume), methods=["POST"]),
        Route("/webhooks/{id}/resume", signed_in(alerts.tell_again), methods=["POST"]),
        Route("/valve/release", signed_in(alerts.release), methods=["POST"]),
        Route("/valve/keep", signed_in(alerts.keep), methods=["POST"]),
        Route("/record", signed_in(record.start), methods=["GET"]),
        Route("/record", signed_in(record.begin), methods=["POST"]),
        Route("/record/organisations", signed_in(record.organisations), methods=["GET"]),
        Route("/record/{id}", signed_in(record.show), methods=["GET"]),
        Route("/record/{id}", signed_in(record.act, minutes.FIELDS), methods=["POST"]),
        Route("/record/{id}/draft", signed_in(record.save, minutes.FIELDS), methods=["POST"]),
        Route("/record/{id}/people", signed_in(record.people), methods=["GET"]),
        Route("/content", signed_in(content.show), methods=["GET"]),
        Route("/content/{id}", signed_in(content.one), methods=["GET"]),
        Route("/reports", signed_in(reports.show), methods=["GET"]),
        Route("/reports.csv", signed_in(reports.download), methods=["GET"]),
        Route("/meetings/{id}", signed_in(meetings.show), methods=["GET"]),
        Route("/organisations", signed_in(houses.index), methods=["GET"]),
        Route("/organisations/{id}", signed_in(houses.show), methods=["GET"]),
        Route("/deals", signed_in(dealings.index), methods=["GET"]),
        Route("/deals/{id}", signed_in(dealings.show), methods=["GET"]),
        Route("/deals/{id}/phase", signed_in(dealings.phase), methods=["POST"]),
        Route("/deals/{id}/end", signed_in(dealings.end), methods=["POST"]),
        Route("/deals/{id}/reopen", signed_in(dealings.reopen), methods=["POST"]),
        Route("/people", signed_in(directory.show), methods=["GET"]),
        Route("/people/doubles", signed_in(doubles.index), methods=["GET"]),
        Route("/people/{id}/merge/{other}", signed_in(doubles.show), methods=["GET"]),
        Route("/people/{id}/merge/{other}", signed_in(doubles.merge), methods=["POST"]),
        Route("/people/{id}", signed_in(people.show), methods=["GET"]),
        Route("/enrollments/{id}/pause", signed_in(enrollment.pause), methods=["POST"]),
        Route("/enrollments/{id}/resume", signed_in(enrollment.resume), methods=["POST"]),
        Route("/enrollments/{id}/stop", signed_in(enrollment.stop), methods=["POST"]),
        Route("/enrollments/{id}/reopen", signed_in(enrollment.reopen), methods=["POST"]),
        Route("/enrollments/{id}/rest", signed_in(handover.rest), methods=["POST"]),
        Route("/people/{id}/enroll", signed_in(enrollment.begin), methods=["POST"]),
        Route("/people/{id}/note", signed_in(people.note), methods=["POST"]),
        Route("/people/{id}/data", signed_in(privacy.show), methods=["GET"]),
        Route("/people/{id}/data/export", signed_in(privacy.export), methods=["POST"]),
        Route("/people/{id}/data/erase", signed_in(privacy.erase), methods=["POST"]),
        Route("/people/{id}/no-more", signed_in(handover.no_more), methods=["POST"]),
        Route("/people/{id}/colleague", signed_in(reassign.person), methods=["GET"]),
        Route("/people/{id}/colleague", signed_in(reassign.give_person), methods=["POST"]),
        Route("/tasks/{id}/colleague", signed_in(reassign.task), methods=["GET"]),
        Route("/tasks/{id}/colleague", signed_in(reassign.give_task), methods=["POST"]),
        Route("/people/{id}/address", signed_in(handover.address), methods=["POST"]),
        Route("/people/{id}/successor", signed_in(handover.successor), methods=["POST"]),
        Route("/people/{id}/pace", signed_in(handover.pace), methods=["POST"]),
        Route("/people/{id}/departed", signed_in(handover.departed), methods=["POST"]),
        Route("/people/{id}/stays", signed_in(handover.stays), methods=["POST"]),
        Route("/people/{id}/basis", signed_in(handover.basis), methods=["POST"]),
        Route("/people/{id}/back", signed_in(people.back), methods=["POST"]),
        Route("/messages/{id}/later", signed_in(later.mail), methods=["POST"]),
        Route("/messages/{id}/now", signed_in(later.mail_now), methods=["POST"]),
        Route("/tasks/{id}/later", signed_in(later.task), methods=["POST"]),
        Route("/tasks/{id}/now", signed_in(later.task_now), methods=["POST"]),
        Route("/tasks/{id}/times/{n}", signed_in(task.time), methods=["GET"]),
        Route("/tasks/{id}/reopen", signed_in(task.reopen), methods=["POST"]),
        Route("/tasks/{id}/done", signed_in(task.finish), methods=["POST"]),
        Route("/together/take-back", signed_in(together.take_back), methods=["POST"]),
        Route("/together/{step}", signed_in(together.show), methods=["GET"]),
        Route("/together/{step}", signed_in(together.approve), methods=["POST"]),
        Route("/messages/{id}", signed_in(message.show), methods=["GET"]),
        Route("/messages/{id}/files/{key}", signed_in(message.file), methods=["GET"]),
        Route("/messages/{id}/origin", signed_in(origin.show), methods=["GET"]),
        Route("/messages/{id}/edit", signed_in(message.write), methods=["GET"]),
        Route("/messages/{id}/edit", signed_in(message.rewrite), methods=["POST"]),
        Route("/messages/{id}/approve", signed_in(message.approve), methods=["POST"]),
        Route("/messages/{id}/date", signed_in(dates.show), methods=["GET"]),
        Route("/messages/{id}/date", signed_in(dates.approve), methods=["POST"]),
        Route("/messages/{id}/take-back", signed_in(message.take_back), methods=["POST"]),
        Route("/messages/{id}/reject", signed_in(message.reject), methods=["POST"]),
        Route("/messages/{id}/settle", signed_in(message.settle), methods=["POST"]),
    ]


def build(
    doors: Doors, secret: bytes, others: Sequence[Mount] = (), identity: Identity | None = None
) -> Starlette:
    """The desk as an ASGI application.

    Args:
        doors: the world.
        secret: signs sessions and forms; at least 32 bytes that nobody else knows. A new one signs
            everybody out.
        others: what is served beside the desk (the API).
        identity: a provider that says who somebody is.
    """
    if len(secret) < 32:
        raise ValueError("the desk's secret needs at least 32 bytes")
    app = Starlette(
        routes=[*others, *routes()],
        middleware=[Middleware(SafeHeaders), Middleware(SameSite)],
        exception_handlers={HTTPException: _sorry, NurtureError: _sorry, Exception: _sorry},
        max_body_size=BODY_BYTES,
    )
    app.state.desk = Desk(doors, secret, EntryNames(doors.library), identity)
    return app
