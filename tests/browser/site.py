"""The desk as it runs: on a port of loopback, its rows in an SQLite file, its notices as letters."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nurture.config import MailboxSettings, SmtpSettings, Web
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.notify import MailNotifier
from nurture.oauth.identity import WebIdentity
from nurture.web import login, server
from nurture.web.app import build
from tests.servers.oauth import SECRET as CLIENT_SECRET
from tests.web.world import MAILBOX, SECRET, World, world
from tests.wires import OneByOne

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from nurture.core.people import Representative
    from nurture.ports import Store


class Postbox(OneByOne):
    """Takes every letter, and keeps it for who wants to open it."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self._arrived = asyncio.Event()

    async def send(self, letter: Letter) -> Outcome:
        """Keep it."""
        self.letters.append(letter)
        self._arrived.set()
        return Outcome(Verdict.ACCEPTED)

    async def newest(self) -> str:
        """The text of the newest letter, as soon as there is one."""
        async with asyncio.timeout(10):
            await self._arrived.wait()
        mail = email.message_from_bytes(self.letters[-1].data, policy=email.policy.default)
        content: str = mail.get_content()
        return content


@dataclass(frozen=True, slots=True)
class Site:
    """A running desk: its address, the world behind it, and what it mailed to our people."""

    url: str
    world: World
    post: Postbox

    async def link(self, who: Representative) -> str:
        """A sign-in link that works once, as the mail has it."""
        return self.url + await login.issue(self.world.doors, who)

    async def mailed_link(self) -> str:
        """The address in the newest letter."""
        found = re.search(r"https?://\S+", await self.post.newest())
        assert found is not None

        return found.group()


@asynccontextmanager
async def running(store: Store, at_work: Callable[[World], World] | None = None) -> AsyncIterator[Site]:
    """Serve the desk over a furnished store, until the test is done; ``at_work`` gives it other doors."""
    listening = server.bind(Web(port=0))
    url = "http://{}:{}".format(*listening.getsockname()[:2])
    made, post = world(store, public_url=url), Postbox()
    made = at_work(made) if at_work else made
    mailbox = MailboxSettings(MAILBOX, "sales@mirai-iryo.example", "", SmtpSettings("localhost", 25, "none"))
    settings = replace(made.doors.settings, mailboxes=(mailbox,))
    notifier = MailNotifier(settings, post, made.clock, made.doors.chance)
    made = replace(made, doors=replace(made.doors, settings=settings, notifier=notifier))
    stop = asyncio.Event()
    oidc = settings.web.oidc
    identity = WebIdentity(oidc, lambda _: CLIENT_SECRET, made.clock) if oidc else None
    app = build(made.doors, SECRET, identity=identity)
    serving = asyncio.create_task(server.serve(app, listening, stop))
    try:
        yield Site(url, made, post)
    finally:
        stop.set()
        await serving
