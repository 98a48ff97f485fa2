"""A real Chromium: Debian's package, driven by Playwright. No browser is downloaded."""

from __future__ import annotations

import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import async_playwright

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first is the same engine without what draws on screens: a quarter of the work for a page."""


def require_chromium() -> Path:
    """The program; without it the test is skipped, or fails where the tests must be complete (CI)."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return Path(found)
    missing = "Chromium is not installed (Debian: chromium-headless-shell): nothing was tested in a real browser"
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(missing)
    pytest.skip(missing)


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """One browser without a screen; it is told to ask nobody outside this machine for anything."""
    program = require_chromium()
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=program,
            args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-dev-shm-usage"],
        )
        try:
            yield browser
        finally:
            await browser.close()
