"""What is stopped or held back, on the command line: said, explained, stopped, resumed, released."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

VALVE = "\n[limits.valve]\nletters = 1\nleast = 0\n"


def approved(shell: Shell) -> list[dict[str, Any]]:
    """Both thank-yous, approved."""
    mails = [m for m in shell.json("queue") if m["step"] == "thanks"]
    for mail in mails:
        shell.ok("queue", "approve", mail["id"], "--yes", mail["fingerprint"])
    return mails


def held_back(shell: Shell) -> list[dict[str, Any]]:
    """What status says is held back."""
    found: list[dict[str, Any]] = shell.json("status")["held_back"]
    return found


@pytest.fixture
def flooded(recorded: Shell) -> tuple[Shell, list[dict[str, Any]]]:
    """Two letters at once where one is too many: the valve has closed."""
    config = recorded.folder / "config.toml"
    config.write_text(config.read_text(encoding="utf-8") + VALVE, encoding="utf-8")
    mails = approved(recorded)
    recorded.ok("run", "--once")
    return recorded, mails


@pytest.mark.parametrize(("group", "key"), [("mailbox", "sales"), ("scenario", "warm-lead-30d")])
def test_what_is_stopped_says_so_until_it_is_resumed(recorded: Shell, group: str, key: str) -> None:
    """Status and why name it, with the command that lets it go on; a second time is refused in words."""
    mails = approved(recorded)
    assert f"{key} sends nothing" in recorded.ok(group, "stop", key, "--by", "sato")

    (said,) = held_back(recorded)
    assert (f"{group}_stopped", key, None) == (said["reason"], said["what"], said["until"])
    assert f"nurture {group} resume {key}" in recorded.ok("status")
    assert f"the {group} {key} is stopped, until a person decides" in recorded.ok("why", mails[0]["id"])
    assert "is stopped already" in recorded.run(group, "stop", key, "--by", "sato").output
    recorded.ok("run", "--once")  # tries nothing
    assert {"approved"} == {recorded.json("queue", "show", m["id"])["state"] for m in mails}
    assert f"{key} sends again" in recorded.ok(group, "resume", key, "--by", "sato")
    assert [] == held_back(recorded)
    assert "is not stopped" in recorded.run(group, "resume", key, "--by", "sato").output


def test_who_may_stop_and_what_there_is(recorded: Shell) -> None:
    """A representative does not stop a scenario where there are managers; a slip of the pen stops nothing."""
    assert "may not decide" in recorded.run("scenario", "stop", "warm-lead-30d").output
    assert 0 != recorded.run("mailbox", "stop", "salse", "--by", "sato").exit_code
    assert 0 != recorded.run("scenario", "stop", "warm-lead", "--by", "sato").exit_code
    assert [] == held_back(recorded)


def test_the_valve_is_released_by_who_has_looked(flooded: tuple[Shell, list[dict[str, Any]]]) -> None:
    """It shows what it would send, asks, and takes a no; a wrong mark is refused, the right one releases."""
    shell, mails = flooded
    (said,) = held_back(shell)
    assert ("valve", 2) == (said["reason"], said["letters"])
    assert "the safety valve is closed" in shell.ok("why", mails[0]["id"])
    shown = shell.run("queue", "release", "--by", "sato", answers="n\n")
    assert 0 != shown.exit_code
    assert "warm-lead-30d (2)" in shown.output
    assert mails[0]["to"]["email"] in shown.output
    found = shell.json("queue", "release", "--by", "sato")
    assert {"sales": 2} == found["mailboxes"]
    assert "something else" in shell.run("queue", "release", "--by", "sato", "--yes", "2-0").output
    assert "2 mails leave now" in shell.ok("queue", "release", "--by", "sato", "--yes", found["mark"])
    assert [] == held_back(shell)
    assert "holds nothing back" in shell.ok("queue", "release", "--by", "sato")
    assert "valve.released" in shell.ok("log", "--json")


def test_the_valve_keeps_back(flooded: tuple[Shell, list[dict[str, Any]]]) -> None:
    """With --keep everything waits at the desk again, and the mail says why."""
    shell, mails = flooded
    assert "2 mails are back" in shell.ok("queue", "release", "--keep", "--by", "sato", answers="y\n")

    shown = shell.json("queue", "show", mails[0]["id"])
    assert ("waiting", "valve") == (shown["state"], shown["reason"])
    assert "kept back by the safety valve" in shell.ok("queue", "show", mails[0]["id"])
