"""The KPIs over the months: drawn from the table below, by day and by night; the table's own pictures on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.browser.accessibility import flaws
from tests.browser.window import DESKTOP, PHONE
from tests.web.numbers import remember_numbers
from tests.web.world import MORI

if TYPE_CHECKING:
    from tests.browser.conftest import Opener
    from tests.browser.window import Look, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRENDS = 6
COLOURS = """
  plots => plots.map(plot => {
    const canvas = plot.querySelector("canvas");
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const wanted = getComputedStyle(plot).getPropertyValue("--accent").trim();
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      const hex = "#" + [...data.slice(at, at + 3)].map(it => it.toString(16).padStart(2, "0")).join("");
      count += data[at + 3] === 255 && hex === wanted;
    }
    return count > 50;
  })
"""
"""Of each plot: whether a line in the colour of the page stands in it."""


async def drawn(window: Window) -> list[bool]:
    """Whether there is a line in each plot."""
    found: list[bool] = await window.page.locator(".plot").evaluate_all(COLOURS)
    return found


@pytest.mark.parametrize("look", [replace(PHONE, script=True), DESKTOP], ids=lambda look: f"{look.width}")
async def test_months_are_drawn_from_their_table(windows: Opener, look: Look) -> None:
    """A line in each plot, also after the night fell and the window became narrower; each has a name; the same is
    not shown twice, on the screen or on paper. Nothing is complained about (the content policy holds).
    """
    window = await windows(look)
    page = window.page
    await remember_numbers(window.site.world.store)
    await window.sign_in(MORI)
    await window.open("/reports")
    await expect(page.get_by_role("img", name="推移")).to_have_count(TRENDS)
    await expect(page.locator("#t-thanks svg").first).to_be_hidden()

    assert [True] * TRENDS == await drawn(window)
    assert [] == await flaws(window)

    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 360, "height": 800})
    await expect(page.locator(".plot canvas").first).to_have_css("width", f"{await page.evaluate(WIDTH)}px")

    assert [True] * TRENDS == await drawn(window)
    assert 0 == await window.overflow()

    await page.emulate_media(media="print")
    await expect(page.locator("#t-thanks svg").first).to_be_visible()
    await expect(page.get_by_role("img", name="推移")).to_have_count(0)


WIDTH = "document.querySelector('.plot').clientWidth"


async def test_pointing_at_a_month_marks_its_row(windows: Opener) -> None:
    """Its numbers are found without counting rows."""
    window = await windows(DESKTOP)
    page = window.page
    await remember_numbers(window.site.world.store)
    await window.sign_in(MORI)
    await window.open("/reports")
    await page.locator(".plot").first.hover()
    marked = page.locator("#t-thanks tr.pointed")
    await expect(marked).to_have_count(1)
    await page.get_by_role("heading", level=1).hover()
    await expect(marked).to_have_count(0)


async def test_groups_and_readers_without_scripts_have_the_pictures_of_the_rows(windows: Opener) -> None:
    """No empty plot where nothing draws."""
    plain, scripted = await windows(PHONE), await windows(DESKTOP)
    await remember_numbers(plain.site.world.store)
    for window, path in ((plain, "/reports"), (scripted, "/reports?by=rep")):
        await window.sign_in(MORI)
        await window.open(path)
        await expect(window.page.locator("#t-thanks svg").first).to_be_visible()
        await expect(window.page.locator(".plot:visible")).to_have_count(0)
