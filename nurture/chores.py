"""What the daemon does now and then beside its beats; each says how soon to come again, and logs what it did.

A chore whose work can only come with a commit rests while there is none: at night, and wherever few letters
leave, it asks the database nothing (``_rested``).
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.flows import audit, digest, jotting, monthly, recovery, tokens, unsent, webhooks
from nurture.flows import copies as sent_copies
from nurture.flows import dispatches as left_over
from nurture.flows import doubts as in_doubt
from nurture.flows import feeds as subscriptions
from nurture.log import logger

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Mapping, Sequence

    from nurture.config import Webhook
    from nurture.core.ids import MailboxId
    from nurture.flows.doubts import Place
    from nurture.ports import Doors, Feeds, Herald, Mailbox

SEAL_EVERY: Final = timedelta(minutes=10)
"""How often is looked for lines of the journal to seal."""
PRUNE_EVERY: Final = timedelta(hours=12)
"""How often is looked for what need not be kept any longer."""
UNSENT_EVERY: Final = timedelta(minutes=10)
"""How often is looked for letters that did not leave."""
LONGEST_REST: Final = timedelta(hours=6)
"""After this a chore looks although nothing was committed, as far as is known here."""
RECOVER_EVERY: Final = timedelta(seconds=5)
"""How often is looked for claims of daemons that are gone, where several share a database."""


async def doubts(
    doors: Doors, places: Mapping[MailboxId, Sequence[Place]], changed: asyncio.Event, stop: asyncio.Event
) -> timedelta:
    """Look where copies lie for what may have left; while nothing is in doubt, wait for something to change."""
    changed.clear()
    looked = await in_doubt.look(doors, places)
    for key in looked.settled:
        logger().info("doubt settled", action="doubt", message=key)
    for problem in looked.problems:
        logger().warning("a place of copies cannot be asked", action="doubt.failed", error=str(problem))
    if not looked.open:
        await doors.clock.sleep_until(doors.clock.now() + timedelta(hours=1), changed, stop)
    return looked.again


async def copies(doors: Doors, folders: Mapping[MailboxId, Mailbox]) -> timedelta:
    """Put copies into Sent folders that are missing there."""
    filed = await sent_copies.look(doors, folders)
    for key in filed.messages:
        logger().info("copy put into the Sent folder later", action="copy", message=key)
    for problem in filed.problems:
        logger().warning("a copy cannot be put into the Sent folder", action="copy.failed", error=str(problem))
    return filed.again


async def calendars(doors: Doors, feeds: Feeds, seen: subscriptions.Seen) -> timedelta:
    """Fetch what is due; have everything planned anew when a calendar has changed, fetched or edited."""
    for looked in await subscriptions.refresh(doors, feeds):
        which = {"calendar": looked.subscription.calendar_id, "address": looked.subscription.said}
        if looked.state.error:
            said = looked.state.error.format(**looked.state.values)
            logger().warning("subscription failed", action="feed.failed", error=said, **which)
        else:
            changed = looked.state.changed_at == looked.state.tried_at
            logger().info("subscription", action="feed", changed=changed, **which)
    if await subscriptions.notice(doors, seen):
        logger().info("calendars changed, all is planned anew", action="calendars")
    return timedelta(seconds=max(doors.settings.work.beat_seconds, 60))


async def dispatches(doors: Doors) -> timedelta:
    """Tell what could not be told when it happened, and what is not told at once."""
    for problem in await left_over.look(doors):
        logger().warning("nobody could be told", action="notice.failed", error=str(problem))
    return timedelta(seconds=max(doors.settings.work.beat_seconds, 60))


async def not_sent(doors: Doors, changed: asyncio.Event, stop: asyncio.Event) -> timedelta:
    """Tell of letters that did not leave."""
    async with _rested(doors, changed, stop):
        if told := await unsent.look(doors):
            logger().info("told of letters that did not leave", action="unsent", people=told)
    return UNSENT_EVERY


async def digests(doors: Doors) -> timedelta:
    """Tell each representative in the morning what waits, and those who lead how the month before went."""
    await digest.look(doors)
    if told := await monthly.look(doors):
        logger().info("told the numbers of a month", action="report", people=told)
    return await digest.pause(doors)


async def prune(doors: Doors) -> timedelta:
    """Forget what was told by mail long ago, what other programs asked days ago, and records of meetings that were
    begun and never finished.
    """
    if gone := await left_over.prune(doors):
        logger().info("forgotten what was told long ago", action="prune", rows=gone)
    if gone := await tokens.forget(doors):
        logger().info("forgotten what was asked days ago", action="prune", keys=gone)
    if gone := await jotting.forget(doors):
        logger().info("unfinished records of meetings forgotten", action="prune", drafts=gone)
    return PRUNE_EVERY


async def seal(doors: Doors, seen: audit.Seen, changed: asyncio.Event, stop: asyncio.Event) -> timedelta:
    """Seal the journal. What a seal says stands in the log too, which somebody may keep elsewhere."""
    async with _rested(doors, changed, stop):
        for made in await audit.seal(doors, seen):
            logger().info("journal sealed", action="audit", first=made.first, last=made.last, digest=made.digest)
    return SEAL_EVERY


async def webhook(
    doors: Doors, herald: Herald, endpoint: Webhook, changed: asyncio.Event, stop: asyncio.Event
) -> timedelta:
    """Tell one endpoint what happened; while there is nothing to tell, wait for something to happen."""
    changed.clear()
    taken, again = await webhooks.tell(doors, herald, endpoint)
    if taken:
        logger().info("webhook", action="webhook", endpoint=endpoint.id, events=taken)
    if again > webhooks.SOON:
        await doors.clock.sleep_until(doors.clock.now() + again, changed, stop)
        return webhooks.SOON
    return again


async def recover(doors: Doors) -> timedelta:
    """What other daemons had claimed that are gone."""
    doubtful = await recovery.recover(doors)
    if doubtful:
        logger().warning("doubts found", action="recover", messages=doubtful)
    return RECOVER_EVERY


@asynccontextmanager
async def _rested(doors: Doors, changed: asyncio.Event, stop: asyncio.Event) -> AsyncIterator[None]:
    """Look; where nothing was committed since the look before this one, wait then until something is.

    Two looks follow each commit, so what is not yet ripe at the first is at the second. ``changed`` is set when
    the daemon starts: what happened before has not been looked at.
    """
    fresh = changed.is_set()
    changed.clear()
    try:
        yield
    except BaseException:
        changed.set()
        raise
    if not fresh:
        await doors.clock.sleep_until(doors.clock.now() + LONGEST_REST, changed, stop)
