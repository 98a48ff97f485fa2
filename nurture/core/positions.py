"""Department and position out of one line, as it stands on a business card: 放射線科 部長, 副院長 兼 看護部長.

Blanks part the line into words. The position begins at the first word that is one: an office (院長, 師長, anything
that ends in 長), a rank (主任, 教授), a profession (看護師). What stands before it is the department; what comes
after it (兼 …) belongs to the position. A line in which no word is known, or in which something else follows the
position, is in doubt: the reading is a guess then, and a person is asked.

A position that names its department (医事課長) says it too: calendars ask for it, and the addressee block does not
repeat what the title begins with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_POSITION: Final = re.compile(
    r"(?:長|主任|主査|主事|主幹|主席|参事|理事|監事|顧問|教授|講師|助教|助手|研究員|医員|研修医|専攻医|指導医|産業医"
    r"|[医護産健剤]師|[技工]士|技師|療法士|管理士|栄養士|福祉士|心理士|訓練士|衛生士|事務員|職員|部員|課員|係員|科員"
    r"|スタッフ|チーフ|リーダー|マネージャー|マネジャー|秘書|担当|責任者|管理者|専従|専任|博士)"
    r"(?:補佐|代理|代行|心得|待遇|付)?$"
)
_ENGLISH: Final = re.compile(
    r"(?:director|head|chief|chair(?:man|woman|person)?|manager|president|professor|lecturer|physician|surgeon"
    r"|radiologist|nurse|pharmacist|technologist|engineer|administrator|officer|ceo|cio|cfo|coo)$",
    re.IGNORECASE,
)
_DEPARTMENT: Final = re.compile(
    r"(?:部|科|室|課|局|係|班|棟|院|所|センター|外来|講座|教室|部門|ユニット|チーム|グループ|委員会|ICU|HCU|NICU)$"
)
_NAMED: Final = re.compile(
    r"(?!副|次|統括|総括|主任|担当|専任|上席)"  # 統括部長 heads no 統括部
    r"(.+?(?:病棟|外来|センター|[部科課室係局]))(?:(?:副|主任|統括)?[部科課室係局医師]?長|看護師長|教授)"
    r"(?:補佐|代理|代行|心得)?(?:兼.*)?$"
)
_BESIDES: Final = re.compile(r"(?:兼|兼任|兼務|[・/／、,，&＆])$")
_REMARK: Final = re.compile(r"[（(][^（）()]*[）)]$")


@dataclass(frozen=True, slots=True)
class Position:
    """What a line says about where somebody works and as what; empty where it says nothing."""

    department: str
    title: str
    certain: bool  # else it is a guess, to be confirmed


def split(said: str) -> Position:
    """Department and position of a line."""
    words = said.split()  # the ideographic blank parts words too
    kinds = [_kind(word) for word in words]
    first = next((at for at, kind in enumerate(kinds) if kind == "position"), None)
    if first is not None:
        return _from(words, kinds, first)
    if words and all(kind == "department" for kind in kinds):
        return Position(" ".join(words), "", certain=True)
    return Position(" ".join(words[:-1]), " ".join(words[-1:]), certain=not words)


def _from(words: list[str], kinds: list[str], first: int) -> Position:
    """The reading of a line whose position begins at ``first``."""
    besides = "besides" in kinds[first:]
    last = max(at for at, kind in enumerate(kinds) if kind == "position")
    after = kinds[last + 1 :]
    if first == 0 and after and not besides and all(kind == "department" for kind in after):
        return Position(" ".join(words[last + 1 :]), " ".join(words[: last + 1]), certain=False)
    named = _NAMED.match(words[0]) if first == 0 else None
    department = named[1] if named else " ".join(words[:first])
    return Position(department, " ".join(words[first:]), certain=not after)


def _kind(word: str) -> str:
    """One of position, department, besides and unknown."""
    plain = _REMARK.sub("", word) or word
    if _BESIDES.search(plain):
        return "besides"
    if _POSITION.search(plain) or _ENGLISH.search(plain):
        return "position"
    return "department" if _DEPARTMENT.search(plain) else "unknown"
