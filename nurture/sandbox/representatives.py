"""How our own invented people work: they look at the desk a few times a day and approve what they have read.

They use the pages as a browser does, and sign in with the link that comes to their mailbox. Whatever the
pages do not offer them they do not do.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nurture.errors import TemporaryFailure
from nurture.mail.text import SIGNATURE_RULE
from nurture.sandbox import letters
from nurture.sandbox.browser import Browser

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from nurture.sandbox.browser import Page
    from nurture.sandbox.letters import Received
    from nurture.sandbox.people import Colleague
    from nurture.sandbox.servers import Delivered

LINK: Final = re.compile(r"/login/[0-9A-Za-z_-]{20,}(?:\?next=[^\s<>]*)?")
PATIENCE: Final = 20.0  # real seconds that somebody waits for the login mail

ADDED: Final = "\n\n追伸　お送りする一覧は、院内でご回覧いただけるよう1枚目に要点をまとめます。\n"


@dataclass(frozen=True, slots=True)
class Approved:
    """A mail that somebody approved at the desk."""

    at: datetime
    path: str
    edited: bool


@dataclass(slots=True)
class Representative:
    """One of us, with a mailbox and a browser."""

    colleague: Colleague
    now: Callable[[], datetime]
    port: int
    public_url: str
    inbox: list[Received] = field(default_factory=list)
    approved: list[Approved] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    logins: int = 0
    _mail: asyncio.Event = field(default_factory=asyncio.Event)
    _browser: Browser | None = None

    def arrived(self, mail: Delivered) -> None:
        """A mail is in the mailbox."""
        self.inbox.append(letters.opened(mail.raw, mail.at))
        self._mail.set()

    async def close(self) -> None:
        """Close the browser."""
        if self._browser is not None:
            await self._browser.close()

    async def visit(self, *, edit: bool = False) -> int:
        """Look at the desk and approve what waits there for oneself; returns how many were approved.

        Args:
            edit: put a sentence of one's own into the first mail before approving it.
        """
        browser, page = await self._signed_in()
        count = 0
        tried: set[str] = set()
        while (path := self._next(page, tried)) is not None:
            tried.add(path)
            done = await self._approve(browser, path, edit=edit and count == 0)
            count += done
            if done:
                page = await browser.open("/")
        return count

    def _next(self, page: Page, tried: set[str]) -> str | None:
        """The next mail that the desk offers for approval, most urgent first."""
        offered = (f.action.removesuffix("/approve") for f in page.forms if f.action.endswith("/approve"))
        return next((path for path in offered if path not in tried), None)

    async def _approve(self, browser: Browser, path: str, *, edit: bool) -> bool:
        page = await browser.open(path)
        if page.form("/approve") is None:
            return False
        if edit:
            page = await self._edit(browser, path)
        form = page.form("/approve")
        if form is None:
            return False
        answer = await browser.submit(page, form)
        if answer.status != 200:
            self.refused.append(f"{path}: {answer.status}")
            return False
        self.approved.append(Approved(self.now(), path, edit))
        return True

    async def _edit(self, browser: Browser, path: str) -> Page:
        page = await browser.open(f"{path}/edit")
        form = page.form("/edit")
        if form is None:
            return page
        text, rule, signature = form.fields.get("body", "").partition(f"\n{SIGNATURE_RULE}\n")
        body = f"{text.rstrip()}{ADDED}{rule}{signature}"
        return await browser.submit(page, form, {"body": body, "do": "save"})

    async def _signed_in(self) -> tuple[Browser, Page]:
        """The browser, at the desk's first page; signs in first when the desk asks for it."""
        if self._browser is None:
            self._browser = Browser(self.public_url, self.port, "Mozilla/5.0 (demo)")
        page = await self._browser.open("/")
        form = page.form("/login")
        if form is None:
            return self._browser, page
        self._mail.clear()
        await self._browser.submit(page, form, {"email": self.colleague.email})
        link = await self._link()
        page = await self._browser.open(link)
        form = next((f for f in page.forms if f.method == "post" and "/language" not in f.action), None)
        if form is None:
            raise TemporaryFailure("the sign-in link of {name} shows no button", name=self.colleague.latin)
        self.logins += 1
        return self._browser, await self._browser.submit(page, form)

    async def _link(self) -> str:
        """The link in the newest mail, waited for as somebody waits who has just asked for it."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self._mail.wait()
                    self._mail.clear()
                    found = LINK.search(self.inbox[-1].text)
                    if found:
                        return found[0]
        except TimeoutError:
            raise TemporaryFailure(
                "the sign-in link of {name} did not come within {seconds} s",
                name=self.colleague.latin,
                seconds=PATIENCE,
            ) from None
