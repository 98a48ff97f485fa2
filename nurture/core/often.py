"""How seldom somebody wants our mail: "at most one mail every N days", kept for the address like any refusal.

Theory of operation
-------------------
A wish for less mail is a partial refusal, which the anti-spam act wants respected (特定電子メール法), and is kept
where those are: in the suppression list, as the topic ``every-31d`` of the address. So it holds for whoever has
the address, after an import and an erasure too, with what proves it. The planner takes it for one more gap, beside
the scenario's ``min_gap``; the longest in force counts.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from nurture.core.messages import SuppressionScope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nurture.core.messages import Suppression

USUAL: Final = 31
"""Days between two mails to who wants less of them and does not say how often: never two in one month."""
LONGEST: Final = 400
EVERY: Final = re.compile(r"every-([1-9]\d{0,2})d")

_NUMBERS: Final = {"一": 1, "二": 2, "三": 3, "四": 4, "六": 6, "数": 2}
_N: Final = r"(\d{1,2}|[一二三四六数])"
_MONTH: Final = r"(?:か|ヶ|ヵ|カ|ケ|箇|個)?月"
_TIMES: Final = r"(?:回|度|通)"
_SPANS: Final = (
    (re.compile(rf"{_N}{_MONTH}に(?:1|一){_TIMES}"), 31),
    (re.compile(rf"{_N}週(?:間)?に(?:1|一){_TIMES}"), 7),
)
_RATES: Final = (
    (re.compile(rf"(?<![\d一二三四六数かヶヵカケ箇個])(?:毎)?月(?:に)?{_N}{_TIMES}"), 31),
    (re.compile(rf"(?<![\d一二三四六数])(?:毎)?週(?:に)?{_N}{_TIMES}"), 7),
    (re.compile(rf"四半期(?:ごと)?(?:に)?{_N}{_TIMES}"), 92),
    (re.compile(rf"半年(?:に)?{_N}{_TIMES}"), 183),
    (re.compile(rf"(?<!半)年(?:に|間)?{_N}{_TIMES}"), 365),
)
_WORDS: Final = (
    (re.compile(r"隔週|every other week|every two weeks", re.IGNORECASE), 14),
    (re.compile(r"隔月|every other month|every two months", re.IGNORECASE), 62),
    (re.compile(r"once a week|weekly", re.IGNORECASE), 7),
    (re.compile(r"(?:once a|every|per) month|(?<!bi)monthly", re.IGNORECASE), 31),
    (re.compile(r"(?:once a|every|per) quarter|quarterly", re.IGNORECASE), 92),
    (re.compile(r"twice a year", re.IGNORECASE), 183),
    (re.compile(r"once a year|yearly|annually", re.IGNORECASE), 365),
)


def slug(days: int) -> str:
    """The topic that stands for it."""
    return f"every-{days}d"


def value(address: str, days: int) -> str:
    """What the suppression list keeps."""
    return f"{address.lower()}#{slug(days)}"


def days_of(row: Suppression) -> int | None:
    """The days that a row of the suppression list stands for; None: it is about something else."""
    if row.scope is not SuppressionScope.TOPIC:
        return None
    found = EVERY.fullmatch(row.value.rpartition("#")[2])
    return int(found[1]) if found else None


def pace(rows: Iterable[Suppression]) -> int | None:
    """At least so many days from one mail to the next, by those in force; None: as scenarios say."""
    return max((days for row in rows if row.lifted_at is None and (days := days_of(row))), default=None)


def wish(text: str) -> int | None:
    """How often somebody says that mail is welcome, in days from one to the next; of several the longest.

    「月1回程度」 is 31 days, so that no month has two; 「年に数回」 half a year. None: nothing is said.
    """
    plain = unicodedata.normalize("NFKC", text)
    found = [days for pattern, days in _WORDS if pattern.search(plain)]
    for pattern, unit in _SPANS:
        found += [unit * _number(match[1]) for match in pattern.finditer(plain)]
    for pattern, unit in _RATES:
        found += [-(-unit // max(_number(match[1]), 1)) for match in pattern.finditer(plain)]
    return min(max(found), LONGEST) if found else None


def _number(said: str) -> int:
    return _NUMBERS[said] if said in _NUMBERS else int(said)
