"""One thing that does not fit together in a scenario, how bad it is, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nurture.errors import UserError

Path = tuple[str | int, ...]
"""Where in the file: ``("steps", 2, "thread")``."""


class Severity(StrEnum):
    """What a problem leads to."""

    REFUSED = "refused"  # the scenario cannot be used
    FAILED = "failed"  # it could be, but the scenario check fails
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person would only find later."""

    error: UserError
    path: Path = ()
    severity: Severity = Severity.REFUSED


def warned(error: UserError, *path: str | int) -> Problem:
    """Something that may surprise."""
    return Problem(error, path, Severity.WARNING)
