"""Secrets, read at the moment of use: environment, systemd credential, or a private file.

The value is returned as a plain ``str`` and kept nowhere: no object holds it, no error text cites it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from nurture.errors import UserError, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.config import Secret

LARGEST = 65_536
"""Bytes. A secret is a password, a token or a key; a bigger file is the wrong file."""


def resolve(secret: Secret, environ: Mapping[str, str] | None = None) -> str:
    """The secret's value, without the line end that editors add.

    Args:
        secret: where it is; exactly one of its fields is set.
        environ: the environment; else that of this process.

    Raises:
        UserError: it is not there, it is empty, or others could read the file.
    """
    known = os.environ if environ is None else environ
    places = [place for place in (secret.env, secret.credential, secret.file) if place]
    if len(places) != 1:
        raise UserError(
            "a secret is found in exactly one place",
            hint="Give one of env, credential and file.",
        )
    if secret.env:
        value = known.get(secret.env, "")
        if not value:
            raise UserError(
                "the environment variable {name} is not set",
                hint="It holds a secret that config.toml names; set {name} where the daemon is started.",
                name=secret.env,
            )
        return value
    if secret.credential:
        return _credential(secret.credential, known.get("CREDENTIALS_DIRECTORY", ""))
    return _read(Path(secret.file or ""), private=True)


def _credential(name: str, folder: str) -> str:
    """A file that systemd put there for this service alone (systemd.exec(5), LoadCredential=)."""
    if "/" in name or name in {".", ".."}:
        raise UserError("{name} is not the name of a credential", name=name)
    if not folder:
        raise UserError(
            "the credential {name} can only be read under systemd",
            hint="Add LoadCredential={name}:/path to the unit, or name an environment variable instead.",
            name=name,
        )
    return _read(Path(folder) / name, private=False)


def _read(path: Path, *, private: bool) -> str:
    """Check and read through one descriptor, so that nothing can be exchanged in between."""
    where = Where(file=str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            mode = os.fstat(descriptor).st_mode
            data = os.read(descriptor, LARGEST + 1) if stat.S_ISREG(mode) else b""
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        problem = getattr(error, "strerror", None) or str(error)
        raise UserError("the secret cannot be read: {problem}", where=where, problem=problem) from None
    if not stat.S_ISREG(mode):
        raise UserError("the secret is not a file", where=where)
    if private and mode & 0o077:
        raise UserError(
            "others can read this secret (mode {mode})",
            where=where,
            hint="Run: chmod 600 {path}",
            mode=f"{stat.S_IMODE(mode):04o}",
            path=path,
        )
    if len(data) > LARGEST:
        raise UserError("this is too long to be a secret", where=where)
    try:
        value = data.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise UserError("the secret is not UTF-8 text", where=where) from None
    if not value:
        raise UserError("the secret is empty", where=where)
    return value
