"""Words that look like data of a patient: seen, so that they are kept nowhere and forwarded to nobody.

A hospital's people sometimes write to the wrong window: 「患者の山田太郎様（ID 0012345）の画像が」. What is looked
for: a patient with a name and a number, numbers of records, of insurance, of the state; a date of birth beside a
name (facts on mail law: APPI). Words alone are none of it: 患者数, 患者IDの連携 and 患者様への説明 are what our
business speaks of.

``masked`` is for everything that is kept or shown: the lines around what was seen are blotted out whole, in the
other lines the longer numbers. The mail itself stays where it came in.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nurture.core.reading import Reading

BLOT: Final = "■■■■"
AROUND: Final = 2
"""Lines above and below a sign that are blotted out too: names and numbers stand below each other."""
LONGEST: Final = 40_000  # characters that are looked at

_NUMBER: Final = (
    r"(?!(?:19|20)\d\d[-/]\d)(?:[A-Z]{0,3}-?\d[\d-]{3,14})"
    r"(?![\d桁件名人円台床万%年月日時:/])"
)
_ERA: Final = r"(?:明治|大正|昭和|平成|令和|[MTSHR])[ .]?(?:元|\d{1,2})"
_DAY: Final = (
    rf"(?:(?:{_ERA}|(?:19|20)\d\d)[年./-] ?\d{{1,2}}[月./-] ?\d{{1,2}}|\d{{1,2}}[./-]\d{{1,2}}[./-](?:19|20)\d\d)"
)
_NAME: Final = r"(?:[一-龥々]{1,4} ?[一-龥々ぁ-んァ-ヶ]{1,5}|[ァ-ヶー]{2,8} ?[ァ-ヶー]{1,8})"
_CALLED: Final = r"(?:様|さま|さん|氏|殿|くん|ちゃん)"
_PATIENT: Final = r"(?:患者|受診者|被検者)"
_BORN: Final = rf"(?:生年月日|date of birth|D\.?O\.?B\.?)[ :はが]{{0,3}}{_DAY}"
_WHOSE: Final = rf"(?:{_CALLED}|氏名|患者|patient|name)"
_CARE: Final = r"(?:男性|女性|入院|外来|受診|検査|手術|診断|主訴|症|癌|がん|腫瘍|骨折)"
_AGE: Final = r"\d{1,3} ?[歳才]"

_PATTERNS: Final = {
    "record_number": (
        r"(?:(?:カルテ|診察券|診療録|medical record|MRN)[ の]{0,2}(?:番号|No\.?|ID|number|#)?|"
        r"(?:患者|受診者|被検者|patient|chart)[ のさん様]{0,4}(?:番号|No\.?|ID|number|#))"
        rf"[ :はが=#\[(「-]{{1,4}}{_NUMBER}"
    ),
    "insurance_number": (
        r"(?:保険証|被保険者|保険者|資格確認書|公費負担者|受給者)証?[ の等]{0,3}(?:記号|番号|No\.?)"
        r"[^。\n\d]{0,12}\d[\d ・-]{2,}"
    ),
    "my_number": r"(?:マイナンバー|個人番号)[^。\n\d]{0,10}\d{4}[ -]?\d{4}[ -]?\d{4}",
    "birth": (
        rf"{_WHOSE}[^。]{{0,60}}{_BORN}|{_BORN}[^。]{{0,60}}{_WHOSE}|"
        rf"(?:{_CALLED}|患者)[^。\n]{{0,30}}{_DAY}日? ?(?:生まれ|生\b|生[)、。])"
    ),
    "patient_named": (
        rf"{_PATIENT}(?:さん|様|さま)?(?:の|は|、|:|氏名|名| ){{0,3}}{_NAME}{_CALLED}? ?[(、,・ ]"
        rf"[^。\n]{{0,20}}?(?:{_AGE}|[男女]性|ID|{_NUMBER})"
    ),
    "person_described": rf"{_NAME}{_CALLED} ?[(、,・ ][^。\n]{{0,8}}?{_AGE}[^。\n]{{0,40}}{_CARE}",
}
SIGNS: Final = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _PATTERNS.items())
"""Each with its name, as a reading reports it."""
TRIGGER: Final = re.compile(
    r"患者|カルテ|診察券|診療録|受診者|被検者|保険|資格確認|公費|受給者|個人番号|マイナンバー|生年月日|生まれ|"
    r"[歳才]|patient|chart|medical|MRN|birth|D\.?O\.?B",
    re.IGNORECASE,
)
LONG_NUMBER: Final = re.compile(r"\d[\d-]{2,}")


def signs(text: str) -> tuple[str, ...]:
    """The names of what was seen, each once; nothing for nearly every mail."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST])
    if not TRIGGER.search(plain):
        return ()
    return tuple(name for name, pattern in SIGNS if pattern.search(plain))


def refuse(field: str, text: str) -> None:
    """See to it that no such data get into a letter, a record or a note.

    Raises:
        UserError: there are some; it names the field and cites nothing.
    """
    if signs(text):
        raise UserError(
            "{field} looks like data of a patient",
            field=field,
            hint="take out names, numbers and dates of birth; give such data over secure storage, never by mail",
        )


def mask(text: str) -> str:
    """The text without what was seen in it; the same text where nothing was."""
    lines = text[:LONGEST].split("\n")
    found = set(_lines_seen(lines))
    if not found:
        return text
    near = {at + step for at in found for step in range(-AROUND, AROUND + 1)}
    return "\n".join(
        (BLOT if line.strip() else "")
        if at in near
        else LONG_NUMBER.sub(BLOT, unicodedata.normalize("NFKC", line))
        for at, line in enumerate(lines)
    )


def _lines_seen(lines: list[str]) -> Iterator[int]:
    """The numbers of the lines that a sign touches; a sign may go over a line's end."""
    plain = [unicodedata.normalize("NFKC", line) for line in lines]
    whole = "\n".join(plain)
    starts = [0]
    for line in plain:
        starts.append(starts[-1] + len(line) + 1)
    for _, pattern in SIGNS:
        for match in pattern.finditer(whole):
            first = bisect_right(starts, match.start()) - 1
            last = bisect_left(starts, match.end()) - 1
            yield from range(first, last + 1)


def masked(reading: Reading) -> Reading:
    """A reading that may be kept: without what was seen, in subject, text, signature and evidence."""
    if not reading.sensitive:
        return reading
    return replace(
        reading,
        subject=mask(reading.subject),
        text=mask(reading.text),
        signature=mask(reading.signature),
        found=tuple(replace(one, words=BLOT) for one in reading.found),
    )
