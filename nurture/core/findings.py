"""What an examination finds: each thing looked at passes, warns or fails, and says what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Grade(StrEnum):
    """How serious."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"  # mail goes out, but not as well as it could; or it cannot be known from here
    FAIL = "fail"  # something does not work, or will be refused


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    ``check`` names what was looked at (spf, imap …), ``subject`` whose. ``text`` and ``hint`` are message ids,
    filled from ``values``.
    """

    check: str
    subject: str
    grade: Grade
    text: str
    hint: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


def good(check: str, subject: str, text: str, **values: object) -> Finding:
    """A pass."""
    return Finding(check, subject, Grade.PASS, text, values=values)


def doubtful(check: str, subject: str, text: str, *, hint: str = "", **values: object) -> Finding:
    """A warning."""
    return Finding(check, subject, Grade.WARN, text, hint, values)


def bad(check: str, subject: str, text: str, *, hint: str = "", **values: object) -> Finding:
    """A failure."""
    return Finding(check, subject, Grade.FAIL, text, hint, values)


def worst(found: Iterable[Finding]) -> Grade:
    """The most serious of the grades."""
    grades = {finding.grade for finding in found}
    return next((grade for grade in (Grade.FAIL, Grade.WARN) if grade in grades), Grade.PASS)
