"""One browser for a worker, one window and one furnished desk for a test; all in one event loop."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from nurture.store import SqlStore
from tests.browser.chromium import running_chromium
from tests.browser.site import running
from tests.browser.window import DESKTOP, PHONE, opened
from tests.servers.sqlite import furnished
from tests.web.shelves import shelved
from tests.web.world import SATO, furnish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.browser.site import Site
    from tests.browser.window import Look, Window

    Opener = Callable[[Look], Awaitable[Window]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser."""
    async with running_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """The desk over the invented world."""
    store = await SqlStore.open(furnished(tmp_path / "desk.sqlite"))
    try:
        await furnish(store)
        async with running(store, shelved) as served:
            yield served
    finally:
        await store.close()


@pytest_asyncio.fixture(loop_scope="session")
async def windows(chromium: Browser, site: Site) -> AsyncIterator[Opener]:
    """Opens windows; each is looked after until the test is done."""
    async with AsyncExitStack() as open_windows:

        async def opener(look: Look) -> Window:
            """Another window."""
            return await open_windows.enter_async_context(opened(chromium, site, look))

        yield opener


@pytest.fixture(params=[PHONE, DESKTOP], ids=lambda look: look.name.replace(" ", "-"))
def look(request: pytest.FixtureRequest) -> Look:
    """Each journey is made on a phone without scripts and on a large screen with them."""
    chosen: Look = request.param
    return chosen


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(windows: Opener, look: Look) -> Window:
    """A window of somebody who is not signed in."""
    return await windows(look)


@pytest_asyncio.fixture(loop_scope="session")
async def sato(windows: Opener, look: Look) -> Window:
    """A representative's window, at today's list."""
    window = await windows(look)
    await window.sign_in(SATO)
    return window
