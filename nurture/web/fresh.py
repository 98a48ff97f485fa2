"""Today stays fresh while it is open: a stream of server-sent events that says "something changed for you".

Theory of operation
-------------------
One watcher for all open pages waits for the store to say that something was committed, reads the new lines of the
journal once, finds out whose mails, enrollments and people they are about, and rings those listeners who see them.
What changed the page asks itself, by its own address: the stream carries no data. So an open page costs nothing
while nothing happens, and a busy sender costs one look a second whatever the number of pages.

A stream ends with its session: each end of a session is a line of the journal, after which every listener is
looked up anew, and no stream lives longer than ``LONGEST``; the browser opens it again. A comment now and then
keeps proxies from closing it, and shows who is gone.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse, Response, StreamingResponse

from nurture.core.messages import Enrollment, Entry, Message
from nurture.core.people import Person
from nurture.errors import NurtureError
from nurture.log import logger
from nurture.ports import Span
from nurture.web import session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from nurture.core.ids import RepId
    from nurture.ports import Store
    from nurture.web.access import Reader
    from nurture.web.visit import Visit

STREAM: Final = "text/event-stream"
BEAT: Final = 20.0
"""Seconds between two comments: below the minute after which proxies close what is silent."""
PAUSE: Final = 1.0
"""Seconds between two looks at the journal."""
LONGEST: Final = 900.0
"""Seconds after which a stream ends by itself."""
AGAIN: Final = 5000
"""Milliseconds after which a browser opens a stream again."""
EACH: Final = 4
"""Streams of one person: one for each browser, which shares it among its windows."""
ALL: Final = 80
"""Of all: the desk answers pages with the rest of its connections."""
LINES: Final = 500
"""With more new lines than that, everybody is rung."""
QUIET: Final = frozenset(
    {"message.planned", "message.sent", "message.deferred", "message.put_back", "message.put_off", "login.used"}
)
"""Lines after which nobody has more or less to do."""
ENDED: Final = "login.ended"


@dataclass(eq=False, slots=True)
class Listener:
    """An open page. ``until``: by the loop's clock; whoever is there longer was lost."""

    reader: Reader
    until: float
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    changed: bool = False  # there is something to tell
    doubted: bool = False  # somebody's session has ended: is it this one?

    def ring(self, *, changed: bool = False, doubted: bool = False) -> None:
        """Wake the stream."""
        self.changed |= changed
        self.doubted |= doubted
        self.bell.set()


class Fresh:
    """Those who listen, and the one who watches for all of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: set[Listener] = set()
        self._watcher: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()  # the watcher knows where the journal stands: nothing is missed from here on
        self.closed = asyncio.Event()

    def join(self, reader: Reader) -> Listener | None:
        """Listen; None when there are too many, of this person or at all, or when the desk closes."""
        now = asyncio.get_running_loop().time()
        self._listeners = {listener for listener in self._listeners if listener.until > now}
        own = sum(listener.reader.rep.id == reader.rep.id for listener in self._listeners)
        if self.closed.is_set() or own >= EACH or len(self._listeners) >= ALL:
            return None
        listener = Listener(reader, now + LONGEST + 2 * BEAT)
        self._listeners.add(listener)
        if self._watcher is None or self._watcher.done():
            self.ready.clear()
            self._watcher = asyncio.create_task(self._watch())
        return listener

    def leave(self, listener: Listener) -> None:
        """Listen no more; with the last one the watcher ends too."""
        self._listeners.discard(listener)
        if not self._listeners and self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None

    def close(self) -> None:
        """The desk closes: every stream ends now."""
        self.closed.set()
        for listener in self._listeners:
            listener.ring()

    async def _watch(self) -> None:
        changed = self._store.changed()
        last: int | None = None
        while True:
            changed.clear()
            try:
                last = await self._look(last)
                self.ready.set()
            except NurtureError as error:  # the store is away for a moment: the next change brings us back
                logger().warning("open pages are not fresh", action="web.fresh", error=type(error).__name__)
            await asyncio.sleep(PAUSE)
            await changed.wait()

    async def _look(self, last: int | None) -> int:
        """Ring those whom new lines concern; the number of the newest line. Four queries at most."""
        if last is None:
            newest = await self._store.find(Entry, order=("-seq",), limit=1)
            return newest[0].seq if newest else 0
        lines = await self._store.find(Entry, {"seq": Span(low=last + 1)}, order=("-seq",), limit=LINES)
        if not lines:
            return last
        doubted = any(line.kind == ENDED for line in lines)
        told = [line for line in lines if line.kind not in QUIET and line.kind != ENDED]
        reps = None if len(lines) == LINES else await self._whose(told)
        for listener in self._listeners:
            changed = reps is None or any(listener.reader.sees(rep) for rep in reps)
            if changed or doubted:
                listener.ring(changed=changed, doubted=doubted)
        return lines[0].seq

    async def _whose(self, lines: Sequence[Entry]) -> set[RepId] | None:
        """Whose mails, enrollments and people these lines are about; None: maybe anybody's."""
        if any(not (line.message_id or line.enrollment_id or line.person_id) for line in lines):
            return None
        found: set[RepId] = set()
        asked: tuple[tuple[type[Message | Enrollment | Person], Iterable[str | None]], ...] = (
            (Message, (line.message_id for line in lines)),
            (Enrollment, (line.enrollment_id for line in lines)),
            (Person, (line.person_id for line in lines)),
        )
        for kind, ids in asked:
            keys = tuple({key for key in ids if key})
            rows = await self._store.find(kind, {"id": keys}) if keys else ()
            found |= {row.rep_id for row in rows if row.rep_id}
        return found


async def stream(visit: Visit) -> Response:
    """GET /fresh: the stream, for a browser's EventSource; anybody else is led to the page."""
    if visit.request.headers.get("accept") != STREAM:
        return RedirectResponse("/", status_code=303)
    listener = visit.desk.fresh.join(visit.reader)
    if listener is None:
        return Response(status_code=204)  # the browser asks no more; the page is as fresh as it was loaded
    with suppress(TimeoutError):
        async with asyncio.timeout(BEAT):
            await visit.desk.fresh.ready.wait()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(visit, listener), media_type=STREAM, headers=headers)


async def _events(visit: Visit, listener: Listener) -> AsyncIterator[str]:
    fresh, loop = visit.desk.fresh, asyncio.get_running_loop()
    end = loop.time() + LONGEST
    try:
        yield f"retry: {AGAIN}\n\n"
        while loop.time() < end and not fresh.closed.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await listener.bell.wait()
            listener.bell.clear()
            if listener.doubted:
                listener.doubted = False
                if await session.read(visit.desk, visit.request) is None:
                    return
            if listener.changed:
                listener.changed = False
                yield "event: today\ndata: changed\n\n"
            else:
                yield ":\n\n"
    finally:
        fresh.leave(listener)
