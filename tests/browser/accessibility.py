"""What axe-core finds on a page, in words."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.browser.window import Window

AXE = Path(__file__).parent / "axe" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""The levels of WCAG 2.2 that public bodies ask for, and what axe holds to be good besides."""

OPEN = "for (const it of document.querySelectorAll('details')) it.open = true"

CUT_OFF = """
  [...document.querySelectorAll('main :is(p, span, a, td, li, dd, h1, h2, button, label)')].filter(it => {
    const box = it.getBoundingClientRect();
    for (let around = it.parentElement; around && box.width; around = around.parentElement) {
      if (getComputedStyle(around).overflowX === 'hidden' && box.right > around.getBoundingClientRect().right + 1)
        return true;
    }
    return false;
  }).map(it => it.textContent.trim())
"""
"""What stands outside a box that hides what is outside it."""


@cache
def _script() -> str:
    return AXE.read_text(encoding="utf-8")


async def flaws(window: Window) -> list[str]:
    """Each flaw of the page as it stands, with what to mend: by day, and in the colours of the night.

    What is folded in is opened before. A page that is wider than its window is flawed too: nobody scrolls sideways
    to read (WCAG 1.4.10).
    """
    page = window.page
    await page.evaluate(OPEN)
    await page.evaluate(_script())
    wider = await window.overflow()
    found = [f"{window.path} is {wider} pixels too wide"] if wider else []
    found += [f"{window.path} cuts off: {text}" for text in await page.evaluate(CUT_OFF)]
    found += await _asked(window, {"runOnly": {"type": "tag", "values": RULES}})
    await page.emulate_media(color_scheme="dark")
    found += await _asked(window, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})
    await page.emulate_media(color_scheme="light")
    return found


async def _asked(window: Window, options: Mapping[str, object]) -> list[str]:
    found: list[dict[str, Any]] = await window.page.evaluate(
        "options => axe.run({...options, resultTypes: ['violations']}).then(found => found.violations)", options
    )
    return [
        f"{window.path} {flaw['id']} {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for flaw in found
        for node in flaw["nodes"]
    ]
