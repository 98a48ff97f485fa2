"""Anything in any order: whatever people, servers, mail and kills do, the witness finds nothing wrong.

The witness is ``world``; that it can find something is shown in ``test_machine_faults``. More lives:
``NURTURE_EXAMPLES=2000 pytest tests/flows/test_machine.py``.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from nurture.errors import StaleVersion
from tests.flows.world import DEPUTY, PEOPLE, Killed, World, settings_in, world

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nurture.core.change import Change

EXAMPLES: Final = int(os.environ.get("NURTURE_EXAMPLES", "40"))
STEPS: Final = 25

INDEX = st.integers(0, 5)
WHO = st.sampled_from(PEOPLE)
FATES: Final = (
    *("accepted", "accepted", "later", "refused", "unknown"),
    *("lost_before", "lost_after", "killed_before", "killed_after"),
)
ANSWERS = st.lists(st.sampled_from(FATES), max_size=3)
MAIL = st.sampled_from(["reply", "reply", "opt_out", "bounce", "away"])
DEEDS = st.sampled_from(
    [
        *("reply", "other_replies", "refuses", "away", "opt_out"),
        *("pause", "resume", "halt", "approve", "edit", "reject", "tick"),
    ]
)
"""What may happen while something else is going on."""
HAPPENINGS = st.lists(st.tuples(DEEDS, INDEX), max_size=2)

_FOLDER = tempfile.TemporaryDirectory()
SHARED = settings_in(Path(_FOLDER.name))


class Machine(RuleBasedStateMachine):
    """The flows over a store in memory, with everything that may come in their way."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world: World = self.loop.run_until_complete(world(*SHARED))

    def do(self, *doings: Callable[[], Awaitable[object]]) -> None:
        """One thing after another; a kill ends them, and the daemon starts again. Then the witness is asked."""
        it = self.world
        before, since = it.states(), it.end
        try:
            for doing in doings:
                self.loop.run_until_complete(_awaited(doing))
        except BaseExceptionGroup as group:
            if group.split(Killed)[1] is not None:
                raise
            self.loop.run_until_complete(it.die())
        except Killed:
            self.loop.run_until_complete(it.die())
        it.check(before, since)
        assert not it.wrong, it.wrong

    def deed(self, name: str, index: int) -> Callable[[], Awaitable[None]]:
        """Something small that somebody does, or that happens."""
        it = self.world

        async def _replies(who: str, kind: str) -> None:
            it.deliver(who, kind)
            await it.read()

        deeds: dict[str, Callable[[], Awaitable[None]]] = {
            "reply": lambda: _replies(PEOPLE[index % 2], "reply"),
            "other_replies": lambda: _replies(PEOPLE[(index + 1) % 2], "reply"),
            "refuses": lambda: _replies(PEOPLE[index % 2], "opt_out"),
            "away": lambda: _replies(PEOPLE[index % 2], "away"),
            "opt_out": lambda: it.opt_out(index),
            "pause": lambda: it.pause(index),
            "resume": lambda: it.resume(index),
            "halt": lambda: it.halt(index),
            "approve": lambda: it.approve(index),
            "edit": lambda: it.edit(index),
            "reject": lambda: it.reject(index),
            "tick": it.tick,
        }
        return deeds[name]

    @initialize(often=st.integers(0, 9), colleagues=st.booleans())
    def begin(self, often: int, colleagues: bool) -> None:
        """Somewhere on the way: the first letters have left already."""
        if colleagues:
            self.do(lambda: self.world.meet(PEOPLE[0], PEOPLE[2], scenario="other"))
        self._on(often, [], [], self.world.approve_all)

    # --- time and the daemon ---

    @rule(minutes=st.sampled_from([0, 1, 6, 45, 180, 1440, 4320]))
    def wait(self, minutes: int) -> None:
        """Time goes by."""
        self.world.clock.advance_to(self.world.now + timedelta(minutes=minutes))

    @rule(often=st.integers(1, 4), answers=ANSWERS, deeds=HAPPENINGS)
    def work(self, often: int, answers: list[str], deeds: list[tuple[str, int]]) -> None:
        """The desk is diligent, and the daemon works through the next moments at which something is due."""
        self._on(often, answers, deeds, self.world.approve_all)

    @rule(often=st.integers(1, 4), answers=ANSWERS, deeds=HAPPENINGS)
    def work_alone(self, often: int, answers: list[str], deeds: list[tuple[str, int]]) -> None:
        """The same with nobody at the desk."""
        self._on(often, answers, deeds)

    def _on(
        self, often: int, answers: list[str], deeds: list[tuple[str, int]], *first: Callable[[], Awaitable[None]]
    ) -> None:
        it = self.world
        it.answers[:] = answers
        it.meanwhile[:] = [self.deed(*one) for one in deeds]

        async def _hop() -> None:
            due = await it.store.next_due()
            if due is not None and due > it.now:
                it.clock.advance_to(due)

        for _ in range(often):
            self.do(*first, _hop, it.read, it.tick, it.send, it.tick)
        it.meanwhile.clear()

    @rule(answers=ANSWERS, deeds=HAPPENINGS, approved=st.booleans())
    def letters(self, answers: list[str], deeds: list[tuple[str, int]], approved: bool) -> None:
        """All that is due leaves, or meets its fate; meanwhile something happens."""
        it = self.world
        it.answers[:] = answers
        it.meanwhile[:] = [self.deed(*one) for one in deeds]
        self.do(*([it.approve_all] if approved else []), it.read, it.send)
        it.meanwhile.clear()

    @rule(beat=st.sampled_from(["send", "read", "tick"]))
    def beat(self, beat: str) -> None:
        """One beat alone: sending with the mailbox unread, a look into the mailbox, planning."""
        self.do({"send": self.world.send, "read": self.world.read, "tick": self.world.tick}[beat])

    @rule(deed=DEEDS, index=INDEX, after=st.integers(0, 3))
    def interfere(self, deed: str, index: int, after: int) -> None:
        """Another process does something just before a commit that is to come."""
        self._before_commit(after, self.deed(deed, index))

    @rule(after=st.integers(0, 4))
    def kill(self, after: int) -> None:
        """The daemon will be killed just before a commit that is to come."""

        async def _die() -> None:
            raise Killed

        self._before_commit(after, _die)

    def _before_commit(self, after: int, doing: Callable[[], Awaitable[None]]) -> None:
        left = after

        async def _trouble(_: Change) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                self.world.store.trouble = None
                await doing()

        self.world.store.trouble = _trouble

    # --- people ---

    @rule(who=WHO, kind=MAIL)
    def mail_comes(self, who: str, kind: str) -> None:
        """Somebody writes to us."""
        self.world.deliver(who, kind)

    @rule(index=INDEX, what=st.sampled_from(["look", "approve", "deputy", "edit", "reject", "left", "again"]))
    def desk(self, index: int, what: str) -> None:
        """Somebody opens a page, approves what it showed, edits, rejects, settles a doubt or a failure."""
        it = self.world
        verbs: dict[str, Callable[[], Awaitable[None]]] = {
            "look": lambda: it.look(index),
            "approve": lambda: it.approve(index),
            "deputy": lambda: it.approve(index, DEPUTY.id),
            "edit": lambda: it.edit(index),
            "reject": lambda: it.reject(index),
            "left": lambda: it.settle(index, sent=True),
            "again": lambda: it.settle(index, sent=False),
        }
        self.do(verbs[what])

    @rule(index=INDEX, what=st.sampled_from(["pause", "resume", "resume", "halt", "opt_out"]))
    def decide(self, index: int, what: str) -> None:
        """Somebody pauses, resumes, stops, opts out."""
        self.do(self.deed(what, index))

    @rule(who=WHO, scenario=st.sampled_from(["first", "other"]))
    def meet(self, who: str, scenario: str) -> None:
        """Another meeting; the person may be on the way already, also in the other scenario."""
        self.do(lambda: _unless_stale(self.world.meet(who, scenario=scenario)))

    def teardown(self) -> None:
        """Two months later: all came to its end."""
        try:
            if not self.world.wrong:
                self.loop.run_until_complete(self.world.conclude())
                assert not self.world.wrong, self.world.wrong
        finally:
            self.loop.close()


async def _awaited(doing: Callable[[], Awaitable[object]]) -> None:
    await doing()


async def _unless_stale(doing: Awaitable[None]) -> None:
    try:
        await doing
    except StaleVersion:
        return


QUICK: Final = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def test_nothing_goes_wrong_whatever_happens() -> None:
    """Forty lives of thirty happenings each."""
    run_state_machine_as_test(Machine, settings=QUICK)
