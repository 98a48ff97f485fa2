"""The five minutes after a meeting, as a browser without scripts does them: nothing is lost, nothing is twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change, MeetingDraft
from nurture.core.deals import Deal, Meeting, Promise, Stance
from nurture.core.messages import Enrollment, Entry, Message, MessageState, Suppression, SuppressionScope
from nurture.core.people import Basis, Organisation, Person
from nurture.flows import jotting
from nurture.web.app import build
from nurture.web.minutes import ROWS
from tests.web.browser import browser, form, sign_in
from tests.web.meetings import (
    DEAL,
    ITO,
    KEY,
    LAST,
    OGAWA,
    OPEN,
    OTHERS,
    WRITTEN,
    at_work,
    begin,
    press,
    remember,
)
from tests.web.world import AOBA, KOBAYASHI, MINATO, NOW, SATO, SECRET, TANAKA, TOTO

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette

    from tests.web.world import World

PATIENT = "患者 山田太郎 様 1950年1月1日生まれ 患者ID 1234567"
NEW = {
    "people.1.family": "森",
    "people.1.given": "花子",
    "people.1.email": "h.mori@aobadai.example",
    "people.1.department": "放射線科",
    "people.1.title": "医長",
    "people.1.stance": "sceptical",
    "people.1.remark": "夜間の操作が増えるのが心配です",
    "people.1.basis": "business_card",
}


@pytest.fixture
async def desk_world(desk_world: World) -> World:
    """The world with a history, and with mails that are really written."""
    await remember(desk_world.store)
    return at_work(desk_world)


async def draft(world: World, key: str = KEY) -> MeetingDraft:
    """As the store has it."""
    found = await world.store.get(MeetingDraft, key)
    assert found is not None
    return found


async def met(world: World) -> tuple[Meeting, ...]:
    """The meetings that were recorded here."""
    found = await world.store.find(Meeting, order=("recorded_at",))
    return tuple(m for m in found if m.id not in {LAST.id, OTHERS.id})


async def with_ogawa(client: httpx.AsyncClient) -> str:
    """A form at the hospital, with one person who is known."""
    path = await begin(client)
    answer = await press(client, path, f"person:{OGAWA.id}")
    assert (303, f"{path}#people.0") == (answer.status_code, answer.headers["location"])
    return path


async def test_from_the_first_tap_to_the_thank_yous(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Two taps and a form: the meeting stands with all that was said, and the drafts wait, the sceptic's first."""
    assert 'href="/record"' in (await sato.get("/")).text
    start = (await sato.get("/record")).text
    assert start.index(AOBA.name) < start.index(MINATO.name)
    assert TOTO.name not in start
    path = await with_ogawa(sato)
    await press(sato, path, "add:people")
    answer = await press(sato, path, "record", **WRITTEN, **NEW, **{"people.0.stance": "supportive"})

    (meeting,) = await met(desk_world)
    assert (303, f"/meetings/{meeting.id}?done=recorded") == (answer.status_code, answer.headers["location"])
    people = [await desk_world.store.get(Person, a.person_id) for a in meeting.attendees]
    fresh = people[1]
    assert fresh is not None
    assert [Stance.SUPPORTIVE, Stance.SCEPTICAL] == [a.stance for a in meeting.attendees]
    assert ("森 花子", "先生", Basis.BUSINESS_CARD) == (fresh.name, fresh.honorific, fresh.legal_basis.kind)
    assert (DEAL.id, WRITTEN["note"]) == (meeting.deal_id, meeting.private_note)
    assert ("検証は1月第3週に始める", "対象は外来の撮影に限る") == meeting.agreements
    assert ["safety"] == [c.topic for c in meeting.concerns]
    (promise,) = await desk_world.store.find(Promise, {"meeting_id": meeting.id})
    assert (WRITTEN["promises.0.text"], date(2026, 12, 3)) == (promise.text, promise.due)
    page = (await sato.get(answer.headers["location"])).text
    assert page.index("森 花子 先生") < page.index("小川 真理 様")
    assert "あと2時間35分" in page
    drafts = await desk_world.store.find(Message, {"step_id": "thanks", "person_id": (OGAWA.id, fresh.id)})
    assert all(f'href="/messages/{m.id}"' in page and f"/messages/{m.id}/approve" in page for m in drafts)
    assert {MessageState.WAITING} == {m.state for m in drafts}
    for mail in drafts:
        assert WRITTEN["question"] in mail.body
        assert WRITTEN["note"] not in mail.body
        assert "乗り気" not in mail.body


async def test_sent_twice_is_recorded_once(sato: httpx.AsyncClient, desk_world: World) -> None:
    """A button pressed twice, and a page sent again after its answer was lost, lead to one meeting."""
    path = await with_ogawa(sato)
    fields = form((await sato.get(path)).text, path).fields | WRITTEN | {"do": "record"}
    answers = [await sato.post(path, data=fields) for _ in range(3)]
    (meeting,) = await met(desk_world)

    assert {303} == {a.status_code for a in answers}
    assert {f"/meetings/{meeting.id}"} == {a.headers["location"].partition("?")[0] for a in answers}
    assert f"/meetings/{meeting.id}" == (await sato.get(path)).headers["location"]
    assert 1 == len(await desk_world.store.find(Enrollment, {"person_id": OGAWA.id}))
    left = await draft(desk_world)
    assert ({}, True) == (left.fields, left.ended_at is not None)
    late = await sato.post(f"{path}/draft", data=fields)
    assert (409, {"ended": path}) == (late.status_code, late.json())


async def test_begun_twice_is_one_form(sato: httpx.AsyncClient, desk_world: World, app: Starlette) -> None:
    """The same tap twice leads to the same form; somebody else's key to none."""
    path = await with_ogawa(sato)

    assert path == await begin(sato)
    assert 1 == len(await desk_world.store.find(MeetingDraft))
    async with browser(app) as other:
        await sign_in(other, desk_world, TANAKA)
        token = form((await other.get("/record")).text, "/logout").fields["csrf"]
        answer = await other.post("/record", data={"csrf": token, "key": KEY, "organisation": AOBA.name})
        assert 400 == answer.status_code
        assert AOBA.name not in (await other.get("/record")).text
    for key in ("", "short", "../../x", "K" * 50):
        token = form((await sato.get("/record")).text, "/logout").fields["csrf"]
        assert (
            400 == (await sato.post("/record", data={"csrf": token, "key": key, "organisation": "x"})).status_code
        )


async def test_every_button_keeps_what_was_typed(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Rows come and go, somebody is searched for: what stands in the form stands there afterwards."""
    path = await begin(sato)
    for do in ("add:people", "add:concerns", "add:promises", "find", f"person:{ITO.id}", "keep", "no-such-thing"):
        answer = await press(sato, path, do, subject="途中の用件", agreements="一\n二", find="小川")
        assert 303 == answer.status_code
        page = (await sato.get(answer.headers["location"].partition("#")[0])).text
        assert 'value="途中の用件"' in page
        assert "一\n二</textarea>" in page
    assert "小川 真理 様" in (await sato.get(f"{path}?q=小川")).text
    kept = (await draft(desk_world)).fields
    assert {"concerns.0.text", "concerns.1.text", "promises.1.text", "people.1.person"} <= kept.keys()

    await press(sato, path, "remove:concerns.1")
    await press(sato, path, "remove:people.1")
    kept = (await draft(desk_world)).fields
    assert not {"concerns.1.text", "people.1.person"} & kept.keys()
    assert "途中の用件" == kept["subject"]


async def test_what_is_wrong_stands_beside_its_field(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Nothing is recorded, nothing is lost, and all complaints come at once, each beside its field."""
    path = await begin(sato)
    await press(sato, path, "add:people")
    fields = {"people.0.family": "森", "people.0.email": "no address", "concerns.0.page": "5"}
    answer = await press(sato, path, "record", agreements="決めたこと", ended_time="23:50", **fields)
    said = {name for name in PLACES if f'id="wrong.{name}" data-wrong="{name}">' in answer.text}

    assert 400 == answer.status_code
    assert PLACES - {"agreements", "people.0.family"} == said
    assert 'value="no address"' in answer.text
    assert "決めたこと</textarea>" in answer.text
    assert () == await met(desk_world)


PLACES = {
    "agreements",
    "concerns.0.text",
    "concerns.0.topic",
    "ended_time",
    "people.0.basis",
    "people.0.email",
    "people.0.family",
    "promises.0.text",
    "question",
}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"ended_time": ""}, "ended_time"),
        ({"ended_time": "いつか"}, "ended_time"),
        ({"ended_on": "2027-01-01"}, "ended_time"),
        ({"question": " "}, "question"),
        ({"agreements": "\n \n"}, "agreements"),
        ({"promises.0.due": "あした"}, "promises.0.due"),
        ({"subject": "長" * 300}, "subject"),
        ({"scenario": "no-such"}, ""),
        ({"people.0.person": KOBAYASHI.id}, "people.0"),
        ({"people.0.person": "", "people.0.remark": ""}, "people"),
    ],
)
async def test_what_cannot_be_recorded(
    sato: httpx.AsyncClient, desk_world: World, fields: dict[str, str], place: str
) -> None:
    """Each fault alone is named where it is, and nothing is written."""
    path = await with_ogawa(sato)
    answer = await press(sato, path, "record", **(WRITTEN | fields))

    assert 400 == answer.status_code
    assert "まだ記録していません" in answer.text
    if place:
        assert f'id="wrong.{place}" data-wrong="{place}">' in answer.text
    assert () == await met(desk_world)


@pytest.mark.parametrize(
    "name", ["note", "agreements", "question", "subject", "people.0.remark", "concerns.0.text", "promises.0.text"]
)
async def test_data_of_a_patient_are_kept_nowhere(sato: httpx.AsyncClient, desk_world: World, name: str) -> None:
    """Not recorded, not even kept as a draft, whichever button is pressed; what else was typed is."""
    path = await with_ogawa(sato)
    for do in ("keep", "add:concerns", "record"):
        answer = await press(sato, path, do, **(WRITTEN | {"place": "3階", name: PATIENT}))
        assert 400 == answer.status_code
        assert "患者情報と思われる" in answer.text
        assert PATIENT in answer.text  # it is the writer's to take out
        kept = await draft(desk_world)
        assert PATIENT not in json.dumps(dict(kept.fields), ensure_ascii=False)
        assert "3階" == kept.fields["place"]
    saved = await sato.post(f"{path}/draft", data=form((await sato.get(path)).text, path).fields | {name: PATIENT})
    assert (200, [name]) == (saved.status_code, list(saved.json()["held"]))
    assert PATIENT not in (await sato.get(path)).text
    assert () == await met(desk_world)


async def test_it_is_saved_as_it_is_typed(sato: httpx.AsyncClient, desk_world: World) -> None:
    """The page that wrote last writes on, however many of its answers were lost; another must have seen it."""
    path = await begin(sato)
    one = form((await sato.get(path)).text, path).fields
    two = form((await sato.get(path)).text, path).fields
    answers = [await sato.post(f"{path}/draft", data=one | {"subject": text}) for text in ("い", "いろ", "いろは")]

    assert [200, 200, 200] == [answer.status_code for answer in answers]
    assert "いろは" == (await draft(desk_world)).fields["subject"]
    late = await sato.post(f"{path}/draft", data=two | {"subject": "別の端末"})
    assert (409, {"elsewhere": True}) == (late.status_code, late.json())
    shown = await sato.post(path, data=two | {"subject": "別の端末", "do": "record"})
    assert 409 == shown.status_code
    assert 'value="別の端末"' in shown.text
    assert "いろは" == (await draft(desk_world)).fields["subject"]
    again = form(shown.text, path).fields
    assert 303 == (await sato.post(path, data=again | {"do": "keep"})).status_code
    assert "別の端末" == (await draft(desk_world)).fields["subject"]
    assert () == await met(desk_world)


async def test_a_draft_is_its_writers_alone(
    sato: httpx.AsyncClient, mori: httpx.AsyncClient, admin: httpx.AsyncClient, desk_world: World
) -> None:
    """Neither manager nor administrator see what is not recorded yet; the meeting is the manager's to see then."""
    path = await with_ogawa(sato)
    for other in (mori, admin):
        token = form((await other.get("/")).text, "/logout").fields["csrf"]
        assert 404 == (await other.get(path)).status_code
        assert 404 == (await other.get(f"{path}/people?q=x")).status_code
        for at in (path, f"{path}/draft"):
            assert 404 == (await other.post(at, data={"csrf": token, "do": "record"} | WRITTEN)).status_code
    await press(sato, path, "record", **WRITTEN)
    (meeting,) = await met(desk_world)

    assert 200 == (await mori.get(f"/meetings/{meeting.id}")).status_code


async def test_only_what_one_sees_is_found(sato: httpx.AsyncClient, mori: httpx.AsyncClient) -> None:
    """Hospitals, people and meetings of others are not there; whoever leads finds them."""
    path = await begin(sato)
    assert TOTO.name not in (await sato.get("/record/organisations?q=医科")).text
    assert TOTO.name in (await mori.get("/record/organisations?q=医科")).text
    assert AOBA.name in (await sato.get("/record/organisations?q=葉台")).text
    for said in ("小林", "KOBAYASHI", "toto-u"):
        assert "小林" not in (await sato.get(f"{path}/people?q={said}")).text
    for said in ("小川", "OGAWA", "真理 小川", "aobadai"):
        assert "小川 真理" in (await sato.get(f"{path}/people?q={said}")).text
    assert 404 == (await sato.get(f"/meetings/{OTHERS.id}")).status_code
    assert LAST.private_note in (await sato.get(f"/meetings/{LAST.id}")).text


async def test_a_colleagues_contact_stays_as_the_colleague_knows_it(
    sato: httpx.AsyncClient, desk_world: World
) -> None:
    """Whoever names another's contact neither changes nor reads what stands there; the mail is the colleague's."""
    path = await begin(sato)
    await press(sato, path, "add:people")
    fields = {f"people.0.{k.rpartition('.')[2]}": v for k, v in NEW.items()} | {"people.0.email": KOBAYASHI.email}
    answer = await press(sato, path, "record", **WRITTEN, **fields)
    after = await desk_world.store.get(Person, KOBAYASHI.id)

    assert 303 == answer.status_code
    assert after is not None
    assert (KOBAYASHI.family_name, KOBAYASHI.title, TANAKA.id) == (after.family_name, after.title, after.rep_id)
    page = (await sato.get(answer.headers["location"])).text
    assert "田中 悠真さんの担当です" in page
    assert f"/people/{KOBAYASHI.id}" not in page


async def test_the_last_meeting_helps(sato: httpx.AsyncClient, desk_world: World) -> None:
    """What was promised and not done, what worried them, who was there and how they felt, the deal."""
    path = await begin(sato)
    page = (await sato.get(path)).text

    assert OPEN.text in page
    assert 'data-name="高橋 健一 先生" data-where="放射線科 · 部長" data-before="懐疑的"' in page
    await press(sato, path, "again:0")
    await press(sato, path, "question", agreements="検証は1月に始める。")
    kept = (await draft(desk_world)).fields
    assert LAST.concerns[0].text in kept.values()
    assert ("「検証は1月に始める」という理解でよろしいでしょうか。", DEAL.name) == (kept["question"], kept["deal"])


async def test_a_new_hospital(sato: httpx.AsyncClient, desk_world: World) -> None:
    """A name that nobody knows begins a form too; what it is can be said, and a new deal is opened."""
    found = (await sato.get("/record?q=新町クリニック")).text
    assert 'value="新町クリニック"' in found
    path = await begin(sato, " 新町　クリニック ")
    fields = {k.replace("people.1", "people.0"): v for k, v in NEW.items()} | {
        "kind": "clinic",
        "product": "連携基盤",
    }
    answer = await press(sato, path, "record", **WRITTEN, **fields)

    assert 303 == answer.status_code
    (house,) = await desk_world.store.find(Organisation, {"name": "新町 クリニック"})
    (deal,) = await desk_world.store.find(Deal, {"organisation_id": house.id})
    assert ("clinic", "連携基盤", SATO.id) == (house.kind, deal.name, deal.rep_id)


async def test_who_is_not_written_to_and_why(sato: httpx.AsyncClient, desk_world: World) -> None:
    """No basis and silence are said on the page, also later; who was on the way already begins anew."""
    silent = Suppression("s-1", SuppressionScope.ADDRESS, OGAWA.email, "unsubscribe", "web", NOW)  # type: ignore[arg-type]
    await desk_world.store.commit(Change((silent,)))
    path = await with_ogawa(sato)
    await press(sato, path, f"person:{ITO.id}")
    await press(sato, path, "person:takahashi")
    answer = await press(sato, path, "record", **WRITTEN)
    page = (await sato.get(answer.headers["location"].partition("?")[0])).text

    assert 303 == answer.status_code
    for said in ("小川 真理 様は配信停止", "伊藤 翔"):
        assert said.split(" ")[0] in page
    assert 2 == page.count('class="note flag">')
    (fresh,) = await desk_world.store.find(
        Enrollment, {"person_id": "takahashi", "anchor_at": NOW - timedelta(minutes=25)}
    )
    assert fresh.id in {m.enrollment_id for m in await desk_world.store.find(Message, {"state": "waiting"})}


async def test_thrown_away_and_forgotten(sato: httpx.AsyncClient, desk_world: World) -> None:
    """What is thrown away, and what nobody touched for a month, says nothing about anybody any more."""
    path = await with_ogawa(sato)
    assert AOBA.name in (await sato.get("/record")).text.partition("どちらの病院")[0]
    await press(sato, path, "discard")
    other = await begin(sato, key="another-form")
    await press(sato, other, "keep", subject="途中")
    desk_world.later(days=29)

    assert 0 == await jotting.forget(desk_world.doors)
    desk_world.later(days=2)
    assert 1 == await jotting.forget(desk_world.doors)
    assert [{}, {}] == [d.fields for d in await desk_world.store.find(MeetingDraft)]
    assert not await jotting.begun(desk_world.doors, by=SATO.id)


async def test_a_form_has_an_end(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Rows beyond the last, unknown fields and thousands of them are not kept."""
    path = await begin(sato)
    for _ in range(ROWS + 2):
        await press(sato, path, "add:promises")
    fields = form((await sato.get(path)).text, path).fields
    odd = {f"promises.{ROWS}.text": "x", "promises.0.secret": "x", "rep_id": "tanaka", "people.999999.email": "x"}
    await sato.post(path, data=fields | odd | {"do": "keep"})
    kept = (await draft(desk_world)).fields

    assert ROWS == len({n.split(".")[1] for n in kept if n.startswith("promises.")})
    assert not odd.keys() & kept.keys()
    many = fields | {f"x{n}": "" for n in range(3000)}
    assert 400 == (await sato.post(path, data=many)).status_code


async def test_a_hospital_of_many_people(desk_world: World) -> None:
    """However many people are known there: so many are offered at a tap, so many are found."""
    store = desk_world.store
    crowd = [replace(OGAWA, id=f"c{n:03}", email=f"c{n}@aobadai.example") for n in range(150)]  # type: ignore[arg-type]
    await store.commit(Change(tuple(crowd)))
    async with browser(build(desk_world.doors, SECRET)) as client:
        await sign_in(client, desk_world, SATO)
        path = await begin(client)
        page = (await client.get(path)).text
        assert 12 == page.count('data-person="')
        assert 20 == (await client.get(f"{path}/people?q=小川")).text.count('data-person="')


async def test_what_is_done_is_in_the_journal(sato: httpx.AsyncClient, desk_world: World) -> None:
    """The record is entered under its writer's name, with when the meeting ended; a draft is nobody's business."""
    path = await with_ogawa(sato)
    before = await desk_world.store.count(Entry)
    await press(sato, path, "keep", subject="x")
    assert before == await desk_world.store.count(Entry)
    await press(sato, path, "record", **WRITTEN)
    (said,) = await desk_world.store.find(Entry, {"kind": "meeting.recorded"})

    assert (SATO.id, "2026-11-26T15:45:00+09:00") == (said.actor, said.data["ended_at"])
    assert desk_world.clock.now() - said.at < timedelta(minutes=1)
