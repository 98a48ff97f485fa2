"""Beside a mail: what went to and fro with its person, and the deal; as far as the reader sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from nurture.core.change import Change
from nurture.core.deals import Attendee, Deal, Stance
from nurture.core.ids import InboundId, MeetingId, PromiseId
from nurture.core.messages import MessageState
from nurture.web import beside
from tests.web.meetings import DEAL, LAST, OPEN, remember
from tests.web.world import ANSWER, CALL, FOOTER, NOW, REPLY, SATO, TAKAHASHI, TANAKA, TWO_PEOPLE, mail

if TYPE_CHECKING:
    import httpx

    from nurture.core.people import Representative
    from nurture.ports import Store
    from tests.web.world import World

PAGE = f"/messages/{TWO_PEOPLE.id}"
THEIRS = replace(OPEN, id=PromiseId("promise-theirs"), owner="them", text="担当者を決める", due=date(2026, 12, 20))
DONE = replace(OPEN, id=PromiseId("promise-done"), text="見積もりをお送りする", done_at=NOW)


async def wrote(store: Store, count: int, owner: Representative = SATO, **more: object) -> None:
    """So many mails to the person that left, one a day, and an answer half a day after each."""
    for n in range(1, count + 1):
        key, at = f"{owner.id}-{n:02}", NOW - timedelta(days=n)
        values = {"subject": f"便り {key}", "state": MessageState.SENT, "sent_at": at, "planned_at": at} | more
        ours = mail(f"m-{key}", TAKAHASHI, owner, f"step-{key}", **values)
        came = replace(
            REPLY,
            id=InboundId(f"in-{key}"),
            key=f"<in-{key}@aobadai.example>",
            person_id=TAKAHASHI.id,
            subject=f"返事 {key}",
            received_at=at + timedelta(hours=12),
            message_id=ours.id,
            enrollment_id=ours.enrollment_id,
        )
        await store.commit(Change((ours, came)))


async def dealt(store: Store, **more: object) -> None:
    """A history, and a deal to which the mail belongs."""
    await remember(store)
    deal = await store.get(Deal, DEAL.id)
    page = await store.get(type(TWO_PEOPLE), TWO_PEOPLE.id)
    assert deal is not None
    assert page is not None
    changed = replace(deal, competitor="さくら画像", **more)  # type: ignore[arg-type]
    await store.commit(Change((changed, replace(page, deal_id=DEAL.id), THEIRS, DONE)))


async def test_what_went_to_and_fro_stands_beside_a_mail(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Latest first, each with its date, its direction and its words; neither the footer nor the mail itself."""
    await wrote(desk_world.store, 2)
    page = (await sato.get(PAGE)).text
    thread = page[page.index('class="thread"') : page.index('class="history"')]
    places = [thread.index(f"{what} sato-{n:02}") for n in (1, 2) for what in ("返事", "便り")]

    assert sorted(places) == places
    assert 2 == thread.count("受信: 返信")
    assert 2 == thread.count("送信")
    assert ANSWER.splitlines()[-1] in thread
    assert FOOTER.splitlines()[-1] not in thread
    assert TWO_PEOPLE.subject not in thread


async def test_the_correspondence_is_bounded(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Twenty letters, three of them open to see; of a long one the beginning, and where the rest is."""
    await wrote(desk_world.store, 15, body="鶴" * 9_000 + f"\n{FOOTER}")
    page = (await sato.get(PAGE)).text

    assert beside.LETTERS == page.count('<p class="lines">')
    assert "それ以前の17通" in page
    assert 10 * beside.LENGTH == page.count("鶴")
    assert 'href="/messages/m-sato-01"' in page


async def test_a_mail_that_came_back_or_may_have_left_says_so(sato: httpx.AsyncClient, desk_world: World) -> None:
    """What never left is no part of it."""
    await wrote(desk_world.store, 1, state=MessageState.BOUNCED)
    cancelled = mail("m-no", TAKAHASHI, SATO, "no", state=MessageState.CANCELLED, subject="出なかった便り")
    doubt = mail(
        "m-dou", TAKAHASHI, SATO, "dou", state=MessageState.IN_DOUBT, subject="不明な便り", claimed_at=NOW
    )
    await desk_world.store.commit(Change((cancelled, doubt)))
    page = (await sato.get(PAGE)).text

    assert "不達" in page
    assert "不明な便り" in page
    assert "出なかった便り" not in page


async def test_a_colleagues_letters_are_not_shown(sato: httpx.AsyncClient, desk_world: World) -> None:
    """To a person of one's own: their mail is theirs; what the person answered is known to who sees the person."""
    await wrote(desk_world.store, 1, TANAKA, enrollment_id=None)
    page = (await sato.get(PAGE)).text

    assert "便り tanaka-01" not in page
    assert "返事 tanaka-01" in page


async def test_of_a_colleagues_person_only_what_answers_ones_own_mail(
    sato: httpx.AsyncClient, desk_world: World
) -> None:
    """A mail of mine to somebody who is a colleague's by now: their other answers are not mine to read."""
    await wrote(desk_world.store, 1)
    await wrote(desk_world.store, 1, TANAKA, enrollment_id=None)
    person = await desk_world.store.get(type(TAKAHASHI), TAKAHASHI.id)
    assert person is not None
    await desk_world.store.commit(Change((replace(person, rep_id=TANAKA.id),)))
    page = (await sato.get(PAGE)).text

    assert "返事 sato-01" in page
    assert "tanaka-01" not in page
    assert "/organisations/" not in page


async def test_the_deal_stands_beside_a_mail(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Its name and phase, product, competitor, what is promised and not done, tasks, and how the person felt."""
    await dealt(desk_world.store)
    page = (await sato.get(PAGE)).text
    part = page[page.index('class="business"') : page.index('class="history"')]
    words = (
        *(f'href="/deals/{DEAL.id}"', DEAL.name, "課題の把握", DEAL.product, "さくら画像"),
        *(f'href="/meetings/{LAST.id}"', "懐疑的", LAST.concerns[0].text),
        *(OPEN.text, "当方 · 11/20(金)まで", THEIRS.text, "先方 · 12/20(日)まで", CALL.title),
    )

    assert [] == [word for word in words if word not in part]
    assert DONE.text not in part
    assert LAST.private_note not in part
    assert f'href="/organisations/{TAKAHASHI.organisation_id}"' in page


async def test_of_many_promises_the_most_urgent_stand_there(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Five, by their dates; one without a date comes last, and not before one that is due."""
    await dealt(desk_world.store)
    more = [
        replace(OPEN, id=PromiseId(f"p-{n}"), text=f"約束その{n}", due=date(2027, 1, n) if n else None)
        for n in range(5)
    ]
    await desk_world.store.commit(Change(tuple(more)))
    page = (await sato.get(PAGE)).text
    places = [page.find(text) for text in (OPEN.text, THEIRS.text, *(f"約束その{n}" for n in (1, 2, 3)))]

    assert -1 not in places
    assert sorted(places) == places
    assert "約束その4" not in page
    assert "約束その0" not in page


async def test_a_colleagues_deal_and_meetings_are_not_shown(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Not its name, its rival, its promises, nor what was said at a meeting that the reader was not at."""
    await dealt(desk_world.store, rep_id=TANAKA.id)
    later = replace(
        LAST,
        id=MeetingId("met-theirs"),
        rep_id=TANAKA.id,
        ended_at=NOW,
        attendees=(Attendee(TAKAHASHI.id, Stance.SUPPORTIVE),),
    )
    await desk_world.store.commit(Change((later,)))
    page = (await sato.get(PAGE)).text

    assert [] == [word for word in (DEAL.id, "さくら画像", OPEN.text, "met-theirs", "好意的") if word in page]
    assert LAST.concerns[0].text in page


async def test_a_mail_without_a_history_says_nothing_of_one(sato: httpx.AsyncClient) -> None:
    """No empty headings."""
    page = (await sato.get("/messages/m-case")).text

    assert 'class="thread"' not in page
    assert 'class="business"' not in page
