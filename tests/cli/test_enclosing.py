"""``nurture queue attach`` and ``detach``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell

PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n"


def _first(shell: Shell) -> dict[str, Any]:
    found: dict[str, Any] = next(m for m in shell.json("queue") if m["state"] == "waiting")
    return found


def test_a_pdf_that_was_asked_for(recorded: Shell, tmp_path: Path) -> None:
    """It is shown with the mail, the fingerprint is another one, and it can be taken out again."""
    file = tmp_path / "連携仕様書.pdf"
    file.write_bytes(PDF)
    before = _first(recorded)
    said = recorded.ok("queue", "attach", before["id"], str(file), "--requested", "面談時に", "--by", "tanaka")
    after = recorded.json("queue", "show", before["id"])

    assert after["fingerprint"][:12] in said
    assert after["fingerprint"] != before["fingerprint"]
    assert [("連携仕様書.pdf", len(PDF))] == [(one["name"], one["bytes"]) for one in after["attachments"]]
    assert "連携仕様書.pdf (1 kB)" in recorded.ok("queue", "show", before["id"])
    assert "面談時に" in recorded.ok("why", before["id"])
    recorded.ok("queue", "detach", before["id"], "連携仕様書.pdf", "--by", "tanaka")
    assert before["fingerprint"] == recorded.json("queue", "show", before["id"])["fingerprint"]


def test_what_does_not_go(recorded: Shell, tmp_path: Path) -> None:
    """Unasked, no PDF, not there: each is said in words, and the mail stays as it is."""
    before = _first(recorded)
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    asked = ("--requested", "asked", "--by", "tanaka")
    unasked = recorded.run("queue", "attach", before["id"], str(tmp_path / "a.pdf"), "--by", "tanaka")
    archive = recorded.run("queue", "attach", before["id"], str(tmp_path / "a.zip"), *asked)
    missing = recorded.run("queue", "attach", before["id"], str(tmp_path / "b.pdf"), *asked)

    assert (1, True) == (unasked.exit_code, "did not ask" in unasked.stderr)
    assert (1, True) == (archive.exit_code, "archive" in archive.stderr)
    assert (1, True) == (missing.exit_code, "cannot be read" in missing.stderr)
    assert before == _first(recorded)
