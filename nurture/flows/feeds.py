"""Subscribed calendars are fetched when their time has come; what they change is planned anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core.change import Change, Setting
from nurture.core.feeds import due
from nurture.core.messages import Entry
from nurture.flows import again

if TYPE_CHECKING:
    from nurture.core.feeds import FeedState, Subscription
    from nurture.ports import Doors, Feeds

DIGEST = "calendars"
"""The setting that holds the digest with which the running enrollments were planned."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A subscription that was looked at."""

    subscription: Subscription
    state: FeedState


async def refresh(doors: Doors, feeds: Feeds, *, anyway: bool = False) -> tuple[Looked, ...]:
    """Fetch the subscriptions whose time has come (or all of them), one after the other.

    One address that several files name is fetched once.
    """
    every = timedelta(hours=doors.settings.work.feed_hours)
    found: dict[str, Looked] = {}
    for subscription in doors.library.subscriptions():
        now = doors.clock.now()
        when = due(feeds.state(subscription), every)
        if subscription.stored not in found and (anyway or when is None or when <= now):
            found[subscription.stored] = Looked(subscription, await feeds.refresh(subscription, now))
    return tuple(found.values())


@dataclass(slots=True)
class Seen:
    """What one daemon last saw of its own calendars: several daemons may hold copies of different days."""

    digest: str = ""


async def notice(doors: Doors, seen: Seen | None = None) -> bool:
    """Have every running enrollment planned anew if calendars are not those they were planned with.

    Args:
        doors: the world.
        seen: what this daemon saw when it last looked. While its own copies stay as they are, nothing is to be
            done, whatever another daemon holds: else two of them would have all planned anew by turns.

    Raises:
        TemporaryFailure, PermanentFailure: the store; the next look does it.
    """
    digest = doors.library.digest()
    if seen is not None and seen.digest == digest:
        return False
    new = await again.decided(lambda: _noted(doors, digest, ours=seen is not None and seen.digest != ""))
    if seen is not None:
        seen.digest = digest
    return new


async def _noted(doors: Doors, digest: str, *, ours: bool) -> bool:
    """Write down the digest and wake everybody; ``ours``: our copies changed, so what we planned with the old ones
    is planned anew even if another daemon has noted the new ones already.
    """
    known = await doors.store.get(Setting, DIGEST)
    same = known is not None and known.value == digest
    if same and not ours:
        return False
    now = doors.clock.now()
    woken = await doors.store.wake_all(now)  # first: else a crash in between would leave them asleep
    if not same:
        fresh = replace(known, value=digest) if known else Setting(DIGEST, digest)
        said = Entry(at=now, kind="calendars.changed", actor="nurture", data={"count": woken})
        await doors.store.commit(Change((fresh,), (said,) if known is not None else ()))
    return known is not None
