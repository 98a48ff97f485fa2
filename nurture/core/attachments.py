"""Files that go with a letter, and when they may (facts on attachments; practice of Japanese hospitals).

A file that nobody asked for is how malware arrives, so gateways hold it back and readers delete it; archives
with a password (PPAP) are refused or silently dropped by more and more receivers. Hence: nothing goes with a mail
unless the person asked for it, and then a plain PDF that any gateway can look into. Everything else is a link that
stands in the text.

A letter names its files by ``key``: the SHA-256 of name and content. It is part of the letter's fingerprint, so
what was approved is this file under this name.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from nurture.core import states
from nurture.core.approval import may_see
from nurture.core.change import Change
from nurture.core.messages import Entry, Message
from nurture.errors import StaleVersion, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from nurture.core.people import Representative

LARGEST: Final = 3_000_000
"""Bytes of all files of one letter (facts: under about 3 MB)."""
MOST: Final = 5
PDF: Final = "application/pdf"

NAME: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f/\\:*?\"<>|\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]{1,120}")
"""Without control and invisible characters, direction overrides, and what no file system of a reader takes."""

ARCHIVES: Final = {
    b"PK\x03\x04": "ZIP",
    b"PK\x05\x06": "ZIP",
    b"Rar!\x1a\x07": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}
OFFICE: Final = re.compile(rb"(?:word|xl|ppt)/|\[Content_Types\]\.xml|mimetypeapplication/vnd\.")
LHA: Final = re.compile(rb"..-l[hz][0-9a-z]-", re.DOTALL)
ENCRYPTED: Final = re.compile(rb"/Encrypt(?:\s+\d+\s+\d+\s+R\b|\s*<<)")
"""In the trailer, or the dictionary of a cross-reference stream, which is not compressed (ISO 32000-1, 7.5.8)."""
ACTIVE: Final = re.compile(rb"/(?:JavaScript|Launch)(?=[\s/<>\[(])")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file under the name that the reader will see."""

    name: str
    data: bytes = field(repr=False)

    @property
    def key(self) -> str:
        """SHA-256 of name and content, in hex."""
        return hashlib.sha256(self.name.encode() + b"\x00" + self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file of a letter as a person is told of it."""

    key: str
    name: str
    size: int  # bytes


def check(file: Attachment) -> None:
    """Refuse a file that no letter may carry.

    Raises:
        UserError: why not, and what to do instead.
    """
    if not NAME.fullmatch(file.name) or file.name != file.name.strip(" .\u3000"):
        raise UserError(
            "{name} cannot be the name of an attachment",
            hint="give the file a short name without signs such as / : * ? and without line breaks",
            name=repr(file.name[:150]),
        )
    kind = next((kind for begin, kind in ARCHIVES.items() if file.data.startswith(begin)), None)
    if kind == "ZIP" and OFFICE.search(file.data[:100_000]):
        raise UserError("{name} is a document that can be changed", hint="save it as PDF", name=file.name)
    if kind == "ZIP" and file.data[6:7] and file.data[6] & 1:
        raise UserError(
            "{name} is an archive with a password: many receivers delete such mail unseen",
            hint="put a link into the text instead, with its host visible",
            name=file.name,
        )
    if kind or LHA.match(file.data):
        raise UserError(
            "{name} is an archive: receivers cannot look into it and hold it back",
            hint="put a link into the text instead, with its host visible",
            name=file.name,
        )
    if not (b"%PDF-" in file.data[:1024] and file.name.lower().endswith(".pdf")):
        raise UserError("{name} is no PDF", hint="save it as PDF, or put a link into the text", name=file.name)
    if ENCRYPTED.search(file.data):
        raise UserError(
            "{name} is protected with a password: receivers cannot look into it and hold it back",
            hint="save it without a password, or put a link into the text",
            name=file.name,
        )
    if ACTIVE.search(file.data):
        raise UserError(
            "{name} has a script in it, which receivers take out or refuse",
            hint="print it into a new PDF, or put a link into the text",
            name=file.name,
        )


def attach(
    message: Message,
    file: Attachment,
    present: Sequence[Enclosed],
    *,
    owner: Representative,
    by: Representative,
    requested: str,
    seen: str,
    now: datetime,
) -> Change:
    """Put a file to a mail that has not left. Approvals end: what leaves is something else now.

    Args:
        message: a queued mail with its text.
        file: what goes with it.
        present: the files that it has already.
        owner: the representative it belongs to.
        by: who attaches.
        requested: when and how the person asked for it; kept in the journal.
        seen: the fingerprint of the mail that this person looked at.
        now: UTC.

    Raises:
        StaleVersion: it is not what was seen any more.
        UserError: nobody asked for it, the file may not go by mail, there are too many or too much, the mail has
            no text yet or has left, or this person may not.
    """
    _refuse(message, owner, by, seen)
    if not requested.strip():
        raise UserError(
            "Nothing goes with a mail that the person did not ask for: not in a first contact, not in a series",
            hint="say when and how it was asked for, or put a link into the text",
        )
    check(file)
    if file.key in message.attachments:
        raise UserError("{name} is with this mail already", name=file.name)
    if any(one.name == file.name for one in present):
        raise UserError("This mail has a file named {name} already", hint="remove that one first", name=file.name)
    total = len(file.data) + sum(one.size for one in present)
    if total > LARGEST or len(present) >= MOST:
        raise UserError(
            "That is too much for one mail: {size} kB in {count} files; at most {limit} kB in {most}",
            hint="put a link into the text instead, with its host visible",
            size=-(-total // 1000),
            count=len(present) + 1,
            limit=LARGEST // 1000,
            most=MOST,
        )
    keys = (*message.attachments, file.key)
    said = {"name": file.name, "bytes": len(file.data), "key": file.key, "requested": requested.strip()[:500]}
    return _changed(message, keys, "message.attached", by, now, said)


def detach(
    message: Message,
    file: Enclosed,
    *,
    owner: Representative,
    by: Representative,
    seen: str,
    now: datetime,
) -> Change:
    """Take a file from a mail again. Approvals end.

    Raises:
        StaleVersion: it is not what was seen any more.
        UserError: it is not there, the mail has left, or this person may not.
    """
    _refuse(message, owner, by, seen)
    if file.key not in message.attachments:
        raise UserError("{name} is not with this mail", name=file.name)
    keys = tuple(key for key in message.attachments if key != file.key)
    return _changed(message, keys, "message.detached", by, now, {"name": file.name, "key": file.key})


def _refuse(message: Message, owner: Representative, by: Representative, seen: str) -> None:
    if not may_see(owner, by):
        raise UserError("{by} may not act on mails of {owner}", by=by.name, owner=owner.name)
    if message.fingerprint != seen:
        raise StaleVersion("message", message.id)
    if message.state not in states.QUEUED:
        raise UserError("Only a mail that has a text and has not left can take files")


def _changed(
    message: Message, keys: tuple[str, ...], kind: str, by: Representative, now: datetime, said: dict[str, object]
) -> Change:
    done = replace(
        message,
        state=states.move(states.MESSAGES, message.state, "edit"),
        attachments=keys,
        approvals=(),
        reason="",
    )
    entry = Entry(
        at=now,
        kind=kind,
        actor=by.id,
        data={"step": message.step_id, **said},
        person_id=message.person_id,
        organisation_id=message.organisation_id,
        deal_id=message.deal_id,
        enrollment_id=message.enrollment_id,
        message_id=message.id,
    )
    return Change((done,), (entry,))
