"""How much leaves in one beat: limits, error budget and safety valve around ``send``.

Theory of operation
-------------------
``begin`` reads once what left, was refused and is due, and what stands still until a person decides; the
decisions are those of ``core.limits`` and ``core.halts``. The beat then asks three things of the ``Pace``:

1. ``take`` before claiming: how many letters of a mailbox may be claimed now; what was stopped since the beat
   began counts. ``claims`` says what to pass over.
   ``drop`` gives places back (nothing claimed, or the last check held the letter).
2. ``ask`` for each claimed letter that passed the check: None, or why it is put off (``outgoing.put_off``).
3. ``left`` with each outcome. It does not wait for anything, so that it can be called from within the sender; when
   it says so, nothing more is begun before ``take`` was asked again.

Too many refusals stop the mailbox or scenario with the next ``take``, or at the ``end`` of the beat. Several
daemons on one database each count what all have sent, as of the beginning of their beats.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from nurture.core import halts, limits
from nurture.core.change import Setting
from nurture.core.limits import DOMAIN_LIMIT, Asked, Wait
from nurture.core.messages import Entry, Message
from nurture.core.people import Person
from nurture.core.sending import Verdict
from nurture.core.tally import Tally
from nurture.errors import StaleVersion
from nurture.flows import steering
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from nurture.core.halts import Gates
    from nurture.core.ids import MailboxId
    from nurture.core.limits import Traffic
    from nurture.core.sending import Outcome
    from nurture.ports import Doors

REFUSED = frozenset({Verdict.REFUSED, Verdict.REFUSED_RECIPIENT})


def today(doors: Doors, now: datetime) -> date:
    """The installation's local date."""
    return now.astimezone(ZoneInfo(doors.settings.timezone)).date()


async def look(doors: Doors, now: datetime) -> tuple[Gates, Traffic]:
    """What stands still, and what is counted: five questions to the store, whatever there is."""
    gates = halts.read(await doors.store.find(Setting))
    settings = doors.settings.limits
    back = limits.reach(settings, [box.limits for box in doors.settings.mailboxes])
    asked = Asked(
        now=now,
        today=today(doors, now),
        left_since=now - back if back else None,
        refused_since=now - settings.refusals.span if settings.refusals.count else None,
        promised=bool(settings.domain),
        after=gates.held.through if gates.held is not None else None,
        without=gates.scenarios,
        counted_after=gates.counted_after,
    )
    return gates, await doors.store.traffic(asked)


def tally(doors: Doors, gates: Gates, traffic: Traffic, now: datetime) -> Tally:
    """The count that a beat begins with."""
    boxes = {box.id: box.limits for box in doors.settings.mailboxes}
    return Tally(doors.settings.limits, boxes, gates.first, traffic, today(doors, now), now)


async def begin(doors: Doors, now: datetime) -> Pace:
    """What may leave in the beat that begins now.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    gates, traffic = await look(doors, now)
    gates = await _valve(doors, gates, traffic, now)
    if gates.held is not None and gates.held.through == now:
        traffic = replace(traffic, pending=())
    gates = await _first_uses(doors, gates, traffic, now)
    pace = Pace(doors, gates, traffic, now)
    await pace.settle()
    return pace


async def _valve(doors: Doors, gates: Gates, traffic: Traffic, now: datetime) -> Gates:
    """Close the valve when this beat would begin more than anybody can have meant."""
    fresh = sum(each.fresh for each in traffic.pending if each.mailbox_id not in gates.mailboxes)
    valve = doors.settings.limits.valve
    if not fresh or limits.bound(valve, 0) is None:
        return gates
    people = await doors.store.count(Person) if valve.percent and fresh > valve.least else 0
    if not limits.trips(fresh, valve, people):
        return gates
    change = halts.hold(gates, fresh, people, now)
    await steering.announce(doors, change)
    return halts.after(gates, change)


async def _first_uses(doors: Doors, gates: Gates, traffic: Traffic, now: datetime) -> Gates:
    """Note the day on which a mailbox is used for the first time, or was before this was noted."""
    for each in traffic.pending:
        box = doors.settings.mailbox(each.mailbox_id)
        if box is None or not box.limits.warmup_days or box.id in gates.first:
            continue
        eldest = await doors.store.find(
            Message, {"mailbox_id": box.id, "sent_at": Span(None, now)}, order=("sent_at",), limit=1
        )
        sent_at = eldest[0].sent_at if eldest else None
        change = halts.used(box.id, today(doors, sent_at or now))
        with suppress(StaleVersion):  # another daemon has just noted it
            await doors.store.commit(change)
        gates = halts.after(gates, change)
    return gates


class Pace:
    """One beat's count. See the module's theory of operation."""

    def __init__(self, doors: Doors, gates: Gates, traffic: Traffic, now: datetime) -> None:
        self._doors = doors
        self._set(gates)
        self._tally = tally(doors, gates, traffic, now)
        self._pending = traffic.pending
        self._start = now - doors.settings.limits.refusals.span
        self._refused: Counter[tuple[str, str]] = Counter()
        self._next_look: dict[tuple[str, str], int] = {}  # so many refusals, and it is judged again
        self._suspects: set[tuple[str, str]] = set()
        self._scenario: dict[str, str] = {}  # of letters that are on the wire
        self.problems: list[Exception] = []
        for each in traffic.refused:
            self._refusal(each.mailbox_id, each.scenario_id, each.at)

    @property
    def mailboxes(self) -> frozenset[MailboxId]:
        """Those that have something to send and are not stopped."""
        return frozenset(p.mailbox_id for p in self._pending if p.mailbox_id not in self._boxes)

    @property
    def claims(self) -> Mapping[str, Any]:
        """What ``Store.claim`` is to pass over."""
        held = self._gates.held
        return {"after": held.through if held is not None else None, "without": self._scripts}

    @property
    def again(self) -> datetime | None:
        """When the first of those that a limit keeps waiting may leave."""
        return self._tally.soonest()

    async def take(self, mailbox: MailboxId, most: int, now: datetime) -> int:
        """Take up to ``most`` places for letters of a mailbox; how many there were.

        What a person or another daemon has stopped since the beat began is asked for anew.

        Raises:
            TemporaryFailure, PermanentFailure: the store.
        """
        await self.settle()
        read = halts.read(await self._doors.store.find(Setting))
        self._set(halts.merged(self._gates, read))
        return 0 if mailbox in self._boxes else self._tally.take(mailbox, most, now)

    def drop(self, mailbox: MailboxId, count: int = 1) -> None:
        """Give places back."""
        self._tally.drop(mailbox, count)

    def ask(self, message: Message, scenario_id: str, now: datetime) -> Wait | None:
        """None when a claimed letter may leave now; else why not, and its place is given back."""
        mailbox = message.mailbox_id
        wait: Wait | None = None
        if scenario_id in self._scripts:
            wait = Wait("scenario_stopped", scenario_id)
        elif mailbox in self._boxes:
            wait = Wait("mailbox_stopped", mailbox or "")
        else:
            promise = message.not_before if message.reason == DOMAIN_LIMIT else None
            wait = self._tally.ask(message.to_address, now, promise)
        if wait is None:
            self._scenario[message.id] = scenario_id
        elif mailbox is not None:
            self._tally.drop(mailbox)
        return wait

    def left(self, message: Message, outcome: Outcome, at: datetime) -> bool:
        """A letter that might leave has been answered, or was not begun after all; whether to go on for now."""
        mailbox, scenario = message.mailbox_id, self._scenario.pop(message.id, None)
        counts = outcome.verdict in {Verdict.ACCEPTED, Verdict.UNKNOWN}
        if mailbox is not None:
            self._tally.left(mailbox, message.to_address, at, counts=counts)
        if outcome.verdict in REFUSED:
            self._refusal(mailbox, scenario, at)
        return not self._suspects

    async def settle(self) -> None:
        """Stop what has been refused too often. Never raises: it is tried again with the next beat."""
        for kind, key in sorted(self._suspects):
            try:
                await self._judge(kind, key)
            except Exception as error:
                self.problems.append(error)
        self._suspects.clear()

    def _set(self, gates: Gates) -> None:
        """What stands still now; asked for each letter, so worked out once."""
        self._gates, self._boxes, self._scripts = gates, gates.mailboxes, gates.scenarios

    async def _judge(self, kind: str, key: str) -> None:
        doors, budget = self._doors, self._doors.settings.limits.refusals
        now, refused = doors.clock.now(), self._refused[kind, key]
        taken = await doors.store.taken(self._gates.since(kind, key, self._start))
        sent = sum(t.count for t in taken if key == (t.mailbox_id if kind == "mailbox" else t.scenario_id))
        if not limits.over_budget(refused, sent, budget):
            self._next_look[kind, key] = refused + budget.count
            return
        said = {"refused": refused, "sent": sent, "hours": budget.hours}
        change = halts.stop(self._gates, kind, key, by="nurture", reason="refusals", now=now, **said)
        self._set(halts.after(self._gates, change))  # at once, whether or not it can be written down
        await steering.announce(doors, change)

    def _refusal(self, mailbox: MailboxId | None, scenario: str | None, at: datetime) -> None:
        budget = self._doors.settings.limits.refusals
        for kind, key in (("mailbox", mailbox), ("scenario", scenario)):
            if not key or not budget.count or at < self._gates.since(kind, key, self._start):
                continue
            self._refused[kind, key] += 1
            stands = self._boxes if kind == "mailbox" else self._scripts
            if self._refused[kind, key] >= self._next_look.get((kind, key), budget.count) and key not in stands:
                self._suspects.add((kind, key))


async def waits(doors: Doors, message: Message, scenario_id: str | None) -> tuple[Wait, ...]:
    """What keeps an approved mail from leaving now, its date apart."""
    now = doors.clock.now()
    gates, traffic = await look(doors, now)
    found = [
        halt.wait
        for halt in gates.stopped
        if halt.id == (message.mailbox_id if halt.kind == "mailbox" else scenario_id)
    ]
    due = message.planned_at is not None and message.planned_at <= now
    if gates.held is not None and message.planned_at is not None and message.planned_at <= gates.held.through:
        found.append(Wait("valve"))
    if message.reason == DOMAIN_LIMIT and message.not_before is not None and message.not_before > now:
        found.append(await _put_off(doors, message))
    if due and message.mailbox_id is not None:
        count = tally(doors, gates, traffic, now)
        found += [w for w in (count.mailbox(message.mailbox_id, now)[1], count.overall(now)[1]) if w is not None]
    return tuple(found)


async def _put_off(doors: Doors, message: Message) -> Wait:
    """The limit for which it was put off, as the journal has it."""
    where = {"message_id": message.id, "kind": "message.put_off"}
    (last,) = await doors.store.find(Entry, where, order=("-seq",), limit=1)
    limit = last.data.get("limit")
    return Wait(
        DOMAIN_LIMIT,
        str(last.data.get("what", "")),
        message.not_before,
        limit if isinstance(limit, int) else 0,
        str(last.data.get("span", "")),
    )


def standing(doors: Doors, gates: Gates, traffic: Traffic, now: datetime) -> tuple[tuple[Wait, int | None], ...]:
    """What keeps mail back now, and how many letters (None: not known): for people to look at."""
    count = tally(doors, gates, traffic, now)
    found: list[tuple[Wait, int | None]] = [(halt.wait, None) for halt in gates.stopped]
    if gates.held is not None:
        found.append((Wait("valve"), gates.held.count))
    waiting = {each.mailbox_id: each.count for each in traffic.pending}
    for key, due in waiting.items():
        wait = count.mailbox(key, now)[1]
        if key not in gates.mailboxes and wait is not None and wait.reason != "jitter":
            found.append((wait, due))
    together = count.overall(now)[1]
    if together is not None and waiting:
        found.append((together, sum(waiting.values())))
    domains: dict[str, list[datetime]] = {}
    for each in traffic.promised:
        if each.until > now:
            domains.setdefault(limits.domain_of(each.to_address), []).append(each.until)
    for domain, untils in sorted(domains.items()):
        found.append((Wait(DOMAIN_LIMIT, domain, min(untils)), len(untils)))
    return tuple(found)
