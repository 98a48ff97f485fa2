"""The journal's seals: whatever is changed in a sealed line is found, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import create_engine, text

from nurture.core import audit as seals
from nurture.core.change import Change
from nurture.core.ids import PersonId
from nurture.core.messages import Entry
from nurture.flows import audit
from nurture.flows.audit import EVERY, LINES, Seen
from nurture.store import SqlStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.flows.conftest import House

DATA: Final = {"step": "thanks", "質問": ["a", 1, None, {"b": True}], "x": 'quote " and \\ and \n'}


def address(place: Path | str) -> str:
    """For SQLAlchemy, past the store."""
    return (
        place.replace("postgresql://", "postgresql+psycopg://")
        if isinstance(place, str)
        else f"sqlite+pysqlite:///{place}"
    )


class Book:
    """A journal in a real database, and somebody who may write to its file."""

    def __init__(self, house: House, store: SqlStore, place: Path | str) -> None:
        self.house = house
        self.doors = replace(house.doors, store=store)
        self.place = place
        self.seen = Seen()

    async def write(self, count: int) -> None:
        """So many more lines."""
        at = self.house.clock.now()
        lines = tuple(
            Entry(at, f"kind.{n % 7}", "tanaka", DATA | {"n": n}, person_id=PersonId(f"p{n}"))
            for n in range(count)
        )
        await self.doors.store.commit(Change((), lines))

    async def seal(self) -> int:
        """Two looks, ten minutes later; how many seals were made."""
        made = len(await audit.seal(self.doors, self.seen))
        self.house.clock.advance_to(self.house.clock.now() + EVERY)
        return made + len(await audit.seal(self.doors, self.seen))

    def tamper(self, statement: str) -> None:
        """As an administrator of the database could."""
        engine = create_engine(address(self.place))
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO journal_unlock (id) VALUES ('x')"))
            connection.execute(text(statement))
            connection.execute(text("DELETE FROM journal_unlock"))
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
async def book(request: pytest.FixtureRequest, house: House, tmp_path: Path) -> AsyncIterator[Book]:
    """Of each kind."""
    place = tmp_path / "audit.sqlite" if request.param == "sqlite" else request.getfixturevalue("database")
    store = await SqlStore.open(place)
    yield Book(house, store, place)
    await store.close()


async def test_a_journal_that_nobody_touched_is_as_it_was(book: Book) -> None:
    """Runs of a thousand lines; the rest is sealed as well; each line is under exactly one seal."""
    await book.write(2 * LINES + 5)
    made = await book.seal()
    report = await audit.verify(book.doors)

    assert 3 == made == report.seals
    assert (2 * LINES + 5, 0, []) == (report.lines, report.unsealed, report.faults)


TAMPERINGS: Final = {
    "data": ("UPDATE journal SET data = '{}' WHERE seq = 3", "changed"),
    "actor": ("UPDATE journal SET actor = 'nobody' WHERE seq = 3", "changed"),
    "time": ("UPDATE journal SET at = '2020-01-01 00:00:00.000000' WHERE seq = 3", "changed"),
    "whose": ("UPDATE journal SET person_id = 'other' WHERE seq = 3", "changed"),
    "removed": ("DELETE FROM journal WHERE seq = 3", "removed"),
    "seal": ("UPDATE journal_seal SET digest = previous WHERE first = 1", "changed"),
    "nonsense": ("UPDATE journal SET data = '[' WHERE seq = 3", "unreadable"),
}


@pytest.mark.parametrize("how", TAMPERINGS)
async def test_what_was_changed_is_found(book: Book, how: str) -> None:
    """Whoever may write to the database cannot do so unseen."""
    statement, problem = TAMPERINGS[how]
    await book.write(10)
    await book.seal()
    book.tamper(statement)
    report = await audit.verify(book.doors)

    assert (1, 10, problem) == (
        report.faults[0].seal.first,
        report.faults[0].seal.last,
        report.faults[0].problem,
    )


async def test_a_line_put_between_is_found(book: Book) -> None:
    """A number that a failed commit left free is no place for a line."""
    await book.write(4)
    book.tamper("UPDATE journal SET seq = 6 WHERE seq = 4")
    await book.seal()
    copied = "at, kind, actor, data, person_id"
    book.tamper(f"INSERT INTO journal ({copied}, seq) SELECT {copied}, 5 FROM journal WHERE seq = 1")  # noqa: S608
    report = await audit.verify(book.doors)

    assert ["added"] == [fault.problem for fault in report.faults]


async def test_a_missing_seal_breaks_the_chain(book: Book) -> None:
    """The one behind it names a digest that is not there."""
    await book.write(LINES)
    await book.seal()
    await book.write(LINES)
    await book.seal()
    book.tamper("DELETE FROM journal_seal WHERE first = 1")
    report = await audit.verify(book.doors)

    assert ["chain"] == [fault.problem for fault in report.faults]


async def test_rewriting_everything_is_found_by_who_noted_a_digest(book: Book) -> None:
    """Seals made anew over changed lines fit; the digest of that day is not among them."""
    await book.write(10)
    await book.seal()
    before = await audit.verify(book.doors)
    assert before.head is not None
    noted = before.head.digest
    book.tamper("UPDATE journal SET actor = 'nobody' WHERE seq = 3")
    book.tamper("DELETE FROM journal_seal")
    await book.seal()
    report = await audit.verify(book.doors, noted=noted)

    assert [] == report.faults
    assert False is report.known
    assert True is (await audit.verify(book.doors, noted=seals.NOTHING)).known


async def test_what_was_noted_stays_known_as_the_journal_grows(book: Book) -> None:
    """Any seal's digest stands for all that was before it."""
    await book.write(10)
    await book.seal()
    head = (await audit.verify(book.doors)).head
    assert head is not None
    await book.write(10)
    await book.seal()

    assert True is (await audit.verify(book.doors, noted=head.digest)).known


async def test_a_line_is_sealed_when_an_earlier_look_has_seen_it(book: Book) -> None:
    """What came since may still get company with a lower number, from another daemon."""
    await book.write(LINES)
    first = await audit.seal(book.doors, book.seen)
    await book.write(LINES)
    second = await audit.seal(book.doors, book.seen)

    assert () == first
    assert [(1, LINES)] == [(made.first, made.last) for made in second]


async def test_few_lines_wait_for_company(book: Book) -> None:
    """Not a seal a minute: one in ten minutes, if anything happened."""
    await book.write(1)
    made = 0
    for _ in range(60):
        book.house.clock.advance_to(book.house.clock.now() + timedelta(minutes=1))
        await book.write(1)
        made += len(await audit.seal(book.doors, book.seen))

    assert 6 == made


async def test_two_daemons_make_one_chain(book: Book) -> None:
    """They look at the same moment: one seals, the other finds it done."""
    await book.write(3 * LINES)
    other = await SqlStore.open(book.place)
    doors, seen = replace(book.doors, store=other), Seen()
    for _ in range(2):
        await audit.seal(book.doors, book.seen)
        await audit.seal(doors, seen)
    seen.last = book.seen.last
    await book.write(LINES)
    await audit.seal(book.doors, book.seen)
    await other.close()
    report = await audit.verify(book.doors)

    assert (3, []) == (report.seals, report.faults)


def test_a_digest_is_the_same_on_every_database() -> None:
    """Another zone, another order of keys: the same line."""
    from datetime import UTC, datetime, timezone

    at = datetime(2027, 5, 10, 6, 0, tzinfo=UTC)
    one = Entry(at, "a.b", "x", {"b": 1, "a": (2, 3)}, seq=1)
    other: Any = {"a": [2, 3], "b": 1}
    same = Entry(at.astimezone(timezone(timedelta(hours=9))), "a.b", "x", other, seq=1)

    assert seals.leaf(one) == seals.leaf(same)
