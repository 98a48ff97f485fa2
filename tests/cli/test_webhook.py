"""``nurture webhook``: how endpoints stand, a test event, resuming."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CONFIG

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

HOOK = """
[[webhooks]]
id = "crm"
url = "http://127.0.0.1:9/hook"
secret = {env = "HOOK_SECRET"}
events = ["message.sent"]
"""


@pytest.fixture
def hooked(shell: Shell) -> Shell:
    """The same folder, with an endpoint that answers nobody."""
    shell.write("config.toml", CONFIG + HOOK)
    shell.environ["HOOK_SECRET"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    return shell


def test_endpoints_are_listed(hooked: Shell) -> None:
    """As config.toml has them, with how they stand; never the secret."""
    (row,) = hooked.json("webhook", "list")

    assert ("crm", "not begun", ["message.sent"]) == (row["id"], row["state"], row["events"])
    assert "whsec_" not in hooked.ok("webhook", "list")


def test_a_test_says_why_it_failed(hooked: Shell) -> None:
    """An address of this machine is not called unless that is said; nor by anybody but an administrator."""
    assert "may not decide" in hooked.run("webhook", "test", "crm").output
    assert "private" in hooked.run("webhook", "test", "crm", "--by", "sato").output
    assert "there is no webhook" in hooked.run("webhook", "test", "other", "--by", "sato").output


def test_an_endpoint_is_resumed(hooked: Shell) -> None:
    """By an administrator; it is in the journal."""
    assert 1 == hooked.run("webhook", "resume", "crm").exit_code
    assert "told again" in hooked.ok("webhook", "resume", "crm", "--by", "sato", "--skip")
    assert "fine" == hooked.json("webhook", "list")[0]["state"]
    assert "webhook crm resumed" in hooked.ok("log")


def test_without_endpoints_it_says_so(shell: Shell) -> None:
    """Nothing is configured."""
    assert "no webhooks" in shell.ok("webhook", "list")
