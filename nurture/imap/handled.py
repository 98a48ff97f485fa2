"""What becomes of mails in the mailbox once they stand in the database, where somebody configured it.

Nothing is lost whenever the work is cut off: a mail is touched only after it was recorded, by its uid, in a folder
whose uids are still those by which it was read; marking twice is the same as once, and a mail that is gone is
passed over. Where a server cannot move, the mail is copied, and expunged by its uid and nothing else
(RFC 4315); was that cut off, what lies in the other folder by its Message-ID already is not copied again. Where a
server cannot do that either, nothing is done: a plain EXPUNGE would also take what others marked as deleted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nurture.errors import PermanentFailure
from nurture.imap.syntax import folder_name, quoted, uid_set

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nurture.config import ImapSettings
    from nurture.imap.line import Line
    from nurture.ports import Place

MESSAGE_ID = re.compile(rb"<[!#-;=?-\[\]-~]{1,250}>")
"""One that can be searched for."""
MOST_KEPT = 10_000
"""Places that are remembered while a server refuses; older ones stay where they are."""


class Handled:
    """Mails that are still to be marked or moved."""

    def __init__(self, settings: ImapSettings) -> None:
        self._settings = settings
        self._owed: dict[Place, None] = {}
        self._copying: set[Place] = set()  # a copy was begun, and nobody heard that it is there

    def owe(self, places: Iterable[Place]) -> bool:
        """Take note of mails; whether there is anything to do."""
        if self._settings.after != "nothing":
            self._owed.update(dict.fromkeys(places))
            for old in list(self._owed)[: max(0, len(self._owed) - MOST_KEPT)]:
                del self._owed[old]
            self._copying &= self._owed.keys()
        return bool(self._owed)

    async def settle(self, line: Line) -> None:
        """Mark or move what is owed.

        Raises:
            TemporaryFailure, PermanentFailure: the server does not do it; what is owed stays so.
        """
        for folder in dict.fromkeys(place.folder for place in self._owed):
            there = await line.select(folder)
            here = [place for place in self._owed if place.folder == folder]
            good = sorted((p for p in here if p.uidvalidity == there.uidvalidity), key=lambda place: place.uid)
            for low in range(0, len(good), 100):
                await self._put(line, folder, good[low : low + 100])
            for place in here:
                del self._owed[place]
            self._copying -= {*here}

    async def _put(self, line: Line, folder: str, places: list[Place]) -> None:
        uids = uid_set([place.uid for place in places])
        if self._settings.after == "mark read":
            await _store(line, uids, "(\\Seen)")
            return
        if line.able("MOVE"):
            await self._there(line, "MOVE", uids)
            return
        if not line.able("UIDPLUS"):
            raise PermanentFailure("{host} cannot move mails (MOVE or UIDPLUS)", host=self._settings.host)
        if begun := [place.uid for place in places if place in self._copying]:
            done = await _copied(line, folder, self._settings.moves_to, begun)
        else:
            done = frozenset()
        if rest := [place.uid for place in places if place.uid not in done]:
            self._copying.update(places)
            await self._there(line, "COPY", uid_set(rest))
        await _store(line, uids, "(\\Deleted)")
        await line.by_uid("EXPUNGE", uids)

    async def _there(self, line: Line, verb: str, uids: str) -> None:
        """Into the other folder, which is made where it is missing."""
        target = self._settings.moves_to
        name = quoted(folder_name(target))
        response = await line.by_uid(verb, uids, name)
        if response.result != "OK" and b"[TRYCREATE]" in bytes(response.lines[-1]).upper():
            await line.create(target)
            response = await line.by_uid(verb, uids, name)
        if response.result != "OK":
            line.refused(response, "{folder} does not take the mail: {answer}", folder=target)


async def _store(line: Line, uids: str, flags: str) -> None:
    response = await line.by_uid("STORE", uids, "+FLAGS.SILENT", flags, answers="FETCH")
    if response.result != "OK":
        line.refused(response, "the mail cannot be marked: {answer}")


async def _copied(line: Line, folder: str, target: str, uids: list[int]) -> frozenset[int]:
    """Which of these mails of a folder lie in the other one already; the folder is open again afterwards."""
    ids: dict[int, str] = {}
    for record in await line.fetch(uids, "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])") or ():
        found = MESSAGE_ID.search(record.body or b"")
        if found:
            ids[record.uid] = found[0].decode("ascii")
    there: set[int] = set()
    try:
        await line.examine(target)
        for uid, header_id in ids.items():
            if await line.search("HEADER", "Message-ID", quoted(header_id)):
                there.add(uid)
    except PermanentFailure:
        pass  # there is no such folder: nothing lies in it
    await line.select(folder)
    return frozenset(there)
