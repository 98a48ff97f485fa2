"""What came in, at the desk: times to take over, and what is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import icalendar

from nurture import advice
from nurture.core import cases
from nurture.core.change import Change
from nurture.core.ids import InboundId, TaskId, derived
from nurture.core.messages import Enrollment, EnrollmentState, Entry
from nurture.core.people import Away, Person
from nurture.i18n import words
from tests.web.browser import browser, send, sign_in
from tests.web.world import NAKAMURA, NOW, READ, REPLY, SATO, TANAKA

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette

    from tests.web.world import World

PROPOSED = replace(
    READ,
    id=TaskId("t-times"),
    kind="appointment",
    detail="2026-12-10 13:00–14:00\n2026-12-11 16:00–\n12/10 13時か12/11 16時以降でいかがですか。",
)


async def test_proposed_times_are_calendar_files(
    sato: httpx.AsyncClient, app: Starlette, desk_world: World
) -> None:
    """Each time is a link to a file for one's calendar; the words below it stay; nobody else has them."""
    await desk_world.store.commit(Change((PROPOSED,)))
    page = (await sato.get("/")).text
    files = [await sato.get(f"/tasks/t-times/times/{n}.ics") for n in (0, 1)]
    events = [icalendar.Calendar.from_ical(f.content).walk("VEVENT")[0] for f in files]

    assert "12/10(木) 13:00–14:00</a>" in page
    assert "12/10 13時か12/11 16時以降" in page
    assert "2026-12-10" not in page
    assert ["text/calendar; charset=utf-8; method=PUBLISH"] * 2 == [f.headers["content-type"] for f in files]
    assert datetime(2026, 12, 11, 7, 0, tzinfo=UTC) == events[1].decoded("DTSTART")
    assert NAKAMURA.name in str(events[0]["SUMMARY"])
    for path in ("2.ics", "x.ics", "-1", "0.ics/x"):
        assert 404 == (await sato.get(f"/tasks/t-times/times/{path}")).status_code
    assert 404 == (await sato.get(f"/tasks/{READ.id}/times/0.ics")).status_code
    async with browser(app) as other:
        await sign_in(other, desk_world, TANAKA)
        assert 404 == (await other.get("/tasks/t-times/times/0.ics")).status_code


async def test_what_ended_by_mistake_is_opened_again(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Paused; a second tap is told that somebody was faster; who did it stands in the journal."""
    await send(sato, (await sato.get("/people/yamamoto")).text, "/stop")
    page = (await sato.get("/people/yamamoto")).text
    answer = await send(sato, page, "/reopen")
    again = await send(sato, page, "/reopen")

    assert (303, 409) == (answer.status_code, again.status_code)
    (said,) = await desk_world.store.find(Entry, {"kind": "enrollment.reopened"})
    assert SATO.id == said.actor
    enrollment = await desk_world.store.get(Enrollment, said.enrollment_id or "")
    assert enrollment is not None
    assert EnrollmentState.PAUSED is enrollment.state
    assert "/resume" in (await sato.get("/people/yamamoto")).text


async def test_an_absence_is_over_at_a_button(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Whoever is responsible for the person says so; then there is no button any more."""
    person = await desk_world.store.get(Person, "nakamura")
    assert person is not None
    away = Away(noted_on=date(2026, 11, 20), resume_on=date(2026, 12, 20), back=None, evidence="不在")
    await desk_world.store.commit(Change((replace(person, away=away),)))
    page = (await sato.get("/people/nakamura")).text
    answer = await send(sato, page, "/people/nakamura/back")

    assert 303 == answer.status_code
    found = await desk_world.store.get(Person, "nakamura")
    assert found is not None
    assert found.away is None
    assert "/back" not in (await sato.get("/people/nakamura")).text


async def test_what_was_read_and_what_to_do_next(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Of a reply what it was taken for, with the next steps; of a task of another origin nothing."""
    asked = replace(REPLY, id=InboundId("in-asked"), key="<asked@x>", uid=12, intents=("question",))
    declined = replace(REPLY, id=InboundId("in-no"), key="<no@x>", uid=13, intents=("refusal",))
    held = replace(REPLY, id=InboundId("in-held"), key="<held@x>", uid=14, reading='{"sensitive": ["birth"]}')
    tasks = [replace(READ, id=TaskId(derived("task:reply", row.id))) for row in (asked, declined, held)]
    moved = replace(READ, id=TaskId("t-moved"), kind="moved")
    await desk_world.store.commit(Change((asked, declined, held, *tasks, moved)))
    page = (await sato.get("/")).text

    for case in (cases.QUESTION, cases.REFUSAL, cases.PATIENT_DATA, cases.MOVED):
        w = words("ja")
        assert advice.read(w, case) in page
        assert all(step in page for step in advice.steps(w, case))
    assert 4 == page.count("次の一手")


async def test_who_wrote_and_why_a_mail_came_back_is_said_in_words(
    sato: httpx.AsyncClient, desk_world: World
) -> None:
    """A colleague's answer names the colleague; a bounce has no codes in it; a complaint comes before all."""
    other = replace(
        REPLY,
        id=InboundId("in-other"),
        key="<other@x>",
        uid=17,
        from_name="緑 次郎",
        from_address="midori@minato-hp.example",
        match_rule="header_id/colleague",
    )
    answered = replace(READ, id=TaskId(derived("task:reply", other.id)))
    bounced = replace(READ, id=TaskId("t-bounced"), kind="bounce", detail=f"{NAKAMURA.email}: user_unknown 5.1.1")
    angry = replace(READ, id=TaskId("t-angry"), kind="complaint", detail="", due_at=NOW)
    await desk_world.store.commit(Change((other, answered, bounced, angry)))
    page = (await sato.get("/")).text

    assert f"{NAKAMURA.name} さんの代わりに 緑 次郎 &lt;midori@minato-hp.example&gt; が返信" in page
    assert f"{NAKAMURA.email}\nこのアドレスの方がいません (5.1.1)" in page
    assert "user_unknown" not in page
    places = [page.index(f"/tasks/{task.id}/done") for task in (angry, bounced)]
    assert places == sorted(places)


async def test_a_task_of_the_scenario_bears_its_steps_name(
    sato: httpx.AsyncClient, mori: httpx.AsyncClient, desk_world: World
) -> None:
    """Not the key that the file gives it; a manager sees whose it is."""
    call = replace(READ, id=TaskId("t-step"), kind="call", title="call", step_id="call", detail="")
    await desk_world.store.commit(Change((call,)))
    own, managers = (await sato.get("/")).text, (await mori.get("/")).text

    assert '<span class="who">お電話</span>' in own
    assert "担当者: 佐藤 美咲" not in own
    assert 3 == managers.count("担当者: 佐藤 美咲")


async def test_a_task_that_was_not_done_after_all(sato: httpx.AsyncClient, desk_world: World) -> None:
    """The page that follows offers to take it back; the journal keeps both; a second tap is told so."""
    answer = await send(sato, (await sato.get("/")).text, f"/tasks/{READ.id}/done")
    page = (await sato.get(answer.headers["location"])).text
    undone = await send(sato, page, f"/tasks/{READ.id}/reopen")
    again = await send(sato, page, f"/tasks/{READ.id}/reopen")

    assert (303, 303, 409) == (answer.status_code, undone.status_code, again.status_code)
    assert f"/tasks/{READ.id}/done" not in page
    assert f"/tasks/{READ.id}/done" in (await sato.get("/")).text
    assert f"/tasks/{READ.id}/reopen" not in (await sato.get(f"/?done=task&task={READ.id}")).text
    kinds = [e.kind for e in await desk_world.store.find(Entry) if e.kind.startswith("task.")]
    assert ["task.done", "task.reopened"] == kinds[-2:]


async def test_a_long_mail_can_be_read_whole_and_a_cut_one_says_so(
    sato: httpx.AsyncClient, admin: httpx.AsyncClient, desk_world: World
) -> None:
    """The list shows the beginning and, opened, all that was read; of what was not read, where it lies."""
    long = "お世話になっております。" * 60 + "\n末尾まで読めます。"
    row = replace(REPLY, id=InboundId("in-long"), key="<l@x>", uid=15, text=long, reading='{"defects": ["cut"]}')
    stray = replace(row, id=InboundId("in-cut"), key="<c@x>", uid=16, person_id=None, enrollment_id=None)
    task = replace(READ, id=TaskId(derived("task:reply", row.id)), detail=long[:2000])
    await desk_world.store.commit(Change((row, replace(stray, message_id=None), task)))
    cut = advice.cut(words("ja"), "INBOX")
    page = (await sato.get("/")).text

    assert (1, 1) == (page.count(cut), page.count("末尾まで読めます。"))
    assert 2 == (await admin.get("/")).text.count(cut)
