"""Where secrets come from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from nurture.config import Secret
from nurture.credentials import resolve
from nurture.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def test_from_the_environment() -> None:
    """A variable's value is taken as it is; a missing or empty one is named."""
    assert resolve(Secret(env="NURTURE_PW"), {"NURTURE_PW": " pass "}) == " pass "
    for environ in ({}, {"NURTURE_PW": ""}):
        with pytest.raises(UserError, match="NURTURE_PW"):
            resolve(Secret(env="NURTURE_PW"), environ)


def test_from_systemd(tmp_path: Path) -> None:
    """A credential is a file in the folder that systemd names; nothing outside it can be meant."""
    (tmp_path / "smtp").write_text("pass\n", encoding="utf-8")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert resolve(Secret(credential="smtp"), environ) == "pass"
    for name in ("../smtp", "/etc/passwd", "..", "."):
        with pytest.raises(UserError):
            resolve(Secret(credential=name), environ)
    with pytest.raises(UserError, match="systemd"):
        resolve(Secret(credential="smtp"), {})


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_must_be_private(tmp_path: Path, mode: int) -> None:
    """A file that anybody else can read, write or run is refused with the command that mends it."""
    path = tmp_path / "secret"
    path.write_text("pass\r\n", encoding="utf-8")
    path.chmod(0o600)
    assert resolve(Secret(file=str(path)), {}) == "pass"
    path.chmod(mode)
    with pytest.raises(UserError) as refused:
        resolve(Secret(file=str(path)), {})
    assert refused.value.hint is not None
    assert f"chmod 600 {path}" in refused.value.hint.format(**refused.value.values)
    assert "pass" not in f"{refused.value} {refused.value.values}".replace(str(tmp_path), "")


def test_what_is_no_secret_file(tmp_path: Path) -> None:
    """Folders, pipes, missing, empty, endless and binary files are refused, and nothing hangs."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    bad = {"empty": b"\n", "long": b"x" * 70_000, "binary": b"\xff\xfe"}
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)
    for name in (*bad, "pipe", "missing", "."):
        with pytest.raises(UserError):
            resolve(Secret(file=str(tmp_path / name)), {})


@pytest.mark.parametrize("secret", [Secret(), Secret(env="A", file="b")])
def test_one_place_only(secret: Secret) -> None:
    """A secret with no place or two places is refused."""
    with pytest.raises(UserError):
        resolve(secret, {"A": "x"})
