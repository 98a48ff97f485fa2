"""Choosing content for a reader (practice C15, C18)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nurture.core.content import ContentItem, Wanted, choose

ON = date(2027, 4, 8)
ANY = ContentItem("any", "case_study", "どこでも", "要約")
FOR_NURSES = replace(ANY, id="nurses", roles=("nursing",), topics=("safety",))
FOR_DOCTORS = replace(ANY, id="doctors", roles=("clinician",), specialties=("radiology",), topics=("workload",))
CHEAP = replace(ANY, id="cheap", topics=("cost",))
MATCH = Wanted("case_study", ("role", "specialty", "concern"))


def chosen(items: list[ContentItem], wanted: Wanted = MATCH, **reader: Any) -> str | None:
    """The id chosen for a radiologist who worries about workload, then cost."""
    given_: dict[str, Any] = {
        "role": "clinician",
        "specialty": "radiology",
        "topics": ("workload", "cost"),
        "competitor": None,
        "used": (),
        "on": ON,
    }
    found = choose(items, wanted, **{**given_, **reader})
    return found.id if found else None


def test_the_best_fit_wins() -> None:
    """Role, specialty and concern together beat one of them."""
    assert "doctors" == chosen([ANY, CHEAP, FOR_NURSES, FOR_DOCTORS])


def test_never_what_is_meant_for_others() -> None:
    """An item for nurses is not sent to a doctor, even when nothing else is left."""
    assert chosen([FOR_NURSES]) is None


def test_never_the_same_twice() -> None:
    """C15: what a person has had is not sent again."""
    assert "cheap" == chosen([ANY, CHEAP, FOR_DOCTORS], used={"doctors"})


def test_never_what_has_expired() -> None:
    """The last day counts; the day after does not. A seminar must still lie ahead."""
    assert "any" == chosen([replace(ANY, expires=ON)])
    assert chosen([replace(ANY, expires=date(2027, 4, 7))]) is None
    assert chosen([replace(ANY, event_on=ON)]) is None


def test_the_main_concern_comes_first() -> None:
    """Of two that fit a concern, the one for the person's first concern."""
    workload = replace(ANY, id="z-workload", topics=("workload",))

    assert "z-workload" == chosen([CHEAP, workload])


def test_only_what_is_asked_for_is_matched() -> None:
    """A step that does not match by role may send an item for others."""
    assert "nurses" == chosen([FOR_NURSES], Wanted("case_study"))


@given(st.permutations([ANY, CHEAP, FOR_NURSES, FOR_DOCTORS, replace(ANY, id="other")]))
def test_the_choice_does_not_depend_on_order(items: list[ContentItem]) -> None:
    """The same library gives the same choice, however it is listed."""
    assert "doctors" == chosen(items)


def test_a_seminar_must_lie_far_enough_ahead() -> None:
    """An invitation that would expire before it can leave is not chosen when a later seminar is there."""
    soon = replace(ANY, id="a-soon", event_on=date(2027, 4, 10))
    later = replace(ANY, id="b-later", event_on=date(2027, 4, 11))

    assert "a-soon" == chosen([soon, later])
    assert "b-later" == chosen([soon, later], lead=3)
