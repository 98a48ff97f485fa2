"""``nurture audit``, as an administrator calls it."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

from nurture.files.config import load
from nurture.flows import audit
from nurture.flows.audit import Seen
from nurture.wiring import open_doors
from tests.cli.conftest import PEOPLE

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


def sealed(shell: Shell) -> None:
    """As the daemon would: two looks, the second of which seals."""

    async def looks() -> None:
        """Both."""
        settings = load(shell.folder / "config.toml")
        async with open_doors(settings) as doors:
            seen = Seen()
            await audit.seal(doors, seen)
            await audit.seal(doors, seen)

    asyncio.run(looks())


def test_verify_says_what_was_changed_and_ends_with_one(shell: Shell) -> None:
    """Fine at first; a changed line is named with its run, in both languages and as data."""
    shell.ok("import", shell.write("people.csv", PEOPLE))
    empty = shell.json("audit", "verify")
    sealed(shell)
    digest = shell.ok("audit", "head").split()[0]
    good = shell.ok("--lang", "en", "audit", "verify", "--noted", digest)
    database = next(shell.folder.rglob("*.sqlite"))
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO journal_unlock VALUES ('x')")
        connection.execute("UPDATE journal SET actor = 'nobody' WHERE seq = 1")
        connection.execute("DELETE FROM journal_unlock")
    connection.close()
    bad = shell.run("--lang", "ja", "audit", "verify")
    data = shell.run("audit", "verify", "--json")

    assert (True, 0) == (empty["good"], empty["seals"])
    assert "Every sealed line" in good
    assert "is one of its seals" in good
    assert 1 == bad.exit_code == data.exit_code
    assert "一致しません" in bad.output
    assert '"problem": "changed"' in data.output


def test_a_digest_that_is_none_is_refused(shell: Shell) -> None:
    """Before anything is read."""
    found = shell.run("audit", "verify", "--noted", "abc")

    assert 1 == found.exit_code
    assert "'abc' is not a digest" in found.output


def test_an_unknown_digest_ends_with_one(shell: Shell) -> None:
    """The journal may be whole; it is not the one of that day."""
    found = shell.run("--lang", "en", "audit", "verify", "--noted", "0" * 64)

    assert 1 == found.exit_code
    assert "NOT one of its seals" in found.output
