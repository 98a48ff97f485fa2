"""``nurture people``: find, merge, hand over, erase, as a manager calls them."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import PEOPLE

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

YAMADA = "yamada@aoba-hospital.example"
TAGGED = "yamada+x@aoba-hospital.example"
LEAD = ("--by", "sato")


@pytest.fixture
def known(shell: Shell) -> Shell:
    """Two people are known, one of them twice."""
    row = f"山田 太郎,{TAGGED},青葉総合病院,医師,名刺,2026/11/5,展示会で受領,tanaka\n"
    shell.ok("import", shell.write("people.csv", PEOPLE + row))
    return shell


def emails(shell: Shell, *words: str) -> list[str]:
    """Whom the list finds."""
    return sorted(person["email"] for person in shell.json("people", *words))


def test_a_word_is_searched_for(known: Shell) -> None:
    """With or without ``list``; in any width."""
    assert [TAGGED, YAMADA] == emails(known, "ＹＡＭＡＤＡ")
    assert [TAGGED, YAMADA] == emails(known, "list", "青葉 山田")
    assert 3 == len(emails(known))
    assert "merge" in known.ok("people", "--help")


def test_two_entries_become_one(known: Shell) -> None:
    """The first stays."""
    assert YAMADA in known.ok("people", "merge", YAMADA, TAGGED, *LEAD)
    assert [YAMADA] == emails(known, "山田")


def test_handed_over_erased_and_not_taken_in_again(known: Shell) -> None:
    """A file for its owner alone; erased after the address was typed; the list that knew the person is refused."""
    file = known.folder / "yamada.zip"
    known.ok("people", "export", YAMADA, str(file), *LEAD)
    with zipfile.ZipFile(file) as found:
        data = json.loads(found.read("person.json"))
    assert YAMADA == data["person"]["email"]
    assert 0o600 == file.stat().st_mode & 0o777
    assert 1 == known.run("people", "export", YAMADA, str(file), *LEAD).exit_code  # nothing is written over
    assert 1 == known.run("people", "erase", YAMADA, *LEAD, answers="someone@else.example\n").exit_code
    assert YAMADA in emails(known)
    known.ok("people", "erase", YAMADA, *LEAD, answers=f"{YAMADA}\n")
    assert YAMADA not in emails(known)
    known.run("import", str(known.folder / "people.csv"))
    assert YAMADA not in emails(known)
    known.ok("people", "readmit", YAMADA, "--evidence", "お電話", *LEAD)
    known.ok("import", str(known.folder / "people.csv"))
    assert YAMADA in emails(known)
    assert known.json("audit", "verify")["good"]
