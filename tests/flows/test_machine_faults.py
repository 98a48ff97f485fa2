"""The machine's witness finds what is wrong: faults are seeded one at a time, and a short life shows each.

Each life goes well in the program as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from nurture.core import approval, cases, outgoing, progress, reactions, survey, upshot
from nurture.core.change import Change
from nurture.core.ids import InboundId
from nurture.core.messages import Enrollment, Message, MessageState
from nurture.core.sending import Verdict
from nurture.errors import Impossible, StaleVersion
from nurture.flows import receive
from tests.flows.conftest import TroubledMemory
from tests.flows.test_machine import Machine
from tests.flows.world import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from nurture.core.sending import Outcome
    from nurture.core.upshot import Upshot
    from nurture.ports import Doors

    Seed = Callable[[pytest.MonkeyPatch], None]

SATO = PEOPLE[0]


def _check_without(*reasons: str) -> Seed:
    """A last check that lets pass what it should hold for these reasons."""

    def seed(patch: pytest.MonkeyPatch) -> None:
        real = outgoing.check

        def check(message: Message, *given: Any, **more: Any) -> Change | None:
            change = real(message, *given, **more)
            rows = [put for put in change.puts if isinstance(put, Message)] if change else []
            return None if rows and rows[0].reason in reasons else change

        patch.setattr(outgoing, "check", check)

    return seed


def _change_of(place: Any, name: str, alter: Callable[[Any], Any]) -> Seed:
    """A decision of which something is forgotten."""

    def seed(patch: pytest.MonkeyPatch) -> None:
        real = getattr(place, name)
        patch.setattr(place, name, lambda *given, **more: alter(real(*given, **more)))

    return seed


def _no_bounce(case: cases.Case) -> cases.Case:
    return cases.NOTED if case is cases.BOUNCE else case


def _without(kind: type) -> Callable[[Change], Change]:
    return lambda change: Change(tuple(p for p in change.puts if not isinstance(p, kind)), change.entries)


def _asleep(advance: Any) -> Any:
    return replace(advance, wake_at=None)


def _mute(change: Change) -> Change:
    return Change(change.puts)


def _holds_forgotten(change: Change) -> Change:
    return Change(
        tuple(replace(p, holds=0) if isinstance(p, Enrollment) else p for p in change.puts), change.entries
    )


def _claims_twice(patch: pytest.MonkeyPatch) -> None:
    """A _claim that does not take the row."""
    real = TroubledMemory.claim

    async def _claim(self: TroubledMemory, *given: Any, **more: Any) -> Any:
        found = await real(self, *given, **more)
        for message, _ in found:
            row = self._rows["message"][message.id]
            self._rows["message"][message.id] = replace(row, state=MessageState.APPROVED)
        return found

    patch.setattr(TroubledMemory, "claim", _claim)


def _doubt_is_later(patch: pytest.MonkeyPatch) -> None:
    """A line lost after the dot is taken for 'try again'."""
    real = upshot.upshot

    def answered(message: Message, found: Outcome, now: datetime) -> Upshot:
        if found.verdict is Verdict.UNKNOWN:
            found = replace(found, verdict=Verdict.LATER)
        return real(message, found, now)

    patch.setattr(upshot, "upshot", answered)


def _claims_are_put_back(patch: pytest.MonkeyPatch) -> None:
    """What a dead daemon had claimed is simply sent again."""
    patch.setattr(outgoing, "doubt", lambda message, now: outgoing.put_back(message, "restart", now))


def _always_fresh(patch: pytest.MonkeyPatch) -> None:
    """Nobody asks when the mailbox was read."""

    async def _freshness(doors: Doors, *_: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return tuple(box.id for box in doors.settings.mailboxes), ()

    async def _is_fresh(*_: Any) -> bool:
        return True

    patch.setattr("nurture.flows.beat.freshness", _freshness)
    patch.setattr("nurture.flows.beat.Beat.is_fresh", _is_fresh)


def _fingerprint_without_text(patch: pytest.MonkeyPatch) -> None:
    """An approval is for a recipient and a date, whatever the text."""
    patch.setattr(Message, "fingerprint", property(lambda self: f"{self.to_address} {self.planned_on}"))


def _no_history(patch: pytest.MonkeyPatch) -> None:
    """What others of the organisation, and other enrollments, have sent is not looked at."""
    real = survey.survey

    def blind(dossier: Any, *given: Any, **more: Any) -> Any:
        return real(replace(dossier, touches=()), *given, **{**more, "touches": ()})

    patch.setattr(survey, "survey", blind)


def _two_are_one(patch: pytest.MonkeyPatch) -> None:
    """One person's approval is enough for two."""
    real = approval.approve

    def approve(message: Message, **more: Any) -> Change:
        return real(replace(message, approve="rep"), **more)

    patch.setattr(approval, "approve", approve)
    _check_without("not_approved_so")(patch)


def _reads_again(patch: pytest.MonkeyPatch) -> None:
    """Mail that was handled before is handled again: the key is not the mail's own."""
    real = receive._inbound
    count = iter(range(1_000_000))

    def inbound(*given: Any) -> Any:
        number = str(next(count))
        return replace(real(*given), id=InboundId(number), key=number)

    patch.setattr(receive, "_inbound", inbound)


def _unseen(patch: pytest.MonkeyPatch) -> None:
    """What is written between a letter's claim and its turn is not asked for."""
    patch.setattr(TroubledMemory, "touched", lambda *_: False)


def _never_held(patch: pytest.MonkeyPatch) -> None:
    """What comes back to the desk is written without looking at its enrollment."""
    real = outgoing._hold
    patch.setattr(outgoing, "_hold", lambda *given: _without(Enrollment)(real(*given)))


# --- lives -------------------------------------------------------------------------------------------------


def _one_day(m: Machine) -> None:
    """Two thank-yous are approved and leave."""
    m.letters([], [], approved=True)
    m.beat("tick")


def _weeks(m: Machine) -> None:
    """A diligent desk, and the daemon works."""
    m.meet(SATO, "other")
    for _ in range(12):
        m.work(2, [], [])


def _lost(m: Machine) -> None:
    """The line is lost after the dot; the daemon goes on."""
    m.letters(["lost_after"], [], approved=True)
    m.wait(6)
    m.letters([], [], approved=False)


def _killed(m: Machine) -> None:
    """Killed after the dot, started again."""
    m.letters(["killed_after"], [], approved=True)
    m.letters([], [], approved=False)


def _unread(m: Machine) -> None:
    """A reply lies in the mailbox, and a mail is due."""
    m.desk(0, "look")
    m.desk(0, "approve")
    for who in PEOPLE[:2]:
        m.mail_comes(who, "reply")
    m.wait(6)
    m.beat("send")


def _edited(m: Machine) -> None:
    """Approved from a page that shows an older text."""
    m.desk(0, "look")
    m.desk(0, "edit")
    m.desk(0, "approve")
    m.letters([], [], approved=False)


def _put_off(m: Machine) -> None:
    """The server puts a letter off until the next day."""
    m.letters(["later", "later"], [], approved=True)
    m.wait(1440)
    m.letters([], [], approved=False)


def _meanwhile(deed: str) -> Callable[[Machine], None]:
    """Something happens while the first of two letters is on the wire; both are put off, and tried again."""

    def _live(m: Machine) -> None:
        m.do(m.world.approve_all)
        approved = [r for r in m.world.messages() if r.state is MessageState.APPROVED and r.step_id == "thanks"]
        first = min(approved, key=lambda r: (r.planned_at, r.id))
        m.letters(["later", "later"], [(deed, PEOPLE.index(first.to_address))], approved=False)
        m.wait(6)
        m.letters([], [], approved=False)

    return _live


def _answered_at_once(m: Machine) -> None:
    """Two of one hospital are written to in one batch; the first answers before the second's turn has come."""
    m.work(1, [], [("reply", 0)])


def _stopped(m: Machine) -> None:
    """Somebody stops an enrollment."""
    _one_day(m)
    m.decide(0, "halt")


def _stopped_while_held(m: Machine) -> None:
    """A mail that is too late comes back to the desk, and just before, its enrollment is stopped."""
    m.letters(["later", "later"], [], approved=True)
    m.wait(1440)
    for index in range(2):
        m.interfere("halt", index, 1)
        m.letters([], [], approved=False)


def _bounced(m: Machine) -> None:
    """The first letter comes back."""
    _one_day(m)
    m.mail_comes(SATO, "bounce")
    for _ in range(6):
        m.work(1, [], [])


def _read_twice(m: Machine) -> None:
    """Killed after a reply was handled, before it was written down how far the mailbox was read."""
    _one_day(m)
    m.mail_comes(SATO, "reply")
    m.kill(1)
    m.beat("read")
    m.beat("read")


FAULTS: Final[dict[str, tuple[Seed, Callable[[Machine], None]]]] = {
    "a claim does not take the row": (_claims_twice, _killed),
    "a lost line is tried again": (_doubt_is_later, _lost),
    "a dead daemon's letters are sent again": (_claims_are_put_back, _killed),
    "nobody asks whether the mailbox was read": (_always_fresh, _unread),
    "an approval does not see the text": (_fingerprint_without_text, _edited),
    "one approval is enough for two": (_two_are_one, _weeks),
    "dates are not looked at once more": (_check_without("moved", "put_off"), _put_off),
    "a paused enrollment's letter leaves": (_check_without("paused", "called_back"), _meanwhile("reply")),
    "a suppression is not looked at": (_check_without("suppressed"), _meanwhile("refuses")),
    "what others get does not count": (_no_history, _weeks),
    "a reply does not call back what is on the wire": (
        _change_of(reactions, "_colleagues", _holds_forgotten),
        _meanwhile("other_replies"),
    ),
    "a reply is not heard by who waits claimed": (_unseen, _answered_at_once),
    "a stop leaves the mails as they are": (_change_of(progress, "end", _without(Message)), _stopped),
    "a stop says nothing": (_change_of(progress, "end", _mute), _stopped),
    "a hold outlives a stop": (_never_held, _stopped_while_held),
    "a bounce silences nobody": (_change_of(cases, "of", _no_bounce), _bounced),
    "an enrollment falls asleep": (_change_of(progress, "advance", _asleep), _one_day),
    "a mail is handled twice": (_reads_again, _read_twice),
}


def lived(life: Callable[[Machine], None]) -> None:
    """A life from its beginning to its end.

    Raises:
        AssertionError: the witness found something.
    """
    machine = Machine()
    try:
        life(machine)
    finally:
        machine.teardown()


@pytest.mark.parametrize(
    "life", dict.fromkeys(life for _, life in FAULTS.values()), ids=lambda life: life.__qualname__
)
def test_such_a_life_goes_well(life: Callable[[Machine], None]) -> None:
    """Without a fault the witness finds nothing."""
    lived(life)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_witness_finds_a_seeded_fault(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With this fault in the program, that life goes wrong."""
    seed, life = FAULTS[fault]
    seed(monkeypatch)

    with pytest.raises((AssertionError, Impossible, StaleVersion)):
        lived(life)
