"""Who moves or leaves is thanked, who follows is introduced: drafts, each once (practice F27)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.ids import PersonId, RepId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Message, MessageState
from nurture.core.people import Basis, LegalBasis, Person
from nurture.errors import UserError
from nurture.flows import handover, tick
from nurture.flows.succession import Named
from tests.flows.conftest import MET, House
from tests.flows.test_receive import SATO, Pigeonhole, letter, read
from tests.flows.test_shipped import thanked, where
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import Mapping

MOVES = "このたび4月1日付で他院へ異動いたしました。お世話になりました。"
HEIR = "このたび異動いたしました。後任は高橋でございます。連絡先は takahashi@aoba-hp.example です。"
BASIS = LegalBasis(Basis.CONSENT, MET.date(), "5月10日にお電話でご了承")
TAKAHASHI = Named("takahashi@aoba-hp.example", "高橋", "恵", legal_basis=BASIS)


async def reasons(house: House, kind: str) -> list[object]:
    """Why there is no draft, as the journal says."""
    return [e.data["reason"] for e in await house.store.find(Entry, {"kind": kind})]


async def person(house: House, email: str = SATO) -> Person:
    """By the address."""
    (found,) = await house.store.find(Person, {"email": email})
    return found


async def drafts(house: House) -> Mapping[str, Message]:
    """What waits at the desk after a beat, by step."""
    await tick.tick(house.doors)
    return {m.step_id: m for m in await house.mails() if m.state is MessageState.WAITING}


def plain(message: Message) -> str:
    """The text without its line breaks."""
    return message.body.replace("\n", "")


async def test_who_says_that_he_moves_is_thanked_after_approval(sql_house: House) -> None:
    """All else stops; a draft waits, asks who follows, and leaves when it was approved; then it is over."""
    house, sent = await thanked(sql_house)
    await read(house, Pigeonhole([letter(MOVES, sent)]))

    assert {"warm-lead-30d": EnrollmentState.STOPPED, "contact-moved": EnrollmentState.ACTIVE} == await where(
        house
    )
    draft = (await drafts(house))["gratitude"]
    assert "ご担当をお離れになると伺いました" in plain(draft)
    assert "後任の方のお名前だけ" in plain(draft)
    await house.until(MET + timedelta(days=2), timedelta(hours=6))
    assert MessageState.WAITING is (await house.mail("gratitude")).state
    await house.approve(await house.mail("gratitude"))
    await house.until(MET + timedelta(days=4), timedelta(minutes=20))
    assert MessageState.SENT is (await house.mail("gratitude")).state
    assert EnrollmentState.COMPLETED is (await where(house))["contact-moved"]


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("佐藤は3月31日付で退職しております。", {"Auto_Submitted": "auto-replied"}),
        ("佐藤は3月31日付で退職しております。", {"sender": "jimu@aoba-hp.example"}),
    ],
)
async def test_nobody_is_thanked_at_an_address_that_is_gone(
    house: House, text: str, headers: Mapping[str, str]
) -> None:
    """A machine, or a colleague, says so: that proves no address; the journal says why there is no draft."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter(text, sent, **headers)]))

    assert {"warm-lead-30d": EnrollmentState.STOPPED} == await where(house)
    assert ["address_gone"] == await reasons(house, "farewell.none")


async def test_another_address_is_no_farewell(house: House) -> None:
    """Who stays is not thanked for the time together."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter("メールアドレスが変わりました。", sent)]))

    assert {"warm-lead-30d": EnrollmentState.STOPPED} == await where(house)
    assert [] == await reasons(house, "farewell.none")


async def test_a_departure_is_thanked_for_once(house: House) -> None:
    """A second mail about it writes no second letter: one that has left, or was refused, is not written again."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter(MOVES, sent)]))
    first = (await drafts(house))["gratitude"]
    again = letter(MOVES, sent, message_id="<again@aoba-hp.example>")
    await read(house, Pigeonhole([b"", again]))
    assert 1 == len(await drafts(house))  # what had not left was cancelled, and is written once more
    second = (await drafts(house))["gratitude"]
    assert first.id != second.id
    await house.approve(second)
    await house.until(MET + timedelta(days=2), timedelta(minutes=20))
    assert MessageState.SENT is next(m for m in await house.mails() if m.id == second.id).state
    await read(house, Pigeonhole([b"", b"", letter(MOVES, sent, message_id="<third@aoba-hp.example>")]))

    assert {} == await drafts(house)
    assert ["drafted_already"] == await reasons(house, "farewell.none")


async def test_a_successor_who_is_named_beyond_doubt_is_recorded(house: House) -> None:
    """Name and address at the same hospital, by the person: recorded without a basis, so nothing is written."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter(HEIR, sent)]))
    before, after = await person(house), await person(house, TAKAHASHI.email)

    assert (after.id, "高橋", False) == (before.successor_id, after.family_name, after.legal_basis.allows_mail)
    assert (before.organisation_id, before.rep_id) == (after.organisation_id, after.rep_id)
    assert ["no_legal_basis"] == await reasons(house, "introduction.none")
    assert "高橋先生には、改めてご挨拶を" in plain((await drafts(house))["gratitude"])


async def test_the_answer_to_our_thanks_names_the_successor(house: House) -> None:
    """They asked who follows: who is named beyond doubt is recorded, as if the first mail had said it."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter(MOVES, sent)]))
    await house.approve((await drafts(house))["gratitude"])
    await house.until(MET + timedelta(days=2), timedelta(minutes=20))
    asked = await house.mail("gratitude")
    said = letter(
        "後任は高橋でございます。連絡先は takahashi@aoba-hp.example です。",
        asked,
        message_id="<heir@aoba-hp.example>",
    )
    await read(house, Pigeonhole([b"", said]))

    assert (await person(house)).successor_id == (await person(house, TAKAHASHI.email)).id


async def test_whoever_is_elsewhere_is_only_offered(house: House) -> None:
    """An address of another house is a person's to look at."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter(HEIR.replace("@aoba-hp", "@elsewhere"), sent)]))

    assert (await person(house)).successor_id is None
    assert 1 == len(await house.store.find(Person))


async def test_the_successor_is_introduced_once_there_is_a_basis(sql_house: House) -> None:
    """Recorded from a mail without one, then with one: the draft names the predecessor and what was agreed."""
    house, sent = await thanked(sql_house)
    await read(house, Pigeonhole([letter(HEIR, sent)]))
    after = await person(house, TAKAHASHI.email)
    with pytest.raises(UserError):
        await handover.found_basis(house.doors, after.id, replace(BASIS, evidence=""), by=REP.id)
    await handover.found_basis(house.doors, after.id, BASIS, by=REP.id)

    draft = (await drafts(house))["introduction"]
    assert ("takahashi@aoba-hp.example", MessageState.WAITING) == (draft.to_address, draft.state)
    assert "佐藤先生の後任として" in plain(draft)
    assert "初めてのご連絡" in plain(draft)
    assert draft.planned_on is not None
    assert draft.planned_on > MET.date()


async def test_nobody_is_introduced_twice(house: House) -> None:
    """Recorded again, or with another basis: one draft; and none for who has had mail from us."""
    house, _ = await thanked(house)
    sato = await person(house)
    for _ in range(2):
        await handover.succeed(house.doors, sato.id, TAKAHASHI, by=REP.id)
    after = await person(house, TAKAHASHI.email)
    await handover.found_basis(house.doors, after.id, BASIS, by=REP.id)

    assert 1 == len(await house.store.find(Enrollment, {"person_id": after.id}))
    assert ["known_already"] * 2 == await reasons(house, "introduction.none")
    await handover.succeed(house.doors, after.id, Named(SATO, "佐藤"), by=REP.id)
    assert ["known_already"] * 3 == await reasons(house, "introduction.none")


async def test_a_departure_that_a_person_records(house: House) -> None:
    """Everything stops; thanks are drafted where the address still works; recorded again, nothing comes twice."""
    house, _ = await thanked(house)
    sato = await person(house)
    await handover.depart(house.doors, sato.id, by=REP.id, works=False)
    assert {"warm-lead-30d": EnrollmentState.STOPPED} == await where(house)
    await handover.depart(house.doors, sato.id, by=REP.id, works=True)
    await handover.depart(house.doors, sato.id, by=REP.id, works=True)

    assert ["gratitude"] == list(await drafts(house))
    assert ["drafted_already"] == await reasons(house, "farewell.none")


async def test_thanks_that_wait_are_written_anew_when_the_successor_is_known(house: House) -> None:
    """They do not ask for a name that has been told; a text of a person's own stays."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter(MOVES, sent)]))
    asking = (await drafts(house))["gratitude"]
    await handover.succeed(house.doors, (await person(house)).id, TAKAHASHI, by=REP.id)
    knowing = (await drafts(house))["gratitude"]

    assert "後任の方のお名前だけ" in plain(asking)
    assert "高橋先生には、改めてご挨拶を" in plain(knowing)
    await house.store.commit(Change((replace(knowing, edited_by=REP.id, body="自筆です。"),)))
    await handover.succeed(house.doors, (await person(house)).id, TAKAHASHI, by=REP.id)
    assert "自筆です。" == (await drafts(house))["gratitude"].body


async def test_it_can_be_taken_back(house: House) -> None:
    """Thanks and introduction that have not left are cancelled, nobody follows; the journal keeps both lines."""
    house, sent = await thanked(house)
    await read(house, Pigeonhole([letter(MOVES, sent)]))
    sato = await person(house)
    await handover.succeed(house.doors, sato.id, TAKAHASHI, by=REP.id)
    assert {"gratitude", "introduction"} == set(await drafts(house))
    await handover.stay(house.doors, sato.id, by=REP.id)

    assert {} == await drafts(house)
    assert (await person(house)).successor_id is None
    assert {EnrollmentState.STOPPED} == {e.state for e in await house.store.find(Enrollment)}
    kinds = [e.kind for e in await house.store.find(Entry) if e.kind in {"person.succeeded", "person.stayed"}]
    assert ["person.succeeded", "person.stayed"] == kinds


@pytest.mark.parametrize(
    ("basis", "reason"), [(LegalBasis(), "no_legal_basis"), (BASIS, "suppressed"), (BASIS, "no_scenario")]
)
async def test_what_stands_against_a_draft_is_said(house: House, basis: LegalBasis, reason: str) -> None:
    """No basis, an opt-out, no such scenario in the folder: no draft, and the line says why."""
    if reason != "no_scenario":
        house, _ = await thanked(house)
    else:
        await house.met()
    sato = await person(house)
    await house.store.commit(Change((replace(sato, legal_basis=basis),)))
    if reason == "suppressed":
        await handover.refuse_mail(house.doors, sato.id, by=REP.id, evidence="お電話で")
    await handover.depart(house.doors, sato.id, by=REP.id, works=True)

    assert [reason] == await reasons(house, "farewell.none")
    assert {} == await drafts(house)


async def test_it_can_be_switched_off(house: House) -> None:
    """``farewell = ""`` and ``introduction = ""``: as if nobody had thought of it."""
    house, sent = await thanked(house)
    work = replace(house.doors.settings.work, farewell="", introduction="")
    house = replace(house, doors=replace(house.doors, settings=replace(house.doors.settings, work=work)))
    await read(house, Pigeonhole([letter(HEIR, sent)]))

    assert {"warm-lead-30d": EnrollmentState.STOPPED} == await where(house)
    assert [] == await reasons(house, "farewell.none") + await reasons(house, "introduction.none")


async def test_nobody_else_records_it(house: House) -> None:
    """Of somebody whom nobody knows, or by somebody who may not act for the person."""
    house, _ = await thanked(house)
    sato = await person(house)
    for key, by in ((PersonId("nobody"), REP.id), (sato.id, RepId("nobody"))):
        with pytest.raises(UserError):
            await handover.depart(house.doors, key, by=by, works=True)
        with pytest.raises(UserError):
            await handover.stay(house.doors, key, by=by)
        with pytest.raises(UserError):
            await handover.found_basis(house.doors, key, BASIS, by=by)

    assert {"warm-lead-30d": EnrollmentState.ACTIVE} == await where(house)
