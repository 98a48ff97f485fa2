"""The pictures of docs/desk.md: ``python -m tests.browser.pictures docs/pictures`` makes them anew.

The invented world with half a year behind it and the calendars that ship, in Japanese, as SATO and MORI see it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nurture.core.change import Change, MeetingDraft
from nurture.files.library import FileLibrary
from nurture.files.shelf import FileShelf
from nurture.files.shipped import shipped
from nurture.store import open_store
from tests.browser.chromium import running_chromium
from tests.browser.site import running
from tests.browser.window import Window
from tests.web.meetings import WRITTEN, at_work, remember
from tests.web.numbers import remember_numbers
from tests.web.world import ADMIN, AOBA, CASE_MAIL, NOW, SATO, World, furnish

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from nurture.core.people import Representative
    from tests.browser.site import Site

PHONE: Final = (390, 844)
DESKTOP: Final = (1180, 820)
DRAFT: Final = MeetingDraft("a-draft", SATO.id, NOW, NOW, {"organisation": AOBA.name, **WRITTEN})
PAGES: Final[dict[str, tuple[str, Representative, tuple[int, int]]]] = {
    "today": ("/", SATO, PHONE),
    "mail": (f"/messages/{CASE_MAIL.id}", SATO, PHONE),
    "date": (f"/messages/{CASE_MAIL.id}/date", SATO, PHONE),
    "record": (f"/record/{DRAFT.id}", SATO, PHONE),
    "person": ("/people/nakamura", SATO, PHONE),
    "organisation": ("/organisations/org-minato", SATO, DESKTOP),
    "calendar": ("/calendar", SATO, DESKTOP),
    "scenario": ("/scenarios/warm-lead-30d", ADMIN, DESKTOP),
    "content": ("/content", ADMIN, DESKTOP),
    "reports": ("/reports", ADMIN, DESKTOP),
}
"""What is shown: the page, who looks, and through what."""


def _with_files(made: World) -> World:
    """The same world with the templates, scenarios, content and calendars that ship."""
    there = at_work(made)
    shelf = FileShelf(FileLibrary(), shipped(), "JP", lambda _: None)
    return replace(there, doors=replace(there.doors, shelf=shelf))


async def _take(browser: Browser, site: Site, name: str, folder: Path) -> None:
    path, who, size = PAGES[name]
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="ja-JP", is_mobile=size is PHONE
    )
    window = Window(site, await context.new_page())
    await window.sign_in(who)
    await window.open(path)
    await window.page.screenshot(path=folder / f"{name}.png")
    await context.close()


async def pictures(folder: Path) -> None:
    """One picture of each page, as much as a screen shows."""
    with tempfile.TemporaryDirectory() as place:
        store = await open_store(f"sqlite:///{place}/desk.sqlite")
        try:
            await furnish(store)
            await remember(store)
            await remember_numbers(store)
            await store.commit(Change((DRAFT,)))
            async with running(store, _with_files) as site, running_chromium() as browser:
                for name in PAGES:
                    await _take(browser, site, name, folder)
        finally:
            await store.close()


if __name__ == "__main__":
    asyncio.run(pictures(Path(sys.argv[1])))
