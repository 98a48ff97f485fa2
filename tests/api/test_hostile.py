"""Attacks: other people's ids on every route, what is no JSON, what is too much; every error is a problem."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nurture.api.bodies import DEEPEST, LONGEST, depth
from nurture.api.problems import KINDS
from nurture.api.table import OPERATIONS
from nurture.core.messages import Entry
from tests.api.test_writing import MEETING, keyed
from tests.web.world import SATO, TANAKA

if TYPE_CHECKING:
    import httpx

    from nurture.api.call import Operation
    from tests.api.conftest import Site

SATOS = {
    "people": "takahashi",
    "enrollments": "en-takahashi",
    "messages": "m-case",
    "tasks": "t-call",
    "deals": "none",
    "meetings": "none",
}


def check(answer: httpx.Response) -> None:
    """It is a problem document of a known kind, with the status that it has."""
    said = answer.json()
    kind = said["type"].rpartition("/")[2]

    assert answer.headers["content-type"] == "application/problem+json"
    assert (said["status"], said["title"]) == (answer.status_code, KINDS[kind].title)
    assert KINDS[kind].status == answer.status_code


@pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS if "{id}" in o.path], ids=lambda o: f"{o.method} {o.path}"
)
async def test_what_is_anothers_does_not_exist(site: Site, operation: Operation) -> None:
    """The same 404 for another's id as for one that nobody has; nothing is written."""
    before = await site.world.store.count(Entry)
    own = SATOS[operation.path.split("/")[1]]
    async with site.acting(TANAKA) as client:
        answers = [
            await client.request(
                operation.method,
                operation.path.replace("{id}", key),
                json={"reason": "x"} if operation.path.endswith("reject") else {} if operation.body else None,
                headers={"If-Match": '"1-x"'},
            )
            for key in (own, "nobody-has-this")
        ]

    assert [404, 404] == [a.status_code for a in answers]
    assert answers[0].json() == answers[1].json()
    check(answers[0])
    assert await site.world.store.count(Entry) == before + 1  # the token


async def test_nobody_enrolls_anothers_person(site: Site) -> None:
    """Nor with another's meeting or deal."""
    body = {"person_id": "takahashi", "scenario": "warm-lead-30d", "anchor_at": "2026-11-26"}
    async with site.acting(SATO) as client, site.acting(TANAKA) as other:
        meeting = (await client.post("/meetings", json=MEETING, headers=keyed("m"))).json()["meeting"]
        person = await other.post("/enrollments", json=body, headers=keyed("a"))
        mine = body | {"person_id": "kobayashi"}
        with_meeting = mine | {"meeting_id": meeting["id"], "deal_id": meeting["deal_id"]}
        linked = await other.post("/enrollments", json=with_meeting, headers=keyed("b"))

    assert [422, 422] == [person.status_code, linked.status_code]
    assert ["#/deal_id", "#/meeting_id"] == [fault["pointer"] for fault in linked.json()["errors"]]


async def test_a_filter_shows_nothing_that_is_anothers(site: Site) -> None:
    """Asking for another's rows finds none."""
    async with site.acting(TANAKA) as client:
        found = [
            (await client.get(path)).json()["items"]
            for path in (
                "/people?rep_id=sato",
                "/people?email=takahashi@aobadai.example",
                "/messages?person_id=takahashi",
                "/enrollments?person_id=takahashi",
                "/tasks?person_id=takahashi",
            )
        ]

    assert found == [[]] * 5


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"a": NaN}', "application/json", 422),
        (b"\xff\xfe", "application/json", 400),
        (b'"\\ud800"', "application/json", 400),
        (b"[]", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"{}", "application/json; charset=shift_jis", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"[" * 100_000, "application/json", 400),
        (b'{"x": ' * 50 + b"1" + b"}" * 50, "application/json", 400),
        (b" " * (LONGEST + 1), "application/json", 413),
        (b'{"attendees": [' + b"1," * 60_000 + b"1]}", "application/json", 422),
        (b'{"phase": ' + b"9" * 5000 + b"}", "application/json", 400),
    ],
)
async def test_what_is_no_record(site: Site, content: bytes, kind: str, status: int) -> None:
    """Whatever is sent, the answer is a problem document, soon."""
    async with site.acting(SATO) as client:
        headers = {"Content-Type": kind} | keyed("k")
        answer = await client.post("/meetings", content=content, headers=headers)

    assert answer.status_code == status
    check(answer)


async def test_every_fault_has_its_place(site: Site) -> None:
    """All of them at once, each with a JSON pointer; what was sent is not repeated."""
    broken = MEETING | {"phase": 9, "extra": 1, "attendees": [{"email": "x@y.example", "stance": "angry"}]}
    async with site.acting(SATO) as client:
        answer = await client.post("/meetings", json=broken, headers=keyed("k"))

    assert answer.status_code == 422
    assert {"#/phase", "#/extra", "#/attendees/0/stance"} == {
        fault["pointer"] for fault in answer.json()["errors"]
    }
    assert "angry" not in answer.text


@pytest.mark.parametrize(
    ("key", "status"), [(None, 400), ("", 400), ("x" * 256, 400), ("a b", 400), ("x" * 255, 201)]
)
async def test_a_key_is_needed(site: Site, key: str | None, status: int) -> None:
    """1 to 255 visible characters; without one no meeting is recorded."""
    async with site.acting(SATO) as client:
        answer = await client.post("/meetings", json=MEETING, headers=keyed(key) if key is not None else {})

    assert answer.status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/people?limit=0",
        "/people?limit=201",
        "/people?limit=x",
        "/people?offset=3",
        "/people?limit=1&limit=2",
        "/people/takahashi?x=1",
        "/messages?state=asleep",
        "/events?after=-1",
        "/events?after=" + "9" * 40,
        "/people?" + "&".join(f"a{n}=1" for n in range(100)),
    ],
)
async def test_parameters_are_what_the_document_says(site: Site, path: str) -> None:
    """Unknown ones, double ones and wrong ones are told of by name."""
    async with site.acting(None) as client:
        answer = await client.get(path)

    assert answer.status_code == 400
    check(answer)


async def test_no_such_address_and_no_such_method(site: Site) -> None:
    """Also where nothing is: a problem document, with the methods that there are."""
    async with site.acting(SATO) as client:
        nothing, wrong = await client.get("/nothing"), await client.delete("/people/takahashi")
        odd = await client.get("/people/" + "%00" * 3)
        line = await client.get("/people/x%0A")
        both = await client.request("DELETE", "/people")

    assert [404, 405, 404, 404, 405] == [a.status_code for a in (nothing, wrong, odd, line, both)]
    assert wrong.headers["allow"] == "GET, HEAD"
    assert both.headers["allow"] == "GET, HEAD, POST"
    for answer in (nothing, wrong, odd, line, both):
        check(answer)


async def test_a_cookie_is_no_token(site: Site) -> None:
    """What a browser sends by itself opens nothing here; what another site makes it send changes nothing."""
    async with site.program(None) as client:
        answer = await client.post(
            "/meetings", json=MEETING, headers=keyed("k") | {"Cookie": "nurture=x", "Sec-Fetch-Site": "cross-site"}
        )

    assert answer.status_code == 401


async def test_every_type_of_problem_can_be_looked_up(site: Site) -> None:
    """Its address says what it means, to anybody."""
    async with site.program(None) as client:
        for kind, one in KINDS.items():
            said = (await client.get(f"/problems/{kind}")).raise_for_status().json()
            assert (said["status"], said["title"]) == (one.status, one.title)
        assert (await client.get("/problems/none")).status_code == 404


def test_depth_is_counted_outside_of_texts() -> None:
    """Brackets in a text, and quotes that are escaped there, are no brackets."""
    deep = json.dumps({"a": ['[[[["[{'] * 3, "b": "\\"})

    assert depth(deep.encode()) == 2
    assert depth(b"[" * (DEEPEST + 1)) == DEEPEST + 1
