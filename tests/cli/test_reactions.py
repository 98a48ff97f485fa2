"""``nurture reactions``, ``reopen`` and ``back``, as operations and representatives call them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from nurture.cli.tables import width
from nurture.core.cases import CASES, Becomes
from nurture.core.change import Change
from nurture.core.people import Away, Person
from nurture.files.config import load
from nurture.store import open_store
from tests.cli.conftest import PEOPLE

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


def test_the_table_in_both_languages(shell: Shell) -> None:
    """A line for each case, in columns; the same as data, with what to do next."""
    told = {language: shell.ok("--lang", language, "reactions") for language in ("ja", "en")}
    data = shell.json("reactions")

    assert all(len(text.splitlines()) >= len(CASES) + 1 for text in told.values())
    assert "お断り" in told["ja"]
    assert "declines" in told["en"]
    assert max(width(line) for line in told["en"].splitlines()) > 80
    assert [case.id for case in CASES] == [row["case"] for row in data]
    refusal = next(row for row in data if row["case"] == "refusal")
    assert ("stops", "refusal", "reply", "rep", "any") == tuple(
        refusal[key] for key in ("enrollments", "reason", "task", "told", "rules")
    )
    assert all(row["steps"] for row in data if row["told"] or row["task"])
    assert {case.becomes.value for case in CASES} <= {becomes.value for becomes in Becomes}


def test_what_was_stopped_is_opened_again_and_resumed(shell: Shell) -> None:
    """Three commands; the journal names both, and what has not ended cannot be reopened."""
    shell.ok("import", shell.write("people.csv", PEOPLE))
    shell.ok("enroll", "yamada@aoba-hospital.example", "warm-lead-30d", "--anchor", "2027-06-01T15:00")
    before = shell.run("reopen", "yamada@aoba-hospital.example")
    shell.ok("stop", "yamada@aoba-hospital.example", "--yes")
    opened = shell.ok("reopen", "yamada@aoba-hospital.example")
    shell.ok("resume", "yamada@aoba-hospital.example")
    why = shell.ok("why", "yamada@aoba-hospital.example")

    assert 1 == before.exit_code
    assert "has no such enrollment" in before.output
    assert "nurture resume yamada@aoba-hospital.example" in opened
    for said in ("stopped:", "open again, paused", "resumed"):
        assert said in why


def test_somebody_is_back(shell: Shell) -> None:
    """Mail need not wait any longer; whoever is not away is told so."""
    shell.ok("import", shell.write("people.csv", PEOPLE))
    here = shell.run("back", "yamada@aoba-hospital.example")

    async def leave() -> None:
        """An absence that was read."""
        store = await open_store(load(shell.folder / "config.toml").database_url)
        (person,) = await store.find(Person, {"email": "yamada@aoba-hospital.example"})
        away = Away(noted_on=date(2027, 6, 1), resume_on=date(2027, 6, 20), back=None, evidence="x")
        await store.commit(Change((replace(person, away=away),)))
        await store.close()

    asyncio.run(leave())
    told = shell.ok("back", "yamada@aoba-hospital.example")

    assert (1, True) == (here.exit_code, "not known to be away" in here.output)
    assert "山田 太郎" in told
    assert "is back" in shell.ok("why", "yamada@aoba-hospital.example")
