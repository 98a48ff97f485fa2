"""Time and chance: the only room that asks the machine what time it is, or draws a random number.

``SystemClock`` is the world's. ``SimulatedClock`` is for the demo and the tests: time stands still until
somebody moves it, and it knows who sleeps, so that a driver can wait until nothing more can happen now
(``settled``), look for the next deadline (``next_wake``) and go there (``advance_to``). What a demo's program
has written down with ``tell`` is the time of the commands that are called beside it (``told``).
"""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nurture.errors import Impossible, UserError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LONGEST_NAP = 30.0
"""Seconds. A sleeper looks at the wall clock this often, for it may jump (NTP, suspend, an operator)."""

_PASSES = 3
"""Passes of the event loop that a simulated world must stay quiet to count as settled."""


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise Impossible("an instant needs its zone")
    return instant.astimezone(UTC)


async def _first(events: Iterable[asyncio.Event], timeout: float | None) -> None:  # noqa: ASYNC109 – see below
    """Return when one of the events is set, or after ``timeout`` seconds; leave no task behind.

    A timeout is the normal case here, not a failure, so it is a value and not an exception.
    """
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        if waits:
            await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        elif timeout is not None:
            await asyncio.sleep(timeout)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


class SystemClock:
    """The machine's clock (``ports.Clock``)."""

    def now(self) -> datetime:
        """The instant, aware, UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, instant: datetime, *wakes: asyncio.Event) -> None:
        """Return at ``instant`` or as soon as one of ``wakes`` is set (they are not cleared here).

        Never later than it was to ``instant`` at first: a clock that is put back an hour must not let
        everybody sleep an hour longer.
        """
        deadline = _utc(instant)
        loop = asyncio.get_running_loop()
        end = loop.time() + (deadline - self.now()).total_seconds()
        while not any(wake.is_set() for wake in wakes):
            left = min((deadline - self.now()).total_seconds(), end - loop.time())
            if left <= 0:
                return
            await _first(wakes, min(left, LONGEST_NAP))


@dataclass(eq=False, slots=True)
class Sleeper:
    """Somebody asleep in a ``SimulatedClock``: the task's name, until when, and what would wake it sooner."""

    name: str
    until: datetime
    wakes: tuple[asyncio.Event, ...]
    alarm: asyncio.Event = field(default_factory=asyncio.Event)

    def stirs(self, now: datetime) -> bool:
        """Whether it will wake without time moving on."""
        return self.until <= now or any(wake.is_set() for wake in self.wakes)


class SimulatedClock:
    """A clock that stands still until it is moved (``ports.Clock``)."""

    def __init__(self, start: datetime) -> None:
        self._now = _utc(start)
        self._asleep: list[Sleeper] = []
        self._fell_asleep = asyncio.Event()

    def now(self) -> datetime:
        """The simulated instant, UTC."""
        return self._now

    async def sleep_until(self, instant: datetime, *wakes: asyncio.Event) -> None:
        """As ``ports.Clock``; only ``advance_to`` brings the instant nearer."""
        task = asyncio.current_task()
        sleeper = Sleeper(task.get_name() if task else "", _utc(instant), wakes)
        if sleeper.stirs(self._now):
            await asyncio.sleep(0)  # a loop that is always late must not starve the others
            return
        self._asleep.append(sleeper)
        self._fell_asleep.set()
        try:
            while not sleeper.stirs(self._now):
                await _first((sleeper.alarm, *wakes), None)
        finally:
            self._asleep.remove(sleeper)

    def sleepers(self) -> tuple[Sleeper, ...]:
        """Who is asleep, the earliest deadline first."""
        return tuple(sorted(self._asleep, key=lambda s: s.until))

    def next_wake(self) -> datetime | None:
        """The earliest deadline of those asleep, or None when nobody is."""
        return min((sleeper.until for sleeper in self._asleep), default=None)

    def advance_to(self, instant: datetime) -> None:
        """Move time on to ``instant``; sleepers whose deadline has come wake at the next pass of the loop.

        Raises:
            Impossible: time would go back.
        """
        there = _utc(instant)
        if there < self._now:
            raise Impossible("time does not go back from {now} to {there}", now=self._now, there=there)
        self._now = there
        for sleeper in self._asleep:
            if sleeper.until <= there:
                sleeper.alarm.set()

    async def settled(self, parties: int) -> None:
        """Return when at least ``parties`` tasks are asleep and none of those asleep is about to wake.

        Then nothing that only waits for this clock can happen before time moves. What waits for a network
        is not known here: whoever drives a world with servers in it asks those as well.
        """
        quiet = 0
        while quiet < _PASSES:
            if len(self._asleep) < parties:
                self._fell_asleep.clear()
                await self._fell_asleep.wait()
                quiet = 0
            elif any(sleeper.stirs(self._now) for sleeper in self._asleep):
                await asyncio.sleep(0)  # it runs in this pass, or in the next
                quiet = 0
            else:
                quiet += 1
                await asyncio.sleep(0)


def tell(path: Path, now: datetime) -> None:
    """Write down a simulated time, for commands beside the program that lives by it.

    Whoever reads finds the old or the new instant, never half of one.
    """
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{_utc(now).isoformat()}\n", encoding="ascii")
    fresh.replace(path)


def told(path: Path) -> SimulatedClock | None:
    """A clock that stands at the time that was written down; None where there is no such file.

    Raises:
        UserError: the file holds no instant.
    """
    try:
        said = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    try:
        return SimulatedClock(datetime.fromisoformat(said))
    except (ValueError, Impossible):
        raise UserError(
            "found {found}, expected an instant with its zone", where=Where(str(path)), found=said
        ) from None


class SystemChance:
    """Ids that sort by time of birth, and secrets nobody can guess (``ports.Chance``)."""

    def __init__(self) -> None:
        self._last = 0

    def new_id(self) -> str:
        """A UUID version 7 (RFC 9562, 5.7), 36 characters; each is greater than the one before it.

        The 12 bits after the milliseconds count within one millisecond (method 1 of section 6.2).
        """
        milliseconds = int(datetime.now(UTC).timestamp() * 1000)
        self._last = max(self._last + 1, milliseconds << 12)
        moment, count = self._last >> 12, self._last & 0xFFF
        number = moment << 80 | 0x7 << 76 | count << 64 | 0b10 << 62 | secrets.randbits(62)
        return _uuid_text(number)

    def secret(self) -> str:
        """32 random bytes, URL-safe base64: 43 characters."""
        return secrets.token_urlsafe(32)


class SeededChance:
    """The same ids and secrets in the same order every time, for demos and tests.

    Whoever knows the seed knows every secret: never for real people's data, never on a public address.
    """

    def __init__(self, seed: int | str) -> None:
        self._seed = str(seed)
        self._count = 0

    def _drawn(self, kind: str) -> str:
        self._count += 1
        return hashlib.sha256(f"{self._seed}/{kind}/{self._count}".encode()).hexdigest()

    def new_id(self) -> str:
        """36 characters in the shape of a UUID, ascending in the order they are drawn."""
        drawn = int(self._drawn("id"), 16) & ((1 << 62) - 1)
        return _uuid_text(self._count << 80 | 0x7 << 76 | 0b10 << 62 | drawn)

    def secret(self) -> str:
        """43 characters of ``[0-9a-f]``."""
        return self._drawn("secret")[:43]


def _uuid_text(number: int) -> str:
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def synchronized() -> bool | None:
    """Whether a time service keeps the system's clock right, as the kernel knows it; None where nobody can say.

    ``adjtimex(2)`` with modes 0 only reads; it answers TIME_ERROR for a clock that nobody has set.
    """
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX))
    except (OSError, AttributeError):  # another system, or one that does not let us ask
        return None
    return None if answer < 0 else bool(answer != _TIME_ERROR)


_TIMEX = 1024
"""Bytes, more than ``struct timex`` has on any machine."""
_TIME_ERROR = 5
