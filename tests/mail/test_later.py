"""When somebody who puts it off wants to come back to it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail.later import named

BASE = date(2026, 11, 28)
"""A Saturday of the fiscal year 2026."""


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("検討いたします。", None),
        ("現行機の更新が令和9年度ですので、その頃に改めて考えます。", date(2027, 4, 1)),
        ("２０２８年度の予算で検討します。", date(2028, 4, 1)),
        ("来年度の予算で検討します。", date(2027, 4, 1)),
        ("今年度は難しいですが検討します。", date(2027, 4, 1)),
        ("再来年度に改めて。", date(2028, 4, 1)),
        ("下期に改めて検討します。", date(2027, 10, 1)),
        ("来年度の下期に検討します。", date(2027, 10, 1)),
        ("3月以降に改めてご連絡いただけますか。", date(2027, 3, 1)),
        ("来年3月頃に検討します。", date(2027, 3, 1)),
        ("1月までお待ちください。", date(2027, 1, 31)),
        ("12月の委員会で検討します。", date(2026, 12, 31)),
        ("12/10の院内会議で検討いたします。", date(2026, 12, 10)),
        ("12/10の会議、または来年1月の会議で検討します。", date(2027, 1, 31)),
        ("来月また連絡します。", date(2026, 12, 1)),
        ("再来月に改めて。", date(2027, 1, 1)),
        ("半年ほど様子を見たいです。", date(2027, 5, 28)),
        ("三ヶ月後にまたご連絡ください。", date(2027, 2, 28)),
        ("2週間ほどお時間をください。", date(2026, 12, 12)),
        ("来春に改めて検討します。", date(2027, 3, 1)),
        ("現行機のリース満了が令和10年3月ですので、その頃に検討します。", date(2028, 3, 1)),
        ("2027年9月末まで契約がありますので、その後に検討します。", date(2027, 9, 30)),
        ("来年検討します。", date(2027, 1, 1)),
        ("年明けに検討します。", date(2027, 1, 4)),
        ("we will consider it in two months", date(2027, 1, 28)),
        ("Let me think about it; next quarter would be better.", date(2027, 1, 1)),
        ("next fiscal year", date(2027, 4, 1)),
        ("11月20日の会議で検討しました。", None),
        ("検討します。内線 1203、2月号も読みました。", None),
    ],
)
def test_the_time_that_they_name(text: str, day: date | None) -> None:
    """The latest that lies ahead; a span is over at its end; what is past names nothing."""
    assert day == named(text, BASE)


def test_without_a_date_of_its_own_a_mail_names_nothing() -> None:
    """Nothing to count from."""
    assert named("来月検討します", None) is None


@given(
    st.text(max_size=400) | st.text("0123456789年月度来再今令和RHの半後週間か以降まで春夏秋冬/.- ", max_size=60),
    st.dates(),
)
def test_whatever_is_written_it_lies_ahead(text: str, base: date) -> None:
    """Never an error, never a day that is past, never in ten years' time."""
    found = named(text, base)

    assert found is None or (base < found and found.year <= base.year + 10)
