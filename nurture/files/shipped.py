"""The files that come with the program: scenarios, templates, calendars, the configuration.

In an installed wheel they lie in ``nurture/shipped/`` (pyproject.toml, force-include); in a checkout they are
the folders beside the package.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import nurture
from nurture.errors import Impossible, UserError

FOLDERS: Final = ("scenarios", "templates", "calendars")
EXAMPLE: Final = "config.example.toml"


def shipped() -> Path:
    """The folder that holds them.

    Raises:
        Impossible: the installation is incomplete.
    """
    package = Path(nurture.__file__).parent
    for found in (package / "shipped", package.parent):
        if (found / EXAMPLE).is_file():
            return found
    raise Impossible("the files that come with the program are missing beside {folder}", folder=str(package))


def files() -> tuple[tuple[str, Path], ...]:
    """What a new working folder begins with: its relative path there, and the file it is copied from."""
    found = [("config.toml", shipped() / EXAMPLE)]
    for folder in FOLDERS:
        start = shipped() / folder
        found += [
            (str(path.relative_to(start.parent)), path)
            for path in sorted(start.rglob("*"))
            if path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts
        ]
    return tuple(found)


def write(folder: Path) -> tuple[str, ...]:
    """Make a working folder; everything or nothing is refused before anything is written.

    Args:
        folder: new, or there without any of the files.

    Returns:
        The relative paths that were written, in order.

    Raises:
        UserError: one of the files is there already, or the folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError("{folder} is a file", folder=str(folder))
    wanted = files()
    there = [name for name, _ in wanted if (folder / name).exists()]
    if there:
        raise UserError(
            "{folder} has {first} already; nothing was changed",
            hint="choose a new folder, or move your files away first",
            folder=str(folder),
            first=there[0],
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in wanted:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:  # x: what appeared meanwhile is not overwritten
            file.write(source.read_bytes())
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
    data = folder / "data"
    data.mkdir(exist_ok=True)
    data.chmod(0o700)
    if os.access(folder, os.W_OK) and not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text("/data/\n", encoding="utf-8")
    return tuple(name for name, _ in wanted)
