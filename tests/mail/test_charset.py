"""Charsets as they arrive: wrong labels, no labels, Japanese vendors' characters."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail import charset

TEXT = "平素よりお世話になっております。①㈱髙橋　〜 1～2"


def jis(text: str) -> bytes:
    """ISO-2022-JP as Outlook writes it: NEC and IBM characters in their JIS rows."""
    out = bytearray()
    for sign in text:
        lead, trail = sign.encode("cp932")
        row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2 + 0x21
        if trail >= 0x9F:
            row, cell = row + 1, trail - 0x7E
        else:
            cell = trail - (0x1F if trail < 0x7F else 0x20)
        out += bytes((row, cell))
    return b"\x1b$B" + bytes(out) + b"\x1b(B"


@pytest.mark.parametrize(
    "label", ["iso-2022-jp", "cp50220", "CP50221", "cp50222", "x-windows-iso2022jp", "us-ascii", None]
)
def test_japanese_jis(label: str | None) -> None:
    """ISO-2022-JP is known by its escapes, NEC characters in it are read, whatever it is called."""
    assert charset.decode(jis("①㈱Ⅲ～橋") + b"\r\nabc", label) == ("①㈱Ⅲ～橋\r\nabc", False)


@pytest.mark.parametrize("real", ["utf-8", "cp932", "euc_jp"])
@pytest.mark.parametrize(
    "label", ["utf-8", "shift_jis", "euc-jp", "iso-2022-jp", "iso-8859-1", "us-ascii", "x-nonsense", None]
)
def test_wrong_labels(real: str, label: str | None) -> None:
    """Japanese text comes out right under any label."""
    text = "平素よりお世話になっております。内容に相違ありません。よろしくお願いいたします。"
    assert charset.decode(text.encode(real), label).text == text


def test_half_width_katakana() -> None:
    """Half-width kana in ISO-2022-JP by ESC ( I and in Shift_JIS."""
    assert charset.decode(b"\x1b(I123\x1b(B", "iso-2022-jp").text == "ｱｲｳ"
    assert charset.decode("ｱｲｳ".encode("cp932"), "shift_jis").text == "ｱｲｳ"


def test_other_languages() -> None:
    """What is not Japanese keeps its own charset."""
    assert charset.decode("Grüße aus Köln".encode("iso-8859-1"), "iso-8859-1").text == "Grüße aus Köln"
    assert charset.decode("Не доставлено".encode("koi8-r"), "koi8-r").text == "Не доставлено"
    assert charset.decode(b"+ZeVnLIqe-", "utf-7").text == "日本語"


def test_broken_bytes_are_named() -> None:
    """A cut character is replaced and called lossy, the rest stays."""
    text, lossy = charset.decode("日本語のテキスト".encode()[:-1], "utf-8")
    assert text.startswith("日本語のテキス")
    assert lossy


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=\r\n =?ISO-2022-JP?B?GyRCOGwbKEI=?=", "日本語"),
        (b"=?utf-8?q?=E6=97?= =?utf-8?q?=A5_x?=", "日 x"),
        (b"=?utf-8?B?" + base64.b64encode("見積".encode()).rstrip(b"=") + b"?= plain", "見積 plain"),
        ("件名 テスト".encode("cp932"), "件名 テスト"),
        (b"folded\r\n subject", "folded subject"),
        (b"=?utf-8?b?not base64 at all!!?=", None),
        (b"=?", "=?"),
    ],
)
def test_header(raw: bytes, wanted: str | None) -> None:
    """Encoded words, also those cut inside a character, without padding, or not encoded at all."""
    text = charset.header(raw).text
    assert wanted is None or text == wanted


@given(
    st.binary(max_size=300), st.one_of(st.none(), st.text(max_size=20), st.sampled_from(sorted(charset.ALIASES)))
)
def test_total(data: bytes, label: str | None) -> None:
    """Any bytes under any label give text that can be written as UTF-8."""
    charset.decode(data, label).text.encode()
    charset.header(data).text.encode()
    charset.unbase64(data)


@given(
    st.lists(
        st.sampled_from([b"\x1b", b"\x1b$", b"\x1b$(", b"\x1b(", b"\x0e", b"\xee", b"A", b"\n", b"$B", b"(I"]),
        max_size=12,
    )
)
def test_torn_switches(pieces: list[bytes]) -> None:
    """Switches to a character set that end in the middle are read as what they are: found by torn mails."""
    assert isinstance(charset.decode(b"\x1b$(" + b"".join(pieces), "iso-2022-jp").text, str)
