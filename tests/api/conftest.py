"""The invented world behind a real server on a loopback port, and programs that speak to it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpx
import pytest

from nurture import wiring
from nurture.config import MailboxSettings, SmtpSettings, Web
from nurture.core.draft import Draft
from nurture.core.tokens import Scope
from nurture.flows import tokens
from nurture.store import MemoryStore, SqlStore
from nurture.web import server
from tests.servers.sqlite import furnished
from tests.web.world import ADMIN, FOOTER, MAILBOX, SECRET, World, furnish, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from nurture.core.draft import Brief
    from nurture.core.people import Representative
    from nurture.ports import Store

ALL = tuple(Scope)
MAILBOX_OF_ALL = MailboxSettings(MAILBOX, "sales@mirai-iryo.example", "みらい医療", SmtpSettings("127.0.0.1", 25))


@dataclass(frozen=True, slots=True)
class Site:
    """The world, and where its server listens."""

    world: World
    url: str

    async def token(
        self, who: Representative | None, scopes: Sequence[Scope] = ALL, name: str | None = None
    ) -> str:
        """A token that acts as somebody, or as the installation."""
        named = name or (f"of-{who.id}" if who else "crm")
        rep_id = who.id if who else None
        _, secret = await tokens.create(self.world.doors, named, scopes, by=ADMIN.id, rep_id=rep_id)
        return secret

    def program(self, secret: str | None) -> httpx.AsyncClient:
        """Another program with this token."""
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, trust_env=False, timeout=30)

    @asynccontextmanager
    async def acting(self, who: Representative | None) -> AsyncIterator[httpx.AsyncClient]:
        """A program that acts as somebody, or as the installation, and may do everything."""
        async with self.program(await self.token(who)) as client:
            yield client


class Scribe:
    """Writes one text, whatever it is asked for."""

    def write(self, brief: Brief) -> Draft:
        """A few lines to the person."""
        return Draft(
            "本日の御礼", f"{brief.person.name} {brief.person.honorific}\n\n御礼申し上げます。\n\n{FOOTER}"
        )

    def content(self, template: str) -> None:
        """No template is written for anything here."""


def writing(store: Store) -> World:
    """The doors of the invented world, in which mails can be written."""
    known = world(store)
    box = replace(known.doors.settings, mailboxes=(MAILBOX_OF_ALL,))
    return replace(known, doors=replace(known.doors, writer=Scribe(), settings=box))


@asynccontextmanager
async def serving(known: World) -> AsyncIterator[Site]:
    """The desk and the API of a world, on a free port of this machine."""
    listening = server.bind(Web(port=0))
    host, port = listening.getsockname()[:2]
    stop = asyncio.Event()
    running = asyncio.create_task(server.serve(wiring.site(known.doors, SECRET), listening, stop))
    try:
        yield Site(known, f"http://{host}:{port}")
    finally:
        stop.set()
        await running


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """The world in memory."""
    store = MemoryStore()
    await furnish(store)
    async with serving(writing(store)) as found:
        yield found


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Site]:
    """The world in a file."""
    store = await SqlStore.open(furnished(tmp_path / "api.sqlite"))
    await furnish(store)
    async with serving(writing(store)) as found:
        yield found
    await store.close()
