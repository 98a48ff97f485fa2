"""All of them together, as flows are handed them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nurture.ports.files import NoAttachments, NoShelf

if TYPE_CHECKING:
    from nurture.config import Settings
    from nurture.ports.files import Attachments, Library, Shelf, Writer
    from nurture.ports.machine import Chance, Clock
    from nurture.ports.store import Store
    from nurture.ports.word import Chatter, Notifier, Replier


@dataclass(frozen=True, slots=True)
class Doors:
    """What flows are handed: the store, time, chance, the working folder's files, and word to our people."""

    settings: Settings
    store: Store
    clock: Clock
    chance: Chance
    library: Library
    writer: Writer
    notifier: Notifier
    attachments: Attachments = field(default_factory=NoAttachments)
    link_key: bytes = field(default=b"", repr=False)  # seals the links of mails (``flows.optout.key``)
    replier: Replier | None = None  # None: no opt-out is confirmed
    shelf: Shelf = field(default_factory=NoShelf)
    chatter: Chatter | None = None  # None: there is no chat
