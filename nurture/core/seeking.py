"""How people and organisations are found by a part of what they are called.

What is searched and what is typed are folded alike: width and form (NFKC: ｻﾄｳ is サトウ, ＡＢＣ is abc), case,
hiragana as katakana, the forms in which one family name is written (髙橋 is 高橋), no blanks. Then a search is
nothing but "contains": any part counts, one character too (森 is a name), on each database alike.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from nurture.core.people import Organisation, Person

MOST: Final = 8
"""Parts of a search that count."""
_KATAKANA: Final = {n: n + 0x60 for n in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
"""Each hiragana stands 0x60 before its katakana (Unicode, blocks Hiragana and Katakana)."""

_FORMS: Final = (
    "髙高 﨑崎 嵜崎 齋斎 齊斎 斉斎 邊辺 邉辺 濱浜 濵浜 澤沢 廣広 眞真 國国 嶋島 嶌島 櫻桜 瀨瀬 德徳 惠恵 榮栄 "
    "彌弥 龍竜 曾曽 𠮷吉"
)
"""Forms of characters that family names are written in, each with the one that is typed."""
_ALIKE: Final = {**_KATAKANA, **{ord(pair[0]): pair[1] for pair in _FORMS.split()}}


def folded(text: str) -> str:
    """A text as it is compared: one line, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().translate(_ALIKE).split())


def parts(said: str) -> tuple[str, ...]:
    """What was typed into a search: all of these parts must be found, in whatever order."""
    found = (folded(part) for part in unicodedata.normalize("NFKC", said).split())
    return tuple(dict.fromkeys(part for part in found if part))[:MOST]


def of_person(family_name: str, given_name: str, kana: str, email: str) -> str:
    """What somebody is found by, a line each; it begins with what sorts people: the reading, else the name."""
    return _lines(kana, family_name + given_name, email)


def of_organisation(name: str) -> str:
    """What an organisation is found by."""
    return _lines(name)


def person_words(person: Person) -> str:
    """What this person is found by; the organisation's words are its own."""
    return of_person(person.family_name, person.given_name, person.kana, person.email)


def organisation_words(organisation: Organisation) -> str:
    """What this organisation is found by."""
    return of_organisation(organisation.name)


def _lines(*texts: str) -> str:
    return "\n".join(line for line in map(folded, texts) if line)
