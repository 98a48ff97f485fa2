"""Closures of one organisation: kept, told, and its people planned anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from nurture.core.messages import Enrollment, Entry
from nurture.core.people import Closure, Organisation
from nurture.errors import TemporaryFailure, UserError
from nurture.flows import closures, tick
from tests.flows.conftest import MET, House, attendee
from tests.samples import REP

VISIT = Closure(date(2027, 5, 13), date(2027, 5, 14), "病院機能評価 受審")


async def organisation(house: House) -> Organisation:
    """The one organisation."""
    (found,) = await house.store.find(Organisation)
    return found


async def test_a_closure_moves_the_mail_of_its_days(house: House) -> None:
    """The organisation's enrollments wake, and nobody else's; taking it out brings the old date back."""
    await house.met()
    at = (await organisation(house)).id
    before = (await house.mail("case")).planned_on
    await closures.add(house.doors, at, VISIT, by=REP.id)
    await tick.tick(house.doors)
    during = await house.mail("case")
    await closures.remove(house.doors, at, VISIT, by=REP.id)
    await tick.tick(house.doors)

    assert (date(2027, 5, 13), date(2027, 5, 17)) == (before, during.planned_on)
    assert any((move.entry or "").startswith("closures/") for move in during.moves)
    assert before == (await house.mail("case")).planned_on


async def test_it_stands_in_the_journal(house: House) -> None:
    """Who, which days, and what they are."""
    await house.met()
    await closures.add(house.doors, (await organisation(house)).id, VISIT, by=REP.id)
    said = (await house.store.find(Entry, {"kind": "organisation.closed"}))[-1]

    assert (REP.id, "2027-05-13", "2027-05-14", VISIT.name) == (
        said.actor,
        said.data["from"],
        said.data["to"],
        said.data["name"],
    )


async def test_closures_are_kept_in_order(house: House) -> None:
    """By their first day."""
    await house.met()
    at = (await organisation(house)).id
    early = replace(VISIT, start=date(2027, 5, 1), end=date(2027, 5, 1), effect="holiday")
    await closures.add(house.doors, at, VISIT, by=REP.id)
    await closures.add(house.doors, at, early, by=REP.id)

    assert (early, VISIT) == (await organisation(house)).closures


@pytest.mark.parametrize(
    ("closure", "said"),
    [
        (replace(VISIT, end=date(2027, 5, 1)), "the last day lies before the first"),
        (replace(VISIT, end=date(2029, 5, 1)), "a year at most"),
        (replace(VISIT, name=" "), "needs a name"),
        (replace(VISIT, name="a\x1b[2Jb"), "needs a name"),
        (replace(VISIT, effect="reduce"), "expected one of"),
    ],
)
async def test_what_cannot_be_kept_is_said(house: House, closure: Closure, said: str) -> None:
    """Nothing is written."""
    await house.met()
    with pytest.raises(UserError, match=said):
        await closures.add(house.doors, (await organisation(house)).id, closure, by=REP.id)
    assert () == (await organisation(house)).closures


async def test_twice_and_never(house: House) -> None:
    """The same closure is kept once; one that is not there cannot be taken out; nor from nobody."""
    await house.met()
    at = (await organisation(house)).id
    await closures.add(house.doors, at, VISIT, by=REP.id)
    with pytest.raises(UserError, match="already"):
        await closures.add(house.doors, at, VISIT, by=REP.id)
    with pytest.raises(UserError, match="no such closure"):
        await closures.remove(house.doors, at, replace(VISIT, name="x"), by=REP.id)
    with pytest.raises(UserError, match="There is no organisation"):
        await closures.add(house.doors, "nobody", VISIT, by=REP.id)  # type: ignore[arg-type]


async def test_others_who_write_meanwhile_are_waited_for(house: House) -> None:
    """A change in between is read and decided again; if there is no end to them, nothing is done."""
    await house.met(attendee())
    at = (await organisation(house)).id
    left = 3

    async def _meddle(change: object) -> None:
        nonlocal left
        if left:
            left -= 1
            house.store.trouble = None
            (enrollment,) = await house.store.find(Enrollment)
            from nurture.core.change import Change

            await house.store.commit(Change((replace(enrollment, wake_at=MET + timedelta(days=left)),)))
            house.store.trouble = _meddle

    house.store.trouble = _meddle
    await closures.add(house.doors, at, VISIT, by=REP.id)
    assert (VISIT,) == (await organisation(house)).closures
    left = 99
    with pytest.raises(TemporaryFailure):
        await closures.remove(house.doors, at, VISIT, by=REP.id)
    assert (VISIT,) == (await organisation(house)).closures
