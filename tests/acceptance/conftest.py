"""Servers for the acceptance tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.acceptance.post import running_post
from tests.acceptance.program import make_program
from tests.servers.dovecot import running_dovecot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.acceptance.post import Post
    from tests.acceptance.program import Program
    from tests.servers.dovecot import Dovecot


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
def program(tmp_path: Path, post: Post, dovecot: Dovecot, user: str) -> Program:
    """A working folder with these servers in its settings."""
    return make_program(tmp_path / "work", post, dovecot, user)
