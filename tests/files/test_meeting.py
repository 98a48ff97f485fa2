"""Meeting records as files."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from nurture.core.deals import Stance
from nurture.errors import UserError, UserErrors
from nurture.files import meeting

MINIMAL = "organisation: H\nended_at: 2026-11-20 15:00\nattendees: [a@b.example]\n"


def test_the_example_is_a_valid_record() -> None:
    """What `record --example` prints can be used as it stands."""
    form = meeting.parse(meeting.EXAMPLE, "x")
    assert [a.stance for a in form.attendees] == [Stance.SCEPTICAL, Stance.SUPPORTIVE]
    assert form.promises[0].due == date(2026, 11, 27)
    assert form.pointers[0].page == "5"
    assert form.agreements
    assert form.confirmation_question


def test_short_forms() -> None:
    """A text alone stands for a concern, a promise or an attendee's address."""
    form = meeting.parse(MINIMAL + "concerns: [costs]\npromises: [send it]\n", "x")
    assert (form.concerns[0].text, form.promises[0].text, form.attendees[0].email) == (
        "costs",
        "send it",
        "a@b.example",
    )


def test_a_time_without_offset_is_the_representatives() -> None:
    """15:00 in Tokyo is 06:00 UTC; an offset in the file wins."""
    form = meeting.parse(MINIMAL, "x")
    assert form.ended("Asia/Tokyo").astimezone(UTC) == datetime(2026, 11, 20, 6, tzinfo=UTC)
    form = meeting.parse(MINIMAL.replace("15:00", "15:00+01:00"), "x")
    assert form.ended("Asia/Tokyo").astimezone(UTC) == datetime(2026, 11, 20, 14, tzinfo=UTC)


def test_everything_wrong_has_its_place() -> None:
    """Line, column, key, what was found, what may have been meant."""
    text = meeting.EXAMPLE.replace("stance: sceptical", "stanse: x").replace("2026-12-04", "soon")
    text = text.replace("phase: 2", "phase: 9").replace("k.sato@", "k.sato")
    with pytest.raises(UserErrors) as caught:
        meeting.parse(text, "meeting.yaml")
    keys = [e.where.key for e in caught.value.errors if e.where]
    assert keys == ["attendees[0].stanse", "attendees[1].email", "promises[1].due", "phase"]
    assert all(e.where and e.where.line and e.where.column for e in caught.value.errors)
    assert caught.value.errors[0].values["guess"] == "stance"


@pytest.mark.parametrize("text", ["", "- a", "organisation: H", "a: &x 1\nb: *x", MINIMAL + "attendees: []\n"])
def test_what_is_no_record_is_refused(text: str) -> None:
    """Empty, of another shape, incomplete, with aliases, or a key twice."""
    with pytest.raises(UserError):
        meeting.parse(text, "x")


@pytest.mark.parametrize("said", ["2026/11/20 15:00", "２０２６-11-20 15:00", "2026-11-20T15:00:00"])
def test_times_as_people_write_them(said: str) -> None:
    """Slashes and full-width digits are understood."""
    form = meeting.parse(MINIMAL.replace("2026-11-20 15:00", said), "x")
    assert form.ended_at == datetime(2026, 11, 20, 15)  # noqa: DTZ001 - local on purpose
