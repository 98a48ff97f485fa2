"""nurture mailbox login: a person lets us use a mailbox."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from nurture.clock import SystemClock
from nurture.core.ids import MailboxId
from nurture.files.config import load
from nurture.oauth import Tokens
from tests.servers.oauth import CLIENT, SECRET, Authority, authority

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

OAUTH = """name = "みほんシステム"

[mailboxes.oauth]
provider = "other"
client_id = "{client}"
client_secret = {{env = "CLIENT_SECRET"}}
authorize_url = "{url}/authorize"
token_url = "{url}/token"
scope = "mail"

[mailboxes.smtp]
host = "127.0.0.1"
security = "none"
port = 9
username = "sales@mihon.example"
"""
PLAIN = """name = "みほんシステム"
smtp = {host = "127.0.0.1", security = "none", port = 9}
"""


def configure(shell: Shell, server: Authority) -> None:
    """The mailbox has access tokens and no password."""
    path = shell.folder / "config.toml"
    text = path.read_text(encoding="utf-8")

    assert PLAIN in text
    path.write_text(text.replace(PLAIN, OAUTH.format(client=CLIENT, url=server.url)), encoding="utf-8")


@pytest.mark.parametrize("option", ["", "--paste"])
async def test_a_person_consents_and_the_token_is_kept(shell: Shell, option: str) -> None:
    """The command says which page to open, waits for the answer, and keeps the token; no token is printed."""
    async with authority() as server:
        configure(shell, server)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "nurture",
            "mailbox",
            "login",
            "sales",
            *option.split(),
            cwd=shell.folder,
            env={"CLIENT_SECRET": SECRET, "LANG": "C.UTF-8", "NURTURE_LANGUAGE": "en"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        said = ""
        while not (line := (await process.stdout.readline()).decode()).startswith("http"):
            assert line, said
            said += line
        async with httpx.AsyncClient(follow_redirects=not option, trust_env=False) as browser:
            answer = await browser.get(line.strip())
        rest, _ = await process.communicate(answer.headers.get("location", "").encode() + b"\n")
        said += rest.decode()

    assert 0 == process.returncode
    assert "access-" not in said
    settings = load(shell.folder / "config.toml")
    held = Tokens(settings.tokens, lambda _: "", SystemClock()).read(MailboxId("sales"))
    assert held is not None
    assert "access-2" == held.access_token


def test_only_what_is_set_up_can_be_logged_in_to(shell: Shell) -> None:
    """A mailbox that is not there, and one that has a password."""
    missing = shell.run("mailbox", "login", "nobody")
    plain = shell.run("mailbox", "login", "sales")

    assert (1, 1) == (missing.exit_code, plain.exit_code)
    assert "sales" in missing.stderr
    assert "[mailboxes.oauth]" in plain.stderr
