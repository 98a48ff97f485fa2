"""Lists of refusals as they come, and as they go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from nurture.core.ids import SuppressionId
from nurture.core.messages import Suppression
from nurture.core.messages import SuppressionScope as Scope
from nurture.core.suppressions import Listed
from nurture.errors import UserError
from nurture.files import suppressions

TOKYO = ZoneInfo("Asia/Tokyo")
AT = datetime(2027, 5, 10, 16, 0, tzinfo=UTC)  # the 11th in Tokyo
ROW = Suppression(SuppressionId("s"), Scope.ADDRESS, "sato@aoba.example", "unsubscribe", "reply", AT, "不要です")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_as_spreadsheets_write_it(encoding: str, separator: str) -> None:
    """Japanese headers, any encoding and separator; dates as people write them."""
    lines = (
        ("メールアドレス", "理由", "停止日", "備考"),
        ("sato@aoba.example", "配信停止", "2027年5月11日", "電話で"),
        ("kato@midori.example", "?", "", ""),
    )
    data = "\r\n".join(separator.join(line) for line in lines).encode(encoding)

    found = suppressions.parse(data, "list.csv")

    assert (
        Listed(2, "sato@aoba.example", reason="unsubscribe", on=date(2027, 5, 11), evidence="電話で"),
        Listed(3, "kato@midori.example"),
    ) == found.rows
    assert () == found.errors


def test_a_bare_list_of_addresses() -> None:
    """What a mailing service gives: no header; its first line counts."""
    found = suppressions.parse(b"a@x.example\nb@y.example\n\n", "list.txt")

    assert [(1, "a@x.example"), (2, "b@y.example")] == [(row.line, row.said) for row in found.rows]


@pytest.mark.parametrize("first", ["aoba.example", "med.aoba.co.example", "青葉.example", "@aoba.example"])
def test_a_bare_list_may_begin_with_a_domain(first: str) -> None:
    """Alone on its line and with a dot: no column is called so."""
    found = suppressions.parse(f"{first}\na@x.example\n".encode(), "list.txt")

    assert [first.removeprefix("@"), "a@x.example"] == [row.said for row in found.rows]


@pytest.mark.parametrize("first", ["Adresse", "aoba.example,more", "a. b", ".example", "aoba."])
def test_a_header_that_says_nothing_is_no_domain(first: str) -> None:
    """What is neither is refused, with what was expected."""
    with pytest.raises(UserError, match="no column that says who"):
        suppressions.parse(f"{first}\nx\n".encode(), "list.txt")


def test_all_kinds_and_what_is_wrong_by_line() -> None:
    """A row that cannot be understood is named with its line; the others count."""
    data = """scope,value,organisation,topic,on
domain,@aoba.example,,,
,,青葉中央病院,,
topic,sato@aoba.example,,seminar,R9.5.11
colour,x@y.example,,,
,,,,,,
,,,cost,
,=cmd(),,,
,a@b.example,,,someday
""".encode()

    found = suppressions.parse(data, "list.csv")

    assert [
        (Scope.DOMAIN, "aoba.example", ""),
        (Scope.ORGANISATION, "青葉中央病院", ""),
        (Scope.TOPIC, "sato@aoba.example", "seminar"),
    ] == [(row.scope, row.said, row.topic) for row in found.rows]
    assert [5, 7, 8, 9] == [e.where.line for e in found.errors if e.where]


@pytest.mark.parametrize("data", [b"", b"name,phone\nx,y\n", b"\x80\x81\xff\xfe,\xa0\n", b'"a@b.example\n'])
def test_what_is_no_list_is_refused_whole(data: bytes) -> None:
    """Nothing in it, no column for it, no text."""
    with pytest.raises(UserError):
        suppressions.parse(data, "list.csv")


def test_out_and_in_again() -> None:
    """What is exported is imported as the same; what was lifted is passed over; formulas are harmless."""
    rows = (
        ROW,
        replace(ROW, scope=Scope.DOMAIN, value="midori.example", evidence='=HYPERLINK("http://evil.example")'),
        replace(ROW, scope=Scope.ORGANISATION, value="org-1", reason="complaint"),
        replace(ROW, scope=Scope.TOPIC, value="kato@midori.example#seminar", evidence="+81-3-0000\n二行目"),
        replace(ROW, value="old@aoba.example", lifted_at=AT, lifted_evidence="2027-05-12 佐藤: 再開"),
    )
    for encoding in suppressions.ENCODINGS:
        data = suppressions.write(rows, {"org-1": "青葉中央病院"}, TOKYO, encoding)
        found = suppressions.parse(data, "list.csv")

        assert () == found.errors
        assert 1 == found.lifted
        assert [(r.scope, r.value, r.reason, date(2027, 5, 11)) for r in rows[:4]] == [
            (r.scope, r.said, r.reason, r.on) for r in found.rows
        ]
        assert ["不要です", '=HYPERLINK("http://evil.example")', "不要です", "+81-3-0000 二行目"] == [
            r.evidence for r in found.rows
        ]
        text = data.decode(encoding)
        assert not [cell for line in text.splitlines() for cell in line.split(",") if cell[:1] in tuple("=+@")]


def test_letters_that_cp932_does_not_have() -> None:
    """They become question marks in the evidence; the address is ASCII anyway."""
    row = replace(ROW, evidence="𠮷田様より ❤")

    text = suppressions.write([row], {}, TOKYO, "cp932").decode("cp932")

    assert "?田様より ?" in text
    assert "sato@aoba.example" in text
