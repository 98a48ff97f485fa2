"""Scenarios at the desk: their lines, their numbers, what is wrong with their files."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.ids import InboundId
from nurture.core.messages import MessageState
from nurture.core.scenario import Step
from nurture.core.standing import Standing, StepCount
from nurture.files.library import FileLibrary
from nurture.files.shelf import FileShelf
from nurture.i18n import Words
from nurture.web import scenarios
from nurture.web.app import build
from nurture.web.recent import FRESH, Recent
from tests.web.browser import browser, sign_in
from tests.web.shelves import shelved
from tests.web.world import NOW, OPS, REPLY, SATO, SECRET

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from nurture.core.people import Representative
    from tests.web.world import World


@pytest.fixture
async def client(desk_world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A representative, with the files that ship."""
    async with browser(build(shelved(desk_world).doors, SECRET)) as found:
        await sign_in(found, desk_world, SATO)
        yield found


async def _of(desk_world: World, who: Representative, path: str) -> str:
    async with browser(build(shelved(desk_world).doors, SECRET)) as found:
        await sign_in(found, desk_world, who)
        text: str = (await found.get(path)).text
        return text


async def test_all_scenarios_with_their_files(client: httpx.AsyncClient) -> None:
    """Each is drawn on its days, names its file, and says how many are on the way."""
    text = (await client.get("/scenarios")).text

    assert "ウォームリード30日フォロー: 1, 4, 10, 18, 30, 33 日目にステップ" in text
    assert "scenarios/after-loss.yaml" in text
    assert "進行中 4 件" in text


async def test_numbers_of_a_step_are_ones_own(client: httpx.AsyncClient, desk_world: World) -> None:
    """What is planned, waits, was sent and answered: of the mail that one sees; everybody's for operations."""
    text = (await client.get("/scenarios/warm-lead-30d")).text
    await desk_world.store.commit(Change((OPS,)))
    all_of_them = await _of(desk_world, OPS, "/scenarios/warm-lead-30d")

    assert "1 通中 1 通に返信（少なすぎて率は言えません）" in text
    assert "現在のファイルのとおり" in text
    assert text.count('class="warm"') == 2
    assert "全員分" in all_of_them
    assert "<dd>3</dd>" in all_of_them  # case studies that wait, with that of another representative
    assert "<dd>3</dd>" not in text


@pytest.mark.parametrize(
    ("answered", "sent", "drawn"), [(0, 19, False), (9, 19, False), (0, 20, True), (9, 30, True)]
)
def test_too_few_to_say(answered: int, sent: int, drawn: bool) -> None:
    """Nineteen mails say nothing, twenty say how little they say."""
    counts = [StepCount("x", "a", MessageState.SENT, sent, answered)]

    found = scenarios._counted(counts)
    assert drawn == (found.strip is not None)
    assert (answered, sent) == (found.rate.hits, found.sent)


async def test_an_answer_counts_once(desk_world: World) -> None:
    """Two replies to one mail are one mail that was answered."""
    again = replace(REPLY, id=InboundId("in-2"), key="<again@minato-hp.example>", uid=8)
    await desk_world.store.commit(Change((again,)))
    found = await desk_world.store.standing((SATO.id,))

    assert [1] == [one.answered for one in found.steps if one.answered]


def test_days_that_are_near_stand_on_two_levels() -> None:
    """Steps of one day and the next are both legible on a phone."""
    steps = [Step("a", 1, mail="x"), Step("b", 2, mail="x"), Step("c", 3, task="call"), Step("d", 60, mail="x")]

    assert [False, True, False, False] == [spot.low for spot in scenarios.spots(Words("en"), steps)]


@pytest.mark.parametrize("key", ["", "none", "../x", "%2e%2e", "日本", "' OR 1=1"])
async def test_no_such_scenario(client: httpx.AsyncClient, key: str) -> None:
    """A scenario that is not there has no page."""
    assert (await client.get(f"/scenarios/{key}")).status_code in {404, 307}


async def test_what_is_wrong_stands_with_its_place(desk_world: World, tmp_path: Path) -> None:
    """File, line and column of each problem; a file that cannot be read hides no other."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    ships = (Path(__file__).parents[2] / "scenarios" / "considering.yaml").read_text(encoding="utf-8")
    (folder / "considering.yaml").write_text(ships.replace("    day: 36\n", "    day: 2\n"), encoding="utf-8")
    (folder / "broken.yaml").write_text("id: broken\nancor: meeting_end\n", encoding="utf-8")
    files = FileLibrary(scenarios=folder)
    shelf = FileShelf(files, tmp_path, "JP", lambda _subscription: None)
    made = replace(desk_world, doors=replace(desk_world.doors, library=files, shelf=shelf))
    async with browser(build(made.doors, SECRET)) as client:
        await sign_in(client, made, SATO)
        everything = (await client.get("/scenarios")).text
        one = (await client.get("/scenarios/considering")).text

    assert "scenarios/broken.yaml:2:1" in everything
    assert "ご検討中の方へ" in everything
    assert "scenarios/considering.yaml:" in one


async def test_numbers_are_counted_once_a_minute() -> None:
    """Many who look at once are one question; a minute later it is asked again."""
    asked = 0

    async def count() -> Standing:
        """Count."""
        nonlocal asked
        asked += 1
        return Standing()

    recent: Recent[Standing] = Recent()
    for now in (NOW, NOW + FRESH / 2, NOW + FRESH):
        at, _ = await recent.of("x", now, count)
        assert now - at < timedelta(minutes=1)

    assert 2 == asked
