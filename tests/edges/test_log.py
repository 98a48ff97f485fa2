"""What the log says and what it never says."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from nurture.log import configure, logger, redact, unit

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The log as text; logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    configure(stream=out)
    yield out
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def said(out: io.StringIO) -> list[dict[str, Any]]:
    """Each line as JSON."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sato@x.example", "s***@x.example"),
        ("佐藤@病院.example", "佐***@病院.example"),
        ("nobody", "***"),
        ("", "***"),
        ("@x.example", "***"),
    ],
)
def test_redacted_addresses_keep_their_domain(address: str, shown: str) -> None:
    """The owner recognises an address, nobody can write to it."""
    assert redact(address) == shown


def test_lines_are_json_with_an_action(lines: io.StringIO) -> None:
    """Without a terminal each line is one JSON object with a stable action, with and without other words."""
    logger(mailbox="tanaka").info("mailbox.read", mails=3)
    logger().warning("a letter\nleft", action="send", answer="550 5.1.1 <sato@hospital.example> unknown")
    first, second = said(lines)
    assert (first["action"], first["mails"], first["mailbox"], first["level"]) == (
        "mailbox.read",
        3,
        "tanaka",
        "info",
    )
    assert first["at"].endswith("Z")
    assert (second["action"], second["text"]) == ("send", "a letter\nleft")
    assert second["answer"] == "550 5.1.1 <s***@hospital.example> unknown"


def test_secrets_are_never_said(lines: io.StringIO) -> None:
    """Values under telling names, in nested data and in URLs, are hidden; other libraries' lines too."""
    logger().info(
        "x", password="hunter2", login_token="hunter2", data={"secret": "hunter2", "to": ["a@b.example"]}
    )
    logger().info("y", url="http://desk.example/login?token=hunter2&next=/")
    logging.getLogger("some.library").warning("mail to %s failed", "sato@hospital.example")
    text = lines.getvalue()
    assert "hunter2" not in text
    assert "sato@" not in text
    assert '"a***@b.example"' in text
    assert len(said(lines)) == 3


def test_tracebacks_carry_no_values(lines: io.StringIO) -> None:
    """A traceback names places, not what variables held; addresses in its message are shortened."""

    def fail(password: str) -> None:
        raise ValueError("cannot write to sato@hospital.example" + password[:0])

    held = "hunter" + str(2)
    try:
        fail(held)
    except ValueError:
        logger().exception("failed")
    (line,) = said(lines)
    assert "ValueError" in line["exception"]
    assert "hunter2" not in str(line)
    assert "sato@" not in str(line)


def test_the_chatter_of_libraries_is_silenced(lines: io.StringIO) -> None:
    """Whole mails that a client library would log are not in the log, even at DEBUG."""
    configure(stream=lines, level="DEBUG")
    logging.getLogger("aioimaplib.aioimaplib").debug("Received : %s", b"a whole mail")
    logging.getLogger("aioimaplib.aioimaplib").info("ignored untagged response : a whole mail")
    assert "whole mail" not in lines.getvalue()


def test_a_unit_of_work_says_one_line(lines: io.StringIO) -> None:
    """One line at the end, with what became known meanwhile, how long it took, and how it ended."""
    with unit("mailbox.read", mailbox="tanaka") as line:
        line["mails"] = 7
    with pytest.raises(OSError, match="sato"), unit("mailbox.read"):
        raise OSError("no line to sato@hospital.example")
    with pytest.raises(asyncio.CancelledError), unit("mailbox.read"):
        raise asyncio.CancelledError
    first, second, third = said(lines)
    assert (first["action"], first["mails"], first["outcome"]) == ("mailbox.read", 7, "done")
    assert first["seconds"] >= 0
    assert (second["outcome"], second["level"], second["error"]) == ("failed", "error", "OSError")
    assert "sato@" not in str(second)
    assert third["outcome"] == "cancelled"


def test_a_terminal_gets_colours() -> None:
    """On a terminal lines are for eyes; addresses are shortened there too."""

    class Terminal(io.StringIO):
        """What says that it is a terminal."""

        def isatty(self) -> bool:
            """It is."""
            return True

    out = Terminal()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure(stream=out)
    logger().info("letter", action="send", to="sato@hospital.example")
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    assert "\x1b[" in out.getvalue()
    assert "s***@hospital.example" in out.getvalue()
