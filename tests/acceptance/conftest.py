"""Servers for the acceptance tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.acceptance.post import running_post
from tests.acceptance.program import make_program
from tests.servers.dovecot import running_dovecot
from tests.servers.postgres import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.acceptance.post import Post
    from tests.acceptance.program import Program
    from tests.servers.dovecot import Dovecot
    from tests.servers.postgres import Postgres


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A real IMAP server for the whole run."""
    with running_dovecot() as server:
        yield server


@pytest.fixture
def post() -> Iterator[Post]:
    """A recording SMTP server for one test."""
    with running_post() as server:
        yield server


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    """The representative's mailbox, empty."""
    return dovecot.user()


@pytest.fixture
def program(
    request: pytest.FixtureRequest, tmp_path: Path, post: Post, dovecot: Dovecot, user: str
) -> Iterator[Program]:
    """A working folder with these servers in its settings, on SQLite or, where a test asks for it, on PostgreSQL.

    There it is as the documentation goes: a role with a password, and an empty database that it owns.
    """
    folder = tmp_path / "work"
    if getattr(request, "param", "sqlite") == "sqlite":
        yield make_program(folder, post, dovecot, user)
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.make()
    server.tell(f"ALTER DATABASE {name} OWNER TO nurture")
    yield make_program(folder, post, dovecot, user, server.url(name, "nurture"), PGPASSWORD=PASSWORD)
    server.drop(name)
