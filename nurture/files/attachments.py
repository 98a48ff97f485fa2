"""Files that go with letters, kept in the data folder under what they are.

A file lies under its key, the SHA-256 of what stands in it: the name, a NUL, the content. So nothing can be put in
another's place, the same file is kept once, and ``sha256sum`` says whether one is whole. None is ever changed.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from nurture.core.attachments import LARGEST, Attachment, Enclosed
from nurture.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

KEY: Final = re.compile(r"[0-9a-f]{64}")
LONGEST_NAME: Final = 1000  # bytes


class FileAttachments:
    """The files of a folder (``ports.Attachments``).

    Args:
        folder: made when the first file comes, mode 0700.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, file: Attachment) -> str:
        """See ``ports.Attachments``."""
        path = self._folder / file.key
        if not path.exists():
            half = path.with_name(f"{path.name}.{os.getpid()}")
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
                    stream.write(file.name.encode() + b"\x00" + file.data)
                    stream.flush()
                    os.fsync(stream.fileno())
                half.rename(path)
            except OSError as error:
                with suppress(OSError):
                    half.unlink()
                raise UserError(
                    "{path} cannot be written: {reason}", path=path, reason=error.strerror or str(error)
                ) from error
        return file.key

    def get(self, key: str) -> Attachment:
        """See ``ports.Attachments``."""
        raw = self._read(key, LARGEST + LONGEST_NAME)
        name, _, data = (raw or b"").partition(b"\x00")
        file = Attachment(name.decode("utf-8", "replace"), data)
        if raw is None or file.key != key:
            raise UserError(
                "the file {key} of this mail is not in the data folder, or was changed",
                hint="bring data/attachments back from the backup, or take the file from the mail",
                key=key[:12],
            )
        return file

    def look(self, key: str) -> Enclosed | None:
        """See ``ports.Attachments``."""
        begin = self._read(key, LONGEST_NAME)
        if begin is None:
            return None
        name, _, _ = begin.partition(b"\x00")
        size = (self._folder / key).stat().st_size
        return Enclosed(key, name.decode("utf-8", "replace"), max(size - len(name) - 1, 0))

    def drop(self, key: str) -> None:
        """See ``ports.Attachments``."""
        if not KEY.fullmatch(key):
            return
        path = self._folder / key
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(
                "{path} cannot be written: {reason}", path=path, reason=error.strerror or str(error)
            ) from error

    def _read(self, key: str, limit: int) -> bytes | None:
        """The beginning of what is kept; None when it is not there."""
        if not KEY.fullmatch(key):
            return None
        try:
            with (self._folder / key).open("rb") as stream:
                return stream.read(limit)
        except OSError:
            return None
