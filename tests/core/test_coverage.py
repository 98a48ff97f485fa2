"""Whom we know by role, and how we stand with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from nurture.core.coverage import GROUPS, OTHERS, Contact, Standing, contacts, coverage, sponsor
from nurture.core.deals import Attendee, Meeting, Stance
from nurture.core.ids import DealId, MeetingId, OrganisationId, PersonId, RepId
from nurture.core.people import ROLES, Person

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def ago(days: int) -> datetime:
    """So many days before now."""
    return NOW - timedelta(days=days)


def someone(key: str, role: str | None) -> Person:
    """A person of a role."""
    return Person(PersonId(key), f"{key}@x.example", key, role=role)


def meeting(key: str, at: datetime, *who: tuple[str, Stance]) -> Meeting:
    """A meeting of these."""
    there = tuple(Attendee(PersonId(p), stance) for p, stance in who)
    return Meeting(MeetingId(key), DealId("d"), OrganisationId("o"), RepId("r"), at, attendees=there)


def test_every_role_that_ships_has_a_group() -> None:
    """The six of the practice, each role in exactly one."""
    roles = [role for group in GROUPS.values() for role in group]

    assert sorted(ROLES) == sorted(roles)
    assert 6 == len(GROUPS)


def test_what_is_missing_is_seen() -> None:
    """All six stand there, with nobody where nobody is known; a role of one's own comes last."""
    found = coverage(contacts([someone("a", "it"), someone("b", None), someone("c", "chaplain")], (), {}, {}))

    assert [*GROUPS, OTHERS] == [c.group for c in found]
    assert ["it", OTHERS] == [c.group for c in found if not c.is_missing]
    assert all(c.is_untouched for c in found if not c.is_missing)


def test_the_last_word_on_a_stance_counts() -> None:
    """What was noted last; "hard to say" does not cover what was known before."""
    met = [
        meeting("2", ago(10), ("a", Stance.SUPPORTIVE), ("b", Stance.UNKNOWN)),
        meeting("1", ago(20), ("a", Stance.SCEPTICAL), ("b", Stance.SCEPTICAL)),
    ]
    a, b, c = contacts([someone("a", "it"), someone("b", "it"), someone("c", "it")], met, {}, {})

    assert (Standing.SUPPORTIVE, Standing.SCEPTICAL) == (a.standing(NOW), b.standing(NOW))
    assert (ago(10), None) == (b.met, c.met)
    assert a == sponsor([c, b, a])
    assert sponsor([b, c]) is None


@pytest.mark.parametrize(
    ("met", "written", "heard", "expected"),
    [
        (None, None, None, Standing.KNOWN),
        (None, 3, None, Standing.WRITTEN),
        (None, 14, None, Standing.WRITTEN),
        (None, 15, None, Standing.SILENT),
        (40, 15, None, Standing.SILENT),
        (40, 15, 14, Standing.MET),
        (10, 15, None, Standing.MET),
        (None, 30, 2, Standing.WRITTEN),
        (30, None, None, Standing.MET),
    ],
)
def test_silence(met: int | None, written: int | None, heard: int | None, expected: Standing) -> None:
    """A mail without an answer for more than two weeks is silence; a meeting or an answer since ends it."""
    a, b, c = (ago(days) if days else None for days in (met, written, heard))

    assert expected == Contact(someone("a", "it"), met=a, written=b, heard=c).standing(NOW)
