"""One person's browser window, which notices whatever goes wrong in it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, WebError

    from nurture.core.people import Representative
    from tests.browser.site import Site

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody looks through. ``width`` and ``height`` in CSS pixels."""

    name: str
    width: int
    height: int
    script: bool = True
    scheme: Scheme = "light"
    touch: bool = False


PHONE = Look("phone without scripts", 390, 844, script=False, touch=True)
DESKTOP = Look("desktop", 1280, 900)


@dataclass  # without slots: Playwright leaves marks on whoever listens
class Window:
    """A window at the desk. Whatever the browser complains about is kept in ``problems``."""

    site: Site
    page: Page
    problems: list[str] = field(default_factory=list)
    foreseen: set[int] = field(default_factory=set)
    cut: bool = False  # the line was cut on purpose: what fails for that is no fault

    async def open(self, path: str) -> None:
        """Go to a page of the desk."""
        await self.page.goto(self.site.url + path)

    async def sign_in(self, who: Representative) -> None:
        """By a link, whose button is pressed without waiting for its page; then at today's list."""
        pressed = await self.page.request.post(await self.site.link(who), max_redirects=0)
        assert pressed.status == 303
        await self.open("/")

    def foresee(self, status: int) -> None:
        """An answer with this status is what the test is about."""
        self.foreseen.add(status)

    async def line(self, *, up: bool) -> None:
        """Take the connection away, or give it back."""
        self.cut = True
        await self.page.context.set_offline(not up)

    @property
    def path(self) -> str:
        """Where the window is, without the site's address."""
        return self.page.url.removeprefix(self.site.url)

    async def overflow(self) -> int:
        """By how many pixels the page is wider than the window: nobody scrolls sideways to read."""
        wider: int = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider

    def watch(self, context: BrowserContext) -> None:
        """Note errors on the console (a violated content policy is one), failed requests, bad answers."""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def _console(self, said: ConsoleMessage) -> None:
        foreseen = any(f"status of {status} " in said.text for status in self.foreseen)
        foreseen |= self.cut and "net::ERR_" in said.text
        if said.type in {"error", "warning"} and not foreseen:
            self.problems.append(f"console: {said.text}")

    def _error(self, error: WebError) -> None:
        self.problems.append(f"script: {error.error}")

    def _failed(self, request: Request) -> None:
        if request.failure == "net::ERR_ABORTED" or self.cut:
            return  # the window went on, or was closed, before it was there; or it was saved as a file
        self.problems.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.foreseen:
            self.problems.append(f"{response.request.method} {response.url}: {response.status}")


@asynccontextmanager
async def opened(browser: Browser, site: Site, look: Look) -> AsyncIterator[Window]:
    """A window of its own: own cookies, own cache. The test fails when anything went wrong in it."""
    context = await browser.new_context(
        viewport={"width": look.width, "height": look.height},
        java_script_enabled=look.script,
        color_scheme=look.scheme,
        has_touch=look.touch,
        is_mobile=look.touch,
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    window = Window(site, await context.new_page())
    window.watch(context)
    try:
        yield window
    finally:
        await context.close()

    if window.problems:
        pytest.fail("the browser complains: " + "\n".join(window.problems))
