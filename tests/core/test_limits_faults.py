"""The ways in which counting could go wrong: faults are seeded one at a time, and a short life shows each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from nurture.core import limits
from nurture.core.limits import Left, Limits, MailboxLimits, Pending, PutOff, Rate, Room, Traffic
from nurture.core.tally import Tally
from tests.core.test_limits import BOX, HOUR, MINUTE, OTHER, crowded
from tests.samples import NOW, TODAY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from nurture.core.ids import MailboxId
    from nurture.core.limits import Wait

    Seed = Callable[[pytest.MonkeyPatch], None]

SETTINGS = Limits(overall=Rate(per_minute=4), domain=Rate(per_hour=6))
BOXES = {
    BOX: MailboxLimits(Rate(3, 0, 40), warmup_start=8, warmup_days=3),
    OTHER: MailboxLimits(Rate(3), jitter_seconds=30),
}
BATCH = 2


@dataclass
class Waiting:
    """A letter that has not left."""

    mailbox: MailboxId
    address: str
    planned: datetime
    not_before: datetime | None = None
    put_off: int = 0


def life() -> list[str]:
    """Two mailboxes, three domains, forty letters, beats every half minute; what went wrong in it."""
    waiting = [
        Waiting(key, f"p{n}@{'xyz'[n % 3]}.example", NOW + n * timedelta(seconds=2))
        for n in range(20)
        for key in (BOX, OTHER)
    ]
    left: list[Left] = []
    patience = 0
    for beat in range(36 * 60):
        _beat(NOW + beat * MINUTE / 2, waiting, left)
        patience = max([patience, *(one.put_off for one in waiting)])
    return [
        *(f"{key} sends too fast" for key in BOXES if crowded(_of(left, key), BOXES[key].rate)),
        *(f"too much to {name}" for name in "xyz" if crowded(_to(left, name), SETTINGS.domain)),
        *(["all together send too fast"] if crowded([one.at for one in left], SETTINGS.overall) else []),
        *(["it did not warm up"] if sum(at < NOW + 12 * HOUR for at in _of(left, BOX)) > 8 else []),
        *(["no pause"] if any(a == b for a, b in pairwise(_of(left, OTHER))) else []),
        *(["put off again and again"] if patience > 3 else []),
        *(["nothing leaves"] if len(_of(left, OTHER)) < 20 else []),
    ]


def _of(left: list[Left], key: MailboxId) -> list[datetime]:
    return [one.at for one in left if one.mailbox_id == key]


def _to(left: list[Left], name: str) -> list[datetime]:
    return [one.at for one in left if one.to_address.endswith(f"@{name}.example")]


def _beat(now: datetime, waiting: list[Waiting], left: list[Left]) -> None:
    """What is due, claimed in batches; the next is claimed before the one before it is answered."""
    due = [one for one in waiting if one.planned <= now and (one.not_before is None or one.not_before <= now)]
    pending = tuple(
        Pending(key, len(mine), mine[0].planned, 0)
        for key in BOXES
        if (mine := [d for d in due if d.mailbox == key])
    )
    promised = tuple(PutOff(one.address, one.not_before) for one in waiting if one.not_before is not None)
    traffic = Traffic(tuple(left), promised, pending=pending)
    count = Tally(SETTINGS, BOXES, {BOX: TODAY}, traffic, TODAY, now)
    for each in pending:
        mine = [one for one in due if one.mailbox == each.mailbox_id]
        on_wire: list[Waiting] = []
        while True:
            places = count.take(each.mailbox_id, BATCH, now)
            claimed, mine = mine[:places], mine[places:]
            count.drop(each.mailbox_id, places - len(claimed))
            if not claimed and not on_wire:
                break
            answered, on_wire = on_wire, [one for one in claimed if _may(count, one, now)]
            _answer(count, answered, now, waiting, left)


def _may(count: Tally, one: Waiting, now: datetime) -> bool:
    wait = count.ask(one.address, now, one.not_before)
    if wait is None:
        return True
    count.drop(one.mailbox)
    one.put_off += 1
    one.not_before = wait.until
    return False


def _answer(count: Tally, letters: list[Waiting], now: datetime, waiting: list[Waiting], left: list[Left]) -> None:
    for one in letters:
        count.left(one.mailbox, one.address, now, counts=True)
        left.append(Left(one.mailbox, one.address, now))
        waiting.remove(one)


def test_the_life_goes_well() -> None:
    """As it is, nothing goes wrong in it."""
    assert [] == life()


def _instead(place: Any, name: str, make: Callable[[Any], Any]) -> Seed:
    """Something else in the place of a decision; ``make`` is handed the real one."""

    def seed(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(place, name, make(getattr(place, name)))

    return seed


def _both(one: Seed, two: Seed) -> Seed:
    def seed(patch: pytest.MonkeyPatch) -> None:
        one(patch)
        two(patch)

    return seed


def _from_full_minutes(real: Any) -> Any:
    def room(times: Sequence[datetime], flying: int, rate: Rate, now: datetime) -> Room:
        began = now.replace(second=0, microsecond=0)
        found: Room = real([at for at in times if at >= began], flying, rate, now)
        return found

    return room


def _one_more(real: Any) -> Any:
    def room(times: Sequence[datetime], flying: int, rate: Rate, now: datetime) -> Room:
        more = [n and n + 1 for n in (rate.per_minute, rate.per_hour, rate.per_day)]
        found: Room = real(times, flying, Rate(*more), now)
        return found

    return room


def _all_at_once(real: Any) -> Any:
    def ask(self: Tally, address: str, now: datetime, promise: datetime | None = None) -> Wait | None:
        wait: Wait | None = real(self, address, now, promise)
        return replace(wait, until=now + MINUTE) if wait is not None else None

    return ask


def _grown_up(_: Any) -> Any:
    def daily(box: MailboxLimits, _first: date | None, _today: date) -> int:
        return box.rate.per_day

    return daily


FAULTS: dict[str, Seed] = {
    "what is on the wire is forgotten": _instead(Tally, "_fly", lambda _: lambda *_: None),
    "what left is forgotten": _instead(Tally, "_count", lambda _: lambda *_: None),
    "spans begin at full minutes": _instead(limits, "room", _from_full_minutes),
    "one more than the limit": _instead(limits, "room", _one_more),
    "the domain is not asked": _instead(Tally, "ask", lambda _: lambda *_: None),
    "the domain takes one too many": _instead(
        limits, "fits", lambda real: lambda line, *more: real(line[:-1], *more)
    ),
    "all together are not asked": _both(
        _instead(Tally, "overall", lambda _: lambda *_: (None, None)),
        _instead(Tally, "_parted", lambda _: lambda *_: None),
    ),
    "the warm-up is over at once": _instead(limits, "daily", _grown_up),
    "no pause between letters": _instead(limits, "pause", lambda _: lambda _box, last, _jitter: last),
    "all are put off to one instant": _instead(Tally, "ask", _all_at_once),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fault shows in the same short life."""
    FAULTS[fault](monkeypatch)

    assert [] != life()
