"""What becomes of mails in the mailbox once they stand in the database, where somebody configured it.

Nothing is lost whenever the work is cut off: a mail is touched only after it was recorded, by its uid, in a folder
whose uids are still those by which it was read; marking twice is the same as once, and a mail that is gone is
passed over. Where a server cannot move, the mail is copied, and expunged by its uid and nothing else
(RFC 4315); where it cannot do that either, nothing is done: a plain EXPUNGE would also take what others marked as
deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.errors import PermanentFailure
from nurture.imap.syntax import folder_name, quoted, uid_set

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nurture.config import ImapSettings
    from nurture.imap.line import Line
    from nurture.ports import Place

MOST_KEPT = 10_000
"""Places that are remembered while a server refuses; older ones stay where they are."""


class Handled:
    """Mails that are still to be marked or moved."""

    def __init__(self, settings: ImapSettings) -> None:
        self._settings = settings
        self._owed: dict[Place, None] = {}

    def owe(self, places: Iterable[Place]) -> bool:
        """Take note of mails; whether there is anything to do."""
        if self._settings.after != "nothing":
            self._owed.update(dict.fromkeys(places))
            for old in list(self._owed)[: max(0, len(self._owed) - MOST_KEPT)]:
                del self._owed[old]
        return bool(self._owed)

    async def settle(self, line: Line) -> None:
        """Mark or move what is owed.

        Raises:
            TemporaryFailure, PermanentFailure: the server does not do it; what is owed stays so.
        """
        for folder in dict.fromkeys(place.folder for place in self._owed):
            there = await line.select(folder)
            here = [place for place in self._owed if place.folder == folder]
            uids = sorted(place.uid for place in here if place.uidvalidity == there.uidvalidity)
            for low in range(0, len(uids), 100):
                await self._put(line, uid_set(uids[low : low + 100]))
            for place in here:
                del self._owed[place]

    async def _put(self, line: Line, uids: str) -> None:
        if self._settings.after == "mark read":
            await _store(line, uids, "(\\Seen)")
            return
        target = self._settings.moves_to
        verb = "MOVE" if line.able("MOVE") else "COPY"
        if verb == "COPY" and not line.able("UIDPLUS"):
            raise PermanentFailure("{host} cannot move mails (MOVE or UIDPLUS)", host=self._settings.host)
        name = quoted(folder_name(target))
        response = await line.by_uid(verb, uids, name)
        if response.result != "OK" and b"[TRYCREATE]" in bytes(response.lines[-1]).upper():
            await line.create(target)
            response = await line.by_uid(verb, uids, name)
        if response.result != "OK":
            line.refused(response, "{folder} does not take the mail: {answer}", folder=target)
        if verb == "COPY":
            await _store(line, uids, "(\\Deleted)")
            await line.by_uid("EXPUNGE", uids)


async def _store(line: Line, uids: str, flags: str) -> None:
    response = await line.by_uid("STORE", uids, "+FLAGS.SILENT", flags, answers="FETCH")
    if response.result != "OK":
        line.refused(response, "the mail cannot be marked: {answer}")
