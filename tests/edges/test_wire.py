"""Foreign words made safe, and IMAP's way of writing."""

from __future__ import annotations

import base64
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.imap.syntax import (
    Record,
    folder_name,
    internal_date,
    quoted,
    records,
    search_date,
    uid_set,
)
from nurture.wire import is_loopback, one_line


@given(st.text(alphabet=st.characters(), max_size=1000))
def test_one_line_is_printable_and_bounded(text: str) -> None:
    """Whatever a server says becomes one printable line of bounded length."""
    line = one_line(text)
    assert len(line) <= 300
    assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029\u202e\ud800-\udfff]", line)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost.maker.example", False),
        ("127.0.0.1.maker.example", False),
        ("0.0.0.0", False),  # noqa: S104 – not bound
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, loopback: bool) -> None:
    """A name is loopback when it can mean nothing else."""
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("INBOX", "INBOX"),
        ("a&b", "a&-b"),
        ("台北", "&U,BTFw-"),  # the example of RFC 3501, 5.1.3
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("送信済み", "&kAFP4W4IMH8-"),
        ("📧", "&2D3c5w-"),
        ("", ""),
    ],
)
def test_folder_names(name: str, wire: str) -> None:
    """Modified UTF-7, by the standard's own examples."""
    assert folder_name(name) == wire


@given(st.text(max_size=50))
def test_folder_names_can_be_read_back(name: str) -> None:
    """Encoding is printable ASCII and loses nothing."""
    wire = folder_name(name)
    assert re.fullmatch(r"[ -~]*", wire)

    def plain(found: re.Match[str]) -> str:
        code = found[1].replace(",", "/")
        return base64.b64decode(code + "=" * (-len(code) % 4)).decode("utf-16-be") if code else "&"

    assert re.sub(r"&([^-]*)-", plain, wire) == name


def test_quoting() -> None:
    """Quotes and backslashes are escaped."""
    assert quoted('a "b" \\ c') == '"a \\"b\\" \\\\ c"'


@given(st.sets(st.integers(1, 200)))
def test_uid_sets_name_exactly_their_uids(uids: set[int]) -> None:
    """A set expands to what it was made from."""
    text = uid_set(sorted(uids))
    expanded: set[int] = set()
    for part in filter(None, text.split(",")):
        low, _, high = part.partition(":")
        expanded.update(range(int(low), int(high or low) + 1))
    assert expanded == uids


def test_dates() -> None:
    """IMAP's two ways of writing dates, independent of the machine's language."""
    assert search_date(date(2026, 3, 9)) == "9-Mar-2026"
    assert internal_date(" 9-Nov-2026 09:00:00 +0900") == datetime(2026, 11, 9, tzinfo=UTC)
    assert internal_date("09-Nov-2026 00:00:00 +0000") == datetime(2026, 11, 9, tzinfo=UTC)
    for bad in ("", "9-Foo-2026 09:00:00 +0900", "31-Feb-2026 09:00:00 +0900", "01-Jan-0001 00:00:00 +2300"):
        assert internal_date(bad) is None


def test_records_in_any_order() -> None:
    """Parts before and after the literal, flag updates in between, quoted and missing bodies."""
    lines: list[bytes | bytearray] = [
        b'1 FETCH (UID 7 INTERNALDATE " 9-Nov-2026 09:00:00 +0900" RFC822.SIZE 5 BODY[]<0> {5}',
        bytearray(b"UID 9"),
        b")",
        b"3 FETCH (FLAGS (\\Seen))",
        b"2 FETCH (BODY[] {2}",
        bytearray(b"hi"),
        b" UID 8)",
        b'4 FETCH (UID 9 BODY[]<0> "a \\"b\\"")',
        b"5 FETCH (UID 10 BODY[] NIL)",
    ]
    assert records(lines) == [
        Record(7, 5, datetime(2026, 11, 9, tzinfo=UTC), b"UID 9"),
        Record(8, None, None, b"hi"),
        Record(9, None, None, b'a "b"'),
        Record(10),
    ]


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_records_of_nonsense(lines: list[bytes]) -> None:
    """Nonsense has no records, or some, and never raises."""
    records(lines)
    literals: list[bytes | bytearray] = [bytearray(line) for line in lines]
    records([*literals, *lines])
