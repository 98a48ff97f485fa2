"""Bytes of an unknown Japan to text. Never raises; what could not be read is U+FFFD and a defect.

Theory of operation
===================
A declared charset is a hint. In order:

1. Escape sequences: text that switches with ``ESC $`` is ISO-2022-JP, whatever was declared. It is decoded
   here, each double-byte run through cp932: Python's own codec knows neither the NEC and IBM characters
   (``①``, ``㈱``, ``髙``) nor the names cp50220, cp50221 and cp50222 under which they are sent.
2. Seven bits and nothing to switch: ASCII, unless UTF-7 was declared.
3. Valid UTF-8 with multi-byte characters is UTF-8: text of another charset is valid UTF-8 only by design.
4. The declared charset, if it decodes without an error and does not give rubbish.
5. The best of cp932, EUC-JP and the declared one by ``_score``: how much of it looks like Japanese.
6. UTF-8 or the declared charset with replacements.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from functools import lru_cache
from typing import Final, NamedTuple


class Decoded(NamedTuple):
    """Text, and whether characters were lost."""

    text: str
    lossy: bool = False


_NAMES: Final = {
    "cp932": ("x-sjis shift_jis shift-jis sjis x-ms-cp932 windows-31j ms932 ms_kanji csshiftjis csshift_jis"),
    "euc_jp": "x-euc-jp x-euc eucjp eucjp-ms cp51932 ujis",
    "jis": (
        "iso-2022-jp iso2022jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso-2022-jp-2004 "
        "iso-2022-jp-ms csiso2022jp jis cp50220 cp50221 cp50222 x-windows-iso2022jp x-iso-2022-jp "
        "iso-2022-jp-x"
    ),
    "": "_autodetect x-unknown unknown unknown-8bit default",
    "utf-8": "utf8 utf-8mb4 x-unicode-2-0-utf-8",
    "utf-7": "unicode-1-1-utf-7",
    "ascii": "us-ascii ansi_x3.4-1968",
    "gb18030": "gb2312 gbk",
    "cp949": "ks_c_5601-1987 ks_c_5601 euc-kr",
    "cp1252": "iso-8859-1 latin1 iso8859-1",
    "iso-8859-8": "iso-8859-8-i",
}
"""What Python can decode ← the names under which it is sent; ``jis`` is ours, an empty one says nothing."""

ALIASES: Final = {name: python for python, names in _NAMES.items() for name in names.split()}

TEXT_CODECS: Final = re.compile(
    r"ascii|utf|iso|cp|windows|euc|big5|gb|hz|koi8|mac|johab|tis|latin|kz|ptcp|viscii|shift|jis", re.I
)
"""Python also calls base64, zip and rot13 codecs; they are no charsets."""


@lru_cache(maxsize=256)
def codec(name: str) -> str:
    """What to decode a declared charset with: a Python codec, ``jis``, or an empty string if it says nothing."""
    plain = name.strip(" \t'\"").lower().replace(" ", "")[:40]
    plain = plain.partition("*")[0]  # a language tag, RFC 2231
    if plain in ALIASES:
        return ALIASES[plain]
    if re.fullmatch(r"cp5022[0-9]|(?:cs)?iso-?2022-?jp.*", plain):
        return "jis"
    if not TEXT_CODECS.match(plain):
        return ""
    try:
        return codecs.lookup(plain).name
    except (LookupError, ValueError):
        return ""


ESCAPE: Final = re.compile(rb"\x1b(\$\([DOPQ@B]|\$[@BA]|\([BJIHO]|\&@\x1b\$B)|[\x0e\x0f]")
SWITCHES: Final = re.compile(rb"\x1b\$[@B(]|\x1b\(I")
LOST_ESCAPE: Final = re.compile(rb"(?<!\x1b)\$[B@](?:[!-~]{2}){2,400}?\([BJ]")


def _double(data: bytes) -> str:
    """Pairs of the 94×94 set as cp932, NEC and IBM rows included."""
    shifted = bytearray()
    for first, second in zip(data[::2], data[1::2], strict=False):
        row, cell = first & 0x7F, second & 0x7F
        if not 0x21 <= row <= 0x7E or not 0x21 <= cell <= 0x7E:
            shifted += b"\x81\xac"  # the geta mark, as type-setters did
            continue
        lead = ((row - 0x21) >> 1) + 0x81
        if lead > 0x9F:
            lead += 0x40
        trail = cell + 0x7E if row % 2 == 0 else cell + (0x1F if cell < 0x60 else 0x20)
        shifted += bytes((lead, trail))
    return shifted.decode("cp932", "replace")


def _supplementary(data: bytes) -> str:
    """JIS X 0212 by way of EUC-JP."""
    pairs = (b"\x8f" + bytes((a | 0x80, b | 0x80)) for a, b in zip(data[::2], data[1::2], strict=False))
    return b"".join(pairs).decode("euc_jp", "replace")


def jis(data: bytes) -> str:
    """ISO-2022-JP with everything that is sent under that name. A line end returns to ASCII (RFC 1468)."""
    out: list[str] = []
    for line in data.splitlines(keepends=True):
        if b"\x1b" not in line and b"\x0e" not in line:
            out.append(_single(line))
            continue
        mode, at = b"(B", 0
        for match in ESCAPE.finditer(line):
            out.append(_run(mode, line[at : match.start()]))
            at = match.end()
            mode = match[1] or (b"(I" if match[0] == b"\x0e" else b"(B")
        out.append(_run(mode, line[at:]))
    return "".join(out)


def _single(data: bytes) -> str:
    return data.decode("ascii") if data.isascii() else _eight_bit(data, "").text


def _run(mode: bytes, data: bytes) -> str:
    if not data:
        return ""
    if mode in {b"(B", b"(J", b"(H", b"(O"}:
        return _single(data)
    if mode == b"(I":
        return bytes(b | 0x80 for b in data).decode("cp932", "replace")
    text = data.rstrip(b"\r\n")
    end = data[len(text) :].decode("ascii")
    if mode == b"$(D":
        return _supplementary(text) + end
    if mode == b"$A":
        return bytes(b | 0x80 for b in text).decode("gb2312", "replace") + end
    return _double(text) + end


KANA: Final = re.compile("[\u3040-\u30ff]")
JAPANESE: Final = re.compile("[\u3000-\u30ff\u4e00-\u9fa0\uff01-\uff5e]")
ODD: Final = re.compile("[\u0080-\u009f\ue000-\uf8ff\ufffd\uff61-\uff9f\u0370-\u052f\u2500-\u257f]")


def _score(text: str) -> float:
    """How much a text looks like Japanese, about -1 to 2. Half-width kana and line drawing are what cp932 makes of
    other charsets.
    """
    seen = text[:4000]
    wide = sum(1 for c in seen if c > "\x7f")
    if not wide:
        return 0.0
    return (len(JAPANESE.findall(seen)) + len(KANA.findall(seen)) - 2 * len(ODD.findall(seen))) / wide


def decode(data: bytes, declared: str | None) -> Decoded:
    """Bytes as text, by what they are rather than by what they are called."""
    hint = codec(declared) if declared else ""
    if SWITCHES.search(data):
        text = jis(data)
        return Decoded(text, "\ufffd" in text)
    if data.isascii():
        if hint == "utf-7":
            return _replaced(data, "utf-7")
        if hint == "jis" and (found := LOST_ESCAPE.search(data)):  # a relay took the ESC bytes out
            del found
            mended = LOST_ESCAPE.sub(lambda m: b"\x1b" + m[0][:-2] + b"\x1b" + m[0][-2:], data)
            return Decoded(jis(mended), lossy=True)
        if hint in {"utf-16", "utf-16-le", "utf-16-be"} and b"\x00" in data:
            return _replaced(data, hint)
        return Decoded(data.decode("ascii"))
    return _eight_bit(data, hint)


def _eight_bit(data: bytes, hint: str) -> Decoded:
    try:
        return Decoded(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        pass
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return _replaced(data, "utf-16")
    hint = "" if hint in {"jis", "ascii", "utf-7"} else hint
    found: list[tuple[float, str]] = []
    for name, bonus in (
        (hint, 0.6 if hint in {"cp1252", "cp932", "euc_jp", "utf-8"} else 9.0),
        ("cp932", 0.0),
        ("euc_jp", 0.05),
    ):
        if name and (text := _strict(data, name)) is not None:
            found.append((_score(text) + bonus, text))
    best = max(found, default=None, key=lambda pair: pair[0])
    if best is not None and (best[0] > 0.5 or (hint and best[1] == found[0][1])):
        return Decoded(best[1])
    lossy = data.decode("utf-8", "replace")
    if hint in {"", "utf-8"} and lossy.count("\ufffd") * 4 < sum(1 for c in lossy if c > "\x7f"):
        return Decoded(lossy, lossy=True)
    for name in ("cp932", "euc_jp"):  # Japanese with a broken byte in it
        text = data.decode(name, "replace")
        if _score(text) > 0.8:
            return Decoded(text, lossy=True)
    if best is not None and not hint:
        return Decoded(best[1], lossy=True)
    return _replaced(data, hint or "cp1252")


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeError, ValueError):
        return None


def _replaced(data: bytes, name: str) -> Decoded:
    try:
        text = data.decode(name, "replace").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return Decoded(text, "\ufffd" in text)
    except (UnicodeError, ValueError):
        return Decoded(data.decode("latin-1"), lossy=True)


ENCODED: Final = re.compile(rb"=\?([\w.:*+-]{1,60})\?([bBqQ])\?([^?\r\n]{0,4000})\?=")
GAP: Final = re.compile(rb"[ \t]*(?:\r?\n[ \t]+)*[ \t]*")


def header(value: bytes) -> Decoded:
    """A header value: unfolded, its encoded words decoded (RFC 2047), also broken ones.

    Neighbours of one charset are joined before they are decoded: some senders cut inside a character.
    """
    if value.isascii() and b"=?" not in value and b"\x1b" not in value and b"+" not in value:  # nothing to decode
        return Decoded(_unfolded(value.decode("ascii")).strip(" \t\r\n"), lossy=False)
    out: list[str] = []
    lossy = False
    run: list[bytes] = []
    charset = ""
    at = 0

    def flush() -> None:
        nonlocal lossy
        if run:
            text = decode(b"".join(run), charset)
            out.append(text.text)
            lossy = lossy or text.lossy
            run.clear()

    for match in ENCODED.finditer(value):
        between = value[at : match.start()]
        name = match[1].decode("ascii").partition("*")[0].lower()
        if not (at and GAP.fullmatch(between)):
            flush()
            out.append(_raw(between))
        elif name != charset:
            flush()
        charset = name
        run.append(_word(match[2] in b"bB", match[3]))
        at = match.end()
    flush()
    if at < len(value):
        rest = decode(value[at:], None)
        out.append(_unfolded(rest.text))
        lossy = lossy or rest.lossy
    return Decoded("".join(out).strip(" \t\r\n"), lossy)


def _raw(value: bytes) -> str:
    return _unfolded(decode(value, None).text)


def _unfolded(text: str) -> str:
    return re.sub(r"\r?\n[ \t]*|\r", lambda m: " " if m[0][-1] in " \t" else "", text)


def _word(is_base64: bool, data: bytes) -> bytes:
    return unbase64(data) if is_base64 else binascii.a2b_qp(data, header=True)


NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")


def unbase64(data: bytes) -> bytes:
    """Base64 with strange characters left out, missing padding put back, and pieces joined at inner padding."""
    pieces = [NOT_BASE64.sub(b"", piece) for piece in re.split(rb"={1,2}\s*", data)]
    out = bytearray()
    for piece in pieces:
        whole = piece if len(piece) % 4 != 1 else piece[:-1]
        try:
            out += base64.b64decode(whole + b"=" * (-len(whole) % 4))
        except binascii.Error:
            continue
    return bytes(out)
