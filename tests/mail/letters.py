"""Messages for letters, and strategies that make them as odd as people's words can be."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from nurture.core.attachments import Attachment
from nurture.core.ids import MessageId, PersonId, RepId
from nurture.core.messages import Message

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

AT = datetime(2026, 12, 5, 9, 12, tzinfo=timezone(timedelta(hours=9)))
LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029")
JAPANESE = st.sampled_from('【ご確認】お打合せ内容について电子カルテ連携髙﨑①㈱〜～ｶﾅ𠮷葛󠄀がabc 123,."\\<>=?😀é')
WORDS = st.text(st.one_of(LETTERS, JAPANESE), max_size=120)
LINES = st.sampled_from(
    [
        "",
        "-- ",
        "-" * 72,
        ".",
        "..",
        "From here on",
        ">From",
        "--=_boundary",
        "=_=",
        "x" * 200,
        "https://vendor.example/a?b=c&d=e。",
        "(https://vendor.example/x_(y))、tanaka@vendor.example まで",
        '  a  <b>  &amp; "c"',
        "電子カルテ連携のご説明と次のステップについて、ご確認をお願いいたします。",
        "trailing ",
        "\ttab",
    ]
)
BODIES = st.one_of(
    st.text(st.one_of(LETTERS, JAPANESE, st.sampled_from("\n\n\n.- \t")), max_size=500),
    st.lists(st.one_of(LINES, WORDS), max_size=12).map("\n".join),
)
NAMES = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp"), exclude_characters='/\\:*?"<>|'),
        st.sampled_from("提案書【第2版】ご説明資料①髙﨑ｶﾅ𠮷がabc 123,;'%=()"),
    ),
    min_size=1,
    max_size=110,
).map(lambda name: f"x{name}.pdf")
FILES = st.builds(Attachment, NAMES, st.binary(max_size=400).map(lambda data: b"%PDF-1.7\n" + data))


def letter(**fields: object) -> Message:
    """A message with everything that a letter needs."""
    values: dict[str, object] = {
        "id": MessageId("m1"),
        "person_id": PersonId("p1"),
        "rep_id": RepId("tanaka"),
        "to_address": "sato@hospital.example",
        "to_name": "佐藤 一郎",
        "from_address": "tanaka@vendor.example",
        "from_name": "田中 花子",
        "subject": "【ご確認】11月20日のお打合せ内容",
        "body": "佐藤先生\n\nお世話になっております。\n",
        "header_id": "<m1@vendor.example>",
    }
    return Message(**(values | fields))  # type: ignore[arg-type]


def messages() -> SearchStrategy[Message]:
    """Messages whose every word is odd."""
    return st.builds(
        lambda subject, to, from_, body: letter(subject=subject, to_name=to, from_name=from_, body=body),
        WORDS,
        WORDS,
        WORDS,
        BODIES,
    )


def as_sent(body: str) -> str:
    """A body as it is read back: line ends as ``LF``, one behind the last line."""
    return body if not body or body.endswith("\n") else body + "\n"
