"""What is remembered of who was written, and what is said of what was forgotten."""

from __future__ import annotations

from nurture.core.change import Change
from nurture.core.ids import EnrollmentId
from nurture.store.noted import Noted
from tests.store.world import enrollment

A, B, C = (EnrollmentId(key) for key in "abc")


def test_what_was_forgotten_may_have_been_touched() -> None:
    """Two are remembered: of a time before that anybody may have been written, of a later one we know."""
    noted = Noted(most=2)
    for key in "aab":
        noted.note(Change((enrollment(key, "p"),)))
    assert [True, True, False] == [noted.touched(key, 1) for key in (A, B, C)]

    noted.note(Change((enrollment("c", "p"),)))

    assert 4 == noted.count
    assert [True, True, True] == [noted.touched(key, 1) for key in (A, B, C)]
    assert [False, True, True] == [noted.touched(key, 2) for key in (A, B, C)]
    assert [False, False, True] == [noted.touched(key, 3) for key in (A, B, C)]
