"""How much leaves, and when: limits, warm-up, refusals and the safety valve around the sending beat."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.core.change import Change
from nurture.core.ids import MailboxId, RepId
from nurture.core.limits import DOMAIN_LIMIT, GRACE, Budget, Limits, MailboxLimits, Rate, Valve, Wait
from nurture.core.messages import Entry, Message, MessageState
from nurture.core.people import AccessRole, Representative
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.errors import TemporaryFailure, UserError
from nurture.flows import pacing, recovery, steering
from nurture.flows.record import AttendeeRecord
from tests.flows.conftest import House, TroubledMemory, attendee, build
from tests.flows.world import Killed
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOX = MailboxId("tanaka")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ADMIN = Representative(RepId("ito"), "伊藤", "ito@minato.example", access=(AccessRole.ADMINISTRATOR,))
OPS = Representative(RepId("abe"), "阿部", "abe@minato.example", access=(AccessRole.OPERATIONS,), language="en")
OTHER = Representative(RepId("mori"), "森", "mori@minato.example")
REFUSED = Outcome(Verdict.REFUSED, "554 5.7.1 no")
OK = Outcome(Verdict.ACCEPTED, "250 ok")


def limited(house: House, mailbox: MailboxLimits | None = None, overall: Limits | None = None) -> None:
    """Give the house these limits."""
    box = replace(house.doors.settings.mailboxes[0], limits=mailbox or MailboxLimits())
    changed = replace(house.doors.settings, mailboxes=(box,), limits=overall or Limits())
    house.doors = replace(house.doors, settings=changed)


async def many(house: House, count: int, domain: str = "aoba-hp.example", prefix: str = "p") -> list[Message]:
    """That many thank-yous to colleagues, approved and due."""
    people: list[AttendeeRecord] = [attendee(f"{prefix}{n}@{domain}", f"人{n}") for n in range(count)]
    done = await house.met(*people, ended_at=house.clock.now())
    return [await house.approve(mail) for mail in done.messages]


def to(house: House) -> list[str]:
    """To whom letters have left, in order."""
    return [letter.recipient for letter in house.wire.letters]


async def states(house: House) -> Counter[MessageState]:
    """How many thank-yous stand where."""
    return Counter(m.state for m in await house.mails("thanks"))


class TestRates:
    """Limits of a mailbox, of a domain, of all."""

    async def test_a_mailbox_sends_its_number_and_the_rest_waits_untouched(self, house: House) -> None:
        """Two a minute: two leave, the beat says when to come again, and nothing is written about the others."""
        limited(house, MailboxLimits(Rate(2)))
        await many(house, 5)
        before = await house.kinds()

        report = await house.send()

        assert 2 == len(house.wire.letters)
        assert house.clock.now() + MINUTE == report.again
        assert ["message.sent"] * 2 == (await house.kinds())[len(before) :]
        house.clock.advance_to(house.clock.now() + MINUTE)
        await house.send()
        assert 4 == len(house.wire.letters)

    async def test_a_full_domain_puts_letters_off_to_instants_of_their_own(self, house: House) -> None:
        """One an hour to each domain: the second and third of one wait, that of another leaves; why says so."""
        limited(house, overall=Limits(domain=Rate(per_hour=1)))
        began = house.clock.now()
        await many(house, 3)
        await many(house, 1, "other.example", "q")

        report = await house.send()

        assert {"aoba-hp.example", "other.example"} == {address.partition("@")[2] for address in to(house)}
        assert 2 == report.put_off
        rows = await house.store.find(Message, {"state": MessageState.APPROVED}, order=("not_before",))
        second, third = rows
        assert (MessageState.APPROVED, DOMAIN_LIMIT) == (second.state, second.reason)
        assert (began + HOUR + GRACE, began + 2 * (HOUR + GRACE)) == (second.not_before, third.not_before)
        wait = Wait(DOMAIN_LIMIT, "aoba-hp.example", second.not_before, 1, "hour")
        assert (wait,) == await pacing.waits(house.doors, second, "short")
        assert 2 == (await house.kinds()).count("message.put_off")

        house.clock.advance_to(began + HOUR + GRACE)
        await house.send()
        house.clock.advance_to(began + 2 * (HOUR + GRACE))
        await house.send()
        assert 4 == len(house.wire.letters)
        assert 2 == (await house.kinds()).count("message.put_off")  # each once

    async def test_what_is_refused_by_the_last_check_takes_no_place(self, house: House) -> None:
        """A letter that is held leaves its place to the next."""
        limited(house, MailboxLimits(Rate(1)))
        first, second = sorted(await many(house, 2), key=lambda m: m.id)
        await house.store.commit(Change((replace(first, approvals=()),)))
        await house.send()
        await house.send()

        assert [second.to_address] == to(house)

    async def test_a_letter_that_was_not_begun_gives_its_place_back(self, house: House) -> None:
        """No line to the server: nothing has left, so nothing counts."""
        limited(house, MailboxLimits(Rate(per_day=1)))
        await many(house, 1)
        house.wire.answer = lambda _: Outcome(Verdict.UNTOUCHED, "no line")
        await house.send()
        house.wire.answer = lambda _: OK
        house.clock.advance_to(house.clock.now() + HOUR)
        await house.send()

        assert 1 == (await states(house))[MessageState.SENT]

    async def test_a_doubt_counts(self, house: House) -> None:
        """It may have left: it has its place."""
        limited(house, MailboxLimits(Rate(per_day=1)))
        await many(house, 2)
        house.wire.answer = lambda _: Outcome(Verdict.UNKNOWN, "line lost")
        await house.send()
        house.wire.answer = lambda _: OK
        house.clock.advance_to(house.clock.now() + HOUR)
        await house.send()

        assert Counter({MessageState.IN_DOUBT: 1, MessageState.APPROVED: 1}) == await states(house)

    async def test_all_together(self, house: House) -> None:
        """Two an hour over everything: the third waits."""
        limited(house, overall=Limits(overall=Rate(per_hour=2)))
        await many(house, 3)
        report = await house.send()

        assert 2 == len(house.wire.letters)
        assert house.clock.now() + HOUR == report.again

    async def test_a_pause_between_letters(self, house: House) -> None:
        """With jitter letters leave one by one, some seconds apart, and each has its own pause."""
        limited(house, MailboxLimits(jitter_seconds=40))
        await many(house, 4)
        instants = []
        for _ in range(4):
            report = await house.send()
            instants.append(house.clock.now())
            if report.again is not None:
                house.clock.advance_to(report.again)

        assert 4 == len(house.wire.letters)
        gaps = [(b - a).total_seconds() for a, b in pairwise(instants)]
        assert all(0 < gap <= 40 for gap in gaps)
        assert 3 == len(set(gaps))


class TestWarmUp:
    """A mailbox that is new."""

    async def test_it_begins_with_little_and_remembers_since_when(self, house: House) -> None:
        """The first day one letter, after the warm-up all; the first use is kept in the store."""
        limited(house, MailboxLimits(Rate(per_day=100), warmup_start=1, warmup_days=4))
        await many(house, 3)
        await house.send()

        assert 1 == len(house.wire.letters)
        assert house.clock.now().date() == (await steering.gates(house.doors)).first[BOX]
        (wait, _), *_ = pacing.standing(
            house.doors, *await pacing.look(house.doors, house.clock.now()), house.clock.now()
        )
        assert ("warm_up", 1, "day") == (wait.reason, wait.limit, wait.span)

    async def test_a_mailbox_that_has_long_been_used_is_not_new(self, house: House) -> None:
        """The limits came with an upgrade: what it sent before counts."""
        await many(house, 1)
        await house.send()
        (mail,) = await house.mails("thanks")
        assert mail.sent_at is not None
        await house.store.commit(Change((replace(mail, sent_at=mail.sent_at - 30 * DAY),)))
        limited(house, MailboxLimits(Rate(per_day=100), warmup_start=1, warmup_days=4))
        await many(house, 3, prefix="q")
        await house.send()

        assert 4 == len(house.wire.letters)


class TestRefusals:
    """The error budget."""

    BUDGET = Limits(refusals=Budget(3, 50, 24))

    async def test_a_mailbox_that_is_refused_stops_and_people_are_told(self, house: House) -> None:
        """After three refusals nothing more is tried; owner and administrators hear of it once, others do not."""
        await house.store.commit(Change((ADMIN, OPS, OTHER)))
        limited(house, overall=self.BUDGET)
        await many(house, 8)
        house.wire.answer = lambda _: REFUSED
        for _ in range(3):
            await house.send()

        tried = len(house.wire.letters)
        assert 3 <= tried < 8
        found = await steering.gates(house.doors)
        assert ({"tanaka"}, {"short"}) == (set(found.mailboxes), set(found.scenarios))
        told = Counter((to_, notice.kind) for to_, notice in house.told.notices)
        expected = {("tanaka", "mailbox.stopped"), ("ito", "mailbox.stopped"), ("ito", "scenario.stopped")}
        assert expected | {("abe", "scenario.stopped")} == set(told)
        assert {1} == set(told.values())
        (in_english,) = (notice for to_, notice in house.told.notices if to_ == "abe")
        assert "3 refusals within 24 hours" in in_english.text
        assert "nurture scenario resume short" in in_english.text

    async def test_a_person_resumes_it_and_the_past_is_forgiven(self, house: House) -> None:
        """After both are resumed the rest leaves; one more refusal does not stop them again."""
        await house.store.commit(Change((ADMIN,)))
        limited(house, overall=self.BUDGET)
        await many(house, 8)
        house.wire.answer = lambda _: REFUSED
        await house.send()
        await house.send()
        house.clock.advance_to(house.clock.now() + MINUTE)
        await steering.resume(house.doors, "mailbox", "tanaka", by=REP.id)
        await steering.resume(house.doors, "scenario", "short", by=ADMIN.id)
        answers = [REFUSED, OK, OK, OK, OK, OK]
        house.wire.answer = lambda _: answers.pop(0)
        for _ in range(4):
            await house.send()

        assert not (await steering.gates(house.doors)).stopped
        assert not (await states(house))[MessageState.APPROVED]

    async def test_few_among_many_stop_nothing(self, house: House) -> None:
        """Three refusals beside four letters that were taken are less than half."""
        limited(house, overall=self.BUDGET)
        await many(house, 8)
        answers = [OK, OK, OK, OK, REFUSED, REFUSED, REFUSED, OK]
        house.wire.answer = lambda _: answers.pop(0)
        for _ in range(4):
            await house.send()

        assert not (await steering.gates(house.doors)).stopped
        assert 8 == len(house.wire.letters)

    async def test_bounces_and_refusals_before_a_restart_count(self, house: House) -> None:
        """What the journal knows stops the mailbox before a letter is tried."""
        limited(house, overall=self.BUDGET)
        await many(house, 4)
        house.wire.answer = lambda _: REFUSED
        mail = (await house.mails("thanks"))[0]
        bounced = Entry(house.clock.now(), "message.bounced", "nurture", {}, message_id=mail.id)
        await house.store.commit(Change(entries=(bounced,) * 3))
        await house.send()

        assert [] == house.wire.letters
        assert {"tanaka"} == set((await steering.gates(house.doors)).mailboxes)

    async def test_a_store_that_cannot_write_it_down_sends_nothing_either(self, house: House) -> None:
        """The halt holds for the beat at once; it is written and told with a later one."""
        limited(house, overall=self.BUDGET)
        await many(house, 8)
        house.wire.answer = lambda _: REFUSED

        async def _no_settings(change: Change) -> None:
            if any(e.kind.endswith(".stopped") for e in change.entries):
                raise TemporaryFailure("The disk is full")

        house.store.trouble = _no_settings
        report = await house.send()
        assert report.problems
        tried = len(house.wire.letters)
        assert tried < 8
        house.store.trouble = None
        await house.send()
        assert tried == len(house.wire.letters)
        assert (await steering.gates(house.doors)).mailboxes


class TestStopping:
    """What a person stops by hand."""

    async def test_a_stopped_scenario_lets_the_others_pass(self, house: House, tmp_path: Path) -> None:
        """Its letters stay where they are, unclaimed; those of another scenario leave."""
        text = (
            (tmp_path / "scenarios" / "short.yaml").read_text(encoding="utf-8").replace("id: short", "id: other")
        )
        (tmp_path / "scenarios" / "other.yaml").write_text(text, encoding="utf-8")
        await many(house, 2)
        done = await house.met(attendee("x@midori-hp.example", "緑"), scenario="other")
        await house.approve(done.messages[0])
        await steering.stop(house.doors, "scenario", "short", by=REP.id)
        await house.send()

        assert ["x@midori-hp.example"] == to(house)
        (mail, *_) = await house.mails("thanks")
        assert Wait("scenario_stopped", "short") in await pacing.waits(house.doors, mail, "short")
        await steering.resume(house.doors, "scenario", "short", by=REP.id)
        await house.send()
        assert 3 == len(house.wire.letters)

    async def test_a_stopped_mailbox_is_said_and_resumed(self, house: House) -> None:
        """Nothing leaves; what stands still is listed; stopping twice and resuming twice is refused in words."""
        await many(house, 2)
        await steering.stop(house.doors, "mailbox", BOX, by=REP.id)
        await house.send()
        assert [] == house.wire.letters
        now = house.clock.now()
        found = pacing.standing(house.doors, *await pacing.look(house.doors, now), now)
        assert ((Wait("mailbox_stopped", BOX), None),) == found
        with pytest.raises(UserError, match="already"):
            await steering.stop(house.doors, "mailbox", BOX, by=REP.id)
        await steering.resume(house.doors, "mailbox", BOX, by=REP.id)
        with pytest.raises(UserError, match="not stopped"):
            await steering.resume(house.doors, "mailbox", BOX, by=REP.id)
        await house.send()
        assert 2 == len(house.wire.letters)

    @pytest.mark.parametrize(("kind", "key"), [("mailbox", "nobody"), ("scenario", "nothing")])
    async def test_what_does_not_exist_cannot_be_stopped(self, house: House, kind: str, key: str) -> None:
        """A slip of the pen does not pass for a halt."""
        with pytest.raises(UserError):
            await steering.stop(house.doors, kind, key, by=REP.id)

    async def test_who_may(self, house: House) -> None:
        """Where somebody has such a role, a representative stops her own mailbox and nothing else."""
        await house.store.commit(Change((ADMIN, OTHER)))
        await many(house, 1)
        with pytest.raises(UserError, match="may not"):
            await steering.stop(house.doors, "mailbox", BOX, by=OTHER.id)
        with pytest.raises(UserError, match="may not"):
            await steering.stop(house.doors, "scenario", "short", by=REP.id)
        await steering.stop(house.doors, "mailbox", BOX, by=REP.id)
        await steering.resume(house.doors, "mailbox", BOX, by=ADMIN.id)


class TestValve:
    """More at once than anybody can have meant."""

    VALVE = Limits(valve=Valve(letters=3))

    async def test_it_closes_and_tells_and_what_comes_later_passes(self, house: House) -> None:
        """Five at once wait for a person; a thank-you that is approved afterwards leaves in time."""
        await house.store.commit(Change((ADMIN,)))
        limited(house, overall=self.VALVE)
        await many(house, 5)
        await house.send()
        await house.send()

        assert [] == house.wire.letters
        assert [("ito", "valve.closed")] == [(to_, notice.kind) for to_, notice in house.told.notices]
        (mail, *_) = await house.mails("thanks")
        assert (Wait("valve"),) == await pacing.waits(house.doors, mail, "short")
        house.clock.advance_to(house.clock.now() + MINUTE)
        await many(house, 1, "midori-hp.example", "q")
        await house.send()
        assert ["q0@midori-hp.example"] == to(house)

    async def test_a_person_releases_exactly_what_was_seen(self, house: House) -> None:
        """The mark of another look is refused; released letters leave, and the valve stays open for them."""
        limited(house, overall=self.VALVE)
        await many(house, 5)
        await house.send()
        backlog = await steering.backlog(house.doors)
        assert backlog is not None
        assert (5, {"short": 5}, {"tanaka": 5}) == (backlog.count, backlog.scenarios, backlog.mailboxes)
        with pytest.raises(UserError, match="something else"):
            await steering.release(house.doors, by=REP.id, seen="1-0")
        await steering.release(house.doors, by=REP.id, seen=backlog.held.mark)
        limited(house, MailboxLimits(Rate(2)), self.VALVE)
        for _ in range(3):
            await house.send()
            house.clock.advance_to(house.clock.now() + MINUTE)

        assert 5 == len(house.wire.letters)
        assert [REP.id] == [e.actor for e in await house.store.find(Entry, {"kind": "valve.released"})]
        with pytest.raises(UserError, match="nothing"):
            await steering.release(house.doors, by=REP.id, seen=backlog.held.mark)

    async def test_a_person_keeps_it_back(self, house: House) -> None:
        """All of it comes back to the desk, to be approved one by one; the journal says who decided."""
        limited(house, overall=self.VALVE)
        await many(house, 5)
        await house.send()
        backlog = await steering.backlog(house.doors)
        assert backlog is not None
        assert 5 == await steering.keep(house.doors, by=REP.id, seen=backlog.held.mark)

        mails = await house.mails("thanks")
        assert {(MessageState.WAITING, "valve", ())} == {(m.state, m.reason, m.approvals) for m in mails}
        assert {REP.id} == {e.actor for e in await house.store.find(Entry, {"kind": "message.held"})}
        await house.approve(mails[0])
        await house.send()
        assert 1 == len(house.wire.letters)

    async def test_what_is_late_is_not_what_would_be_sent(self, house: House) -> None:
        """Letters of another day are planned again, not sent: they do not close the valve."""
        limited(house, overall=self.VALVE)
        await many(house, 5)
        house.clock.advance_to(house.clock.now() + 3 * DAY)
        await house.send()

        assert (await steering.gates(house.doors)).valve is None
        assert [] == house.wire.letters
        assert {(MessageState.WAITING, "moved")} == {(m.state, m.reason) for m in await house.mails("thanks")}

    async def test_a_second_flood_is_held_with_the_first(self, house: House) -> None:
        """More of it while nobody has decided: one decision about all of it, on what is there then."""
        limited(house, overall=self.VALVE)
        await many(house, 5)
        await house.send()
        first = (await steering.gates(house.doors)).held
        house.clock.advance_to(house.clock.now() + MINUTE)
        await many(house, 4, "midori-hp.example", "q")
        await house.send()
        both = await steering.backlog(house.doors)

        assert [] == house.wire.letters
        assert first is not None
        assert both is not None
        assert (9, 9) == (both.count, both.held.count)
        assert first.mark != both.held.mark


# --- anything in any order ---------------------------------------------------------------------------------


def crowded(times: list[datetime], rate: Rate) -> bool:
    """Whether some span, wherever it begins, holds more than the rate allows."""
    return any(
        sum(first <= at < first + span for at in times) > limit for limit, span, _ in rate.spans for first in times
    )


arrivals = st.lists(
    st.tuples(st.sampled_from(["aoba-hp.example", "midori-hp.example"]), st.integers(1, 4), st.integers(0, 50)),
    min_size=1,
    max_size=4,
)


@given(
    arrivals,
    st.builds(Rate, st.sampled_from([0, 1, 2]), st.sampled_from([0, 3, 5])),
    st.builds(Rate, st.sampled_from([0, 1, 3]), st.sampled_from([0, 2, 4])),
    st.sampled_from([0, 20]),
    st.lists(st.sampled_from(["later", "lost", "killed", "ok", "ok"]), max_size=6),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
async def test_no_span_of_the_journal_is_too_full_and_nothing_starves(
    tmp_path_factory: pytest.TempPathFactory,
    coming: list[tuple[str, int, int]],
    mailbox: Rate,
    domain: Rate,
    jitter: int,
    answers: list[str],
) -> None:
    """Meetings come at random, servers answer at random, the daemon is killed and starts again: in no span of
    what the journal says was sent is there more than a limit allows, and every letter finds its end.
    """
    house = build(tmp_path_factory.mktemp("house"), TroubledMemory())
    await house.store.commit(Change((REP,)))
    limited(house, MailboxLimits(mailbox, jitter), Limits(domain=domain))
    house.wire.answer = _answering(answers)
    start = house.clock.now()
    for number, (name, count, minute) in enumerate(sorted(coming, key=lambda c: c[2])):
        await _work(house, start + minute * MINUTE)
        await many(house, count, name, f"p{number}-")
    await _work(house, start + 12 * HOUR)

    journal = await house.store.find(Entry, {"kind": "message.sent"})
    rows = {m.id: m for m in await house.mails("thanks")}
    sent = [(entry.at, rows[entry.message_id].to_address) for entry in journal if entry.message_id]
    assert not crowded([at for at, _ in sent], mailbox)
    for name in ("aoba-hp.example", "midori-hp.example"):
        assert not crowded([at for at, address in sent if address.endswith(name)], domain)
    # Twelve hours are more than enough for these few; what did not leave today is planned again, not lost.
    assert {m.state for m in rows.values()} <= {MessageState.SENT, MessageState.IN_DOUBT, MessageState.WAITING}
    await house.store.close()


def _answering(answers: list[str]) -> Callable[[Letter], Outcome]:
    said = {"later": Outcome(Verdict.LATER, "450"), "lost": Outcome(Verdict.UNKNOWN, "lost")}

    def answer(_: Letter) -> Outcome:
        """The next answer."""
        word = answers.pop(0) if answers else "ok"
        if word == "killed":
            raise Killed
        return said.get(word, OK)

    return answer


async def _work(house: House, until: datetime) -> None:
    """Beats as the daemon makes them, until then; one that is killed begins anew."""
    while house.clock.now() < until:
        try:
            report = await house.send()
        except BaseExceptionGroup:
            await recovery.recover(house.doors)
            continue
        due = await house.store.next_due()
        soon = [at for at in (report.again, due) if at is not None and at > house.clock.now()]
        busy = report.outcomes or report.held or report.put_off
        nap = timedelta(seconds=1) if busy else MINUTE
        house.clock.advance_to(min([*soon, house.clock.now() + nap, until]))
