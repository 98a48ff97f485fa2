"""``nurture moved`` and ``nurture basis``, as representatives call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nurture.files.shipped import shipped
from tests.cli.conftest import PEOPLE

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

YAMADA = "yamada@aoba-hospital.example"
HEIR = ("--successor", "takahashi@aoba-hospital.example", "--family-name", "高橋")


@pytest.fixture
def enrolled(shell: Shell) -> Shell:
    """Two people are known; the doctor is on the way; the folder has the scenarios that ship."""
    for name in ("contact-moved.yaml", "contact-successor.yaml"):
        shell.write(f"scenarios/{name}", (shipped() / "scenarios" / name).read_text(encoding="utf-8"))
    shell.ok("import", shell.write("people.csv", PEOPLE))
    shell.ok("enroll", YAMADA, "warm-lead-30d", "--anchor", "2027-06-01T15:00")
    return shell


def scenarios(shell: Shell, who: str) -> dict[str, str]:
    """The state of each enrollment."""
    return {e["scenario"]: e["state"] for e in shell.json("why", who)["enrollments"]}


def test_who_leaves_is_stopped_and_thanked(enrolled: Shell) -> None:
    """What ran is stopped; thanks begin, which ``--undo`` takes back."""
    said = enrolled.ok("moved", YAMADA)
    after = scenarios(enrolled, YAMADA)
    undone = enrolled.ok("moved", YAMADA, "--undo")

    assert "nurture queue" in said
    assert {"warm-lead-30d": "stopped", "contact-moved": "active"} == after
    assert "does not leave" in undone
    assert {"warm-lead-30d": "stopped", "contact-moved": "stopped"} == scenarios(enrolled, YAMADA)


def test_whose_address_is_gone_is_not_thanked(enrolled: Shell) -> None:
    """Stopped, and no more."""
    enrolled.ok("moved", YAMADA, "--gone")

    assert {"warm-lead-30d": "stopped"} == scenarios(enrolled, YAMADA)


def test_a_successor_waits_for_a_basis(enrolled: Shell) -> None:
    """Recorded without one: nothing begins, and the journal says why; with one the introduction does."""
    said = enrolled.ok("moved", YAMADA, *HEIR)
    why = enrolled.ok("why", HEIR[1])
    before = scenarios(enrolled, HEIR[1])
    enrolled.ok("basis", HEIR[1], "consent", "--evidence", "11月20日にお電話でご了承")

    assert "nurture basis takahashi@aoba-hospital.example" in said
    assert "no draft of an introduction: no legal basis" in why
    assert ({}, {"contact-successor": "active"}) == (before, scenarios(enrolled, HEIR[1]))
    assert "mail is allowed: consent" in enrolled.ok("why", HEIR[1])


def test_a_successor_with_a_basis_is_introduced(enrolled: Shell) -> None:
    """In one command; a basis that nothing proves, and a day to come, are refused before anything is written."""
    bare = enrolled.run("moved", YAMADA, *HEIR, "--basis", "consent")
    late = enrolled.run("moved", YAMADA, *HEIR, "--basis", "consent", "--evidence", "x", "--on", "2999-01-01")
    untouched = scenarios(enrolled, YAMADA)
    enrolled.ok("moved", YAMADA, *HEIR, "--basis", "business_card", "--evidence", "面談時に名刺を受領")

    assert (1, 1, {"warm-lead-30d": "active"}) == (bare.exit_code, late.exit_code, untouched)
    assert {"contact-successor": "active"} == scenarios(enrolled, HEIR[1])
