"""The times to meet that a mail proposes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.slots import Slot, in_lines
from nurture.mail.proposals import proposed

BASE = date(2026, 11, 28)
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "times"),
    [
        (
            "12/10(木) 13:00～14:00 か 12/11(金) 16時以降でいかがでしょうか。",
            ["2026-12-10 13:00–14:00", "2026-12-11 16:00–"],
        ),
        ("来週の木曜15時以降でしたら時間が取れます。", ["2026-12-03 15:00–"]),
        ("12月10日（木）午後2時半から3時半まででお願いします。", ["2026-12-10 14:30–15:30"]),
        (
            "12/10（木）または12/11（金）の午前中はいかがでしょうか。",
            ["2026-12-10 09:00–12:00", "2026-12-11 09:00–12:00"],
        ),
        ("12/10は都合が悪く、12/11の10時からであれば可能です。", ["2026-12-11 10:00–"]),
        (
            "来週の火曜から木曜の午後でしたら空いています。",
            ["2026-12-01 13:00–17:00", "2026-12-02 13:00–17:00", "2026-12-03 13:00–17:00"],
        ),
        ("１２月１０日１３時〜１４時", ["2026-12-10 13:00–14:00"]),
        ("12月10日 9時半～10時半", ["2026-12-10 09:30–10:30"]),
        ("12月10日、10時〜11時、15時以降", ["2026-12-10 10:00–11:00", "2026-12-10 15:00–"]),
        ("12月8日 昼休みの20分程度であれば。", ["2026-12-08 12:00–13:00"]),
        ("12月17日（木）12時30分から20分程度でいかがでしょうか。", ["2026-12-17 12:30–12:50"]),
        ("12/17 15時から1時間ほどお願いします。", ["2026-12-17 15:00–16:00"]),
        ("12月7日（月）の週に一度ご来院ください。", []),
        ("12/15（火）17:30までなら可能です。", ["2026-12-15 –17:30"]),
        (
            "候補\n①12/10 10:00-11:00\n②12/14 15:00-16:00\n③12/16 終日可",
            ["2026-12-10 10:00–11:00", "2026-12-14 15:00–16:00", "2026-12-16"],
        ),
        ("12/10 3時にお願いします。", ["2026-12-10 15:00–"]),
        ("How about Thursday 10 December at 3pm?", ["2026-12-10 15:00–"]),
        ("Dec 10, 14:00-15:00 would work.", ["2026-12-10 14:00–15:00"]),
        ("12/10 10:00は難しいです。", []),
        ("12/10(水) 13時はいかがですか。", []),
        ("来週あたりいかがでしょうか。", []),
        ("11/20 10:00にお会いしました。", []),
        ("その日は手術ですので、翌週でお願いします。", []),
    ],
)
def test_the_times_that_are_proposed(text: str, times: list[str]) -> None:
    """In their order; none that is turned down, past, or whose weekday is another."""
    assert times == [str(slot) for slot in proposed(text, BASE)]


slots = st.builds(
    Slot,
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.none() | st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.none() | st.times().map(lambda t: t.replace(second=0, microsecond=0)),
)


@given(st.lists(slots, max_size=12), st.text(max_size=50))
def test_what_is_written_into_a_task_is_read_again(listed: list[Slot], text: str) -> None:
    """Whatever stands below it."""
    detail = "\n".join([*map(str, listed), f"お世話になっております。{text}"])

    assert tuple(listed) == in_lines(detail)


@pytest.mark.parametrize(
    ("slot", "span"),
    [
        (Slot(date(2026, 12, 10), time(13), time(14)), (4, 5)),
        (Slot(date(2026, 12, 10), time(13)), (4, 5)),
        (Slot(date(2026, 12, 10), None, time(13)), (3, 4)),
    ],
)
def test_a_meeting_lies_at_the_beginning(slot: Slot, span: tuple[int, int]) -> None:
    """An hour, where nobody named its end; before an end that was named; a whole day has no hours."""
    expected = tuple(datetime(2026, 12, 10, hour, tzinfo=UTC) for hour in span)

    assert expected == slot.span(TOKYO)
    assert Slot(date(2026, 12, 10)).span(TOKYO) is None


@given(
    st.text(max_size=300) | st.text("0123456789/:時分半午前後～-月日(木)かまでは以降、。 ", max_size=80),
    st.dates(),
)
def test_whatever_is_written_no_time_is_past(text: str, base: date) -> None:
    """Never an error; never before the mail; an end never before its start."""
    for slot in proposed(text, base):
        assert slot.day >= base
        assert slot.start is None or slot.end is None or slot.start < slot.end
