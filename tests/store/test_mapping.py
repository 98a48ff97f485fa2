"""Values to columns and back, where the contract does not reach."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.messages import Message, Move
from nurture.core.people import LegalBasis, Person
from nurture.errors import Impossible
from nurture.store.codecs import clean, column, fold
from nurture.store.mapping import shape
from tests.store.world import message, person


class TestNested:
    """What is carried as JSON text."""

    def test_a_field_that_is_missing_takes_its_default(self) -> None:
        """A nested field can be added without a migration; one that went is passed over."""
        codec = column(tuple[Move, ...])
        assert codec.decode is not None
        assert codec.decode('[{"rule":"order","weather":"fine"}]') == (Move("order"),)

    def test_what_cannot_be_read_is_a_fault(self) -> None:
        """A nested value without a field that it needs is refused by the column's name, without its content."""
        row = list(shape(Message).row(message("m", None, "p")).values())
        row[shape(Message).names.index("moves")] = '[{"entry":"secret"}]'
        with pytest.raises(Impossible, match=r"message\.moves: Move lacks rule") as refused:
            shape(Message).value(row)
        assert "secret" not in str(refused.value)

    def test_a_state_of_a_newer_version_is_a_fault(self) -> None:
        """A member that this version does not know is not guessed at."""
        row = shape(Message).row(message("m", None, "p")) | {"state": "teleported"}
        with pytest.raises(Impossible, match=r"message\.state"):
            shape(Message).value(list(row.values()))

    def test_text_stays_readable(self) -> None:
        """A person who opens the database can read it."""
        row = shape(Person).row(person("p", topics=("費用",), legal_basis=LegalBasis(evidence="名刺")))
        assert row["topics"] == '["費用"]'
        assert json.loads(row["legal_basis"]) == {"kind": "none", "on": None, "evidence": "名刺"}

    @given(st.text(), st.dates(), st.datetimes(timezones=st.just(UTC)))
    def test_any_text_date_and_instant(self, text: str, day: date, instant: datetime) -> None:
        """Whatever it is, it comes back, but for what no database holds."""
        value = message("m", None, "p", subject=text, moves=(Move(text, None, day, day),), sent_at=instant)
        back = shape(Message).value(list(shape(Message).row(value).values()))
        assert back.subject == clean(text)
        assert back.moves == (Move(clean(text), None, day, day),)
        assert back.sent_at == instant


@given(st.text(st.characters(codec=None)))
def test_clean_text_can_be_written(text: str) -> None:
    """Clean text is UTF-8 without NUL, of the same length, and stays as it is."""
    cleaned = clean(text)
    assert "\0" not in cleaned
    assert len(cleaned.encode()) >= len(cleaned) == len(text)
    assert clean(cleaned) == cleaned


def test_addresses_fold_as_sql_does() -> None:
    """Only A to Z: what SQLite's lower() and PostgreSQL's in the C collation do."""
    assert fold("Sato@AOBA.Example") == "sato@aoba.example"
    assert fold("ÉÄ@x") == "ÉÄ@x"
