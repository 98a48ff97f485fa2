"""Subscribed calendars are fetched when their time has come; what they change is planned anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core.change import Change, Setting
from nurture.core.feeds import due
from nurture.core.messages import Entry

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


async def notice(doors: Doors) -> bool:
    """Have every running enrollment planned anew if calendars are not those they were planned with."""
    digest = doors.library.digest()
    known = await doors.store.get(Setting, DIGEST)
    if known is not None and known.value == digest:
        return False
    fresh = replace(known, value=digest) if known else Setting(DIGEST, digest)
    now = doors.clock.now()
    woken = await doors.store.wake_all(now)  # first: else a crash in between would leave them asleep
    said = Entry(at=now, kind="calendars.changed", actor="nurture", data={"count": woken})
    await doors.store.commit(Change((fresh,), (said,) if known is not None else ()))
    return known is not None
