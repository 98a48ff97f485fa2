"""Rates over sliding spans, warm-up, refusals, the valve: what may leave, and when the next may."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core import limits
from nurture.core.ids import MailboxId
from nurture.core.limits import Budget, Limits, MailboxLimits, Pending, Rate, Room, Traffic, Valve, Wait
from nurture.core.tally import Tally
from tests.samples import NOW, TODAY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

BOX, OTHER = MailboxId("a"), MailboxId("b")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FULL = MailboxLimits(Rate(20, 200, 1000), warmup_start=50, warmup_days=14)

seconds = st.integers(0, 7200).map(lambda n: NOW + timedelta(seconds=n))
rates = st.builds(Rate, st.integers(0, 3), st.integers(0, 5), st.integers(0, 9))


def crowded(times: Sequence[datetime], rate: Rate) -> bool:
    """Whether some span, wherever it begins, holds more than the rate allows: by looking at each."""
    return any(
        sum(first <= at < first + span for at in times) > limit for limit, span, _ in rate.spans for first in times
    )


class TestRoom:
    """How many more may leave at this moment."""

    @pytest.mark.parametrize(
        ("rate", "flying", "expected"),
        [
            (Rate(), 9, Room()),
            (Rate(3), 0, Room(1)),
            (Rate(2), 0, Room(0, Wait("", "", NOW - timedelta(seconds=50) + MINUTE, 2, "minute"))),
            (Rate(3), 1, Room(0, Wait("", "", NOW - timedelta(seconds=50) + MINUTE, 3, "minute"))),
            (Rate(1), 1, Room(0, Wait("", "", NOW + MINUTE, 1, "minute"))),
            (Rate(3, 3), 0, Room(0, Wait("", "", NOW - 40 * MINUTE + HOUR, 3, "hour"))),
            (Rate(0, 4), 0, Room(1)),
        ],
    )
    def test_examples(self, rate: Rate, flying: int, expected: Room) -> None:
        """Left 40 minutes, 50 and 10 seconds ago; those on the wire count as now; the last limit says."""
        times = [NOW - 40 * MINUTE, NOW - timedelta(seconds=50), NOW - timedelta(seconds=10)]

        assert expected == limits.room(times, flying, rate, NOW)

    @given(st.lists(seconds, max_size=12).map(sorted), rates, seconds)
    def test_it_is_what_may_be_added(self, times: list[datetime], rate: Rate, now: datetime) -> None:
        """As many as it says may leave now, one more may not; and at its ``until`` at least one may."""
        past = [at for at in times if at <= now]
        found = limits.room(past, 0, rate, now)

        spans = rate.spans
        worst = min((n - sum(at > now - span for at in past) for n, span, _ in spans), default=None)
        assert (None if worst is None else max(0, worst)) == found.count
        if found.wait is not None:
            assert found.wait.until is not None
            later = limits.room(past, 0, rate, found.wait.until)
            assert later.count
            almost = limits.room(past, 0, rate, found.wait.until - timedelta(microseconds=1))
            assert 0 == almost.count


class TestSlot:
    """When the next may leave, among others that have their instants."""

    @given(st.lists(seconds, max_size=10), rates, seconds)
    def test_it_is_the_first_that_fits(self, wanted: list[datetime], rate: Rate, start: datetime) -> None:
        """It makes no span too full, and no earlier one would do (looked for by trying all)."""
        line: list[datetime] = []
        for at in sorted(wanted):  # a line that keeps the rate itself
            if not crowded([*line, at], rate):
                line.append(at)
        found = limits.slot(line, rate, start)

        assert not crowded([*line, found], rate)
        tried = {start, *(at + span for at in line for _, span, _ in rate.spans)}
        assert found == min(at for at in tried if at >= start and not crowded([*line, at], rate))


class TestWarmUp:
    """A new mailbox sends less."""

    def test_it_grows_to_the_full(self) -> None:
        """From the start to the full number within the days, never less than the day before; then no more."""
        numbers = [limits.daily(FULL, TODAY, TODAY + timedelta(days=n)) for n in range(20)]

        assert 50 == numbers[0]
        assert all(a < b for a, b in pairwise(numbers[:15]))
        assert [1000] * 6 == numbers[14:]

    def test_a_mailbox_that_was_never_used_has_its_first_day(self) -> None:
        """Nothing is known of it yet."""
        assert 50 == limits.daily(FULL, None, TODAY)

    def test_without_it_the_limit_is_the_limit(self) -> None:
        """No days: at once; and a start above the full number is the full number."""
        assert 1000 == limits.daily(replace(FULL, warmup_days=0), TODAY, TODAY)
        assert 1000 == limits.daily(replace(FULL, warmup_start=2000), TODAY, TODAY)

    def test_a_clock_that_was_put_back(self) -> None:
        """A first use in the future counts as today."""
        assert 50 == limits.daily(FULL, TODAY + timedelta(days=3), TODAY)


class TestBudget:
    """Too many refusals."""

    @pytest.mark.parametrize(
        ("refused", "sent", "expected"),
        [(9, 0, False), (10, 0, True), (10, 90, True), (10, 91, False), (100, 901, False), (101, 900, True)],
    )
    def test_count_and_share(self, refused: int, sent: int, expected: bool) -> None:
        """Ten at least, and one in ten at least."""
        assert expected == limits.over_budget(refused, sent, Budget(10, 10))

    def test_none_is_too_many_without_a_budget(self) -> None:
        """Count 0 asks nothing."""
        assert not limits.over_budget(10_000, 0, Budget())


class TestValve:
    """More at once than anybody can have meant."""

    @pytest.mark.parametrize(
        ("fresh", "people", "expected"),
        [
            (30, 10, False),
            (31, 10, True),
            (60, 200, False),
            (61, 200, True),
            (300, 10**6, False),
            (301, 10**6, True),
        ],
    )
    def test_number_and_share(self, fresh: int, people: int, expected: bool) -> None:
        """Above 300, or above 30 % of all people, but never up to 30."""
        assert expected == limits.trips(fresh, Valve(300, 30, 30), people)

    def test_it_can_be_left_out(self) -> None:
        """No number, no share: never."""
        assert not limits.trips(10**9, Valve(), 1)


class TestShares:
    """Who goes first when all together may send less than waits."""

    @given(
        st.integers(0, 40),
        st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(1, 20), seconds), max_size=6),
    )
    def test_all_is_given_fairly(self, free: int, waiting: dict[str, tuple[int, datetime]]) -> None:
        """As much as there is and is wanted; nobody gets two more than who still wants; the eldest first."""
        pending = [Pending(MailboxId(k), count, oldest, 0) for k, (count, oldest) in waiting.items()]
        given_ = limits.shares(free, pending)

        assert min(free, sum(p.count for p in pending)) == sum(given_.values())
        assert all(given_[p.mailbox_id] <= p.count for p in pending)
        for one in pending:
            for two in pending:
                if given_[one.mailbox_id] < one.count:
                    assert given_[two.mailbox_id] <= given_[one.mailbox_id] + 1
                    if one.oldest < two.oldest:
                        assert given_[two.mailbox_id] <= given_[one.mailbox_id]


class TestReach:
    """How far back must be looked."""

    def test_nothing_limited_nothing_read(self) -> None:
        """Without limits nothing need be known."""
        assert timedelta() == limits.reach(Limits(), [MailboxLimits()])

    def test_the_longest(self) -> None:
        """Of all rates and pauses."""
        assert HOUR == limits.reach(Limits(domain=Rate(per_hour=1)), [MailboxLimits(Rate(per_minute=1))])
        assert timedelta(seconds=9) == limits.reach(Limits(), [MailboxLimits(jitter_seconds=9)])


def tally(settings: Limits = Limits(), traffic: Traffic = Traffic(), **boxes: MailboxLimits) -> Tally:  # noqa: B008
    """The count of a beat."""
    named = {MailboxId(key): box for key, box in boxes.items()}
    return Tally(settings, named, {}, traffic, TODAY, NOW)


class TestTally:
    """The count of one beat."""

    def test_a_place_is_taken_before_the_letter_is(self) -> None:
        """What was taken is gone for others, and comes back when the letter does not leave."""
        count = tally(a=MailboxLimits(Rate(3)))

        assert 2 == count.take(BOX, 2, NOW)
        assert 1 == count.take(BOX, 2, NOW)
        assert 0 == count.take(BOX, 2, NOW)
        count.drop(BOX)
        assert 1 == count.take(BOX, 2, NOW)

    def test_the_reason_says_which_limit(self) -> None:
        """Mailbox, warm-up and all together: by name, with the instant."""
        one = MailboxLimits(Rate(per_day=100), warmup_start=1, warmup_days=9)
        count = tally(Limits(overall=Rate(per_hour=2)), Traffic(pending=(Pending(BOX, 9, NOW, 0),)), a=one)
        assert 1 == count.take(BOX, 9, NOW)
        count.left(BOX, "x@aoba-hp.example", NOW, counts=True)
        assert 0 == count.take(BOX, 9, NOW)
        assert Wait("warm_up", BOX, NOW + DAY, 1, "day") == count.waits["warm_up", BOX]
        assert 1 == count.take(OTHER, 9, NOW) + 1  # not among what was due when the beat began

    def test_a_pause_between_two_letters(self) -> None:
        """With jitter one letter is on the wire at a time, and the next waits some seconds, settled by a hash."""
        box = MailboxLimits(jitter_seconds=60)
        count = tally(a=box)
        assert 1 == count.take(BOX, 5, NOW)
        assert 0 == count.take(BOX, 5, NOW)
        count.left(BOX, "x@aoba-hp.example", NOW, counts=True)
        assert 0 == count.take(BOX, 5, NOW)
        until = count.waits["jitter", BOX].until
        assert until is not None
        assert NOW < until <= NOW + MINUTE
        assert until == limits.pause(BOX, NOW, 60)
        assert 1 == count.take(BOX, 5, until)

    def test_a_domain_that_is_full_gives_each_its_instant(self) -> None:
        """The third of a domain waits for the first to be an hour old, the fourth for the second, and so on."""
        count = tally(Limits(domain=Rate(per_hour=2)))
        answers = []
        for n in range(6):
            at = NOW + n * MINUTE
            wait = count.ask("X@Aoba-hp.example", at)
            if wait is None:
                count.left(BOX, "x@aoba-hp.example", at, counts=True)
            answers.append(wait.until if wait else None)

        grace = limits.GRACE
        assert [None, None, NOW + HOUR + grace, NOW + HOUR + MINUTE + grace] == answers[:4]
        assert answers[4] is not None
        assert answers[4] >= NOW + 2 * HOUR + grace
        assert None is count.ask("x@other.example", NOW)

    def test_who_was_promised_an_instant_goes_before_who_comes_then(self) -> None:
        """A new letter does not take the place that another was put off to."""
        promised = NOW + timedelta(seconds=1)
        left = limits.Left(BOX, "x@aoba-hp.example", NOW - HOUR)
        traffic = Traffic((left,), (limits.PutOff("y@aoba-hp.example", promised),))
        count = tally(Limits(domain=Rate(per_hour=1)), traffic)

        late = promised + timedelta(seconds=2)
        fresh = count.ask("z@aoba-hp.example", late)
        assert fresh is not None
        assert fresh.until == late + HOUR + limits.GRACE
        assert None is count.ask("y@aoba-hp.example", late, promised)

    def test_a_promise_nobody_comes_for_lapses(self) -> None:
        """The mailbox of the one that was put off stands still: the others need not wait for ever."""
        traffic = Traffic(promised=(limits.PutOff("y@aoba-hp.example", NOW - limits.LAPSE),))

        assert None is tally(Limits(domain=Rate(per_hour=1)), traffic).ask("z@aoba-hp.example", NOW)

    def test_nobody_is_put_off_further_than_a_day(self) -> None:
        """By then its date is another: it is planned again, not sent."""
        count = tally(Limits(domain=Rate(per_day=1)))
        waits = [count.ask("x@aoba-hp.example", NOW) for _ in range(5)]

        assert all(w.until is not None and w.until <= NOW + DAY for w in waits if w)
        assert 4 == sum(w is not None for w in waits)

    def test_the_soonest(self) -> None:
        """When it is worth coming again."""
        count = tally(a=MailboxLimits(Rate(1)), b=MailboxLimits(Rate(per_hour=1)))
        for box in (OTHER, BOX):
            assert 1 == count.take(box, 9, NOW)
            count.left(box, "x@aoba-hp.example", NOW, counts=True)
            count.take(box, 9, NOW)

        assert NOW + MINUTE == count.soonest()


Letter = tuple[MailboxId, str, datetime, datetime | None]
"""Mailbox, address, planned_at, not_before."""


def _beat(
    settings: Limits,
    boxes: dict[MailboxId, MailboxLimits],
    waiting: list[Letter],
    left: list[limits.Left],
    now: datetime,
    chance: Random,
) -> tuple[datetime, list[Letter]]:
    """One beat from what is stored: what is due is tried in order; then the moment of the next."""
    due = [one for one in waiting if one[2] <= now and (one[3] is None or one[3] <= now)]
    pending = tuple(
        Pending(key, len(mine), mine[0][2], 0) for key in (BOX, OTHER) if (mine := [d for d in due if d[0] == key])
    )
    promised = tuple(limits.PutOff(one[1], one[3]) for one in waiting if one[3] is not None)
    count = Tally(settings, boxes, {}, Traffic(tuple(left), promised, pending=pending), TODAY, now)
    rest = [one for one in waiting if one not in due]
    for key, address, planned, not_before in due:
        if not count.take(key, 1, now):
            rest.append((key, address, planned, not_before))
            continue
        wait = count.ask(address, now, not_before)
        if wait is not None:
            count.drop(key)
            rest.append((key, address, planned, wait.until))
            continue
        now += timedelta(seconds=chance.choice([0, 0, 1, 7]))  # until the answer
        count.left(key, address, now, counts=True)
        left.append(limits.Left(key, address, now))
    rest.sort(key=lambda one: one[2])
    later = [max(one[2], one[3] or one[2]) for one in rest]
    soon = [at for at in (*later, count.soonest()) if at is not None and at > now]
    return min([*soon, now + MINUTE]) + timedelta(seconds=chance.choice([0, 0.5, 3])), rest


@given(st.data())
def test_no_span_is_ever_too_full_and_nothing_starves(data: st.DataObject) -> None:
    """Letters of two mailboxes to two domains come at random; beats come at random, each a new count from what
    the store would know (a restart); answers take their time. No minute, hour or day holds more than its limit,
    of any mailbox, domain or all; and every letter leaves.
    """
    mailbox, domain, overall = (data.draw(rates) for _ in range(3))
    settings = Limits(overall=overall, domain=domain)
    boxes = {
        key: MailboxLimits(mailbox, jitter_seconds=data.draw(st.sampled_from([0, 0, 30]))) for key in (BOX, OTHER)
    }
    letters = data.draw(
        st.lists(st.tuples(st.sampled_from([BOX, OTHER]), st.sampled_from("xy"), st.integers(0, 90)), max_size=14)
    )
    waiting: list[Letter] = [
        (key, f"p@{d}.example", NOW + timedelta(minutes=m), None)
        for key, d, m in sorted(letters, key=lambda letter: letter[2])
    ]
    left: list[limits.Left] = []
    now, chance = NOW, data.draw(st.randoms(use_true_random=False))
    for _ in range(20_000):
        if not waiting:
            break
        now, waiting = _beat(settings, boxes, waiting, left, now, chance)

    assert [] == waiting
    for key in (BOX, OTHER):
        assert not crowded([one.at for one in left if one.mailbox_id == key], mailbox)
    for name in "xy":
        assert not crowded([one.at for one in left if one.to_address.endswith(f"@{name}.example")], domain)
    assert not crowded([one.at for one in left], overall)
