"""What may be put aside, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nurture.core.deals import TaskState
from nurture.core.snoozing import Snooze, choices, hides, latest, until
from nurture.errors import UserError
from tests.web.world import CALL, CASE_MAIL, DOUBT, HELD, LATE, LEAVING, NOW, READ, SATO, THANK_YOU

TOKYO = ZoneInfo("Asia/Tokyo")
FRIDAY = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)  # ten in the morning
FREE = replace(CALL, due_at=None)


def test_what_is_offered_lies_ahead_and_before_its_own_time() -> None:
    """On a Friday morning: the afternoon, the weekend's morning, Monday; a mail of Tuesday comes back before."""
    task = choices(FREE, FRIDAY, TOKYO)
    mail = choices(CASE_MAIL, FRIDAY, TOKYO)

    assert ["hour", "afternoon", "tomorrow", "workday", "week"] == list(task)
    assert ["hour", "afternoon", "tomorrow", "workday"] == list(mail)
    assert datetime(2026, 11, 30, 8, tzinfo=TOKYO) == task["workday"]
    assert datetime(2026, 12, 4, 8, tzinfo=TOKYO) == task["week"]


def test_the_three_hours_of_a_thank_you_run_on() -> None:
    """It may wait an hour of two, comes back half an hour before their end, and not at all when that is near."""
    assert THANK_YOU.deadline is not None

    assert ["hour"] == list(choices(THANK_YOU, NOW, TOKYO))
    assert THANK_YOU.deadline - timedelta(minutes=30) == latest(THANK_YOU, NOW)
    assert {} == choices(THANK_YOU, NOW + timedelta(minutes=80), TOKYO)
    assert {} == choices(LATE, NOW, TOKYO)


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param(DOUBT, id="in doubt"),
        pytest.param(LEAVING, id="approved"),
        pytest.param(replace(HELD, planned_at=None), id="without a date"),
        pytest.param(replace(READ, kind="complaint"), id="a complaint"),
        pytest.param(replace(CALL, state=TaskState.DONE), id="done"),
    ],
)
def test_some_things_do_not_wait(subject: object) -> None:
    """What went wrong, what is on its way, who is angry, what is over."""
    assert latest(subject, NOW) is None  # type: ignore[arg-type]


def test_who_wrote_to_us_does_not_wait_for_weeks() -> None:
    """A reply waits a week at most, an own task a month."""
    assert NOW + timedelta(days=7) == latest(READ, NOW)
    assert NOW + timedelta(days=30) == latest(FREE, NOW)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("2026-12-01", "cannot wait"),
        ("2027-12-01", "cannot wait"),
        ("2026-11-26", "over"),
        ("9999-12-31", "cannot wait"),
        ("week", "until when"),
        ("soon", "until when"),
        ("", "until when"),
    ],
)
def test_no_form_puts_it_aside_for_longer(asked: str, says: str) -> None:
    """Whatever was written into it."""
    with pytest.raises(UserError, match=says):
        until(replace(CASE_MAIL, planned_at=datetime(2026, 11, 30, 23, 0, tzinfo=UTC)), asked, NOW, TOKYO)


def test_it_is_back_when_its_time_moves_nearer() -> None:
    """What was put aside until Monday, and now leaves tomorrow, is in sight again before."""
    aside = Snooze("z", SATO.id, CASE_MAIL.id, datetime(2026, 11, 30, tzinfo=UTC), NOW)
    sooner = replace(CASE_MAIL, planned_at=NOW + timedelta(hours=1))

    assert hides(aside, CASE_MAIL, NOW)
    assert not hides(aside, CASE_MAIL, aside.until)
    assert not hides(aside, sooner, NOW + timedelta(minutes=25))
    assert not hides(None, CASE_MAIL, NOW)
