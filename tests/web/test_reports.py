"""Reports at the desk: whose numbers are shown to whom, the file, and what an address may say."""

from __future__ import annotations

import csv
import io
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.people import AccessRole
from nurture.store import MemoryStore
from nurture.web.app import build
from tests.web.browser import browser, sign_in
from tests.web.numbers import MEETINGS, remember_numbers
from tests.web.world import MORI, SATO, SECRET, TANAKA, furnish, rep, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from nurture.core.people import Representative

OPS = rep("ops", "運用 花子", AccessRole.OPERATIONS)


@asynccontextmanager
async def at_the_desk(who: Representative) -> AsyncIterator[httpx.AsyncClient]:
    """One of us, with half a year behind everybody."""
    store = MemoryStore()
    await furnish(store)
    await remember_numbers(store)
    await store.commit(Change((OPS,)))
    there = world(store)
    async with browser(build(there.doors, SECRET)) as client:
        await sign_in(client, there, who)
        yield client


@pytest.fixture
async def sato() -> AsyncIterator[httpx.AsyncClient]:
    """A representative."""
    async with at_the_desk(SATO) as client:
        yield client


@pytest.fixture
async def mori() -> AsyncIterator[httpx.AsyncClient]:
    """Her manager."""
    async with at_the_desk(MORI) as client:
        yield client


def _rows(text: str) -> dict[str, dict[str, str]]:
    header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    return {row[0]: dict(zip(header[1:], row[1:], strict=True)) for row in rows}


async def test_a_representative_sees_the_own_numbers(sato: httpx.AsyncClient) -> None:
    """By month and scenario; nobody else's name or number, and no choice that would show them."""
    page = (await sato.get("/reports?by=rep")).text
    assert TANAKA.name not in page
    assert 'aria-current="true">月' in page  # what she may not choose is as if she had not chosen
    own = _rows((await sato.get("/reports.csv")).text)
    assert 6 == len(own)
    assert 404 == (await sato.get(f"/reports?rep={TANAKA.id}")).status_code
    assert 404 == (await sato.get("/reports.csv?rep=nobody")).status_code
    assert sum(int(row["面談"]) for row in own.values()) == MEETINGS - MEETINGS // 3


@pytest.mark.parametrize("who", [MORI, OPS], ids=lambda who: who.id)
async def test_who_leads_or_counts_sees_all(who: Representative) -> None:
    """The manager sees the team's, operations everybody's; put side by side by representative and team."""
    async with at_the_desk(who) as client:
        rows = _rows((await client.get("/reports.csv?by=rep")).text)
        teams = _rows((await client.get("/reports.csv?by=team")).text)
        alone = _rows((await client.get(f"/reports.csv?by=rep&rep={SATO.id}")).text)

    assert {SATO.name: "60", TANAKA.name: "30"} == {name: row["面談"] for name, row in rows.items()}
    assert ["森 恵子のチーム"] == list(teams)
    assert [SATO.name] == list(alone)


async def test_the_page_shows_what_the_file_says(mori: httpx.AsyncClient) -> None:
    """Each share of the file stands in the page, beside its picture; the file is for spreadsheets."""
    answer = await mori.get("/reports.csv?by=rep")
    assert "text/csv; charset=utf-8" == answer.headers["content-type"]
    assert 'attachment; filename="kpi-rep-2026-06-2026-11.csv"' == answer.headers["content-disposition"]
    page = (await mori.get("/reports?by=rep")).text
    for row in _rows(answer.text).values():
        assert f"{round(float(row['議事メールへの返信率']) * 100)} %" in page
    assert page.count('class="strip') == 2 * 5
    assert "style=" not in page
    link = re.search(r'href="(/reports\.csv[^"]*)"', page)
    assert link is not None
    assert answer.text == (await mori.get(link[1].replace("&amp;", "&"))).text


async def test_as_of_a_past_day(mori: httpx.AsyncClient) -> None:
    """The months end with that day's, and nothing later is counted."""
    then = _rows((await mori.get("/reports.csv?as_of=2026-09-15")).text)
    assert ["2026年4月", "2026年9月"] == [*then][:: len(then) - 1]
    now = _rows((await mori.get("/reports.csv?from=2026-09&to=2026-09")).text)

    assert int(then["2026年9月"]["面談"]) < int(now["2026年9月"]["面談"])


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-99&to=x&as_of=yesterday&by=<script>",
        "from=0001-01&to=9999-12",
        "from=2026-11&to=2020-01",
        "as_of=9999-12-31",
        "as_of=0001-01-01",
        "scenario=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "from=%00&rep=",
    ],
)
async def test_an_address_that_says_nonsense(mori: httpx.AsyncClient, query: str) -> None:
    """It is answered with a page, not with an error, and nothing of it is run."""
    for path in ("/reports", "/reports.csv"):
        answer = await mori.get(f"{path}?{query}")
        assert 200 == answer.status_code
        assert "<script>alert" not in answer.text


async def test_a_desk_without_a_past() -> None:
    """On the first day the page says that there is nothing."""
    store = MemoryStore()
    await furnish(store)
    there = world(store)
    async with browser(build(there.doors, SECRET)) as client:
        await sign_in(client, there, SATO)

        assert "記録された面談" in (await client.get("/reports")).text


async def test_groups_are_compared_by_their_hours_too(mori: httpx.AsyncClient) -> None:
    """By representative the hours have a picture beside median and mean; the months have lines, one month none."""
    by_rep, by_month = (await mori.get("/reports?by=rep")).text, (await mori.get("/reports")).text
    hours = [re.findall("<caption>御礼までの時間</caption>", page) for page in (by_rep, by_month)]
    lines = [page.count('class="trend"') for page in (by_rep, by_month)]
    one_month = (await mori.get("/reports?from=2026-11&to=2026-11")).text

    assert [1, 0] == [len(found) for found in hours]
    assert [0, 6] == lines
    assert 'class="trend"' not in one_month
