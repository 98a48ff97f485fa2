"""Errors, sorted by who must act.

=================== =============================================================
UserError           a person changes an input (file, option, form) and tries again
TemporaryFailure    nobody: the program tries again later
PermanentFailure    a person decides: trying the same again is no use
StaleVersion        the caller reads again: somebody else wrote first
Impossible          a programmer: a move that no table allows, a broken promise
=================== =============================================================

The texts are message ids: the edge that shows an error translates ``error.text`` and then fills in
``error.values`` (``str.format`` names), so that one error can be read in Japanese and in English.
"""

from __future__ import annotations

from dataclasses import dataclass


class NurtureError(Exception):
    """The root of all errors that this program raises on purpose.

    Args:
        text: a message id with ``{name}`` places.
        values: what fills the places.
    """

    def __init__(self, text: str, **values: object) -> None:
        self.text = text
        self.values = values
        super().__init__(text)

    def __str__(self) -> str:
        return self.text.format(**self.values) if self.values else self.text


@dataclass(frozen=True, slots=True)
class Where:
    """A place in an input: file, 1-based line and column, and the key path (``steps[2].mail``)."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.key}" if place and self.key else place or self.key or ""


class UserError(NurtureError):
    """A person can mend this: shown as words, place and hint, never as a traceback.

    Args:
        text: what is wrong, a message id.
        where: the place in the input.
        hint: what to do about it, a message id; its places are filled from ``values`` too.
    """

    def __init__(
        self, text: str, *, where: Where | None = None, hint: str | None = None, **values: object
    ) -> None:
        super().__init__(text, **values)
        self.where = where
        self.hint = hint

    @property
    def with_place(self) -> str:
        """The text with its place before it, in English: for the journal."""
        return f"{self.where}: {self}" if self.where and str(self.where) else str(self)


class UserErrors(UserError):
    """Several at once: a file is checked to its end before anybody is told."""

    def __init__(self, errors: tuple[UserError, ...]) -> None:
        super().__init__("{count} problems", count=len(errors))
        self.errors = errors


class TemporaryFailure(NurtureError):
    """A server or a file is not to be had now; trying again later may help."""


class PermanentFailure(NurtureError):
    """The other side said no for good; a person decides what happens now."""


class StaleVersion(NurtureError):
    """Somebody else wrote first: read again, decide again.

    Args:
        kind: the table.
        key: the row's id.
    """

    def __init__(self, kind: str, key: str) -> None:
        super().__init__("{kind} {key} was changed by somebody else meanwhile", kind=kind, key=key)
        self.kind = kind
        self.key = key


class Impossible(NurtureError):
    """A move that no table allows: a fault of the program, never of its user."""
