"""What a program is shown: pages, stories, mails; a fixed number of queries; no private note."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from nurture.api.paging import Asked, by_moment
from nurture.core.change import Change
from nurture.core.deals import Deal
from nurture.core.figures import By, Months, figures
from nurture.core.ids import DealId
from nurture.core.messages import Message
from nurture.core.people import Person
from nurture.flows import kpi
from nurture.flows.kpi import evening
from nurture.reports.kpi import as_data
from nurture.store import MemoryStore
from tests.api.conftest import serving, writing
from tests.web.numbers import MEETINGS, remember_numbers
from tests.web.test_scale import Counted
from tests.web.world import (
    ADMIN,
    AOBA,
    CASE_MAIL,
    KOBAYASHI,
    MORI,
    NOW,
    SATO,
    SCENARIO,
    TAKAHASHI,
    TANAKA,
    furnish,
    mail,
    person,
)

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Site


async def _all(client: Any, path: str, limit: int) -> tuple[list[dict[str, Any]], int]:
    """Every row of a list, and in how many pages."""
    rows, cursor, pages = [], None, 0
    while True:
        asked = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(path, params=asked)).raise_for_status().json()
        rows += page["items"]
        pages += 1
        cursor = page["next_cursor"]
        if cursor is None:
            return rows, pages


async def test_a_representative_sees_their_people(site: Site) -> None:
    """Their own, in pages of any size, each once; nobody else's."""
    async with site.acting(SATO) as client:
        rows, pages = await _all(client, "/people", 3)

    assert ["nakamura", "nishida", "takahashi", "yamamoto"] == [row["id"] for row in rows]
    assert pages == 2


async def test_the_installation_and_a_manager_see_more(site: Site) -> None:
    """A manager sees the team's people, the installation everybody's."""
    async with site.acting(MORI) as manager, site.acting(None) as crm:
        of_team, _ = await _all(manager, "/people", 50)
        of_all, _ = await _all(crm, "/people", 1)

    assert len(of_team) == len(of_all) == 5


async def test_a_person_is_shown_with_the_hospital(site: Site) -> None:
    """By id and by address, with honorific, basis and silence."""
    async with site.acting(SATO) as client:
        one = (await client.get("/people/takahashi")).json()
        found = (await client.get("/people", params={"email": TAKAHASHI.email.upper()})).json()

    assert found["items"] == [one]
    assert (one["honorific"], one["organisation"]["name"], one["suppressed"]) == ("先生", AOBA.name, False)


async def test_private_notes_are_in_no_answer(site: Site) -> None:
    """Whatever is asked for, what was noted in confidence does not come out."""
    store = site.world.store
    await store.commit(Change((replace(TAKAHASHI, version=1, private_note="SECRET-NOTE"),)))
    deal = Deal(DealId("d1"), AOBA.id, "画像連携", rep_id=SATO.id, private_note="SECRET-NOTE")
    await store.commit(Change((deal,)))
    async with site.acting(SATO) as client:
        for path in (
            "/people",
            "/people/takahashi",
            "/people/takahashi/timeline",
            "/deals",
            "/deals/d1",
            "/queue",
        ):
            assert "SECRET-NOTE" not in (await client.get(path)).raise_for_status().text


async def test_the_story_of_a_person(site: Site) -> None:
    """The latest first, in words of the language that is asked for, in pages."""
    async with site.acting(SATO) as client:
        rows, _ = await _all(client, "/people/yamamoto/timeline", 2)
        english = (await client.get("/people/yamamoto/timeline", headers={"Accept-Language": "ja"})).json()

    assert ["message.drafted", "message.moved", "message.planned"] == [row["kind"] for row in rows]
    assert rows[0]["text"] != english["items"][0]["text"]


async def test_the_queue_is_in_the_order_of_dates(site: Site) -> None:
    """What waits for approval, the earliest first, ties by id, across pages of any size."""
    async with site.acting(SATO) as client:
        rows, _ = await _all(client, "/queue", 2)

    assert ["m-late", "m-thanks", "m-case", "m-held", "m-two"] == [row["id"] for row in rows]
    assert all("body" not in row for row in rows)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 50])
async def test_pages_by_moment_give_each_row_once(limit: int) -> None:
    """Many rows at one moment are no matter, wherever a page ends."""
    store = MemoryStore()
    await furnish(store)
    who = TAKAHASHI
    for n in range(12):
        row = mail(
            f"t{n:02}", who, SATO, f"s{n}", header_id=f"<t{n}@x.example>", planned_at=NOW + timedelta(days=n // 5)
        )
        await store.commit(Change((row,)))
    where = {"id": tuple(f"t{n:02}" for n in range(12))}
    found: list[str] = []
    cursor = None
    while True:
        page = await by_moment(
            store, Message, "planned_at", {"person_id": who.id}, Asked(b"k", "a", cursor, limit)
        )
        found += [row.id for row in page.rows if row.id in where["id"]]
        cursor = page.next
        if cursor is None:
            break

    assert [f"t{n:02}" for n in range(12)] == found


async def test_a_cursor_is_for_its_list_alone(site: Site) -> None:
    """One of another list, another filter or another caller, and one that was made up, are refused."""
    async with site.acting(SATO) as client, site.acting(TANAKA) as other:
        cursor = (await client.get("/people", params={"limit": 1})).json()["next_cursor"]
        taken = [
            await client.get("/enrollments", params={"cursor": cursor}),
            await client.get("/people", params={"cursor": cursor, "organisation_id": AOBA.id}),
            await other.get("/people", params={"cursor": cursor}),
            await client.get("/people", params={"cursor": "x" * 40}),
            await client.get("/people", params={"cursor": "日本"}),
        ]

    assert [400] * 5 == [answer.status_code for answer in taken]
    assert {"parameter": "cursor", "detail": "not a cursor of this list"} in taken[0].json()["errors"]


async def test_the_mail_has_its_text_and_its_etag(site: Site) -> None:
    """The whole text and the tag that an approval names, which changes with the mail."""
    async with site.acting(SATO) as client:
        answer = await client.get("/messages/m-case")

    assert answer.json()["body"] == CASE_MAIL.body
    assert answer.headers["etag"] == f'"1-{CASE_MAIL.fingerprint}"'
    assert answer.json()["may_approve"] is True


async def test_the_installation_approves_nothing(site: Site) -> None:
    """It is told so when it reads."""
    async with site.acting(None) as client:
        assert (await client.get("/messages/m-case")).json()["may_approve"] is False


async def test_a_report_counts_what_the_caller_sees(site: Site) -> None:
    """A representative's own, the installation's all."""
    async with site.acting(TANAKA) as client, site.acting(None) as crm:
        own = (await client.get("/reports/summary")).json()["counts"]
        everything = (await crm.get("/reports/summary")).json()["counts"]

    assert (own["messages"]["waiting"], own["enrollments"]["active"], own["tasks"]["open"]) == (1, 1, 0)
    assert (everything["messages"]["waiting"], everything["tasks"]["open"]) == (6, 2)


async def _kpi(client: httpx.AsyncClient, **asked: str) -> dict[str, dict[str, Any]]:
    """The groups by their keys."""
    found = (await client.get("/reports/kpi", params=asked)).raise_for_status().json()
    return {group["key"]: group for group in found["groups"]}


async def test_the_kpis_are_those_the_caller_may_see(site: Site) -> None:
    """A representative's own, whichever way they are put; a manager's and the installation's everybody's."""
    await remember_numbers(site.world.store)
    async with site.acting(TANAKA) as client, site.acting(MORI) as manager, site.acting(None) as crm:
        own, own_by_rep = await _kpi(client, by="all"), await _kpi(client, by="rep")
        refused = await client.get("/reports/kpi", params={"rep": SATO.id})
        unknown = await client.get("/reports/kpi", params={"rep": "nobody"})
        team, everybody = await _kpi(manager, by="rep"), await _kpi(crm, by="rep")
        of_one = await _kpi(crm, by="all", rep=TANAKA.id)

    assert own[""]["meetings"] == MEETINGS // 3
    assert [TANAKA.id] == list(own_by_rep)
    assert (refused.status_code, refused.json()) == (400, unknown.json())
    assert team == everybody
    assert {SATO.id, TANAKA.id} == set(everybody)
    assert own[""] == of_one[""]


async def test_the_kpis_say_what_the_report_says(site: Site) -> None:
    """The same figures as the desk counts, of the months that were asked for, as it was known on that evening."""
    await remember_numbers(site.world.store)
    day = NOW.date() - timedelta(days=20)
    asked = {"from": "2026-07", "to": "2026-11", "as_of": f"{day}", "scenario": SCENARIO.id}
    async with site.acting(ADMIN) as client:
        found = (await client.get("/reports/kpi", params=asked)).raise_for_status().json()
    as_of = evening(day, ADMIN.timezone)
    months = Months(date(2026, 7, 1), as_of.astimezone(ZoneInfo(ADMIN.timezone)).date().replace(day=1))
    facts = await kpi.facts(site.world.doors, months, as_of)
    counted = figures(facts, months, By.MONTH, scenario=SCENARIO.id)

    assert ("month", "2026-07") == (found["by"], found["from"])
    assert found["as_of"] == as_of.isoformat().replace("+00:00", "Z")
    assert found["groups"] == [{"key": key, "name": key} | as_data(row) for key, row in counted.items()]


async def test_events_come_in_order_from_where_one_was(site: Site) -> None:
    """Only what is published, only facts that are named; a representative's token gets none."""
    async with site.acting(None) as crm, site.acting(SATO) as client:
        first = (await crm.get("/events", params={"limit": 2})).json()
        rest = (await crm.get("/events", params={"after": first["items"][1]["data"]["seq"]})).json()
        refused = await client.get("/events")

    events = [*first["items"], *rest["items"]]
    assert [e["data"]["seq"] for e in events] == sorted(e["data"]["seq"] for e in events)
    assert {"message.waiting", "message.sent", "reply.received"} == {e["type"] for e in events}
    assert all("subject" not in e["data"] for e in events)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/people",
        "/people/takahashi",
        "/people/takahashi/timeline",
        "/queue",
        "/messages",
        "/enrollments",
        "/tasks",
    ],
)
async def test_the_number_of_queries_does_not_grow(path: str) -> None:
    """Fifty more rows cost no further query."""
    counts = []
    for size in (0, 50):
        store = Counted()
        await furnish(store)
        for n in range(size):
            who = person(f"p{n:03}", "井上", f"{n}号", AOBA, SATO)
            await store.commit(
                Change((who, mail(f"x{n}", who, SATO, "", header_id=f"<x{n}@x.example>", enrollment_id=None)))
            )
        async with serving(writing(store)) as site, site.acting(SATO) as client:
            await client.get(path)
            store.asked = 0
            (await client.get(path)).raise_for_status()
            counts.append(store.asked)

    assert counts[0] == counts[1]
    assert counts[0] <= 9


async def test_scenarios_and_the_token_itself(site: Site) -> None:
    """What people can be enrolled in; who asks."""
    async with site.acting(SATO) as client:
        known = (await client.get("/scenarios")).json()["items"]
        me = (await client.get("/me")).json()

    assert [("warm-lead-30d", 5)] == [(s["id"], s["steps"]) for s in known]
    assert (me["name"], me["rep_id"], "people:read" in me["scopes"]) == ("of-sato", "sato", True)


async def test_a_person_is_seen_through_an_enrollment(site: Site) -> None:
    """Whoever writes to somebody sees them, as at the desk, though they are another's; and only their own part."""
    store = site.world.store
    kobayashi = await store.get(Person, KOBAYASHI.id)
    assert kobayashi is not None
    await store.commit(Change((replace(kobayashi, rep_id=SATO.id),)))
    async with site.acting(TANAKA) as client, site.acting(SATO) as owner:
        shown = await client.get("/people/kobayashi")
        story = (await owner.get("/people/kobayashi/timeline")).json()["items"]

    assert shown.status_code == 200
    assert story == []
