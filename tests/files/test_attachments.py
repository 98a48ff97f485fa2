"""Files of letters in the data folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from nurture.core.attachments import Attachment, Enclosed
from nurture.errors import UserError
from nurture.files.attachments import FileAttachments

if TYPE_CHECKING:
    from pathlib import Path

PDF = Attachment("連携仕様書.pdf", b"%PDF-1.7\n\x00\x01\nx")


def test_kept_and_found(tmp_path: Path) -> None:
    """A file comes back whole, with its name; kept twice it lies there once."""
    kept = FileAttachments(tmp_path / "attachments")

    assert PDF.key == kept.keep(PDF) == kept.keep(PDF)
    assert PDF == kept.get(PDF.key)
    assert Enclosed(PDF.key, PDF.name, len(PDF.data)) == kept.look(PDF.key)
    assert [PDF.key] == [path.name for path in (tmp_path / "attachments").iterdir()]


def test_whoever_looks_can_check(tmp_path: Path) -> None:
    """The name under which it lies is the SHA-256 of what stands in it; nobody else can read it."""
    FileAttachments(tmp_path / "a").keep(PDF)
    path = tmp_path / "a" / PDF.key

    assert PDF.key == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (0o600, 0o700) == (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777)


def test_changed_or_gone(tmp_path: Path) -> None:
    """What was changed on disk, or is not there, never leaves."""
    kept = FileAttachments(tmp_path)
    kept.keep(PDF)
    (tmp_path / PDF.key).write_bytes(b"other.pdf\x00%PDF-")
    with pytest.raises(UserError, match="not in the data folder"):
        kept.get(PDF.key)
    (tmp_path / PDF.key).unlink()
    with pytest.raises(UserError, match="not in the data folder"):
        kept.get(PDF.key)
    assert kept.look(PDF.key) is None


@pytest.mark.parametrize("key", ["", "..", "../config.toml", "/etc/passwd", "A" * 64, "0" * 63])
def test_other_places_are_out_of_reach(tmp_path: Path, key: str) -> None:
    """A key is a key, not a path."""
    kept = FileAttachments(tmp_path)

    assert kept.look(key) is None
    with pytest.raises(UserError):
        kept.get(key)


def test_no_room(tmp_path: Path) -> None:
    """A folder that cannot be written is said in words, and nothing half-written stays."""
    (tmp_path / "a").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        FileAttachments(tmp_path / "a").keep(PDF)
