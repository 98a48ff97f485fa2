"""The files that come with the program."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from nurture.errors import UserError
from nurture.files import shipped

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_folder_has_everything_and_keeps_its_data_private(tmp_path: Path) -> None:
    """Configuration, scenarios, templates, calendars, and a data folder for its owner alone."""
    folder = tmp_path / "deep" / "work"
    written = shipped.write(folder)
    assert "config.toml" in written
    assert any(name.startswith("templates/content/") for name in written)
    for name in written:
        assert (folder / name).is_file()
    assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """One file that is there stops all of it before anything is written."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "column.j2").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        shipped.write(tmp_path)
    assert caught.value.values["first"] == "templates/column.j2"
    assert not (tmp_path / "config.toml").exists()
    assert (tmp_path / "templates" / "column.j2").read_text(encoding="utf-8") == "mine"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A name that is taken by a file is refused."""
    (tmp_path / "x").touch()
    with pytest.raises(UserError):
        shipped.write(tmp_path / "x")
