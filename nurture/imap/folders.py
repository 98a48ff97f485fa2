"""Which folders a server has, and which of them is for what (RFC 3501, 7.2.2; RFC 6154). Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIST = re.compile(
    rb'(?:LIST )?\(([^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (?:"((?:[^"\\]|\\.)*)"|(\{\d+\+?\})|([^\s"{]+))\s*\Z',
    re.IGNORECASE | re.DOTALL,
)
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")

SENT_NAMES: Final = (
    "Sent",
    "Sent Items",
    "Sent Messages",
    "INBOX.Sent",
    "INBOX.Sent Items",
    "INBOX.Sent Messages",
    "送信済みアイテム",
    "送信済み",
    "送信済みメール",
    "送信済みトレイ",
)
"""What the Sent folder is called where the server does not say which it is."""
JUNK_NAMES: Final = (
    "Junk",
    "Spam",
    "Junk Email",
    "Junk E-mail",
    "Junk Mail",
    "Bulk Mail",
    "INBOX.Junk",
    "INBOX.Spam",
    "INBOX.Junk E-mail",
    "迷惑メール",
    "迷惑メールフォルダ",
    "迷惑メールフォルダー",
    "スパム",
)
"""What the folder for spam is called where the server does not say which it is."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One folder: its name as people read it, and its attributes in lower case."""

    name: str
    flags: frozenset[str] = frozenset()

    @property
    def holds_mail(self) -> bool:
        """Whether it can be opened."""
        return not {"\\noselect", "\\nonexistent"} & self.flags


def plain_name(name: str) -> str:
    """A folder's name out of modified UTF-7 (RFC 3501, 5.1.3); as it is where it is none."""

    def read(found: re.Match[str]) -> str:
        code = found[1].replace(",", "/")
        try:
            return base64.b64decode(code + "=" * (-len(code) % 4)).decode("utf-16-be") if code else "&"
        except (binascii.Error, UnicodeDecodeError):
            return found[0]

    return _SHIFTED.sub(read, name)


def listed(lines: Iterable[bytes | bytearray]) -> tuple[Listed, ...]:
    """The folders of a LIST answer. The client library gives literals as ``bytearray``, all else as ``bytes``."""
    found: list[Listed] = []
    waiting: frozenset[str] | None = None
    for line in lines:
        if isinstance(line, bytearray):
            if waiting is not None:
                found.append(_one(bytes(line), waiting))
            waiting = None
        elif parts := _LIST.match(line):
            flags = frozenset(parts[1].decode("ascii", "replace").lower().split())
            if parts[3] is not None:
                waiting = flags
                continue
            name = re.sub(rb"\\(.)", rb"\1", parts[2]) if parts[2] is not None else parts[4]
            found.append(_one(name, flags))
    return tuple(found)


def _one(name: bytes, flags: frozenset[str]) -> Listed:
    return Listed(plain_name(name.decode("utf-8", "replace")), flags)


def sent_folder(folders: Iterable[Listed]) -> str | None:
    """The folder of sent mail: the one that the server marks, else the one that is called so."""
    return _special(folders, {"\\sent"}, SENT_NAMES)


def junk_folder(folders: Iterable[Listed]) -> str | None:
    """The folder for what is taken for spam."""
    return _special(folders, {"\\junk", "\\spam"}, JUNK_NAMES)


def _special(folders: Iterable[Listed], marks: set[str], names: tuple[str, ...]) -> str | None:
    there = [folder for folder in folders if folder.holds_mail]
    marked = next((folder.name for folder in there if marks & folder.flags), None)
    if marked is not None:
        return marked
    known = {folder.name.lower(): folder.name for folder in there}
    return next((known[name.lower()] for name in names if name.lower() in known), None)
