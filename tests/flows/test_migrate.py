"""Running enrollments move on to the present text of their scenario."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change, Setting
from nurture.core.ids import RepId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, MessageState
from nurture.core.migration import Difference
from nurture.core.people import AccessRole, Representative
from nurture.errors import UserError
from nurture.flows import enroll, feeds, migrate, tick
from tests.flows.conftest import MET, SCENARIO, House
from tests.flows.test_receive import thanked
from tests.samples import REP

if TYPE_CHECKING:
    from nurture.core.scenario import Scenario
    from nurture.flows.migrate import Migrated, Shift

CASE = "  - {id: case, day: 4,"
COLUMN = "  - {id: column, day: 12, mail: column, content: {kind: column, match: [role, specialty, concern]}"


def edited(house: House, *changes: tuple[str, str]) -> Scenario:
    """The house's scenario after somebody edited its file."""
    text = SCENARIO
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (house.doors.settings.folder / "scenarios" / "short.yaml").write_text(text, encoding="utf-8")
    return house.doors.library.scenario("short")


async def shifts(house: House, script: Scenario) -> list[Shift]:
    """What a migration would do."""
    return [shift async for shift in migrate.preview(house.doors, script)]


async def migrated(house: House, script: Scenario) -> Migrated:
    """Move everybody on."""
    keys = [shift.dossier.id for shift in await shifts(house, script)]
    return await migrate.migrate(house.doors, script, keys, by=REP.id)


async def enrollment(house: House) -> Enrollment:
    """The one enrollment."""
    (found,) = await house.store.find(Enrollment)
    return found


async def test_what_would_change_is_said_before_and_nothing_is_written(house: House) -> None:
    """Dates before and after, steps that are new and gone; what has left is over."""
    await thanked(house)
    await tick.tick(house.doors)
    before = await house.mails()
    script = edited(house, (CASE, "  - {id: case, day: 5,"), (COLUMN, COLUMN.replace("id: column", "id: essay")))
    (shift,) = await shifts(house, script)

    found = {step.step_id: step for step in shift.steps}
    assert {
        "thanks": Difference.DONE,
        "case": Difference.MOVED,
        "call": Difference.SAME,
        "essay": Difference.NEW,
        "column": Difference.GONE,
    } == {key: step.difference for key, step in found.items()}
    start = MET.date()
    assert (start + timedelta(days=3), start + timedelta(days=4)) == (found["case"].before, found["case"].after)
    assert (None, start + timedelta(days=11)) == (found["essay"].before, found["essay"].after)
    assert shift.changes
    assert not shift.other_anchor
    assert before == await house.mails()


async def test_only_what_has_not_left_moves_on(house: House) -> None:
    """The thank-you stays as it left; the gone step is cancelled, the new one planned, the journal says it."""
    sent = await thanked(house)
    await tick.tick(house.doors)
    script = edited(house, (COLUMN, COLUMN.replace("id: column", "id: essay")))
    report = await migrated(house, script)

    assert ([(await enrollment(house)).id], []) == (report.done, report.stale)
    assert script.hash == (await enrollment(house)).scenario_hash
    assert sent == await house.mail("thanks")
    gone = await house.mail("column")
    assert (MessageState.CANCELLED, "step_gone") == (gone.state, gone.reason)
    assert MessageState.PLANNED is (await house.mail("essay")).state
    (said,) = [e for e in await house.store.find(Entry) if e.kind == "enrollment.migrated"]
    assert (REP.id, ["column"]) == (said.actor, said.data["gone"])
    assert [] == await shifts(house, script)


async def test_an_approved_mail_whose_text_or_date_changes_needs_a_fresh_approval(house: House) -> None:
    """What a person approved is what leaves (law 4)."""
    await thanked(house)
    await house.until(MET + timedelta(days=2))
    approved = await house.approve(await house.mail("case"))
    script = edited(house, (CASE, "  - {id: case, purpose: notice, day: 4,"))
    (shift,) = await shifts(house, script)
    assert [(Difference.REWRITTEN, True)] == [
        (s.difference, s.approved) for s in shift.steps if s.step_id == "case"
    ]
    await migrated(house, script)

    found = await house.mail("case")
    assert (MessageState.WAITING, "migrated", ()) == (found.state, found.reason, found.approvals)
    assert approved.planned_on == found.planned_on
    await house.approve(found)
    later = edited(house, (CASE, "  - {id: case, day: 7,"))
    await migrated(house, later)
    moved = await house.mail("case")
    assert moved.state in {MessageState.PLANNED, MessageState.WAITING}
    assert () == moved.approvals
    await house.until(MET + timedelta(days=20), timedelta(hours=6))
    assert ["thanks"] == [m.step_id for m in await house.mails() if m.state is MessageState.SENT]


async def test_who_must_approve_now_has_not_yet(house: House) -> None:
    """A mail that one person approved waits for the second."""
    await thanked(house)
    await house.until(MET + timedelta(days=2))
    approved = await house.approve(await house.mail("case"))
    await migrated(house, edited(house, (CASE, "  - {id: case, approve: two_people, day: 4,")))

    found = await house.mail("case")
    assert (MessageState.WAITING, "two_people", approved.body) == (found.state, found.approve, found.body)


async def test_nothing_to_do_leaves_approvals_alone(house: House) -> None:
    """A comment in the file makes another text, and no difference to anybody."""
    await thanked(house)
    await house.until(MET + timedelta(days=2))
    approved = await house.approve(await house.mail("case"))
    script = edited(house, ("\nsteps:", "\n# a word to colleagues\nsteps:"))
    (shift,) = await shifts(house, script)
    assert not shift.changes
    await migrated(house, script)

    assert approved.approvals == (await house.mail("case")).approvals
    assert MessageState.APPROVED is (await house.mail("case")).state


async def test_a_paused_enrollment_moves_on_and_stays_paused(house: House) -> None:
    """Its dates come when it is resumed."""
    await thanked(house)
    found = await enrollment(house)
    await enroll.pause(house.doors, found.id, by=REP.id, reason="person")
    await migrated(house, edited(house, (CASE, "  - {id: case, day: 6,")))

    assert EnrollmentState.PAUSED is (await enrollment(house)).state
    assert [None] == [m.planned_on for m in await house.mails("column")]
    await enroll.resume(house.doors, found.id, by=REP.id)
    await tick.tick(house.doors)
    case = await house.mail("case")
    assert (MET + timedelta(days=5)).date() == case.nominal


async def test_the_arm_of_a_comparison_stays(house: House) -> None:
    """Unless the new text has no such arm."""
    arms = "\nvariants:\n  a: {weight: 0}\n  b: {steps: {column: {day: 20}}}\n"
    edited(house, ("\nsteps:", f"{arms}steps:"))
    await thanked(house)
    more = arms.replace("weight: 0", "weight: 1000")
    await migrated(house, edited(house, ("\nsteps:", f"{more}steps:")))
    assert "b" == (await enrollment(house)).variant
    await migrated(house, edited(house, ("\nsteps:", "\nvariants: {c: {weight: 1}}\nsteps:")))
    assert "c" == (await enrollment(house)).variant


async def test_only_those_who_may_move_people_on(house: House) -> None:
    """The representative, the manager, who keeps the scenarios; nobody else."""
    await thanked(house)
    script = edited(house, (CASE, "  - {id: case, day: 6,"))
    keys = [(await enrollment(house)).id]
    stranger = replace(REP, id=RepId("stranger"), email="s@minato.example", version=0)
    keeper = replace(stranger, id=RepId("keeper"), email="k@minato.example", access=(AccessRole.OPERATIONS,))
    await house.store.commit(Change((stranger, keeper)))

    with pytest.raises(UserError, match="may not act"):
        await migrate.migrate(house.doors, script, keys, by=stranger.id)
    assert keys == (await migrate.migrate(house.doors, script, keys, by=keeper.id)).done
    assert 3 == len(await house.store.find(Representative))


async def test_somebody_else_was_first(house: House) -> None:
    """That one is left, and told of."""
    await thanked(house)
    script = edited(house, (CASE, "  - {id: case, day: 6,"))
    found = await enrollment(house)
    shown = await shifts(house, script)

    async def first(change: Change) -> None:
        """Pause it just before the migration is written."""
        house.store.trouble = None
        await enroll.pause(house.doors, found.id, by=REP.id, reason="person")

    house.store.trouble = first
    report = await migrate.migrate(house.doors, script, [s.dossier.id for s in shown], by=REP.id)

    assert ([], [found.id]) == (report.done, report.stale)
    assert "person" == (await enrollment(house)).reason


async def test_changed_calendars_stand_in_the_journal(house: House) -> None:
    """That they changed and how many are planned anew; then which mail moved, from when to when, and why."""
    await thanked(house)
    await tick.tick(house.doors)
    await feeds.notice(house.doors)
    assert "calendars.changed" not in await house.kinds()
    known = await house.store.get(Setting, feeds.DIGEST)
    assert known is not None
    await house.store.commit(Change((replace(known, value="another"),)))

    assert await feeds.notice(house.doors)
    (said,) = [e for e in await house.store.find(Entry) if e.kind == "calendars.changed"]
    assert {"count": 1} == said.data
