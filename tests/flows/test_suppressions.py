"""Silence by hand and from lists, whom it covers, what it ends, and what alone lifts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.clock import SeededChance
from nurture.core import suppressions as rules
from nurture.core.change import Change
from nurture.core.messages import (
    Enrollment,
    EnrollmentState,
    Entry,
    Message,
    MessageState,
    Suppression,
)
from nurture.core.messages import SuppressionScope as Scope
from nurture.core.people import Basis, LegalBasis, Organisation, Person
from nurture.core.suppressions import Consent, Listed, Refusal
from nurture.errors import StaleVersion, UserError
from nurture.flows import enroll, optout, people, review, suppressions, tick
from nurture.mail import links
from nurture.mail.tokens import tag
from nurture.store import MemoryStore
from tests.flows.conftest import MET, TOKYO, attendee
from tests.flows.test_receive import Pigeonhole, letter, read, thanked
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.ports import Doors
    from tests.flows.conftest import House

SATO = "sato@aoba-hp.example"
AGREED = Consent("佐藤 花子", date(2027, 5, 20), "セミナー案内の再開に同意する", "2027-05-20 の面談議事録")


async def add(house: House, scope: Scope, value: str, **more: object) -> suppressions.Silenced:
    """One refusal, by the representative."""
    refusal = Refusal(scope, value, "person", "電話で承りました")
    return await suppressions.add(house.doors, [refusal], by=REP.id, source="cli", **more)  # type: ignore[arg-type]


async def states(house: House) -> set[tuple[MessageState, str]]:
    """How all mails stand, and why."""
    return {(m.state, m.reason) for m in await house.mails()}


async def target(house: House, scope: Scope) -> str:
    """What covers the one person in that way."""
    person = await house.person()
    return {
        Scope.ADDRESS: person.email,
        Scope.DOMAIN: "aoba-hp.example",
        Scope.ORGANISATION: person.organisation_id or "",
        Scope.TOPIC: f"{person.email}#seminar",
    }[scope]


@pytest.mark.parametrize("scope", [Scope.ADDRESS, Scope.DOMAIN, Scope.ORGANISATION])
@pytest.mark.parametrize("paused", [False, True])
async def test_what_runs_ends_at_once(house: House, scope: Scope, *, paused: bool) -> None:
    """Queued mails are cancelled and the enrollment stopped in the same moment, paused or not, with the reason."""
    met = await house.met()
    if paused:
        await enroll.pause(house.doors, met.enrollments[0].id, by=REP.id, reason="person")

    done = await add(house, scope, await target(house, scope))

    (row,) = await house.store.find(Enrollment)
    assert (EnrollmentState.STOPPED, "person") == (row.state, row.reason)
    assert {(MessageState.CANCELLED, "person")} == await states(house)
    assert (1, 3) == (done.stopped, done.cancelled)
    assert "enrollment.stopped" in await house.kinds()


@pytest.mark.parametrize("scope", [Scope.ADDRESS, Scope.DOMAIN, Scope.ORGANISATION])
async def test_nothing_is_begun_for_who_is_silent(house: House, scope: Scope) -> None:
    """No enrollment by hand, none by a record of a meeting: both say why. An import changes nothing about it."""
    await house.met()
    await add(house, scope, await target(house, scope))
    person = await house.person()

    with pytest.raises(UserError, match="wants no more mail"):
        await enroll.enroll(house.doors, person.id, "short", by=REP.id, anchor_at=MET)
    house.clock.advance_to(house.clock.now() + timedelta(days=30))
    again = await house.met(attendee(), ended_at=house.clock.now() - timedelta(minutes=5))
    row = people.PersonRow(1, SATO, legal_basis=LegalBasis(Basis.CONSENT, date(2027, 5, 1), "新しいリスト"))
    report = await people.import_people(house.doors, [row], by=REP.id, dry_run=False)

    assert ((), ()) == (again.enrollments, again.messages)
    assert ["{name} wants no more mail ({value}): is not enrolled, nothing will be sent"] == [
        w.text for w in again.warnings
    ]
    assert (SATO,) == report.suppressed
    await house.until(house.clock.now() + timedelta(days=20), timedelta(hours=12))
    assert [] == house.wire.letters


async def test_a_domain_covers_all_below_it(house: House) -> None:
    """Mail to med.aoba-hp.example is as unwanted; other-aoba-hp.example is another's."""
    await house.met(
        attendee("a@med.aoba-hp.example", "上田"),
        attendee("b@other-aoba-hp.example", "下田"),
        attendee("c@aoba-hp.example", "中田"),
    )

    done = await add(house, Scope.DOMAIN, "aoba-hp.example")

    assert 2 == done.stopped
    (left,) = await house.store.find(Enrollment, {"state": EnrollmentState.ACTIVE})
    person = await house.store.get(Person, left.person_id)
    assert person is not None
    assert "b@other-aoba-hp.example" == person.email


async def test_an_approved_mail_does_not_leave(house: House) -> None:
    """Approved and due, silenced by another program's hand that stopped nothing: cancelled at the last check."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    refusal = Refusal(Scope.DOMAIN, "aoba-hp.example", "complaint")
    row = rules.refuse(refusal, None, "cli", house.clock.now(), TOKYO)
    assert row is not None
    await house.store.commit(Change((row,)))

    await house.send()

    assert [] == house.wire.letters
    assert (MessageState.CANCELLED, "suppressed") in await states(house)


async def test_a_mail_that_somebody_edited_and_approved_does_not_leave(house: House) -> None:
    """A text by hand is no way around it."""
    (mail,) = (await house.met()).messages
    edited = await review.edit(
        house.doors, mail.id, by=REP.id, subject="個人的なご連絡", body="一言だけ。\n", seen=mail.fingerprint
    )
    await house.approve(edited)

    await add(house, Scope.ADDRESS, SATO)
    await house.send()

    assert [] == house.wire.letters
    assert {(MessageState.CANCELLED, "person")} == await states(house)


async def test_only_a_later_consent_lifts_it(house: House) -> None:
    """Without who, words and proof, or with one of before the refusal, or of tomorrow, it stays in force."""
    await house.met()
    await add(house, Scope.ADDRESS, SATO)
    house.clock.advance_to(MET + timedelta(days=12))

    for consent, why in (
        (replace(AGREED, who=" "), "names nobody"),
        (replace(AGREED, wording=""), "no wording"),
        (replace(AGREED, evidence="\n"), "no evidence"),
        (replace(AGREED, on=date(2027, 5, 9)), "older than the refusal"),
        (replace(AGREED, on=date(2027, 5, 23)), "day to come"),
    ):
        with pytest.raises(UserError, match=why):
            await suppressions.lift(house.doors, Scope.ADDRESS, SATO, consent, by=REP.id)
    (row,) = await house.store.find(Suppression)
    assert row.lifted_at is None

    await suppressions.lift(house.doors, Scope.ADDRESS, SATO, AGREED, by=REP.id)

    (row,) = await house.store.find(Suppression)
    assert (house.clock.now(), True) == (row.lifted_at, AGREED.wording in row.lifted_evidence)
    (said,) = await house.store.find(Entry, {"kind": "suppression.lifted"})
    person = await house.person()
    assert (REP.id, person.id) == (said.actor, said.person_id)
    assert ("佐藤 花子", "2027-05-20", AGREED.wording, AGREED.evidence) == tuple(
        said.data[name] for name in ("who", "on", "wording", "evidence")
    )
    assert {EnrollmentState.STOPPED} == {e.state for e in await house.store.find(Enrollment)}
    begun = await enroll.enroll(house.doors, person.id, "short", by=REP.id, anchor_at=house.clock.now())
    assert EnrollmentState.ACTIVE == begun.state


async def test_what_is_not_suppressed_cannot_be_lifted(house: House) -> None:
    """Nor twice."""
    await house.met()
    with pytest.raises(UserError, match="is not suppressed"):
        await suppressions.lift(house.doors, Scope.ADDRESS, SATO, AGREED, by=REP.id)
    await add(house, Scope.ADDRESS, SATO)
    house.clock.advance_to(MET + timedelta(days=12))
    await suppressions.lift(house.doors, Scope.ADDRESS, SATO, AGREED, by=REP.id)
    with pytest.raises(UserError, match="is not suppressed any more"):
        await suppressions.lift(house.doors, Scope.ADDRESS, SATO, AGREED, by=REP.id)


async def test_a_lift_opens_one_door_only(house: House) -> None:
    """Whose domain is silent too stays silent."""
    await house.met()
    await add(house, Scope.ADDRESS, SATO)
    await add(house, Scope.DOMAIN, "aoba-hp.example")
    house.clock.advance_to(MET + timedelta(days=12))
    await suppressions.lift(house.doors, Scope.ADDRESS, SATO, AGREED, by=REP.id)

    with pytest.raises(UserError, match="wants no more mail"):
        await enroll.enroll(house.doors, (await house.person()).id, "short", by=REP.id, anchor_at=MET)


async def test_an_old_link_silences_again_after_a_consent(house: House) -> None:
    """The link of a mail of before works for ever: whoever presses it later wants silence again."""
    (mail,) = (await house.met()).messages
    await optout.unsubscribe(house.doors, mail.unsubscribe_token, source="one_click", evidence="POST")
    house.clock.advance_to(MET + timedelta(days=12))
    await suppressions.lift(house.doors, Scope.ADDRESS, SATO, AGREED, by=REP.id)
    house.clock.advance_to(MET + timedelta(days=13))

    await optout.unsubscribe(house.doors, mail.unsubscribe_token, source="one_click", evidence="POST")

    (row,) = await house.store.find(Suppression)
    assert (None, house.clock.now()) == (row.lifted_at, row.at)


# --- links of mails that nobody here knows any more ---------------------------------------------------------


async def restored(house: House, *kept: Person) -> Doors:
    """A database as a backup brings it back: of before the mail was written, or even the person met."""
    store = MemoryStore()
    await store.commit(Change(tuple(replace(one, organisation_id=None, rep_id=None, version=0) for one in kept)))
    return replace(house.doors, store=store)


@pytest.mark.parametrize("known", [True, False])
async def test_a_link_works_without_its_mail(house: House, known: bool) -> None:
    """After a restore from a backup: who presses the link is silent, whether or not the person came back."""
    (mail,) = (await house.met()).messages
    doors = await restored(house, *([await house.person()] if known else []))
    done = await optout.unsubscribe(doors, mail.unsubscribe_token, source="one_click", evidence="POST")
    (row,), (said,) = await doors.store.find(Suppression), await doors.store.find(Entry)

    assert done
    assert (SATO, "one_click", "unsubscribe", "POST") == (row.value, row.source, row.reason, row.evidence)
    assert ("person.suppressed" if known else "suppression.added") == said.kind
    assert await optout.unsubscribe(doors, mail.unsubscribe_token, source="one_click", evidence="again")
    assert ((row,), (said,)) == (await doors.store.find(Suppression), await doors.store.find(Entry))


async def test_a_link_stops_what_a_person_was_begun_with_since(house: House) -> None:
    """Its mail is gone, but its reader is known: what runs for that person ends."""
    (mail,) = (await house.met()).messages
    (since,) = await house.store.find(Enrollment)
    lost = links.sealed(house.doors.link_key, SATO, "a mail that is lost")
    assert await optout.unsubscribe(house.doors, lost, source="web", evidence="button")
    stopped = await house.store.get(Enrollment, since.id)

    assert stopped is not None
    assert EnrollmentState.STOPPED is stopped.state
    assert MessageState.CANCELLED is (await house.mail(mail.step_id)).state


async def test_a_link_names_the_address_that_its_mail_goes_to(house: House) -> None:
    """A draft keeps its link as long as it goes to that address, and has another one for another."""
    (mail,) = (await house.met()).messages
    assert mail.enrollment_id is not None
    blank = replace(mail, state=MessageState.PLANNED, body="", subject="")
    await house.store.commit(Change((blank,)))
    await tick.advance(house.doors, [mail.enrollment_id])
    same = await house.mail("thanks")
    person = await house.person()
    moved = replace(person, email="sato@elsewhere.example")
    await house.store.commit(Change((moved, replace(same, state=MessageState.PLANNED, body="", subject=""))))
    await tick.advance(house.doors, [mail.enrollment_id])
    other = await house.mail("thanks")

    assert mail.unsubscribe_token == same.unsubscribe_token
    assert "sato@elsewhere.example" == links.opened(house.doors.link_key, other.unsubscribe_token)


async def test_a_link_that_was_not_sealed_works_by_its_row(house: House) -> None:
    """What left before links were sealed."""
    (mail,) = (await house.met()).messages
    await house.store.commit(Change((replace(mail, unsubscribe_token="as-it-was-made-formerly"),)))
    done = await optout.unsubscribe(house.doors, "as-it-was-made-formerly", source="web", evidence="button")

    assert done
    assert [SATO] == [row.value for row in await house.store.find(Suppression)]


async def test_the_key_of_links_is_made_once() -> None:
    """It is kept in the database; whoever opens that later has the same."""
    store = MemoryStore()
    first = await optout.key(store, SeededChance(1))

    assert len(first) >= 64
    assert first == await optout.key(store, SeededChance(2))


# --- one topic --------------------------------------------------------------------------------------------


async def test_a_refused_topic_is_not_written_about(house: House) -> None:
    """The case study goes, the enrollment goes on: no mail with refused content is written, or leaves."""
    await thanked(house)
    await house.until(MET + timedelta(days=2))
    case = await house.mail("case")
    assert case.content_id is not None
    items = {item.id: item for item in house.doors.library.content()}
    topics = [*items[case.content_id].topics, items[case.content_id].kind]
    await house.approve(case)

    await add(house, Scope.TOPIC, f"{SATO}#{topics[-1]}")
    await tick.tick(house.doors)

    case = await house.mail("case")
    assert (MessageState.PLANNED, "") == (case.state, case.body)
    await house.until(MET + timedelta(days=20), timedelta(hours=6))
    sent = [m.content_id for m in await house.mails() if m.state is MessageState.SENT]
    assert not [key for key in sent if key and topics[-1] in {items[key].kind, *items[key].topics}]


async def test_an_edited_mail_about_a_refused_topic_does_not_leave(house: House) -> None:
    """Edited and approved by hand, and the refusal known to nobody but the last check."""
    await thanked(house)
    await house.until(MET + timedelta(days=2))
    case = await house.mail("case")
    edited = await review.edit(
        house.doors, case.id, by=REP.id, subject="事例", body="手で書いた事例\n", seen=case.fingerprint
    )
    await house.approve(edited)
    refusal = Refusal(Scope.TOPIC, f"{SATO}#case_study", "person")
    row = rules.refuse(refusal, None, "cli", house.clock.now(), TOKYO)
    assert row is not None
    await house.store.commit(Change((row,)))
    house.clock.advance_to(edited.planned_at or MET)

    await house.send()

    case = await house.mail("case")
    assert [] == [letter for letter in house.wire.letters if letter.header_id == case.header_id]
    assert (MessageState.WAITING, "topic_refused") == (case.state, case.reason)


# --- lists ------------------------------------------------------------------------------------------------


def listed(*rows: Listed | str) -> Sequence[Listed]:
    """Rows of a list; a text is an address without more."""
    return [Listed(n, row) if isinstance(row, str) else row for n, row in enumerate(rows, 2)]


async def test_a_list_comes_in_once(house: House) -> None:
    """Good rows count, bad ones are named by line, a second import changes nothing."""
    await house.met()
    rows = listed(
        "SATO@AOBA-HP.example",
        "sato@aoba-hp.example",  # twice
        "＠",
        "kato＠midori-hp．example",  # full width
        "midori.example",
        Listed(7, "青葉中央病院", Scope.ORGANISATION),
        Listed(8, "どこかの病院", Scope.ORGANISATION),
        "or.jp",
        Listed(10, "sato@aoba-hp.example", topic="セミナー"),
        Listed(11, "sato@aoba-hp.example", topic="a b"),
    )

    first = await suppressions.add_rows(house.doors, rows, by=REP.id)
    before = await house.kinds()
    second = await suppressions.add_rows(house.doors, rows, by=REP.id)

    (where,) = await house.store.find(Organisation)
    kept = {SATO, "kato@midori-hp.example", "midori.example", where.id, f"{SATO}#セミナー"}
    assert kept == {s.value for s in await house.store.find(Suppression)}
    assert [4, 8, 9, 11] == [e.where.line for e in first.errors if e.where]
    assert (5, 0, 1) == (len(first.added), len(second.added), first.stopped)
    assert before == await house.kinds()


async def test_a_dry_run_says_the_same_and_does_nothing(house: House) -> None:
    """What it counts is what then happens."""
    await house.met()
    for scope in (Scope.ADDRESS, Scope.DOMAIN, Scope.ORGANISATION):
        said = await add(house, scope, await target(house, scope), dry_run=True)
        assert (1, 1, 3) == (len(said.added), said.stopped, said.cancelled)
    assert () == await house.store.find(Suppression)
    assert {EnrollmentState.ACTIVE} == {e.state for e in await house.store.find(Enrollment)}


@pytest.mark.parametrize(
    ("on", "silent"),
    [(date(2027, 5, 10), False), (date(2027, 5, 20), False), (date(2027, 5, 21), True), (None, True)],
)
async def test_an_old_list_does_not_undo_a_consent(house: House, on: date | None, *, silent: bool) -> None:
    """A refusal of before the consent is settled by it; one of after it, or of no date, counts anew."""
    await house.met()
    await add(house, Scope.ADDRESS, SATO)
    house.clock.advance_to(MET + timedelta(days=20))
    await suppressions.lift(house.doors, Scope.ADDRESS, SATO, AGREED, by=REP.id)

    await suppressions.add_rows(house.doors, [Listed(2, SATO, on=on)], by=REP.id)

    (row,) = await house.store.find(Suppression)
    assert silent is (row.lifted_at is None)


async def test_somebody_else_writes_at_the_same_moment(house: House) -> None:
    """The silence is written before the enrollments are; who keeps changing is ended by the beat."""
    await house.met()
    busy = 0

    async def trouble(change: Change) -> None:
        """Another writer, each time an enrollment is stopped."""
        nonlocal busy
        if any(isinstance(p, Enrollment) for p in change.puts):
            busy += 1
            raise StaleVersion("enrollment", "e")

    house.store.trouble = trouble
    await add(house, Scope.ADDRESS, SATO)
    house.store.trouble = None
    assert (1, 5) == (await house.store.count(Suppression), busy)

    await house.until(MET + timedelta(days=1))
    assert {(EnrollmentState.STOPPED, "person")} == {
        (e.state, e.reason) for e in await house.store.find(Enrollment)
    }


# --- by mail ----------------------------------------------------------------------------------------------


async def test_a_stranger_who_unsubscribes_is_remembered(house: House) -> None:
    """A command to unsubscribe from an address that nobody knows: whoever brings it in later sends nothing."""
    await read(house, Pigeonhole([letter("", sender="kato@midori-hp.example", subject="unsubscribe")]))

    (row,) = await house.store.find(Suppression)
    assert ("kato@midori-hp.example", "mailto") == (row.value, row.source)
    met = await house.met(attendee("kato@midori-hp.example", "加藤"))
    assert () == met.enrollments


async def test_an_opt_out_from_a_second_address_silences_both(house: House) -> None:
    """Who answers from another address of the same house: the one that we wrote to, and the one that answered."""
    mail = await thanked(house)
    await read(house, Pigeonhole([letter("今後の配信は不要です。", mail, "h.sato@aoba-hp.example")]))

    assert {SATO, "h.sato@aoba-hp.example"} == {s.value for s in await house.store.find(Suppression)}


@pytest.mark.parametrize("forged", [False, True])
async def test_the_token_of_the_mailto_form_is_enough(house: House, *, forged: bool) -> None:
    """A forwarded letter, whose new reader's program writes to the tagged address: its addressee is silent.

    A token that is nearly right silences nobody but who sent it.
    """
    mail = await thanked(house)
    token = tag(mail.id, mail.unsubscribe_token.encode())
    token = token if not forged else token[:-1] + ("a" if token[-1] != "a" else "b")
    to = f"tanaka+{token}@minato.example"
    raw = letter("", sender="home@elsewhere.example", subject="unsubscribe", to=to)
    await read(house, Pigeonhole([raw, raw]))

    silent = {s.value for s in await house.store.find(Suppression)}
    assert ({"home@elsewhere.example"} | (set() if forged else {SATO})) == silent
    assert {EnrollmentState.ACTIVE if forged else EnrollmentState.STOPPED} == {
        e.state for e in await house.store.find(Enrollment)
    }


async def test_the_mailto_form_is_told_from_a_reply(house: House) -> None:
    """A mail to the address of List-Unsubscribe, with its subject."""
    await thanked(house)
    await read(house, Pigeonhole([letter("", subject="unsubscribe")]))

    (row,) = await house.store.find(Suppression)
    assert (SATO, "mailto", "unsubscribe") == (row.value, row.source, row.reason)
    assert {EnrollmentState.STOPPED} == {e.state for e in await house.store.find(Enrollment)}
    found = await house.store.find(
        Message, {"state": tuple(s for s in MessageState if s is not MessageState.SENT)}
    )
    assert {MessageState.CANCELLED} >= {m.state for m in found}
