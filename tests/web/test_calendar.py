"""The calendar's pages: what blocks what, in signs and in words, and the mails that are planned."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.calendar import AppliesTo, Calendar, CalendarEntry, Certainty, Effect, Profile
from nurture.core.change import Change
from nurture.core.people import Closure, Organisation
from nurture.reports import year
from nurture.web.app import build
from tests.web.browser import Forms, browser, sign_in
from tests.web.shelves import shelved
from tests.web.world import AOBA, MINATO, OPS, OTHERS, SATO, SECRET, TOTO

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from nurture.core.people import Representative
    from tests.web.world import World

EVIL = "\"'><script>alert(1)</script>"
PAGES = ("/calendar", "/calendar?role=clinician", "/calendar/2026-12", "/calendar/2026-12?specialty=radiology")


@pytest.fixture
async def client(desk_world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A representative, with the calendars that ship."""
    async with browser(build(shelved(desk_world).doors, SECRET)) as found:
        await sign_in(found, desk_world, SATO)
        yield found


async def _of(desk_world: World, who: Representative, path: str) -> str:
    async with browser(build(shelved(desk_world).doors, SECRET)) as found:
        await sign_in(found, desk_world, who)
        return (await found.get(path)).text


# --- weeks ---------------------------------------------------------------------------------------------


def test_every_week_is_drawn_once() -> None:
    """Twelve months hold each Monday once, in the month of its Thursday."""
    over = year.months(date(2026, 11, 26))
    mondays = [monday for month in over for monday in month.weeks]

    assert [mondays[0] + timedelta(days=7 * n) for n in range(len(mondays))] == mondays
    assert all((m + timedelta(days=3)).month == month.first.month for month in over for m in month.weeks)
    assert date(2026, 11, 1) == over[0].first


def _book(*entries: CalendarEntry) -> list[Calendar]:
    return [Calendar("b", entries)]


def _entry(key: str, effect: Effect, first: int, last: int, **more: object) -> CalendarEntry:
    start, end = date(2027, 3, first), date(2027, 3, last)
    return CalendarEntry(key, effect, start=start, end=end, **more)  # type: ignore[arg-type]


WEEK = (year.Month(date(2027, 3, 1), (date(2027, 3, 1),)),)  # Monday the first


@pytest.mark.parametrize(
    ("entries", "closed", "level"),
    [
        ((), 0, year.Level.FREE),
        ((_entry("a", Effect.BLACKOUT, 1, 2),), 2, year.Level.PARTLY),
        ((_entry("a", Effect.HOLIDAY, 1, 7),), 5, year.Level.CLOSED),
        ((_entry("a", Effect.BLACKOUT, 6, 7),), 0, year.Level.FREE),  # a weekend
        ((_entry("a", Effect.REDUCE, 1, 7),), 0, year.Level.REDUCE),
        ((_entry("a", Effect.BLACKOUT, 1, 7, certainty=Certainty.ESTIMATED),), 0, year.Level.REDUCE),
        (
            (_entry("a", Effect.REDUCE, 1, 7), _entry("b", Effect.NO_APPOINTMENT, 5, 5)),
            0,
            year.Level.NO_APPOINTMENT,
        ),
        ((_entry("a", Effect.BLACKOUT, 1, 3, applies_to=AppliesTo(specialties=("x",))),), 0, year.Level.SOME),
        ((_entry("a", Effect.BLACKOUT, 1, 3, applies_to=AppliesTo(roles=("nursing",))),), 0, year.Level.FREE),
    ],
    ids=["free", "two-days", "all", "weekend", "fewer", "estimated", "no-appointment", "some", "others"],
)
def test_how_hard_a_week_is(entries: tuple[CalendarEntry, ...], closed: int, level: year.Level) -> None:
    """Days that are closed are counted; estimates never close; what only some specialties have is told apart."""
    ((cell,),) = year.line(_book(*entries), Profile(role="clinician"), WEEK)

    assert (closed, level) == (cell.closed, cell.level)


def test_with_a_specialty_nothing_is_left_open() -> None:
    """A congress counts for its specialty, and for no other."""
    book = _book(_entry("a", Effect.BLACKOUT, 1, 3, applies_to=AppliesTo(specialties=("x",))))
    found = {one: year.line(book, Profile("clinician", one), WEEK)[0][0].closed for one in ("x", "y")}

    assert {"x": 3, "y": 0} == found


# --- pages ---------------------------------------------------------------------------------------------


async def test_the_year_says_why(client: httpx.AsyncClient) -> None:
    """Each closed week has its reasons in words; the mails of one's own are counted in it, nobody else's."""
    text = (await client.get("/calendar")).text

    assert re.search(r'<td class="k5" title="12/28\(月\) の週 – [^"]*年末年始', text)
    assert "医師" in text
    assert "北米放射線学会 RSNA 2026" in text
    assert "ご自分の範囲）: 7 通" in text


async def test_operations_count_everybody(desk_world: World) -> None:
    """Who keeps calendars sees how many mails are planned, and none of them."""
    await desk_world.store.commit(Change((OPS,)))

    assert "この期間に予定されているメール: 8 通" in await _of(desk_world, OPS, "/calendar")
    month = await _of(desk_world, OPS, "/calendar/2026-12")
    assert OTHERS.to_name not in month
    assert "/messages/" not in month


async def test_a_role_shows_its_specialties(client: httpx.AsyncClient) -> None:
    """One line for each specialty that differs, one for the others."""
    text = (await client.get("/calendar?role=clinician")).text

    assert "放射線科</span></th>" in text
    assert "その他の診療科</span></th>" in text
    assert "皮膚科</span></th>" not in text  # nothing of its own in these months


async def test_a_month_shows_days_reasons_and_mails(client: httpx.AsyncClient) -> None:
    """What stands on a day, whom it concerns, and the mails that leave then."""
    text = (await client.get("/calendar/2026-12?role=clinician&specialty=radiology")).text

    assert "北米放射線学会 RSNA 2026" in text
    assert "/messages/m-planned" in text
    assert "/messages/m-case" not in text  # to nursing
    assert "次年度予算" not in text  # for others


async def test_closures_of_a_hospital_count(desk_world: World) -> None:
    """The days on which one hospital is closed are in its calendar, and in no other."""
    where = await desk_world.store.get(Organisation, AOBA.id)
    assert where is not None
    visit = Closure(date(2026, 12, 8), date(2026, 12, 9), "機能評価の受審")
    await desk_world.store.commit(Change((replace(where, closures=(visit,)),)))

    assert "機能評価の受審" in await _of(desk_world, SATO, f"/calendar/2026-12?organisation={AOBA.name}")
    assert "機能評価の受審" not in await _of(desk_world, SATO, f"/calendar/2026-12?organisation={MINATO.name}")
    assert "機能評価の受審" not in await _of(desk_world, SATO, "/calendar/2026-12")


async def test_a_hospital_of_others_is_none(client: httpx.AsyncClient) -> None:
    """Whether somebody else has a hospital is not said: it answers like a name that nobody has."""
    theirs = (await client.get(f"/calendar?organisation={TOTO.name}")).text
    nobody = (await client.get("/calendar?organisation=東都医科大学")).text

    assert f"「{TOTO.name}」という担当施設はありません。" in theirs
    assert "という担当施設はありません。" in nobody


@pytest.mark.parametrize("said", ["2026-13", "1999-12", "2099-12", "x", "２０２６-12", "2026-12-01"])
async def test_what_is_no_month_is_not_there(client: httpx.AsyncClient, said: str) -> None:
    """Other words than a month of this century are answered with 404; as a beginning they are passed over."""
    assert (await client.get(f"/calendar/{said}")).status_code == 404
    assert (await client.get("/calendar", params={"from": said})).status_code == 200


async def test_markup_in_an_address_stays_text(client: httpx.AsyncClient) -> None:
    """Whatever is asked for is shown as letters."""
    for path in ("/calendar", "/calendar/2026-12"):
        for name in ("role", "specialty", "organisation", "from"):
            text = (await client.get(path, params={name: EVIL})).text
            assert "<script>alert" not in text
            assert not re.search(r"<style|\sstyle=|\son\w+=", text)


async def test_a_question_carries_no_token(client: httpx.AsyncClient) -> None:
    """Forms that only ask go into the address, where a session's token must not stand."""
    for path in PAGES:
        asked = [one for one in Forms((await client.get(path)).text).found if one.method == "get"]

        assert asked
        assert all("csrf" not in one.fields for one in asked)


async def test_a_broken_file_is_named(desk_world: World, tmp_path: Path) -> None:
    """The page says which line of which file cannot be read, and stays."""
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "company.yaml").write_text("id: company\nentries:\n  - {id: x, efect: blackout}\n")
    async with browser(build(shelved(desk_world, tmp_path).doors, SECRET)) as client:
        await sign_in(client, desk_world, SATO)
        for path in ("/calendar", "/calendar/2026-12"):
            text = (await client.get(path)).text
            assert "company.yaml:3:" in text
            assert "efect" in text
