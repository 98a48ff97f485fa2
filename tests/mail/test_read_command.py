"""``nurture read``: files, folders, mailbox files, standard input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from nurture.cli.read import mails, read
from nurture.errors import UserError

MAIL = b"From: sato@hospital.example\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\n"


def lines(*args: str, given: bytes = b"") -> list[dict[str, object]]:
    """What the command prints, parsed."""
    result = CliRunner().invoke(read, ["--format", "jsonl", *args], input=given, catch_exceptions=False)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout_bytes.decode().splitlines()]


def test_files_and_folders(tmp_path: Path) -> None:
    """Mails are read in the order in which they are given; a folder in the order of names."""
    for name, text in (("b.eml", "検討いたします。"), ("a.eml", "結構です。")):
        (tmp_path / name).write_bytes(MAIL + text.encode())
    said = lines(str(tmp_path / "b.eml"), str(tmp_path))
    assert [Path(str(one["path"])).name for one in said] == ["b.eml", "a.eml", "b.eml"]
    assert [one["intents"] for one in said] == [["consideration"], ["refusal"], ["consideration"]]


def test_mailbox_file(tmp_path: Path) -> None:
    """A mailbox file gives each of its mails; a quoted From line comes back as it was."""
    path = tmp_path / "box"
    first = b"From a@b.example Fri Nov 20 18:03:00 2026\n" + MAIL + b">From here\n\n"
    path.write_bytes(first + b"From c@d.example Fri Nov 20 18:04:00 2026\n" + MAIL + b"second\n")
    said = lines(str(path))
    assert [one["path"] for one in said] == [f"{path}#1", f"{path}#2"]
    assert [one["text"] for one in said] == ["From here", "second"]


def test_one_mail_that_begins_like_a_mailbox_file(tmp_path: Path) -> None:
    """A paragraph that begins with From and has a year in it is text."""
    path = tmp_path / "one"
    path.write_bytes(b"From a@b.example Fri Nov 20 18:03:00 2026\n" + MAIL + b"a\n\nFrom the spring of 2027 on\n")

    assert [(str(path), "a\n\nFrom the spring of 2027 on")] == [(s["path"], s["text"]) for s in lines(str(path))]


@pytest.mark.parametrize("given", [b"", b"\n", bytes(range(256)) * 9, "これは".encode("utf-16")])
def test_what_is_no_mail_is_nobodys_reply(given: bytes) -> None:
    """Without a header nobody wrote; the defects say so."""
    (said,) = lines("-", given=given)

    assert "other" == said["kind"]
    assert said["defects"]


def test_standard_input() -> None:
    """``-`` reads standard input."""
    assert lines("-", given=MAIL + "不要です。".encode())[0]["path"] == "-"


def test_table() -> None:
    """The table has one line for each mail, without control characters."""
    result = CliRunner().invoke(read, ["-"], input=MAIL.replace(b"x", b"a\x1b[31m\rb") + "その通りです。".encode())
    assert result.output.count("\n") == 1
    assert "reply " in result.output
    assert " agrees " in result.output
    assert "\x1b" not in result.output


def test_table_in_japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table speaks the reader's language; what programs read does not change with it."""
    monkeypatch.setenv("NURTURE_LANG", "ja")
    result = CliRunner().invoke(read, ["-"], input=MAIL + "検討いたします。".encode())

    assert result.output.startswith("返信 ")
    assert " 検討中 " in result.output
    assert ["consideration"] == lines("-", given=MAIL + "検討いたします。".encode())[0]["intents"]


def test_missing_file() -> None:
    """A place that does not exist is named."""
    with pytest.raises(UserError, match="cannot be read"):
        list(mails("/nonexistent/mail.eml"))
