"""Words in Japanese and English.

Texts in the code are English message ids; Japanese stands in ``locale/ja/LC_MESSAGES/nurture.po`` and is
read by Babel as it is (no compile step). A missing translation shows the English text; a test sees to it
that none is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po

from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date as Date
    from datetime import datetime

    from nurture.errors import NurtureError

LANGUAGES = ("ja", "en")


def mark(text: str) -> str:
    """Mark a message id for extraction where it is translated later."""
    return text


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    if language == "en":
        return {}
    source = resources.files("nurture") / "locale" / language / "LC_MESSAGES" / "nurture.po"
    with source.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {str(m.id): str(m.string) for m in catalogue if m.id and m.string and not m.fuzzy}


@dataclass(frozen=True, slots=True)
class Words:
    """One language: call it with a message id and what fills its places."""

    language: str = "ja"

    def __call__(self, text: str, /, **values: object) -> str:
        """The text in this language, its ``{places}`` filled."""
        said = _catalogue(self.language).get(text, text)
        return said.format(**values) if values else said

    def error(self, error: NurtureError) -> str:
        """An error as words: place, text, hint."""
        said = self(error.text, **{name: self._value(value) for name, value in error.values.items()})
        if isinstance(error, UserError):
            place = f"{error.where}: " if error.where and str(error.where) else ""
            hint = f"\n  → {self(error.hint, **error.values)}" if error.hint else ""
            return f"{place}{said}{hint}"
        return said

    def _value(self, value: object) -> object:
        return ", ".join(str(v) for v in value) if isinstance(value, list | tuple | set | frozenset) else value

    def date(self, day: Date) -> str:
        """A date with its weekday: 2026年12月5日(土), Sat 5 Dec 2026."""
        pattern = "y年M月d日(E)" if self.language == "ja" else "EEE d MMM y"
        return format_date(day, pattern, locale=self.language)

    def day(self, day: Date) -> str:
        """A date without its year: 12/5(土), Sat 5 Dec."""
        return format_date(day, "M/d(E)" if self.language == "ja" else "EEE d MMM", locale=self.language)

    def month(self, day: Date, *, year: bool = True) -> str:
        """The month of a date: 2027年4月, Apr 2027; or 4月, Apr."""
        patterns = ("y年M月", "M月") if self.language == "ja" else ("MMM y", "MMM")
        return format_date(day, patterns[not year], locale=self.language)

    def weekday(self, day: Date) -> str:
        """The day of the week: 土, Sat."""
        return format_date(day, "E" if self.language == "ja" else "EEE", locale=self.language)

    def instant(self, at: datetime, zone: str) -> str:
        """An instant in the reader's zone with weekday: 12/5(土) 09:12, Sat 5 Dec 09:12."""
        local = at.astimezone(ZoneInfo(zone))
        pattern = "M/d(E) HH:mm" if self.language == "ja" else "EEE d MMM HH:mm"
        return format_datetime(local, pattern, locale=self.language)


@cache
def words(language: str) -> Words:
    """The words of a language; Japanese for one that is not there."""
    return Words(language if language in LANGUAGES else "ja")
