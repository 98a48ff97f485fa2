"""The count of one beat: what has left, what is on the wire, what was promised; advanced letter by letter.

It is filled once from the store (``limits.Traffic``) and lives as long as the beat. Every decision in it is one
of ``core.limits``. For each letter: ``take`` a place in its mailbox before it is claimed, ``ask`` for its domain
when it was claimed, then ``left``; or ``drop`` the place when it does not leave.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core import limits
from nurture.core.limits import (
    DOMAIN_LIMIT,
    GRACE,
    LAPSE,
    LONGEST,
    Limits,
    MailboxLimits,
    Pending,
    Rate,
    Room,
    Wait,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from nurture.core.ids import MailboxId
    from nurture.core.limits import Traffic


SOON: Final = timedelta(seconds=1)


@dataclass(slots=True)
class Ledger:
    """What left under one rate."""

    rate: Rate
    times: list[datetime] = field(default_factory=list)  # ascending
    flying: int = 0  # taken, and not known to have left
    promised: list[datetime] = field(default_factory=list)  # ascending

    def room(self, now: datetime) -> Room:
        """How many more may leave now."""
        return limits.room(self.times, self.flying, self.rate, now)

    def left(self, at: datetime) -> None:
        """One has left; without a limit nobody will ask."""
        if self.rate:
            insort(self.times, at)

    def line(self, now: datetime, *, ahead: bool) -> list[datetime]:
        """The instants that are taken; with ``ahead`` those that were promised to others too."""
        kept = [max(now, p) for p in self.promised if p > now - LAPSE] if ahead else []
        return sorted([*self.times, *[now] * self.flying, *kept])


class Tally:
    """The count of one beat.

    Args:
        settings: what holds for all.
        boxes: the limits of each mailbox; one that is not named has none.
        first: the local date on which each mailbox was first used.
        traffic: what the store knows.
        today: the local date, for warm-up.
        now: UTC.
    """

    def __init__(
        self,
        settings: Limits,
        boxes: Mapping[MailboxId, MailboxLimits],
        first: Mapping[MailboxId, date],
        traffic: Traffic,
        today: date,
        now: datetime,
    ) -> None:
        self._boxes = boxes
        self._rate = settings.domain
        self._full = {key: box.rate.per_day for key, box in boxes.items()}
        self._mailboxes = {key: Ledger(limits.warmed(box, first.get(key), today)) for key, box in boxes.items()}
        self._last: dict[MailboxId, datetime] = {}
        self._overall = Ledger(settings.overall)
        self._domains: dict[str, Ledger] = {}
        for each in sorted(traffic.left, key=lambda left: left.at):
            self._count(each.mailbox_id, limits.domain_of(each.to_address), each.at)
        for promise in traffic.promised if self._rate else ():
            insort(self._domain(limits.domain_of(promise.to_address)).promised, promise.until)
        self._shares = self._parted(traffic.pending, now)
        self.waits: dict[tuple[str, str], Wait] = {}

    def mailbox(self, key: MailboxId, now: datetime) -> tuple[int | None, Wait | None]:
        """How many letters the mailbox itself may send now (None: any number), and why none."""
        box, ledger = self._boxes.get(key), self._mailboxes.get(key)
        if box is None or ledger is None:
            return None, None
        found = ledger.room(now)
        wait = found.wait
        if wait is not None:
            warming = wait.span == "day" and ledger.rate.per_day < self._full[key]
            wait = replace(wait, reason="warm_up" if warming else "mailbox_limit", what=key)
        if not box.jitter_seconds:
            return found.count, wait
        after = limits.pause(key, self._last[key], box.jitter_seconds) if key in self._last else now
        if ledger.flying and wait is None:
            wait = Wait("jitter", key, now + SOON)  # when that letter is answered
        elif after > now and (wait is None or wait.until is None or after > wait.until):
            wait = Wait("jitter", key, after)
        return (0, wait) if wait else (1, None)

    def overall(self, now: datetime) -> tuple[int | None, Wait | None]:
        """The same for all mailboxes together."""
        found = self._overall.room(now)
        return found.count, replace(found.wait, reason="overall_limit") if found.wait else None

    def take(self, key: MailboxId, most: int, now: datetime) -> int:
        """Take up to ``most`` places of a mailbox, for as many letters to be claimed; how many it got."""
        own, wait = self.mailbox(key, now)
        all_, all_wait = self.overall(now)
        for found in (wait, all_wait):
            if found is not None:
                self.waits[found.reason, found.what] = found
        counts = (most, own, all_, self._shares.get(key, 0) if self._shares is not None else None)
        taken = max(0, min(n for n in counts if n is not None))
        self._fly(key, taken)
        if self._shares is not None and taken:
            self._shares[key] -= taken
        return taken

    def drop(self, key: MailboxId, count: int = 1) -> None:
        """Give back places for letters that do not leave after all."""
        self._fly(key, -count)
        if self._shares is not None:
            self._shares[key] = self._shares.get(key, 0) + count

    def ask(self, address: str, now: datetime, promise: datetime | None = None) -> Wait | None:
        """None when a letter may leave to this address now, and then its place in the domain is taken.

        Args:
            address: the recipient's.
            now: UTC.
            promise: the instant that this letter was put off to, if it was: its turn has come.
        """
        if not self._rate:
            return None
        domain = limits.domain_of(address)
        ledger = self._domain(domain)
        if promise is not None and promise in ledger.promised:
            ledger.promised.remove(promise)
        wait = limits.fits(ledger.line(now, ahead=promise is None), ledger.rate, now)
        if wait is None:
            ledger.flying += 1
            return None
        # Behind all that wait already: who came first goes first.
        line = ledger.line(now, ahead=True)
        at = limits.slot(line, ledger.rate, max(now, line[-1])) + GRACE
        if at > now + LONGEST:
            return replace(wait, reason=DOMAIN_LIMIT, what=domain, until=now + LONGEST)
        insort(ledger.promised, at)
        return replace(wait, reason=DOMAIN_LIMIT, what=domain, until=at)

    def left(self, key: MailboxId, address: str, at: datetime, *, counts: bool) -> None:
        """A letter that had its places has been answered; ``counts``: it left, or may have."""
        domain = limits.domain_of(address)
        self._fly(key, -1)
        if self._rate:
            self._domain(domain).flying -= 1
        if counts:
            self._count(key, domain, at)

    def soonest(self) -> datetime | None:
        """When the first of those that had to wait may try again."""
        return min((wait.until for wait in self.waits.values() if wait.until is not None), default=None)

    def _count(self, key: MailboxId | None, domain: str, at: datetime) -> None:
        if key is not None and (ledger := self._mailboxes.get(key)) is not None:
            ledger.left(at)
            self._last[key] = max(at, self._last.get(key, at))
        self._overall.left(at)
        if self._rate:
            self._domain(domain).left(at)

    def _fly(self, key: MailboxId, count: int) -> None:
        if key in self._mailboxes:
            self._mailboxes[key].flying += count
        self._overall.flying += count

    def _domain(self, domain: str) -> Ledger:
        if domain not in self._domains:
            self._domains[domain] = Ledger(self._rate)
        return self._domains[domain]

    def _parted(self, pending: tuple[Pending, ...], now: datetime) -> dict[MailboxId, int] | None:
        free = self._overall.room(now).count
        return None if free is None else dict(limits.shares(free, pending))
