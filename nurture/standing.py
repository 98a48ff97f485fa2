"""Mailboxes that cannot send at the moment: one small file each in the data folder, there as long as it is so.

The daemon writes them; ``nurture status``, another process, reads them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from nurture.core.ids import MailboxId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.sending import NoLine
    from nurture.ports import Clock


@dataclass(frozen=True, slots=True)
class Broken:
    """One mailbox without a line."""

    answer: str  # what the server said, or what broke
    failures: int  # in a row
    since: datetime
    again_at: datetime  # not tried before


class Standing:
    """The daemon's side. What an earlier daemon left is removed.

    Args:
        folder: made when it is needed.
        clock: the time of what happens.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._since: dict[MailboxId, datetime] = {}
        for path in folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def told(self, mailbox_id: MailboxId, trouble: NoLine | None) -> None:
        """A mailbox has no line, or has one again. A file that cannot be written is no reason not to send."""
        path = self._folder / f"{mailbox_id}.json"
        try:
            if trouble is None:
                self._since.pop(mailbox_id, None)
                path.unlink(missing_ok=True)
                return
            now = self._clock.now()
            since = self._since.setdefault(mailbox_id, now)
            broken = Broken(trouble.answer, trouble.failures, since, now + timedelta(seconds=trouble.seconds))
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(asdict(broken), default=datetime.isoformat), encoding="utf-8")
            fresh.replace(path)
        except OSError:
            return


def read(folder: Path) -> Mapping[MailboxId, Broken]:
    """The mailboxes that cannot send, as the daemon left it."""
    found: dict[MailboxId, Broken] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            since, again = (datetime.fromisoformat(said[key]) for key in ("since", "again_at"))
            found[MailboxId(path.stem)] = Broken(str(said["answer"]), int(said["failures"]), since, again)
        except (OSError, ValueError, KeyError, TypeError):
            continue  # gone meanwhile
    return found
