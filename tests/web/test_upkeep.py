"""What if, confirming, closures: pages that ask a great deal and change little."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from nurture.core.calendar import AppliesTo, CalendarEntry, Certainty, Effect
from nurture.core.change import Change
from nurture.core.messages import Enrollment, Entry
from nurture.core.people import Closure, Organisation
from nurture.files.calendar import parse_calendar
from nurture.files.calendar_edit import entry_lines
from nurture.web.app import build
from tests.web.browser import browser, csrf, send, sign_in
from tests.web.shelves import shelved
from tests.web.world import AOBA, KOBAYASHI, MINATO, NOW, OPS, SATO, SECRET, TOTO, YAMAMOTO

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from nurture.core.people import Representative
    from tests.web.world import World

EVIL = "\"'><script>alert(1)</script>"
ASKED = "/calendar/what-if?name=研修&from=2026-12-01&to=2026-12-04&role=nursing"


@pytest.fixture
async def client(desk_world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A representative, with the calendars that ship."""
    async with browser(build(shelved(desk_world).doors, SECRET)) as found:
        await sign_in(found, desk_world, SATO)
        yield found


async def _of(desk_world: World, who: Representative, path: str) -> str:
    async with browser(build(shelved(desk_world).doors, SECRET)) as found:
        await sign_in(found, desk_world, who)
        text: str = (await found.get(path)).text
        return text


# --- what if -------------------------------------------------------------------------------------------


async def test_what_would_move_and_the_lines_for_it(client: httpx.AsyncClient, desk_world: World) -> None:
    """Each mail that would move, from when to when and why; the lines for the file; and nothing has changed."""
    before = [await desk_world.store.find(kind) for kind in (Enrollment, Entry)]
    text = (await client.get(ASKED)).text

    assert f"/people/{YAMAMOTO.id}" in text
    assert "11/30(月)" in text  # the day before is blocked too
    assert "研修を避けるため" in text
    assert "name: &#34;研修&#34;" in text
    assert "roles: [nursing]" in text
    assert before == [await desk_world.store.find(kind) for kind in (Enrollment, Entry)]


async def test_only_those_whom_it_concerns(client: httpx.AsyncClient) -> None:
    """A congress of pharmacists moves no nurse's mail."""
    text = (await client.get(ASKED.replace("nursing", "pharmacy"))).text

    assert "動くメールはありません。" in text


async def test_operations_see_what_moves_and_not_who(desk_world: World) -> None:
    """Dates, roles and steps of everybody; nobody's name, nobody's hospital."""
    await desk_world.store.commit(Change((OPS,)))
    text = await _of(desk_world, OPS, ASKED)

    assert "研修を避けるため" in text
    assert YAMAMOTO.family_name not in text
    assert MINATO.name not in text


async def test_others_mail_is_not_looked_at(client: httpx.AsyncClient) -> None:
    """A representative asks about the own mails."""
    text = (await client.get("/calendar/what-if?name=x&from=2026-12-01")).text

    assert KOBAYASHI.family_name not in text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("name=&from=2026-12-01", "名称を入力してください"),
        ("name=x&from=", "初日を入力してください"),
        ("name=x&from=2026-13-01", "初日を入力してください"),
        ("name=x&from=2026-12-02&to=2026-12-01", "最後の日が最初の日より前"),
        ("name=x&from=2026-01-01&to=2026-12-01", "期間が3か月を超えています"),
    ],
    ids=["no-name", "no-day", "no-date", "backwards", "long"],
)
async def test_what_cannot_be_is_said(client: httpx.AsyncClient, asked: str, says: str) -> None:
    """A form that is not complete, or cannot be, says so in words."""
    text = (await client.get(f"/calendar/what-if?{asked}")).text

    assert says in text
    assert 'id="moved"' not in text


async def test_markup_stays_text(client: httpx.AsyncClient) -> None:
    """In every field of an address, and in the lines that come of it."""
    asked = {"name": EVIL, "from": "2026-12-01", "role": EVIL, "specialty": EVIL, "calendar": EVIL, "before": EVIL}
    for path in ("/calendar/what-if", "/calendar/confirm?entry=jp-medical/jrc-2027"):
        text = (await client.get(path, params=asked | {"entry": "jp-medical/jrc-2027", "start": EVIL})).text
        assert "<script>alert" not in text
        assert not re.search(r"<style|\sstyle=|\son\w+=", text)


@pytest.mark.parametrize("name", ["JRC2027", "第87回: 総会 # 大会", 'a "b" \\ c', "yes", "{x}", "2027-04-08"])
def test_the_lines_say_what_was_meant(name: str) -> None:
    """Whatever it is called: the lines, read again, are the entry."""
    entry = CalendarEntry(
        "x-2027-04", Effect.BLACKOUT, {"ja": name, "en": name}, date(2027, 4, 8), date(2027, 4, 11),
        applies_to=AppliesTo(("clinician",), ("radiology", "off")), certainty=Certainty.ANNOUNCED, before=1,
    )  # fmt: skip
    (read,) = parse_calendar(f"id: x\nentries:\n{entry_lines(entry)}").entries

    assert name in read.name.values()
    assert (entry.start, entry.end, entry.applies_to) == (read.start, read.end, read.applies_to)


# --- confirming ----------------------------------------------------------------------------------------


async def test_estimates_are_listed_with_their_file(client: httpx.AsyncClient) -> None:
    """Estimated dates of the next twelve months, where each stands, and how every calendar is."""
    text = (await client.get("/calendar/upkeep")).text

    assert "/calendar/confirm?entry=jp-medical/jrc-2027" in text
    assert "calendars/jp-medical.yaml" in text
    assert "製品に付属" in text
    assert "法律による祝日" in text


async def test_confirming_shows_the_lines_and_the_command(client: httpx.AsyncClient) -> None:
    """What would stand in the file, the command that writes it, and that nothing moves by it so far ahead."""
    asked = {
        "entry": "jp-medical/jrc-2027",
        "start": "2027-04-08",
        "end": "2027-04-11",
        "source": "https://x.example/a b",
    }
    text = (await client.get("/calendar/confirm", params=asked)).text

    assert "<del>-    certainty: estimated</del>" in text
    assert "<ins>+    certainty: confirmed</ins>" in text
    assert "nurture calendar confirm jp-medical/jrc-2027 --start 2027-04-08" in text
    assert "&#39;https://x.example/a b&#39; --write" in text
    assert "動くメールはありません。" in text


@pytest.mark.parametrize("entry", ["x", "jp-medical/none", "none/jrc-2027", "../x"])
async def test_no_such_entry(client: httpx.AsyncClient, entry: str) -> None:
    """An entry that is not there has no page."""
    assert (await client.get("/calendar/confirm", params={"entry": entry})).status_code == 404


async def test_a_habit_is_not_confirmed(client: httpx.AsyncClient) -> None:
    """What comes each year stays an estimate, and the page says why."""
    asked = {"entry": "jp-medical/obon", "start": "2027-08-13"}
    assert "毎年" in (await client.get("/calendar/confirm", params=asked)).text


# --- closures ------------------------------------------------------------------------------------------

VISIT = {
    "organisation": AOBA.name,
    "from": "2026-12-08",
    "to": "2026-12-09",
    "name": "機能評価の受審",
    "effect": "blackout",
}


async def _closures(world: World, key: str) -> tuple[Closure, ...]:
    found = await world.store.get(Organisation, key)
    assert found is not None
    return found.closures


async def test_a_closure_is_put_in_and_taken_out(client: httpx.AsyncClient, desk_world: World) -> None:
    """It stands with the hospital, in the journal and in the list; taken out, it is gone from the list."""
    page = (await client.get("/calendar/closures")).text
    assert (await send(client, page, "/calendar/closures", **VISIT)).status_code == 303
    kept = await _closures(desk_world, AOBA.id)
    page = (await client.get("/calendar/closures")).text

    assert (Closure(date(2026, 12, 8), date(2026, 12, 9), "機能評価の受審"),) == kept
    assert "機能評価の受審" in page
    assert (await send(client, page, "/calendar/closures")).status_code == 303  # the first form ends it
    assert () == await _closures(desk_world, AOBA.id)
    kinds = [e.kind for e in await desk_world.store.find(Entry, {"organisation_id": AOBA.id, "actor": SATO.id})]
    assert ["organisation.closed", "organisation.reopened"] == [k for k in kinds if k.startswith("organisation.")]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"organisation": TOTO.name}, "という担当施設はありません"),
        ({"organisation": "病院"}, "どちらですか"),
        ({"from": "x", "to": ""}, "初日を入力してください"),
        ({"to": "2026-12-01"}, "最後の日が最初の日より前"),
        ({"name": ""}, "1行"),
        ({"effect": "reduce"}, "reduce"),
    ],
    ids=["others", "several", "no-day", "backwards", "no-name", "no-effect"],
)
async def test_what_cannot_be_kept_is_said(
    client: httpx.AsyncClient, desk_world: World, change: dict[str, str], says: str
) -> None:
    """The form comes back with what is wrong and what was typed; nothing is kept."""
    page = (await client.get("/calendar/closures")).text
    answer = await send(client, page, "/calendar/closures", **(VISIT | change))

    assert 400 == answer.status_code
    assert says in answer.text
    assert 'value="2026-12-08"' in answer.text or "from" in change
    assert not any([await _closures(desk_world, one.id) for one in (AOBA, MINATO, TOTO)])


async def test_closures_of_others_hospitals_are_hidden_and_stay(
    client: httpx.AsyncClient, desk_world: World
) -> None:
    """Neither listed nor ended by whoever sees nobody there; operations keep them all."""
    shut = Closure(date(2026, 12, 8), date(2026, 12, 9), "東都の創立記念日")
    toto = await desk_world.store.get(Organisation, TOTO.id)
    assert toto is not None
    said = Entry(at=NOW, kind="organisation.closed", actor="x", data={}, organisation_id=TOTO.id)
    await desk_world.store.commit(Change((replace(toto, closures=(shut,)), OPS), (said,)))
    form = {"do": "end", "organisation": TOTO.id, "closure": "2026-12-08|2026-12-09|blackout||東都の創立記念日"}
    token = await csrf(client)

    assert "東都の創立記念日" not in (await client.get("/calendar/closures")).text
    assert 404 == (await client.post("/calendar/closures", data=form | {"csrf": token})).status_code
    assert (shut,) == await _closures(desk_world, TOTO.id)
    assert "東都の創立記念日" in await _of(desk_world, OPS, "/calendar/closures")
